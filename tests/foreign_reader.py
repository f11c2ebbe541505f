"""Read a log by the C2SP rules with nothing of ours: the standard library, and PyNaCl for Ed25519.

The first argument is an address, the folder of an export or mirror, or fork-….json; the second the key of the log.
"""

import base64
import hashlib
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

from nacl.signing import VerifyKey


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"expected {what}")


def root(hashes: list[bytes]) -> bytes:
    """RFC 6962: MTH over leaf hashes, or over the roots of subtrees of one size."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256(b"")
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + root(hashes[:k]) + root(hashes[k:]))


def index_path(n: int, width: int) -> str:
    path = f"{n % 1000:03d}"
    while n >= 1000:
        n //= 1000
        path = f"x{n % 1000:03d}/{path}"
    return path if width == 256 else f"{path}.p/{width}"


def fetch(place: str, path: str) -> bytes:
    address = f"{place}/{path}" if "://" in place else (Path(place) / path).absolute().as_uri()
    with urllib.request.urlopen(address, timeout=30) as answer:
        return bytes(answer.read(32 * 1024 * 1024))


def opened(note: bytes, vkey: str) -> tuple[int, bytes]:
    """Return size and root of a checkpoint that `vkey` signed. Any failure raises."""
    name, key_id, encoded = vkey.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    check(key[0] == 1 and sha256(name.encode() + b"\n" + key)[:4].hex() == key_id, "an Ed25519 key and its id")
    text = note[: note.rindex(b"\n\n") + 1]
    for line in note[len(text) + 1 :].decode().splitlines():
        dash, signer, signature = line.split(" ")
        blob = base64.b64decode(signature, validate=True)
        if (dash, signer, blob[:4].hex()) == ("\N{EM DASH}", name, key_id):
            VerifyKey(key[1:]).verify(text, blob[4:])
            origin, size, top = text.decode().splitlines()
            check(origin == name, "a log signs under its own name")
            return int(size), base64.b64decode(top, validate=True)
    raise ValueError("expected a signature by the key")


def entries_of(bundle: bytes) -> list[bytes]:
    entries, at = [], 0
    while at < len(bundle):
        begin, at = at + 2, at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[begin:at])
    check(at == len(bundle), "whole entries")
    return entries


def read(place: str, vkey: str) -> tuple[int, bytes, list[bytes]]:
    """Return size, root and entries of the log at `place`, all verified."""
    size, top = opened(fetch(place, "checkpoint"), vkey)
    entries: list[bytes] = []
    while (width := min(256, size - len(entries))) > 0:
        held = entries_of(fetch(place, f"tile/entries/{index_path(len(entries) // 256, width)}"))
        check(len(held) == width, "as many entries as the path says")
        entries += held
    leaves = [sha256(b"\x00" + entry) for entry in entries]
    check(root(leaves) == top, "the root that is signed")
    level, hashes = 0, leaves
    while hashes:
        for n in range(-(-len(hashes) // 256)):
            tile = hashes[256 * n : 256 * n + 256]
            check(fetch(place, f"tile/{level}/{index_path(n, len(tile))}") == b"".join(tile), "a true tile")
        hashes = [root(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)]
        level += 1
    return size, top, entries


def fork(evidence: dict[str, Any], vkey: str) -> tuple[int, int]:
    """Return the sizes of two signed trees that cannot both be true. RFC 9162, 2.1.4.2."""
    m, old = opened(evidence["smaller"].encode(), vkey)
    n, new = opened(evidence["larger"].encode(), vkey)
    first, *path = (base64.b64decode(one) for one in (evidence["root_in_larger"], *evidence["consistency"]))
    path = [first, *path] if m & (m - 1) == 0 or m == n else path
    fn, sn = (m - 1, n - 1) if m < n else (0, 0)
    fr = sr = path[0]
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    for c in path[1:]:
        check(sn > 0, "not too many hashes")
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\x01" + c + fr), sha256(b"\x01" + c + sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\x01" + sr + c)
        fn, sn = fn >> 1, sn >> 1
    check((sn, fr, sr) == (0, first, new) and first != old, "the larger tree begins with another than the smaller")
    return m, n


if __name__ == "__main__":
    where, known = sys.argv[1:3]
    found = fork(json.loads(fetch(".", where)), known) if where.endswith(".json") else read(where, known)[:2]
    sys.stdout.write(f"verified: {found}\n")
