"""What size a compressed frame says it has, read before a decoder allocates memory for it."""

from __future__ import annotations

import struct

_SOI, _J2K_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_FRAME_HEADERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def frame_size(codestream: bytes) -> tuple[int, int, int] | None:
    """Return (rows, columns, components) of a JPEG, JPEG-LS or JPEG 2000 frame; None where it does not say."""
    if codestream.startswith(_SOI):
        return _jpeg_size(codestream)
    start = codestream.find(_J2K_START, 0, 4096) if codestream.startswith(_JP2_SIGNATURE) else 0
    if start >= 0 and codestream.startswith(_J2K_START, start):
        return _j2k_size(codestream[start:])
    return None


def _j2k_size(codestream: bytes) -> tuple[int, int, int] | None:
    """Read the SIZ segment (ISO/IEC 15444-1 A.5.1)."""
    if len(codestream) < 42:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", codestream, 8)
    (components,) = struct.unpack_from(">H", codestream, 40)
    return max(bottom - top, 0), max(right - left, 0), components


def _jpeg_size(codestream: bytes) -> tuple[int, int, int] | None:
    """Walk the marker segments up to the frame header (ISO/IEC 10918-1 B.2.2)."""
    offset, end = 2, len(codestream)
    while offset + 4 <= end:
        if codestream[offset] != 0xFF:
            return None
        marker = codestream[offset + 1]
        if marker == 0xFF:
            offset += 1
            continue
        if marker in _STANDALONE:
            offset += 2
            continue
        (length,) = struct.unpack_from(">H", codestream, offset + 2)
        if marker in _FRAME_HEADERS:
            if offset + 10 > end:
                return None
            rows, columns, components = struct.unpack_from(">HHB", codestream, offset + 5)
            return rows, columns, components
        offset += 2 + max(length, 2)
    return None
