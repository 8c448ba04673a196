"""What the library beneath raises on a damaged element ends as one plain error, in reading, building and saving."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.errors import DcmttyError, InputError, VerificationFailed
from dcmtty.rtstruct.load import load
from dcmtty.rtstruct.save import save as save_set
from dicom_files import image, picture_of, ramp, save
from rtstruct_cases import four_types, series_of, write_ct

ODD = b"\1\0\1"
"""No whole number of any binary value."""


def damaged(data: bytes, tag: int, vr: bytes, new_vr: bytes, value: bytes = ODD) -> bytes:
    """The file with another VR and value in the first element of a tag."""
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    at = data.index(head + vr)
    (length,) = struct.unpack_from("<H", data, at + 6)
    return data[:at] + head + new_vr + struct.pack("<H", len(value)) + value + data[at + 8 + length :]


@pytest.mark.parametrize("new_vr", [b"US", b"FD", b"ZZ"])
@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x00080060, b"CS"),
        (0x00280002, b"US"),
        (0x00280004, b"CS"),
        (0x00280100, b"US"),
        (0x00280101, b"US"),
        (0x00280103, b"US"),
        (0x00281050, b"DS"),
        (0x00281053, b"DS"),
    ],
)
def test_a_damaged_image_attribute_is_one_plain_error_or_none(
    tmp_path: Path, tag: int, vr: bytes, new_vr: bytes
) -> None:
    path = save(image(ramp(), WindowCenter="40", WindowWidth="400", RescaleSlope="1"), tmp_path / "a.dcm")
    path.write_bytes(damaged(path.read_bytes(), tag, vr, new_vr))
    with suppress(InputError):
        assert picture_of(path).rows == 8


@pytest.fixture
def series(tmp_path: Path) -> Series:
    return series_of(write_ct(tmp_path / "ct"))


def test_a_base_with_an_unknown_vr_is_refused_and_nothing_is_written(tmp_path: Path, series: Series) -> None:
    base = tmp_path / "base.dcm"
    save_set(base, series, four_types(series))
    referenced = b"\x08\x00\x55\x11"
    study, image_, rest = base.read_bytes().split(referenced + b"UI", 2)
    base.write_bytes(study + referenced + b"UI" + image_ + referenced + b"U\xad" + rest)
    loaded = load(base, series).structure_set
    with pytest.raises(DcmttyError):
        save_set(tmp_path / "rs.dcm", series, replace(loaded, rois=loaded.rois[:-1]), base=base)
    assert not (tmp_path / "rs.dcm").exists()


def test_a_base_whose_meta_information_is_cut_is_refused(tmp_path: Path, series: Series) -> None:
    base = tmp_path / "base.dcm"
    save_set(base, series, four_types(series))
    base.write_bytes(damaged(base.read_bytes(), 0x00020000, b"UL", b"UL", b"\1"))
    loaded = load(base, series).structure_set
    with pytest.raises((InputError, VerificationFailed)):
        save_set(tmp_path / "rs.dcm", series, replace(loaded, name="again"), base=base)


def test_images_with_an_unknown_vr_in_their_identity_are_refused(tmp_path: Path) -> None:
    paths = write_ct(tmp_path / "images")
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"\x10\x00\x30\x00DA", b"\x10\x00\x30\x00ZZ"))
    series = scan(paths).series[0]
    with pytest.raises(DcmttyError):
        save_set(tmp_path / "rs.dcm", series, four_types(series))
