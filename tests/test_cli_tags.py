"""`dcmtty tags` prints a header, tells damage after what was readable, and lets no value act on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom.data

from dicom_bytes import element, identity, image, item, nest, part10, sequence, text
from run_cli import run_cli
from schemas import assert_follows_schema

CT_SMALL = Path(pydicom.data.__file__).parent / "test_files" / "CT_small.dcm"


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_every_element_is_a_line_with_tag_vr_vm_keyword_and_value() -> None:
    result = run_cli("tags", CT_SMALL)
    lines = result.out.splitlines()
    assert result.code == 0
    assert "0002,0010 UI 1 TransferSyntaxUID  1.2.840.10008.1.2.1 (Explicit VR Little Endian)" in lines
    assert "0028,0030 DS 2 PixelSpacing  0.661468\\0.661468" in lines
    dataset = pydicom.dcmread(CT_SMALL)
    assert lines[0] == "preamble: neither zeros nor the header of a TIFF in this file"
    top_level = [line for line in lines[1:] if not line.startswith(" ")]
    assert len(top_level) == len(dataset) + len(dataset.file_meta)


def test_sequences_are_indented_with_numbered_items(tmp_path: Path) -> None:
    data = sequence(0x00081140, item(text(0x00080100, "SH", "A")) + item(text(0x00080100, "SH", "B")))
    result = run_cli("tags", write(tmp_path / "a.dcm", part10(data)))
    assert result.out.splitlines()[-5:] == [
        "0008,1140 SQ 1 ReferencedImageSequence",
        "  item 1",
        "    0008,0100 SH 1 CodeValue  A",
        "  item 2",
        "    0008,0100 SH 1 CodeValue  B",
    ]


def test_find_prints_matches_with_their_place(tmp_path: Path) -> None:
    data = identity() + sequence(0x00081140, item(b"") + item(text(0x00080100, "SH", "T-A0100")))
    path = write(tmp_path / "a.dcm", part10(data))
    assert run_cli("tags", path, "--find", "t-a01").out == "0008,1140/2/0008,0100 SH 1 CodeValue  T-A0100\n"
    document = json.loads(run_cli("tags", path, "--find", "codevalue", "--format", "json").out)
    assert_follows_schema(document, "tags")
    assert [match["path"] for match in document["matches"]] == ["0008,1140/2/0008,0100"]
    assert run_cli("tags", path, "--find", "nothing like it").out == ""


def test_json_is_the_dicom_json_model(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", part10(identity() + text(0x00100010, "PN", "A^B=C=D") + image()))
    model = json.loads(run_cli("tags", path, "--format", "json").out)
    assert model["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "A^B", "Ideographic": "C", "Phonetic": "D"}]}
    assert model["00280010"] == {"vr": "US", "Value": [4]}
    assert "00020010" not in model


def test_a_truncated_file_is_printed_as_far_as_it_goes_and_exits_3(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", part10(identity() + image())[:-3])
    result = run_cli("tags", path)
    assert result.code == 3
    assert "0028,0011 US 1 Columns  6" in result.out
    assert "(7FE0,0010) PixelData at byte" in result.err
    assert len(result.err.splitlines()) == 1
    result = run_cli("tags", path, "--format", "json")
    assert (result.code, result.out) == (3, "")
    assert "(7FE0,0010) PixelData at byte" in result.err


def test_what_is_no_dicom_or_missing_exits_3_with_one_line(tmp_path: Path) -> None:
    for path in (write(tmp_path / "notes.txt", b"hello"), tmp_path / "gone", tmp_path):
        result = run_cli("tags", path)
        assert result.code == 3
        assert result.out == ""
        assert len(result.err.splitlines()) == 1
        assert path.name in result.err


def test_a_deep_nest_exits_3_and_says_so(tmp_path: Path) -> None:
    for depth, delimited in ((33, False), (2000, False), (5000, True)):
        result = run_cli("tags", write(tmp_path / "a.dcm", part10(nest(depth, delimited=delimited))))
        assert result.code == 3
        assert "more than 32 deep" in result.err


def test_no_byte_of_a_value_acts_on_the_terminal(tmp_path: Path) -> None:
    nasty = b"\x1b]0;owned\x07\x9b31m\x08\x7f[/]\xe2\x80\xae"
    data = (
        text(0x00080005, "CS", "ISO_IR 192")
        + element(0x00091010, "LT", nasty + b" ")
        + element(0x00100010, "PN", nasty)
    )
    for options in ((), ("--find", "0010,0010"), ("--format", "json"), ("--find", "owned", "--format", "json")):
        result = run_cli("tags", write(tmp_path / "a.dcm", part10(data)), *options)
        assert result.code == 0
        assert result.out
        assert not {char for char in result.out if ord(char) < 32 or 127 <= ord(char) < 160} - {"\n"}
        assert "\u202e" not in result.out
