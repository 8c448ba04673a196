"""What both end-to-end tests share: the real series, contours entered by hand, and independent judges of the result."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

from peers import peer

HAND: dict[int, tuple[tuple[float, float], ...]] = {
    20: ((30.5, 40.5), (90.5, 40.5), (90.5, 90.5), (30.5, 90.5)),
    21: ((25.5, 60.5), (60.5, 30.5), (100.5, 50.5), (95.5, 90.5), (45.5, 98.5)),
    22: ((40.5, 35.5), (88.5, 42.5), (102.5, 75.5), (60.5, 101.5), (22.5, 70.5)),
}
"""Contours entered by hand: slice number to corners as (column, row), between pixel centres: a voxel is in or out."""

Rois = dict[str, dict[str, list[NDArray[np.float64]]]]
"""ROI name to SOP Instance UID to contours, shape (n, 3)."""

HAND_CSV = "# frame: pixel-centre\nroi,interpreted_type,geometric_type,contour,column,row,slice\n" + "".join(
    f"Hand,ORGAN,CLOSED_PLANAR,{number},{column},{row},{slice_number}\n"
    for number, (slice_number, corners) in enumerate(HAND.items(), start=1)
    for column, row in corners
)


def series_folder(shared_data: Path) -> Path:
    """The CT of ibsi-sts-019."""
    return shared_data / "ct-rtstruct" / "ibsi-sts-019" / "CT"


def structures_file(shared_data: Path) -> Path:
    """The RTSTRUCT that was drawn on it."""
    return shared_data / "ct-rtstruct" / "ibsi-sts-019" / "RTSTRUCT" / "RS_CT.dcm"


def shoelace_mm2(points: NDArray[np.float64]) -> float:
    """Area of an axial polygon, shape (n, 3), by the shoelace formula in x and y."""
    x, y = points[:, 0], points[:, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def perimeter_mm(points: NDArray[np.float64]) -> float:
    """Length of a closed line, shape (n, 3)."""
    return float(np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1).sum())


def contours(path: Path) -> Rois:
    """ROI name to SOP Instance UID to contours, shape (n, 3), as pydicom reads the file."""
    dataset = pydicom.dcmread(path)
    names = {int(item.ROINumber): str(item.ROIName) for item in dataset.StructureSetROISequence}
    found: Rois = {}
    for item in dataset.ROIContourSequence:
        by_image = found.setdefault(names[int(item.ReferencedROINumber)], {})
        for contour in item.get("ContourSequence", []):
            points = np.array([float(value) for value in contour.ContourData]).reshape(-1, 3)
            by_image.setdefault(str(contour.ContourImageSequence[0].ReferencedSOPInstanceUID), []).append(points)
    return found


def hand_areas_mm2(series: Path) -> dict[str, float]:
    """SOP Instance UID to the area that the corners of HAND enclose, from pixel spacing and the images alone."""
    images = sorted(
        (pydicom.dcmread(path, stop_before_pixels=True) for path in series.iterdir()),
        key=lambda image: float(image.ImagePositionPatient[2]),
    )
    found: dict[str, float] = {}
    for number, corners in HAND.items():
        image = images[number - 1]
        between_rows, between_columns = (float(value) for value in image.PixelSpacing)
        pixels = np.array([(column * between_columns, row * between_rows, 0.0) for column, row in corners])
        found[str(image.SOPInstanceUID)] = shoelace_mm2(pixels)
    return found


def dciodvfy_messages(path: Path) -> list[str]:
    """What dciodvfy has against a file."""
    done = subprocess.run([peer("dciodvfy"), path], capture_output=True, text=True, check=False)
    return [line for line in (done.stderr + done.stdout).splitlines() if line.startswith(("Error", "Warning"))]


def voxel_areas_mm2(path: Path, series: Path, work: Path) -> dict[str, dict[float, float]]:
    """ROI name to slice position z to the area in which plastimatch sets voxels."""
    subprocess.run(
        [peer("plastimatch"), "convert", "--input", path, "--referenced-ct", series,
         "--output-prefix", work / "masks", "--prefix-format", "nrrd"],
        check=True, capture_output=True,
    )  # fmt: skip
    return {file.stem: _mask_areas(file) for file in (work / "masks").glob("*.nrrd")}


def _mask_areas(path: Path) -> dict[float, float]:
    data = path.read_bytes()
    header, _, body = data.partition(b"\n\n")
    fields = dict(
        line.split(":", 1) for line in header.decode().splitlines() if ":" in line and not line.startswith("#")
    )
    sizes = [int(value) for value in fields["sizes"].split()]
    vectors = re.findall(r"\(([^)]*)\)", fields["space directions"])
    spacing = [abs(float(vector.split(",")[axis])) for axis, vector in enumerate(vectors)]
    z0 = float(re.findall(r"\(([^)]*)\)", fields["space origin"])[0].split(",")[2])
    if fields["encoding"].strip() == "gzip":
        import gzip

        body = gzip.decompress(body)
    voxels = np.frombuffer(body, dtype=np.uint8).reshape(sizes[::-1])
    counts = (voxels != 0).sum(axis=(1, 2))
    return {
        round(z0 + index * spacing[2], 2): float(count) * spacing[0] * spacing[1]
        for index, count in enumerate(counts)
        if count
    }


def check_result(path: Path, series: Path, structures: Path, work: Path) -> None:
    """Let dciodvfy, the shoelace formula and plastimatch judge a structure set of HAND and ROI 1 of `structures`."""
    source_messages = {_attribute(line) for line in dciodvfy_messages(min(series.iterdir()))}
    assert [line for line in dciodvfy_messages(path) if _attribute(line) not in source_messages] == []
    written, before = contours(path), contours(structures)
    for uid, area in hand_areas_mm2(series).items():
        assert abs(sum(map(shoelace_mm2, written["Hand"][uid])) - area) <= 1e-3 * area
    (taken_over,) = before
    old = sorted(shoelace_mm2(points) for many in before[taken_over].values() for points in many)
    new = sorted(shoelace_mm2(points) for many in written[taken_over].values() for points in many)
    np.testing.assert_allclose(new, old, rtol=1e-3)
    _check_voxels(written, path, series, work)


def _attribute(message: str) -> str:
    found = re.search(r"\((0x[0-9a-f]{4},0x[0-9a-f]{4})\)", message)
    return found[1] if found else message


def _check_voxels(
    written: dict[str, dict[str, list[NDArray[np.float64]]]], path: Path, series: Path, work: Path
) -> None:
    image = pydicom.dcmread(min(series.iterdir()), stop_before_pixels=True)
    spacing_mm = float(image.PixelSpacing[0])
    masks = voxel_areas_mm2(path, series, work)
    for name, by_image in written.items():
        mask = next(
            areas for stem, areas in masks.items() if stem.replace("_", "") in name.replace("_", "") or name in stem
        )
        polygons: dict[float, list[NDArray[np.float64]]] = {}
        for many in by_image.values():
            polygons.setdefault(round(float(many[0][0, 2]), 2), []).extend(many)
        total = sum(shoelace_mm2(points) for many in polygons.values() for points in many)
        assert abs(sum(mask.values()) - total) <= 0.01 * total, name
        for z, many in polygons.items():
            area = sum(map(shoelace_mm2, many))
            found = next((value for at, value in mask.items() if abs(at - z) < 0.1), 0.0)
            assert abs(found - area) <= sum(map(perimeter_mm, many)) / 2 * spacing_mm, (name, z)
