"""Series are sorted along their normal, odd ones are told or parted, and what is ambiguous cannot be built on."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmtty.dicom.model import Instance, Note, Series
from dcmtty.dicom.series import group
from instances import AXIAL, CORONAL, SAGITTAL, Directions, frame, instance, normal_of, stack, turned

EVEN = [3.0 * index for index in range(12)]


def only(instances: list[Instance]) -> Series:
    """The one series that the instances make."""
    (series,) = group(instances)
    return series


def notes(series: Series, kind: str) -> list[Note]:
    return [note for note in series.notes if note.kind == kind]


@pytest.mark.parametrize("directions", [AXIAL, SAGITTAL, CORONAL, turned(0.3, -0.4, 1.2), turned(1.5, 1.5, 0.1)])
def test_slices_are_sorted_along_the_normal_in_any_orientation(directions: Directions) -> None:
    series = only(stack(EVEN, directions, seed=3))
    along = [float(np.dot(s.plane.origin_xyz, normal_of(directions))) for s in series.slices if s.plane is not None]
    assert along == sorted(along)
    assert len(along) == len(EVEN)
    assert [s.position_mm for s in series.slices] == pytest.approx(along, abs=1e-9)
    assert series.spacing_mm == pytest.approx(3.0)
    assert (series.notes, series.build_refusal, series.part) == ((), "", "")


@settings(max_examples=60, deadline=None)
@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    steps=st.lists(st.floats(0.5, 9.0), min_size=1, max_size=20),
    seed=st.integers(0, 1000),
)
def test_order_never_depends_on_names_numbers_or_the_order_of_files(
    angles: tuple[float, float, float], steps: list[float], seed: int
) -> None:
    positions = [float(value) for value in np.cumsum([0.0, *steps])]
    instances = stack(positions, turned(*angles), seed=seed)
    expected = [one.sop_instance_uid for one in instances]
    random.Random(seed).shuffle(instances)
    assert [one.instance.sop_instance_uid for one in only(instances).slices] == expected


def test_a_gap_names_its_slices_and_how_many_seem_missing() -> None:
    series = only(stack([0, 3, 6, 9, 18, 21, 24, 27, 30]))
    (gap,) = notes(series, "gap")
    assert gap.slice_number == 4
    assert gap.text == "gap of 9 mm between slices 4 and 5 (usual 3 mm): 2 slices seem missing"
    assert series.build_refusal == ""


def test_two_slice_distances_of_equal_share_are_uneven_and_no_gaps() -> None:
    series = only(stack([0, 3, 6, 9, 12, 17, 22, 27, 32]))
    assert not notes(series, "gap")
    assert notes(series, "spacing")[0].text == "the distance between slices varies from 3 mm to 5 mm"


def test_a_change_of_the_distance_part_way_is_no_row_of_gaps() -> None:
    thin, thick = [3.0 * index for index in range(20)], [62.0, 67, 72, 77, 82]
    series = only(stack([*thin, *thick]))
    assert [note.text for note in series.notes] == ["the distance between slices varies from 3 mm to 5 mm"]
    (gap,) = notes(only(stack([*thin, *thick, 97])), "gap")
    assert gap.slice_number == 25


def test_a_rounding_of_positions_is_neither_gap_nor_uneven() -> None:
    positions = [round(index * 10 / 3, 2) for index in range(30)]
    assert only(stack(positions)).notes == ()


def test_a_micro_ct_of_a_hundredth_of_a_millimetre_keeps_its_slices_apart() -> None:
    instances = [instance(number, [0, 0, 0.009 * number], spacing=(0.009, 0.009)) for number in range(1, 20)]
    series = only(instances)
    assert series.spacing_mm == pytest.approx(0.009)
    assert series.notes == ()


def test_a_position_used_twice_refuses_the_build_and_can_be_viewed() -> None:
    series = only([*stack(EVEN), instance(99, [-100, -120, 7 + EVEN[4]])])
    assert len(series.slices) == len(EVEN) + 1
    (repeat,) = notes(series, "duplicate")
    assert repeat.slice_number == 6
    assert repeat.text == "slice 6 lies at the same position as slice 5"
    assert "positions or images repeat" in series.build_refusal


def test_one_image_in_two_files_is_told_as_such() -> None:
    instances = stack(EVEN)
    copy = replace(instances[4], path=instances[4].path.with_name("copy of it.dcm"))
    series = only([*instances, copy])
    (repeat,) = notes(series, "duplicate")
    assert "copy of it.dcm" in repeat.text
    assert "the same image in two files" in repeat.text
    assert series.build_refusal


def test_a_copied_file_does_not_keep_echoes_from_being_parted() -> None:
    echoes = [*stack(EVEN, EchoNumbers="1"), *stack(EVEN, first=50, EchoNumbers="2")]
    copy = replace(echoes[0], path=echoes[0].path.with_name("copy.dcm"))
    parts = group([*echoes, copy])
    assert [part.part for part in parts] == ["Echo Numbers 1", "Echo Numbers 2"]
    assert [bool(part.build_refusal) for part in parts] == [True, False]


@pytest.mark.parametrize(
    ("keyword", "values", "names"),
    [
        ("AcquisitionNumber", ("1", "2"), ["Acquisition Number 1", "Acquisition Number 2"]),
        ("TemporalPositionIdentifier", ("10", "9"), ["Temporal Position 9", "Temporal Position 10"]),
        ("TemporalPositionIndex", ("1", "2"), ["Temporal Position 1", "Temporal Position 2"]),
        ("TriggerTime", ("0", "33.5"), ["Trigger Time 0", "Trigger Time 33.5"]),
        ("EchoNumbers", ("1", "2"), ["Echo Numbers 1", "Echo Numbers 2"]),
        ("EchoTime", ("4.6", "2.3"), ["Echo Time 2.3", "Echo Time 4.6"]),
        ("DiffusionBValue", ("0", "1000"), ["b-value 0", "b-value 1000"]),
        ("ImageType", ("ORIGINAL\\M", "ORIGINAL\\P"), ["Image Type ORIGINAL\\M", "Image Type ORIGINAL\\P"]),
        ("EchoNumbers", ("", "2"), ["no Echo Numbers", "Echo Numbers 2"]),
    ],
)
def test_repeated_positions_are_parted_by_what_tells_them_apart(
    keyword: str, values: tuple[str, str], names: list[str]
) -> None:
    instances = [
        made
        for index, value in enumerate(values)
        for made in stack(EVEN, first=1 + 50 * index, values={keyword: value})
    ]
    parts = group(instances)
    assert sorted(part.part for part in parts) == sorted(names)
    for part in parts:
        assert len(part.slices) == len(EVEN)
        assert part.build_refusal == ""
        assert part.spacing_mm == pytest.approx(3.0)
    assert len({part.key for part in parts}) == len(parts)


def test_the_first_attribute_that_separates_is_taken() -> None:
    parts = group(
        [
            *stack(EVEN, AcquisitionNumber="1", EchoNumbers="1"),
            *stack(EVEN, first=50, AcquisitionNumber="2", EchoNumbers="2"),
        ]
    )
    assert [part.part for part in parts] == ["Acquisition Number 1", "Acquisition Number 2"]


def test_an_attribute_that_counts_slices_does_not_shred_the_series() -> None:
    numbered = [
        replace(one, values={**one.values, "AcquisitionNumber": (str(index),)})
        for index, one in enumerate(stack(EVEN * 2))
    ]
    echoes = [
        replace(one, values={**one.values, "EchoNumbers": (str(1 + index // len(EVEN)),)})
        for index, one in enumerate(numbered)
    ]
    assert [part.part for part in group(echoes)] == ["Echo Numbers 1", "Echo Numbers 2"]
    assert len(group(numbered)) == 1


def test_a_combination_is_taken_where_no_attribute_separates_alone() -> None:
    instances = [
        made
        for index, (echo, kind) in enumerate((e, k) for e in "12" for k in "MP")
        for made in stack(EVEN, first=1 + 50 * index, EchoNumbers=echo, ImageType=f"ORIGINAL\\{kind}")
    ]
    parts = group(instances)
    assert parts[0].part == "Echo Numbers 1, Image Type ORIGINAL\\M"
    assert len(parts) == 4
    assert all(not part.build_refusal for part in parts)


def test_a_cine_whose_trigger_times_wander_is_parted_by_phase() -> None:
    instances = [
        instance(10 * place + phase, [0, 0, 5.0 * place], TriggerTime=str(phase * 40 + place))
        for place in range(6)
        for phase in range(5)
    ]
    parts = group(instances)
    assert [part.part for part in parts] == [f"Trigger Time {phase} of 5" for phase in range(1, 6)]
    assert [len(part.slices) for part in parts] == [6] * 5
    assert all(s.instance.text("InstanceNumber").endswith("3") for s in parts[3].slices)


def test_what_still_repeats_keeps_its_refusal_and_the_rest_can_be_built_on() -> None:
    directions = [made for index in range(6) for made in stack(EVEN, first=100 + 50 * index, DiffusionBValue="1000")]
    parts = {part.part: part for part in group([*stack(EVEN, DiffusionBValue="0"), *directions])}
    assert parts["b-value 0"].build_refusal == ""
    assert "repeat" in parts["b-value 1000"].build_refusal
    assert len(parts["b-value 1000"].slices) == 6 * len(EVEN)


def test_scouts_of_several_orientations_are_parted_and_named() -> None:
    parts = group([*stack(EVEN), *stack([0, 5], SAGITTAL, first=50), *stack([0], CORONAL, first=70)])
    assert [part.part for part in parts] == ["axial", "sagittal", "coronal"]
    assert [len(part.slices) for part in parts] == [12, 2, 1]
    assert all(notes(part, "mixed-orientation") for part in parts)
    assert all(not part.build_refusal for part in parts)


def test_a_series_of_many_orientations_stays_whole_and_refuses_the_build() -> None:
    radial = [instance(index + 1, [0, 0, 0], turned(0, 0.2 * index, 0)) for index in range(12)]
    series = only(radial)
    assert notes(series, "mixed-orientation")
    assert "not parallel" in series.build_refusal
    assert [s.instance.text("InstanceNumber") for s in series.slices] == [str(index) for index in range(1, 13)]


def test_different_picture_sizes_are_parted() -> None:
    other = [instance(100 + index, [0, 0, 50.0 * index], size=(64, 64)) for index in range(3)]
    parts = group([*stack(EVEN), *other])
    assert [part.part for part in parts] == ["30 x 20 of 0.7 x 0.9 mm", "64 x 64 of 0.7 x 0.9 mm"]


def test_different_pixel_spacings_are_parted() -> None:
    other = [instance(100 + index, [0, 0, 50.0 * index], spacing=(1, 1)) for index in range(3)]
    assert [len(part.slices) for part in group([*stack(EVEN), *other])] == [12, 3]


def test_gantry_tilt_is_told_and_can_be_built_on() -> None:
    tilted = [instance(index, [0, index * 5 * math.tan(math.radians(15)), 5.0 * index]) for index in range(1, 10)]
    series = only(tilted)
    assert "shifted in their plane" in notes(series, "other")[0].text
    assert series.build_refusal == ""
    assert series.spacing_mm == pytest.approx(5.0)


def test_slices_whose_cosines_differ_by_rounding_are_one_stack() -> None:
    rounded = [
        instance(index, [0, 0, 2.0 * index], ((1.0, 0.0, 0.0), (0.0, 1.0, 1e-5 * (index % 3))))
        for index in range(1, 30)
    ]
    assert only(rounded).notes == ()


def test_no_frame_of_reference_refuses_the_build() -> None:
    series = only(stack(EVEN, FrameOfReferenceUID=""))
    assert notes(series, "no-frame-of-reference")
    assert "no Frame of Reference UID" in series.build_refusal


def test_several_frames_of_reference_are_parted() -> None:
    parts = group([*stack(EVEN), *stack(EVEN, first=50, FrameOfReferenceUID="1.9")])
    assert [part.part for part in parts] == ["Frame of Reference 1 of 2", "Frame of Reference 2 of 2"]
    assert {part.frame_of_reference_uid for part in parts} == {"1.2.3.5", "1.9"}
    assert all(
        {s.instance.text("FrameOfReferenceUID") for s in part.slices} == {part.frame_of_reference_uid} for part in parts
    )


@pytest.mark.parametrize(("keyword", "what"), [("PatientID", "patient"), ("StudyInstanceUID", "study")])
def test_a_series_shared_by_patients_or_studies_is_parted_and_refused(keyword: str, what: str) -> None:
    parts = group([*stack(EVEN), *stack(EVEN, first=50, values={keyword: "other"})])
    assert [part.part for part in parts] == [f"{what} 1 of 2", f"{what} 2 of 2"]
    assert all(f"shared by more than one {what}" in part.build_refusal for part in parts)
    assert not any("other" in part.part for part in parts)


def test_different_names_of_one_patient_are_told_without_naming_them() -> None:
    series = only([*stack(EVEN, PatientName="Doe^Jane^"), *stack([99.0], first=50, PatientName="Roe^Jane")])
    assert [note.text for note in notes(series, "other")] == [
        "the files of this series give different names of the patient"
    ]
    assert only([*stack(EVEN, PatientName="DOE^JANE"), *stack([36.0], first=50, PatientName="Doe^Jane^")]).notes == ()


def test_spaces_around_a_patient_id_make_no_other_patient() -> None:
    series = only([*stack(EVEN), *stack([99.0], first=50, PatientID=" P1")])
    assert not series.build_refusal


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SOPClassUID"])
def test_an_image_without_its_uids_cannot_be_built_on(keyword: str) -> None:
    assert "UID" in only(stack(EVEN, values={keyword: ""})).build_refusal


def test_images_without_a_place_are_ordered_by_instance_number() -> None:
    series = only([instance(number, None, name=f"{97 - number}") for number in (10, 9, 2, 1)])
    assert [s.instance.text("InstanceNumber") for s in series.slices] == ["1", "2", "9", "10"]
    assert all(s.position_mm is None for s in series.slices)
    assert "no Image Position" in series.build_refusal
    assert notes(series, "no-position")


def test_images_without_a_place_are_kept_apart_from_those_with_one() -> None:
    parts = group([*stack(EVEN), instance(90, None)])
    assert [(part.part, len(part.slices)) for part in parts] == [("axial", 12), ("no position", 1)]
    assert [bool(part.build_refusal) for part in parts] == [False, True]


def test_a_screen_capture_in_a_series_is_kept_apart() -> None:
    capture = instance(90, None, Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    parts = group([*stack(EVEN), capture])
    assert sorted(len(part.slices) for part in parts) == [1, 12]


def test_the_frames_of_one_file_are_sorted_like_slices() -> None:
    base = instance(1, [0, 0, 0])
    frames = tuple(frame([0, 0, z], values={"TemporalPositionIndex": (t,)}) for t in "12" for z in (9.0, 3.0, 6.0))
    parts = group([replace(base, frames=frames)])
    assert [part.part for part in parts] == ["Temporal Position 1", "Temporal Position 2"]
    assert [[s.frame for s in part.slices] for part in parts] == [[2, 3, 1], [5, 6, 4]]
    assert all(not part.build_refusal for part in parts)


def test_series_are_sorted_by_patient_study_and_number() -> None:
    made = [
        instance(1, [0, 0, 0], SeriesInstanceUID=uid, SeriesNumber=number, PatientID=patient)
        for uid, number, patient in (("1.9", "2", "B"), ("1.8", "10", "B"), ("1.7", "9", "B"), ("1.6", "50", "A"))
    ]
    assert [series.series_uid for series in group(made)] == ["1.6", "1.9", "1.7", "1.8"]
    assert [s.series_uid for s in group(made[::-1])] == ["1.6", "1.9", "1.7", "1.8"]


def test_images_without_series_uid_are_kept_apart_by_folder_under_names_of_their_own() -> None:
    made = [instance(1, [0, 0, 0], name=f"{folder}/1", SeriesInstanceUID="") for folder in "ab"]
    parts = group(made)
    assert len(parts) == 2
    assert len({part.key for part in parts}) == 2


def test_one_slice_is_a_series_without_spacing() -> None:
    series = only([instance(1, [0, 0, 0])])
    assert series.spacing_mm is None
    assert (series.notes, series.build_refusal) == ((), "")


def test_positions_grow_from_slice_to_slice() -> None:
    positions = [s.position_mm or 0.0 for s in only(stack(EVEN, turned(2.0, 0.5, -1.0))).slices]
    assert all(after > before for before, after in pairwise(positions))
