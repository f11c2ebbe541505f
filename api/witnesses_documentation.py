"""The part of the interface's description that is about witnesses."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from api import examples
from api.documentation import JSON, Operation, answer, problems, ref
from ledger.client.answers import Witnesses, WitnessShown
from ledger.log.cosignature import ed25519_cosigner
from ledger.log.note import format_vkey

_VKEY: Final = format_vkey(ed25519_cosigner("witness.example/gb", bytes(32)).vkey)
_URL: Final = "https://witness.example/gb"

_WITNESSES: Final = Witnesses(
    tree_size=examples.example().entry.position,
    witnessed_size=examples.example().entry.position,
    quorum="met",
    policy=f"witness gb {_VKEY} {_URL}\nquorum gb\n",
    witnesses=(
        WitnessShown(
            name="gb",
            vkey=_VKEY,
            url=_URL,
            state="cosigning",
            tree_size=examples.example().entry.position,
            lag=0,
            cosigned_at=datetime(2026, 1, 15, 12, tzinfo=UTC),
        ),
    ),
)

WITNESSES_GET: Final[Operation] = {
    "responses": {
        200: answer("The witnesses", JSON, ref("Witnesses"), msgspec.to_builtins(_WITNESSES)),
        **problems(503),
    }
}
