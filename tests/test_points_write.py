"""What is exported is what is stored, and is read again as the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmtty.contours.model import Contour, GeometricType, Roi, frozen_points, with_roi
from dcmtty.contours.points import read_points, write_points
from dcmtty.contours.points_raw import FRAMES
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError, UsageError
from made_series import empty_set, sop_uid
from point_lists import AXIAL, OBLIQUE, listed
from schemas import assert_follows_schema


def attributes(roi: Roi) -> tuple[object, ...]:
    """What an ROI is called and drawn as."""
    return roi.number, roi.name, roi.color, roi.interpreted_type


def made_rois(series: Series) -> tuple[Roi, ...]:
    """ROIs of all four drawn types on a series."""
    planes = [item.plane for item in series.slices]
    assert planes[0] is not None
    assert planes[3] is not None
    closed = planes[0].patient_xyz([[1, 2], [9, 3], [4, 12]]).round(3)
    path = np.vstack([planes[0].patient_xyz([[3, 3]]), planes[3].patient_xyz([[8, 9]])]).round(3)
    line = planes[3].patient_xyz([[1, 2], [9, 3]]).round(3)
    first = (
        Contour(GeometricType.CLOSED_PLANAR, frozen_points(closed), sop_uid(1)),
        Contour(GeometricType.OPEN_NONPLANAR, frozen_points(path)),
    )
    second = (
        Contour(GeometricType.OPEN_PLANAR, frozen_points(line), sop_uid(4)),
        Contour(GeometricType.POINT, frozen_points(line[:1]), sop_uid(4)),
    )
    return Roi(1, "GTV, left", (1, 2, 3), "GTV", first), Roi(5, "=SUM(A1)", (4, 5, 6), "", second)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_exported_is_read_again_as_the_same(tmp_path: Path, frame: str, form: str) -> None:
    structure_set = empty_set()
    for roi in made_rois(OBLIQUE):
        structure_set = with_roi(structure_set, roi)
    text = write_points(structure_set, OBLIQUE, "csv" if form == "csv" else "json", frame=frame)
    if form == "json":
        assert_follows_schema(json.loads(text), "points")
    again = read_points([listed(tmp_path, text, f"list.{form}")], OBLIQUE)
    tolerance_mm = 0.0 if frame.endswith("mm") else 0.001  # pixels are on the plane, rounded millimetres beside it
    for roi, old in zip(again, structure_set.rois, strict=True):
        assert (roi.number, roi.name, roi.color, roi.interpreted_type) == (
            old.number,
            old.name,
            old.color,
            old.interpreted_type,
        )
        for new, known in zip(roi.contours, old.contours, strict=True):
            assert (new.geometric_type, new.sop_instance_uid) == (known.geometric_type, known.sop_instance_uid)
            assert np.abs(new.points_xyz - known.points_xyz).max() <= tolerance_mm


def test_coordinates_on_the_grid_have_three_decimals_and_finer_ones_all_of_theirs() -> None:
    contour = Contour(GeometricType.POINT, frozen_points([[1.5, -0.0001234, 103]]))
    text = write_points(with_roi(empty_set(), Roi(1, "A", (1, 2, 3), "", (contour,))), None, "csv")
    assert text.splitlines()[0] == "# frame: lps-mm"
    assert text.splitlines()[2] == "A,1,#010203,,POINT,1,1.500,-0.0001234,103.000,"


@given(st.lists(st.tuples(*[st.floats(-500, 500)] * 3), min_size=1, max_size=5))
@settings(max_examples=40)
def test_any_double_survives_export_and_import(points: list[tuple[float, float, float]]) -> None:
    contours = tuple(Contour(GeometricType.POINT, frozen_points([point])) for point in points)
    text = write_points(with_roi(empty_set(), Roi(1, "A", (1, 2, 3), "", contours)), None, "csv")
    rows = [line.split(",") for line in text.splitlines()[2:]]
    assert [tuple(float(cell) for cell in row[6:9]) for row in rows] == points


def test_a_formula_in_a_name_is_neutralised_unless_raw_is_asked_for() -> None:
    structure_set = with_roi(empty_set(), made_rois(AXIAL)[1])
    assert "\n'=SUM(A1),5," in write_points(structure_set, AXIAL, "csv")
    assert "\n=SUM(A1),5," in write_points(structure_set, AXIAL, "csv", raw=True)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_a_neutralised_name_comes_back_as_it_was(sign: str, tmp_path: Path) -> None:
    point = Contour(GeometricType.POINT, frozen_points([[0, 0, 103]]))
    structure_set = with_roi(empty_set(), Roi(1, f"{sign}A", (1, 2, 3), "", (point,)))
    path = tmp_path / "points.csv"
    path.write_text(write_points(structure_set, None, "csv"))
    assert f"\n'{sign}A," in path.read_text()
    assert [roi.name for roi in read_points([path], None)] == [f"{sign}A"]


def test_pixels_of_a_contour_on_no_slice_are_not_invented() -> None:
    off = Contour(GeometricType.POINT, frozen_points([[0, 0, 101.5]]))
    structure_set = with_roi(empty_set(), Roi(1, "A", (1, 2, 3), "", (off,)))
    with pytest.raises(InputError, match="lies on no slice"):
        write_points(structure_set, AXIAL, "csv", frame="pixel-centre")
    with pytest.raises(UsageError, match="need the series"):
        write_points(structure_set, None, "csv", frame="pixel-centre")
