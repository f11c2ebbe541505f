"""What each refusal means to whoever is refused: its HTTP status, its title, and what to do about it.

Every code of `ledger.events.refusals` is in both tables; a test compares them. Codes are permanent, words may improve.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ledger.events.refusals import Refusal

R = Refusal


@dataclass(frozen=True, slots=True)
class Reason:
    """`title` names the reason in a few words, the same each time; `do` is one or two sentences of advice."""

    title: str
    do: str


_BY_STATUS: Final[Mapping[int, tuple[Refusal, ...]]] = {
    # The bytes are at fault: nothing that the ledger holds plays a part.
    400: (
        R.NOT_UTF8,
        R.TOO_DEEP,
        R.NOT_JSON,
        R.DUPLICATE_KEY,
        R.NUMBER_NOT_INTEGER,
        R.INTEGER_TOO_LARGE,
        R.LONE_SURROGATE,
        R.NOT_NFC,
        R.FORBIDDEN_CHARACTER,
        R.NOT_CANONICAL,
        R.ENVELOPE_MALFORMED,
        R.PAYLOAD_TYPE_UNKNOWN,
        R.EVENT_TYPE_UNKNOWN,
        R.EVENT_VERSION_UNKNOWN,
        R.EVENT_MALFORMED,
    ),
    413: (R.ENVELOPE_TOO_LARGE,),
    # Whoever signed may not do this, or did not prove who they are.
    403: (
        R.AUTHORITY_UNKNOWN,
        R.KEY_UNKNOWN,
        R.SIGNATURE_INVALID,
        R.THRESHOLD_NOT_MET,
        R.AUTHORITY_NOT_OF_PARTY,
        R.AUTHORITY_REVOKED,
        R.AUTHORITY_CONTESTED,
        R.AUTHORITY_NOT_YET_VALID,
        R.AUTHORITY_EXPIRED,
        R.SERVICE_KEY_ONLY,
        R.SIGNER_NOT_ENTITLED,
        R.OUT_OF_SCOPE,
        R.OVER_CAP,
    ),
    # The act does not fit what the ledger holds now; it may fit later, or would have before.
    409: (
        R.EVENT_ID_CONFLICT,
        R.LEDGER_NOT_OPENED,
        R.SEQUENCE_MISMATCH,
        R.PREVIOUS_MISMATCH,
        R.ALREADY_EXISTS,
        R.PERIOD_ALREADY_RESOLVED,
        R.WRONG_STATE,
        R.ALREADY_ENDED,
        R.NOT_PENDING,
        R.CONSENT_ALREADY_SAID,
        R.OLD_VALUE_DIFFERS,
        R.NOT_CONTESTED,
    ),
    # Well-formed and well signed, and what it says cannot be recorded.
    422: (
        R.LEDGER_MISMATCH,
        R.KEY_MALFORMED,
        R.KEY_WEAK,
        R.POSSESSION_UNPROVED,
        R.FUTURE_FACT,
        R.REFERENCE_UNKNOWN,
        R.PARTY_NOT_IN_INSTRUMENT,
        R.CODE_UNKNOWN,
        R.DATES_DISORDERED,
        R.SHARES_DO_NOT_SUM,
        R.TRANCHES_DO_NOT_SUM,
        R.UNIT_MISMATCH,
        R.CHILD_ABOVE_PARENT,
        R.NOT_A_FORMULA,
        R.CONSENT_NOT_ASKED,
        R.LINE_UNKNOWN,
        R.ABOVE_CLAIMED,
        R.FIELD_NOT_CORRECTABLE,
        R.DISCLOSURE_DIFFERS,
    ),
}

STATUS_OF: Final[Mapping[Refusal, int]] = MappingProxyType(
    {refusal: status for status, refusals in _BY_STATUS.items() for refusal in refusals}
)
"""The HTTP status of each refusal."""

_CANONICAL: Final = "Write the payload and the envelope as RFC 8785 canonical JSON, sign that, and submit it unchanged."
_ASK_NEXT: Final = "Ask /v1/authorities/{party}/{office}/next for sequence and previous, then sign the act anew."
_ASK_PARTY: Final = "Have it signed by an authority that may, or ask the party's principal for a mandate."

REASON_OF: Final[Mapping[Refusal, Reason]] = MappingProxyType(
    {
        R.ENVELOPE_TOO_LARGE: Reason(
            "The envelope is too large", "Put long texts into evidence, named by digest and address; divide the act."
        ),
        R.NOT_UTF8: Reason("The bytes are not UTF-8", "Send UTF-8 without a byte order mark."),
        R.TOO_DEEP: Reason("The JSON is nested too deeply", "Write the act as its published schema shows it."),
        R.NOT_JSON: Reason("The bytes are not a JSON object", "Send one DSSE envelope, which is one JSON object."),
        R.DUPLICATE_KEY: Reason("A key stands twice in one object", "Name every key once, then sign the act anew."),
        R.NUMBER_NOT_INTEGER: Reason(
            "A number is not an integer", 'Write amounts and quantities as decimal strings, such as "2.50".'
        ),
        R.INTEGER_TOO_LARGE: Reason("An integer is too large", "Write numbers beyond 2^53 - 1 as decimal strings."),
        R.LONE_SURROGATE: Reason("A text holds half a character", "Write characters beyond U+FFFF whole."),
        R.NOT_NFC: Reason("A text is not in Unicode NFC", "Normalise every text to NFC, then sign the act anew."),
        R.FORBIDDEN_CHARACTER: Reason(
            "A text holds a control or invisible character", "Remove it, then sign the act anew."
        ),
        R.NOT_CANONICAL: Reason("The JSON is not in its canonical form", _CANONICAL),
        R.ENVELOPE_MALFORMED: Reason(
            "The envelope is not a DSSE envelope",
            "Send payload, payloadType and signatures only: padded base64, signatures sorted by keyid.",
        ),
        R.PAYLOAD_TYPE_UNKNOWN: Reason(
            "The payload is of another type", "Use payloadType application/vnd.guarantee-ledger.event+json."
        ),
        R.EVENT_TYPE_UNKNOWN: Reason("There is no such event type", "Choose a type from /v1/schemas."),
        R.EVENT_VERSION_UNKNOWN: Reason(
            "There is no such version of the event type", "Choose a version from /v1/schemas."
        ),
        R.EVENT_MALFORMED: Reason(
            "The event does not follow its schema", "Compare it with /v1/schemas/{type}/{version}, then sign it anew."
        ),
        R.LEDGER_MISMATCH: Reason(
            "The act was signed for another ledger", "Submit it there, or sign it anew with this ledger's origin."
        ),
        R.AUTHORITY_UNKNOWN: Reason(
            "The authority is not registered", "Check its id; a party's principal registers it by authority.granted."
        ),
        R.KEY_UNKNOWN: Reason(
            "A signature is by none of the authority's keys, or a key of the log is not held by the server",
            "Sign with registered keys of the authority, no others; name keys of the log that the server holds.",
        ),
        R.SIGNATURE_INVALID: Reason(
            "A signature does not verify", "Sign the DSSE pre-authentication encoding of exactly the payload's bytes."
        ),
        R.THRESHOLD_NOT_MET: Reason(
            "Too few keys signed", "Have further keys of the authority sign the same payload, and submit it once."
        ),
        R.KEY_MALFORMED: Reason(
            "A key to be registered is malformed",
            "Give the SubjectPublicKeyInfo (DER) of an Ed25519 or P-256 key; for the log, verifier keys of its name.",
        ),
        R.KEY_WEAK: Reason(
            "A key to be registered is weak", "Generate a new key: this one lets signatures verify that nobody made."
        ),
        R.POSSESSION_UNPROVED: Reason(
            "Possession of a key is not proved", "Sign the possession message for this ledger and authority with it."
        ),
        R.EVENT_ID_CONFLICT: Reason(
            "The id belongs to another act",
            "Both acts are kept as evidence. Compare yours with the first; give a different act an id of its own.",
        ),
        R.LEDGER_NOT_OPENED: Reason(
            "The ledger is not opened", "The depositary signs ledger.opened around the keys that /v1/ledger shows."
        ),
        R.AUTHORITY_NOT_OF_PARTY: Reason(
            "The authority is another party's", "Name the party to which the authority belongs."
        ),
        R.AUTHORITY_REVOKED: Reason("The authority was revoked", _ASK_PARTY),
        R.AUTHORITY_CONTESTED: Reason(
            "The authority's own grant is contested", "The party's principal confirms or repudiates the grant first."
        ),
        R.AUTHORITY_NOT_YET_VALID: Reason(
            "The mandate has not begun", "Submit the same act when it has, or have another authority sign."
        ),
        R.AUTHORITY_EXPIRED: Reason("The mandate has ended", _ASK_PARTY),
        R.SEQUENCE_MISMATCH: Reason("The act is not the authority's next", _ASK_NEXT),
        R.PREVIOUS_MISMATCH: Reason("The act follows another than the authority's last", _ASK_NEXT),
        R.SERVICE_KEY_ONLY: Reason(
            "Only the ledger itself records this", "Submit the act that causes it; the rules do the rest."
        ),
        R.SIGNER_NOT_ENTITLED: Reason(
            "This act is for another to sign", "Have it signed by the party that the message names."
        ),
        R.OUT_OF_SCOPE: Reason("The mandate does not cover this", _ASK_PARTY),
        R.OVER_CAP: Reason("The amount is above the mandate's cap", _ASK_PARTY),
        R.FUTURE_FACT: Reason(
            "The act states a fact of the future", "Submit it once it has happened; check the signer's clock."
        ),
        R.REFERENCE_UNKNOWN: Reason(
            "The act refers to something unknown", "Check the id; submit what it refers to first."
        ),
        R.ALREADY_EXISTS: Reason("The id is taken", "Choose another id, or amend what is there."),
        R.PARTY_NOT_IN_INSTRUMENT: Reason(
            "A party is not in the instrument", "Name parties of the instrument, or another instrument."
        ),
        R.CODE_UNKNOWN: Reason(
            "A code is not in use at that date", "Use a code from the list that was valid on the date of the act."
        ),
        R.DATES_DISORDERED: Reason("Dates contradict each other", "Correct their order, then sign the act anew."),
        R.SHARES_DO_NOT_SUM: Reason(
            "The shares do not sum to one", "Write exact fractions, such as 1/3, that sum to one."
        ),
        R.TRANCHES_DO_NOT_SUM: Reason(
            "The tranches do not sum to the whole", "Make the tranches sum to the object's amount or quantity."
        ),
        R.UNIT_MISMATCH: Reason(
            "The unit or currency differs", "Use the unit or currency of the commitment that it is about."
        ),
        R.CHILD_ABOVE_PARENT: Reason(
            "More is committed within an envelope than it holds", "Lower the part, or raise the envelope first."
        ),
        R.NOT_A_FORMULA: Reason(
            "The commitment has no formula to resolve",
            "Resolve periods only of a commitment whose object is a formula.",
        ),
        R.PERIOD_ALREADY_RESOLVED: Reason(
            "The period is resolved", "A resolved period stays as it is; correct that act if it was wrong."
        ),
        R.WRONG_STATE: Reason(
            "Its state does not allow this", "Look at its history; another act may have to come first."
        ),
        R.ALREADY_ENDED: Reason(
            "It has ended", "Look at its history; what has ended takes no further acts of this kind."
        ),
        R.NOT_PENDING: Reason("The act waits for no consent", "Look at the act: it took effect or was refused."),
        R.CONSENT_NOT_ASKED: Reason(
            "This party's consent is not asked", "Only those that the act's pending_on names can consent or refuse."
        ),
        R.CONSENT_ALREADY_SAID: Reason(
            "The party has answered",
            "Its first answer stands; consent.withdrawn takes a consent back while others wait.",
        ),
        R.LINE_UNKNOWN: Reason("There is no such line", "Name lines that the delivery has."),
        R.ABOVE_CLAIMED: Reason(
            "More is accepted than was claimed", "Accept at most what the line claims; the obligor records the rest."
        ),
        R.FIELD_NOT_CORRECTABLE: Reason(
            "The field cannot be corrected", "Who signed, for which ledger and in which order stays; make a new act."
        ),
        R.OLD_VALUE_DIFFERS: Reason(
            "The value to be corrected is another", "Give as old what the act says now, corrections included."
        ),
        R.DISCLOSURE_DIFFERS: Reason(
            "The value is not the one that was sealed",
            "Open it with the salt and the value of which the act holds the digest: SHA-256 of both.",
        ),
        R.NOT_CONTESTED: Reason("The act is not contested", "Only contested acts are confirmed or repudiated."),
    }
)
"""Title and advice of each refusal."""
