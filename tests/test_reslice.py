"""Reformatted views against a field that is linear in patient coordinates: plane and values must agree everywhere."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from dcmtty.dicom.picture import Picture, value_text
from dcmtty.errors import InputError
from dcmtty.geometry.orientation import letters
from dcmtty.geometry.plane import Plane, frozen, plane_from_header
from dcmtty.render.reslice import ViewName, stack_of, volume_view
from made_series import rotation

ROWS, COLUMNS = 14, 11
FIELD = np.array([1.5, -2.25, 3.0])
VIEWS: tuple[ViewName, ...] = ("axial", "coronal", "sagittal")
AXIAL = ((1, 0, 0), (0, 1, 0))
SAGITTAL = ((0, 1, 0), (0, 0, -1))
CORONAL_FROM_FEET = ((1, 0, 0), (0, 0, 1))


def field(points_xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(points_xyz @ FIELD + 7.0, dtype=np.float64)


def on_plane(plane: Plane) -> NDArray[np.float64]:
    columns, rows = np.meshgrid(np.arange(plane.columns), np.arange(plane.rows))
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
    return field(plane.patient_xyz(pixels)).reshape(plane.rows, plane.columns)


def slices(
    offsets_mm: list[float],
    directions: tuple[tuple[float, ...], tuple[float, ...]] = AXIAL,
    *,
    turned: tuple[float, float, float] = (0.0, 0.0, 0.0),
    tilt: float = 0.0,
) -> list[Picture]:
    turn = rotation(*turned)
    across, down = turn @ np.array(directions[0]), turn @ np.array(directions[1])
    normal = np.cross(across, down)
    pictures = []
    for offset in offsets_mm:
        origin = np.array([-30.0, 12.0, 50.0]) + normal * offset + down * tilt * offset
        plane = plane_from_header(origin.tolist(), [*across, *down], [1.25, 0.75], ROWS, COLUMNS)
        values = on_plane(plane).astype(np.float32)
        pictures.append(Picture(values, unit="HU", plane=plane, sop_instance_uid=f"1.{offset}", modality="CT"))
    return pictures


def reformatted(pictures: list[Picture], view: ViewName, number: int) -> Picture:
    return volume_view(stack_of([picture.plane for picture in pictures]), pictures, view, number)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("directions", [AXIAL, SAGITTAL, CORONAL_FROM_FEET])
@pytest.mark.parametrize("turned", [(0.0, 0.0, 0.0), (0.1, -0.2, 0.15)])
def test_each_value_lies_where_the_synthetic_plane_says(
    view: ViewName, directions: tuple[tuple[float, ...], tuple[float, ...]], turned: tuple[float, float, float]
) -> None:
    pictures = slices([0.0, 3.0, 6.0, 9.0], directions, turned=turned)
    stack = stack_of([picture.plane for picture in pictures])
    for number in range(1, stack.count(view) + 1):
        picture = volume_view(stack, pictures, view, number)
        assert picture.plane is not None
        np.testing.assert_allclose(picture.values, on_plane(picture.plane), atol=1e-3)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("directions", [AXIAL, SAGITTAL, CORONAL_FROM_FEET])
def test_views_are_seen_with_the_patients_left_at_the_right_and_the_head_up(
    view: ViewName, directions: tuple[tuple[float, ...], tuple[float, ...]]
) -> None:
    pictures = slices([0.0, 3.0, 6.0], directions)
    stack = stack_of([picture.plane for picture in pictures])
    if stack.acquired_view() == view:
        assert volume_view(stack, pictures, view, 2) is pictures[1]
        return
    plane = volume_view(stack, pictures, view, 1).plane
    assert plane is not None
    expected = {"axial": ("L", "P"), "coronal": ("L", "F"), "sagittal": ("P", "F")}[view]
    assert (letters(plane.row_direction), letters(plane.column_direction)) == expected


def test_slices_given_in_any_order_are_sorted_along_their_normal() -> None:
    pictures = slices([6.0, 0.0, 9.0, 3.0])
    picture = reformatted(pictures, "coronal", 4)
    assert picture.plane is not None
    np.testing.assert_allclose(picture.values, on_plane(picture.plane), atol=1e-3)


def test_a_missing_slice_leaves_a_gap_of_its_width_and_no_invented_values() -> None:
    picture = reformatted(slices([0.0, 3.0, 6.0, 12.0, 15.0]), "coronal", 4)
    empty = np.isnan(picture.values).all(axis=1)
    # The head is up, so rows run from the last slice down: 15, 12, (9), 6, 3, 0.
    assert empty.tolist() == [False, False, True, False, False, False]
    assert picture.plane is not None
    np.testing.assert_allclose(picture.values[~empty], on_plane(picture.plane)[~empty], atol=1e-3)
    assert value_text(picture, 3, 2) == "gap"


def test_uneven_distances_that_are_the_rule_are_no_gaps() -> None:
    picture = reformatted(slices([0.0, 2.0, 4.0, 9.0, 14.0, 19.0, 24.0]), "sagittal", 5)
    assert not np.isnan(picture.values).any()
    assert picture.plane is not None
    np.testing.assert_allclose(picture.values, on_plane(picture.plane), atol=1e-3)


def test_gantry_tilt_is_undone_by_shifting_each_slice() -> None:
    pictures = slices([0.0, 3.0, 6.0, 9.0], tilt=0.25)
    for view, number in (("coronal", 8), ("sagittal", 3)):
        name: ViewName = "coronal" if view == "coronal" else "sagittal"
        picture = reformatted(pictures, name, number)
        assert picture.plane is not None
        inside = np.isfinite(picture.values)
        # A shifted slice ends half a pixel beyond its last pixel, where the nearest value stands in for the line.
        error_allowed = 1.25 / 2 * abs(FIELD[1]) + 1e-3
        assert inside.mean() > 0.8
        assert np.abs(picture.values - on_plane(picture.plane))[inside].max() <= error_allowed
        assert np.median(np.abs(picture.values - on_plane(picture.plane))[inside]) < 1e-3


def test_padding_stays_padding_in_a_reformatted_view() -> None:
    pictures = []
    for picture in slices([0.0, 3.0, 6.0]):
        mask = np.zeros((ROWS, COLUMNS), dtype=np.bool_)
        mask[:, 0] = True
        pictures.append(Picture(picture.values, plane=picture.plane, padding=mask))
    shown = reformatted(pictures, "coronal", 2)
    assert shown.padding is not None
    assert shown.padding[:, 0].all()
    assert not shown.padding[:, 1:].any()


def test_pictures_are_used_one_at_a_time() -> None:
    pictures = slices([0.0, 3.0, 6.0])
    stack = stack_of([picture.plane for picture in pictures])
    from_stream = volume_view(stack, iter(pictures), "coronal", 2)
    np.testing.assert_array_equal(from_stream.values, volume_view(stack, pictures, "coronal", 2).values)


def test_two_slices_at_one_position_count_once() -> None:
    pictures = slices([0.0, 3.0, 3.0, 6.0])
    stack = stack_of([picture.plane for picture in pictures])
    assert stack.count("axial") == 3
    assert all(after - before > 0 for before, after in pairwise(stack.positions_mm))


@pytest.mark.parametrize("what", ["one", "no plane", "not parallel", "other size"])
def test_what_is_no_stack_is_refused(what: str) -> None:
    planes: list[Plane | None] = [picture.plane for picture in slices([0.0, 3.0])]
    first = planes[0]
    assert first is not None
    odd: dict[str, list[Plane | None]] = {
        "one": planes[:1],
        "no plane": [*planes, None],
        "not parallel": [*planes, *(picture.plane for picture in slices([9.0], SAGITTAL))],
        "other size": [*planes, Plane(first.origin_xyz + 9, *_directions(first), 1.25, 0.75, ROWS, COLUMNS + 1)],
    }
    with pytest.raises(InputError):
        stack_of(odd[what])


def _directions(plane: Plane) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return frozen(plane.row_direction), frozen(plane.column_direction)


def test_a_number_out_of_range_is_refused_with_the_range() -> None:
    with pytest.raises(InputError, match=f"1 to {ROWS}"):
        reformatted(slices([0.0, 3.0]), "coronal", ROWS + 1)
