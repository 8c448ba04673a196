"""From points as written down to contours in the patient: frames, slices, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.model import Contour, GeometricType, frozen_points
from dcmtty.contours.placement import (
    READING_TOLERANCE_MM,
    image_of,
    nearest_each,
    place,
    reading_tolerance_mm,
)
from dcmtty.contours.points_raw import PIXEL_FRAMES, Frame, RawContour, RawPoint, Where
from dcmtty.contours.points_slices import SliceFinder
from dcmtty.dicom.model import Series
from dcmtty.errors import UsageError
from dcmtty.geometry.plane import Plane
from dcmtty.geometry.polygon import degenerate, distinct_points, flatness_mm
from dcmtty.text import visible

_IMAGES_OUTSIDE = 1.0
"""A point may lie outside its image by as much as the image is wide or high: couches and markers do."""
_CORNER_TO_CENTRE = 0.5


@dataclass(slots=True)
class Placer:
    """Turns the contours of one file into contours of the patient."""

    path: Path
    frame: Frame
    finder: SliceFinder | None
    """None without a series: nothing is matched to slices then."""

    @property
    def series(self) -> Series | None:
        """The series that the points are placed in."""
        return self.finder.series if self.finder is not None else None

    def contours(self, raw: RawContour) -> Iterator[Contour]:
        """Yield the contour, or the several that a list without separators holds.

        Raises:
            PointsRefused: a point, or the contour as a whole, cannot be what it says.
            UsageError: it needs the images, and there are none.
        """
        numbers = [self._slice_number(point) for point in raw.points]
        points_xyz = self._patient_xyz(raw, numbers)
        if raw.may_split and (raw.geometric_type is None or raw.geometric_type.is_planar):
            runs = self._runs(points_xyz, numbers)
        else:
            runs = [(0, len(numbers))]
        kind = raw.geometric_type or self._told_from(raw, points_xyz, runs)
        for start, end in runs:
            part = replace(raw, points=raw.points[start:end], geometric_type=kind)
            yield self._contour(part, kind, points_xyz[start:end], numbers[start:end])

    def _patient_xyz(self, raw: RawContour, numbers: list[int | None]) -> NDArray[np.float64]:
        values = np.array([point.values for point in raw.points], dtype=np.float64)
        if self.frame == "lps-mm":
            return values
        if self.frame == "ras-mm":
            return np.asarray(values * [-1.0, -1.0, 1.0] + 0.0)
        if self.frame == "pixel-corner":
            values = values - _CORNER_TO_CENTRE
        if None in numbers:
            where = Where(self.path, raw.points[numbers.index(None)].line)
            raise where.refuse("nothing says on which slice the pixel is", "give its slice or its image")
        points_xyz = np.empty((len(values), 3))
        for number in {number for number in numbers if number is not None}:
            on_it = np.array([other == number for other in numbers])
            plane = self._plane(raw.points[numbers.index(number)], number)
            points_xyz[on_it] = plane.patient_xyz(values[on_it])
        return points_xyz

    def _plane(self, point: RawPoint, slice_number: int) -> Plane:
        plane = self.series.slices[slice_number - 1].plane if self.series is not None else None
        if plane is None:
            where = Where(self.path, point.line)
            raise where.refuse(f"slice {slice_number} has no plane in space", "it cannot be contoured")
        return plane

    def _slice_number(self, point: RawPoint) -> int | None:
        """Return the slice that a line names, or None when it names none (or only an image of many frames)."""
        pixels = self.frame in PIXEL_FRAMES
        if self.finder is None:
            if pixels or point.ref.slice_number is not None or point.ref.instance_number is not None:
                problem = f"{visible(self.path)}: pixels and slices mean nothing without their series"
                raise UsageError(problem, remedy="name the series")
            return None
        if point.ref.is_empty:
            return None
        where = Where(self.path, point.line)
        found = self.finder.find(where, point.ref)
        if len(found) == 1:
            return next(iter(found))
        if pixels or point.ref.instance_number is not None:
            raise where.refuse(f"{len(found)} slices of the series fit", "say which one in a column slice")
        return None

    def _runs(self, points_xyz: NDArray[np.float64], numbers: list[int | None]) -> list[tuple[int, int]]:
        """Return where a list without separators goes on to the next slice, as (start, end) of each part."""
        if self.series is None or not len(points_xyz):
            return [(0, len(points_xyz))]
        nearest, _ = nearest_each(points_xyz, self.series)
        keys = [int(near) if number is None else number for near, number in zip(nearest, numbers, strict=True)]
        starts = [0, *(index for index in range(1, len(keys)) if keys[index] != keys[index - 1])]
        return list(zip(starts, [*starts[1:], len(keys)], strict=True))

    def _told_from(
        self, raw: RawContour, points_xyz: NDArray[np.float64], runs: list[tuple[int, int]]
    ) -> GeometricType:
        """Return the type of a list that does not name it: one point alone, or closed contours on slices."""
        if len(points_xyz) == 1:
            return GeometricType.POINT
        for start, end in runs:
            part = points_xyz[start:end]
            if len(part) < 3 or flatness_mm(part) > READING_TOLERANCE_MM:
                where = Where(self.path, raw.points[start].line)
                raise where.refuse(
                    f"{end - start} points from here are no closed contour on a slice",
                    "separate contours by a blank line, or say the type: # geometric_type: OPEN_NONPLANAR",
                )
        return GeometricType.CLOSED_PLANAR

    def _contour(
        self, raw: RawContour, kind: GeometricType, points_xyz: NDArray[np.float64], numbers: list[int | None]
    ) -> Contour:
        where = Where(self.path, raw.line)
        if kind.is_closed and len(points_xyz) > 3 and (points_xyz[0] == points_xyz[-1]).all():
            points_xyz, numbers = points_xyz[:-1], numbers[:-1]
        _check_shape(where, kind, points_xyz)
        named = set(numbers)
        if kind.is_planar and len(named) > 1:
            raise where.refuse(f"{kind} with points on several slices", "give each slice a contour of its own")
        if self.series is None:
            return Contour(kind, frozen_points(points_xyz), raw.points[0].ref.sop_instance_uid)
        self._check_references(self.series, raw, points_xyz, numbers)
        slice_number = named.pop() if len(named) == 1 else None
        uid = raw.points[0].ref.sop_instance_uid
        if slice_number is None:
            placed = place(points_xyz, self.series, sop_instance_uid=uid)
            slice_number = placed.slice_number
            if uid and kind.is_planar and placed.sop_instance_uid != uid:
                raise where.refuse(f"it does not lie on the image it names, {placed.reason}", "leave the image out")
        if slice_number is None:
            return Contour(kind, frozen_points(points_xyz))
        self._check_inside(raw, points_xyz, slice_number)
        uid, frame = image_of(self.series, slice_number)
        return Contour(kind, frozen_points(points_xyz), uid, frame)

    def _check_references(
        self, series: Series, raw: RawContour, points_xyz: NDArray[np.float64], numbers: list[int | None]
    ) -> None:
        """Refuse a point that is off the slice that its own line names."""
        for number in {number for number in numbers if number is not None}:
            named = [index for index, other in enumerate(numbers) if other == number]
            plane = self._plane(raw.points[named[0]], number)
            off_mm = np.abs(points_xyz[named] @ plane.normal - plane.position_mm)
            if off_mm.max() > reading_tolerance_mm(series, number):
                point = raw.points[named[int(off_mm.argmax())]]
                raise Where(self.path, point.line).refuse(
                    f"{_shown(point)} is {off_mm.max():.3f} mm off slice {number}, which the line names",
                    "correct the slice, or leave it out",
                )

    def _check_inside(self, raw: RawContour, points_xyz: NDArray[np.float64], slice_number: int) -> None:
        """Refuse a point that is farther outside its image than the image is large: a wrong unit, sign or image."""
        plane = self._plane(raw.points[0], slice_number)
        size = np.array([plane.columns, plane.rows], dtype=np.float64)
        pixels = plane.column_row_offset(points_xyz)[:, :2]
        outside = ((pixels < -size * _IMAGES_OUTSIDE) | (pixels > size * (1 + _IMAGES_OUTSIDE))).any(axis=1)
        if outside.any():
            point = raw.points[int(np.argmax(outside))]
            raise Where(self.path, point.line).refuse(
                f"{_shown(point)} is far outside the image of {plane.columns} columns and {plane.rows} rows",
                "check the frame, the units and the series",
            )


def _shown(point: RawPoint) -> str:
    return "(" + ", ".join(f"{value:g}" for value in point.values) + ")"


def _check_shape(where: Where, kind: GeometricType, points_xyz: NDArray[np.float64]) -> None:
    count = len(points_xyz)
    if kind is GeometricType.POINT:
        if count != 1:
            raise where.refuse(f"POINT with {count} points", "give each point a contour of its own")
        return
    problem = degenerate(points_xyz) if kind.is_closed else ""
    if not kind.is_closed and distinct_points(points_xyz) < 2:
        problem = f"{kind} needs 2 different points"
    if problem:
        raise where.refuse(problem, "correct the points, or use another geometric type")
    flatness = flatness_mm(points_xyz) if kind.is_planar else 0.0
    if flatness > READING_TOLERANCE_MM:
        raise where.refuse(f"{kind} that is {flatness:.2f} mm from flat", "give each slice a contour of its own")
