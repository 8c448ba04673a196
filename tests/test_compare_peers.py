"""Comparison beside other programs: dcmdump finds the same attributes, dcmconv changes no value."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pydicom.data
import pytest

from compared import differences
from dcmtty.dicom.compare.files import compare_files
from dcmtty.dicom.compare.model import Options
from dicom_files import image, ramp, save
from peers import peer

TEST_FILES = Path(pydicom.data.__file__).parent / "test_files"
CONVERTED = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "rtdose.dcm", "test-SR.dcm")
TAG = re.compile(r"\((?P<group>[0-9a-f]{4}),(?P<element>[0-9a-f]{4})\) (?P<rest>.*?)(\s+#.*)?$")


def dumped(path: Path) -> dict[str, tuple[str, ...]]:
    """The outermost elements of the data set, each with all its lines as dcmdump prints them, without lengths."""
    done = subprocess.run([peer("dcmdump"), "-q", "+L", path], capture_output=True, check=True)
    found: dict[str, list[str]] = {}
    tag = ""
    for line in done.stdout.decode("latin-1").splitlines():
        match = TAG.match(line.strip())
        if match is None:
            continue
        if not line.startswith(" "):
            tag = f"{match['group']},{match['element']}".upper()
        content = match["rest"].strip()
        found.setdefault(tag, []).append(f"{match['group']},{match['element']} {content}")
    return {tag: tuple(lines) for tag, lines in found.items() if not tag.startswith("0002") and tag != "FFFE,E0DD"}


def told_by_dcmdump(a: Path, b: Path) -> set[str]:
    one, other = dumped(a), dumped(b)
    return {tag for tag in one.keys() | other.keys() if one.get(tag) != other.get(tag)}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("ct-rtstruct/ibsi-sts-018/CT/000000.dcm", "ct-rtstruct/ibsi-sts-018/CT/000001.dcm"),
        ("ct-rtstruct/ibsi-sts-018/RTSTRUCT/RS_CT.dcm", "ct-rtstruct/ibsi-sts-018/RTSTRUCT/RS_PET.dcm"),
        ("rt/RD.DICOMORIENT.Dose_HFS_empty.dcm", "rt/RD.DICOMORIENT.Dose_HFP_empty.dcm"),
        ("objects/test_SR.dcm", "objects/sr_document.dcm"),
        ("charset/Lena-greek.dcm", "charset/Lena-hebrew.dcm"),
    ],
)
def test_dcmdump_shows_the_same_attributes_as_different(shared_data: Path, a: str, b: str) -> None:
    with compare_files(shared_data / a, shared_data / b, Options(exact=True)) as found:
        assert {pair.node.tag for pair in found.data_set if pair.is_different} == told_by_dcmdump(
            shared_data / a, shared_data / b
        )


@pytest.mark.parametrize("name", CONVERTED)
@pytest.mark.parametrize("option", ["+te", "+ti", "+tb", "+td"])
def test_dcmconv_changes_no_value(tmp_path: Path, name: str, option: str) -> None:
    source, target = TEST_FILES / name, tmp_path / "converted.dcm"
    subprocess.run([peer("dcmconv"), option, source, target], capture_output=True, check=True)
    assert differences(source, target) == set()
    assert differences(target, source) == set()


@pytest.mark.parametrize("lengths", ["+e", "-e"])
@pytest.mark.parametrize("groups", ["+g", "-g"])
def test_neither_lengths_of_sequences_nor_of_groups_are_values(tmp_path: Path, lengths: str, groups: str) -> None:
    source, target = TEST_FILES / "rtplan.dcm", tmp_path / "converted.dcm"
    subprocess.run([peer("dcmconv"), lengths, groups, source, target], capture_output=True, check=True)
    assert differences(source, target) == set()


def test_one_picture_in_fifteen_syntaxes_has_the_same_header(shared_data: Path) -> None:
    folder = shared_data / "transfer-syntax" / "same-ct-in-15-syntaxes"
    (plain,) = folder.glob("*_1.2.840.10008.1.2.1.dcm")
    native = [path for path in folder.iterdir() if "Explicit" in path.name or "Implicit" in path.name]
    assert len(native) == 4
    for path in native:
        assert differences(plain, path) == set(), path.name
    for path in (path for path in folder.iterdir() if "Lossless" in path.name):
        with compare_files(plain, path) as found:
            (pixels,) = (pair for pair in found.data_set if pair.is_different)
            assert pixels.node.keyword == "PixelData"
            assert pixels.notes[0] == "different transfer syntax, stored bytes differ"


@pytest.mark.parametrize("kind", ["RLELossless", "JPEGLSLossless", "JPEG2000LosslessOnly"])
def test_decoding_finds_lossless_pixels_equal(shared_data: Path, kind: str) -> None:
    folder = shared_data / "transfer-syntax" / "same-ct-in-15-syntaxes"
    (compressed,) = folder.glob(f"*{kind}*")
    (plain,) = folder.glob("*_1.2.840.10008.1.2.1.dcm")
    with compare_files(plain, compressed, Options(pixels=True)) as found:
        assert found.is_same
        (pixels,) = found.data_set
        assert pixels.notes == ("different transfer syntax, stored bytes differ", "decoded pixels are equal")


def test_decoding_names_the_first_frame_that_differs(tmp_path: Path) -> None:
    frames = ramp(24, 12).reshape(3, 8, 12)
    other = frames.copy()
    other[1, 2, 3] += 7
    a, b = save(image(frames), tmp_path / "a.dcm"), save(image(other), tmp_path / "b.dcm")
    with compare_files(a, b, Options(pixels=True)) as found:
        (pixels,) = found.data_set
        assert "decoded pixels differ in frame 2 of 3: 1 of 96 values, by at most 7" in pixels.notes
