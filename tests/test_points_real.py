"""A real structure set, written as a point list by pydicom alone, lies on the slices of its real series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from dcmtty.contours.points import read_points
from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.geometry.polygon import area_mm2


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    """Cropped images of one patient with structure sets that name images which are not there."""
    return shared_data / "ct-rtstruct" / "ibsi-sts-019"


@pytest.fixture(scope="module")
def series(folder: Path) -> Series:
    """The real CT."""
    (found,) = scan([folder / "CT"]).series
    return found


def first_roi(folder: Path) -> list[list[str]]:
    """Contour Data of the first ROI as the file has it, one list of texts for each contour."""
    dataset = pydicom.dcmread(folder / "RTSTRUCT" / "RS_CT.dcm")
    contours = dataset.ROIContourSequence[0].ContourSequence
    return [[str(value) for value in contour.ContourData] for contour in contours]


def slice_positions(series: Series) -> dict[str, float]:
    """Patient z of every image, read by pydicom alone."""
    found = {}
    for item in series.slices:
        dataset = pydicom.dcmread(item.instance.path, stop_before_pixels=True)
        found[str(dataset.SOPInstanceUID)] = float(dataset.ImagePositionPatient[2])
    return found


@pytest.mark.parametrize("form", ["csv", "lines", "string"])
def test_each_contour_lies_on_the_image_of_its_position(
    tmp_path: Path, folder: Path, series: Series, form: str
) -> None:
    contours = first_roi(folder)
    triples = [[data[i : i + 3] for i in range(0, len(data), 3)] for data in contours]
    path = tmp_path / {"csv": "GTV.csv", "lines": "GTV.txt", "string": "GTV.dicom.txt"}[form]
    if form == "csv":
        rows = [f"GTV,CLOSED_PLANAR,{n},{','.join(p)}" for n, points in enumerate(triples) for p in points]
        path.write_text("# frame: lps-mm\nroi,geometric type,contour,x,y,z\n" + "\n".join(rows) + "\n")
    elif form == "lines":
        path.write_text("\n\n".join("\n".join("\t".join(p) for p in points) for points in triples))
    else:
        path.write_text("\n".join("\\".join(data) for data in contours))
    (tmp_path / "GTV.count.txt").write_text(" ".join(str(len(points)) for points in triples))
    (roi,) = read_points([path], series, "lps-mm")
    positions = slice_positions(series)
    assert len(roi.contours) == len(contours)
    for contour, points in zip(roi.contours, triples, strict=True):
        expected = np.array(points, dtype=np.float64)
        assert contour.points_xyz.tolist() == expected.tolist()
        assert positions[contour.sop_instance_uid] == pytest.approx(expected[0, 2], abs=0.01)
        x, y = expected[:, 0], expected[:, 1]
        shoelace = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
        assert area_mm2(contour.points_xyz) == pytest.approx(shoelace, rel=1e-6)
