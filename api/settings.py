"""What the operator decides, read once from the environment and from nowhere else.

A frozen value that is complete: whoever holds Settings needs no other configuration. Secrets are not shown by repr.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from ledger.events.registry import service_authority
from ledger.fsck.scrubber import Pace
from ledger.log.errors import PolicyInvalid
from ledger.log.policy import POLICY_BYTES_MAX, parse_policy
from ledger.signing.mldsa import Mldsa44Key, load_mldsa44
from ledger.signing.signer import Ed25519Signer, load_signer
from ledger.store.heads import HEADS

DATA_DEFAULT: Final = "./data"
DEPOSITARY_DEFAULT: Final = "depositary"
SECRET_BYTES_MAX: Final = 4096
FURTHER_KEYS_MAX: Final = 16

LogKey = Ed25519Signer | Mldsa44Key
"""A private key that can sign checkpoints."""

Loaded = TypeVar("Loaded")
SCRUB_DEFAULT: Final = 200
PACE_DEFAULT: Final = Pace(SCRUB_DEFAULT)
SCRUB_MAX: Final = 1_000_000

# As ledger.events.values demands them of every event.
_ORIGIN: Final = re.compile(r"[a-z0-9][a-z0-9.:/_-]{2,199}")
_ADDRESS: Final = re.compile(r"https?://[!-~]{1,1000}")
_PARTY: Final = re.compile(r"[a-z][a-z0-9-]{1,31}")
# A verifier key writes the origin before a plus sign and a signature line before a space, so neither can be in it.


class SettingsError(ValueError):
    """expected LEDGER_ORIGIN, such as ledger.example/compact; got nothing"""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}; got {got}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the log is kept, what it is called, and the keys of the ledger itself.

    `log_key` and `mldsa_key` sign checkpoints, `service_key` what the rules force; one key may do both. `further_keys`
    are keys of the log that were or will be in force. `policy_raw` is the policy by which checkpoints are published,
    with the addresses of the witnesses to ask; without it nobody is asked. `data` is a directory for what must not be
    rolled back with the database. `scrub` None: nothing is scrubbed.
    """

    database_url: str = field(repr=False)
    origin: str
    log_key: Ed25519Signer
    service_key: Ed25519Signer
    data: Path
    depositary: str
    mldsa_key: Mldsa44Key | None = None
    further_keys: tuple[LogKey, ...] = ()
    scrub: Pace | None = PACE_DEFAULT
    policy_raw: bytes | None = None

    @property
    def service_authority(self) -> str:
        """The id of the authority of the service key."""
        return service_authority(self.depositary)

    @property
    def heads(self) -> Path:
        """The directory of the newest tree head that was published (`ledger.store.heads`)."""
        return self.data / HEADS

    @property
    def opening_keys(self) -> tuple[LogKey, ...]:
        """The keys around which a ledger is opened here."""
        return (self.log_key,) if self.mldsa_key is None else (self.log_key, self.mldsa_key)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Return the settings that `environment` holds. Raises SettingsError with the variable and what it should be.

    DATABASE_URL, or DATABASE_URL_FILE   how to reach PostgreSQL
    LEDGER_ORIGIN                        the name of the log: a URL prefix without scheme
    LEDGER_KEY_FILE                      PEM, Ed25519: signs checkpoints
    LEDGER_MLDSA_KEY_FILE                PEM, ML-DSA-44: signs checkpoints too (default: none)
    LEDGER_FURTHER_KEY_FILES             PEM, either: more keys of the log, paths with colons between (default: none)
    LEDGER_POLICY_FILE                   C2SP tlog-policy: the witnesses, with addresses, and the quorum (default: none)
    LEDGER_SERVICE_KEY_FILE              PEM, Ed25519: signs what the rules force (default: LEDGER_KEY_FILE)
    LEDGER_DATA                          a directory (default: ./data)
    LEDGER_DEPOSITARY                    the depositary's party id (default: depositary)
    LEDGER_SCRUB_ENTRIES_PER_SECOND      how fast the stored log is read again in the background; 0: not (default: 200)
    """
    log_key = _key(environment, "LEDGER_KEY_FILE")
    origin = checked_origin(_required(environment, "LEDGER_ORIGIN", "such as ledger.example/compact"))
    return Settings(
        database_url=_database_url(environment),
        origin=origin,
        log_key=log_key,
        service_key=_key(environment, "LEDGER_SERVICE_KEY_FILE")
        if _has(environment, "LEDGER_SERVICE_KEY_FILE")
        else log_key,
        data=Path(environment.get("LEDGER_DATA") or DATA_DEFAULT),
        depositary=checked_depositary(environment.get("LEDGER_DEPOSITARY") or DEPOSITARY_DEFAULT),
        mldsa_key=mldsa_key_from(Path(environment["LEDGER_MLDSA_KEY_FILE"]), "LEDGER_MLDSA_KEY_FILE")
        if _has(environment, "LEDGER_MLDSA_KEY_FILE")
        else None,
        further_keys=further_keys_from(environment),
        scrub=scrub_pace(environment),
        policy_raw=policy_from(environment, origin),
    )


def scrub_pace(environment: Mapping[str, str]) -> Pace | None:
    """Return how fast LEDGER_SCRUB_ENTRIES_PER_SECOND has the log read again. Raises SettingsError."""
    text = environment.get("LEDGER_SCRUB_ENTRIES_PER_SECOND") or str(SCRUB_DEFAULT)
    if not text.isascii() or not text.isdecimal() or int(text) > SCRUB_MAX:
        expected = f"LEDGER_SCRUB_ENTRIES_PER_SECOND of 0 to {SCRUB_MAX}, 0 for not at all"
        raise SettingsError(expected, ascii(text[:80]))
    return Pace(int(text)) if int(text) else None


def checked_origin(origin: str) -> str:
    """Return `origin` if events can name it. Raises SettingsError."""
    if not _ORIGIN.fullmatch(origin):
        expected = "LEDGER_ORIGIN of 3 to 200 lowercase letters, digits and . : / _ -, without scheme"
        raise SettingsError(expected, ascii(origin[:80]))
    return origin


def checked_depositary(party: str) -> str:
    """Return `party` if it can be a party's id. Raises SettingsError."""
    if not _PARTY.fullmatch(party):
        raise SettingsError("LEDGER_DEPOSITARY, a party id such as depositary", ascii(party[:80]))
    return party


def key_from(path: Path, variable: str) -> Ed25519Signer:
    """Return the key in the PEM file that `variable` names. Raises SettingsError."""
    expected = f"{variable} to name a readable PEM file of an Ed25519 private key, without passphrase"
    signer = _loaded(path, expected, lambda: load_signer(path, None))
    if not isinstance(signer, Ed25519Signer):
        raise SettingsError(expected, f"{path}, which holds a key of {signer.algorithm}")
    return signer


def mldsa_key_from(path: Path, variable: str) -> Mldsa44Key:
    """Return the key in the PEM file that `variable` names. Raises SettingsError."""
    expected = f"{variable} to name a readable PEM file of an ML-DSA-44 private key, without passphrase"
    return _loaded(path, expected, lambda: load_mldsa44(path))


def further_keys_from(environment: Mapping[str, str]) -> tuple[LogKey, ...]:
    """Return the keys in the PEM files of LEDGER_FURTHER_KEY_FILES, in their order. Raises SettingsError."""
    variable = "LEDGER_FURTHER_KEY_FILES"
    paths = [path for path in environment.get(variable, "").split(":") if path]
    if len(paths) > FURTHER_KEYS_MAX:
        raise SettingsError(f"{variable} of at most {FURTHER_KEYS_MAX} paths", str(len(paths)))
    return tuple(_further(Path(path), variable) for path in paths)


def policy_from(environment: Mapping[str, str], origin: str) -> bytes | None:
    """Return what the file that LEDGER_POLICY_FILE names holds, or None. Raises SettingsError if it cannot be met."""
    variable = "LEDGER_POLICY_FILE"
    if not _has(environment, variable):
        return None
    path = Path(environment[variable])
    try:
        with path.open("rb") as file:
            raw = file.read(POLICY_BYTES_MAX + 1)
        policy = parse_policy(raw)
    except OSError as error:
        raise SettingsError(f"{variable} to name a readable file", f"{path}: {error.strerror}") from None
    except PolicyInvalid as error:
        raise SettingsError(f"{variable} to name a policy with {error.expected}", f"{path}: {error.got}") from None
    if policy.logs and origin not in {log.vkey.name for log in policy.logs}:
        raise SettingsError(f"{variable} to list a key of the log {origin}", "those of others: nobody could use it")
    for witness in policy.witnesses:
        if witness.url is not None and not _ADDRESS.fullmatch(witness.url):
            raise SettingsError(f"{variable} with addresses in http:// or https://", ascii(witness.url[:80]))
    if not policy.is_met_by([witness.name for witness in policy.witnesses if witness.url is not None]):
        raise SettingsError(f"{variable} with addresses of witnesses enough for the quorum", "too few")
    return raw


def _further(path: Path, variable: str) -> LogKey:
    try:
        return mldsa_key_from(path, variable)
    except SettingsError:
        return key_from(path, variable)


def _loaded(path: Path, expected: str, load: Callable[[], Loaded]) -> Loaded:
    try:
        return load()
    except OSError as error:
        raise SettingsError(expected, f"{path}: {error.strerror}") from None
    except ValueError:
        # What the parser says might repeat what stands in the file.
        raise SettingsError(expected, f"{path}, which holds something else") from None


def _has(environment: Mapping[str, str], name: str) -> bool:
    return bool(environment.get(name))


def _required(environment: Mapping[str, str], name: str, example: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingsError(f"{name}, {example}", "nothing")
    return value


def _key(environment: Mapping[str, str], name: str) -> Ed25519Signer:
    return key_from(Path(_required(environment, name, "the path of a PEM file")), name)


def _database_url(environment: Mapping[str, str]) -> str:
    """Return DATABASE_URL, or what the file holds that DATABASE_URL_FILE names; both at once is a mistake."""
    if not _has(environment, "DATABASE_URL_FILE"):
        return _required(environment, "DATABASE_URL", "such as postgresql://ledger@host/ledger, or DATABASE_URL_FILE")
    if _has(environment, "DATABASE_URL"):
        raise SettingsError("one of DATABASE_URL and DATABASE_URL_FILE", "both")
    path = Path(environment["DATABASE_URL_FILE"])
    try:
        with path.open(encoding="utf-8") as file:
            url = file.read(SECRET_BYTES_MAX).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError("DATABASE_URL_FILE to name a readable file", f"{path}: {reason}") from None
    if not url:
        raise SettingsError(
            "DATABASE_URL_FILE to name a file that holds a connection string", f"{path}, which is empty"
        )
    return url
