"""Bases that are odd, damaged or do not belong: kept where possible, refused where not."""

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    ExplicitVRLittleEndian,
)

from dcmtty.contours.model import StructureSet, with_roi
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.load import load
from dcmtty.rtstruct.save import save
from rtstruct_cases import circle, contour_on, four_types, series_of, write_ct
from rtstruct_edits import adding, edited, implicit_element, new_roi, recoded


@pytest.fixture
def series(tmp_path: Path) -> Series:
    return series_of(write_ct(tmp_path / "ct"))


@pytest.fixture
def base(tmp_path: Path, series: Series) -> Path:
    path = tmp_path / "base.dcm"
    save(path, series, four_types(series))
    return path


def test_what_its_maker_wrote_oddly_does_not_hinder_an_edit(base: Path, series: Series, tmp_path: Path) -> None:
    def oddly(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[0].ROIGenerationAlgorithm = "BY_MACHINE"
        dataset.StructureSetROISequence[0].ROIName = dataset.StructureSetROISequence[1].ROIName = "Same"
        dataset.ROIContourSequence[0].ROIDisplayColor = [1, 2, 999]
        dataset.RTROIObservationsSequence[0].RTROIInterpretedType = "UNDEFINED"
        del dataset.StructureSetROISequence[0].ReferencedFrameOfReferenceUID

    coded = recoded(base, ExplicitVRLittleEndian, oddly)
    coded.write_bytes(coded.read_bytes().replace(b"Same", b"S\xe4me", 1))

    def extend(before: StructureSet) -> StructureSet:
        organ = before.rois[0]
        ring = contour_on(series, 1, circle(15, 12, 5, 4))
        return with_roi(before, replace(organ, contours=(*organ.contours, ring), origin=-1))

    edited(tmp_path / "rs.dcm", series, coded, extend)
    raw = (tmp_path / "rs.dcm").read_bytes()
    assert b"S\xe4me" in raw
    assert b"UNDEFINED" in raw
    assert b"BY_MACHINE" in raw
    assert b"1\\2\\999" in raw
    roi = load(tmp_path / "rs.dcm", series).structure_set.rois[0]
    assert (len(roi.contours), roi.frame_of_reference_uid) == (3, series.frame_of_reference_uid)


def test_an_item_with_a_character_set_of_its_own_is_read_and_edited_in_it(
    base: Path, series: Series, tmp_path: Path
) -> None:
    def own_set(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[0].SpecificCharacterSet = "ISO_IR 100"
        dataset.StructureSetROISequence[0].ROIName = "Nière"

    coded = recoded(base, ExplicitVRLittleEndian, own_set)
    assert load(coded).structure_set.rois[0].name == "Nière"
    _, written = edited(
        tmp_path / "rs.dcm",
        series,
        coded,
        lambda before: with_roi(before, replace(before.rois[0], name="Blåse", origin=-1)),
    )
    assert written.StructureSetROISequence[0].ROIName == "Blåse"


def test_equal_names_in_a_base_are_told_and_kept(base: Path, series: Series, tmp_path: Path) -> None:
    def same(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[3].ROIName = "Organ"

    report, _ = edited(tmp_path / "rs.dcm", series, recoded(base, ExplicitVRLittleEndian, same), adding(series))
    assert any("ROIs 1 and 4 have the same name" in note for note in report.notes)


def test_an_roi_of_another_frame_of_reference_can_be_kept_and_not_edited(
    base: Path, series: Series, tmp_path: Path
) -> None:
    def elsewhere(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.9"

    coded = recoded(base, ExplicitVRLittleEndian, elsewhere)
    edited(tmp_path / "rs.dcm", series, coded, adding(series))
    with pytest.raises(BuildRefused, match="ROI 1 is in another Frame of Reference"):
        edited(
            tmp_path / "rs2.dcm",
            series,
            coded,
            lambda before: with_roi(before, replace(before.rois[0], name="Kidney", origin=-1)),
        )


def test_contours_that_cannot_be_read_survive_an_edit_of_their_roi(base: Path, series: Series, tmp_path: Path) -> None:
    def spoil(dataset: Dataset) -> None:
        dataset.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints = 3

    coded = recoded(base, ExplicitVRLittleEndian, spoil)
    _, written = edited(
        tmp_path / "rs.dcm",
        series,
        coded,
        lambda before: with_roi(before, replace(before.rois[0], name="Kidney", origin=-1)),
    )
    points = [contour.NumberOfContourPoints for contour in written.ROIContourSequence[0].ContourSequence]
    assert points == [60, 3]


def test_sequences_coded_as_un_are_read_and_not_edited(base: Path, series: Series, tmp_path: Path) -> None:
    save(tmp_path / "implicit.dcm", series, four_types(series), implicit=True)
    raw = (tmp_path / "implicit.dcm").read_bytes()
    _, start, end = implicit_element(raw, raw.index(b"\x06\x30\x39\x00"))
    explicit = base.read_bytes()
    at = explicit.index(b"\x06\x30\x39\x00SQ")
    after = at + 12 + struct.unpack_from("<L", explicit, at + 8)[0]
    coded = tmp_path / "un.dcm"
    header = b"\x06\x30\x39\x00UN\0\0" + struct.pack("<L", end - start)
    coded.write_bytes(explicit[:at] + header + raw[start:end] + explicit[after:])
    ours, theirs = (load(path, series).structure_set.rois for path in (coded, base))
    assert [len(roi.contours) for roi in ours] == [len(roi.contours) for roi in theirs]
    assert abs(ours[0].contours[0].points_xyz - theirs[0].contours[0].points_xyz).max() == 0
    with pytest.raises(BuildRefused, match="encoded as UN"):
        edited(tmp_path / "rs.dcm", series, coded, adding(series))


def test_bases_that_do_not_belong_are_refused(base: Path, series: Series, tmp_path: Path) -> None:
    before = load(base, series).structure_set
    target = tmp_path / "rs.dcm"

    def refused(change: Callable[[Dataset], None], what: str) -> None:
        coded = recoded(base, ExplicitVRLittleEndian, change)
        with pytest.raises(BuildRefused, match=what):
            save(target, series, replace(before, sop_instance_uid=dcmread(coded).SOPInstanceUID), base=coded)

    def other_series(dataset: Dataset) -> None:
        frame = dataset.ReferencedFrameOfReferenceSequence[0]
        frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.9"

    def other_frame(dataset: Dataset) -> None:
        dataset.FrameOfReferenceUID = dataset.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = "1.2.9"
        for item in dataset.StructureSetROISequence:
            item.ReferencedFrameOfReferenceUID = "1.2.9"

    def no_frame(dataset: Dataset) -> None:
        del dataset.FrameOfReferenceUID, dataset.ReferencedFrameOfReferenceSequence
        for item in dataset.StructureSetROISequence:
            del item.ReferencedFrameOfReferenceUID

    def same_number(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[1].ROINumber = 1

    refused(other_series, "another series")
    refused(other_frame, "another Frame of Reference")
    refused(no_frame, "names no Frame of Reference")
    refused(same_number, "two with the same")
    refused(lambda dataset: setattr(dataset, "PatientID", "SECRET"), "Patient ID")
    with pytest.raises(BuildRefused, match="not the structure set that was loaded"):
        save(target, series, replace(before, sop_instance_uid="1.2.9"), base=base)
    with pytest.raises(BuildRefused, match="keeps its transfer syntax"):
        save(target, series, before, base=base, implicit=True)
    with pytest.raises(BuildRefused, match="same name"):
        save(target, series, with_roi(before, new_roi(series, name="Organ")), base=base)
    assert not target.exists()
