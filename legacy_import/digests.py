"""Sums of many texts: 64 bits of BLAKE2b each, as the signed integer that a column of the database holds."""

from collections.abc import Iterable
from hashlib import blake2b
from struct import unpack

BYTES = 8
SEPARATOR = "\x1f"


def checksums(texts: Iterable[str], start: blake2b) -> list[int]:
    """Sum up each text; `start` is a digest of nothing yet, for to copy one takes half the time of making one."""
    copy, digests = start.copy, []
    for text in texts:
        digest = copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        digests.append(digest.digest())
    return list(unpack(f">{len(digests)}q", b"".join(digests)))
