"""Which slice a contour lies on: decided by its distance along the slice normal, never by moving a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcmtty.dicom.model import Series

READING_TOLERANCE_MM = 0.5
READING_SHARE_OF_SPACING = 0.1
WRITING_TOLERANCE_MM = 0.01
"""How far a point of a planar contour may be off its image when it is written."""
_SAME_PLACE_MM = 1e-3
_CHUNK = 8192


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a contour lies in a series."""

    slice_number: int | None
    """From 1 in sorted order; None when it lies on no slice, or on several."""
    distance_mm: float
    """Largest distance of a point to the slice it is on, or to the nearest slice; infinite without any."""
    nearest_slice: int = 0
    """From 1; 0 when no slice has a plane."""
    sop_instance_uid: str = ""
    frame: int = 0
    """Frame of a multi-frame image, from 1; 0 for a single-frame image."""
    reason: str = ""
    """Why it is on no slice, in plain words; empty when it is on one."""


@dataclass(frozen=True, slots=True, eq=False)
class SliceStack:
    """The planes of a series as arrays, so that many contours can be placed quickly."""

    numbers: NDArray[np.intp]
    """Slice numbers from 1, shape (n,), of the slices that have a plane."""
    normals: NDArray[np.float64]
    """Shape (n, 3)."""
    positions_mm: NDArray[np.float64]
    """S . (X x Y), shape (n,)."""
    tolerances_mm: NDArray[np.float64]
    """How far off a contour may be on reading, shape (n,)."""

    def offsets_mm(self, points_xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the signed distance of each point to each plane, shape (n planes, n points)."""
        return self.normals @ points_xyz.T - self.positions_mm[:, np.newaxis]


@lru_cache(maxsize=16)
def slice_stack(series: Series) -> SliceStack:
    """Return the planes of a series; the answer is kept, since a series never changes."""
    planes = [(number, item.plane) for number, item in enumerate(series.slices, 1) if item.plane is not None]
    numbers = np.array([number for number, _ in planes], dtype=np.intp)
    normals = np.array([plane.normal for _, plane in planes], dtype=np.float64).reshape(-1, 3)
    positions = np.array([plane.position_mm for _, plane in planes], dtype=np.float64)
    return SliceStack(numbers, normals, positions, _tolerances_mm(normals, positions))


def _tolerances_mm(normals: NDArray[np.float64], positions_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return min(0.5 mm, a tenth of the distance to the next parallel slice) for each plane."""
    tolerances = np.full(len(positions_mm), READING_TOLERANCE_MM)
    units = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    for index, unit in enumerate(units):
        parallel = units @ unit > 1 - 1e-6
        gaps = np.abs(positions_mm[parallel] - positions_mm[index])
        gaps = gaps[gaps > _SAME_PLACE_MM]
        if len(gaps):
            tolerances[index] = min(READING_TOLERANCE_MM, READING_SHARE_OF_SPACING * float(gaps.min()))
    return tolerances


def place(points_xyz: ArrayLike, series: Series, *, sop_instance_uid: str = "") -> Placement:
    """Find the slice that all points, shape (n, 3) in patient mm, lie on within the reading tolerance.

    `sop_instance_uid`, when given, decides between slices at the same place.
    """
    points = np.asarray(points_xyz, dtype=np.float64).reshape(-1, 3)
    stack = slice_stack(series)
    if not len(stack.numbers) or not len(points):
        return Placement(None, float("inf"), reason="no slice has a plane in space")
    first = np.abs(stack.offsets_mm(points[:1])[:, 0])
    candidates = np.flatnonzero(first <= stack.tolerances_mm)
    found = {int(i): _distance_mm(stack, int(i), points) for i in candidates}
    found = {i: distance for i, distance in found.items() if distance <= stack.tolerances_mm[i]}
    if len(found) > 1 and sop_instance_uid:
        named = {i: distance for i, distance in found.items() if _sop_uid(series, stack, i) == sop_instance_uid}
        found = named or found
    if len(found) == 1:
        index, distance = next(iter(found.items()))
        return _placed(series, int(stack.numbers[index]), distance)
    if found:
        names = " and ".join(str(int(stack.numbers[i])) for i in sorted(found))
        first_found = min(found)
        nearest = int(stack.numbers[first_found])
        return Placement(None, found[first_found], nearest, reason=f"slices {names} both hold it")
    return _off_every_slice(stack, points)


def nearest_each(points_xyz: ArrayLike, series: Series) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return for each point, shape (n, 3) in mm, the number of the nearest slice (0 without any) and its distance.

    Points are taken one by one, so that a long list can be cut where it goes on to another slice.
    """
    points = np.asarray(points_xyz, dtype=np.float64).reshape(-1, 3)
    stack = slice_stack(series)
    numbers, distances = np.zeros(len(points), dtype=np.intp), np.full(len(points), np.inf)
    for start in range(0, len(points) if len(stack.numbers) else 0, _CHUNK):
        offsets = np.abs(stack.offsets_mm(points[start : start + _CHUNK]))
        best = offsets.argmin(axis=0)
        numbers[start : start + _CHUNK] = stack.numbers[best]
        distances[start : start + _CHUNK] = offsets[best, np.arange(len(best))]
    return numbers, distances


def _distance_mm(stack: SliceStack, index: int, points: NDArray[np.float64]) -> float:
    return float(np.abs(points @ stack.normals[index] - stack.positions_mm[index]).max())


def _sop_uid(series: Series, stack: SliceStack, index: int) -> str:
    return series.slices[int(stack.numbers[index]) - 1].instance.sop_instance_uid


def _placed(series: Series, slice_number: int, distance_mm: float) -> Placement:
    uid, frame = image_of(series, slice_number)
    return Placement(slice_number, distance_mm, slice_number, uid, frame)


def image_of(series: Series, slice_number: int) -> tuple[str, int]:
    """Return SOP Instance UID and frame (0 for a single-frame image) of a slice, counted from 1."""
    item = series.slices[slice_number - 1]
    return item.instance.sop_instance_uid, item.frame if len(item.instance.frames) > 1 else 0


def _off_every_slice(stack: SliceStack, points: NDArray[np.float64]) -> Placement:
    middle = points.mean(axis=0, keepdims=True)
    near = np.argsort(np.abs(stack.offsets_mm(middle)[:, 0]), kind="stable")[:3]
    distances = [_distance_mm(stack, int(index), points) for index in near]
    best = int(np.argmin(distances))
    number = int(stack.numbers[near[best]])
    return Placement(
        None, distances[best], number, reason=f"up to {distances[best]:.3f} mm off slice {number}, the nearest one"
    )


def distance_to_slice_mm(points_xyz: ArrayLike, series: Series, slice_number: int) -> float:
    """Return the largest distance of the points, shape (n, 3) in mm, to a slice; infinite when it has no plane."""
    plane = series.slices[slice_number - 1].plane
    points = np.asarray(points_xyz, dtype=np.float64).reshape(-1, 3)
    return float("inf") if plane is None else float(np.abs(points @ plane.normal - plane.position_mm).max(initial=0.0))


def reading_tolerance_mm(series: Series, slice_number: int) -> float:
    """Return how far off a slice, counted from 1, a contour may lie and still be taken as lying on it."""
    stack = slice_stack(series)
    found = np.flatnonzero(stack.numbers == slice_number)
    return float(stack.tolerances_mm[found[0]]) if len(found) else 0.0
