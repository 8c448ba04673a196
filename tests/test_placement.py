"""A contour belongs to the slice it lies on along the normal, and to none when that cannot be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dcmtty.contours.placement import distance_to_slice_mm, image_of, place, reading_tolerance_mm
from dcmtty.dicom.model import FrameGeometry, Series
from dcmtty.geometry.plane import plane_from_header
from made_series import SERIES_UID, made_series, made_slice, sop_uid

OBLIQUE = (0.3, -0.5, 1.1)
TRIANGLE = [[3.0, 4.0], [10.0, 4.0], [6.0, 12.5]]


def on_slice(series: Series, number: int, off_mm: float = 0.0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A triangle on a slice, or off it along its normal."""
    plane = series.slices[number - 1].plane
    assert plane is not None
    return plane.patient_xyz(TRIANGLE) + off_mm * plane.normal


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), OBLIQUE])
def test_a_contour_is_found_on_its_slice_on_any_plane(angles: tuple[float, float, float]) -> None:
    series = made_series(8, angles=angles)
    for number in range(1, 9):
        placed = place(on_slice(series, number, 0.04), series)
        assert (placed.slice_number, placed.sop_instance_uid) == (number, sop_uid(number))
        assert placed.distance_mm == pytest.approx(0.04)
        assert placed.frame == 0


def test_a_contour_in_a_gap_lies_on_no_slice_and_its_distance_is_told() -> None:
    series = made_series(8, missing=(3,))
    whole = made_series(8)
    placed = place(on_slice(whole, 4), series)
    assert placed.slice_number is None
    assert placed.distance_mm == pytest.approx(3.0)
    assert "3.000 mm off slice" in placed.reason


@pytest.mark.parametrize(("step_mm", "tolerance_mm"), [(3.0, 0.3), (10.0, 0.5), (1.0, 0.1)])
def test_the_tolerance_is_half_a_millimetre_or_a_tenth_of_the_spacing(step_mm: float, tolerance_mm: float) -> None:
    series = made_series(5, step_mm=step_mm)
    assert reading_tolerance_mm(series, 2) == pytest.approx(tolerance_mm)
    assert place(on_slice(series, 2, tolerance_mm - 0.001), series).slice_number == 2
    assert place(on_slice(series, 2, tolerance_mm + 0.001), series).slice_number is None


def test_a_tilted_contour_is_judged_by_its_worst_point() -> None:
    series = made_series(5)
    points = on_slice(series, 3)
    points[2, 2] += 2.0
    placed = place(points, series)
    assert placed.slice_number is None
    assert placed.distance_mm == pytest.approx(2.0)


def test_two_slices_at_one_place_are_ambiguous_until_an_image_is_named() -> None:
    series = made_series(4)
    twin = replace(series.slices[1], instance=replace(series.slices[1].instance, values={"SOPInstanceUID": ("9.9",)}))
    doubled = replace(series, slices=(series.slices[0], series.slices[1], twin, *series.slices[2:]))
    points = on_slice(series, 2)
    assert place(points, doubled).slice_number is None
    assert "slices 2 and 3 both hold it" in place(points, doubled).reason
    assert place(points, doubled, sop_instance_uid="9.9").slice_number == 3


def test_slices_of_two_orientations_are_told_apart() -> None:
    axial, turned = made_series(4), made_series(4, angles=OBLIQUE)
    both = replace(axial, slices=(*axial.slices, *turned.slices))
    assert place(on_slice(axial, 2), both).slice_number == 2
    assert place(on_slice(turned, 3), both).slice_number == 7


def test_slices_without_a_plane_hold_no_contour() -> None:
    series = made_series(3)
    flat = replace(series, slices=tuple(replace(item, plane=None, position_mm=None) for item in series.slices))
    placed = place(on_slice(series, 1), flat)
    assert (placed.slice_number, placed.distance_mm) == (None, float("inf"))
    assert distance_to_slice_mm(on_slice(series, 1), flat, 1) == float("inf")


def test_frames_of_a_multi_frame_image_are_named_by_their_number() -> None:
    series = made_series(2)
    planes = tuple(FrameGeometry(item.plane) for item in series.slices)
    instance = replace(series.slices[0].instance, frames=planes, values={"SOPInstanceUID": (SERIES_UID + ".77",)})
    frames = tuple(replace(item, instance=instance, frame=n) for n, item in enumerate(series.slices, 1))
    multi_frame = replace(series, slices=frames)
    assert image_of(multi_frame, 2) == (SERIES_UID + ".77", 2)
    assert place(on_slice(series, 2), multi_frame).frame == 2


def test_the_distance_to_a_named_slice_is_that_of_the_worst_point() -> None:
    series = made_series(4, angles=OBLIQUE)
    assert distance_to_slice_mm(on_slice(series, 2), series, 3) == pytest.approx(3.0)


def test_rounded_cosines_make_no_slice_reach_further() -> None:
    """Image Orientation of three decimals: the normal is a little shorter than 1."""
    cosines, normal = [0.866, 0, -0.5, 0, 1, 0], np.cross([0.866, 0, -0.5], [0, 1, 0])
    planes = [plane_from_header(list(normal * number), cosines, [1.0, 1.0], 32, 32) for number in range(5)]
    slices = tuple(
        made_slice(number, plane, instance_number=number, folder=Path("made")) for number, plane in enumerate(planes, 1)
    )
    series = replace(made_series(5), slices=slices)
    assert reading_tolerance_mm(series, 3) == pytest.approx(0.1, rel=1e-3)
    assert place(on_slice(series, 3, 0.3), series).slice_number is None
