"""`dcmtty scan` prints what was found in every format, safely, and its exit code says what was not."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from dicom_bytes import identity, image, part10, text
from run_cli import run_cli
from schemas import assert_follows_schema


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def image_file(path: Path, name: str = "A^B") -> Path:
    """Write an image whose patient is called `name`."""
    return write(path, part10(identity() + text(0x00100010, "PN", name) + image()))


def test_the_samples_are_listed_with_plane_spacing_and_gap(phantom_dir: Path) -> None:
    result = run_cli("scan", phantom_dir)
    assert result.code == 0
    assert result.err == ""
    assert result.out.splitlines()[0].startswith("patient ")
    for word in (
        "PHANTOM^THORAX",
        "SYNTHETIC-1",
        "CT",
        "axial",
        "45",
        "4",
        "gap of 8 mm between slices 22 and 23"[:40],
    ):
        assert word in result.out


def test_json_follows_its_schema_and_lists_files_in_slice_order(phantom_dir: Path) -> None:
    result = run_cli("scan", phantom_dir, "--format", "json")
    document = json.loads(result.out)
    assert_follows_schema(document, "scan")
    (series,) = document["series"]
    assert series["slices"] == len(series["files"]) == 45
    assert series["spacing_mm"] == pytest.approx(4.0)
    assert series["notes"] == [
        {"kind": "gap", "text": "gap of 8 mm between slices 22 and 23 (usual 4 mm): 1 slice seems missing", "slice": 22}
    ]
    rows = run_cli("scan", phantom_dir, "--columns", "ImagePositionPatient", "--format", "json")
    heights = {one["path"]: float(one["values"]["ImagePositionPatient"][2]) for one in json.loads(rows.out)["files"]}
    assert [heights[path] for path in series["files"]] == sorted(heights.values())
    assert_follows_schema(json.loads(rows.out), "scan")


def test_columns_take_keywords_and_tags(phantom_dir: Path) -> None:
    result = run_cli("scan", phantom_dir, "--columns", "Modality,0010,0020,(0028,0010),00280011", "--format", "csv")
    rows = list(csv.reader(io.StringIO(result.out)))
    assert rows[0] == ["path", "Modality", "0010,0020", "(0028,0010)", "00280011"]
    assert len(rows) == 46
    assert {tuple(row[1:]) for row in rows[1:]} == {("CT", "SYNTHETIC-1", "120", "160")}


@pytest.mark.parametrize("columns", ["Nonsense", "", ",", "Modality,Nope"])
def test_an_unknown_column_is_a_usage_error(phantom_dir: Path, columns: str) -> None:
    result = run_cli("scan", phantom_dir, "--columns", columns)
    assert result.code == 2
    assert "--columns" in result.err
    assert result.out == ""


def test_exit_codes_tell_unreadable_files_from_missing_paths(tmp_path: Path) -> None:
    whole = image_file(tmp_path / "a.dcm")
    assert run_cli("scan", tmp_path).code == 0
    write(tmp_path / "cut.dcm", whole.read_bytes()[:-3])
    result = run_cli("scan", tmp_path)
    assert result.code == 1
    assert "(7FE0,0010) PixelData" in result.out
    assert run_cli("scan", whole, tmp_path / "gone").code == 3
    assert run_cli("scan", tmp_path / "gone").code == 3
    assert run_cli("scan", tmp_path / "cut.dcm").code == 3
    (tmp_path / "only").mkdir()
    write(tmp_path / "only" / "cut.dcm", whole.read_bytes()[:-3])
    assert run_cli("scan", tmp_path / "only").code == 3
    (tmp_path / "none").mkdir()
    assert run_cli("scan", tmp_path / "none").code == 0


def test_unreadable_files_are_in_the_json_with_their_reason(tmp_path: Path) -> None:
    write(tmp_path / "cut.dcm", image_file(tmp_path / "a.dcm").read_bytes()[:-3])
    (tmp_path / "notes.txt").write_text("hello")
    document = json.loads(run_cli("scan", tmp_path, "--format", "json").out)
    assert_follows_schema(document, "scan")
    assert [one["path"] for one in document["unreadable"]] == [str(tmp_path / "cut.dcm")]
    assert document["skipped"] == 1


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_no_escape_code_of_a_file_or_its_name_reaches_the_terminal(tmp_path: Path, format_: str) -> None:
    nasty = "\x1b]52;c;b3duZWQ=\x07\x9b31m[/]\u202e"
    part = nasty.replace("/", "")
    image_file(tmp_path / f"x{part}.dcm", nasty.encode().decode("latin-1"))
    write(tmp_path / f"cut{part}.dcm", part10(identity() + image())[:-3])
    for options in ((), ("--columns", "PatientName")):
        result = run_cli("scan", tmp_path, "--format", format_, *options)
        assert result.code == 1
        for stream in (result.stdout, result.stderr):
            assert b"\x1b" not in stream
            assert b"\x07" not in stream
            assert "\x9b" not in stream.decode()
            assert "\u202e" not in stream.decode()


def test_formulas_are_neutralised_in_csv_unless_raw(tmp_path: Path) -> None:
    image_file(tmp_path / "a.dcm", "=cmd()")
    arguments = ("scan", tmp_path, "--columns", "PatientName", "--format", "csv")
    assert "'=cmd()" in run_cli(*arguments).out
    assert "'=cmd()" not in run_cli(*arguments, "--raw").out


def test_an_executable_preamble_is_marked(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", part10(identity() + image(), preamble=b"#!/bin/sh\necho owned\n".ljust(128, b"\0")))
    for format_ in ("table", "csv"):
        (line,) = [
            line for line in run_cli("scan", tmp_path, "--format", format_).out.splitlines() if "program" in line
        ]
        assert str(tmp_path / "a.dcm") in line
        assert "the preamble looks like a program" in line
    document = json.loads(run_cli("scan", tmp_path, "--format", "json").out)
    assert_follows_schema(document, "scan")
    assert document["executable"] == [str(tmp_path / "a.dcm")]


def test_scan_does_not_import_textual_or_pydicoms_reader(phantom_dir: Path) -> None:
    result = run_cli("scan", phantom_dir, env={"PYTHONVERBOSE": "1"})
    assert "import 'dcmtty.dicom.catalog.scan'" in result.err
    assert "import 'textual'" not in result.err
    assert "import 'pydicom.filereader'" not in result.err


def test_what_changed_since_the_last_scan_is_told(tmp_path: Path) -> None:
    """Files of one folder that is renamed whole, one that is new, one that is changed, one that is gone."""
    folder, other = tmp_path / "a" / "one", tmp_path / "a" / "two"
    folder.mkdir(parents=True)
    other.mkdir()
    for number in range(4):
        image_file(folder / f"{number}.dcm")
        image_file(other / f"{number}.dcm")
    assert run_cli("scan", tmp_path / "a").err == ""
    assert run_cli("scan", tmp_path / "a").err == ""
    folder.rename(tmp_path / "a" / "three")
    (other / "0.dcm").unlink()
    image_file(other / "1.dcm", "CHANGED^B")
    image_file(other / "new.dcm")
    told = "dcmtty: files since the last scan: 2 new or changed, 4 moved, 1 gone, 2 unchanged\n"
    assert run_cli("scan", tmp_path / "a").err == told
    assert run_cli("scan", tmp_path / "a").err == ""
