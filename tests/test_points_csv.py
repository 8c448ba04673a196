"""Point lists in CSV become contours, or are refused by line with nothing imported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dcmtty.contours.model import GeometricType
from dcmtty.contours.points import read_points
from dcmtty.errors import FrameNotDeclared, InputError, PointsRefused, UsageError
from made_series import COLUMN_SPACING_MM, ROW_SPACING_MM, sop_uid
from point_lists import AXIAL, HEAD, OBLIQUE, TRIANGLE, listed, points_of


def test_csv_in_millimetres_is_read_exactly_and_matched_to_slices(tmp_path: Path) -> None:
    (roi,) = read_points([listed(tmp_path, f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}")], AXIAL)
    (contour,) = roi.contours
    assert contour.points_xyz.tolist() == [[-10, -20, 103], [5, -20, 103], [0, 10.5, 103]]
    assert (roi.number, roi.name, contour.geometric_type) == (1, "A", GeometricType.CLOSED_PLANAR)
    assert (contour.sop_instance_uid, contour.frame, contour.origin) == (sop_uid(2), 0, -1)


def test_numbers_keep_their_double_precision(tmp_path: Path) -> None:
    text = "# frame: lps-mm\n" + HEAD + "\nA,POINT,1,0.1234567890123,-1e-7,103.00000000001\n"
    assert points_of(read_points([listed(tmp_path, text)], AXIAL)) == [[[0.1234567890123, -1e-7, 103.00000000001]]]


def test_ras_is_turned_to_lps(tmp_path: Path) -> None:
    text = "# frame: ras-mm\n" + HEAD + "\nA,POINT,1,3,-4,103\n"
    assert points_of(read_points([listed(tmp_path, text)], AXIAL)) == [[[-3, 4, 103]]]


@pytest.mark.parametrize(("frame", "shift"), [("pixel-centre", 0.0), ("pixel-corner", 0.5)])
def test_pixels_are_mapped_by_the_plane_of_their_own_slice(tmp_path: Path, frame: str, shift: float) -> None:
    text = f"# frame: {frame}\nroi,geometric type,contour,column,row,slice\nA,POINT,1,4,7.5,3\n"
    (point,) = points_of(read_points([listed(tmp_path, text)], OBLIQUE))[0]
    plane = OBLIQUE.slices[2].plane
    assert plane is not None
    x, y, s = plane.row_direction, plane.column_direction, plane.origin_xyz
    expected = s + x * COLUMN_SPACING_MM * (4 - shift) + y * ROW_SPACING_MM * (7.5 - shift)
    assert np.abs(np.array(point) - expected).max() < 1e-9


def test_a_slice_is_named_by_number_by_image_or_by_instance_number(tmp_path: Path) -> None:
    head = "# frame: pixel-centre\nroi,geometric_type,column,row,"
    texts = [
        "slice\nA,POINT,1,2,4\n",
        f"sop_instance_uid\nA,POINT,1,2,{sop_uid(4)}\n",
        "instance_number\nA,POINT,1,2,96\n",
    ]
    found = [points_of(read_points([listed(tmp_path, head + text)], OBLIQUE)) for text in texts]
    assert found[0] == found[1] == found[2]


def test_without_a_contour_column_points_are_one_contour_each_and_slices_separate(tmp_path: Path) -> None:
    text = "# frame: lps-mm\nroi,geometric_type,x,y,z\nP,POINT,1,2,103\nP,POINT,2,2,103\n"
    for z in (103, 106):
        text += f"A,CLOSED_PLANAR,0,0,{z}\nA,CLOSED_PLANAR,5,0,{z}\nA,CLOSED_PLANAR,0,5,{z}\n"
    points, closed = read_points([listed(tmp_path, text)], AXIAL)
    assert [len(contour.points_xyz) for contour in points.contours] == [1, 1]
    assert [contour.sop_instance_uid for contour in closed.contours] == [sop_uid(2), sop_uid(3)]


def test_all_attributes_of_an_roi_are_read(tmp_path: Path) -> None:
    head = "roi,number,color,interpreted_type,geometric_type,contour,x,y,z,frame"
    text = f"{head}\nA,7,#10ff00,ptv,point,1,1,2,103,lps-mm\nB,,1 2 3,,POINT,1,1,2,103,lps-mm\n"
    first, second = read_points([listed(tmp_path, text)], AXIAL)
    assert (first.number, first.color, first.interpreted_type) == (7, (16, 255, 0), "PTV")
    assert (second.number, second.color, second.interpreted_type) == (1, (1, 2, 3), "")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_line_endings_separators_and_a_byte_order_mark_do_not_matter(
    tmp_path: Path, ending: str, separator: str
) -> None:
    text = f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}".replace(",", separator).replace("\n", ending)
    rois = read_points([listed(tmp_path, b"\xef\xbb\xbf" + text.encode())], AXIAL)
    assert len(rois[0].contours[0].points_xyz) == 3


def test_a_repeated_first_point_is_left_out(tmp_path: Path) -> None:
    text = f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}A,CLOSED_PLANAR,1,-10,-20,103\n"
    assert len(read_points([listed(tmp_path, text)], AXIAL)[0].contours[0].points_xyz) == 3


def test_a_contour_on_no_slice_is_kept_where_it_is_without_an_image(tmp_path: Path) -> None:
    text = f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}".replace("103", "104.4")
    (contour,) = read_points([listed(tmp_path, text)], AXIAL)[0].contours
    assert (contour.sop_instance_uid, contour.points_xyz[0, 2]) == ("", 104.4)


def test_one_roi_may_come_from_several_files(tmp_path: Path) -> None:
    one = listed(tmp_path, f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}", "one.csv")
    two = listed(tmp_path, f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}".replace("103", "106"), "two.csv")
    (roi,) = read_points([one, two], AXIAL)
    assert [contour.sop_instance_uid for contour in roi.contours] == [sop_uid(2), sop_uid(3)]


def test_without_a_series_millimetres_are_read_and_matched_to_nothing(tmp_path: Path) -> None:
    text = f"{HEAD},sop_instance_uid\nA,POINT,1,1,2,3,1.2.9\n"
    (contour,) = read_points([listed(tmp_path, text)], None, "lps-mm")[0].contours
    assert (contour.points_xyz.tolist(), contour.sop_instance_uid) == ([[1, 2, 3]], "1.2.9")


def test_undeclared_coordinates_are_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(FrameNotDeclared, match="not declared") as caught:
        read_points([listed(tmp_path, f"{HEAD}\n{TRIANGLE}")], AXIAL)
    assert caught.value.exit_code == 2
    assert len(read_points([listed(tmp_path, f"{HEAD}\n{TRIANGLE}")], AXIAL, "lps-mm")) == 1


def test_pixels_without_a_series_and_unknown_frames_are_wrong_usage(tmp_path: Path) -> None:
    text = "# frame: pixel-centre\nroi,geometric_type,column,row,slice\nA,POINT,1,2,3\n"
    with pytest.raises(UsageError, match="without their series"):
        read_points([listed(tmp_path, text)], None)
    with pytest.raises(UsageError, match="no frame"):
        read_points([listed(tmp_path, text)], AXIAL, "lps")


def csv_case(rows: str, head: str = HEAD, frame: str = "lps-mm") -> str:
    """A list whose first data line is line 3."""
    return f"# frame: {frame}\n{head}\n{rows}"


NUMBERED = "roi,number,geometric_type,x,y,z"
BY_SLICE = "roi,geometric_type,x,y,z,slice"
BY_INSTANCE = "roi,geometric_type,x,y,z,instance_number"
PIXELS = "roi,geometric_type,column,row,slice"
MISSPELT = "roi,geometric_type,contuor,x,y,z,q"
TYPED = "roi,interpreted_type,geometric_type,x,y,z"

REFUSED_CSV = [
    ("nan", csv_case("A,POINT,1,nan,2,103\n"), 3, "x “nan” is not a number"),
    ("infinity", csv_case("A,POINT,1,1,-inf,103\n"), 3, "y “-inf” is not a number"),
    ("overflow", csv_case("A,POINT,1,1e300,2,103\n"), 3, "out of all bounds"),
    ("word", csv_case("A,POINT,1,1,2,here\n"), 3, "z “here” is not a number"),
    ("underscore", csv_case("A,POINT,1,1_0,2,103\n"), 3, "x “1_0” is not a number"),
    ("other digits", csv_case("A,POINT,1,١,2,103\n"), 3, "x “١” is not a number"),
    ("empty", csv_case("A,POINT,1,,2,103\n"), 3, "x “” is not a number"),
    ("decimal comma", csv_case('A,POINT,1,"1,5",2,103\n'), 3, "decimals after a point"),
    ("decimal commas bare", csv_case("A,POINT,1,1,5,2,2,103\n"), 3, "8 values for 6 columns"),
    ("too few", csv_case("A,POINT,1,1,2\n"), 3, "5 values for 6 columns"),
    ("type", csv_case("A,POLYGON,1,1,2,103\n"), 3, "“POLYGON” is no geometric type"),
    ("no type", csv_case("A,,1,1,2,103\n"), 3, "is no geometric type"),
    ("empty name", csv_case(",POINT,1,1,2,103\n"), 3, "needs a name"),
    ("long name", csv_case("x" * 65 + ",POINT,1,1,2,103\n"), 3, "64 characters"),
    ("backslash name", csv_case("a\\b,POINT,1,1,2,103\n"), 3, "backslash"),
    ("escape in name", csv_case("a\x1b[31m,POINT,1,1,2,103\n"), 3, "\\x1b[31m"),
    ("two points", csv_case("A,POINT,1,1,2,103\nA,POINT,1,2,2,103\n"), 3, "POINT with 2 points"),
    ("two types", csv_case("A,POINT,1,1,2,103\nA,OPEN_PLANAR,1,2,2,103\n"), 4, "began as POINT"),
    ("line", csv_case("A,CLOSED_PLANAR,1,1,2,103\nA,CLOSED_PLANAR,1,2,2,103\n"), 3, "3 different points"),
    ("no area", csv_case("".join(f"A,CLOSED_PLANAR,1,{x},2,103\n" for x in range(4))), 3, "no area"),
    ("open of one", csv_case("A,OPEN_PLANAR,1,2,2,103\n"), 3, "2 different points"),
    ("not flat", csv_case(TRIANGLE + "A,CLOSED_PLANAR,1,-5,5,106\n"), 3, "from flat"),
    ("comes again", csv_case(TRIANGLE + "B,POINT,1,1,2,103\n" + TRIANGLE), 7, "comes again"),
    ("unknown column", csv_case("A,POINT,1,1,2,3,103\n", MISSPELT), 2, "“contuor” is no column"),
    ("column twice", csv_case("A,POINT,1,1,2,103\n", "roi,geometric_type,x,x,y,z"), 2, "column x is there twice"),
    ("no roi column", csv_case("POINT,1,1,2,103\n", "geometric_type,contour,x,y,z"), 2, "column roi is missing"),
    ("no type column", csv_case("A,1,1,2,103\n", "roi,contour,x,y,z"), 2, "column geometric_type is missing"),
    ("no z", csv_case("A,POINT,1,2\n", "roi,geometric_type,x,y"), 2, "column z is missing"),
    ("mm in pixels", csv_case("A,POINT,1,1,2,103\n", frame="pixel-centre"), 2, "column column is missing"),
    ("both kinds", csv_case("A,POINT,1,2,3,1,1\n", "roi,geometric_type,x,y,z,column,row"), 2, "both mm and pixel"),
    ("no slice", csv_case("A,POINT,1,2\n", "roi,geometric_type,column,row", "pixel-centre"), 2, "on which slice"),
    ("no rows", csv_case(""), 2, "no point"),
    ("frame", csv_case(TRIANGLE, frame="lps"), 1, "“lps” is no frame"),
    (
        "two frames",
        csv_case("A,POINT,1,2,3,ras-mm\n", "roi,geometric_type,x,y,z,frame"),
        3,
        "contradicts lps-mm of line 1",
    ),
    ("type of roi", csv_case("A,NOSE,POINT,1,2,103\n", TYPED), 3, "NOSE is no RT ROI"),
    ("number zero", csv_case("A,0,POINT,1,2,103\n", NUMBERED), 3, "number 0 is out of range"),
    ("number text", csv_case("A,1.5,POINT,1,2,103\n", NUMBERED), 3, "“1.5” is not a whole"),
    ("color", csv_case("A,#12345,POINT,1,2,103\n", "roi,color,geometric_type,x,y,z"), 3, "is no colour"),
    ("two names", csv_case("A,1,POINT,1,2,103\nB,1,POINT,1,2,103\n", NUMBERED), 4, "is that of “A”"),
    ("two numbers", csv_case("A,1,POINT,1,2,103\nA,2,POINT,1,2,103\n", NUMBERED), 4, "differs from “1” above"),
    ("off its slice", csv_case("A,POINT,1,2,103,3\n", BY_SLICE), 3, "3.000 mm off slice 3"),
    ("slice 0", csv_case("A,POINT,1,2,103,0\n", BY_SLICE), 3, "slices run from 1 to 6"),
    ("slice 7", csv_case("A,POINT,1,2,7\n", PIXELS, "pixel-centre"), 3, "slice 7 is not"),
    ("slice 2.0", csv_case("A,POINT,1,2,2.0\n", PIXELS, "pixel-centre"), 3, "not a whole number"),
    ("blank slice", csv_case("A,POINT,1,2,\n", PIXELS, "pixel-centre"), 3, "on which slice"),
    ("image", csv_case("A,POINT,1,2,103,9.9\n", "roi,geometric_type,x,y,z,sop_instance_uid"), 3, "image 9.9 is not in"),
    ("instance", csv_case("A,POINT,1,2,103,5\n", BY_INSTANCE), 3, "number 5 is not in"),
    ("instance twice", csv_case("A,POINT,1,2,103,900\n", BY_INSTANCE), 3, "2 slices"),
    (
        "disagreeing",
        csv_case(f"A,POINT,1,2,3,{sop_uid(4)}\n", PIXELS + ",sop_instance_uid", "pixel-centre"),
        3,
        "names slice 4",
    ),
    ("far away", csv_case("A,POINT,400,2,3\n", PIXELS, "pixel-centre"), 3, "far outside"),
    ("far in mm", csv_case(TRIANGLE.replace("10.5", "400")), 5, "far outside"),
    ("latin-1", csv_case("Lésion,POINT,1,1,2,103\n").encode("latin-1"), 3, "byte 0xE9 is not UTF-8"),
    ("utf-16", csv_case(TRIANGLE).encode("utf-16"), 1, "UTF-16"),
    ("quote", csv_case('"A,POINT,1,1,2,103\n'), 3, "not CSV"),
]


@pytest.mark.parametrize(("text", "line", "said"), [case[1:] for case in REFUSED_CSV], ids=[c[0] for c in REFUSED_CSV])
def test_a_wrong_csv_is_refused_by_its_line(tmp_path: Path, text: str | bytes, line: int, said: str) -> None:
    path = listed(tmp_path, text)
    with pytest.raises(PointsRefused) as caught:
        read_points([path], AXIAL)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert said in message
    assert caught.value.remedy
    assert "\n" not in message
    assert "\x1b" not in message


def test_one_wrong_line_of_one_file_lets_nothing_in(tmp_path: Path) -> None:
    good = listed(tmp_path, f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}", "good.csv")
    bad = listed(tmp_path, f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}B,POINT,1,1,2,x\n", "bad.csv")
    with pytest.raises(PointsRefused, match=r"bad\.csv:6"):
        read_points([good, bad], AXIAL)


def test_an_option_that_contradicts_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PointsRefused, match="contradicts ras-mm of --frame"):
        read_points([listed(tmp_path, f"# frame: lps-mm\n{HEAD}\n{TRIANGLE}")], AXIAL, "ras-mm")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        read_points([tmp_path / "none.csv"], AXIAL)


@pytest.mark.parametrize(
    "header",
    [
        "ROI,Geometric Type,Contour,X,Y,Z,SOP Instance",
        "roi name,type,contour number,px,py,pz,SOP Instance UID",
        "ROIName,ContourGeometricType,ContourNumber,x_mm,y-mm,z mm,ReferencedSOPInstanceUID",
    ],
)
def test_columns_are_known_by_the_names_that_people_give_them(tmp_path: Path, header: str) -> None:
    lines = [f"R,CLOSED_PLANAR,1,{x},{y},103,{sop_uid(2)}" for x, y in ((-10, -20), (5, -20), (0, 10.5))]
    text = "\n".join(["# frame: lps-mm", header, *lines])
    (roi,) = read_points([listed(tmp_path, text)], AXIAL)
    assert (roi.name, roi.contours[0].sop_instance_uid) == ("R", sop_uid(2))
    assert roi.contours[0].points_xyz.tolist() == [[-10, -20, 103], [5, -20, 103], [0, 10.5, 103]]
