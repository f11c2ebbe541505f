"""Pages as a test reads them: well formed or refused, their words, links and headings at hand."""

from html.parser import HTMLParser
from typing import Final

from api.pages.languages import Language
from tests.api.served import Served

BANNER: Final = {
    "en": "All signatures on this ledger are demonstration signatures, made by no government.",
    "uk": "Усі підписи в цьому реєстрі демонстраційні, їх не зробив жоден уряд.",
}
"""What a demonstration says on every page."""

VOID: Final = frozenset({"area", "br", "hr", "img", "input", "link", "meta"})
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


class Read(HTMLParser):
    """A page as it was read: its text, its links with their text, its headings. Raises on an element left open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.links: dict[str, str] = {}
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self._href: str | None = None
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert len(named) == len(attrs), f"an attribute twice in {self.get_starttag_text()}"
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.tags.add(tag)
        if named.get("id"):
            self.ids.append(str(named["id"]))
        if tag in HEADINGS:
            self.headings.append(HEADINGS.index(tag) + 1)
        if tag == "a":
            self._href = named.get("href")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1:] == [tag], f"</{tag}> in {self.open}"
        self.open.pop()
        if tag == "a":
            self._href = None

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._href is not None:
            self.links[self._href] = self.links.get(self._href, "") + data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def acts(self) -> set[str]:
        """The events that the page leads to."""
        paths = (link.partition("?")[0].rpartition("/") for link in self.links)
        return {event for place, _, event in paths if place.endswith("/events")}


def check_whole(text: str, language: Language) -> Read:
    """Return a page that is well formed: in its language, one first heading, no heading skipped, no id twice.

    And it brings nothing that runs or that a strict policy refuses.
    """
    page = Read(text)
    assert f'<html lang="{language}">' in text
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert len(set(page.ids)) == len(page.ids)
    assert not page.tags & {"script", "style", "iframe", "object", "embed"}
    assert not [one for one in page.attributes if one[1] == "style" or one[1].startswith("on")]
    return page


def read(one: Served, path: str, language: Language = "en") -> Read:
    answer = one.get(f"/{language}{path}")
    assert answer.status_code == 200, (path, answer.status_code)
    return Read(answer.text)
