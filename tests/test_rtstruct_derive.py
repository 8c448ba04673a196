"""Edited sets: what nobody touched keeps its bytes, and the file says what it was derived from."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dcmtty.contours.model import Contour, StructureSet, with_roi, without_roi
from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.load import load
from dcmtty.rtstruct.save import save
from rtstruct_cases import circle, contour_on, four_types, series_of, write_ct
from rtstruct_edits import SEQUENCES, adding, edited, item_digests, new_roi, recoded


@pytest.fixture
def series(tmp_path: Path) -> Series:
    return series_of(write_ct(tmp_path / "ct"))


@pytest.fixture
def base(tmp_path: Path, series: Series) -> Path:
    path = tmp_path / "base.dcm"
    save(path, series, four_types(series))
    return path


def test_the_splitter_of_this_test_finds_every_item(series: Series, tmp_path: Path) -> None:
    save(tmp_path / "rs.dcm", series, four_types(series), implicit=True)
    assert set(item_digests(tmp_path / "rs.dcm")) == {(tag, number) for tag in SEQUENCES for number in range(1, 6)}


@pytest.mark.parametrize(
    "name",
    [f"ibsi-sts-{n}/{kind}" for n in ("018", "019", "025") for kind in ("CT", "MR_T1", "PET")],
)
def test_adding_to_a_real_set_keeps_every_item_of_it(shared_data: Path, tmp_path: Path, name: str) -> None:
    patient, kind = name.split("/")
    folder = shared_data / "ct-rtstruct" / patient
    base = folder / "RTSTRUCT" / f"RS_{kind}.dcm"
    (series,) = scan([folder / kind]).series
    report, written = edited(tmp_path / "rs.dcm", series, base, adding(series))
    before, after = item_digests(base), item_digests(tmp_path / "rs.dcm")
    assert len(before) == 3
    assert before.items() <= after.items()
    assert set(after) - set(before) == {(tag, 9) for tag in SEQUENCES}
    assert any("byte for byte" in note for note in report.notes)
    assert any("not in this series" in note for note in report.notes)
    listed = written.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    uids = {image.ReferencedSOPInstanceUID for image in listed.ContourImageSequence}
    assert {item.instance.sop_instance_uid for item in series.slices} <= uids


@pytest.mark.parametrize(
    "name",
    [
        "rt-utils-mock/dummy_rt.dcm",
        "rt-utils-mock/non_existent_reference_rt.dcm",
        "radiomics-phantom-pat2/DCM_RS_00041.dcm",
        "pymedphys-tiny/TinyFS_StrctrSets.dcm",
        "dicompyler-breast/rtss.dcm",
    ],
)
def test_adding_to_sets_of_many_makers(shared_data: Path, tmp_path: Path, name: str) -> None:
    """Without references, with repeated first points, without preamble, reviewed, with images that are not there."""
    base = shared_data / "ct-rtstruct" / name
    (series,) = scan([base.parent]).series
    _, written = edited(tmp_path / "rs.dcm", series, base, lambda before: with_roi(before, new_roi(series, 99, "Zz")))
    before = item_digests(base)
    assert len(before) >= 3
    assert before.items() <= item_digests(tmp_path / "rs.dcm").items()
    (frame,) = written.ReferencedFrameOfReferenceSequence
    named = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert (frame.FrameOfReferenceUID, named.SeriesInstanceUID) == (series.frame_of_reference_uid, series.series_uid)


def test_a_derived_set_says_what_it_is(base: Path, series: Series, tmp_path: Path) -> None:
    def approve(dataset: Dataset) -> None:
        dataset.ApprovalStatus, dataset.ReviewerName = "APPROVED", "R"
        dataset.ReviewDate, dataset.ReviewTime = "20200101", "010101"

    approved = recoded(base, ExplicitVRLittleEndian, approve)
    report, written = edited(tmp_path / "rs.dcm", series, approved, adding(series))
    before = dcmread(approved)
    assert written.ApprovalStatus == "UNAPPROVED"
    assert not any(keyword in written for keyword in ("ReviewDate", "ReviewTime", "ReviewerName"))
    assert written.SOPInstanceUID not in {before.SOPInstanceUID, ""}
    assert written.SeriesInstanceUID != before.SeriesInstanceUID
    (predecessor,) = written.PredecessorStructureSetSequence
    assert predecessor.ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert (written.PatientName, written.StudyInstanceUID) == (before.PatientName, before.StudyInstanceUID)
    assert any("reviewed" in note for note in report.notes)


def add_private(dataset: Dataset) -> None:
    block = dataset.private_block(0x3007, "Somebody", create=True)
    block.add_new(1, "LO", "kept")
    dataset.ROIContourSequence[0].private_block(0x3007, "Somebody", create=True).add_new(1, "LO", "kept too")


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_the_transfer_syntax_and_private_elements_of_the_base_stay(
    base: Path, series: Series, tmp_path: Path, syntax: str
) -> None:
    coded = recoded(base, syntax, add_private)
    _, written = edited(tmp_path / "rs.dcm", series, coded, adding(series))
    assert written.file_meta.TransferSyntaxUID == syntax
    assert written.private_block(0x3007, "Somebody")[1].value in {"kept", b"kept"}
    assert written.ROIContourSequence[0].private_block(0x3007, "Somebody")[1].value in {"kept too", b"kept too"}
    assert [item.ROINumber for item in written.StructureSetROISequence] == [1, 2, 3, 4, 5, 9]


def test_the_character_set_of_the_base_stays_and_limits_new_names(base: Path, series: Series, tmp_path: Path) -> None:
    def latin(dataset: Dataset) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.StructureSetROISequence[0].ROIName = "Nière"

    coded = recoded(base, ExplicitVRLittleEndian, latin)
    _, written = edited(
        tmp_path / "rs.dcm", series, coded, lambda before: with_roi(before, new_roi(series, name="Blåse"))
    )
    assert written.SpecificCharacterSet == "ISO_IR 100"
    assert [item.ROIName for item in written.StructureSetROISequence][::5] == ["Nière", "Blåse"]
    with pytest.raises(BuildRefused, match="character set ISO_IR 100"):
        edited(tmp_path / "rs2.dcm", series, coded, lambda before: with_roi(before, new_roi(series, name="腎臓")))
    assert not (tmp_path / "rs2.dcm").exists()


def test_an_edited_contour_is_written_anew_and_its_neighbours_are_kept(
    base: Path, series: Series, tmp_path: Path
) -> None:
    coded = recoded(base, ImplicitVRLittleEndian, lambda before: setattr(before, "StructureSetLabel", "OLD"))

    def redraw(before: StructureSet) -> StructureSet:
        organ = before.rois[0]
        drawn = contour_on(series, 2, circle(18, 11, 5, 5))
        return with_roi(before, replace(organ, contours=(drawn, organ.contours[1]), origin=-1))

    _, written = edited(tmp_path / "rs.dcm", series, coded, redraw)
    kept = [(tag, number) for tag in SEQUENCES for number in range(2, 6)]
    before, after = item_digests(coded), item_digests(tmp_path / "rs.dcm")
    assert [before[key] for key in kept] == [after[key] for key in kept]
    contours = written.ROIContourSequence[0].ContourSequence
    assert contours[1].to_json() == dcmread(coded).ROIContourSequence[0].ContourSequence[1].to_json()
    assert contours[0].ContourData != dcmread(coded).ROIContourSequence[0].ContourSequence[0].ContourData
    assert len({contour.ContourNumber for contour in contours}) == 2
    assert written.StructureSetLabel == "OLD"


def test_a_renamed_roi_keeps_its_contours_and_other_attributes(base: Path, series: Series, tmp_path: Path) -> None:
    def describe(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[0].ROIDescription = "by hand"
        dataset.StructureSetROISequence[0].ROIVolume = "12.5"
        dataset.RTROIObservationsSequence[0].ROIObservationLabel = "label"

    coded = recoded(base, ExplicitVRLittleEndian, describe)

    def rename(before: StructureSet) -> StructureSet:
        changes = {"name": "Kidney", "color": (7, 8, 9), "interpreted_type": "AVOIDANCE", "origin": -1}
        return with_roi(before, replace(before.rois[0], **changes))  # type: ignore[arg-type]

    _, written = edited(tmp_path / "rs.dcm", series, coded, rename)
    structure, drawn = written.StructureSetROISequence[0], written.ROIContourSequence[0]
    observation = written.RTROIObservationsSequence[0]
    assert (structure.ROIName, structure.ROIDescription) == ("Kidney", "by hand")
    assert (list(drawn.ROIDisplayColor), observation.RTROIInterpretedType) == ([7, 8, 9], "AVOIDANCE")
    assert observation.ROIObservationLabel == "label"
    assert drawn.ContourSequence[0].to_json() == dcmread(coded).ROIContourSequence[0].ContourSequence[0].to_json()


def test_a_deleted_roi_is_gone_and_a_new_one_of_its_number_has_nothing_of_it(
    base: Path, series: Series, tmp_path: Path
) -> None:
    def describe(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[4].ROIDescription = "of the old one"

    coded = recoded(base, ExplicitVRLittleEndian, describe)

    def swap(before: StructureSet) -> StructureSet:
        return with_roi(without_roi(without_roi(before, 2), 5), new_roi(series, 5))

    _, written = edited(tmp_path / "rs.dcm", series, coded, swap)
    assert [(item.ROINumber, item.ROIName) for item in written.StructureSetROISequence] == [
        (1, "Organ"),
        (3, "Markers"),
        (4, "Needles"),
        (5, "New"),
    ]
    assert "ROIDescription" not in written.StructureSetROISequence[3]
    assert [item.ReferencedROINumber for item in written.RTROIObservationsSequence] == [1, 3, 4, 5]


def test_a_forged_origin_does_not_bring_back_the_old_points(base: Path, series: Series, tmp_path: Path) -> None:
    def forge(before: StructureSet) -> StructureSet:
        organ = before.rois[0]
        moved = contour_on(series, 2, circle(18, 11, 4, 4))
        forged = Contour(moved.geometric_type, moved.points_xyz, moved.sop_instance_uid, 0, 1, origin=0)
        return with_roi(before, replace(organ, contours=(forged, organ.contours[1])))

    edited(tmp_path / "rs.dcm", series, base, forge)
    now = load(tmp_path / "rs.dcm", series).structure_set.rois[0].contours[0]
    assert abs(now.points_xyz - contour_on(series, 2, circle(18, 11, 4, 4)).points_xyz).max() < 0.001


def test_an_unedited_copy_keeps_every_item_even_off_plane(base: Path, series: Series, tmp_path: Path) -> None:
    def shift(dataset: Dataset) -> None:
        contour = dataset.ROIContourSequence[0].ContourSequence[0]
        contour.ContourData = [value + 0.7 * (index % 3 == 2) for index, value in enumerate(contour.ContourData)]

    coded = recoded(base, ImplicitVRLittleEndian, shift)
    report, _ = edited(tmp_path / "rs.dcm", series, coded, lambda before: before)
    assert item_digests(coded) == item_digests(tmp_path / "rs.dcm")
    assert any("lie on no slice" in note for note in report.notes)


def test_signatures_of_the_base_do_not_outlive_an_edit(base: Path, series: Series, tmp_path: Path) -> None:
    def sign(dataset: Dataset) -> None:
        dataset.DigitalSignaturesSequence = [Dataset()]
        dataset.MACParametersSequence = [Dataset()]

    coded = recoded(base, ExplicitVRLittleEndian, sign)
    report, written = edited(tmp_path / "rs.dcm", series, coded, adding(series))
    assert "DigitalSignaturesSequence" not in written
    assert "MACParametersSequence" not in written
    assert any("signatures" in note for note in report.notes)


def test_a_loaded_set_whose_file_is_gone_is_written_anew_and_says_so(
    base: Path, series: Series, tmp_path: Path
) -> None:
    before = load(base, series).structure_set
    report = save(tmp_path / "rs.dcm", series, with_roi(before, new_roi(series)))
    written = dcmread(tmp_path / "rs.dcm")
    assert written.PredecessorStructureSetSequence[0].ReferencedSOPInstanceUID == before.sop_instance_uid
    assert any("written anew" in note for note in report.notes)
    assert len(written.StructureSetROISequence) == 6
