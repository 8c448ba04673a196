"""Point lists in JSON become contours, or are refused by line and path."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dcmtty.contours.points import read_points
from dcmtty.errors import PointsRefused
from made_series import sop_uid
from point_lists import AXIAL, OBLIQUE, listed


def document(**changes: object) -> dict[str, object]:
    """A JSON list with one contour."""
    contour = {"geometric_type": "CLOSED_PLANAR", "points": [[-10, -20, 103], [5, -20, 103], [0, 10.5, 103]]}
    roi = {"name": "A", "number": 3, "color": [1, 2, 3], "interpreted_type": "PTV", "contours": [contour]}
    return {"schema": "dcmtty.points/1", "frame": "lps-mm", "rois": [roi], **changes}


def test_json_is_read_with_all_its_attributes(tmp_path: Path) -> None:
    (roi,) = read_points([listed(tmp_path, json.dumps(document()), "list.json")], AXIAL)
    assert (roi.number, roi.name, roi.color, roi.interpreted_type) == (3, "A", (1, 2, 3), "PTV")
    assert roi.contours[0].points_xyz.tolist() == [[-10, -20, 103], [5, -20, 103], [0, 10.5, 103]]
    assert roi.contours[0].sop_instance_uid == sop_uid(2)


@pytest.mark.parametrize(
    "contour",
    [
        {"geometric_type": "POINT", "points": [[4, 7.5, 3]]},
        {"geometric_type": "POINT", "points": [[4, 7.5]], "slice": 3},
        {"geometric_type": "POINT", "points": [[4, 7.5]], "sop_instance_uid": sop_uid(3)},
    ],
)
def test_json_pixels_name_their_slice_in_three_ways(tmp_path: Path, contour: dict[str, object]) -> None:
    data = document(frame="pixel-centre", rois=[{"name": "A", "contours": [contour]}])
    (roi,) = read_points([listed(tmp_path, json.dumps(data), "list.json")], OBLIQUE)
    plane = OBLIQUE.slices[2].plane
    assert plane is not None
    assert np.abs(roi.contours[0].points_xyz - plane.patient_xyz([[4, 7.5]])).max() < 1e-9


def json_lines(contour: str, frame: str = "lps-mm", roi: str = '"name": "A"') -> str:
    """A document whose contour stands on line 3."""
    return f'{{"frame": "{frame}", "rois": [\n{{{roi}, "contours": [\n{contour}]}}]}}'


REFUSED_JSON = [
    ("nan", json_lines('{"geometric_type": "POINT",\n"points": [[NaN, 1, 2]]}'), 4, "NaN is not a number"),
    ("text", json_lines('{"geometric_type": "POINT",\n"points": [["1", 1, 2]]}'), 4, "points[0][0] 1 is not a number"),
    ("bool", json_lines('{"geometric_type": "POINT", "points": [[true, 1, 2]]}'), 3, "is not a number"),
    ("huge", json_lines('{"geometric_type": "POINT", "points": [[1' + "0" * 400 + ", 1, 2]]}"), 3, "out of all bounds"),
    ("few", json_lines('{"geometric_type": "POINT", "points": [\n[1, 2]]}'), 4, "points[0] has 2 values"),
    ("type", json_lines('{"geometric_type": "BLOB", "points": [[1, 2, 3]]}'), 3, "“BLOB” is no geometric type"),
    ("key", json_lines('{"geometric_type": "POINT", "points": [[1, 2, 3]], "slize": 3}'), 3, "key “slize”"),
    ("none", json_lines('{"geometric_type": "POINT", "points": []}'), 3, "has no points"),
    ("slice", json_lines('{"geometric_type": "POINT", "points": [[1, 2, 9]]}', "pixel-centre"), 3, "slice 9 is not"),
    (
        "half slice",
        json_lines('{"geometric_type": "POINT", "points": [[1, 2, 2.5]]}', "pixel-centre"),
        3,
        "whole number",
    ),
    ("name", json_lines('{"geometric_type": "POINT", "points": [[1, 2, 103]]}', roi='"name": ""'), 2, "needs a name"),
    ("syntax", '{"frame": "lps-mm",\n"rois": [}', 2, "not JSON"),
    ("frame", '{\n"frame": "mm", "rois": [{}]}', 2, "“mm” is no frame"),
    ("schema", '{"schema": "other/1",\n"frame": "lps-mm", "rois": []}', 1, "schema other/1 is unknown"),
    ("no rois", '{"frame": "lps-mm",\n"rois": []}', 2, "holds no ROI"),
    ("list", "[1, 2]", 1, "is not an object"),
]


@pytest.mark.parametrize(
    ("text", "line", "said"), [case[1:] for case in REFUSED_JSON], ids=[c[0] for c in REFUSED_JSON]
)
def test_a_wrong_json_is_refused_by_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = listed(tmp_path, text, "list.json")
    with pytest.raises(PointsRefused) as caught:
        read_points([path], AXIAL)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)


def test_json_nested_beyond_reason_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PointsRefused, match="nested too deep"):
        read_points([listed(tmp_path, "[" * 200_000, "list.json")], AXIAL)


@pytest.mark.parametrize(
    ("again", "line"),
    [
        ('"frame": "lps-mm",\n"frame": "ras-mm",\n"rois": [{"name": "A",\n"contours": [CONTOUR]}]', 3),
        ('"frame": "lps-mm",\n"rois": [{"name": "A",\n"contours": [CONTOUR],\n"Contours": []}]', 5),
        ('"frame": "lps-mm",\n"rois": [{"name": "A",\n"contours": [CONTOUR,\n{"points": [], "points": []}]}]', 5),
    ],
)
def test_a_key_that_is_there_twice_is_refused_by_its_line(tmp_path: Path, again: str, line: int) -> None:
    """Python would keep the last of them without a word, and the rest would not be imported."""
    contour = '{"geometric_type": "POINT", "points": [[0, 0, 103]]}'
    path = listed(tmp_path, "{\n" + again.replace("CONTOUR", contour) + "}", "list.json")
    with pytest.raises(PointsRefused, match=rf"list\.json:{line}: the key “\w+” is there twice"):
        read_points([path], AXIAL)
