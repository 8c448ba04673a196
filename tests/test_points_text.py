"""The text forms of the paper become contours, or are refused by line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dcmtty.contours.model import GeometricType
from dcmtty.contours.points import read_points
from dcmtty.errors import PointsRefused
from made_series import sop_uid
from point_lists import AXIAL, OBLIQUE, listed, points_of

SLICES = "0\t0\t103\n5\t0\t103\n0\t5\t103\n1 0 106\n6 0 106\n1 5 106\n"


def test_the_papers_lines_become_one_closed_contour_per_slice(tmp_path: Path) -> None:
    (roi,) = read_points([listed(tmp_path, "# frame: lps-mm\n" + SLICES, "heart.txt")], AXIAL)
    assert roi.name == "heart"
    assert [contour.geometric_type for contour in roi.contours] == [GeometricType.CLOSED_PLANAR] * 2
    assert [contour.sop_instance_uid for contour in roi.contours] == [sop_uid(2), sop_uid(3)]
    assert roi.contours[1].points_xyz.tolist() == [[1, 0, 106], [6, 0, 106], [1, 5, 106]]


def test_the_papers_dicom_string_gives_the_same_as_its_lines(tmp_path: Path) -> None:
    values = SLICES.split()
    lines = listed(tmp_path, "# frame: lps-mm\n" + SLICES, "heart.txt")
    string = listed(tmp_path, "# frame: lps-mm\n" + "\\".join(values) + " \n", "heart.dicom.txt")
    (one,), (two,) = read_points([lines], AXIAL), read_points([string], AXIAL)
    assert points_of((one,)) == points_of((two,))
    assert (one.name, two.name) == ("heart", "heart")


def test_headers_of_a_text_file_name_roi_and_type(tmp_path: Path) -> None:
    head = "# frame: lps-mm\n# roi: Needle 1\n# geometric type: OPEN_NONPLANAR\n# color: #010203\n# made by hand\n"
    (roi,) = read_points([listed(tmp_path, head + SLICES, "a.txt")], AXIAL)
    assert (roi.name, roi.color, len(roi.contours)) == ("Needle 1", (1, 2, 3), 1)
    assert roi.contours[0].geometric_type is GeometricType.OPEN_NONPLANAR


def test_a_blank_line_separates_two_contours_on_one_slice(tmp_path: Path) -> None:
    text = "# frame: lps-mm\n0 0 103\n5 0 103\n0 5 103\n\n8 0 103\n9 0 103\n8 5 103\n"
    (roi,) = read_points([listed(tmp_path, text, "a.txt")], AXIAL)
    assert [len(contour.points_xyz) for contour in roi.contours] == [3, 3]


def test_a_single_point_is_a_point(tmp_path: Path) -> None:
    (roi,) = read_points([listed(tmp_path, "1 2 103\n", "iso.txt")], AXIAL, "lps-mm")
    assert roi.contours[0].geometric_type is GeometricType.POINT


def test_pixel_lines_give_column_row_slice(tmp_path: Path) -> None:
    text = "# frame: pixel-centre\n1 2 3\n6 2 3\n1 9 3\n"
    (roi,) = read_points([listed(tmp_path, text, "a.txt")], OBLIQUE)
    plane = OBLIQUE.slices[2].plane
    assert plane is not None
    assert np.abs(roi.contours[0].points_xyz - plane.patient_xyz([[1, 2], [6, 2], [1, 9]])).max() < 1e-9


@pytest.mark.parametrize("companion", ["heart.count.txt", "heart_count.txt", "heart.count"])
@pytest.mark.parametrize("count", ["6\n", "3\n3\n", "3 3", "# points\n6"])
def test_a_companion_with_the_right_count_is_accepted(tmp_path: Path, companion: str, count: str) -> None:
    path = listed(tmp_path, "# frame: lps-mm\n" + SLICES, "heart.txt")
    listed(tmp_path, count, companion)
    assert len(read_points([path], AXIAL)[0].contours) == 2


def test_a_companion_named_among_the_files_is_not_taken_for_points(tmp_path: Path) -> None:
    path = listed(tmp_path, "# frame: lps-mm\n" + SLICES, "heart.txt")
    count = listed(tmp_path, "6\n", "heart.count.txt")
    assert len(read_points([count, path], AXIAL)) == 1


def test_a_companion_cuts_two_contours_of_one_slice_apart(tmp_path: Path) -> None:
    path = listed(tmp_path, "0 0 103\n5 0 103\n0 5 103\n8 0 103\n9 0 103\n8 5 103\n", "heart.txt")
    listed(tmp_path, "3\n3\n", "heart.count.txt")
    assert [len(c.points_xyz) for c in read_points([path], AXIAL, "lps-mm")[0].contours] == [3, 3]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        ("5", "6 points, but heart.count.txt says 5"),
        ("3 4", "says 7"),
        ("six", "is not a number of points"),
        ("", "no number"),
    ],
)
def test_a_companion_with_another_count_is_refused(tmp_path: Path, count: str, said: str) -> None:
    path = listed(tmp_path, "# frame: lps-mm\n" + SLICES, "heart.txt")
    listed(tmp_path, count, "heart.count.txt")
    with pytest.raises(PointsRefused) as caught:
        read_points([path], AXIAL)
    assert said in str(caught.value)


REFUSED_TEXT = [
    ("two values", "# frame: lps-mm\n0 0\n", 2, "2 values in “0 0”"),
    ("word", "# frame: lps-mm\n0 0 a\n", 2, "z “a” is not a number"),
    ("comma", "# frame: lps-mm\n0,5 1,5 103,0\n", 2, "decimals after a point"),
    ("no multiple", "# frame: lps-mm\n1\\2\\3\\4\n", 2, "4 values between backslashes"),
    ("hole", "# frame: lps-mm\n1\\\\3\n", 2, "“” is not a number"),
    ("two points", "# frame: lps-mm\n1 2 103\n2 2 103\n", 2, "no closed contour"),
    ("through slices", "# frame: lps-mm\n1 2 103\n2 2 106\n3 2 109\n", 2, "no closed contour"),
    ("two frames", "# frame: lps-mm\n1 2 103\n# frame: ras-mm\n", 3, "contradicts lps-mm of line 1"),
    ("type", "# frame: lps-mm\n# geometric_type: BLOB\n1 2 103\n", 2, "“BLOB” is no geometric type"),
    ("two rois", "# frame: lps-mm\n# roi: A\n1 2 103\n# roi: B\n", 4, "roi is said twice"),
    ("pixel slice", "# frame: pixel-centre\n1 2 3.5\n", 2, "slice “3.5” is not a whole number"),
]


@pytest.mark.parametrize(
    ("text", "line", "said"), [case[1:] for case in REFUSED_TEXT], ids=[c[0] for c in REFUSED_TEXT]
)
def test_a_wrong_text_is_refused_by_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = listed(tmp_path, text, "heart.txt")
    with pytest.raises(PointsRefused) as caught:
        read_points([path], AXIAL)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["empty.txt", "empty.csv", "empty.json"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PointsRefused):
        read_points([listed(tmp_path, "", name)], AXIAL, "lps-mm")


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\x0b", "\x0c", "\x1c"])
def test_only_line_ends_of_text_files_count_as_lines(tmp_path: Path, separator: str) -> None:
    text = f"# frame: lps-mm\n# by {separator} hand\n0 0 103\n5 0 wrong\n"
    with pytest.raises(PointsRefused, match=r"heart\.txt:4: z “wrong”"):
        read_points([listed(tmp_path, text, "heart.txt")], AXIAL)
    text = f"# frame: lps-mm\n0 0 103{separator}5 0 103\n"
    with pytest.raises(PointsRefused, match=r"heart\.txt:2: 6 values"):
        read_points([listed(tmp_path, text, "heart.txt")], AXIAL)
