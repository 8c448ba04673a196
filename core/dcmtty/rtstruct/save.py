"""Writes an RTSTRUCT file whole or not at all: built, written to a temporary name, read back, compared, renamed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dcmtty.contours.model import StructureSet
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.files import write_atomic
from dcmtty.rtstruct.build import build
from dcmtty.rtstruct.envelope import Built
from dcmtty.rtstruct.readback import verify
from dcmtty.sources import Sources
from dcmtty.text import visible


@dataclass(frozen=True, slots=True)
class SaveReport:
    """What was written, and what a user should know about it."""

    path: Path
    sop_instance_uid: str
    rois: int
    contours: int
    points: int
    sha256: str
    """Of the whole file."""
    notes: tuple[str, ...] = ()


def save(
    path: Path,
    series: Series,
    structure_set: StructureSet,
    *,
    base: Path | None = None,
    sources: Sources | None = None,
    replace: bool = False,
    implicit: bool = False,
) -> SaveReport:
    """Write a structure set; `base` is the file that it was loaded from, whose untouched items are kept.

    Raises:
        BuildRefused: it must not be written as it stands.
        InputError: an image or the base cannot be read.
        VerificationFailed: what was read back differs; nothing is left behind.
        WriteFailed: the disk refused, or the file exists and `replace` is false; what was there is untouched.
    """
    if any(item.instance.path.resolve() == path.resolve() for item in series.slices):
        raise BuildRefused(f"{visible(path)}: one of the images", remedy="choose another name")
    built = build(series, structure_set, sources=sources, base=base, implicit=implicit)
    write_atomic(
        path,
        built.data,
        replace=replace,
        check=lambda temporary: verify(temporary, series, structure_set, built, base),
    )
    return report(path, structure_set, built)


def report(path: Path, structure_set: StructureSet, built: Built) -> SaveReport:
    """Return the report of a file that was built, written or not."""
    contours = [contour for roi in structure_set.rois for contour in roi.contours]
    return SaveReport(
        path,
        built.sop_instance_uid,
        len(structure_set.rois),
        len(contours),
        sum(len(contour.points_xyz) for contour in contours),
        hashlib.sha256(built.data).hexdigest(),
        built.notes,
    )
