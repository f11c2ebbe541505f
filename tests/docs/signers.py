"""Who signs each event type, and whose consent it needs, in words for the reference; a test tries everybody.

`in_sample`: which of PRINCIPALS and RECOVERY could have signed the sample of the type in its place.
"""

from dataclasses import dataclass
from typing import Final

PRINCIPALS: Final = ("depositary", "ua", "gb", "dk", "no", "tr", "rs")
"""The parties that take part in the scenes: `ua` is the beneficiary, `gb` and `ua` have the bilateral agreement."""

RECOVERY: Final = "gb/recovery"


@dataclass(frozen=True)
class Signing:
    """Who signs, who is asked, and who could have signed the sample."""

    signer: str
    consent: str
    in_sample: tuple[str, ...]


NOBODY: Final = "nobody's"
PARTY_OF_TEXT: Final = "each party of the instrument, for itself"
OTHER_SIGNATORIES: Final = "every other signatory's"
OBLIGOR: Final = "an obligor"
WHO_RECORDED: Final = "the party that recorded it"
BENEFICIARY: Final = "the beneficiary"
SANCTIONING: Final = "the party whose measure it is"
BOUND: Final = "a guarantor that the consultation names"
SERVICE: Final = "the service key, because the rules force it"
OTHER_SIDE: Final = "the other side's"

SIGNINGS: Final[dict[str, Signing]] = {
    "ledger.opened": Signing("the depositary, with the root keys that the act itself names", NOBODY, ("depositary",)),
    "rules.adopted": Signing("the depositary", NOBODY, ()),
    "log_keys.adopted": Signing("the depositary", NOBODY, ("depositary",)),
    "party.admitted": Signing("the depositary", NOBODY, ("depositary",)),
    "party.renamed": Signing("the depositary, or the party itself", NOBODY, ("depositary", "tr")),
    "party.roles_changed": Signing("the depositary", NOBODY, ("depositary",)),
    "party.succeeded": Signing("the successor", "the depositary's: it confirms that it was notified", PRINCIPALS),
    "authority.granted": Signing(
        "the party's principal authority; its recovery authority, for a new principal only", NOBODY, ("gb",)
    ),
    "authority.revoked": Signing("the party's principal or recovery authority", NOBODY, ("gb", RECOVERY)),
    "act.confirmed": Signing("the principal authority of the party whose act it is", NOBODY, ("gb",)),
    "act.repudiated": Signing("the principal authority of the party whose act it is", NOBODY, ("gb",)),
    "instrument.registered": Signing("the depositary", NOBODY, ("depositary",)),
    "instrument.signed": Signing(PARTY_OF_TEXT, NOBODY, ("ua", "gb")),
    "instrument.ratified": Signing(f"{PARTY_OF_TEXT}, once it has signed", NOBODY, ("ua", "gb")),
    "instrument.applied_provisionally": Signing(f"{PARTY_OF_TEXT}, once it has signed", NOBODY, ("ua", "gb")),
    "instrument.reserved": Signing(f"{PARTY_OF_TEXT}, once it has signed", NOBODY, ("ua", "gb")),
    "instrument.objected": Signing("each party of the instrument but the one that reserved", NOBODY, ("ua",)),
    "instrument.withdrawal_notified": Signing(f"{PARTY_OF_TEXT}, once it has signed", NOBODY, ("ua", "gb")),
    "instrument.withdrawal_revoked": Signing("the party whose notice runs", NOBODY, ("gb",)),
    "instrument.suspended": Signing(f"{PARTY_OF_TEXT}, once it has signed", NOBODY, ("ua", "gb")),
    "instrument.resumed": Signing("the party that suspended", NOBODY, ("gb",)),
    "instrument.extended": Signing("a signatory", OTHER_SIGNATORIES, ("ua", "gb")),
    "instrument.amended": Signing("a signatory", OTHER_SIGNATORIES, ("ua", "gb")),
    "instrument.terminated": Signing("a signatory", OTHER_SIGNATORIES, ("ua", "gb")),
    "commitment.made": Signing(OBLIGOR, "every other obligor's", ("gb",)),
    "commitment.amended": Signing(
        OBLIGOR,
        "every other obligor's, old and new; and the beneficiary's if the new terms are less (`docs/rules.md`)",
        ("gb",),
    ),
    "commitment.resolved": Signing(OBLIGOR, "every other obligor's", ("dk",)),
    "commitment.withdrawn": Signing(OBLIGOR, "the beneficiary's, and every other obligor's", ("gb",)),
    "commitment.waived": Signing("the beneficiary", NOBODY, ("ua",)),
    "commitment.converted": Signing(
        "an obligor or the beneficiary", "the beneficiary's and every obligor's, old and new", ("ua", "gb")
    ),
    "commitment.merged": Signing(
        "an obligor or the beneficiary", "the beneficiary's and every obligor's, old and new", ("ua", "gb")
    ),
    "delivery.recorded": Signing("an obligor of the commitment; any party, if it is voluntary", NOBODY, ("gb",)),
    "delivery.advanced": Signing(WHO_RECORDED, NOBODY, ("gb",)),
    "delivery.acknowledged": Signing("the beneficiary", NOBODY, ("ua",)),
    "delivery.disputed": Signing("the beneficiary", NOBODY, ("ua",)),
    "dispute.settled": Signing(f"{WHO_RECORDED}, or the beneficiary", OTHER_SIDE, ("ua", "gb")),
    "delivery.corrected": Signing(WHO_RECORDED, NOBODY, ("gb",)),
    "delivery.voided": Signing(WHO_RECORDED, NOBODY, ("gb",)),
    "delivery.marked_duplicate": Signing(WHO_RECORDED, NOBODY, ("gb",)),
    "requirement.stated": Signing(BENEFICIARY, NOBODY, ("ua",)),
    "requirement.revised": Signing(BENEFICIARY, NOBODY, ("ua",)),
    "requirement.met": Signing(BENEFICIARY, NOBODY, ("ua",)),
    "measure.adopted": Signing(
        "a party with the role `sanctions_guarantor` or `guarantor`, for itself", NOBODY, ("gb", "dk", "no", "tr")
    ),
    "measure.renewed": Signing(SANCTIONING, NOBODY, ("gb",)),
    "measure.eased": Signing(SANCTIONING, NOBODY, ("gb",)),
    "measure.suspended": Signing(SANCTIONING, NOBODY, ("gb",)),
    "measure.lifted": Signing(SANCTIONING, NOBODY, ("gb",)),
    "measure.act_published": Signing(SANCTIONING, NOBODY, ("gb",)),
    "measure.contested": Signing("any party", NOBODY, PRINCIPALS),
    "measure.reinstated": Signing(SERVICE, NOBODY, ()),
    "aggression.notified": Signing(BENEFICIARY, NOBODY, ("ua",)),
    "consultation.opened": Signing(SERVICE, NOBODY, ()),
    "consultation.convened": Signing(BOUND, NOBODY, ("dk", "no", "tr")),
    "consultation.joined": Signing(BOUND, NOBODY, ("dk", "no", "tr")),
    "decision.taken": Signing(BOUND, NOBODY, ("dk", "no", "tr")),
    "decision.declined": Signing(f"{BOUND}, that has decided nothing", NOBODY, ("no", "tr")),
    "consultation.merged": Signing(BENEFICIARY, NOBODY, ("ua",)),
    "consultation.closed": Signing(BENEFICIARY, NOBODY, ("ua",)),
    "rates.published": Signing("the depositary, or a party with the role `observer`", NOBODY, ("depositary", "rs")),
    "observation.recorded": Signing("a party with the role `observer`", NOBODY, ("rs",)),
    "observation.adopted": Signing("the party that the observation is about", NOBODY, ("gb",)),
    "consent.given": Signing("a party that the act asks", NOBODY, ("depositary",)),
    "consent.refused": Signing("a party that the act asks", NOBODY, ("ua",)),
    "consent.withdrawn": Signing(
        "the party that consented; or the party whose act it is, which ends the proposal", NOBODY, ("dk", "no")
    ),
    "act.corrected": Signing(
        "the party whose act it is",
        "everybody's who had agreed to the act, and who would have to agree to it as corrected",
        ("dk",),
    ),
    "act.disclosed": Signing("the party whose act it is", NOBODY, ("gb",)),
}
"""In the order of `ledger.events.registry`."""
