"""The samples are what their README says: synthetic, reproducible, conformant, and true to the analytic shapes."""

import csv
import hashlib
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from checkout import SAMPLES
from peers import peer

NODULE_CENTRE = (78.4, -22.6, -683.0)
NODULE_RADIUS_MM = 13.0
SLICE_STEP_MM = 4.0


def data_files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of the two data folders, by its path below `folder`."""
    found = [path for part in ("ct-thorax", "points") for path in (folder / part).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def slices(phantom_dir: Path) -> list[pydicom.Dataset]:
    """The data sets of the phantom, sorted by patient z."""
    datasets = [pydicom.dcmread(path) for path in phantom_dir.iterdir()]
    return sorted(datasets, key=lambda dataset: float(dataset.ImagePositionPatient[2]))


@pytest.fixture(scope="module")
def csv_rows() -> list[dict[str, str]]:
    """The rows of contours.csv."""
    return rows_of(SAMPLES / "points" / "contours.csv")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a point list in CSV, without its frame line."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def patient_points(rows: list[dict[str, str]]) -> NDArray[np.float64]:
    """The coordinates in mm of rows of contours.csv, shape (n, 3)."""
    return np.array([[float(row[axis]) for axis in "xyz"] for row in rows])


def test_generating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SAMPLES / "generate.py"), str(tmp_path)], check=True)
    assert data_files(tmp_path) == data_files(SAMPLES)


def test_the_samples_stay_below_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) <= 3_000_000


def test_every_slice_passes_dciodvfy_without_a_word(phantom_dir: Path) -> None:
    dciodvfy = peer("dciodvfy")
    for path in sorted(phantom_dir.iterdir()):
        done = subprocess.run([dciodvfy, path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, "CTImage\n"), path.name


def test_exactly_one_slice_is_missing_and_it_is_in_the_middle(slices: list[pydicom.Dataset]) -> None:
    z = np.array([float(dataset.ImagePositionPatient[2]) for dataset in slices])
    steps = np.diff(z)
    assert len(slices) == 45
    assert np.flatnonzero(steps == 2 * SLICE_STEP_MM).tolist() == [21]
    assert np.count_nonzero(steps == SLICE_STEP_MM) == len(steps) - 1


def test_neither_names_nor_instance_numbers_give_the_order(phantom_dir: Path) -> None:
    by_name = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(phantom_dir.iterdir())]
    by_z = sorted(by_name, key=lambda dataset: float(dataset.ImagePositionPatient[2]))
    by_number = sorted(by_name, key=lambda dataset: int(dataset.InstanceNumber))
    uids = [[dataset.SOPInstanceUID for dataset in order] for order in (by_name, by_z, by_number)]
    assert uids[0] not in (uids[1], uids[1][::-1])
    assert uids[2] not in (uids[1], uids[1][::-1])


def test_pixels_and_matrix_are_anisotropic(slices: list[pydicom.Dataset]) -> None:
    first = slices[0]
    assert first.Rows != first.Columns
    assert first.PixelSpacing[0] != first.PixelSpacing[1]
    assert first.PixelData != slices[1].PixelData


def test_the_nodule_in_the_pixels_has_the_analytic_area(slices: list[pydicom.Dataset]) -> None:
    for dataset in slices:
        radius_squared = NODULE_RADIUS_MM**2 - (float(dataset.ImagePositionPatient[2]) - NODULE_CENTRE[2]) ** 2
        if radius_squared <= 0:
            continue
        (row_mm, column_mm), origin = dataset.PixelSpacing, dataset.ImagePositionPatient
        hu = dataset.pixel_array.astype(float) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        column = round((NODULE_CENTRE[0] - origin[0]) / column_mm)
        row = round((NODULE_CENTRE[1] - origin[1]) / row_mm)
        near = hu[row - 8 : row + 9, column - 8 : column + 9]
        filled = ((near + 850) / (40 + 850)).sum() * row_mm * column_mm
        assert filled == pytest.approx(math.pi * radius_squared, abs=0.03 * math.pi * NODULE_RADIUS_MM**2)


def test_the_contours_lie_on_the_analytic_sphere(csv_rows: list[dict[str, str]]) -> None:
    points = patient_points([row for row in csv_rows if row["roi"] == "GTV"])
    assert len(points) == 6 * 48
    distances = np.linalg.norm(points - NODULE_CENTRE, axis=1)
    assert np.abs(distances - NODULE_RADIUS_MM).max() < 0.01


def test_columns_rows_and_slices_name_the_same_points(
    csv_rows: list[dict[str, str]], slices: list[pydicom.Dataset]
) -> None:
    pixel_rows = rows_of(SAMPLES / "points" / "contours-pixel.csv")
    mapped = []
    for row in pixel_rows:
        dataset = slices[int(row["slice"]) - 1]
        (row_mm, column_mm), (x, y, z) = dataset.PixelSpacing, dataset.ImagePositionPatient
        mapped.append((x + column_mm * float(row["column"]), y + row_mm * float(row["row"]), z))
    assert np.abs(np.array(mapped, dtype=float) - patient_points(csv_rows)).max() < 1e-6
    shared = ("roi", "number", "color", "interpreted_type", "geometric_type", "contour")
    assert [[row[key] for key in shared] for row in pixel_rows] == [[row[key] for key in shared] for row in csv_rows]


def test_json_names_the_same_points_and_the_image_they_lie_on(
    csv_rows: list[dict[str, str]], slices: list[pydicom.Dataset]
) -> None:
    document = json.loads((SAMPLES / "points" / "contours.json").read_text())
    contours = [contour for roi in document["rois"] for contour in roi["contours"]]
    points = [point for contour in contours for point in contour["points"]]
    assert np.array_equal(np.array(points), patient_points(csv_rows))
    z_of_image = {dataset.SOPInstanceUID: float(dataset.ImagePositionPatient[2]) for dataset in slices}
    referring = [contour for contour in contours if "sop_instance_uid" in contour]
    assert len(referring) == 7
    for contour in referring:
        assert {point[2] for point in contour["points"]} == {z_of_image[contour["sop_instance_uid"]]}


def test_the_paper_forms_name_the_same_points(csv_rows: list[dict[str, str]]) -> None:
    paper = SAMPLES / "points" / "paper"
    expected = patient_points([row for row in csv_rows if row["roi"] == "GTV"])
    lines = [line for line in (paper / "GTV.txt").read_text().splitlines() if not line.startswith("#")]
    assert np.array_equal(np.array([line.split("\t") for line in lines], dtype=float), expected)
    assert int((paper / "GTV.count.txt").read_text()) == len(expected)
    string = (paper / "GTV.dicom.txt").read_text().splitlines()[-1]
    assert np.array_equal(np.array(string.split("\\"), dtype=float).reshape(-1, 3), expected)


def test_the_samples_hold_nobodys_name(slices: list[pydicom.Dataset]) -> None:
    assert {str(dataset.PatientName) for dataset in slices} == {"PHANTOM^THORAX"}
    assert {dataset.PatientID for dataset in slices} == {"SYNTHETIC-1"}
    people = [element.keyword for element in slices[0].iterall() if element.VR == "PN" and element.value]
    assert people == ["PatientName"]
