"""Evidence: what was validly signed under the id of an act that was recorded with another payload.

Both stay: the first in the log, the other here. How much one signer can make the ledger keep is bounded; what goes
beyond is still answered as a conflict, and not kept.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import Cursor

from ledger.events.stages import Envelope

CONFLICTS_PER_EVENT_MAX: Final = 4
CONFLICTS_PER_AUTHORITY_MAX: Final = 256


def keep_evidence(cursor: Cursor[tuple[Any, ...]], conflicting: Sequence[Envelope], recorded_at: datetime) -> None:
    """Store envelopes whose event's id is taken; the same payload only once."""
    for envelope in conflicting:
        event = envelope.event
        cursor.execute(
            "INSERT INTO public.conflicts (event_id, payload_sha256, authority, envelope, recorded_at)"
            " SELECT %(event_id)s, %(payload_sha256)s, %(authority)s, %(envelope)s, %(recorded_at)s"
            " WHERE (SELECT count(*) FROM public.conflicts WHERE event_id = %(event_id)s) < %(per_event)s"
            " AND (SELECT count(*) FROM public.conflicts WHERE authority = %(authority)s) < %(per_authority)s"
            " ON CONFLICT DO NOTHING",
            {
                "event_id": event.id,
                "payload_sha256": bytes.fromhex(envelope.payload_sha256),
                "authority": event.authority,
                "envelope": envelope.raw,
                "recorded_at": recorded_at,
                "per_event": CONFLICTS_PER_EVENT_MAX,
                "per_authority": CONFLICTS_PER_AUTHORITY_MAX,
            },
        )


def read_evidence(cursor: Cursor[tuple[Any, ...]], event_id: str) -> list[bytes]:
    """Return the conflicting envelopes kept under an event's id, in the order in which they came."""
    cursor.execute(
        "SELECT envelope FROM public.conflicts WHERE event_id = %s ORDER BY recorded_at, payload_sha256",
        [event_id],
        binary=True,
    )
    return [envelope for (envelope,) in cursor.fetchall()]
