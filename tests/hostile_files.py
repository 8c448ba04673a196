"""Files of the kinds that cost other readers gigabytes, minutes or their lives, built in the test that needs them."""

from __future__ import annotations

import struct
import zlib

from dicom_bytes import DEFLATED, IMPLICIT_LE, UNDEFINED, element, identity, image, item, mark, part10, sequence, text

RLE, JPEG = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
MANY = 190_000
"""Just below what a file of a few megabytes may have of elements."""
TWO_MEGABYTES = 1_000_000
"""Values of two bytes each."""

MAGICS = {
    "dos": b"MZ\x90\0", "elf": b"\x7fELF\2\1\1", "mach-o-32": b"\xfe\xed\xfa\xce", "mach-o-64": b"\xfe\xed\xfa\xcf",
    "mach-o-32-swapped": b"\xce\xfa\xed\xfe", "mach-o-64-swapped": b"\xcf\xfa\xed\xfe", "java": b"\xca\xfe\xba\xbe",
    "shell": b"#!/bin/sh\necho planted\n", "zip": b"PK\3\4", "pdf": b"%PDF-1.7\n", "php": b"<?php echo 1;",
    "script": b"\n <SCRIPT>alert(1)", "html": b"<html>", "doctype": b"<!DOCTYPE html>",
}  # fmt: skip
"""What a preamble begins with that some program runs; the bytes behind it are zeros, so that nothing can."""


def with_preamble(begins: bytes) -> bytes:
    """A small image whose preamble begins like this."""
    return part10(whole_identity() + image(), preamble=begins.ljust(128, b"\0"))


def whole_identity(*, implicit: bool = False) -> bytes:
    """Identity with study and series."""
    uids = text(0x0020000D, "UI", "1.2", implicit=implicit) + text(0x0020000E, "UI", "1.2.3", implicit=implicit)
    return identity(implicit=implicit) + uids


def flood_of_items() -> bytes:
    """1.5 MB of empty items."""
    return part10(whole_identity() + sequence(0x00081140, item(b"") * MANY) + image())


def flood_of_private_elements() -> bytes:
    """1.5 MB of empty private elements."""
    many = b"".join(element(0x00091000 + number % 0xF000, "LO", b"") for number in range(MANY))
    return part10(whole_identity() + element(0x00090010, "LO", b"AB") + many + image())


def flood_of_frame_groups() -> bytes:
    """1.5 MB of empty functional groups before the pixels of two frames."""
    groups = sequence(0x52009230, item(b"") * MANY)
    head = text(0x00280008, "IS", "2") + numbers(4, 6)
    return part10(whole_identity() + head + groups + element(0x7FE00010, "OW", bytes(96)))


def flood_of_values(tag: int, vr: str = "DS") -> bytes:
    r"""A small image with one element of 2 MB of `0\0\0...`."""
    many = element(tag, vr, b"0\\" * TWO_MEGABYTES, implicit=True)
    before, after = (many, b"") if tag < 0x00280000 else (b"", many)
    numbers_and_pixels = image(implicit=True)
    if 0x00280000 <= tag < 0x7FE00010:
        at = numbers_and_pixels.index(struct.pack("<HH", 0x7FE0, 0x0010))
        numbers_and_pixels = numbers_and_pixels[:at] + after + numbers_and_pixels[at:]
    return part10(whole_identity(implicit=True) + before + numbers_and_pixels, IMPLICIT_LE)


def numbers(rows: int, columns: int, bits: int = 16) -> bytes:
    """Rows, Columns and Bits of a picture."""
    values = ((0x10, rows), (0x11, columns), (0x100, bits), (0x101, bits), (0x102, bits - 1), (0x103, 0))
    return b"".join(element(0x00280000 | number, "US", struct.pack("<H", value)) for number, value in values)


def compressed(
    rows: int, columns: int, codestream: bytes, syntax: str = RLE, bits: int = 16, offsets: bytes = b""
) -> bytes:
    """An image of one compressed frame that says it has this size."""
    kind = element(0x00280002, "US", b"\1\0") + text(0x00280004, "CS", "MONOCHROME2")
    pixels = item(offsets) + item(codestream) + mark(0xE0DD)
    return part10(
        whole_identity() + kind + numbers(rows, columns, bits) + element(0x7FE00010, "OB", pixels, length=UNDEFINED),
        syntax,
    )


def rle(rows: int, columns: int) -> bytes:
    """A frame of two tiny RLE segments."""
    return compressed(rows, columns, struct.pack("<16L", 2, 64, 66, *[0] * 13) + b"\x81\0\x81\0")


def jpeg(rows: int, columns: int) -> bytes:
    """A frame of a JPEG header and nothing behind it."""
    size = b"\xff\xc0\0\x0b\x08" + struct.pack(">HH", rows, columns) + b"\1\1\x11\0"
    scan = b"\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(20)
    return compressed(rows, columns, b"\xff\xd8" + size + scan + b"\xff\xd9", JPEG, bits=8)


def deflated_zeros(count: int) -> bytes:
    """A deflated file of some hundred kilobytes that holds this many zeros."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = engine.compress(whole_identity() + element(0x00420011, "OB", b"", length=count))
    packed += b"".join(engine.compress(bytes(1 << 20)) for _ in range(count >> 20))
    return part10(packed + engine.flush(), DEFLATED)
