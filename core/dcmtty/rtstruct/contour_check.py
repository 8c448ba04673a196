"""What a contour must be before it is written: enough points, an area, on its slice (PS3.3 C.8.8.6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from dcmtty.contours.model import Contour, GeometricType
from dcmtty.contours.placement import WRITING_TOLERANCE_MM, distance_to_slice_mm, image_of, place
from dcmtty.dicom.model import Series, Slice
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.ds import grid_steps, mm_of

_GRID_MM = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Writable:
    """A contour as it will be written."""

    geometric_type: GeometricType
    steps: NDArray[np.int64]
    """Whole thousandths of a millimetre, shape (n, 3); a closed contour does not repeat its first point."""
    image: Slice | None
    """The slice it lies on; None when it lies on none."""
    crosses_itself: bool


def writable(contour: Contour, series: Series, name: str) -> Writable:
    """Return the contour as it will be written; `name` says which one it is, e.g. `contour 2 of ROI 1`.

    Raises:
        BuildRefused: too few points, no area, or off its slice by more than 0.01 mm.
    """
    kind, steps = contour.geometric_type, grid_steps(contour.points_xyz)
    if not kind.is_closed:
        _require_points(kind, steps, name)
        return Writable(kind, steps, _image(contour, mm_of(steps), series, name), crosses_itself=False)
    while len(steps) > 1 and bool((steps[0] == steps[-1]).all()):
        steps = steps[:-1]
    points = mm_of(steps)
    normal = vector_area_mm2(points)
    if not float(np.linalg.norm(normal)) > _GRID_MM / 2 * perimeter_mm(points):
        if _distinct(steps) < 3:
            raise BuildRefused(
                f"{name} is closed with {_distinct(steps)} distinct points", remedy="give it three or more"
            )
        raise BuildRefused(f"{name} is closed and encloses no area", remedy="move its points, or make it open")
    return Writable(kind, steps, _image(contour, points, series, name), crosses_itself(points, normal))


def _require_points(kind: GeometricType, steps: NDArray[np.int64], name: str) -> None:
    if kind is GeometricType.POINT:
        if len(steps) != 1:
            raise BuildRefused(f"{name} is a POINT with {len(steps)} points", remedy="give it exactly one")
    elif _distinct(steps) < 2:
        raise BuildRefused(
            f"{name} is {kind} with {_distinct(steps)} distinct point", remedy="give it two, or make it a POINT"
        )


def _distinct(steps: NDArray[np.int64]) -> int:
    return len(np.unique(steps, axis=0))


def vector_area_mm2(points_xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normal of a closed contour, as long as the area it winds around; opposite windings cancel."""
    if not len(points_xyz):
        return np.zeros(3)
    x, y, z = (points_xyz - points_xyz[0]).T
    next_x, next_y, next_z = (np.concatenate((axis[1:], axis[:1])) for axis in (x, y, z))
    return np.array([y @ next_z - z @ next_y, z @ next_x - x @ next_z, x @ next_y - y @ next_x]) / 2


def perimeter_mm(points_xyz: NDArray[np.float64]) -> float:
    """Return the length of a closed contour."""
    steps = np.diff(points_xyz, axis=0, append=points_xyz[:1])
    return float(np.sqrt((steps * steps).sum(axis=1)).sum())


def _image(contour: Contour, points: NDArray[np.float64], series: Series, name: str) -> Slice | None:
    """Return the slice of a contour: the one it says, else the one it lies on.

    Raises:
        BuildRefused: a planar contour that is off by more than the writing tolerance.
    """
    number, distance_mm, reason = _slice_number(contour, points, series)
    if number is not None and distance_mm <= WRITING_TOLERANCE_MM:
        return series.slices[number - 1]
    if not contour.geometric_type.is_planar:
        return None
    why = reason if number is None else f"up to {distance_mm:.3f} mm off slice {number}"
    raise BuildRefused(
        f"{name} is {contour.geometric_type} but {why}",
        remedy=f"planar contours lie within {WRITING_TOLERANCE_MM} mm of one slice; correct it or use OPEN_NONPLANAR",
    )


def _slice_number(contour: Contour, points: NDArray[np.float64], series: Series) -> tuple[int | None, float, str]:
    number = _numbers(series).get((contour.sop_instance_uid, contour.frame))
    if number is not None:
        return number, distance_to_slice_mm(points, series, number), ""
    found = place(points, series, sop_instance_uid=contour.sop_instance_uid)
    return found.slice_number, found.distance_mm, found.reason


@lru_cache(maxsize=16)
def _numbers(series: Series) -> dict[tuple[str, int], int]:
    """Return slice numbers from 1 by SOP Instance UID and frame."""
    return {image_of(series, number): number for number in range(1, len(series.slices) + 1)}


def crosses_itself(points_xyz: NDArray[np.float64], normal: NDArray[np.float64]) -> bool:
    """Say whether two edges of a closed contour, shape (n, 3), properly cross, seen along its normal.

    Edges that only touch or run along each other, as the channel of a keyhole does (PS3.3 C.8.8.6.3), do not.
    """
    if len(points_xyz) < 4:
        return False
    start = np.delete(points_xyz, int(np.argmax(np.abs(normal))), axis=1)
    if shapely.is_simple(shapely.linearrings(start)):
        return False
    end = np.roll(start, -1, axis=0)
    return any(_crosses_later(start, end, edge) for edge in range(len(start) - 2))


def _crosses_later(start: NDArray[np.float64], end: NDArray[np.float64], edge: int) -> bool:
    a, b, c, d = start[edge], end[edge], start[edge + 2 :], end[edge + 2 :]
    c_side, d_side = _side(a, b, c), _side(a, b, d)
    a_side, b_side = _sides(c, d, a), _sides(c, d, b)
    return bool(((c_side * d_side < 0) & (a_side * b_side < 0)).any())


def _side(a: NDArray[np.float64], b: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    step, away = b - a, p - a
    return _sign(step[0] * away[:, 1] - step[1] * away[:, 0])


def _sides(c: NDArray[np.float64], d: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    step, away = d - c, p - c
    return _sign(step[:, 0] * away[:, 1] - step[:, 1] * away[:, 0])


def _sign(areas: NDArray[np.float64]) -> NDArray[np.float64]:
    signs: NDArray[np.float64] = np.sign(np.round(areas, 9))
    return signs
