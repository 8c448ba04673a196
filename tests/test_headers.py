"""Headers are read as pydicom reads them, planes as the standard says, and nothing incomplete passes for complete."""

from __future__ import annotations

import os
import warnings
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dcmtty.dicom.attributes import ATTRIBUTES
from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.model import Instance
from dcmtty.errors import InputError, NotDicom, TruncatedFile
from dicom_bytes import (
    DEFLATED,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    element,
    identity,
    image,
    item,
    nest,
    part10,
    sequence,
    text,
)
from pydicom_values import PYDICOM_FILES, expected_values, files_in

READ_FURTHER = {"GH179A.dcm"}
"""Here pydicom takes a VR of two spaces for half a length and ends inside the element, without a word."""


PADDING = {"CT_small.dcm": 138, "image_dfl.dcm": 8}
"""Bytes behind the data set proper: Data Set Trailing Padding, what a deflating program left."""


LEFT_ESCAPES = {"chrGB2312.dcm": "\x1b$)A"}
"""Where pydicom leaves escape sequences of ISO 2022 IR 58 in the text; test_charset.py has other witnesses."""


def written(folder: Path, data: bytes, name: str = "a.dcm") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def compare_with_pydicom(path: Path) -> bool:
    """Compare all attributes; False when we refuse the file."""
    try:
        instance = read_instance(path)
    except InputError:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        expected = {
            attribute.keyword: values
            for tag, attribute in ATTRIBUTES.items()
            if tag in dataset and (values := expected_values(dataset[tag].value))
        }
    own = {keyword: values for keyword, values in instance.values.items() if not keyword.startswith("MediaStorage")}
    left = LEFT_ESCAPES.get(path.name, "")
    expected = {keyword: tuple(text.replace(left, "") for text in values) for keyword, values in expected.items()}
    assert own == expected, path
    return True


def test_values_are_those_of_pydicom_on_its_own_files() -> None:
    read = [path for path in files_in(PYDICOM_FILES) if compare_with_pydicom(path)]
    assert len(read) > 150


def test_values_are_those_of_pydicom_on_real_data(shared_data: Path) -> None:
    files = [path for path in files_in(shared_data) if path.name not in READ_FURTHER and "LICENSES" not in path.parts]
    read = [path for path in files if compare_with_pydicom(path)]
    assert len(read) > 600


def test_the_truncated_files_of_pydicom_are_refused() -> None:
    for name in ("MR_truncated.dcm", "rtplan_truncated.dcm", "dicomdirtests/DICOMDIR-nooffset"):
        with pytest.raises(TruncatedFile, match=r"at byte \d+ says"):
            read_instance(PYDICOM_FILES / "test_files" / name)


def plain_file() -> bytes:
    """A small image whose attributes reach from the file meta information to Pixel Data."""
    plane = text(0x00200032, "DS", "1\\2\\3") + text(0x00200037, "DS", "1\\0\\0\\0\\1\\0")
    uids = text(0x0020000D, "UI", "1.2") + text(0x0020000E, "UI", "1.2.3") + plane
    related = sequence(0x00081140, item(text(0x00081155, "UI", "1.2.9")), delimited=True)
    return part10(identity() + related + text(0x00100010, "PN", "A^B") + uids + image())


def is_complete(instance: Instance) -> bool:
    return instance.is_image and not instance.warnings


def test_a_file_cut_at_any_byte_never_passes_for_complete(tmp_path: Path) -> None:
    data = plain_file()
    assert is_complete(read_instance(written(tmp_path, data)))
    for cut in range(len(data)):
        path = written(tmp_path, data[:cut])
        try:
            instance = read_instance(path)
        except (TruncatedFile, NotDicom):
            continue
        assert not is_complete(instance), cut


def test_a_real_file_cut_at_many_bytes_never_passes_for_complete(tmp_path: Path) -> None:
    for name in ("CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm"):
        data = (PYDICOM_FILES / "test_files" / name).read_bytes()
        end = len(data) - PADDING.get(name, 0)
        for cut in [*range(0, 1200, 7), *range(1200, end, 997), end - 1]:
            path = written(tmp_path, data[:cut])
            try:
                instance = read_instance(path)
            except (TruncatedFile, NotDicom):
                continue
            assert not is_complete(instance), (name, cut)


@pytest.mark.parametrize(("delimited", "depth"), [(False, 33), (True, 33), (False, 300), (True, 300), (True, 5000)])
def test_a_deep_nest_is_refused(tmp_path: Path, delimited: bool, depth: int) -> None:
    with pytest.raises(InputError, match="more than 32 deep"):
        read_instance(written(tmp_path, part10(identity() + nest(depth, delimited=delimited))))
    assert read_instance(written(tmp_path, part10(identity() + nest(31, delimited=delimited)))).modality == "CT"


def deflated(data: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


def test_a_deflate_bomb_is_refused(tmp_path: Path) -> None:
    bomb = identity() + element(0x7FE00010, "OW", bytes(200 << 20))
    path = written(tmp_path, part10(deflated(bomb), DEFLATED))
    assert path.stat().st_size < 300_000
    with pytest.raises(InputError, match="refused as a bomb"):
        read_instance(path)


def test_a_deflated_file_is_read_and_its_cut_noticed(tmp_path: Path) -> None:
    data = part10(deflated(identity() + image()), DEFLATED)
    assert is_complete(read_instance(written(tmp_path, data)))
    for cut in range(len(data) - 20, len(data)):
        with pytest.raises(TruncatedFile):
            read_instance(written(tmp_path, data[:cut]))


@pytest.mark.parametrize(
    ("syntax", "implicit", "big"), [(EXPLICIT_LE, False, False), (IMPLICIT_LE, True, False), (EXPLICIT_BE, False, True)]
)
def test_an_image_is_found_with_and_without_file_meta_information(
    tmp_path: Path, syntax: str, implicit: bool, big: bool
) -> None:
    data_set = identity(implicit=implicit, big=big) + image(implicit=implicit, big=big)
    for data in (part10(data_set, syntax), data_set):
        instance = read_instance(written(tmp_path, data))
        assert (instance.text("Rows"), instance.text("Columns"), instance.modality) == ("4", "6", "CT")
        assert instance.is_image


NO_DICOM = (
    b"", b"\x08", b"hello world, this is text\n" * 30, bytes(4000), b"\x1f\x8b\x08\x00" + bytes(range(256)) * 4,
    b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b"%PDF-1.7\n" + b"x" * 500, b"\x08\x00" * 300,
)  # fmt: skip


@pytest.mark.parametrize("data", NO_DICOM)
def test_what_is_no_dicom_is_told(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotDicom, match="not a DICOM file"):
        read_instance(written(tmp_path, data))


@pytest.mark.parametrize(
    ("preamble", "state"),
    [
        (bytes(128), "clean"),
        (b"#!/bin/sh\n".ljust(128, b"\0"), "executable"),
        (b"MZ".ljust(128, b"\0"), "executable"),
        (b"\x7fELF".ljust(128, b"\0"), "executable"),
        (b"<?php".ljust(128, b"\0"), "executable"),
        (b"II*\0\x00\x01\0\0".ljust(128, b"\0"), "dual-tiff"),
        (b"II*\0\x10\0\0\0".ljust(128, b"\0"), "other"),
        (b"MM\0*\xff\xff\xff\xff".ljust(128, b"\0"), "other"),
        (b"hello".ljust(128, b"\0"), "other"),
    ],
)
def test_the_preamble_is_classified(tmp_path: Path, preamble: bytes, state: str) -> None:
    instance = read_instance(written(tmp_path, part10(identity() + image(), preamble=preamble)))
    assert instance.preamble == state
    assert bool(instance.warnings) is (state == "executable")


def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(InputError, match="not a regular file"):
        read_instance(fifo)


def test_a_file_without_pixels_or_usable_rows_has_no_image(tmp_path: Path) -> None:
    for data in (
        image(rows=0),
        image(pixels=b""),
        element(0x00280010, "US", b"") + element(0x7FE00010, "OW", bytes(8)),
    ):
        instance = read_instance(written(tmp_path, part10(identity() + data)))
        assert not instance.is_image
        assert instance.warnings


def test_an_unbelievable_number_of_frames_is_refused(tmp_path: Path) -> None:
    data = part10(identity() + text(0x00280008, "IS", "2000000000") + image())
    with pytest.raises(InputError, match="2000000000 frames"):
        read_instance(written(tmp_path, data))


def test_imager_pixel_spacing_makes_no_plane(tmp_path: Path) -> None:
    plane = text(0x00200032, "DS", "0\\0\\0") + text(0x00200037, "DS", "1\\0\\0\\0\\1\\0")
    data = identity() + text(0x00181164, "DS", "0.1\\0.1") + plane + image()
    geometry = read_instance(written(tmp_path, part10(data))).frames[0]
    assert geometry.plane is None
    assert "Imager Pixel Spacing" in geometry.reason


def test_the_frames_of_an_enhanced_image_have_their_own_planes() -> None:
    instance = read_instance(PYDICOM_FILES / "test_files" / "liver_expb_1frame.dcm")
    dataset = pydicom.dcmread(PYDICOM_FILES / "test_files" / "liver_expb_1frame.dcm")
    position = dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient
    plane = instance.frames[0].plane
    assert plane is not None
    assert list(plane.origin_xyz) == [float(value) for value in position]


def test_enhanced_frames_follow_shared_and_own_groups(shared_data: Path) -> None:
    path = shared_data / "pixel" / "enhanced" / "mr_brucker.dcm"
    dataset = pydicom.dcmread(path)
    frames = read_instance(path).frames
    assert len(frames) == dataset.NumberOfFrames
    for frame, group in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        assert frame.plane is not None
        expected = [float(value) for value in group.PlanePositionSequence[0].ImagePositionPatient]
        assert list(frame.plane.origin_xyz) == expected


def test_dose_frames_lie_at_their_offsets_along_the_normal(shared_data: Path) -> None:
    path = shared_data / "rt" / "RD.wedge.dcm"
    dataset = pydicom.dcmread(path)
    frames = read_instance(path).frames
    start = np.array([float(value) for value in dataset.ImagePositionPatient])
    cosines = np.array([float(value) for value in dataset.ImageOrientationPatient])
    normal = np.cross(cosines[:3], cosines[3:])
    for frame, offset in zip(frames, dataset.GridFrameOffsetVector, strict=True):
        assert frame.plane is not None
        assert np.allclose(frame.plane.origin_xyz, start + float(offset) * normal, atol=1e-9)


def test_a_dose_with_absolute_offsets_lies_at_these_patient_z(tmp_path: Path) -> None:
    path = dose(tmp_path, orientation=[1, 0, 0, 0, 1, 0], offsets=[-30, -27, -24])
    planes = [frame.plane for frame in read_instance(path).frames]
    assert [float(plane.origin_xyz[2]) for plane in planes if plane is not None] == [-30, -27, -24]


def test_an_oblique_dose_with_absolute_offsets_has_no_place(tmp_path: Path) -> None:
    path = dose(tmp_path, orientation=[1, 0, 0, 0, 0, -1], offsets=[-30, -27, -24])
    assert all(frame.plane is None and frame.reason for frame in read_instance(path).frames)


def dose(folder: Path, orientation: list[float], offsets: list[float]) -> Path:
    """Write an RTDOSE of three frames."""
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.2", "1.2.3"
    dataset.Modality, dataset.ImagePositionPatient, dataset.PixelSpacing = "RTDOSE", [5, 6, -30], [2, 2]
    dataset.ImageOrientationPatient, dataset.GridFrameOffsetVector = orientation, offsets
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 4, 4, 3
    dataset.BitsAllocated, dataset.SamplesPerPixel, dataset.PixelData = 16, 1, bytes(96)
    dataset["PixelData"].VR = "OW"
    path = folder / "dose.dcm"
    pydicom.dcmwrite(path, dataset, implicit_vr=True, little_endian=True)
    return path


def test_a_structure_set_says_on_which_series_it_was_drawn(shared_data: Path) -> None:
    path = shared_data / "ct-rtstruct" / "ibsi-sts-019" / "RTSTRUCT" / "RS_CT.dcm"
    dataset = pydicom.dcmread(path)
    study = dataset.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    expected = [str(series.SeriesInstanceUID) for series in study.RTReferencedSeriesSequence]
    assert list(read_instance(path).referenced_series_uids) == expected


def test_further_attributes_are_read_when_asked_for(tmp_path: Path) -> None:
    private = text(0x00091001, "LO", "secret") + text(0x00180015, "CS", "HEAD")
    path = written(tmp_path, part10(identity() + private + image()))
    instance = read_instance(path, also=(0x00091001, 0x00180015))
    assert instance.values["0009,1001"] == ("secret",)
    assert instance.text("BodyPartExamined") == "HEAD"


def test_a_huge_value_is_left_out_and_told(tmp_path: Path) -> None:
    data = part10(text(0x00080008, "UT", "A" * 70_000) + identity() + image())
    instance = read_instance(written(tmp_path, data))
    assert "ImageType" not in instance.values
    assert any("ImageType" in warning for warning in instance.warnings)
