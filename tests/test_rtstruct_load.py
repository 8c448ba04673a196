"""Reading RTSTRUCT files: the same points as pydicom, whatever others leave out, and nothing moved or guessed."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, dcmread, dcmwrite
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RTStructureSetStorage,
)

from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.errors import InputError, NotDicom, TruncatedFile
from dcmtty.rtstruct.load import LoadedSet, load
from dcmtty.rtstruct.save import save
from rtstruct_cases import FRAME_UID, four_types, series_of, write_ct


@pytest.fixture
def series(tmp_path: Path) -> Series:
    return series_of(write_ct(tmp_path / "ct"))


@pytest.fixture
def saved(tmp_path: Path, series: Series) -> Path:
    path = tmp_path / "rs.dcm"
    save(path, series, four_types(series))
    return path


def changed(path: Path, change: Callable[[Dataset], None], **encoding: str) -> Path:
    """Write a copy of an RTSTRUCT that pydicom changed."""
    dataset = dcmread(path)
    change(dataset)
    if "syntax" in encoding:
        dataset.file_meta.TransferSyntaxUID = UID(encoding["syntax"])
    target = path.with_name("changed.dcm")
    little = encoding.get("syntax") != ExplicitVRBigEndian
    implicit = encoding.get("syntax") == ImplicitVRLittleEndian
    dcmwrite(target, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return target


def untouched(dataset: Dataset) -> None:
    """Change nothing but the encoding."""
    del dataset


def pydicom_points(path: Path) -> list[tuple[int, str, list[float]]]:
    dataset = dcmread(path, force=True)
    return sorted(
        (
            int(roi.ReferencedROINumber),
            str(contour.ContourGeometricType),
            [float(value) for value in contour.ContourData],
        )
        for roi in dataset.ROIContourSequence
        for contour in roi.get("ContourSequence") or ()
    )


def loaded_points(loaded: LoadedSet) -> list[tuple[int, str, list[float]]]:
    return sorted(
        (roi.number, str(contour.geometric_type), contour.points_xyz.ravel().tolist())
        for roi in loaded.structure_set.rois
        for contour in roi.contours
    )


def first_contour(dataset: Dataset) -> Dataset:
    contour: Dataset = dataset.ROIContourSequence[0].ContourSequence[0]
    return contour


def structure_sets(folder: Path) -> list[Path]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [
        path
        for path in files
        if dcmread(path, force=True, specific_tags=["SOPClassUID"]).get("SOPClassUID") == RTStructureSetStorage
    ]


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_points_are_those_that_pydicom_reads_in_every_transfer_syntax(saved: Path, syntax: str | None) -> None:
    path = saved if syntax is None else changed(saved, untouched, syntax=syntax)
    assert loaded_points(load(path)) == pydicom_points(path)


def test_names_numbers_colours_types_and_origins_come_back(saved: Path, series: Series) -> None:
    rois = load(saved, series).structure_set.rois
    assert [(roi.number, roi.name, roi.color, roi.interpreted_type) for roi in rois] == [
        (1, "Organ", (255, 0, 0), "ORGAN"),
        (2, "Line", (0, 255, 0), ""),
        (3, "Markers", (0, 0, 255), "MARKER"),
        (4, "Needles", (255, 255, 0), "BRACHY_CHANNEL"),
        (5, "Empty", (1, 2, 3), ""),
    ]
    assert [(roi.origin, [contour.origin for contour in roi.contours]) for roi in rois[:3]] == [
        (1, [0, 1]),
        (2, [0]),
        (3, [0, 1]),
    ]


def test_every_real_structure_set_gives_the_points_that_pydicom_reads(shared_data: Path) -> None:
    paths = structure_sets(shared_data / "ct-rtstruct") + structure_sets(shared_data / "rt")
    assert len(paths) >= 15
    for path in paths:
        loaded = load(path)
        assert not loaded.skipped, path
        repeated = any("repeat their first point" in note for note in loaded.notes)
        if not repeated:
            assert loaded_points(loaded) == pydicom_points(path), path
        lengths = [len(points) for _, _, points in pydicom_points(path)]
        ours = [len(points) for _, _, points in loaded_points(loaded)]
        assert all(theirs - own in {0, 3} for own, theirs in zip(ours, lengths, strict=True)) or repeated, path


@pytest.mark.parametrize("patient", ["ibsi-sts-018", "ibsi-sts-019", "ibsi-sts-025"])
@pytest.mark.parametrize("kind", ["CT", "MR_T1", "PET"])
def test_real_contours_are_placed_although_their_images_have_other_uids(
    shared_data: Path, patient: str, kind: str
) -> None:
    folder = shared_data / "ct-rtstruct" / patient
    (series,) = scan([folder / kind]).series
    loaded = load(folder / "RTSTRUCT" / f"RS_{kind}.dcm", series)
    contours = [contour for roi in loaded.structure_set.rois for contour in roi.contours]
    assert not loaded.other_series
    assert not loaded.other_frame_of_reference
    assert len(contours) >= 15
    assert all(contour.sop_instance_uid for contour in contours)
    assert any("not in this series" in note for note in loaded.notes)


def test_a_set_of_another_frame_of_reference_is_flagged_and_not_placed(shared_data: Path) -> None:
    folder = shared_data / "ct-rtstruct" / "rt-utils-mock"
    (series,) = scan([folder]).series
    loaded = load(folder / "rt.dcm", series)
    assert loaded.other_frame_of_reference
    assert loaded.references.frame_of_reference_uids[0] != series.frame_of_reference_uid
    assert not any(contour.sop_instance_uid for roi in loaded.structure_set.rois for contour in roi.contours)


def test_a_set_of_another_series_in_the_same_frame_is_flagged(saved: Path, series: Series) -> None:
    loaded = load(saved, replace(series, series_uid="1.2.9"))
    assert loaded.other_series
    assert not loaded.other_frame_of_reference
    assert loaded.structure_set.series_uid == series.series_uid


def test_contours_off_every_slice_are_listed_with_their_distance_and_not_moved(series: Series, saved: Path) -> None:
    def shift(dataset: Dataset) -> None:
        contour = first_contour(dataset)
        contour.ContourData = [value + 0.7 * (index % 3 == 2) for index, value in enumerate(contour.ContourData)]

    path = changed(saved, shift)
    loaded = load(path, series)
    (off,) = [item for item in loaded.unplaced if item.roi_number == 1]
    assert (off.contour, round(off.distance_mm, 3)) == (1, 0.7)
    assert loaded.structure_set.rois[0].contours[0].sop_instance_uid == ""
    assert loaded_points(loaded) == pydicom_points(path)


@pytest.mark.parametrize(
    "keyword",
    [
        "ReferencedFrameOfReferenceSequence",
        "RTROIObservationsSequence",
        "FrameOfReferenceUID",
        "ApprovalStatus",
        "StructureSetLabel",
    ],
)
def test_what_others_leave_out_is_not_missed(saved: Path, series: Series, keyword: str) -> None:
    loaded = load(changed(saved, lambda dataset: dataset.__delattr__(keyword)), series)
    assert len(loaded.structure_set.rois) == 5
    assert loaded.structure_set.frame_of_reference_uid == FRAME_UID
    assert loaded.structure_set.rois[0].contours[0].sop_instance_uid.endswith(".2")


def test_missing_contours_and_image_references_are_not_missed(saved: Path, series: Series) -> None:
    def strip(dataset: Dataset) -> None:
        del dataset.ROIContourSequence[4]
        del dataset.ROIContourSequence[1]
        for contour in dataset.ROIContourSequence[0].ContourSequence:
            del contour.ContourImageSequence
            del contour.ContourNumber

    rois = load(changed(saved, strip), series).structure_set.rois
    assert [len(roi.contours) for roi in rois] == [2, 0, 2, 2, 0]
    assert [contour.sop_instance_uid[-2:] for contour in rois[0].contours] == [".2", ".4"]


def test_items_are_joined_by_number_and_not_by_position(saved: Path) -> None:
    def turn(dataset: Dataset) -> None:
        dataset.ROIContourSequence.reverse()

    rois = load(changed(saved, turn)).structure_set.rois
    assert [(roi.number, len(roi.contours)) for roi in rois] == [(1, 2), (2, 1), (3, 2), (4, 2), (5, 0)]


def set_data(text: str) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        first_contour(dataset)[0x30060050] = DataElement(0x30060050, "DS", text, already_converted=True)

    return change


def set_count(dataset: Dataset) -> None:
    first_contour(dataset).NumberOfContourPoints = 3


def set_type(dataset: Dataset) -> None:
    first_contour(dataset).ContourGeometricType = "CLOSED PLANAR"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (set_count, "Number of Contour Points says 3, 60 are there"),
        (set_type, "Contour Geometric Type"),
        (set_data("1\\2\\3\\4"), "threes"),
        (set_data("1\\2\\nan"), "finite"),
        (set_data("1\\2\\1e300"), "finite"),
        (set_data("1\\2\\x"), "no number"),
        (set_data("1\\2\\1_0"), "no number"),
        (set_data("1\\2\\" + "9" * 100), "beyond any patient"),
        (set_data("1\\\\3"), "no number"),
        (set_data(""), "no points"),
    ],
)
def test_a_bad_contour_is_skipped_with_its_reason_and_the_others_stay(
    saved: Path, series: Series, change: Callable[[Dataset], None], reason: str
) -> None:
    loaded = load(changed(saved, change), series)
    (skipped,) = loaded.skipped
    assert (skipped.roi_number, skipped.contour) == (1, 1)
    assert reason in skipped.reason
    assert [contour.origin for contour in loaded.structure_set.rois[0].contours] == [1]
    assert any("not readable" in note for note in loaded.notes)


def test_duplicate_and_dangling_numbers_are_told(saved: Path) -> None:
    def confuse(dataset: Dataset) -> None:
        dataset.StructureSetROISequence[1].ROINumber = 1
        dataset.ROIContourSequence[4].ReferencedROINumber = 77

    loaded = load(changed(saved, confuse))
    assert [roi.number for roi in loaded.structure_set.rois] == [1, 3, 4, 5]
    assert any("given twice" in note for note in loaded.notes)
    assert any("77" in note for note in loaded.notes)


def test_coordinates_coded_as_un_are_read(saved: Path) -> None:
    raw = saved.read_bytes()
    at = raw.index(b"\x06\x30\x50\x00DS")
    length = int.from_bytes(raw[at + 6 : at + 8], "little")
    grown = raw[: at + 4] + b"UN\0\0" + length.to_bytes(4, "little") + raw[at + 8 :]
    for container in enclosing_lengths(raw, at):
        old = int.from_bytes(raw[container : container + 4], "little")
        grown = grown[:container] + (old + 4).to_bytes(4, "little") + grown[container + 4 :]
    path = saved.with_name("un.dcm")
    path.write_bytes(grown)
    assert loaded_points(load(path)) == loaded_points(load(saved))


def enclosing_lengths(raw: bytes, at: int) -> list[int]:
    """Where the 32-bit lengths of the sequences and items stand that enclose the first contour's data."""
    roi_contours = raw.index(b"\x06\x30\x39\x00SQ")
    contours = raw.index(b"\x06\x30\x40\x00SQ", roi_contours)
    places = [roi_contours + 8, roi_contours + 12 + 4, contours + 8, contours + 12 + 4]
    assert all(place < at for place in places)
    return places


def test_names_in_other_character_sets_are_decoded(saved: Path) -> None:
    def rename(dataset: Dataset) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.StructureSetROISequence[0].ROIName = "Nière"

    assert load(changed(saved, rename)).structure_set.rois[0].name == "Nière"


def test_bytes_outside_the_declared_set_are_shown_as_escapes(saved: Path) -> None:
    raw = saved.read_bytes().replace(b"Organ", b"Org\xe4n", 1)
    path = saved.with_name("odd.dcm")
    path.write_bytes(raw)
    assert load(path).structure_set.rois[0].name == r"Org\xe4n"


def test_files_without_preamble_are_read(saved: Path) -> None:
    stripped = BytesIO()
    dataset = dcmread(saved)
    dcmwrite(stripped, Dataset(dataset), implicit_vr=True, little_endian=True)
    path = saved.with_name("bare.dcm")
    path.write_bytes(stripped.getvalue())
    assert path.read_bytes()[128:132] != b"DICM"
    assert loaded_points(load(path)) == loaded_points(load(saved))


def test_other_files_are_refused_by_name(tmp_path: Path, series: Series) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no DICOM here\n" * 40)
    empty = tmp_path / "empty"
    empty.touch()
    for path in (text, empty):
        with pytest.raises(NotDicom, match=path.name):
            load(path)
    with pytest.raises(InputError, match="not an RT Structure Set"):
        load(series.first.path)
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "missing.dcm")


def test_a_file_cut_inside_an_element_is_said_to_be_cut(saved: Path) -> None:
    raw = saved.read_bytes()
    path = saved.with_name("cut.dcm")
    start, end = raw.index(b"\x06\x30\x39\x00SQ"), raw.index(b"\x06\x30\x80\x00SQ")
    for length in range(start + 1, end, 97):
        path.write_bytes(raw[:length])
        with pytest.raises(TruncatedFile, match=r"cut\.dcm"):
            load(path)


def test_a_file_cut_between_elements_is_told(saved: Path) -> None:
    raw = saved.read_bytes()
    path = saved.with_name("cut.dcm")
    path.write_bytes(raw[: raw.index(b"\x06\x30\x20\x00SQ")])
    loaded = load(path)
    assert loaded.structure_set.rois == ()
    assert any("cut" in note for note in loaded.notes)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_bytes_never_crash(saved: Path, series: Series, flips: list[tuple[float, int]]) -> None:
    raw = bytearray(saved.read_bytes())
    for share, value in flips:
        raw[int(share * len(raw))] = value
    path = saved.with_name("damaged.dcm")
    path.write_bytes(raw)
    try:
        loaded = load(path, series)
    except InputError:
        return
    assert all(np.isfinite(contour.points_xyz).all() for roi in loaded.structure_set.rois for contour in roi.contours)


def test_a_deep_nest_is_refused_and_not_followed(saved: Path) -> None:
    path = saved.with_name("deep.dcm")
    nest = b"\xfe\xff\x00\xe0\xff\xff\xff\xff\x06\x30\x39\x00SQ\0\0\xff\xff\xff\xff" * 5000
    path.write_bytes(saved.read_bytes() + b"\x11\x40\x01\x00SQ\0\0\xff\xff\xff\xff" + nest)
    with pytest.raises(InputError, match="nested deeper"):
        load(path)


def test_a_length_beyond_the_file_is_told(saved: Path) -> None:
    path = saved.with_name("long.dcm")
    path.write_bytes(saved.read_bytes() + b"\x11\x40\x01\x00OB\0\0\x00\x00\x00\xf0abc")
    with pytest.raises(TruncatedFile, match=r"long\.dcm"):
        load(path)
