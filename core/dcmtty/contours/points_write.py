"""Export of point lists: every number as it is stored, under a first line that declares the frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.model import Contour, Roi, StructureSet
from dcmtty.contours.placement import place
from dcmtty.contours.points_json import SCHEMA
from dcmtty.contours.points_raw import FRAMES, PIXEL_FRAMES
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError, UsageError
from dcmtty.text import csv_cell, visible

_HEAD = ("roi", "number", "color", "interpreted_type", "geometric_type", "contour")
_SPREADSHEET_SAFE_DECIMALS = 3


def write_points(
    structure_set: StructureSet,
    series: Series | None,
    format_: Literal["csv", "json"] = "csv",
    *,
    frame: str = "lps-mm",
    raw: bool = False,
) -> str:
    """Return the points of a structure set as CSV (one per line) or JSON (`dcmtty.points/1`).

    Reading it again gives the same points. Millimetres on the grid of 0.001 mm have 3 decimals, finer ones all they
    need. CSV cannot name ROIs without contours; cells that a spreadsheet would calculate are neutralised unless `raw`.

    Raises:
        UsageError: an unknown frame, or pixels without their series.
        InputError: pixels of a contour that lies on no slice.
    """
    if frame not in FRAMES:
        raise UsageError(f"“{visible(frame, 40)}” is no frame", remedy=f"use one of {', '.join(FRAMES)}")
    if frame in PIXEL_FRAMES and series is None:
        raise UsageError("pixels need the series that they lie on", remedy="name it, or use lps-mm")
    if format_ == "json":
        return json.dumps(_document(structure_set, series, frame), indent=1, allow_nan=False) + "\n"
    lines = [f"# frame: {frame}", ",".join(_csv_head(frame))]
    for roi in structure_set.rois:
        lines += _csv_lines(roi, series, frame, raw=raw)
    return "".join(line + "\r\n" for line in lines)


def _csv_head(frame: str) -> tuple[str, ...]:
    axes = ("column", "row", "slice") if frame in PIXEL_FRAMES else ("x", "y", "z")
    return (*_HEAD, *axes, "sop_instance_uid")


def _csv_lines(roi: Roi, series: Series | None, frame: str, *, raw: bool) -> Iterator[str]:
    """Yield the lines of an ROI; only its words need quoting, which is slow, and they are the same all along."""
    color = "#{:02x}{:02x}{:02x}".format(*roi.color)
    for number, contour in enumerate(roi.contours, 1):
        words = (roi.name, roi.number or "", color, roi.interpreted_type, contour.geometric_type, number)
        head = ",".join(csv_cell(word, raw=raw) for word in words)
        for values, uid in _points(contour, series, frame):
            yield f"{head},{','.join([number_text(value) for value in values])},{visible(uid)}"


def _document(structure_set: StructureSet, series: Series | None, frame: str) -> dict[str, object]:
    rois = [_roi(roi, series, frame) for roi in structure_set.rois]
    return {"schema": SCHEMA, "frame": frame, "rois": rois}


def _roi(roi: Roi, series: Series | None, frame: str) -> dict[str, object]:
    contours: list[dict[str, object]] = []
    for contour in roi.contours:
        points = _points(contour, series, frame)
        entry: dict[str, object] = {
            "geometric_type": str(contour.geometric_type),
            "points": [list(values) for values, _ in points],
        }
        uids = {uid for _, uid in points}
        if len(uids) == 1 and "" not in uids:
            entry["sop_instance_uid"] = uids.pop()
        contours.append(entry)
    number = {"number": roi.number} if roi.number else {}
    return {
        "name": roi.name,
        **number,
        "color": list(roi.color),
        "interpreted_type": roi.interpreted_type,
        "contours": contours,
    }


def _points(contour: Contour, series: Series | None, frame: str) -> list[tuple[tuple[float | int, ...], str]]:
    """Return the values of each point in the frame, and the image that it lies on where there is one."""
    points_xyz = contour.points_xyz
    if frame in PIXEL_FRAMES and series is not None:
        return _pixels(contour, series, 0.5 if frame == "pixel-corner" else 0.0)
    if frame == "ras-mm":
        points_xyz = points_xyz * [-1.0, -1.0, 1.0] + 0.0
    uid = _image_in(contour, series)
    return [((float(x), float(y), float(z)), uid) for x, y, z in points_xyz]


def _image_in(contour: Contour, series: Series | None) -> str:
    """Return the image of a contour, unless it is one that the series does not hold: it could not be read again."""
    if series is None or any(item.instance.sop_instance_uid == contour.sop_instance_uid for item in series.slices):
        return contour.sop_instance_uid
    return ""


def _pixels(contour: Contour, series: Series, shift: float) -> list[tuple[tuple[float | int, ...], str]]:
    points = contour.points_xyz
    parts = [points] if contour.geometric_type.is_planar else [points[i : i + 1] for i in range(len(points))]
    found: list[tuple[tuple[float | int, ...], str]] = []
    for part in parts:
        number, uid, pixels = _on_slice(part, contour, series)
        found += (((float(column) + shift, float(row) + shift, number), uid) for column, row in pixels)
    return found


def _on_slice(
    points_xyz: NDArray[np.float64], contour: Contour, series: Series
) -> tuple[int, str, NDArray[np.float64]]:
    placed = place(points_xyz, series, sop_instance_uid=contour.sop_instance_uid)
    plane = series.slices[placed.slice_number - 1].plane if placed.slice_number is not None else None
    if placed.slice_number is None or plane is None:
        raise InputError(f"a contour lies on no slice: {placed.reason}", remedy="export in lps-mm")
    return placed.slice_number, placed.sop_instance_uid, plane.column_row_offset(points_xyz)[:, :2]


def number_text(value: float) -> str:
    """Return a number with 3 decimals when that is exactly it, else with all it takes; a whole number as digits."""
    if isinstance(value, int):
        return str(value)
    fixed = f"{value + 0.0:.{_SPREADSHEET_SAFE_DECIMALS}f}"
    return fixed if float(fixed) == value else repr(value)
