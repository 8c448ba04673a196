"""Builds DICOM files byte by byte, so that a test can say exactly what is wrong with them."""

from __future__ import annotations

import struct

UNDEFINED = 0xFFFFFFFF
LONG = frozenset({"OB", "OW", "OF", "SQ", "UN", "UT", "UC", "UR"})
EXPLICIT_LE, IMPLICIT_LE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
EXPLICIT_BE, DEFLATED = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
CT = "1.2.840.10008.5.1.4.1.1.2"


def element(
    tag: int, vr: str, value: bytes, *, implicit: bool = False, big: bool = False, length: int | None = None
) -> bytes:
    """One encoded element; `length` overrides what its header says."""
    order = ">" if big else "<"
    said = len(value) if length is None else length
    head = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return head + struct.pack(f"{order}L", said) + value
    if vr in LONG:
        return head + vr.encode() + b"\0\0" + struct.pack(f"{order}L", said) + value
    return head + vr.encode() + struct.pack(f"{order}H", said) + value


def text(tag: int, vr: str, value: str, *, implicit: bool = False, big: bool = False) -> bytes:
    """One element of text, padded to even length."""
    raw = value.encode("latin-1")
    return element(tag, vr, raw + b" \0"[vr == "UI" : (vr == "UI") + 1] * (len(raw) % 2), implicit=implicit, big=big)


def mark(number: int, length: int = 0, *, big: bool = False) -> bytes:
    """An item (0xE000) or a delimiter (0xE00D, 0xE0DD)."""
    return struct.pack(">HHL" if big else "<HHL", 0xFFFE, number, length)


def item(content: bytes, *, delimited: bool = False, big: bool = False) -> bytes:
    """An item with its content."""
    if delimited:
        return mark(0xE000, UNDEFINED, big=big) + content + mark(0xE00D, big=big)
    return mark(0xE000, len(content), big=big) + content


def sequence(
    tag: int, items: bytes, *, delimited: bool = False, implicit: bool = False, big: bool = False, vr: str = "SQ"
) -> bytes:
    """A sequence of encoded items."""
    if delimited:
        whole = items + mark(0xE0DD, big=big)
        return element(tag, vr, whole, implicit=implicit, big=big, length=UNDEFINED)
    return element(tag, vr, items, implicit=implicit, big=big)


def nest(depth: int, *, delimited: bool, implicit: bool = False) -> bytes:
    """Sequences in sequences, `depth` of them."""
    content = text(0x00080100, "SH", "CODE", implicit=implicit)
    for _ in range(depth):
        content = sequence(0x00081140, item(content, delimited=delimited), delimited=delimited, implicit=implicit)
    return content


def identity(*, implicit: bool = False, big: bool = False, sop_class: str = CT, modality: str = "CT") -> bytes:
    """SOP Class, SOP Instance, Modality, Study and Series, in tag order up to group 0008; see `uids` for the rest."""
    return (
        text(0x00080016, "UI", sop_class, implicit=implicit, big=big)
        + text(0x00080018, "UI", "1.2.3.4", implicit=implicit, big=big)
        + text(0x00080060, "CS", modality, implicit=implicit, big=big)
    )


def image(
    rows: int = 4, columns: int = 6, *, implicit: bool = False, big: bool = False, pixels: bytes | None = None
) -> bytes:
    """Rows, Columns, Bits and Pixel Data of a picture of zeros."""
    order = ">H" if big else "<H"
    numbers = ((0x00280002, 1), (0x00280010, rows), (0x00280011, columns), (0x00280100, 16), (0x00280103, 0))
    head = b"".join(element(tag, "US", struct.pack(order, value), implicit=implicit, big=big) for tag, value in numbers)
    data = bytes(rows * columns * 2) if pixels is None else pixels
    return head + element(0x7FE00010, "OW", data, implicit=implicit, big=big)


def part10(data_set: bytes, syntax: str = EXPLICIT_LE, preamble: bytes = bytes(128)) -> bytes:
    """A file: preamble, prefix, file meta information, data set."""
    meta = text(0x00020002, "UI", CT) + text(0x00020003, "UI", "1.2.3.4") + text(0x00020010, "UI", syntax)
    return preamble + b"DICM" + element(0x00020000, "UL", struct.pack("<L", len(meta))) + meta + data_set
