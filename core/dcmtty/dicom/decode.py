"""One frame of a file as stored values or colours: size checked first, any decoder's failure one plain error."""

from __future__ import annotations

from dataclasses import dataclass
from io import SEEK_CUR
from typing import Any, BinaryIO

import numpy as np
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import RLELossless

from dcmtty.dicom.codestream import frame_size
from dcmtty.dicom.isolated import decoder
from dcmtty.dicom.pixelfile import FOREIGN_ERRORS, MAX_FRAME_BYTES, UNDEFINED_LENGTH, PixelFile, StoredArray, quiet
from dcmtty.errors import InputError
from dcmtty.text import visible

_BITS_ALLOCATED = frozenset({1, 8, 16, 32, 64})
_RLE_GROWTH = 64
"""Two bytes of RLE stand for 128 at the most (PS3.5 G.3)."""
_MOST_OFFSETS = 100_000
"""As many as an object may have frames."""
_DAMAGED = "the file is damaged or of a kind that no decoder here reads"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded frame before rescaling."""

    stored: StoredArray
    """(rows, columns), or (rows, columns, 3)."""
    photometric_interpretation: str
    """After decoding: YBR has become RGB."""
    container: StoredArray
    """The values with their unused bits, to compare with Pixel Padding Value; often the same array."""


@dataclass(frozen=True, slots=True)
class _Layout:
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    frames: int

    @property
    def frame_bits(self) -> int:
        return self.rows * self.columns * self.samples * self.bits_allocated


def decode_frame(file: PixelFile, frame: int) -> Frame:
    """Decode frame `frame` (from 1) alone.

    Raises:
        InputError: no such frame, attributes that contradict each other, larger than 512 MB, or no decoder reads it.
    """
    layout = _layout(file)
    if not 1 <= frame <= layout.frames:
        raise InputError(f"{file.name}: no frame {frame}", remedy=f"it has frames 1 to {layout.frames}")
    try:
        with quiet():
            decoded, photometric = _decoded(file, layout, frame)
    except FOREIGN_ERRORS as error:
        name = visible(file.syntax.name, 60)
        raise InputError(f"{file.name}: frame {frame} cannot be decoded ({name})", remedy=_DAMAGED) from error
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, layout.samples)
    if decoded.shape != shape:
        raise InputError(f"{file.name}: frame {frame} does not have the size that the header gives", remedy=_DAMAGED)
    return Frame(_without_unused_bits(file, decoded), photometric, decoded)


def _layout(file: PixelFile) -> _Layout:
    layout = _Layout(
        file.whole_number("Rows"),
        file.whole_number("Columns"),
        file.whole_number("SamplesPerPixel", 1),
        file.whole_number("BitsAllocated"),
        max(file.whole_number("NumberOfFrames", 1), 1),
    )
    if layout.bits_allocated not in _BITS_ALLOCATED:
        raise InputError(f"{file.name}: Bits Allocated {layout.bits_allocated} is not supported", remedy=_DAMAGED)
    if layout.frame_bits == 0 or layout.samples not in {1, 3}:
        size = f"{layout.rows} rows, {layout.columns} columns, {layout.samples} samples"
        raise InputError(f"{file.name}: a picture of {size} cannot be shown", remedy=_DAMAGED)
    if layout.frame_bits > MAX_FRAME_BYTES * 8:
        size = f"{layout.rows} x {layout.columns} pixels"
        raise InputError(f"{file.name}: one frame of {size} needs more than 512 MB", remedy="it is not decoded")
    return layout


def _decoded(file: PixelFile, layout: _Layout, frame: int) -> tuple[StoredArray, str]:
    options = _options(file, layout)
    if not file.syntax.is_encapsulated:
        if file.length_bytes == UNDEFINED_LENGTH:
            raise InputError(f"{file.name}: native pixel data of undefined length", remedy=_DAMAGED)
        with file.stream() as stream:
            if layout.bits_allocated == 1 and layout.samples == 1 and file.syntax.is_little_endian:
                return _bits(stream, layout, frame), str(options["photometric_interpretation"])
            array, after = get_decoder(file.syntax).as_array(stream, index=frame - 1, **options)
            return array, str(after["photometric_interpretation"])
    offsets = options.pop("extended_offsets", None)
    with file.stream() as stream:
        _check_offsets(file, stream)
        codestream = get_frame(stream, frame - 1, number_of_frames=layout.frames, extended_offsets=offsets)
    _check_codestream(file, layout, codestream)
    options["number_of_frames"] = 1
    if file.syntax == RLELossless:
        # Decoded by pydicom itself, in Python, which cannot end the process.
        array, after = get_decoder(file.syntax).as_array(encapsulate([codestream], has_bot=False), index=0, **options)
        return array, str(after["photometric_interpretation"])
    return decoder.decode(str(file.syntax), options, codestream)


def _bits(stream: BinaryIO, layout: _Layout, frame: int) -> StoredArray:
    """Unpack a frame of one-bit pixels; it may begin and end inside a byte (PS3.5 8.1.1, D.1)."""
    start = (frame - 1) * layout.frame_bits
    end = start + layout.frame_bits
    stream.seek(start // 8, SEEK_CUR)
    packed = np.frombuffer(stream.read((end + 7) // 8 - start // 8), dtype=np.uint8)
    bits = np.unpackbits(packed, bitorder="little")[start % 8 :][: layout.frame_bits]
    return bits.reshape(layout.rows, layout.columns)


def _options(file: PixelFile, layout: _Layout) -> dict[str, Any]:
    """Return what pydicom's decoders must know (PS3.3 C.7.6.3)."""
    attributes = file.attributes
    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": file.whole_number("BitsStored", layout.bits_allocated),
        "number_of_frames": layout.frames,
        "photometric_interpretation": _photometric(file, layout),
        "pixel_keyword": file.keyword,
        "pixel_vr": file.vr,
    }
    if file.keyword == "PixelData":
        options["pixel_representation"] = file.whole_number("PixelRepresentation", 0)
    if layout.samples == 1 and _keeps_unused_bits(file):
        # It would drop bits by Bits Stored alone; `_without_unused_bits` looks at High Bit too.
        options["correct_unused_bits"] = False
    if layout.samples > 1:
        options["planar_configuration"] = file.whole_number("PlanarConfiguration", 0)
    if "ExtendedOffsetTable" in attributes and "ExtendedOffsetTableLengths" in attributes:
        options["extended_offsets"] = (attributes.ExtendedOffsetTable, attributes.ExtendedOffsetTableLengths)
    return options


def _photometric(file: PixelFile, layout: _Layout) -> str:
    given = str(file.attributes.get("PhotometricInterpretation") or "").strip()
    return given or ("MONOCHROME2" if layout.samples == 1 else "RGB")


def _check_codestream(file: PixelFile, layout: _Layout, codestream: bytes) -> None:
    size = frame_size(codestream)
    if size is not None and size[:2] != (layout.rows, layout.columns):
        given, said = f"{size[0]} x {size[1]}", f"{layout.rows} x {layout.columns}"
        raise InputError(f"{file.name}: a compressed frame is {given} but the header says {said}", remedy=_DAMAGED)
    if file.syntax == RLELossless and layout.frame_bits > len(codestream) * 8 * _RLE_GROWTH:
        raise InputError(f"{file.name}: {len(codestream)} bytes of RLE are no frame of that size", remedy=_DAMAGED)


def _check_offsets(file: PixelFile, stream: BinaryIO) -> None:
    """Refuse an offset table with more entries than frames before a number is made of each (PS3.5 A.4)."""
    head = stream.read(8)
    stream.seek(-len(head), SEEK_CUR)
    if int.from_bytes(head[4:8], "little") > 4 * _MOST_OFFSETS:
        raise InputError(
            f"{file.name}: its Basic Offset Table has more entries than there can be frames", remedy=_DAMAGED
        )


def _keeps_unused_bits(file: PixelFile) -> bool:
    return not file.syntax.is_encapsulated or file.syntax == RLELossless


def _without_unused_bits(file: PixelFile, decoded: StoredArray) -> StoredArray:
    """Drop the bits outside Bits Stored, which may hold an overlay or noise (PS3.5 8.1.1)."""
    if not _keeps_unused_bits(file) or decoded.ndim != 2 or not np.issubdtype(decoded.dtype, np.integer):
        return decoded
    allocated = decoded.dtype.itemsize * 8
    stored = file.whole_number("BitsStored", allocated)
    high = file.whole_number("HighBit", stored - 1)
    if file.whole_number("BitsAllocated") == 1 or not 1 <= stored <= high + 1 <= allocated or stored == allocated:
        return decoded
    values = decoded.astype(decoded.dtype.newbyteorder("="))
    return np.right_shift(np.left_shift(values, allocated - 1 - high), allocated - stored)
