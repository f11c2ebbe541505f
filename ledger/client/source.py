"""A server as the source of an audit: its checkpoint, and the entries of exactly that tree, page by page or as tiles.

What cannot be had leaves the audit undecided; what was had is judged by the audit and by nobody before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.audit.export import CHECKPOINT
from ledger.audit.findings import Undecidable
from ledger.audit.source import Line
from ledger.audit.tile_source import TileSource
from ledger.client.connection import Connection
from ledger.client.errors import ClientError, NotThere
from ledger.client.http import ENTRIES_PAGE, LedgerClient
from ledger.log.note import NOTE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class LedgerUrl:
    """The public interface of a ledger. The log may grow while it is read: only the tree asked for counts.

    If it has to be `witnessed`, that is the newest tree whose checkpoint meets the ledger's policy.
    """

    client: LedgerClient
    witnessed: bool = False

    @property
    def name(self) -> str:
        return self.client.connection.url

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint, with the lines of witnesses if that is wanted. Raises Undecidable."""
        try:
            return self.client.witnessed_checkpoint() if self.witnessed else self.client.checkpoint()
        except ClientError as error:
            raise Undecidable(str(error)) from None

    def entries(self, tree_size: int) -> Iterator[Line]:
        """Yield up to `tree_size` entries; fewer if the server says that it has no more. Raises Undecidable."""
        after = 0
        while after < tree_size:
            try:
                page = self.client.entries(after, min(ENTRIES_PAGE, tree_size - after))
            except ClientError as error:
                raise Undecidable(str(error)) from None
            if not page:
                return
            offset = 0
            for raw in page:
                yield Line(raw, f"{self.name}/v1/entries?after={after}", offset)
                offset += len(raw) + 1
            after += len(page)


@dataclass(frozen=True, slots=True)
class TileUrl:
    """The files of tiles at an address, as a store. What there is beside those asked for, nobody can tell."""

    connection: Connection

    @property
    def name(self) -> str:
        return self.connection.url

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """Return a file of at most `bytes_max` bytes, or None. Raises Undecidable, also for a longer one."""
        try:
            return self.connection.get(f"/{path}", bytes_max=bytes_max).body
        except NotThere:
            return None
        except ClientError as error:
            raise Undecidable(str(error)) from None

    def widths(self, path: str) -> list[int]:
        return []

    def paths(self) -> Iterator[str]:
        return iter(())


def only_tiles(client: LedgerClient) -> TileSource | None:
    """Return the log in the files of tiles at an address that has no interface of a ledger; None if it has one."""
    try:
        client.checkpoint()
    except NotThere:
        store = TileUrl(client.connection)
        return TileSource(store) if store.read(CHECKPOINT, NOTE_BYTES_MAX) is not None else None
    except ClientError:
        return None
    return None
