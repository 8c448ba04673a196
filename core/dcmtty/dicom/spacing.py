"""What the positions of slices along their normal tell: usual distance, gaps, repeats, shifts in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dcmtty.dicom.model import Note, Slice
from dcmtty.geometry.plane import Plane
from dcmtty.text import visible

_GAP_RATIO = 1.5
"""A distance larger than this many usual ones is a gap."""
_UNEVEN_RATIO = 0.05
_MOST_GAPS_SHARE = 0.25
"""More large distances than this are no gaps but an uneven spacing."""
_CHANGE_STEPS = 3
"""So many equal large distances in a row are a change of the spacing."""
_SAME_POSITION_MM = 0.01
_SAME_POSITION_PIXELS = 0.02
_SHIFT_PER_MM = 0.005
"""In-plane shift that is taken for gantry tilt: about 0.3 degrees."""


def same_position_mm(planes: Sequence[Plane]) -> float:
    """Return how near two positions must be to be the same: 0.01 mm, less for pixels smaller than half a millimetre."""
    pixel_mm = min((min(plane.row_spacing_mm, plane.column_spacing_mm) for plane in planes), default=1.0)
    return min(_SAME_POSITION_MM, _SAME_POSITION_PIXELS * pixel_mm)


def places(positions: Sequence[float], tolerance_mm: float) -> list[int]:
    """Return for each position in mm, sorted ascending, the number of the place it is at; equal positions share one."""
    numbers: list[int] = []
    for index, position in enumerate(positions):
        same = index > 0 and position - positions[index - 1] <= tolerance_mm
        numbers.append(numbers[-1] + (not same) if numbers else 0)
    return numbers


def usual_spacing_mm(positions: Sequence[float], tolerance_mm: float) -> float | None:
    """Return the median distance between neighbouring places of positions in mm, None when there is but one."""
    steps = [step for step in _steps(positions) if step > tolerance_mm]
    return float(np.median(steps)) if steps else None


def positions_mm(origins_xyz: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far along the normal points lie, shape (n,), of points of shape (n, 3).

    Summed in this order, not as a matrix product: a point has the same place whatever points stand beside it.
    """
    along = origins_xyz[:, 0] * normal[0] + origins_xyz[:, 1] * normal[1] + origins_xyz[:, 2] * normal[2]
    return np.asarray(along, dtype=np.float64)


def mean_normal(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the common unit normal, shape (3,), of normals of shape (n, 3)."""
    total = np.sum(normals, axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float64)


def _steps(positions: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(positions)]


def distance_notes(positions: Sequence[float], spacing_mm: float | None, tolerance_mm: float) -> list[Note]:
    """Return notes on gaps and uneven distances of slices at these positions in mm, sorted ascending."""
    if spacing_mm is None:
        return []
    steps = np.array(_steps(positions))
    wide = gaps(steps, spacing_mm)
    kept = steps[(steps > tolerance_mm) & ~wide]
    notes = [_gap(int(index) + 1, float(steps[index]), spacing_mm) for index in np.flatnonzero(wide)]
    if len(kept) and float(kept.max() - kept.min()) > max(_UNEVEN_RATIO * spacing_mm, tolerance_mm):
        text = f"the distance between slices varies from {_mm(kept.min())} to {_mm(kept.max())}"
        notes.append(Note("spacing", text))
    return notes


def gaps(steps_mm: NDArray[np.float64], spacing_mm: float) -> NDArray[np.bool_]:
    """Say of each distance between neighbours, shape (n,), whether it is a gap in a stack of this usual spacing.

    None is where large distances are the rule, or where several equal ones follow each other.
    """
    wide = np.asarray(steps_mm > _GAP_RATIO * spacing_mm)
    alike = np.abs(np.diff(steps_mm)) <= _UNEVEN_RATIO * spacing_mm
    start = 0
    for end in range(1, len(steps_mm) + 1):
        if end == len(steps_mm) or not alike[end - 1]:
            if end - start >= _CHANGE_STEPS:
                wide[start:end] = False
            start = end
    if wide.sum() > max(1, _MOST_GAPS_SHARE * len(steps_mm)):
        wide[:] = False
    return wide


def _gap(number: int, step_mm: float, spacing_mm: float) -> Note:
    missing = max(round(step_mm / spacing_mm) - 1, 1)
    seem = "1 slice seems" if missing == 1 else f"{missing} slices seem"
    text = f"gap of {_mm(step_mm)} between slices {number} and {number + 1} (usual {_mm(spacing_mm)}): {seem} missing"
    return Note("gap", text, number)


def repeat_notes(slices: Sequence[Slice], tolerance_mm: float) -> list[Note]:
    """Return a note for each slice at the place of the one before, and for each image that is there twice."""
    notes: list[Note] = []
    first_seen: dict[tuple[str, int], int] = {}
    for number, slice_ in enumerate(slices, start=1):
        key = slice_.instance.sop_instance_uid, slice_.frame
        twin = first_seen.setdefault(key, number) if key[0] else number
        if twin != number:
            file = visible(slice_.instance.path.name)
            text = f"slice {number} ({file}) has the SOP Instance UID of slice {twin}: the same image in two files"
            notes.append(Note("duplicate", text, number))
        elif number > 1 and _at_same_place(slices[number - 2], slice_, tolerance_mm):
            text = f"slice {number} lies at the same position as slice {number - 1}"
            notes.append(Note("duplicate", text, number))
    return notes


def _at_same_place(before: Slice, after: Slice, tolerance_mm: float) -> bool:
    if before.position_mm is None or after.position_mm is None:
        return False
    return after.position_mm - before.position_mm <= tolerance_mm


def shift_note(origins_xyz: NDArray[np.float64], normal: NDArray[np.float64]) -> Note | None:
    """Return a note when slices with these origins, shape (n, 3), are shifted in their plane, as gantry tilt does."""
    if len(origins_xyz) < 2:
        return None
    relative = origins_xyz - origins_xyz[0]
    along = positions_mm(relative, normal)
    sideways = np.linalg.norm(relative - along[:, None] * normal, axis=1)
    worst = int(sideways.argmax())
    if sideways[worst] <= _SHIFT_PER_MM * abs(float(along[worst])) + _SAME_POSITION_MM:
        return None
    text = f"the slices are shifted in their plane by up to {_mm(sideways[worst])} (gantry tilt or a sheared stack)"
    return Note("other", text)


def _mm(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + " mm"
