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
from dcmtty.rtstruct.ds import grid_steps, on_grid

_GRID_MM = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Writable:
    """A contour as it will be written."""

    geometric_type: GeometricType
    points_xyz: NDArray[np.float64]
    """On the grid of 0.001 mm, shape (n, 3); a closed contour does not repeat its first point."""
    image: Slice | None
    """The slice it lies on; None when it lies on none."""


def writable(contour: Contour, series: Series, name: str) -> Writable:
    """Return the contour as it will be written; `name` says which one it is, e.g. `contour 2 of ROI 1`.

    Raises:
        BuildRefused: too few points, no area, or off its slice by more than 0.01 mm.
    """
    points = on_grid(contour.points_xyz)
    if contour.geometric_type.is_closed:
        points = _without_closing_point(points)
    _require_shape(contour.geometric_type, points, name)
    image = _image(contour, points, series, name)
    return Writable(contour.geometric_type, points, image)


def _without_closing_point(points: NDArray[np.float64]) -> NDArray[np.float64]:
    while len(points) > 1 and bool((points[0] == points[-1]).all()):
        points = points[:-1]
    return points


def _require_shape(kind: GeometricType, points: NDArray[np.float64], name: str) -> None:
    if kind is GeometricType.POINT:
        if len(points) != 1:
            raise BuildRefused(f"{name} is a POINT with {len(points)} points", remedy="give it exactly one")
        return
    distinct = len(np.unique(grid_steps(points), axis=0))
    if kind.is_closed:
        if distinct < 3:
            raise BuildRefused(f"{name} is closed with {distinct} distinct points", remedy="give it at least three")
        if area_mm2(points) <= _GRID_MM / 2 * perimeter_mm(points):
            raise BuildRefused(f"{name} is closed and encloses no area", remedy="move its points, or make it open")
    elif distinct < 2:
        raise BuildRefused(f"{name} is {kind} with {distinct} distinct point", remedy="give it two, or make it a POINT")


def area_mm2(points_xyz: NDArray[np.float64]) -> float:
    """Return the area that a closed contour winds around once (parts of opposite winding cancel)."""
    relative = points_xyz - points_xyz[0]
    return float(np.linalg.norm(np.cross(relative, np.roll(relative, -1, axis=0)).sum(axis=0))) / 2


def perimeter_mm(points_xyz: NDArray[np.float64]) -> float:
    """Return the length of a closed contour."""
    return float(np.linalg.norm(np.roll(points_xyz, -1, axis=0) - points_xyz, axis=1).sum())


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


def crosses_itself(points_xyz: NDArray[np.float64]) -> bool:
    """Say whether two edges of a closed planar contour, shape (n, 3), properly cross.

    Edges that only touch or run along each other, as the channel of a keyhole does (PS3.3 C.8.8.6.3), do not.
    """
    if len(points_xyz) < 4:
        return False
    start = _flattened(points_xyz)
    if shapely.is_simple(shapely.linearrings(start)):
        return False
    end = np.roll(start, -1, axis=0)
    return any(_crosses_later(start, end, edge) for edge in range(len(start) - 2))


def _flattened(points_xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coordinates in the plane of the points, shape (n, 2), without the axis that the normal is nearest to."""
    relative = points_xyz - points_xyz[0]
    normal = np.cross(relative, np.roll(relative, -1, axis=0)).sum(axis=0)
    flat: NDArray[np.float64] = np.delete(points_xyz, int(np.argmax(np.abs(normal))), axis=1)
    return flat


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
