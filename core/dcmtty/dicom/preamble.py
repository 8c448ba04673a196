"""The first 132 bytes of a file (PS3.10 7.1), and what they may hide (PS3.10 7.5, CVE-2019-11687)."""

from __future__ import annotations

import struct

PREFIX = b"DICM"
PREAMBLE_BYTES = 128
PREFIX_END = PREAMBLE_BYTES + len(PREFIX)

_EXECUTABLE_STARTS = (
    b"MZ", b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe", b"#!", b"PK\x03\x04", b"%PDF",
)  # fmt: skip
_SCRIPT_STARTS = (b"<?php", b"<script", b"<html", b"<!doctype html")


EXECUTABLE_WARNING = "the preamble looks like a program"
"""On a file whose preamble is executable."""


def has_prefix(head: bytes) -> bool:
    """Say whether the bytes have `DICM` after 128 bytes of preamble."""
    return head[PREAMBLE_BYTES:PREFIX_END] == PREFIX


def preamble_state(head: bytes, size_bytes: int) -> str:
    """Return `clean`, `dual-tiff`, `executable` or `other` for a file with a preamble, `none` for one without.

    Args:
        head: the first bytes of the file, at least 132 where the file has them.
        size_bytes: of the whole file.
    """
    if not has_prefix(head):
        return "none"
    preamble = head[:PREAMBLE_BYTES]
    if not preamble.strip(b"\0"):
        return "clean"
    if preamble.startswith(_EXECUTABLE_STARTS) or preamble.lstrip().lower().startswith(_SCRIPT_STARTS):
        return "executable"
    return "dual-tiff" if _is_tiff(preamble, size_bytes) else "other"


def _is_tiff(preamble: bytes, size_bytes: int) -> bool:
    """Say whether it is a TIFF header whose directory lies behind the preamble (TIFF and BigTIFF)."""
    order = {b"II": "<", b"MM": ">"}.get(preamble[:2])
    if order is None:
        return False
    (magic,) = struct.unpack_from(f"{order}H", preamble, 2)
    if magic == 42:
        (directory,) = struct.unpack_from(f"{order}L", preamble, 4)
    elif magic == 43 and struct.unpack_from(f"{order}HH", preamble, 4) == (8, 0):
        (directory,) = struct.unpack_from(f"{order}Q", preamble, 8)
    else:
        return False
    return PREFIX_END <= int(directory) <= size_bytes - 2
