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
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dcmtty.dicom.beginning import Beginning, begin
from dcmtty.dicom.element import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Encoding
from dcmtty.dicom.model import Instance
from dcmtty.dicom.source import open_source
from dcmtty.errors import InputError, NoPixelData
from dcmtty.files import open_regular
from dcmtty.text import visible

StoredArray = NDArray[np.integer | np.floating]
"""Pixels as they are stored, of any integer or floating type."""
MAX_FRAME_BYTES = 512 << 20
"""Largest decoded frame; the size is computed before anything is decoded."""
MAX_ATTRIBUTE_BYTES = 64 << 10
"""A longer value of an attribute that has one or a few values is taken for absent: pydicom would need 200 times as much
memory for it."""
UNDEFINED_LENGTH = 0xFFFFFFFF
FOREIGN_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    BytesLengthException,
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
    "PerFrameFunctionalGroupsSequence",
    "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio",
    "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "SpecificCharacterSet",
)  # fmt: skip
_LONG_TAGS = frozenset(
    int(Tag(keyword))
    for keyword in _WANTED_KEYWORDS
    if keyword.endswith(("Sequence", "LookupTableData", "OffsetTable", "OffsetTableLengths"))
) | {0x00283006}
"""May be long; the last is LUT Data."""
_IMPLIED_SYNTAX = {
    IMPLICIT_LITTLE: ImplicitVRLittleEndian,
    EXPLICIT_LITTLE: ExplicitVRLittleEndian,
    EXPLICIT_BIG: ExplicitVRBigEndian,
}
"""Where a file names no transfer syntax, its encoding tells it."""
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


@lru_cache(maxsize=2)
def _open_pixels(path: Path, syntax_uid: str, size_bytes: int, mtime_ns: int) -> PixelFile:
    """Sizes and times are arguments only so that a changed file is read again."""
    del size_bytes, mtime_ns
    with open_source(path) as source:
        beginning = begin(source)
    try:
        with quiet():
            return _read(path, beginning, beginning.transfer_syntax_uid or syntax_uid)
    except FOREIGN_ERRORS as error:
        raise InputError(
            f"{visible(path)}: its image attributes cannot be read", remedy="the file is damaged"
        ) from error


def _read(path: Path, beginning: Beginning, syntax_uid: str) -> PixelFile:
    encoding = beginning.encoding
    data = beginning.source.buffer if beginning.source.inflated else None
    opened: BinaryIO = os.fdopen(open_regular(path), "rb") if data is None else BytesIO(data)
    with opened as stream:
        stream.seek(beginning.offset)
        attributes = read_dataset(
            stream,
            is_implicit_VR=encoding.implicit,
            is_little_endian=not encoding.big,
            stop_when=_at_pixel_data,
            specific_tags=list(_WANTED_TAGS),
        )
        drop_huge_values(attributes)
        keyword, vr, length = _pixel_element(path, stream, encoding)
        syntax = UID(syntax_uid or _IMPLIED_SYNTAX[encoding])
        return PixelFile(path, attributes, syntax, keyword, vr, stream.tell(), length, data)


def drop_huge_values(attributes: Dataset) -> None:
    """Take out what is longer than any honest value, before pydicom makes an object of each part of it."""
    for tag in list(attributes.keys()):
        element: object = attributes.get_item(tag)
        if isinstance(element, RawDataElement) and int(tag) not in _LONG_TAGS:
            raw: bytes | None = element.value
            if raw is not None and len(raw) > MAX_ATTRIBUTE_BYTES:
                del attributes[tag]


def _at_pixel_data(tag: BaseTag, vr: str | None, length: int) -> bool:
    del vr, length
    return int(tag) in _PIXEL_TAGS


def _pixel_element(path: Path, stream: BinaryIO, encoding: Encoding) -> tuple[str, str, int]:
    """Read the header of the element that reading stopped at: keyword, VR, length."""
    header = stream.read(8)
    if len(header) < 8:
        raise NoPixelData(f"{visible(path)}: no pixel data", remedy="choose an image")
    order = ">" if encoding.big else "<"
    group, element = struct.unpack(f"{order}HH", header[:4])
    keyword = _PIXEL_TAGS[group << 16 | element]
    if encoding.implicit:
        vr, length = "OW", header[4:8]
    else:
        vr, length = header[4:6].decode("ascii", "replace"), stream.read(4)
    count: int = struct.unpack(f"{order}L", length)[0]
    if count == 0:
        raise NoPixelData(f"{visible(path)}: its pixel data is empty", remedy="choose another image")
    return keyword, vr, count
