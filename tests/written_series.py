"""Instances made of numbers alone, written as files, so that whatever reads files can be tested with them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from dcmtty.dicom.attributes import ATTRIBUTES
from dcmtty.dicom.model import Instance
from dicom_bytes import element, part10, text


def write_instances(folder: Path, instances: Iterable[Instance]) -> Path:
    """Write each instance below a folder at its own path, with its plane and a picture of zeros; return the folder."""
    for instance in instances:
        path = folder / instance.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(part10(_data_set(instance)))
    return folder


def _data_set(instance: Instance) -> bytes:
    values = {keyword: "\\".join(found) for keyword, found in instance.values.items()}
    plane = instance.frames[0].plane
    if plane is not None:
        values["ImagePositionPatient"] = _joined(plane.origin_xyz.tolist())
        values["ImageOrientationPatient"] = _joined([*plane.row_direction.tolist(), *plane.column_direction.tolist()])
        values["PixelSpacing"] = _joined([plane.row_spacing_mm, plane.column_spacing_mm])
    values |= {"BitsAllocated": "16", "SamplesPerPixel": "1"}
    found = [(tag, known.vr, values[known.keyword]) for tag, known in ATTRIBUTES.items() if known.keyword in values]
    pixels = element(0x7FE00010, "OW", bytes(2 * int(values["Rows"]) * int(values["Columns"])))
    return b"".join(_encoded(*one) for one in sorted(found)) + pixels


def _joined(numbers: Iterable[float]) -> str:
    return "\\".join(f"{number:.10g}" for number in numbers)


def _encoded(tag: int, vr: str, value: str) -> bytes:
    if vr == "US":
        return element(tag, vr, struct.pack("<H", int(value)))
    if vr == "FD":
        return element(tag, vr, struct.pack("<d", float(value)))
    return text(tag, vr, value)
