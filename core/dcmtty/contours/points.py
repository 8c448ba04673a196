"""Import of point lists in all their forms: what is wrong is refused by its line, and nothing is half imported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcmtty.contours.model import Contour, Roi
from dcmtty.contours.points_csv import read_csv
from dcmtty.contours.points_json import read_json
from dcmtty.contours.points_place import Placer
from dcmtty.contours.points_raw import FRAMES, Frame, FrameDeclaration, RawFile, RawRoi, Where, lines_of
from dcmtty.contours.points_slices import SliceFinder
from dcmtty.contours.points_text import companion_of, read_text
from dcmtty.contours.points_write import write_points
from dcmtty.contours.roi_edits import color_of, name_problem, type_problem
from dcmtty.dicom.model import Series
from dcmtty.errors import UsageError
from dcmtty.files import read_whole
from dcmtty.text import visible

__all__ = ["read_points", "write_points"]
LARGEST_BYTES = 1 << 28
_CSV_HEADER = re.compile(r"(^|[,;\t])[\" ]*roi([ _]name)?[\" ]*([,;\t]|$)", re.IGNORECASE)


@dataclass(slots=True)
class _Collected:
    """One ROI, perhaps of several files."""

    where: Where
    raw: RawRoi
    contours: list[Contour] = field(default_factory=list[Contour])


def read_points(paths: Sequence[Path], series: Series | None, frame: str | None = None) -> tuple[Roi, ...]:
    """Read point lists (CSV, JSON, lines of x y z, DICOM strings) as ROIs in patient mm; all of them or none.

    `frame` is what the user declares (one of FRAMES); what a file declares must agree. Without `series`, only mm can
    be read, and nothing is matched to slices. ROIs of one name in several files become one.

    Raises:
        PointsRefused: a line is wrong; the message names file, line, value and remedy.
        FrameNotDeclared: neither the file nor `frame` says what the numbers are.
        UsageError: `frame` is none of FRAMES, or pixels come without their series.
        InputError: a file cannot be read.
    """
    declared: Frame | None = next((known for known in FRAMES if known == frame), None)
    if frame is not None and declared is None:
        raise UsageError(f"“{visible(frame, 40)}” is no frame", remedy=f"use one of {', '.join(FRAMES)}")
    companions = {path: companion_of(path) for path in paths}
    counted = {companion for companion in companions.values() if companion is not None}
    finder = SliceFinder(series) if series is not None else None
    rois: dict[str, _Collected] = {}
    for path in paths:
        if path not in counted:
            raw = _raw_file(path, FrameDeclaration(path, declared), companions[path])
            _collect(rois, raw, Placer(path, raw.frame, finder))
    return _numbered(list(rois.values()))


def _text(path: Path) -> str:
    data = read_whole(path, limit_bytes=LARGEST_BYTES)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
        guess = "UTF-16" if wide else "Latin-1 or Windows-1252"
        problem = f"byte 0x{data[error.start]:02X} is not UTF-8 (perhaps {guess})"
        raise Where(path, line).refuse(problem, "save the file as UTF-8") from error


def _raw_file(path: Path, declaration: FrameDeclaration, companion: Path | None) -> RawFile:
    """Read a file in the form that its name or its content shows."""
    text = _text(path)
    suffix = path.suffix.lower()
    lines = (line.strip() for line in lines_of(text))
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if suffix == ".json" or first.startswith(("{", "[")):
        return read_json(path, text, declaration)
    if suffix in {".csv", ".tsv"} or _CSV_HEADER.search(first):
        return read_csv(path, text, declaration)
    counts = (companion, _text(companion)) if companion is not None else None
    return read_text(path, text, declaration, counts)


def _collect(rois: dict[str, _Collected], raw: RawFile, placer: Placer) -> None:
    for roi in raw.rois:
        where = Where(raw.path, roi.line)
        _check_roi(where, roi)
        known = rois.setdefault(roi.name, _Collected(where, roi))
        for what in ("number", "color", "interpreted_type"):
            if getattr(known.raw, what) != getattr(roi, what):
                problem = f"ROI “{visible(roi.name, 40)}” has another {what} than above"
                raise where.refuse(problem, "say the same everywhere")
        for contour in roi.contours:
            known.contours.extend(placer.contours(contour))


def _check_roi(where: Where, roi: RawRoi) -> None:
    problem = name_problem(roi.name)
    if problem:
        raise where.refuse(f"ROI name “{visible(roi.name, 70)}”: {problem}", "choose another name")
    problem = type_problem(roi.interpreted_type)
    if problem:
        raise where.refuse(problem, "use one of the standard, e.g. PTV or ORGAN, or leave it empty")


def _numbered(found: list[_Collected]) -> tuple[Roi, ...]:
    """Give numbers and colours to ROIs without; a number that two names claim is refused."""
    owners: dict[int, str] = {}
    for roi in found:
        if roi.raw.number is None:
            continue
        owner = owners.setdefault(roi.raw.number, roi.raw.name)
        if owner != roi.raw.name:
            problem = f"ROI number {roi.raw.number} of “{visible(roi.raw.name, 40)}” is that of “{visible(owner, 40)}”"
            raise roi.where.refuse(problem, "give every ROI a number of its own")
    rois: list[Roi] = []
    for roi in found:
        number = roi.raw.number
        if number is None:
            number = next(free for free in range(1, len(owners) + 2) if free not in owners)
            owners[number] = roi.raw.name
        color = roi.raw.color or color_of(number)
        rois.append(Roi(number, roi.raw.name, color, roi.raw.interpreted_type, tuple(roi.contours)))
    return tuple(rois)
