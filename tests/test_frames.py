"""Where frames lie, in files that say it in ways that few writers use; each is checked by hand-made numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    EnhancedMRImageStorage,
    MRImageStorage,
    NuclearMedicineImageStorage,
    RTDoseStorage,
)

from dcmtty.contours.model import Roi
from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.rtstruct.save import save as save_set
from dicom_files import image, save
from rtstruct_cases import circle, contour_on, set_of

AXIAL = [1, 0, 0, 0, 1, 0]
FLIPPED = [1, 0, 0, 0, -1, 0]
STEPS = 4


def macro(**attributes: object) -> Dataset:
    found = Dataset()
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def placed(position: list[float]) -> Dataset:
    """A functional group with everything that places a frame."""
    return macro(
        PlanePositionSequence=[macro(ImagePositionPatient=position)],
        PlaneOrientationSequence=[macro(ImageOrientationPatient=AXIAL)],
        PixelMeasuresSequence=[macro(PixelSpacing=[1.5, 0.75])],
    )


def multiframe(sop_class: UID, frames: int = STEPS, **attributes: object) -> Dataset:
    pixels = np.zeros((frames, 32, 32), dtype="<u2")
    return image(
        pixels,
        SOPClassUID=sop_class,
        FrameOfReferenceUID="1.2.9",
        PatientID="P",
        PatientName="A^B",
        NumberOfFrames=frames,
        **attributes,
    )


def series_of(dataset: Dataset, folder: Path) -> Series:
    (series,) = scan([save(dataset, folder / "image.dcm")]).series
    return series


def origins(series: Series) -> dict[int, list[float]]:
    """Where the first pixel of each frame lies."""
    planes = {item.frame: item.plane for item in series.slices}
    return {frame: list(plane.origin_xyz) for frame, plane in planes.items() if plane is not None}


def test_a_private_sequence_in_a_functional_group_does_not_place_the_frame(tmp_path: Path) -> None:
    dataset = multiframe(EnhancedMRImageStorage)
    groups = [placed([0, 0, 3.0 * frame]) for frame in range(STEPS)]
    for group in groups:
        private = macro(ImagePositionPatient=[90, 90, 90], ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
        private.PixelSpacing = [9, 9]
        group.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "SQ", [private])
    dataset.PerFrameFunctionalGroupsSequence = groups
    series = series_of(dataset, tmp_path)
    assert origins(series) == {frame + 1: [0, 0, 3.0 * frame] for frame in range(STEPS)}
    assert {(item.plane.row_spacing_mm, item.plane.column_spacing_mm) for item in series.slices if item.plane} == {
        (1.5, 0.75)
    }


def test_a_mosaic_has_no_place_because_its_tiles_lie_elsewhere(tmp_path: Path) -> None:
    dataset = image(
        np.zeros((32, 32), dtype="<u2"),
        SOPClassUID=MRImageStorage,
        Modality="MR",
        FrameOfReferenceUID="1.2.9",
        ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"],
        ImagePositionPatient=[0, 0, 0],
        ImageOrientationPatient=AXIAL,
        PixelSpacing=[3, 3],
    )
    series = series_of(dataset, tmp_path)
    assert not origins(series)
    assert "mosaic" in series.build_refusal


def test_stacks_at_the_same_positions_are_parted(tmp_path: Path) -> None:
    dataset = multiframe(EnhancedMRImageStorage)
    dataset.PerFrameFunctionalGroupsSequence = [placed([0, 0, 3.0 * (frame % 2)]) for frame in range(STEPS)]
    for frame, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        group.FrameContentSequence = [macro(StackID=str(frame // 2 + 1), InStackPositionNumber=frame % 2 + 1)]
    found = scan([save(dataset, tmp_path / "image.dcm")]).series
    assert [(series.part, len(series.slices), series.build_refusal) for series in found] == [
        ("Stack ID 1", 2, ""),
        ("Stack ID 2", 2, ""),
    ]


def enhanced_without_shared_groups() -> Dataset:
    dataset = multiframe(EnhancedMRImageStorage)
    dataset.PerFrameFunctionalGroupsSequence = [placed([0, 0, 3.0 * frame]) for frame in range(STEPS)]
    return dataset


def enhanced_with_empty_shared_groups() -> Dataset:
    dataset = enhanced_without_shared_groups()
    dataset.SharedFunctionalGroupsSequence = []
    return dataset


def enhanced_of_one_frame_with_shared_groups_alone() -> Dataset:
    dataset = multiframe(EnhancedMRImageStorage, 1)
    dataset.SharedFunctionalGroupsSequence = [placed([1, 2, 3])]
    return dataset


def dose(orientation: list[int], offsets: list[float]) -> Dataset:
    return multiframe(
        RTDoseStorage,
        Modality="RTDOSE",
        ImagePositionPatient=[5, 6, -30],
        ImageOrientationPatient=orientation,
        PixelSpacing=[2, 3],
        GridFrameOffsetVector=offsets,
    )


def tomograph(step_mm: float) -> Dataset:
    return multiframe(
        NuclearMedicineImageStorage,
        Modality="NM",
        ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
        PixelSpacing=[4, 4],
        SpacingBetweenSlices=step_mm,
        SliceVector=[4, 3, 2, 1],
        DetectorInformationSequence=[macro(ImagePositionPatient=[1, 2, 3], ImageOrientationPatient=AXIAL)],
    )


@pytest.mark.parametrize(
    ("dataset", "heights_mm"),
    [
        (enhanced_without_shared_groups(), [0, 3, 6, 9]),
        (enhanced_with_empty_shared_groups(), [0, 3, 6, 9]),
        (enhanced_of_one_frame_with_shared_groups_alone(), [3]),
        (dose(FLIPPED, [0, 3, 6, 9]), [-30, -33, -36, -39]),
        (dose(FLIPPED, [-30, -27, -24, -21]), [-30, -27, -24, -21]),
        (dose(AXIAL, [-30, -27, -24, -21]), [-30, -27, -24, -21]),
        (tomograph(2.5), [10.5, 8, 5.5, 3]),
        (tomograph(-2.5), [-4.5, -2, 0.5, 3]),
    ],
)
def test_a_contour_can_be_saved_on_every_frame_that_has_a_place(
    dataset: Dataset, heights_mm: list[float], tmp_path: Path
) -> None:
    """The read-back finds the plane of each frame by itself, and agrees."""
    series = series_of(dataset, tmp_path)
    assert [origins(series)[frame][2] for frame in range(1, len(heights_mm) + 1)] == heights_mm
    numbers = range(1, len(series.slices) + 1)
    rings = tuple(contour_on(series, number, circle(16, 15, 8, 6)) for number in numbers)
    save_set(tmp_path / "rs.dcm", series, set_of(series, Roi(1, "Ring", (1, 2, 3), "", rings)))
    assert (tmp_path / "rs.dcm").exists()


def test_a_position_that_only_python_takes_for_a_number_gives_no_place(tmp_path: Path) -> None:
    dataset = image(
        np.zeros((8, 12), dtype="<i2"),
        ImagePositionPatient=["10", "20", "345"],
        ImageOrientationPatient=AXIAL,
        PixelSpacing=[1, 1],
    )
    path = save(dataset, tmp_path / "image.dcm")
    assert read_instance(path).frames[0].plane is not None
    path.write_bytes(path.read_bytes().replace(b"10\\20\\345", b"10\\20\\3_5"))
    assert read_instance(path).frames[0].plane is None
