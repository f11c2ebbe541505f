"""Lists of logs are read whole or not at all."""

import pytest

from ledger.log.errors import LogInvalid
from ledger.log.note import format_vkey
from ledger.witness.log_lists import LIST_BYTES_MAX, parse_log_list
from tests.witness.histories import two_faced_log

ONE, TWO = two_faced_log("ledger.example/one").vkey, two_faced_log("ledger.example/two").vkey
LIST = f"""#
# List: 10qps
#
logs/v0

# the first
vkey {format_vkey(ONE)}
origin none
qpd 86400
contact https://ledger.example/contact us

vkey {format_vkey(TWO)}
origin something else
bastion none
qpd 24
contact sysadmin (at) ledger.example

vkey {format_vkey(TWO)}
"""


def test_a_list_names_origins_and_keys() -> None:
    assert parse_log_list(LIST.encode()) == [(ONE.name, ONE), ("something else", TWO), (TWO.name, TWO)]
    assert parse_log_list(b"logs/v0\n") == []


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "begins with logs/v0"),
        (b"logs/v1\n", "begins with logs/v0"),
        (LIST.replace("logs/v0\n", "").encode(), "begins with logs/v0"),
        (b"logs/v0\norigin none\n", "vkey, then origin"),
        (LIST.replace("qpd 24", "qpm 24").encode(), "vkey, then origin"),
        (LIST.replace("+", "", 1).encode(), "expected"),
        (LIST.replace(ONE.key_id.hex(), "00000000").encode(), "key id"),
        (LIST.replace("something else", "o" * 256).encode(), "an origin of 1 to 255"),
        (LIST.encode() + b"\xff\n", "UTF-8"),
        (b"logs/v0\n" + b"#" * LIST_BYTES_MAX, "at most"),
    ],
)
def test_a_list_with_a_mistake_is_not_used(raw: bytes, words: str) -> None:
    with pytest.raises(LogInvalid, match=words):
        parse_log_list(raw)
