"""What the pages say: both catalogues are complete, templates hold no words of their own, colours can be told apart."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment

from api.pages.figures import BESIDE, HEADLINES, OF_LINE, OF_OBLIGATION
from api.pages.languages import LANGUAGES, Language, alphabetical, catalogue
from api.pages.needs import BESIDE_COVERED, COVERED
from api.pages.rendering import MENU, WITHIN
from api.pages.visits import PageError
from api.pages.writing import Writing
from ledger.events import crises, measures, observations, parties, terms, values
from ledger.events.authorities import AuthorityRevoked
from ledger.events.deliveries import DeliveryDisputed
from ledger.events.instruments import Clock, InstrumentRegistered, InstrumentTerminated, Profile
from ledger.events.registry import EVENT_TYPES
from ledger.events.values import When
from ledger.gathering.standing import Quorum
from ledger.gathering.standing import Standing as WitnessState
from ledger.rules.deliveries import Delivery
from ledger.rules.direction import Direction
from ledger.rules.history import Standing
from ledger.rules.measures import MeasureState, PartStanding
from projections.answers import PartState, State
from projections.consultations import AnswerShown, ConsultationPage
from projections.coverage import RequirementPage
from projections.horizon import Coming
from projections.sanctions import ChangeShown
from projections.statistics import Step
from projections.totals import Institutions
from tests.conftest import REPOSITORY

API = REPOSITORY / "api"
TEMPLATES = sorted((API / "templates").glob("*.html"))
OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}

ERRORS = {
    code
    for module in sorted((API / "pages").glob("*.py"))
    for code in re.findall(rf'{PageError.__name__}\([\w.]+, "(\w+)"', module.read_text(encoding="utf-8"))
}
"""Every error that a page may answer with."""

CODES: dict[str, Iterable[str]] = {
    "category": values.Category,
    "legal": values.LegalCharacter,
    "bound": terms.Bound,
    "milestone": terms.Milestone,
    "role": parties.Role,
    "state": (*get_args(State), "mixed"),
    "part_state": get_args(PartState),
    "standing": get_args(Standing),
    "change": get_args(Direction),
    "event": EVENT_TYPES,
    "stream": {name.partition(".")[0] for name in EVENT_TYPES},
    "figure": {*HEADLINES, *BESIDE, *OF_OBLIGATION, *OF_LINE, *COVERED, *BESIDE_COVERED},
    "figure_means": {*HEADLINES, *BESIDE, *OF_OBLIGATION, *OF_LINE, *COVERED, *BESIDE_COVERED},
    "menu": {*MENU.values(), *(code for pages in WITHIN.values() for code in pages.values())},
    "measure_type": get_args(measures.MeasureType),
    "measure_state": get_args(MeasureState),
    "part_standing": get_args(PartStanding),
    "level": get_args(crises.Level),
    "decision": get_args(crises.Decision),
    "claim": get_args(observations.Claim),
    "claim_level": get_args(observations.Level),
    "coming": Coming,
    "step": get_args(Step),
    "eu_institutions": get_args(Institutions),
    "eu_institutions_means": get_args(Institutions),
    "quorum": Quorum,
    "witness": WitnessState,
    "error": ERRORS,
    "error_do": ERRORS,
}
"""The codes that a page may have to say, from where they are defined."""

LITERALS: list[tuple[str, Any, str]] = [
    ("phase", terms.Terms, "phase"),
    ("liability", terms.Terms, "liability"),
    ("valuation", terms.Valuation, "basis"),
    ("every", terms.Recurrence, "every"),
    ("effect", Profile, "effect"),
    ("accession", Profile, "accession_ends"),
    ("clock", Clock, "basis"),
    ("instrument_kind", InstrumentRegistered, "kind"),
    ("termination", InstrumentTerminated, "reason"),
    ("renewal", Profile, "renewal"),
    ("grounds", DeliveryDisputed, "grounds"),
    ("revocation", AuthorityRevoked, "reason"),
    ("authority_basis", parties.Grant, "basis"),
    ("party_kind", parties.PartyAdmitted, "kind"),
    ("delivery_state", Delivery, "state"),
    ("crisis_kind", crises.AggressionNotified, "kind"),
    ("clock", crises.ConsultationOpened, "basis"),
    ("consultation_state", ConsultationPage, "state"),
    ("convening", ConsultationPage, "convening"),
    ("answer", AnswerShown, "standing"),
    ("measure_change", ChangeShown, "kind"),
    ("requirement_state", RequirementPage, "state"),
    ("quantity_status", observations.ClaimedQuantity, "status"),
]


def po(language: Language) -> Catalog:
    with (API / "messages" / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def used() -> set[Any]:
    """Return every sentence that a template or a module of the pages says."""
    found: set[Any] = set()
    for folder, method in ((API, ("templates/**.html", "jinja2")), (API / "pages", ("**.py", "python"))):
        for _, _, message, _, _ in extract_from_dir(folder, [method], OPTIONS, {"_": None, "gettext": None}):
            found.add(message)
        if method[1] == "jinja2":
            plural = extract_from_dir(folder, [method], OPTIONS, {"ngettext": (1, 2)})
            found |= {message for _, _, message, _, _ in plural}
    return {message for message in found if not isinstance(message, tuple) or all(message)}


def test_every_sentence_is_in_ukrainian_and_none_is_left_over() -> None:
    translated = {message.id for message in po("uk") if message.id and message.context is None}
    assert used() - translated == set()
    assert translated - used() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_no_gap_and_keeps_every_placeholder(language: Language) -> None:
    for message in po(language):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = [str(one) for one in (message.string if message.pluralizable else (message.string,)) or ()]
        assert not message.fuzzy
        assert all(string.strip() for string in strings), message.id
        assert len(strings) == (po(language).num_plurals if message.pluralizable else 1)
        for string in strings:
            placeholders = [sorted(re.findall(r"%\(\w+\)s|</?\w+>", str(text))) for text in (ids[-1], string)]
            assert placeholders[0] == placeholders[1], message.id


def test_both_catalogues_have_the_same_labels() -> None:
    labels = [{(one.context, one.id) for one in po(language) if one.context} for language in LANGUAGES]
    assert labels[0] == labels[1]
    assert len(labels[0]) > 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_label(language: Language) -> None:
    labels = {(one.context, one.id) for one in po(language) if one.context}
    wanted = {(kind, str(code)) for kind, codes in CODES.items() for code in codes}
    wanted |= {(kind, code) for kind, owner, field in LITERALS for code in _literal(owner, field)}
    assert wanted - labels == set()


def _literal(owner: Any, field: str) -> Iterator[str]:
    annotation = str(owner.__annotations__[field])
    found = re.findall(r"'([a-z_]+)'|\"([a-z_]+)\"", annotation)
    assert found, (owner, field, annotation)
    yield from (one or other for one, other in found)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_words_of_its_own(template: Path) -> None:
    assert hard_coded(template.read_text(encoding="utf-8")) == []


def test_words_in_a_template_are_found() -> None:
    assert hard_coded("<p>{{ _('Said') }} and more</p>") == ["and more"]
    assert hard_coded('<a title="Here">{{ x }}</a>') == ["Here"]
    assert hard_coded("<pre><code>curl -s {{ x }}</code></pre><p>{% trans %}Said{% endtrans %}</p>") == []


def hard_coded(source: str) -> list[str]:
    """Return the words that stand in a template outside of messages. Commands in `code` are no words."""
    source = re.sub(r"{% trans\b.*?{% endtrans %}", "", source, flags=re.DOTALL)
    source = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    source = re.sub(r"<code>.*?</code>|<!doctype html>", "", source, flags=re.DOTALL)
    attributes = re.findall(r'(?:title|alt|placeholder|aria-label)="([^"]*)"', source)
    texts = re.sub(r"<[^>]*>", "\n", source).splitlines()
    return [text.strip() for text in [*attributes, *texts] if re.search(r"[^\W\d_]", text)]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_never_marks_anything_as_safe(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    names = [value for _, kind, value in Environment().lex(source) if kind == "name"]
    assert not {"safe", "autoescape", "Markup"} & set(names)
    assert "<script" not in source
    assert "style=" not in source


@pytest.mark.parametrize(
    ("language", "amount", "written"),
    [
        ("en", "2500000000.00", "2,500,000,000"),
        ("uk", "2500000000.00", "2\N{NO-BREAK SPACE}500\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000"),
        ("en", "0.50", "0.50"),
        ("uk", "1234.05", "1\N{NO-BREAK SPACE}234,05"),
        ("en", "16/3", "5\N{NO-BREAK SPACE}1\N{FRACTION SLASH}3"),
        ("en", "2/3", "2\N{FRACTION SLASH}3"),
        ("en", "123456789012345678.123456", "123,456,789,012,345,678.123456"),
        ("en", "0", "0"),
    ],
)
def test_numbers_are_written_exactly(language: Language, amount: str, written: str) -> None:
    assert Writing(language).number(amount) == written


@pytest.mark.parametrize(
    ("first", "last", "precision", "en", "uk"),
    [
        ("2024-01-12", "2024-01-12", "day", "12 Jan 2024", "12 січ. 2024"),
        ("2023-08-01", "2023-08-31", "month", "August 2023", "серпень 2023"),
        ("2024-01-01", "2024-12-31", "year", "2024", "2024"),
        ("2024-04-01", "2024-06-30", "quarter", "2nd quarter 2024", "2-й квартал 2024"),
        ("2023-03-05", "2023-03-25", "month", "5–25 Mar 2023", "5–25 бер. 2023"),
    ],
)
def test_a_date_is_no_more_precise_than_it_is_known(first: str, last: str, precision: Any, en: str, uk: str) -> None:
    when = When(date.fromisoformat(first), date.fromisoformat(last), precision)
    shown = [re.sub(r"\s", " ", Writing(language).when(when)) for language in LANGUAGES]
    assert shown == [en, uk]


def test_plurals_follow_the_language() -> None:
    said = catalogue("uk").ngettext
    forms = [said("%(count)s year", "%(count)s years", count) % {"count": count} for count in (1, 3, 5, 11, 21, 22)]
    assert forms == ["1 рік", "3 роки", "5 років", "11 років", "21 рік", "22 роки"]


def test_the_alphabet_is_the_ukrainian_one() -> None:
    assert sorted(["Україна", "Ізраїль", "Італія", "Європа", "Ґана", "Грузія"], key=alphabetical) == [
        *("Грузія", "Ґана", "Європа", "Ізраїль", "Італія", "Україна"),
    ]


STYLE = (API / "static" / "pages" / "style.css").read_text(encoding="utf-8")


def test_the_style_sheet_loads_nothing() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "@font-face" not in STYLE


@pytest.mark.parametrize("block", range(2), ids=["light", "dark"])
@pytest.mark.parametrize(
    ("above", "below"),
    [*product(("ink", "quiet", "link", "visited", "late"), ("paper", "sheet")), ("notice-ink", "notice")],
)
def test_text_stands_out_from_its_ground(block: int, above: str, below: str) -> None:
    palette = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", STYLE.split("@media")[block]))
    assert contrast(palette[above], palette[below]) >= 4.5  # WCAG 2.2, 1.4.3, level AA


def test_contrast_is_computed_as_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
