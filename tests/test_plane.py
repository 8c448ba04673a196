"""Voxels and patient millimetres map both ways as the Image Plane Module says, on any plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmtty.errors import InputError
from dcmtty.geometry.plane import Plane, plane_from_header
from made_series import rotation

ANGLE = st.floats(-math.pi, math.pi)
SPACING = st.floats(0.05, 12.0)
POSITION = st.floats(-1500, 1500)
PIXEL = st.floats(-600, 1600)


@st.composite
def planes(draw: st.DrawFn) -> Plane:
    """Oblique planes of unequal spacing whose rows differ from their columns."""
    turned = rotation(draw(ANGLE), draw(ANGLE), draw(ANGLE))
    rows = draw(st.integers(1, 1024))
    columns = draw(st.integers(1, 1024).filter(lambda value: value != rows))
    spacing = (draw(SPACING), draw(SPACING))
    position = [draw(POSITION) for _ in range(3)]
    return plane_from_header(position, [*turned[:, 0], *turned[:, 1]], spacing, rows, columns)


def by_the_standard(plane: Plane, column: float, row: float) -> list[float]:
    """PS3.3 equation C.7.6.2.1-1 written out: Pxyz = Xxyz di i + Yxyz dj j + Sxyz, i along a row, j along a column."""
    x, y, s = plane.row_direction.tolist(), plane.column_direction.tolist(), plane.origin_xyz.tolist()
    di, dj = plane.column_spacing_mm, plane.row_spacing_mm
    return [x[axis] * di * column + y[axis] * dj * row + s[axis] for axis in range(3)]


@given(planes(), PIXEL, PIXEL)
def test_a_pixel_maps_to_the_patient_as_the_standard_writes_it(plane: Plane, column: float, row: float) -> None:
    assert plane.patient_xyz([[column, row]])[0] == pytest.approx(by_the_standard(plane, column, row), abs=1e-6, rel=0)


@given(planes(), st.lists(st.tuples(PIXEL, PIXEL), min_size=1, max_size=20))
def test_there_and_back_moves_no_point_by_a_millionth_of_a_millimetre(
    plane: Plane, pixels: list[tuple[float, float]]
) -> None:
    patient = plane.patient_xyz(pixels)
    back = plane.column_row_offset(patient)
    moved_mm = (back[:, :2] - np.array(pixels)) * [plane.column_spacing_mm, plane.row_spacing_mm]
    assert np.abs(moved_mm).max() < 1e-6
    assert np.abs(back[:, 2]).max() < 1e-6
    assert np.abs(plane.patient_xyz(back[:, :2]) - patient).max() < 1e-6


@given(planes(), PIXEL, PIXEL, st.floats(-50, 50))
def test_the_distance_off_the_plane_is_found_and_does_not_shift_the_pixel(
    plane: Plane, column: float, row: float, off_mm: float
) -> None:
    lifted = np.array(by_the_standard(plane, column, row)) + off_mm * plane.normal
    found_column, found_row, found_off_mm = plane.column_row_offset([lifted])[0]
    assert found_off_mm == pytest.approx(off_mm, abs=1e-6)
    assert (found_column - column) * plane.column_spacing_mm == pytest.approx(0, abs=1e-6)
    assert (found_row - row) * plane.row_spacing_mm == pytest.approx(0, abs=1e-6)


@given(planes(), PIXEL, PIXEL)
@settings(max_examples=50)
def test_the_matrix_gives_the_same_as_the_mapping(plane: Plane, column: float, row: float) -> None:
    by_matrix = plane.matrix @ np.array([column, row, 0.0, 1.0])
    assert plane.patient_xyz([[column, row]])[0] == pytest.approx(by_matrix[:3], abs=1e-9)


def test_pixel_spacing_is_rows_first_and_orientation_is_columns_first() -> None:
    plane = plane_from_header([10, 20, 30], [1, 0, 0, 0, 1, 0], [5.0, 0.5], 7, 11)
    assert plane.patient_xyz([[2, 3]])[0].tolist() == [11.0, 35.0, 30.0]


@pytest.mark.parametrize(
    ("position", "orientation", "spacing"),
    [
        ([0, 0], [1, 0, 0, 0, 1, 0], [1, 1]),
        ([0, 0, 0], [1, 0, 0, 0, 1], [1, 1]),
        ([0, 0, 0], [1, 0, 0, 0, 1, 0], [1]),
        ([0, 0, 0], [1, 0, 0, 0, 1, 0], [1, 0]),
        ([0, 0, 0], [1, 0, 0, 0, 1, 0], [-1, 1]),
        ([0, 0, math.nan], [1, 0, 0, 0, 1, 0], [1, 1]),
        ([0, 0, math.inf], [1, 0, 0, 0, 1, 0], [1, 1]),
        ([0, 0, 0], [1, 0, 0, 0, 1.01, 0], [1, 1]),
        ([0, 0, 0], [1, 0, 0, 0.01, 1, 0], [1, 1]),
        ([0, 0, 0], [0, 0, 0, 0, 0, 0], [1, 1]),
    ],
)
def test_a_plane_that_is_none_is_refused(position: list[float], orientation: list[float], spacing: list[float]) -> None:
    with pytest.raises(InputError, match=r"image plane|Image Orientation"):
        plane_from_header(position, orientation, spacing, 4, 5)


def test_moving_the_geometry_by_a_hundredth_of_a_millimetre_changes_its_fingerprint() -> None:
    one = plane_from_header([0, 0, 0], [1, 0, 0, 0, 1, 0], [1, 2], 4, 5)
    moved = plane_from_header([0, 0.01, 0], [1, 0, 0, 0, 1, 0], [1, 2], 4, 5)
    swapped = plane_from_header([0, 0, 0], [1, 0, 0, 0, 1, 0], [2, 1], 4, 5)
    assert len({one.fingerprint(), moved.fingerprint(), swapped.fingerprint()}) == 3
