"""The stream `party`: who takes part, under which dated names and codes, in which roles."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.events.header import Event
from ledger.events.keys import KeySet
from ledger.events.values import AuthorityId, Language, PartyId, ShortText


class Role(StrEnum):
    """What a party does in the Compact. One party may hold several."""

    DEPOSITARY = "depositary"
    BENEFICIARY = "beneficiary"
    GUARANTOR = "guarantor"
    SANCTIONS_GUARANTOR = "sanctions_guarantor"
    OBSERVER = "observer"


class DatedName(Struct, frozen=True, forbid_unknown_fields=True):
    """A name in one language, in use from `since` (absent: from the beginning)."""

    language: Language
    name: ShortText
    since: date | None = None


class DatedCode(Struct, frozen=True, forbid_unknown_fields=True):
    """An ISO 3166-1 alpha-3 code (or `EUE` for the European Union) and the days on which it is the party's."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["GBR"])]
    since: date | None = None
    until: date | None = None


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """An authority with unlimited scope: the office, why it may act, and its keys."""

    authority: AuthorityId
    office: ShortText
    basis: Literal["ex_officio", "full_powers"]
    keys: KeySet


class PartyAdmitted(Event, frozen=True, kw_only=True, tag="party.admitted"):
    """The depositary admits `subject`, with its principal authority and, where it has one, its recovery authority."""

    subject: PartyId
    kind: Literal["state", "organisation"]
    names: Annotated[tuple[DatedName, ...], Meta(min_length=1, max_length=48)]
    codes: Annotated[tuple[DatedCode, ...], Meta(max_length=8)] = ()
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, max_length=5)]
    principal: Grant
    recovery: Grant | None = None


class PartyRenamed(Event, frozen=True, kw_only=True, tag="party.renamed"):
    """Names and codes in use from their dates on. The earlier ones stay, at their dates."""

    subject: PartyId
    names: Annotated[tuple[DatedName, ...], Meta(max_length=48)] = ()
    codes: Annotated[tuple[DatedCode, ...], Meta(max_length=8)] = ()


class PartyRolesChanged(Event, frozen=True, kw_only=True, tag="party.roles_changed"):
    """The roles that `subject` holds from here on."""

    subject: PartyId
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, max_length=5)]


class PartySucceeded(Event, frozen=True, kw_only=True, tag="party.succeeded"):
    """The signing party takes the place of `predecessor` (VCLT has no rule: the successor declares it)."""

    predecessor: PartyId
