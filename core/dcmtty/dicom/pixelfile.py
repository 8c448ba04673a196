"""The pixel part of a DICOM file: its attributes, and where in the file the pixel data lies, without reading it."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dcmtty.dicom.model import Instance
from dcmtty.errors import InputError, NoPixelData
from dcmtty.files import open_regular
from dcmtty.text import visible

StoredArray = NDArray[np.integer | np.floating]
"""Pixels as they are stored, of any integer or floating type."""
MAX_FRAME_BYTES = 512 << 20
"""Largest decoded frame; the size is computed before anything is decoded."""
MAX_INFLATED_BYTES = 1 << 30
UNDEFINED_LENGTH = 0xFFFFFFFF
FOREIGN_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pydicom and the decoders raise on bad data (tried with damaged files); each becomes an InputError."""

_PIXEL_TAGS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_WANTED_KEYWORDS = (
    "SOPInstanceUID", "Modality", "Units", "DoseUnits", "DoseGridScaling", "SamplesPerPixel",
    "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns", "BitsAllocated",
    "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit", "RescaleIntercept", "RescaleSlope", "RescaleType",
    "ModalityLUTSequence", "WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction",
    "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "ExtendedOffsetTable", "ExtendedOffsetTableLengths",
    "SpecificCharacterSet",
)  # fmt: skip
_WANTED_TAGS = [Tag(keyword) for keyword in _WANTED_KEYWORDS]


@dataclass(frozen=True, slots=True, eq=False)
class PixelFile:
    """The attributes of the image and the place of its pixel data."""

    path: Path
    attributes: Dataset
    syntax: UID
    keyword: str
    """`PixelData`, `FloatPixelData` or `DoubleFloatPixelData`."""
    vr: str
    value_offset: int
    length_bytes: int
    """UNDEFINED_LENGTH for encapsulated data."""
    inflated: bytes | None = None
    """The whole data set of a deflated file, which `value_offset` counts in."""

    @property
    def name(self) -> str:
        """The path, safe for a terminal."""
        return visible(self.path)

    def whole_number(self, keyword: str, default: int | None = None) -> int:
        """Return an attribute that must be one whole number, not below 0.

        Raises:
            InputError: it is missing without a default, or is something else.
        """
        value: object = self.attributes.get(keyword)
        if value is None and default is not None:
            return default
        try:
            number = int(str(value))
        except ValueError:
            number = -1
        if number < 0:
            raise InputError(f"{self.name}: {keyword} is missing or no number", remedy="the picture cannot be shown")
        return number

    @contextmanager
    def stream(self) -> Generator[BinaryIO]:
        """Open the data positioned at the start of the pixel data's value."""
        data = self.inflated
        opened: BinaryIO = os.fdopen(open_regular(self.path), "rb") if data is None else BytesIO(data)
        with opened:
            opened.seek(self.value_offset)
            yield opened


@contextmanager
def quiet() -> Generator[None]:
    """Keep pydicom's warnings off a terminal that shows pictures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_pixels(instance: Instance) -> PixelFile:
    """Read the image attributes of an instance up to its pixel data; recent answers are kept.

    Raises:
        NoPixelData: there is no pixel data element, or it is empty.
        InputError: the file cannot be read, or is damaged.
    """
    return _open_pixels(instance.path, instance.transfer_syntax_uid, instance.size_bytes, instance.mtime_ns)


@lru_cache(maxsize=4)
def _open_pixels(path: Path, syntax_uid: str, size_bytes: int, mtime_ns: int) -> PixelFile:
    """Sizes and times are arguments only so that a changed file is read again."""
    del size_bytes, mtime_ns
    with os.fdopen(open_regular(path), "rb") as stream:
        try:
            with quiet():
                return _read(path, stream, syntax_uid)
        except FOREIGN_ERRORS as error:
            raise InputError(
                f"{visible(path)}: its image attributes cannot be read", remedy="the file is damaged"
            ) from error


def _read(path: Path, stream: BinaryIO, syntax_uid: str) -> PixelFile:
    start, named = _data_set_start(stream)
    stream.seek(start)
    syntax = UID(named or syntax_uid or _guessed_syntax(stream))
    inflated = None
    if syntax == DeflatedExplicitVRLittleEndian:
        inflated = _inflated(path, stream.read())
        stream = BytesIO(inflated)
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    attributes = read_dataset(
        stream,
        is_implicit_VR=implicit,
        is_little_endian=little,
        stop_when=_at_pixel_data,
        specific_tags=list(_WANTED_TAGS),
    )
    keyword, vr, length = _pixel_element(path, stream, implicit=implicit, order="<" if little else ">")
    return PixelFile(path, attributes, syntax, keyword, vr, stream.tell(), length, inflated)


def _at_pixel_data(tag: BaseTag, vr: str | None, length: int) -> bool:
    del vr, length
    return int(tag) in _PIXEL_TAGS


def _data_set_start(stream: BinaryIO) -> tuple[int, str]:
    """Return where the data set begins and the Transfer Syntax UID of group 2, with or without a preamble."""
    head = stream.read(132)
    offset, syntax = (132 if head[128:132] == b"DICM" else 0), ""
    while True:
        stream.seek(offset)
        header = stream.read(12)
        if len(header) < 8 or header[:2] != b"\x02\x00":
            return offset, syntax
        long_form = header[4:6] in {b"OB", b"OW", b"UN", b"UT", b"SQ", b"UC", b"UR"}
        if header[4:6].isalpha() and header[4:6].isupper():
            size, length = (12, header[8:12]) if long_form else (8, header[6:8])
        else:
            size, length = 8, header[4:8]
        count = int.from_bytes(length, "little")
        if header[2:4] == b"\x10\x00":
            stream.seek(offset + size)
            syntax = stream.read(min(count, 64)).decode("ascii", "replace").strip(" \0")
        offset += size + count


def _guessed_syntax(stream: BinaryIO) -> UID:
    """Tell implicit from explicit by the first element where the file does not say (PS3.5 7.1.2)."""
    start = stream.tell()
    vr = stream.read(6)[4:6]
    stream.seek(start)
    return ExplicitVRLittleEndian if vr.isalpha() and vr.isupper() else ImplicitVRLittleEndian


def _inflated(path: Path, data: bytes) -> bytes:
    """Inflate a deflated data set (PS3.5 A.5) within a limit."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    out = inflater.decompress(data, MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise InputError(f"{visible(path)}: it inflates to more than 1 GiB", remedy="inflate it with another tool")
    return out


def _pixel_element(path: Path, stream: BinaryIO, *, implicit: bool, order: str) -> tuple[str, str, int]:
    """Read the header of the element that reading stopped at: keyword, VR, length."""
    header = stream.read(8)
    if len(header) < 8:
        raise NoPixelData(f"{visible(path)}: no pixel data", remedy="choose an image")
    group, element = struct.unpack(f"{order}HH", header[:4])
    keyword = _PIXEL_TAGS[group << 16 | element]
    # Some writers put implicit VR into a file whose transfer syntax says explicit.
    if implicit or not header[4:6].isalpha():
        vr, length = "OW", header[4:8]
    else:
        vr, length = header[4:6].decode("ascii", "replace"), stream.read(4)
    count: int = struct.unpack(f"{order}L", length)[0]
    if count == 0:
        raise NoPixelData(f"{visible(path)}: its pixel data is empty", remedy="choose another image")
    return keyword, vr, count
