"""Compressed bodies, unpacked the same way for both transports and checked for completeness."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

__all__ = ["ACCEPTED", "decompress", "error", "unpacked"]

#: What is asked for, unless a request says otherwise.
ACCEPTED = "gzip, deflate"

error = zlib.error


def unpacked(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the body of a reply as its sender meant it.

    Raises:
        zlib.error: see :func:`decompress`.
    """
    return decompress(body, headers["content-encoding"]) if "content-encoding" in headers else body


def decompress(body: bytes, coding: str) -> bytes:
    """Return ``body`` without the ``Content-Encoding`` that it came with.

    Raises:
        zlib.error: it is cut short, damaged, or packed in a way that was not asked for.
    """
    coding = coding.strip().lower()
    if not body or coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise zlib.error(f"the body is compressed in a way that was not asked for: {coding:.40}")
    # Some servers mean raw deflate when they say deflate; its first byte cannot begin a zlib stream.
    raw = coding == "deflate" and body[0] & 0x0F != 8
    pieces: list[bytes] = []
    while True:
        inflater = zlib.decompressobj(-15 if raw else 47)
        pieces += inflater.decompress(body), inflater.flush()
        if not inflater.eof:
            raise zlib.error("the compressed body is cut short")
        body = inflater.unused_data
        # A gzip body may have several members; what is no member is padding.
        if not body.startswith(b"\x1f\x8b"):
            return b"".join(pieces)
