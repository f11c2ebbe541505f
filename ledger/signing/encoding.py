"""Strict base64 (RFC 4648 §4): one text for each sequence of bytes.

Text that decodes here is the text that encoding would write: padded, without line breaks, unused bits zero.
"""

import base64
import binascii


def to_base64(data: bytes) -> str:
    """Return the padded base64 of `data`, such as `3q2+7w==`."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return the bytes that `text` encodes. Raises ValueError unless `text` is exactly what `to_base64` writes."""
    if not text.isascii():
        raise ValueError("expected padded base64; string argument should contain only ASCII characters")
    return bytes_of_base64(text.encode())


def bytes_of_base64(written: bytes) -> bytes:
    """Return the bytes that text in ASCII encodes; otherwise as `from_base64`."""
    try:
        data = binascii.a2b_base64(written, strict_mode=True)
    except ValueError as error:
        raise ValueError(f"expected padded base64; {error}") from None
    if binascii.b2a_base64(data, newline=False) != written:
        raise ValueError("expected padded base64 with unused bits zero")
    return data
