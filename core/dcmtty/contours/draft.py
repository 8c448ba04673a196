"""What is being edited: the structure set as it stands and the contour that is not closed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.model import Contour, GeometricType, StructureSet, frozen_points
from dcmtty.contours.placement import WRITING_TOLERANCE_MM, image_of, place
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError
from dcmtty.geometry.plane import Plane
from dcmtty.geometry.polygon import crosses_itself, degenerate, distinct_points
from dcmtty.versions import next_version

GRID_DECIMALS = 3
"""Patient coordinates of drawn points lie on this grid from the start, so what is shown is what is written."""


@dataclass(frozen=True, slots=True)
class SlicePoint:
    """A point put on a slice: where it is in the picture and where that is in the patient."""

    slice_number: int
    """From 1 in sorted order."""
    column: float
    """From 0 at the centre of the first pixel."""
    row: float
    xyz: tuple[float, float, float]
    """Patient mm (LPS), rounded to 0.001 mm."""
    sop_instance_uid: str
    """The image it lies on; empty when it lies on none."""
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A contour that is being entered."""

    roi_number: int
    geometric_type: GeometricType
    points: tuple[SlicePoint, ...] = ()

    @property
    def slice_number(self) -> int:
        """The slice of the first point; 0 while there is none."""
        return self.points[0].slice_number if self.points else 0

    @property
    def sop_instance_uid(self) -> str:
        """The image of the first point; empty while there is none."""
        return self.points[0].sop_instance_uid if self.points else ""

    @property
    def points_column_row(self) -> NDArray[np.float64]:
        """Shape (n, 2)."""
        return np.array([(point.column, point.row) for point in self.points], dtype=np.float64).reshape(-1, 2)

    @property
    def points_xyz(self) -> NDArray[np.float64]:
        """Shape (n, 3), patient mm."""
        return frozen_points([point.xyz for point in self.points])


@dataclass(frozen=True, slots=True, eq=False)
class EditState:
    """Everything that an edit can change; an edit makes the next one."""

    structure_set: StructureSet
    draft: Draft | None = None
    version: int = field(default_factory=next_version)


def on_grid(xyz: Sequence[float] | NDArray[np.float64]) -> tuple[float, float, float]:
    """Return patient coordinates rounded to 0.001 mm, without a negative zero.

    Raises:
        InputError: a coordinate is not finite.
    """
    values = [float(value) for value in xyz]
    if len(values) != 3 or not np.isfinite(values).all():
        raise InputError("a point needs three finite coordinates", remedy="type x y z in mm")
    x, y, z = (round(value, GRID_DECIMALS) + 0.0 for value in values)
    return x, y, z


def _plane_of(series: Series, slice_number: int) -> Plane:
    if not 1 <= slice_number <= len(series.slices):
        raise InputError(f"there is no slice {slice_number}", remedy=f"slices run from 1 to {len(series.slices)}")
    plane = series.slices[slice_number - 1].plane
    if plane is None:
        raise InputError(f"slice {slice_number} has no plane in space", remedy="it can be viewed but not contoured")
    return plane


def point_at_pixel(series: Series, slice_number: int, column: float, row: float) -> SlicePoint:
    """Return the point at a pixel (from 0 at pixel centres) of a slice (from 1), mapped by the slice's own plane.

    Raises:
        InputError: no such slice, no plane, outside the image, or no number.
    """
    plane = _plane_of(series, slice_number)
    inside = -0.5 <= column <= plane.columns - 0.5 and -0.5 <= row <= plane.rows - 0.5
    if not inside:
        raise InputError(
            f"column {column:g}, row {row:g} is outside the image",
            remedy=f"columns run from 0 to {plane.columns - 1}, rows from 0 to {plane.rows - 1}",
        )
    uid, frame = image_of(series, slice_number)
    xyz = on_grid(plane.patient_xyz([[column, row]])[0])
    return SlicePoint(slice_number, float(column), float(row), xyz, uid, frame)


def point_at_mm(series: Series, slice_number: int, xyz: Sequence[float], *, planar: bool = True) -> SlicePoint:
    """Return the point at patient mm (LPS) as a point of a slice (from 1).

    A point that need not lie on a plane (`planar` false: of a POINT, of an OPEN_NONPLANAR) keeps its coordinates and
    counts to the nearest slice; it names that slice's image only when it lies on it.

    Raises:
        InputError: no such slice, no plane, a planar point off the slice by more than the writing tolerance, outside
            the image, or no number.
    """
    rounded = on_grid(xyz)
    if not planar:
        slice_number = place([rounded], series).nearest_slice or slice_number
    plane = _plane_of(series, slice_number)
    column, row, off_mm = (float(value) for value in plane.column_row_offset([rounded])[0])
    is_on = abs(off_mm) <= WRITING_TOLERANCE_MM
    if planar and not is_on:
        raise InputError(
            f"the point is {abs(off_mm):.3f} mm off slice {slice_number}", remedy="go to its slice, or correct it"
        )
    edge = 0.5 + 1e-6
    if not (-edge <= column <= plane.columns - 1 + edge and -edge <= row <= plane.rows - 1 + edge):
        raise InputError("the point is outside the image", remedy="check the signs: patient mm are LPS")
    uid, frame = image_of(series, slice_number) if is_on else ("", 0)
    return SlicePoint(slice_number, column, row, rounded, uid, frame)


def shape_problem(geometric_type: GeometricType, points_xyz: NDArray[np.float64]) -> str:
    """Say why points, shape (n, 3) in mm, are no contour of the type (PS3.3 C.8.8.6.3); empty when they are."""
    count = len(points_xyz)
    if geometric_type is GeometricType.POINT:
        return "" if count == 1 else f"a POINT has exactly 1 point, this one has {count}"
    if geometric_type.is_closed:
        return degenerate(points_xyz) or ("the outline crosses itself" if crosses_itself(points_xyz) else "")
    distinct = distinct_points(points_xyz)
    return "" if distinct >= 2 else f"an open contour needs 2 different points, this one has {distinct}"


def contour_of(draft: Draft) -> Contour:
    """Return the contour that a draft closes to; a last point that repeats the first one is left out.

    Raises:
        InputError: the points are no contour of the type.
    """
    points = draft.points
    if draft.geometric_type.is_closed and len(points) > 1 and points[0].xyz == points[-1].xyz:
        points = points[:-1]
    array = frozen_points([point.xyz for point in points])
    problem = shape_problem(draft.geometric_type, array)
    if problem:
        raise InputError(problem, remedy="add, move or delete points, then close it again")
    images = {(point.sop_instance_uid, point.frame) for point in points}
    uid, frame = images.pop() if len(images) == 1 else ("", 0)
    return Contour(draft.geometric_type, array, uid, frame)
