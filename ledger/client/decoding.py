"""The body of an answer as it is unpacked: never more at a time than a bound, however much a few bytes unpack to."""

import zlib
from collections.abc import Iterator
from typing import Final

import httpx

ACCEPTED: Final = "gzip, identity"
UNPACKED_BYTES_MAX: Final = 1024 * 1024
"""How much is unpacked at a time."""

_GZIP_ONLY: Final = 16 + zlib.MAX_WBITS


def unpacked(response: httpx.Response) -> Iterator[bytes]:
    """Yield the body as it arrives, in pieces of at most UNPACKED_BYTES_MAX.

    Raises httpx.RemoteProtocolError for what is packed in another way than by gzip, once, or is cut off: a server may
    claim to have packed a body many times over, each of which multiplies what a piece of it unpacks to.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        yield from response.iter_raw()
    elif encoding in ("gzip", "x-gzip"):
        yield from _gunzipped(response)
    else:
        raise httpx.RemoteProtocolError(f"a body encoded as {encoding[:40]!a}, which was not asked for")


def _gunzipped(response: httpx.Response) -> Iterator[bytes]:
    unpacking = zlib.decompressobj(_GZIP_ONLY)
    try:
        for packed in response.iter_raw():
            while packed:
                yield unpacking.decompress(packed, UNPACKED_BYTES_MAX)
                packed = unpacking.unconsumed_tail
                if unpacking.unused_data:
                    raise httpx.RemoteProtocolError("bytes after the end of the packed body")
    except zlib.error as error:
        raise httpx.RemoteProtocolError(f"a body that does not unpack: {error}") from None
    if not unpacking.eof:
        raise httpx.RemoteProtocolError("a packed body that is cut off")
