"""Why the ledger refuses: one permanent code per reason, in order of precedence.

If several reasons apply to one submission, the first listed is given. A code is never renamed and never reused.
"""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """The permanent codes. Form first, then signature, then the rules."""

    # The bytes (ledger.events.canonical, ledger.signing.dsse)
    ENVELOPE_TOO_LARGE = "envelope_too_large"
    NOT_UTF8 = "not_utf8"
    TOO_DEEP = "too_deep"
    NOT_JSON = "not_json"
    DUPLICATE_KEY = "duplicate_key"
    NUMBER_NOT_INTEGER = "number_not_integer"
    INTEGER_TOO_LARGE = "integer_too_large"
    LONE_SURROGATE = "lone_surrogate"
    NOT_NFC = "not_nfc"
    FORBIDDEN_CHARACTER = "forbidden_character"
    NOT_CANONICAL = "not_canonical"
    ENVELOPE_MALFORMED = "envelope_malformed"
    PAYLOAD_TYPE_UNKNOWN = "payload_type_unknown"
    EVENT_TYPE_UNKNOWN = "event_type_unknown"
    EVENT_VERSION_UNKNOWN = "event_version_unknown"
    EVENT_MALFORMED = "event_malformed"
    # The signature (ledger.signing.verify)
    LEDGER_MISMATCH = "ledger_mismatch"
    AUTHORITY_UNKNOWN = "authority_unknown"
    KEY_UNKNOWN = "key_unknown"
    SIGNATURE_INVALID = "signature_invalid"
    THRESHOLD_NOT_MET = "threshold_not_met"
    KEY_MALFORMED = "key_malformed"
    KEY_WEAK = "key_weak"
    POSSESSION_UNPROVED = "possession_unproved"
    # The identity of the act (ledger.store)
    EVENT_ID_CONFLICT = "event_id_conflict"
    # The signer's standing (ledger.rules.standing)
    LEDGER_NOT_OPENED = "ledger_not_opened"
    AUTHORITY_NOT_OF_PARTY = "authority_not_of_party"
    AUTHORITY_REVOKED = "authority_revoked"
    AUTHORITY_CONTESTED = "authority_contested"
    AUTHORITY_NOT_YET_VALID = "authority_not_yet_valid"
    AUTHORITY_EXPIRED = "authority_expired"
    SEQUENCE_MISMATCH = "sequence_mismatch"
    PREVIOUS_MISMATCH = "previous_mismatch"
    SERVICE_KEY_ONLY = "service_key_only"
    SIGNER_NOT_ENTITLED = "signer_not_entitled"
    OUT_OF_SCOPE = "out_of_scope"
    OVER_CAP = "over_cap"
    FUTURE_FACT = "future_fact"
    # References (ledger.rules)
    REFERENCE_UNKNOWN = "reference_unknown"
    ALREADY_EXISTS = "already_exists"
    PARTY_NOT_IN_INSTRUMENT = "party_not_in_instrument"
    CODE_UNKNOWN = "code_unknown"
    DATES_DISORDERED = "dates_disordered"
    # Commitments
    SHARES_DO_NOT_SUM = "shares_do_not_sum"
    TRANCHES_DO_NOT_SUM = "tranches_do_not_sum"
    UNIT_MISMATCH = "unit_mismatch"
    CHILD_ABOVE_PARENT = "child_above_parent"
    NOT_A_FORMULA = "not_a_formula"
    PERIOD_ALREADY_RESOLVED = "period_already_resolved"
    # State
    WRONG_STATE = "wrong_state"
    ALREADY_ENDED = "already_ended"
    NOT_PENDING = "not_pending"
    CONSENT_NOT_ASKED = "consent_not_asked"
    CONSENT_ALREADY_SAID = "consent_already_said"
    LINE_UNKNOWN = "line_unknown"
    ABOVE_CLAIMED = "above_claimed"
    # Corrections and openings
    FIELD_NOT_CORRECTABLE = "field_not_correctable"
    OLD_VALUE_DIFFERS = "old_value_differs"
    DISCLOSURE_DIFFERS = "disclosure_differs"
    NOT_CONTESTED = "not_contested"


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected outcome: the submission was understood and is not admitted. Nothing was stored."""

    refusal: Refusal
    expected: str
    got: str


class Rejected(Exception):
    """Raised by parsing and by signature verification. Carries the refusal that the submitter is given.

    >>> raise Rejected(Refusal.NOT_NFC, "text in Unicode NFC", "'e' + U+0301 in /title/en")
    """

    def __init__(self, refusal: Refusal, expected: str, got: str) -> None:
        super().__init__(f"{refusal}: expected {expected}; got {got}")
        self.refused = Refused(refusal, expected, got)

    def __reduce__(self) -> tuple[type["Rejected"], tuple[Refusal, str, str]]:
        # An exception is made again from its message alone unless it says otherwise: it could not leave its process.
        return Rejected, (self.refused.refusal, self.refused.expected, self.refused.got)
