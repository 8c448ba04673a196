"""Edits of RTSTRUCT files for tests, and a splitter of their items that shares nothing with the product."""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from dcmtty.contours.model import Roi, StructureSet, with_roi
from dcmtty.dicom.model import Series
from dcmtty.rtstruct.load import load
from dcmtty.rtstruct.save import SaveReport, save
from rtstruct_cases import circle, contour_on

SEQUENCES = {0x30060020: 0x30060022, 0x30060039: 0x30060084, 0x30060080: 0x30060084}
"""The three ROI sequences, and the element of an item that holds the ROI Number."""


def item_digests(path: Path) -> dict[tuple[int, int], str]:
    """SHA-256 of every item of the ROI sequences by sequence and number, for Implicit VR Little Endian files."""
    raw = path.read_bytes()
    at = 0 if raw[128:132] != b"DICM" else 132
    while raw[at : at + 2] == b"\x02\x00":
        long = raw[at + 4 : at + 6] in {b"OB", b"UN"}
        at += 12 + struct.unpack_from("<L", raw, at + 8)[0] if long else 8 + struct.unpack_from("<H", raw, at + 6)[0]
    found: dict[tuple[int, int], str] = {}
    while at < len(raw):
        tag, start, at = implicit_element(raw, at)
        if tag in SEQUENCES:
            found |= digests_in(raw, tag, start, at)
    return found


def implicit_element(raw: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start of the value and end of the element (or item) that starts here."""
    group, number, length = struct.unpack_from("<HHL", raw, at)
    tag = group << 16 | number
    if length != 0xFFFFFFFF:
        return tag, at + 8, at + 8 + length
    inner = at + 8
    while struct.unpack_from("<HH", raw, inner) not in {(0xFFFE, 0xE0DD), (0xFFFE, 0xE00D)}:
        inner = implicit_element(raw, inner)[2]
    return tag, at + 8, inner + 8


def digests_in(raw: bytes, sequence: int, at: int, end: int) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    while at < end and struct.unpack_from("<HH", raw, at) == (0xFFFE, 0xE000):
        _, inner, after = implicit_element(raw, at)
        number = -1
        while inner < after and raw[inner : inner + 2] != b"\xfe\xff":
            tag, start, following = implicit_element(raw, inner)
            if tag == SEQUENCES[sequence]:
                number = int(raw[start:following])
            inner = following
        found[sequence, number] = hashlib.sha256(raw[at:after]).hexdigest()
        at = after
    return found


def new_roi(series: Series, number: int = 9, name: str = "New") -> Roi:
    return Roi(number, name, (9, 9, 9), "PTV", (contour_on(series, 1, circle(15, 12, 5, 4)),))


def edited(
    path: Path, series: Series, base: Path, edit: Callable[[StructureSet], StructureSet]
) -> tuple[SaveReport, Dataset]:
    report = save(path, series, edit(load(base, series).structure_set), base=base)
    return report, dcmread(path)


def adding(series: Series) -> Callable[[StructureSet], StructureSet]:
    return lambda structure_set: with_roi(structure_set, new_roi(series))


def recoded(path: Path, syntax: str, change: Callable[[Dataset], None]) -> Path:
    dataset = dcmread(path)
    change(dataset)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    target = path.with_name("recoded.dcm")
    little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    dcmwrite(target, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return target
