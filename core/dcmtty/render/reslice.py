"""Axial, coronal and sagittal views of a stack of parallel slices, each slice at its own place in millimetres.

The views run along the acquisition's own axes, so no value is turned or smoothed in a slice; where slices are missing
the view has a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dcmtty.dicom.picture import Picture
from dcmtty.dicom.spacing import gaps, same_position_mm, usual_spacing_mm
from dcmtty.errors import InputError
from dcmtty.geometry.plane import Plane, frozen
from dcmtty.versions import next_version

ViewName = Literal["axial", "coronal", "sagittal"]

MAX_VIEW_BYTES = 256 << 20
_PATIENT_AXIS = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The patient axis (L, P, H) that a view looks along."""
_SHOWN_AXES = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}
"""The patient axes that run across and down."""
_DOWN_SIGN = {0: 1.0, 1: 1.0, 2: -1.0}
"""Across goes to the patient's left or back, down to the back or the feet."""
_EXACT = 0.01
"""Nearer than this share of a step, a row of the view is the slice itself and no mixture."""
_MOST_ROWS = 4096
_WHOLE_PIXEL = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The geometry of parallel slices, sorted along their normal."""

    planes: tuple[Plane, ...]
    order: tuple[int, ...]
    """Index of each sorted plane in what was given."""
    positions_mm: NDArray[np.float64]
    """Along the normal, from 0 at the first slice, shape (n,)."""
    shifts_px: NDArray[np.float64]
    """In-plane shift (columns, rows) of each slice against the first, as gantry tilt makes it, shape (n, 2)."""
    step_mm: float
    """Distance of the rows of a reformatted view."""
    usual_mm: float
    """The usual distance of slices."""
    acquisition_axis: tuple[int, int, int]
    """For the patient axes L, P, H: 0 the column index, 1 the row index, 2 the slices run along it."""

    def axis(self, view: ViewName) -> int:
        """Return what stays fixed in a view: 0 a column, 1 a row, 2 a slice (the view is the acquired one)."""
        return self.acquisition_axis[_PATIENT_AXIS[view]]

    def count(self, view: ViewName) -> int:
        """Return how many pictures a view has."""
        first = self.planes[0]
        return (first.columns, first.rows, len(self.planes))[self.axis(view)]

    def acquired_view(self) -> ViewName:
        """Return the view that the slices themselves are."""
        views: tuple[ViewName, ...] = ("axial", "coronal", "sagittal")
        return next(view for view in views if self.axis(view) == 2)


def stack_of(planes: Sequence[Plane | None]) -> Stack:
    """Return the stack that these planes make.

    Raises:
        InputError: fewer than two slices, one without a plane, not parallel, or of different sizes.
    """
    known = [plane for plane in planes if plane is not None]
    if len(known) < 2 or len(known) < len(planes):
        raise InputError("a reformatted view needs at least two slices with positions", remedy="look at single slices")
    first = known[0]
    if not all(_alike(first, plane) for plane in known):
        raise InputError("the slices are not parallel or not of one size", remedy="look at single slices")
    normal = first.normal
    along = np.array([float((plane.origin_xyz - first.origin_xyz) @ normal) for plane in known])
    order = np.argsort(along, kind="stable")
    kept = _without_repeats(order, along, same_position_mm(known))
    if len(kept) < 2:
        raise InputError("all slices lie at one position", remedy="look at single slices")
    chosen = [known[index] for index in kept]
    relative = np.array([plane.origin_xyz - chosen[0].origin_xyz for plane in chosen])
    across = relative @ first.row_direction / first.column_spacing_mm
    down = relative @ first.column_direction / first.row_spacing_mm
    positions = along[kept] - along[kept[0]]
    usual = usual_spacing_mm(positions.tolist(), 0.0) or 1.0
    return Stack(
        tuple(chosen),
        tuple(int(index) for index in kept),
        frozen(positions),
        frozen(np.stack([across, down], axis=1)),
        _step_mm(positions, usual),
        usual,
        _assigned(first),
    )


def _alike(first: Plane, plane: Plane) -> bool:
    same_size = (plane.rows, plane.columns) == (first.rows, first.columns)
    spacings = (plane.row_spacing_mm, plane.column_spacing_mm), (first.row_spacing_mm, first.column_spacing_mm)
    return same_size and bool(np.allclose(*spacings, rtol=1e-3)) and first.same_orientation(plane)


def _without_repeats(order: NDArray[np.intp], along: NDArray[np.float64], tolerance_mm: float) -> list[int]:
    """Keep the first slice of each position."""
    kept: list[int] = []
    for index in order.tolist():
        if not kept or along[index] - along[kept[-1]] > tolerance_mm:
            kept.append(index)
    return kept


def _step_mm(positions_mm: NDArray[np.float64], usual_mm: float) -> float:
    smallest = float(np.diff(positions_mm).min())
    step = usual_mm if smallest > 0.9 * usual_mm else smallest
    return max(step, float(positions_mm[-1]) / (_MOST_ROWS - 1))


def _assigned(plane: Plane) -> tuple[int, int, int]:
    """Give each patient axis the acquisition axis that runs along it most, each once."""
    directions = np.abs(np.stack([plane.row_direction, plane.column_direction, plane.normal]))
    best = max(permutations(range(3)), key=lambda one: sum(directions[one[axis], axis] for axis in range(3)))
    return best[0], best[1], best[2]


def volume_view(stack: Stack, pictures: Iterable[Picture], view: ViewName, number: int) -> Picture:
    """Return one picture of a view, `number` from 1, with a plane of its own.

    `pictures` come in the order in which the planes were given and are used one by one, so that they need not all be in
    memory. Where no slice is near, values are NaN.

    Raises:
        InputError: no such number, colour pictures, or pictures that do not match the planes.
    """
    axis = stack.axis(view)
    if not 1 <= number <= stack.count(view):
        raise InputError(f"no {view} picture {number}", remedy=f"choose 1 to {stack.count(view)}")
    wanted = {given: place for place, given in enumerate(stack.order)}
    if axis == 2:
        return _picture_at(pictures, stack.order[number - 1])
    size = stack.planes[0].columns if axis == 1 else stack.planes[0].rows
    if len(stack.planes) * size * 8 > MAX_VIEW_BYTES:
        raise InputError("the series is too large for a reformatted view", remedy="look at single slices")
    lines = np.full((len(stack.planes), size), np.nan, dtype=np.float32)
    padding = np.zeros(lines.shape, dtype=np.bool_)
    example: Picture | None = None
    for index, picture in enumerate(pictures):
        place = wanted.get(index)
        if place is not None:
            example = example or picture
            lines[place], padding[place] = _line(stack, picture, place, axis, number - 1)
    if example is None:
        raise InputError("the series has no pictures", remedy="look at another one")
    return _assembled(stack, example, view, number - 1, _between(stack, lines, padding))


def _picture_at(pictures: Iterable[Picture], place: int) -> Picture:
    """Return the picture at a place, from 0, of a sequence or a stream."""
    for index, picture in enumerate(pictures):
        if index == place:
            return picture
    raise InputError("there are fewer pictures than slices", remedy="read the series again")


def _line(
    stack: Stack, picture: Picture, place: int, axis: int, fixed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the line of one slice in a view, and where it is padding; NaN outside a shifted slice."""
    plane = stack.planes[place]
    if picture.is_color or (picture.rows, picture.columns) != (plane.rows, plane.columns):
        raise InputError("colour pictures cannot be reformatted", remedy="look at single slices")
    values = np.asarray(picture.values, dtype=np.float32)
    masked = picture.padding if picture.padding is not None else np.zeros(values.shape, dtype=np.bool_)
    shift_column, shift_row = stack.shifts_px[place]
    if axis == 0:
        values, masked, shift_column, shift_row = values.T, masked.T, shift_row, shift_column
    line, hidden = _at(values, masked, fixed - shift_row)
    if abs(shift_column) < _WHOLE_PIXEL:
        return line, hidden
    where = np.arange(line.size) - shift_column
    inside = (where >= -0.5) & (where <= line.size - 0.5)
    moved = np.interp(where, np.arange(line.size), line)
    near = np.clip(np.rint(where), 0, line.size - 1).astype(np.intp)
    return np.where(inside, moved, np.nan).astype(np.float32), hidden[near] & inside


def _at(
    values: NDArray[np.float32], masked: NDArray[np.bool_], row: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a row at a fractional index, linear between its neighbours."""
    last = values.shape[0] - 1
    if not -0.5 <= row <= last + 0.5:
        return np.full(values.shape[1], np.nan, dtype=np.float32), np.zeros(values.shape[1], dtype=np.bool_)
    row = min(max(row, 0.0), float(last))
    lower = int(row + _WHOLE_PIXEL)
    share = row - lower
    if share < _WHOLE_PIXEL:
        return values[lower], masked[lower]
    mixed = values[lower] * np.float32(1 - share) + values[lower + 1] * np.float32(share)
    return mixed, masked[lower] | masked[lower + 1]


def _between(
    stack: Stack, lines: NDArray[np.float32], padding: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Fill the rows of a view from the slices around them; NaN in gaps."""
    positions = stack.positions_mm
    rows = int(np.ceil(positions[-1] / stack.step_mm - _EXACT)) + 1
    grid = np.arange(rows) * stack.step_mm
    upper = np.clip(np.searchsorted(positions, grid), 1, len(positions) - 1)
    lower = upper - 1
    distance = positions[upper] - positions[lower]
    share = np.clip((grid - positions[lower]) / distance, 0.0, 1.0)
    in_gap = gaps(np.diff(positions), stack.usual_mm)[lower]
    nearest = np.minimum(grid - positions[lower], positions[upper] - grid)
    missing = in_gap & (nearest > stack.usual_mm / 2)
    share = np.where(
        in_gap | (np.abs(share - np.rint(share)) * distance < _EXACT * stack.step_mm), np.rint(share), share
    )
    part = share[:, None].astype(np.float32)
    with np.errstate(invalid="ignore"):
        values = np.where(part == 0, lines[lower], np.where(part == 1, lines[upper], 0))
        mixed = lines[lower] * (1 - part) + lines[upper] * part
    values = np.where((part > 0) & (part < 1), mixed, values).astype(np.float32)
    hidden = (padding[lower] & (part < 1)) | (padding[upper] & (part > 0))
    values[missing], hidden[missing] = np.nan, False
    return values, hidden


def _assembled(
    stack: Stack,
    example: Picture,
    view: ViewName,
    fixed: int,
    filled: tuple[NDArray[np.float32], NDArray[np.bool_]],
) -> Picture:
    """Turn (slices, line) so that it is seen as usual, and give it the plane that says where it lies."""
    first = stack.planes[0]
    axis = stack.axis(view)
    line_axis = 1 - axis
    spacing = {0: first.column_spacing_mm, 1: first.row_spacing_mm, 2: stack.step_mm}
    direction = {0: first.row_direction, 1: first.column_direction, 2: first.normal}
    across, down = (stack.acquisition_axis[patient] for patient in _SHOWN_AXES[view])
    values, padding = filled
    length = {line_axis: values.shape[1], 2: values.shape[0]}
    if across == 2:
        values, padding = values.T, padding.T
    origin = first.origin_xyz + direction[axis] * spacing[axis] * fixed
    turned: dict[int, NDArray[np.float64]] = {}
    for place, (one, patient) in enumerate(zip((down, across), reversed(_SHOWN_AXES[view]), strict=True)):
        forward = direction[one][patient] * (_DOWN_SIGN[patient] if place == 0 else 1.0) >= 0
        turned[place] = direction[one] if forward else -direction[one]
        if not forward:
            origin = origin + direction[one] * spacing[one] * (length[one] - 1)
            values, padding = np.flip(values, place), np.flip(padding, place)
    values, padding = np.ascontiguousarray(values), np.ascontiguousarray(padding)
    rows, columns = values.shape
    plane = Plane(frozen(origin), frozen(turned[1]), frozen(turned[0]), spacing[down], spacing[across], rows, columns)
    for array in (values, padding):
        array.setflags(write=False)
    return replace(
        example,
        values=values,
        padding=padding if padding.any() else None,
        plane=plane,
        sop_instance_uid="",
        frame=0,
        version=next_version(),
    )
