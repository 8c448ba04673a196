"""Two files that pydicom wrote differ in exactly the edits that were applied, whatever their encodings are."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from compared import Difference, differences
from dcmtty.dicom.compare.model import Kind
from dicom_files import save

SYNTAXES = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
ROIS, CONTOURS, SOURCES = 0x30060020, 0x30060040, 0x00082112
FRESH = {
    "PatientName": ("Doe^Jane", "Roe^Jane", "Doe^Jane^^^Dr"),
    "SliceThickness": ("1.5", "2.5", "-1.5"),
    "InstanceNumber": ("7", "8"),
    "Rows": (4, 5),
    "ImageOrientationPatient": (["1", "0", "0", "0", "1", "0"], ["1", "0", "0", "0", "1", "1e-4"], ["1"]),
    "FrameOfReferenceUID": ("1.2.3", "1.2.30"),
    "DiffusionBValue": (0.5, 0.25),
    "SimpleFrameList": ([1, 2, 3], [1, 2, 4]),
    "StudyDate": ("20240101", "20240102"),
    "ImageComments": ("two\r\nlines", "three\r\nlines"),
    "SelectorATValue": (0x00100010, 0x00100020),
    "PixelData": (bytes(range(40)), bytes(range(1, 41))),
}
"""Keyword to a value of A, and others that B may have instead."""
REWRITTEN = {
    "SliceThickness": ("1.50", "+1.5", "15e-1", "01.5"),
    "InstanceNumber": ("07", "+7"),
    "PatientName": ("Doe^Jane^", "Doe^Jane=="),
    "ImageOrientationPatient": (["1.0", "0", "0", "-0", "1", "0"],),
}
"""Keyword to other ways to write the value of A."""


def base() -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
    for keyword, (first, *_) in FRESH.items():
        setattr(dataset, keyword, first)
    dataset["PixelData"].VR = "OW"
    dataset.StructureSetROISequence = Sequence([roi(number) for number in (3, 5, 9, 12)])
    dataset.SourceImageSequence = Sequence([image(number) for number in range(1, 6)])
    return dataset


def roi(number: int) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName = number, f"ROI {number}"
    item.ROIGenerationAlgorithm = "MANUAL"
    return item


def image(number: int) -> Dataset:
    """An item without anything that names it."""
    item = Dataset()
    item.TableHeight, item.ExposureTime = f"{number}.5", 100 * number
    return item


@dataclass
class Edited:
    """A data set, and how it differs from the base."""

    dataset: Dataset
    expected: set[Difference]


@st.composite
def edits(draw: st.DrawFn) -> Edited:
    edited = Edited(base(), set())
    for keyword, values in FRESH.items():
        choice = draw(st.sampled_from(("keep", "keep", "change", "drop", "rewrite")))
        path = (Tag(keyword),)
        if choice == "change":
            set_value(edited.dataset, keyword, draw(st.sampled_from(values[1:])))
            edited.expected.add((Kind.CHANGED, path))
        elif choice == "drop":
            del edited.dataset[keyword]
            edited.expected.add((Kind.ONLY_A, path))
        elif choice == "rewrite" and keyword in REWRITTEN:
            set_value(edited.dataset, keyword, draw(st.sampled_from(REWRITTEN[keyword])))
    if draw(st.booleans()):
        edited.dataset.StationName = "new"
        edited.expected.add((Kind.ONLY_B, (Tag("StationName"),)))
    edit_rois(draw, edited)
    edit_images(draw, edited)
    return edited


def set_value(dataset: Dataset, keyword: str, value: Any) -> None:  # noqa: ANN401 - as pydicom has it
    element = dataset[keyword]
    dataset[keyword] = DataElement(element.tag, element.VR, value)


def edit_rois(draw: st.DrawFn, edited: Edited) -> None:
    """Change, drop, add to and insert items that have a number."""
    items: list[Dataset] = []
    kept = 0
    for index, item in enumerate(edited.dataset.StructureSetROISequence):
        if draw(st.booleans()):
            edited.expected.add((Kind.ONLY_B, (ROIS, len(items))))
            items.append(roi(100 + index))
        choice = draw(st.sampled_from(("keep", "name", "more", "less", "drop" if index else "keep")))
        if choice == "drop":
            edited.expected.add((Kind.ONLY_A, (ROIS, index)))
            continue
        kept += 1
        if choice == "name":
            item.ROIName = "another"
            edited.expected.add((Kind.CHANGED, (ROIS, index, Tag("ROIName"))))
        elif choice == "more":
            item.ROIDescription = "more"
            edited.expected.add((Kind.ONLY_B, (ROIS, len(items), Tag("ROIDescription"))))
        elif choice == "less":
            del item.ROIGenerationAlgorithm
            edited.expected.add((Kind.ONLY_A, (ROIS, index, Tag("ROIGenerationAlgorithm"))))
        items.append(item)
    edited.dataset.StructureSetROISequence = Sequence(items)


def edit_images(draw: st.DrawFn, edited: Edited) -> None:
    """Insert, or drop, items that nothing names."""
    items = list(edited.dataset.SourceImageSequence)
    if draw(st.booleans()):
        for place in sorted(draw(st.sets(st.integers(0, 5), max_size=3)), reverse=True):
            items.insert(place, image(50 + place))
        fresh = [index for index, item in enumerate(items) if int(item.ExposureTime) >= 5000]
        edited.expected |= {(Kind.ONLY_B, (SOURCES, index)) for index in fresh}
    else:
        dropped = draw(st.sets(st.integers(0, 4), max_size=3))
        items = [item for index, item in enumerate(items) if index not in dropped]
        edited.expected |= {(Kind.ONLY_A, (SOURCES, index)) for index in dropped}
    edited.dataset.SourceImageSequence = Sequence(items)


def written(dataset: Dataset, path: Path, syntax: str) -> Path:
    """The data set as a file; pydicom leaves the swapping of words to its caller."""
    dataset = copy.deepcopy(dataset)
    if syntax == ExplicitVRBigEndian and "PixelData" in dataset:
        words = bytes(dataset.PixelData)
        dataset.PixelData = b"".join(words[at : at + 2][::-1] for at in range(0, len(words), 2))
    return save(dataset, path, syntax)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edited=edits(), syntaxes=st.tuples(st.sampled_from(SYNTAXES), st.sampled_from(SYNTAXES)))
def test_the_differences_are_exactly_the_edits(tmp_path: Path, edited: Edited, syntaxes: tuple[str, str]) -> None:
    a = written(base(), tmp_path / "a.dcm", syntaxes[0])
    b = written(edited.dataset, tmp_path / "b.dcm", syntaxes[1])
    assert differences(a, b) == edited.expected
    mirrored = {Kind.ONLY_A: Kind.ONLY_B, Kind.ONLY_B: Kind.ONLY_A}
    turned = sorted(mirrored.get(kind, kind) for kind, _ in differences(b, a))
    assert turned == sorted(kind for kind, _ in edited.expected)
