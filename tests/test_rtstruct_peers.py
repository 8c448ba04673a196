"""What other people's programs say of our files: dciodvfy, dcentvfy, drtdump and plastimatch."""

import gzip
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread

from dcmtty.contours.model import Contour, GeometricType, Roi, StructureSet, frozen_points
from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.load import load
from dcmtty.rtstruct.save import save
from peers import peer
from rtstruct_cases import circle, contour_on, four_types, series_of, set_of, write_ct

REAL_SERIES = (
    "ct-rtstruct/ibsi-sts-018/CT",
    "ct-rtstruct/ibsi-sts-018/MR_T1",
    "ct-rtstruct/ibsi-sts-018/PET",
    "ct-rtstruct/ibsi-sts-019/CT",
    "ct-rtstruct/ibsi-sts-019/PET",
    "ct-rtstruct/ibsi-sts-025/MR_T1",
    "ct-rtstruct/radiomics-phantom-pat2",
    "ct-rtstruct/rt-utils-mock",
    "ct-rtstruct/pymedphys-tiny",
    "mr-series/dcmqa-sagittal-HFP",
    "mr-series/dcm4che-coronal-HFP",
)


def messages(*command: str | Path) -> list[str]:
    """The errors and warnings that a validator prints, without line numbers."""
    done = subprocess.run(command, capture_output=True, check=False)
    text = (done.stdout + done.stderr).decode(errors="replace")
    return [line for line in text.splitlines() if line.startswith(("Error", "Warning"))]


def checked_set(series: Series) -> StructureSet:
    """An ellipse of a third of the picture on every slice, and a marker."""
    plane = series.slices[0].plane
    assert plane is not None
    middle = (plane.columns / 2, plane.rows / 2)
    ellipse = circle(*middle, plane.columns / 3, plane.rows / 4, points=180)
    rings = tuple(contour_on(series, number, ellipse) for number in range(1, len(series.slices) + 1))
    marker = contour_on(series, 1, [middle], GeometricType.POINT)
    return set_of(series, Roi(1, "Ring", (255, 0, 0), "ORGAN", rings), Roi(2, "Spot", (0, 255, 0), "MARKER", (marker,)))


def one_buildable(folder: Path) -> Series:
    found = [series for series in scan([folder]).series if not series.build_refusal]
    return max(found, key=lambda series: len(series.slices))


def test_the_phantom_gives_no_error_and_no_warning(phantom_dir: Path, tmp_path: Path) -> None:
    (series,) = scan([phantom_dir]).series
    path = tmp_path / "rs.dcm"
    structure_set = checked_set(series)
    needle = Contour(GeometricType.OPEN_NONPLANAR, frozen_points([[0.0, 0.0, -700.0], [5.0, 5.0, -650.5]]))
    line = contour_on(series, 2, [(3, 4), (9, 8)], GeometricType.OPEN_PLANAR)
    more = (Roi(3, "Needle", (1, 1, 1), "", (needle, line)), Roi(4, "Empty", (2, 2, 2)))
    save(path, series, replace(structure_set, rois=(*structure_set.rois, *more)))
    images = [item.instance.path for item in series.slices]
    assert messages(peer("dciodvfy"), path) == []
    assert messages(peer("dcentvfy"), path, *images) == []
    assert messages(peer("drtdump"), path) == []


@pytest.mark.parametrize("character_set", ["ISO_IR 100", "ISO_IR 192"])
@pytest.mark.parametrize("implicit", [False, True])
def test_unicode_and_implicit_files_give_no_error(tmp_path: Path, character_set: str, *, implicit: bool) -> None:
    tags = {"SpecificCharacterSet": character_set, "PatientName": "Müller^Jörg"}
    series = series_of(write_ct(tmp_path / "ct", tags=tags))
    path = tmp_path / "rs.dcm"
    save(path, series, four_types(series), implicit=implicit)
    assert messages(peer("dciodvfy"), path) == []
    assert messages(peer("drtdump"), path) == []


@pytest.mark.parametrize("folder", REAL_SERIES)
def test_real_images_give_no_message_beyond_their_own(shared_data: Path, tmp_path: Path, folder: str) -> None:
    series = one_buildable(shared_data / folder)
    path = tmp_path / "rs.dcm"
    save(path, series, checked_set(series))
    of_the_image = set(messages(peer("dciodvfy"), series.first.path))
    assert [text for text in messages(peer("dciodvfy"), path) if text not in of_the_image] == []
    assert [text for text in messages(peer("drtdump"), path) if text not in of_the_image] == []


def test_images_of_three_studies_without_frame_of_reference_are_refused(shared_data: Path, tmp_path: Path) -> None:
    found = scan([shared_data / "ct-series" / "rt-utils-oblique-nonsquare"]).series
    assert found
    for series in found:
        with pytest.raises(BuildRefused, match="Frame of Reference"):
            save(tmp_path / "rs.dcm", series, checked_set(series))


def test_a_real_oblique_series_with_non_square_pixels(shared_data: Path, tmp_path: Path) -> None:
    for number in range(3):
        image = dcmread(shared_data / "ct-series" / "rt-utils-oblique-nonsquare" / f"{number}.dcm")
        image.StudyInstanceUID, image.FrameOfReferenceUID = "1.2.3", "1.2.4"
        image.save_as(tmp_path / f"{number}.dcm")
    series = one_buildable(tmp_path)
    path = tmp_path / "rs"
    save(path, series, checked_set(series))
    of_the_image = set(messages(peer("dciodvfy"), series.first.path))
    assert [text for text in messages(peer("dciodvfy"), path) if text not in of_the_image] == []
    for contour in dcmread(path).ROIContourSequence[0].ContourSequence:
        (named,) = contour.ContourImageSequence
        image = next(
            image
            for image in map(dcmread, sorted(tmp_path.glob("*.dcm")))
            if image.SOPInstanceUID == named.ReferencedSOPInstanceUID
        )
        cosines = np.array(image.ImageOrientationPatient, dtype=float)
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        off = (points - np.array(image.ImagePositionPatient, dtype=float)) @ np.cross(cosines[:3], cosines[3:])
        assert np.abs(off).max() < 0.002


def test_adding_to_a_real_set_adds_no_message(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "ct-rtstruct" / "ibsi-sts-019"
    (series,) = scan([folder / "CT"]).series
    base = folder / "RTSTRUCT" / "RS_CT.dcm"
    before = load(base, series).structure_set
    ring = contour_on(series, 3, circle(60, 60, 20, 15))
    path = tmp_path / "rs.dcm"
    save(path, series, replace(before, rois=(*before.rois, Roi(2, "Ring", (1, 2, 3), "", (ring,)))), base=base)
    of_the_base = set(messages(peer("dciodvfy"), base))
    assert [text for text in messages(peer("dciodvfy"), path) if text not in of_the_base] == []


def volume_mm3(path: Path, folder: Path, work: Path, roi: str) -> float:
    """The volume of an ROI in the mask that plastimatch makes."""
    command: list[str | Path] = [peer("plastimatch"), "convert", "--input", path, "--referenced-ct", folder]
    command += ["--output-prefix", work, "--prefix-format", "nrrd"]
    subprocess.run(command, check=True, capture_output=True, cwd=work.parent)
    header, body = (work / f"{roi}.nrrd").read_bytes().split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in header.decode().splitlines() if ": " in line)
    mask = gzip.decompress(body) if fields["encoding"] == "gzip" else body
    directions = fields["space directions"].replace("(", " ").replace(")", " ").replace(",", " ").split()
    matrix = np.array(directions, dtype=float).reshape(3, 3)
    return float(np.count_nonzero(np.frombuffer(mask, np.uint8)) * abs(np.linalg.det(matrix)))


def sphere(series: Series, middle_xyz: NDArray[np.float64], radius_mm: float) -> tuple[Contour, ...]:
    """The circles in which the slices cut a sphere."""
    contours = []
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    for item in series.slices:
        assert item.plane is not None
        off = float((middle_xyz - item.plane.origin_xyz) @ item.plane.normal)
        if abs(off) < radius_mm:
            foot = middle_xyz - off * item.plane.normal
            ring = np.sqrt(radius_mm**2 - off**2)
            x, y = item.plane.row_direction, item.plane.column_direction
            points = foot + ring * (np.cos(angle)[:, None] * x + np.sin(angle)[:, None] * y)
            contours.append(Contour(GeometricType.CLOSED_PLANAR, frozen_points(points), item.instance.sop_instance_uid))
    return tuple(contours)


@pytest.mark.parametrize(
    ("spacing", "orientation"),
    [((0.9, 0.9), (1, 0, 0, 0, 1, 0)), ((0.7, 1.3), (1, 0, 0, 0, 1, 0)), ((1.1, 0.8), (0, 1, 0, 0, 0, -1))],
)
def test_plastimatch_finds_the_volume_of_a_sphere(
    tmp_path: Path, spacing: tuple[float, float], orientation: tuple[float, ...]
) -> None:
    step, radius_mm, size = 1.0, 20.0, 64
    folder = tmp_path / "ct"
    tags = {"Rows": size, "Columns": size + 16, "PixelData": b"\0\0" * size * (size + 16)}
    positions = [step * number for number in range(50)]
    series = series_of(write_ct(folder, positions, orientation=orientation, spacing=spacing, tags=tags))
    plane = series.slices[25].plane
    assert plane is not None
    middle = plane.patient_xyz([((size + 16) / 2, size / 2)])[0]
    path = tmp_path / "rs.dcm"
    save(path, series, set_of(series, Roi(1, "Ball", (255, 0, 0), "ORGAN", sphere(series, middle, radius_mm))))
    found = volume_mm3(path, folder, tmp_path / "masks", "Ball")
    assert found == pytest.approx(4 / 3 * np.pi * radius_mm**3, rel=0.01)


def test_every_point_of_a_real_set_survives_a_new_file(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "ct-rtstruct" / "ibsi-sts-019"
    (series,) = scan([folder / "CT"]).series
    before = load(folder / "RTSTRUCT" / "RS_CT.dcm", series).structure_set
    path = tmp_path / "rs.dcm"
    save(path, series, replace(before, sop_instance_uid="", label="COPY"))
    ours, theirs = (
        [list(map(float, contour.ContourData)) for contour in dcmread(file).ROIContourSequence[0].ContourSequence]
        for file in (path, folder / "RTSTRUCT" / "RS_CT.dcm")
    )
    assert [len(points) for points in ours] == [len(points) for points in theirs]
    assert (
        max(abs(a - b) for p, q in zip(ours, theirs, strict=True) for a, b in zip(p, q, strict=True)) <= 0.0005 + 1e-9
    )
