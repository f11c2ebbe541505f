"""The values that events are made of. Every one is frozen, bounded and has exactly one written form.

Money is a decimal string with as many decimals as its ISO 4217 currency has (`2500000000.00` GBP, `4000000000` ISK);
it is never a float. A date that is not known to the day is an interval with its precision, and stays one.
Every pattern ends in `$(?!\\n)`: `$` alone would let a line feed pass at the end, and two ids would look the same.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events import currencies

PartyId = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9-]{1,31}$(?!\n)", description="stable party id, never reused", examples=["gb"])
]
AuthorityId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9-]{1,31}/[a-z0-9][a-z0-9-]{0,47}$(?!\n)",
        description="party id, a slash, the office",
        examples=["gb/principal"],
    ),
]
EntityId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9.-]{1,79}$(?!\n)",
        description="id of an instrument, commitment or delivery",
        examples=["uk-2024"],
    ),
]
EventId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$(?!\n)",
        description="UUIDv7 chosen by the signer",
        examples=["019a3c5e-7b1a-7c3d-8e4f-0123456789ab"],
    ),
]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256, 64 lowercase hex digits")]
Origin = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9.:/_-]{2,199}$(?!\n)",
        description="origin of this ledger: scheme-less URL prefix, no trailing slash",
        examples=["ledger.example/compact"],
    ),
]
Amount = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,6})?$(?!\n)",
        description="decimal number as text, no exponent, no sign",
        examples=["2500000000.00"],
    ),
]
CurrencyCode = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217 code", examples=["GBP"])]
Unit = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./()+-]{0,63}$(?!\n)",
        description="unit of goods or of a service, singular",
        examples=["MiG-29", "person trained"],
    ),
]
Share = Annotated[
    str,
    Meta(
        pattern=r"^[1-9][0-9]{0,5}/[1-9][0-9]{0,5}$(?!\n)",
        description="exact fraction in lowest terms",
        examples=["1/3"],
    ),
]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$(?!\n)", description="ISO 639 code", examples=["en"])]
ShortText = Annotated[str, Meta(min_length=1, max_length=300)]
LongText = Annotated[str, Meta(min_length=1, max_length=4000)]
Texts = Annotated[dict[Language, ShortText], Meta(max_length=24, description="text by language")]
Notes = Annotated[dict[Language, LongText], Meta(max_length=24, description="longer text by language")]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 instant in UTC, ending in Z")]


class Category(StrEnum):
    """What a commitment provides. A closed list; the first eight are the Compact's own."""

    AIR_DEFENCE = "air_defence"
    WEAPONS = "weapons"
    INDUSTRIAL_BASE = "industrial_base"
    INTELLIGENCE = "intelligence"
    TRAINING_EU = "training_eu"
    TRAINING_NATO = "training_nato"
    TRAINING = "training"
    EXERCISES = "exercises"
    AIRCRAFT = "aircraft"
    AIRBORNE_SURVEILLANCE = "airborne_surveillance"
    NAVAL = "naval"
    DRONES = "drones"
    ARTILLERY = "artillery"
    AMMUNITION = "ammunition"
    MILITARY = "military"
    MILITARY_AND_CIVIL = "military_and_civil"
    NON_LETHAL = "non_lethal"
    MACRO_FINANCIAL = "macro_financial"
    HUMANITARIAN = "humanitarian"
    RECONSTRUCTION = "reconstruction"
    UNSPECIFIED = "unspecified"


class LegalCharacter(StrEnum):
    """As the text says it; never inferred from its title or from the state that signed it."""

    LEGALLY_BINDING = "legally_binding"
    POLITICALLY_BINDING = "politically_binding"
    NON_BINDING = "non_binding"
    NOT_STATED = "not_stated"


def require_utc(instant: datetime, field: str) -> None:
    """Raise ValueError unless `instant` was written in UTC."""
    if instant.tzinfo is not UTC and instant.utcoffset() != UTC.utcoffset(None):
        raise ValueError(f"{field} must be in UTC, written with Z")


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """An interval of days and how precisely it is known. `last` is the last possible day.

    {"first": "2023-08-01", "last": "2023-08-31", "precision": "month"}
    """

    first: date
    last: date
    precision: Literal["day", "month", "quarter", "half_year", "year", "fiscal_year", "interval"]

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"first {self.first} is after last {self.last}")
        days = (self.last - self.first).days
        longest = {"day": 0, "month": 30, "quarter": 91, "half_year": 183, "year": 365, "fiscal_year": 365}
        if self.precision != "interval" and days > longest[self.precision]:
            raise ValueError(f"{days + 1} days is no {self.precision}")


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in one currency, with exactly the decimals of that currency. {"amount": "1.50", "currency": "EUR"}"""

    amount: Amount
    currency: CurrencyCode

    def __post_init__(self) -> None:
        check_decimals(self.amount, self.currency)


def check_decimals(amount: str, currency: str) -> None:
    """Raise ValueError unless `amount` has as many decimals as `currency`. An unknown code is the rules' concern."""
    exponent = currencies.exponent(currency)
    if exponent is None:
        return
    decimals = len(amount.partition(".")[2])
    if decimals != exponent:
        raise ValueError(f"{currency} is written with {exponent} decimals, got {decimals} in {amount!r}")


def check_quantity(quantity: str) -> None:
    """Raise ValueError if a quantity has superfluous trailing zeros: one number, one form."""
    if "." in quantity and quantity.endswith("0"):
        raise ValueError(f"quantity {quantity!r} has a trailing zero")


class Evidence(Struct, frozen=True, forbid_unknown_fields=True):
    """A document outside the ledger, bound by its digest where it is known."""

    title: ShortText
    sha256: Digest | None = None
    media_type: Annotated[str, Meta(pattern=r"^[a-z]+/[a-z0-9.+-]+$(?!\n)")] | None = None
    size_bytes: Annotated[int, Meta(ge=0)] | None = None
    url: Annotated[str, Meta(pattern=r"^https?://[\x21-\x7e]{3,400}$(?!\n)")] | None = None


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a figure was read, and when it was published."""

    title: ShortText
    released_on: date | None = None
    url: Annotated[str, Meta(pattern=r"^https?://[\x21-\x7e]{3,400}$(?!\n)")] | None = None


class Confidential(Struct, frozen=True, forbid_unknown_fields=True):
    """A value kept confidential: SHA-256 of salt and value. It counts and verifies, and may be opened later."""

    salted_sha256: Digest


def share_of(text: str) -> Fraction:
    """Return the fraction. Raises ValueError unless it is in lowest terms and at most 1."""
    numerator, denominator = re.split("/", text)
    fraction = Fraction(int(numerator), int(denominator))
    if fraction.numerator != int(numerator) or fraction > 1:
        raise ValueError(f"share {text!r} must be in lowest terms and at most 1/1")
    return fraction


def decimal_of(amount: str) -> Decimal:
    """Return the exact number that an Amount writes."""
    return Decimal(amount)
