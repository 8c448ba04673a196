"""New RTSTRUCT files: every module, the UID chain, identity and the refusals, read with pydicom."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian

from dcmtty.contours.model import Contour, GeometricType, Roi, StructureSet, frozen_points
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.build import build
from dcmtty.sources import Sources
from rtstruct_cases import FRAME_UID, SERIES_UID, STUDY_UID, circle, contour_on, four_types, series_of, set_of, write_ct

NOON = datetime(2026, 3, 4, 12, 30, 15, tzinfo=UTC)
TYPES_1_AND_2 = (
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "OperatorsName",
    "Manufacturer",
    "ManufacturerModelName",
    "SoftwareVersions",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "StructureSetLabel",
    "StructureSetDate",
    "StructureSetTime",
    "StructureSetROISequence",
    "ROIContourSequence",
    "RTROIObservationsSequence",
    "ApprovalStatus",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "TimezoneOffsetFromUTC",
    "ReferencedFrameOfReferenceSequence",
)


@pytest.fixture
def series(tmp_path: Path) -> Series:
    return series_of(write_ct(tmp_path / "ct"))


def built(series: Series, structure_set: StructureSet, *, implicit: bool = False) -> Dataset:
    uids = iter(f"2.25.{n}" for n in range(100, 200))
    sources = Sources(now=lambda: NOON, new_uid=lambda: next(uids))
    return dcmread(BytesIO(build(series, structure_set, sources=sources, implicit=implicit).data))


def one_roi(series: Series, *contours: Contour, **changes: object) -> StructureSet:
    roi = Roi(1, "Organ", (255, 0, 0), "ORGAN", contours)
    return set_of(series, replace(roi, **changes))  # type: ignore[arg-type]


def square(series: Series, number: int = 1) -> Contour:
    return contour_on(series, number, [(2, 2), (12, 2), (12, 9), (2, 9)])


def test_every_attribute_of_type_1_and_2_is_there(series: Series) -> None:
    written = built(series, four_types(series))
    assert [keyword for keyword in TYPES_1_AND_2 if keyword not in written] == []
    assert written.SOPInstanceUID == written.file_meta.MediaStorageSOPInstanceUID == "2.25.100"
    assert written.SeriesInstanceUID == "2.25.101"
    assert (written.StructureSetDate, written.StructureSetTime) == ("20260304", "123015")
    assert (written.TimezoneOffsetFromUTC, written.ApprovalStatus) == ("+0000", "UNAPPROVED")
    assert "SpecificCharacterSet" not in written


def test_the_chain_names_study_series_and_every_image(series: Series) -> None:
    written = built(series, four_types(series))
    (frame,) = written.ReferencedFrameOfReferenceSequence
    (study,) = frame.RTReferencedStudySequence
    (referenced,) = study.RTReferencedSeriesSequence
    assert frame.FrameOfReferenceUID == written.FrameOfReferenceUID == FRAME_UID
    assert study.ReferencedSOPInstanceUID == written.StudyInstanceUID == STUDY_UID
    assert referenced.SeriesInstanceUID == SERIES_UID
    images = [image.ReferencedSOPInstanceUID for image in referenced.ContourImageSequence]
    assert images == [item.instance.sop_instance_uid for item in series.slices]


def test_each_roi_has_its_three_items_and_an_empty_one_no_contour_sequence(series: Series) -> None:
    written = built(series, four_types(series))
    numbers = [item.ROINumber for item in written.StructureSetROISequence]
    assert numbers == [item.ReferencedROINumber for item in written.ROIContourSequence] == [1, 2, 3, 4, 5]
    assert numbers == [item.ReferencedROINumber for item in written.RTROIObservationsSequence]
    assert len({item.ObservationNumber for item in written.RTROIObservationsSequence}) == 5
    assert "ContourSequence" not in written.ROIContourSequence[4]
    assert list(written.ROIContourSequence[4].ROIDisplayColor) == [1, 2, 3]


def test_contours_name_the_image_they_lie_on_and_only_that(series: Series) -> None:
    written = built(series, four_types(series))
    named = [
        [image.ReferencedSOPInstanceUID[-1] for image in contour.get("ContourImageSequence", [])]
        for roi in written.ROIContourSequence
        for contour in roi.get("ContourSequence", [])
    ]
    assert named == [["2"], ["4"], ["3"], ["1"], [], [], ["2"]]


def test_points_are_the_ones_asked_for_within_half_a_grid_step(series: Series) -> None:
    structure_set = four_types(series)
    written = built(series, structure_set)
    for roi, item in zip(structure_set.rois, written.ROIContourSequence, strict=True):
        for contour, drawn in zip(roi.contours, item.get("ContourSequence", []), strict=True):
            points = np.array(drawn.ContourData, dtype=float).reshape(-1, 3)
            assert drawn.NumberOfContourPoints == len(points)
            assert np.abs(points - contour.points_xyz).max() <= 0.0005 + 1e-9


def test_a_repeated_first_point_is_dropped(series: Series) -> None:
    closed = contour_on(series, 1, [(2, 2), (12, 2), (12, 9), (2, 9), (2, 2)])
    written = built(series, one_roi(series, closed))
    assert written.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints == 4


def test_patient_and_study_are_copied_byte_for_byte(tmp_path: Path) -> None:
    attributes = {
        "PatientAge": "050Y",
        "PatientWeight": "70.50",
        "OtherPatientIDs": "A\\B",
        "StudyDescription": "a study",
        "EthnicGroup": "x",
    }
    series = series_of(write_ct(tmp_path / "ct", tags=attributes))
    written = built(series, one_roi(series, square(series)))
    source = dcmread(series.first.path)
    for keyword in ("PatientName", "PatientID", "PatientSex", "StudyID", "StudyTime", *attributes):
        assert written[keyword].value == source[keyword].value, keyword


def test_sequences_of_identity_are_copied(tmp_path: Path) -> None:
    other = Dataset()
    other.PatientID, other.IssuerOfPatientID = "OTHER", "Clinic"
    series = series_of(write_ct(tmp_path / "ct", tags={"OtherPatientIDsSequence": [other]}))
    written = built(series, one_roi(series, square(series)))
    assert written.OtherPatientIDsSequence[0].IssuerOfPatientID == "Clinic"


@pytest.mark.parametrize(
    ("character_set", "name"), [("ISO_IR 100", "Müller^Jörg"), ("ISO_IR 192", "Ωmega^A"), ("GB18030", "Wang^王")]
)
def test_identity_in_any_declared_set_becomes_unicode(tmp_path: Path, character_set: str, name: str) -> None:
    series = series_of(write_ct(tmp_path / "ct", tags={"SpecificCharacterSet": character_set, "PatientName": name}))
    written = built(series, one_roi(series, square(series)))
    assert (written.SpecificCharacterSet, written.PatientName) == ("ISO_IR 192", name)


def test_a_name_beyond_ascii_makes_the_file_unicode(series: Series) -> None:
    written = built(series, one_roi(series, square(series), name="Nière"))
    assert written.SpecificCharacterSet == "ISO_IR 192"
    assert written.StructureSetROISequence[0].ROIName == "Nière"


def test_undeclared_bytes_of_identity_stay_as_they_are(tmp_path: Path) -> None:
    paths = write_ct(tmp_path / "ct", tags={"PatientName": "Mxller"})
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"Mxller", b"M\xfcller"))
    series = series_of(paths)
    result = build(series, one_roi(series, square(series)))
    assert b"M\xfcller" in result.data
    assert any("byte for byte" in note for note in result.notes)
    with pytest.raises(BuildRefused, match="ROIName"):
        build(series, one_roi(series, square(series), name="Nière"))


def test_the_time_zone_of_the_images_rules(tmp_path: Path) -> None:
    series = series_of(write_ct(tmp_path / "ct", tags={"TimezoneOffsetFromUTC": "-0930"}))
    written = built(series, one_roi(series, square(series)))
    assert written.TimezoneOffsetFromUTC == "-0930"
    assert (written.StructureSetDate, written.StructureSetTime) == ("20260304", "030015")


def test_implicit_vr_on_request(series: Series) -> None:
    written = built(series, four_types(series), implicit=True)
    assert written.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian


def long_contour(series: Series) -> Contour:
    return contour_on(series, 1, circle(18.123, 11.456, 9, 6, points=4000))


def test_a_contour_above_64_kb_is_refused_in_explicit_vr_and_written_in_implicit(series: Series) -> None:
    structure_set = one_roi(series, long_contour(series))
    with pytest.raises(BuildRefused, match="--implicit"):
        build(series, structure_set)
    data = built(series, structure_set, implicit=True).ROIContourSequence[0].ContourSequence[0].ContourData
    assert len(data) == 12000


def moved(contour: Contour, by_mm: float) -> Contour:
    return replace(contour, points_xyz=frozen_points(contour.points_xyz + np.array([0, 0, by_mm])))


def closed(*points: tuple[float, float, float]) -> Contour:
    return Contour(GeometricType.CLOSED_PLANAR, frozen_points(points))


def test_a_contour_within_the_tolerance_is_written_and_one_beyond_is_refused_with_its_distance(series: Series) -> None:
    build(series, one_roi(series, moved(square(series), 0.009)))
    with pytest.raises(BuildRefused, match=r"contour 1 of ROI 1 .* 0\.020 mm off slice 1"):
        build(series, one_roi(series, moved(square(series), 0.02)))


def test_a_contour_in_the_gap_of_a_missing_slice_is_refused(series: Series) -> None:
    unplaced = replace(moved(square(series, 3), 2.5), sop_instance_uid="")
    with pytest.raises(BuildRefused, match=r"2\.500 mm off slice"):
        build(series, one_roi(series, unplaced))


@pytest.mark.parametrize(
    ("contour", "what"),
    [
        (closed((0, 0, 7), (1, 1, 7)), "2 distinct points"),
        (closed((0, 0, 7), (1, 1, 7), (0, 0, 7)), "2 distinct points"),
        (closed((0, 0, 7), (0.0002, 0, 7), (0, 0.0002, 7), (5, 5, 7)), "2 distinct points"),
        (closed((0, 0, 7), (1, 1, 7), (2, 2, 7)), "no area"),
        (closed((0, 0, 7), (4, 0, 7), (4, 3, 7), (4, 0, 7)), "no area"),
        (closed((0, 0, float("nan")), (4, 0, 7), (4, 3, 7)), "finite"),
        (Contour(GeometricType.POINT, frozen_points([(0, 0, 7), (1, 1, 7)])), "POINT with 2"),
        (Contour(GeometricType.OPEN_PLANAR, frozen_points([(0, 0, 7), (0, 0, 7)])), "1 distinct"),
        (Contour(GeometricType.OPEN_NONPLANAR, frozen_points([(0, 0, 7)])), "1 distinct"),
        (Contour(GeometricType.OPEN_PLANAR, frozen_points([(0, 0, 7), (0, 0, 9.5)])), "off slice"),
    ],
)
def test_a_contour_without_its_shape_is_refused(series: Series, contour: Contour, what: str) -> None:
    with pytest.raises(BuildRefused, match=what):
        build(series, one_roi(series, contour))


def test_self_crossing_is_told_and_a_keyhole_is_not(series: Series) -> None:
    bow = contour_on(series, 1, [(2, 2), (12, 9), (12, 2), (2, 8)])
    keyhole = contour_on(
        series, 1, [(2, 2), (12, 2), (12, 12), (2, 12), (2, 6), (5, 6), (5, 9), (9, 9), (9, 5), (5, 5), (5, 6), (2, 6)]
    )
    assert any("crosses itself" in note for note in build(series, one_roi(series, bow)).notes)
    assert not build(series, one_roi(series, keyhole, square(series))).notes


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"name": ""}, "no name"),
        ({"name": "a" * 65}, "65 characters"),
        ({"name": "a\\b"}, "backslash"),
        ({"name": "a\x1b[2J"}, "control character"),
        ({"color": (0, 0, 300)}, "colour"),
        ({"interpreted_type": "ORGEN"}, "interpreted type"),
        ({"generation_algorithm": "MAGIC"}, "algorithm"),
    ],
)
def test_an_roi_with_wrong_labels_is_refused(series: Series, changes: dict[str, object], what: str) -> None:
    with pytest.raises(BuildRefused, match=what):
        build(series, one_roi(series, square(series), **changes))


def test_a_long_name_is_told(series: Series) -> None:
    assert any("Eclipse" in note for note in build(series, one_roi(series, square(series), name="a" * 17)).notes)


def test_equal_names_equal_numbers_and_no_rois_are_refused(series: Series) -> None:
    first, second = Roi(1, "A", (0, 0, 0)), Roi(2, "A ", (0, 0, 0))
    with pytest.raises(BuildRefused, match="ROIs 1 and 2 have the same name"):
        build(series, set_of(series, first, second))
    with pytest.raises(BuildRefused, match="same number"):
        build(series, set_of(series, first, Roi(1, "B", (0, 0, 0))))
    with pytest.raises(BuildRefused, match="no ROI"):
        build(series, set_of(series))


def test_xor_and_plain_closed_contours_do_not_mix(series: Series) -> None:
    xor = replace(square(series), geometric_type=GeometricType.CLOSEDPLANAR_XOR)
    with pytest.raises(BuildRefused, match="mixes"):
        build(series, one_roi(series, square(series), xor))


@pytest.mark.parametrize("label", ["", "   ", "a" * 17, "a\\b", "a\nb"])
def test_a_label_that_no_sh_can_hold_is_refused(series: Series, label: str) -> None:
    with pytest.raises(BuildRefused, match="Label"):
        build(series, replace(one_roi(series, square(series)), label=label))


def test_images_that_differ_in_patient_are_refused_without_naming_them(tmp_path: Path) -> None:
    paths = write_ct(tmp_path / "ct")
    other = dcmread(paths[1])
    other.PatientID = "SECRET-2"
    other.save_as(paths[1])
    series = series_of(paths)
    with pytest.raises(BuildRefused, match="differ in Patient ID") as caught:
        build(series, one_roi(series, square(series)))
    assert "SECRET" not in str(caught.value)


def test_a_name_written_with_empty_components_is_the_same_name(tmp_path: Path) -> None:
    """PS3.5 6.2.1: what is empty at the end of a name may be left out."""
    paths = write_ct(tmp_path / "ct")
    other = dcmread(paths[1])
    other.PatientName = "Case^Test^^^="
    other.save_as(paths[1])
    series = series_of(paths)
    assert build(series, one_roi(series, square(series))).data


def test_what_cannot_carry_a_structure_set_is_refused(series: Series) -> None:
    structure_set = one_roi(series, square(series))
    with pytest.raises(BuildRefused, match="positions repeat"):
        build(replace(series, build_refusal="positions repeat"), structure_set)
    with pytest.raises(BuildRefused, match="no Frame of Reference UID"):
        build(replace(series, frame_of_reference_uid=""), structure_set)
    with pytest.raises(BuildRefused, match=r"Frame of Reference 1\.2\.9"):
        build(series, replace(structure_set, frame_of_reference_uid="1.2.9"))
    with pytest.raises(BuildRefused, match=r"series 1\.2\.9"):
        build(series, replace(structure_set, series_uid="1.2.9"))


def test_an_oblique_anisotropic_series_keeps_its_planes(tmp_path: Path) -> None:
    x = np.array([np.cos(0.3), np.sin(0.3), 0.0])
    y = np.cross([0.2, -0.1, np.sqrt(0.95)], x)
    y -= x * (x @ y)
    orientation = [*x, *(y / np.linalg.norm(y))]
    series = series_of(write_ct(tmp_path / "ct", orientation=orientation, spacing=(0.7, 1.9)))
    written = built(series, one_roi(series, contour_on(series, 3, circle(10, 12, 4, 3))))
    contour = written.ROIContourSequence[0].ContourSequence[0]
    image = next(
        dcmread(item.instance.path)
        for item in series.slices
        if item.instance.sop_instance_uid == contour.ContourImageSequence[0].ReferencedSOPInstanceUID
    )
    cosines = np.array(image.ImageOrientationPatient, dtype=float)
    relative = np.array(contour.ContourData, dtype=float).reshape(-1, 3) - np.array(image.ImagePositionPatient, float)
    assert np.abs(relative @ np.cross(cosines[:3], cosines[3:])).max() < 0.002
    column = relative @ cosines[:3] / float(image.PixelSpacing[1])
    row = relative @ cosines[3:] / float(image.PixelSpacing[0])
    assert np.allclose(np.stack([column, row], axis=1), circle(10, 12, 4, 3), atol=0.002)
