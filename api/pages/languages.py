"""The languages of the pages and what each page says in them, read from gettext catalogues when they are first needed.

Sentences are their own keys in English; a code of the vocabulary has a label in every catalogue, under its kind.
"""

from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType
from typing import Final, Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["en", "uk"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

LANGUAGE_NAMES: Final = MappingProxyType({"en": "English", "uk": "Українська"})
"""Each in itself, so that whoever looks for it finds it."""

ACCEPTED_MAX: Final = 16
"""How many languages of a header are looked at."""

_UKRAINIAN: Final = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"


@cache
def catalogue(language: Language) -> GNUTranslations:
    """Return the messages of a language."""
    with (files("api") / "messages" / f"{language}.po").open("rb") as source:
        messages = read_po(source, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def negotiated(accepted: str) -> Language:
    """Return the language that an Accept-Language header prefers (RFC 9110 §12.5.4); English where it names neither.

    "uk-UA,uk;q=0.9,en;q=0.8" gives uk
    """
    found: list[tuple[float, int, Language]] = []
    for order, item in enumerate(accepted.split(",")[:ACCEPTED_MAX]):
        tag, _, weight = item.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        for language in LANGUAGES:
            if primary == language and (quality := _quality(weight)) > 0:
                found.append((-quality, order, language))
    return min(found)[2] if found else "en"


def _quality(weight: str) -> float:
    if not weight.strip():
        return 1.0
    try:
        return min(float(weight.strip().removeprefix("q=")), 1.0)
    except ValueError:
        return 0.0


def alphabetical(text: str) -> tuple[int, ...]:
    """Return a key that sorts as the Ukrainian alphabet does, Latin letters before it by their own."""
    return tuple(_rank(letter) for letter in text.casefold())


def _rank(letter: str) -> int:
    place = _UKRAINIAN.find(letter)
    return ord(letter) if place < 0 else ord(_UKRAINIAN[0]) + place
