"""The first 132 bytes of a file (PS3.10 7.1), and what they may hide (PS3.10 7.5, CVE-2019-11687)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

PREFIX = b"DICM"
PREAMBLE_BYTES = 128
PREFIX_END = PREAMBLE_BYTES + len(PREFIX)

_EXECUTABLE_MAGIC = {
    b"MZ": "MZ (a program for Windows)",
    b"\x7fELF": "ELF (a program)",
    b"\xfe\xed\xfa\xce": "Mach-O (a program)",
    b"\xfe\xed\xfa\xcf": "Mach-O (a program)",
    b"\xce\xfa\xed\xfe": "Mach-O (a program)",
    b"\xcf\xfa\xed\xfe": "Mach-O (a program)",
    b"\xca\xfe\xba\xbe": "Mach-O or Java (a program)",
    b"#!": "#! (a script)",
    b"PK\x03\x04": "PK (a ZIP archive)",
    b"%PDF": "%PDF",
}
MAX_ENTRIES = 4096
"""Of a TIFF directory; real ones have some dozens."""
_SCRIPT_STARTS = (b"<?php", b"<script", b"<html", b"<!doctype html")


EXECUTABLE_WARNING = "the preamble looks like a program"
"""On a file whose preamble is executable."""


def has_prefix(head: bytes) -> bool:
    """Say whether the bytes have `DICM` after 128 bytes of preamble."""
    return head[PREAMBLE_BYTES:PREFIX_END] == PREFIX


Read = Callable[[int, int], bytes]
"""Returns bytes of the file: offset, then how many; fewer where the file ends."""


class Preamble(NamedTuple):
    """What the preamble of a file is."""

    state: str
    """`clean`, `dual-tiff`, `executable` or `other`; `none` for a file without one."""
    magic: str = ""
    """Of a TIFF, a program, script or archive: what it begins with."""
    target: int | None = None
    """Where in the file it points to, when it does: the directory of a TIFF, the headers of a program."""


def read_preamble(head: bytes, size_bytes: int, read: Read | None = None) -> Preamble:
    """Return what the preamble is, and where in the file it points.

    Args:
        head: the first bytes of the file, at least 132 where the file has them.
        size_bytes: of the whole file.
        read: gives bytes further on, to look at the directory of a TIFF and the header of a program.
    """
    if not has_prefix(head):
        return Preamble("none")
    preamble = head[:PREAMBLE_BYTES]
    if not preamble.strip(b"\0"):
        return Preamble("clean")
    executable = _executable(preamble, read)
    if executable is not None:
        return executable
    return _tiff(preamble, size_bytes, read) or Preamble("other")


def preamble_state(head: bytes, size_bytes: int, read: Read | None = None) -> str:
    """Return `clean`, `dual-tiff`, `executable` or `other` for a file with a preamble, `none` for one without.

    The arguments are those of `read_preamble`.
    """
    return read_preamble(head, size_bytes, read).state


def _executable(preamble: bytes, read: Read | None) -> Preamble | None:
    """Return a preamble that some program would run or open as something else than DICOM, or None."""
    for start, magic in _EXECUTABLE_MAGIC.items():
        if preamble.startswith(start):
            target = _target(start, preamble)
            is_pe = start == b"MZ" and target is not None and read is not None and read(target, 4) == b"PE\0\0"
            return Preamble("executable", f"{magic}, PE" if is_pe else magic, target)
    text = preamble.lstrip().lower()
    script = next((start for start in _SCRIPT_STARTS if text.startswith(start)), None)
    return None if script is None else Preamble("executable", script.decode())


def _target(start: bytes, preamble: bytes) -> int | None:
    """Return what the header of a program says of where it goes on."""
    if start == b"MZ":
        return _number("<L", preamble, 0x3C)
    if start == b"\x7fELF":
        order = ">" if preamble[5] == 2 else "<"
        return _number(f"{order}Q", preamble, 0x20) if preamble[4] == 2 else _number(f"{order}L", preamble, 0x1C)
    return _number(">L", preamble, 16) if start == b"\xca\xfe\xba\xbe" else None


def _number(form: str, data: bytes, offset: int) -> int:
    return int(struct.unpack_from(form, data, offset)[0])


def _tiff(preamble: bytes, size_bytes: int, read: Read | None) -> Preamble | None:
    """Return a TIFF or BigTIFF header whose directory lies behind the preamble and holds a sane number of entries."""
    order = {b"II": "<", b"MM": ">"}.get(preamble[:2])
    if order is None:
        return None
    magic = _number(f"{order}H", preamble, 2)
    if magic == 42:
        directory, count_form, entry_bytes = _number(f"{order}L", preamble, 4), f"{order}H", 12
    elif magic == 43 and struct.unpack_from(f"{order}HH", preamble, 4) == (8, 0):
        directory, count_form, entry_bytes = _number(f"{order}Q", preamble, 8), f"{order}Q", 20
    else:
        return None
    count_bytes = struct.calcsize(count_form)
    if not PREFIX_END <= directory <= size_bytes - count_bytes:
        return None
    if read is not None:
        raw = read(directory, count_bytes)
        entries = _number(count_form, raw, 0) if len(raw) == count_bytes else 0
        if not 0 < entries <= MAX_ENTRIES or directory + count_bytes + entries * entry_bytes > size_bytes:
            return None
    return Preamble("dual-tiff", f"{'Big' if magic == 43 else ''}TIFF {preamble[:2].decode()}", directory)
