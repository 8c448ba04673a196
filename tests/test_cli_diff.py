"""`dcmtty diff` prints the differences of two files as text and JSON; its exit code says whether there are any."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dcmtty.text import cell_width
from dicom_bytes import element, identity, item, part10, sequence, text
from dicom_files import image, ramp, save
from run_cli import run_cli
from schemas import assert_follows_schema


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two images: another name and thickness, one ROI more, one attribute less, the same number in another text."""
    rows = ramp()
    a = image(rows, PatientName="Doe^Jane", SliceThickness="1.0", KVP="120", StationName="here")
    b = image(rows, PatientName="Roe^Jane", SliceThickness="1.00", KVP="100")
    return save(a, tmp_path / "a.dcm"), save(b, tmp_path / "b.dcm")


def test_the_differences_are_printed_below_each_other(two: tuple[Path, Path]) -> None:
    result = run_cli("diff", *two)
    assert result.code == 1
    lines = result.out.splitlines()
    assert lines[0].startswith(f"- A {two[0]}  Explicit VR Little Endian, ")
    assert lines[1].startswith(f"+ B {two[1]}  ")
    assert lines[2:] == [
        "data set: 2 changed, 1 only in A, 1 written otherwise, 14 the same",
        "- 0008,1010 SH StationName  here",
        "* 0010,0010 PN PatientName",
        "    - Doe^Jane",
        "    + Roe^Jane",
        "* 0018,0060 DS KVP",
        "    - 120",
        "    + 100",
    ]
    assert result.err == ""


def test_all_tells_also_what_is_the_same(two: tuple[Path, Path]) -> None:
    lines = run_cli("diff", "--all", *two).out.splitlines()
    assert "= 0028,0010 US Rows  8" in lines
    at = lines.index("~ 0018,0050 DS SliceThickness  (the same number, other text)")
    assert lines[at + 1 : at + 3] == ["    - 1.0", "    + 1.00"]
    assert "= 0002,0010 UI TransferSyntaxUID  1.2.840.10008.1.2.1 (Explicit VR Little Endian)" in lines


def test_the_exit_code_says_whether_values_differ(two: tuple[Path, Path], tmp_path: Path) -> None:
    assert run_cli("diff", two[0], two[0]).code == 0
    assert run_cli("diff", *two, "--ignore", "PatientName,KVP,0008,1010").code == 0
    assert run_cli("diff", *two, "--ignore", "PatientName,KVP,0008,1010", "--exact").code == 1
    assert run_cli("diff", *two, "--ignore", "Nonsense").code == 2
    for paths in ((two[0], tmp_path / "gone"), (tmp_path / "gone", two[0]), (tmp_path / "gone", tmp_path / "gone")):
        result = run_cli("diff", *paths)
        assert (result.code, result.out) == (3, "")
        assert len(result.err.splitlines()) == 1
    assert run_cli("diff", two[0]).code == 2


def test_a_truncated_file_is_compared_as_far_as_it_goes_and_exits_3(two: tuple[Path, Path], tmp_path: Path) -> None:
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(two[1].read_bytes()[:-10])
    result = run_cli("diff", two[0], cut)
    assert result.code == 3
    assert "    + Roe^Jane" in result.out
    assert "? 7FE0,0010 OW PixelData" in result.out
    assert "(7FE0,0010) PixelData at byte" in result.err


def test_side_by_side_fits_the_width_also_with_wide_characters(tmp_path: Path) -> None:
    names = ("山田^太郎=ヤマダ^タロウ", "王^小东=Wang")
    paths = [
        save(image(ramp(), SpecificCharacterSet="ISO_IR 192", PatientName=name), tmp_path / f"{n}.dcm")
        for n, name in enumerate(names)
    ]
    for width in (60, 80, 120):
        result = run_cli("diff", "--side-by-side", *paths, env={"COLUMNS": str(width)})
        (line,) = [line for line in result.out.splitlines() if "PatientName" in line or "0010,0010" in line]
        assert cell_width(line) <= width
        assert line.startswith("* 0010,0010")
        first, second = line.index("山田"), line.index("王")
        assert cell_width(line[:second]) - cell_width(line[:first]) == (width - max(width * 3 // 10, 16) - 6) // 2 + 2


def test_json_follows_its_schema_and_holds_values_whole(two: tuple[Path, Path]) -> None:
    for options in ((), ("--all",)):
        document = json.loads(run_cli("diff", "--format", "json", *options, *two).out)
        assert_follows_schema(document, "diff")
        assert document["same"] is False
        elements = {one["keyword"]: one for one in document["data_set"]["elements"]}
        assert elements["PatientName"]["kind"] == "changed"
        assert elements["PatientName"]["a"]["value"] == "Doe^Jane"
        assert elements["PatientName"]["first_difference"] == 0
        assert elements["StationName"]["b"] is None
        assert ("Rows" in elements) is bool(options)
    assert json.loads(run_cli("diff", "--format", "json", two[0], two[0]).out)["same"] is True


def test_items_stand_below_their_sequence_with_what_they_are_known_by(tmp_path: Path) -> None:
    def rois(*names: str) -> bytes:
        items = (item(text(0x30060022, "IS", str(n)) + text(0x30060026, "LO", name)) for n, name in enumerate(names, 3))
        return part10(sequence(0x30060020, b"".join(items)))

    a, b = tmp_path / "a.dcm", tmp_path / "b.dcm"
    a.write_bytes(rois("heart", "lung"))
    b.write_bytes(rois("heart", "LUNG", "cord"))
    assert run_cli("diff", a, b).out.splitlines()[3:] == [
        "  3006,0020 SQ StructureSetROISequence  (2 items in A, 3 in B; items matched by ROI Number)",
        "    item 2, ROI Number 4",
        "*     3006,0026 LO ROIName",
        "        - lung",
        "        + LUNG",
        "+   item 3, ROI Number 5",
    ]


def test_no_byte_of_a_value_acts_on_the_terminal(tmp_path: Path) -> None:
    nasty = b"\x1b]0;owned\x07\x9b31m\x08\x7f[/]\xe2\x80\xae"
    a, b = tmp_path / "a\x1b[2J.dcm", tmp_path / "b.dcm"
    charset = text(0x00080005, "CS", "ISO_IR 192")
    a.write_bytes(part10(charset + identity() + element(0x00100010, "PN", nasty)))
    b.write_bytes(part10(charset + identity() + element(0x00100010, "PN", nasty[::-1])))
    for options in ((), ("--all",), ("--side-by-side",), ("--format", "json")):
        result = run_cli("diff", *options, a, b)
        assert result.code == 1
        assert not {char for char in result.out if ord(char) < 32 or 127 <= ord(char) < 160} - {"\n"}
        assert "\u202e" not in result.out
    whole = run_cli("diff", a, tmp_path, env={"COLUMNS": "80"})
    assert "\x1b" not in whole.out + whole.err


def test_decoded_pixels_are_compared_when_that_is_asked_for(tmp_path: Path) -> None:
    pixels = ramp().astype(np.int16)
    other = pixels.copy()
    other[0, 0] += 3
    a, b = save(image(pixels), tmp_path / "a.dcm"), save(image(other), tmp_path / "b.dcm")
    assert "decoded pixels differ: 1 of 96 values, by at most 3" in run_cli("diff", "--pixels", a, b).out
