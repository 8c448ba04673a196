"""What a list of points in patient space encloses: area, length, flatness, and whether it can be an outline at all."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from dcmtty.geometry.plane import Plane

DISTINCT_MM = 1e-4
"""Points closer than this are one point: a tenth of the grid that contours are written on."""
SMALLEST_AREA_MM2 = 1e-4
"""Faces below this come from rounding to 0.001 mm, not from a hand."""


def _points(points_xyz: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(points_xyz, dtype=np.float64).reshape(-1, 3)


def area_vector(points_xyz: ArrayLike) -> NDArray[np.float64]:
    """Return Newell's vector of a closed polygon, shape (3,): as long as the area in mm2, along the normal."""
    points = _points(points_xyz)
    if len(points) < 3:
        return np.zeros(3)
    relative = points - points[0]
    return np.asarray(np.cross(relative, np.roll(relative, -1, axis=0)).sum(axis=0) / 2)


def area_mm2(points_xyz: ArrayLike) -> float:
    """Return the area of a closed planar polygon, shape (n, 3) in mm, whatever way its plane is turned.

    Parts that are run round the other way count as negative, so a keyhole leaves its hole out.
    """
    return float(np.linalg.norm(area_vector(points_xyz)))


def perimeter_mm(points_xyz: ArrayLike, *, closed: bool = True) -> float:
    """Return the length of the line through the points, shape (n, 3) in mm, back to the first one when closed."""
    points = _points(points_xyz)
    if len(points) < 2:
        return 0.0
    ends = np.roll(points, -1, axis=0) if closed else points[1:]
    return float(np.linalg.norm(ends - points[: len(ends)], axis=1).sum())


def _axes(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of the points and their principal axes as rows, the longest first."""
    middle = points.mean(axis=0)
    return middle, np.linalg.svd(points - middle, full_matrices=False)[2] if len(points) > 2 else np.eye(3)


def flatness_mm(points_xyz: ArrayLike, plane: Plane | None = None) -> float:
    """Return the largest distance of a point, shape (n, 3) in mm, to the plane given or to the best fitting one."""
    points = _points(points_xyz)
    if plane is not None:
        return float(np.abs(plane.column_row_offset(points)[:, 2]).max(initial=0.0))
    if len(points) <= 3:
        return 0.0
    middle, axes = _axes(points)
    return float(np.abs((points - middle) @ axes[2]).max())


def distinct_points(points_xyz: ArrayLike) -> int:
    """Return how many different places, 0.0001 mm apart or more, the points name; shape (n, 3) in mm."""
    return len(np.unique(np.round(_points(points_xyz) / DISTINCT_MM), axis=0))


def _flattened(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points in the plane that fits them best, shape (n, 2)."""
    middle, axes = _axes(points)
    return (points - middle) @ axes[:2].T


def widest_mm(points_xyz: ArrayLike) -> float:
    """Return how far the points, shape (n, 3) in mm, reach to both sides of the line that fits them best."""
    points = _points(points_xyz)
    if len(points) < 3:
        return 0.0
    middle, axes = _axes(points)
    across = (points - middle) @ axes[1:].T
    return float(np.linalg.norm(across, axis=1).max())


def degenerate(points_xyz: ArrayLike) -> str:
    """Say why the points, shape (n, 3) in mm, enclose nothing: too few of them, or no area; empty when they do."""
    count = distinct_points(points_xyz)
    if count < 3:
        return f"a closed contour needs 3 different points, this one has {count}"
    return "the points lie on one line and enclose no area" if widest_mm(points_xyz) < DISTINCT_MM * 10 else ""


def crosses_itself(points_xyz: ArrayLike) -> bool:
    """Say whether the outline, shape (n, 3) in mm, crosses itself; one that only touches itself (a keyhole) does not.

    Around a crossing the outline winds three different numbers of times; without one it winds 0 and 1 (or -1) times.
    """
    points = _points(points_xyz)
    if distinct_points(points) < 3:
        return False
    flat = _flattened(points)
    ring = shapely.LinearRing(flat)
    if ring.is_simple:
        return False
    faces = shapely.get_parts(shapely.polygonize([shapely.unary_union(ring)]))
    inside = [shapely.point_on_surface(face) for face in faces if face.area > SMALLEST_AREA_MM2]
    numbers = {0, *(_winding_number(flat, point.x, point.y) for point in inside)}
    return max(numbers) - min(numbers) > 1


def _winding_number(flat: NDArray[np.float64], x: float, y: float) -> int:
    """Return how many times the closed line, shape (n, 2), runs round (x, y), counter-clockwise positive."""
    start = flat - np.array([x, y])
    end = np.roll(start, -1, axis=0)
    side = start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]
    up = (start[:, 1] <= 0) & (end[:, 1] > 0) & (side > 0)
    down = (start[:, 1] > 0) & (end[:, 1] <= 0) & (side < 0)
    return int(up.sum()) - int(down.sum())
