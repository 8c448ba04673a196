"""The read-back: every kind of wrong file is refused, and nothing is left behind."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread, dcmwrite

from dcmtty.contours.model import Contour, GeometricType, Roi, frozen_points
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused, VerificationFailed, WriteFailed
from dcmtty.rtstruct import save as save_module
from dcmtty.rtstruct.build import build
from dcmtty.rtstruct.readback import verify
from dcmtty.rtstruct.save import save
from rtstruct_cases import contour_on, four_types, series_of, set_of, write_ct

MODULES_OF_THE_WRITER = ("encoded", "compose", "load", "contour_items", "contour_check", "ds", "geometry.plane")


@pytest.fixture
def series(tmp_path: Path) -> Series:
    return series_of(write_ct(tmp_path / "ct"))


def contour(dataset: Dataset, roi: int = 0, index: int = 0) -> Dataset:
    found: Dataset = dataset.ROIContourSequence[roi].ContourSequence[index]
    return found


def shift_point(dataset: Dataset) -> None:
    data = list(contour(dataset).ContourData)
    contour(dataset).ContourData = [float(data[0]) + 0.001, *data[1:]]


def name_other_image(dataset: Dataset) -> None:
    contour(dataset).ContourImageSequence = contour(dataset, 1).ContourImageSequence


def drop_image(dataset: Dataset) -> None:
    del contour(dataset).ContourImageSequence


def drop_last_point(dataset: Dataset) -> None:
    contour(dataset).ContourData = contour(dataset).ContourData[:-3]
    contour(dataset).NumberOfContourPoints -= 1


def drop_contour(dataset: Dataset) -> None:
    del dataset.ROIContourSequence[0].ContourSequence[1]


def empty_sequence(dataset: Dataset) -> None:
    dataset.ROIContourSequence[4].ContourSequence = []


def unlist_image(dataset: Dataset) -> None:
    study = dataset.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    del study.RTReferencedSeriesSequence[0].ContourImageSequence[1]


def setting(path: str, value: object) -> Callable[[Dataset], None]:
    """A change of one attribute, e.g. `StructureSetROISequence.0.ROIName`."""

    def change(dataset: Dataset) -> None:
        *way, keyword = path.split(".")
        place: Any = dataset
        for step in way:
            place = place[int(step)] if step.isdigit() else getattr(place, step)
        setattr(place, keyword, value)

    return change


@pytest.mark.parametrize(
    "change",
    [
        shift_point,
        name_other_image,
        drop_image,
        drop_last_point,
        drop_contour,
        empty_sequence,
        unlist_image,
        lambda dataset: dataset.StructureSetROISequence.pop(),
        lambda dataset: dataset.RTROIObservationsSequence.pop(),
        lambda dataset: dataset.__delattr__("Modality"),
        lambda dataset: dataset.__delattr__("ReferencedFrameOfReferenceSequence"),
        setting("StructureSetROISequence.0.ROIName", "Orgen"),
        setting("StructureSetROISequence.0.ROINumber", 11),
        setting("StructureSetROISequence.0.ReferencedFrameOfReferenceUID", "1.2.9"),
        setting("StructureSetROISequence.0.ROIGenerationAlgorithm", ""),
        setting("ROIContourSequence.0.ROIDisplayColor", [1, 1, 1]),
        setting("ROIContourSequence.0.ContourSequence.0.ContourGeometricType", "OPEN_PLANAR"),
        setting("ROIContourSequence.0.ContourSequence.0.NumberOfContourPoints", 59),
        setting("RTROIObservationsSequence.0.RTROIInterpretedType", "PTV"),
        setting("ApprovalStatus", "APPROVED"),
        setting("SOPInstanceUID", "1.2.9"),
        setting("StudyInstanceUID", "1.2.9"),
        setting("FrameOfReferenceUID", "1.2.9"),
        setting("PatientID", "T-2"),
        setting("PatientName", "Case^Tost"),
        setting("StudyID", "8"),
        setting("ReferencedFrameOfReferenceSequence.0.FrameOfReferenceUID", "1.2.9"),
    ],
)
def test_a_file_that_differs_from_what_was_asked_is_refused(
    tmp_path: Path, series: Series, change: Callable[[Dataset], object]
) -> None:
    structure_set = four_types(series)
    built = build(series, structure_set)
    path = tmp_path / "rs.dcm"
    path.write_bytes(built.data)
    verify(path, series, structure_set, built)
    dataset = dcmread(BytesIO(built.data))
    change(dataset)
    dcmwrite(path, dataset)
    with pytest.raises(VerificationFailed, match="not accepted"):
        verify(path, series, structure_set, built)


def test_the_projection_uses_the_image_file_as_it_is_now(tmp_path: Path, series: Series) -> None:
    structure_set = four_types(series)
    built = build(series, structure_set)
    path = tmp_path / "rs.dcm"
    path.write_bytes(built.data)
    image = dcmread(series.slices[1].instance.path)
    image.ImagePositionPatient[2] += 0.02
    image.save_as(series.slices[1].instance.path)
    with pytest.raises(VerificationFailed, match=r"contour 1 of ROI 1 is 0\.020 mm off the image it names"):
        verify(path, series, structure_set, built)
    image.SOPInstanceUID = "1.2.9"
    image.save_as(series.slices[1].instance.path)
    with pytest.raises(VerificationFailed, match="holds another image now"):
        verify(path, series, structure_set, built)


def test_a_failed_read_back_leaves_nothing_and_keeps_what_was_there(
    tmp_path: Path, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "rs.dcm"
    path.write_bytes(b"what was there")
    image = dcmread(series.slices[1].instance.path)

    def build_and_move_the_image(*arguments: object, **options: object) -> object:
        result = build(*arguments, **options)  # type: ignore[arg-type]
        image.ImagePositionPatient[2] += 1.0
        image.save_as(series.slices[1].instance.path)
        return result

    monkeypatch.setattr("dcmtty.rtstruct.save.build", build_and_move_the_image)
    with pytest.raises(VerificationFailed):
        save(path, series, four_types(series), replace=True)
    assert [found.name for found in folder.iterdir()] == ["rs.dcm"]
    assert path.read_bytes() == b"what was there"


def test_an_existing_file_is_left_alone(tmp_path: Path, series: Series) -> None:
    path = tmp_path / "rs.dcm"
    path.write_bytes(b"what was there")
    with pytest.raises(WriteFailed, match="exists already"):
        save(path, series, four_types(series))
    assert path.read_bytes() == b"what was there"
    with pytest.raises(BuildRefused, match="one of the images"):
        save(series.first.path, series, four_types(series), replace=True)


def test_the_report_counts_what_was_written(tmp_path: Path, series: Series) -> None:
    report = save(tmp_path / "rs.dcm", series, four_types(series))
    assert (report.rois, report.contours, report.points) == (5, 7, 130)
    assert report.sop_instance_uid == dcmread(report.path).SOPInstanceUID


def test_the_read_back_shares_no_code_with_the_writer() -> None:
    for name in ("readback.py", "readback_planes.py", "readback_base.py"):
        text = (Path(save_module.__file__).with_name(name)).read_text()
        for module in MODULES_OF_THE_WRITER:
            assert f"dcmtty.rtstruct.{module} " not in text
            assert f"dcmtty.{module} " not in text


def test_closed_contours_with_a_repeated_first_point_pass(tmp_path: Path, series: Series) -> None:
    ring = contour_on(series, 1, [(2, 2), (12, 2), (12, 9), (2, 9), (2, 2)])
    xor = replace(ring, geometric_type=GeometricType.CLOSEDPLANAR_XOR)
    rois = (Roi(1, "A", (0, 0, 0), "", (ring,)), Roi(2, "B", (0, 0, 0), "", (xor, xor)))
    save(tmp_path / "rs.dcm", series, set_of(series, *rois))


@pytest.mark.parametrize("gap_mm", [0.0, 0.0003, 0.0006, 0.0009, 0.0012, 0.0016, 0.01])
@pytest.mark.parametrize("start_mm", [0.0, 0.0004, 0.00051])
def test_contours_that_nearly_close_pass(tmp_path: Path, series: Series, gap_mm: float, start_mm: float) -> None:
    x = -10 + start_mm
    points = frozen_points([(x, -20.0, 7.0), (-2.0, -20.0, 7.0), (-2.0, -12.0, 7.0), (x + gap_mm, -20.0, 7.0)])
    ring = Contour(GeometricType.CLOSED_PLANAR, points)
    save(tmp_path / "rs.dcm", series, set_of(series, Roi(1, "A", (0, 0, 0), "", (ring,))))
