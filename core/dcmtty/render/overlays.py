"""Which contours of a structure set cross a picture, as lines in its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.draft import Draft
from dcmtty.contours.model import Contour, GeometricType, Roi, StructureSet
from dcmtty.contours.placement import place, slice_stack
from dcmtty.dicom.model import Series
from dcmtty.geometry.plane import Plane
from dcmtty.render.scene import Overlay

SELECTED_COLOR = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Placed:
    """One contour that is to be drawn on a slice."""

    roi: Roi
    index: int
    """Of the contour in its ROI."""

    @property
    def contour(self) -> Contour:
        """The contour itself."""
        return self.roi.contours[self.index]


@lru_cache(maxsize=8)
def contours_by_slice(structure_set: StructureSet, series: Series) -> dict[int, tuple[Placed, ...]]:
    """Return the contours of each slice, counted from 1; slice 0 holds those that lie on no slice."""
    found: dict[int, list[Placed]] = {}
    for roi in structure_set.rois:
        for index, contour in enumerate(roi.contours):
            for number in _slices_of(contour, series):
                found.setdefault(number, []).append(Placed(roi, index))
    return {number: tuple(placed) for number, placed in found.items()}


@lru_cache(maxsize=16384)
def _slices_of(contour: Contour, series: Series) -> tuple[int, ...]:
    if not len(contour.points_xyz):
        return (0,)
    if contour.geometric_type.is_planar:
        return (place(contour.points_xyz, series, sop_instance_uid=contour.sop_instance_uid).slice_number or 0,)
    return _nearest_slices(contour, series) or (0,)


def _nearest_slices(contour: Contour, series: Series) -> tuple[int, ...]:
    """Return the slices nearest to the points, at most half the local spacing away (these need not be planar)."""
    stack = slice_stack(series)
    if not len(stack.numbers):
        return ()
    distances = np.abs(stack.offsets_mm(contour.points_xyz))
    nearest = distances.argmin(axis=0)
    reach_mm = 5 * stack.tolerances_mm[nearest] + 1e-6
    near = distances[nearest, np.arange(distances.shape[1])] <= reach_mm
    return tuple(sorted({int(stack.numbers[index]) for index in nearest[near]}))


def slice_overlays(
    structure_set: StructureSet, series: Series, slice_number: int, selected: tuple[int, int] | None = None
) -> tuple[Overlay, ...]:
    """Return the lines of a slice, counted from 1; `selected` is (ROI Number, contour index)."""
    plane = series.slices[slice_number - 1].plane
    if plane is None:
        return ()
    out: list[Overlay] = []
    named: set[int] = set()
    for placed in contours_by_slice(structure_set, series).get(slice_number, ()):
        is_selected = selected == (placed.roi.number, placed.index)
        out.append(_overlay(placed, plane, emphasis=is_selected, with_name=placed.roi.number not in named))
        named.add(placed.roi.number)
    return tuple(out)


def _overlay(placed: Placed, plane: Plane, *, emphasis: bool, with_name: bool) -> Overlay:
    contour = placed.contour
    pixels = plane.column_row_offset(contour.points_xyz)[:, :2]
    return Overlay(
        pixels,
        closed=contour.geometric_type.is_closed,
        color=placed.roi.color,
        label=placed.roi.name if with_name else "",
        markers=emphasis or contour.geometric_type is GeometricType.POINT,
        emphasis=emphasis,
    )


def draft_overlay(draft: Draft, plane: Plane, color: tuple[int, int, int]) -> Overlay | None:
    """Return the contour being entered as an open line with its points marked, or None while it has no point."""
    if not draft.points:
        return None
    pixels = plane.column_row_offset(draft.points_xyz)[:, :2]
    return Overlay(pixels, closed=False, color=color, markers=True, emphasis=True)


def point_overlay(xyz: NDArray[np.float64], plane: Plane) -> Overlay:
    """Return the mark of the selected point, patient mm, shape (3,)."""
    pixels = plane.column_row_offset(xyz)[:, :2]
    return Overlay(pixels, closed=False, color=SELECTED_COLOR, markers=True, emphasis=True)


def crossing_overlays(structure_set: StructureSet, plane: Plane) -> tuple[Overlay, ...]:
    """Return where the closed contours cross a plane that is not theirs (coronal, sagittal views), as single points."""
    out: list[Overlay] = []
    for roi in structure_set.rois:
        closed = [contour for contour in roi.contours if contour.geometric_type.is_closed]
        points = [point for contour in closed for point in _crossings(plane.column_row_offset(contour.points_xyz))]
        out += [
            Overlay(np.stack([point, point]), closed=False, color=roi.color, label="" if index else roi.name)
            for index, point in enumerate(points)
        ]
    return tuple(out)


def _crossings(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a polygon, shape (n, 3) as (column, row, mm off the plane), crosses it, shape (m, 2)."""
    ends = np.roll(pixels, -1, axis=0)
    crosses = (pixels[:, 2] >= 0) != (ends[:, 2] >= 0)
    start, end = pixels[crosses], ends[crosses]
    share = start[:, 2] / (start[:, 2] - end[:, 2])
    found: NDArray[np.float64] = start[:, :2] + (end - start)[:, :2] * share[:, np.newaxis]
    return found
