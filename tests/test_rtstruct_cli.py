"""`dcmtty rtstruct` as a shell sees it: exit codes, one-line errors, nothing half-written."""

import csv
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from checkout import CHECKOUT
from dcmtty.rtstruct.save import save
from rtstruct_cases import four_types, series_of, write_ct
from run_cli import cli_command, cli_environment, run_cli

SCHEMA = CHECKOUT / "docs" / "schemas" / "rtstruct-build.json"
POINTS = """# frame: lps-mm
roi,geometric_type,contour,x,y,z
Organ,CLOSED_PLANAR,1,-10,-20,7
Organ,CLOSED_PLANAR,1,-2,-20,7
Organ,CLOSED_PLANAR,1,-2,-12.5,7
Spot,POINT,1,1.5,-20,8.25
"""


@pytest.fixture
def ct(tmp_path: Path) -> Path:
    write_ct(tmp_path / "ct")
    return tmp_path / "ct"


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(POINTS)
    return path


def test_build_writes_the_file_and_says_so(ct: Path, points: Path, tmp_path: Path) -> None:
    target = tmp_path / "rs.dcm"
    done = run_cli("rtstruct", "build", ct, "--points", points, "-o", target, "--label", "PLAN 1")
    assert (done.code, "written and read back" in done.out) == (0, True), done.err
    written = dcmread(target)
    assert written.StructureSetLabel == "PLAN 1"
    assert [item.ROIName for item in written.StructureSetROISequence] == ["Organ", "Spot"]
    assert target.stat().st_mode & 0o777 == 0o640


def test_json_follows_its_schema(ct: Path, points: Path, tmp_path: Path) -> None:
    done = run_cli("rtstruct", "build", ct, "--points", points, "-o", tmp_path / "rs.dcm", "--format", "json")
    document = json.loads(done.out)
    schema = json.loads(SCHEMA.read_text())
    assert next(iter(document)) == "schema"
    assert set(document) == set(schema["required"]) == set(schema["properties"])
    assert set(document["rois"][0]) == set(schema["properties"]["rois"]["items"]["required"])
    assert document["schema"] == schema["properties"]["schema"]["const"]
    assert (document["roi_count"], document["contour_count"], document["point_count"]) == (2, 2, 4)


def test_a_dry_run_writes_nothing(ct: Path, points: Path, tmp_path: Path) -> None:
    target = tmp_path / "rs.dcm"
    done = run_cli("rtstruct", "build", ct, "--points", points, "-o", target, "--dry-run", "--format", "json")
    document = json.loads(done.out)
    assert (done.code, document["written"], document["sha256"]) == (0, False, None)
    assert not target.exists()


def test_several_point_lists_may_follow_one_option(ct: Path, points: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text(POINTS.replace("Organ", "Organ2").replace("Spot", "Spot2"))
    images = sorted(ct.iterdir())
    target = tmp_path / "rs.dcm"
    done = run_cli("rtstruct", "build", *images, "--points", points, more, "-o", target)
    assert done.code == 0, done.err
    assert [item.ROIName for item in dcmread(target).StructureSetROISequence] == ["Organ", "Spot", "Organ2", "Spot2"]


def test_an_existing_file_needs_overwrite(ct: Path, points: Path, tmp_path: Path) -> None:
    target = tmp_path / "rs.dcm"
    target.write_bytes(b"what was there")
    done = run_cli("rtstruct", "build", ct, "--points", points, "-o", target)
    assert done.code == 7
    assert "--overwrite" in done.err
    assert target.read_bytes() == b"what was there"
    assert run_cli("rtstruct", "build", ct, "--points", points, "-o", target, "--overwrite").code == 0
    assert target.read_bytes()[128:132] == b"DICM"


def test_adding_to_a_base_renumbers_and_keeps_the_label(ct: Path, points: Path, tmp_path: Path) -> None:
    series = series_of(sorted(ct.iterdir()))
    base, target = tmp_path / "base.dcm", tmp_path / "rs.dcm"
    save(base, series, four_types(series))
    points.write_text(POINTS.replace("Organ", "Other"))
    done = run_cli("rtstruct", "build", ct, "--base", base, "--points", points, "-o", target)
    assert done.code == 0, done.err
    written = dcmread(target)
    assert [int(item.ROINumber) for item in written.StructureSetROISequence] == [1, 2, 3, 4, 5, 6, 7]
    assert written.StructureSetLabel == "TEST"
    assert "byte for byte" in done.err


def refused(*arguments: object) -> tuple[int, str]:
    done = run_cli("rtstruct", "build", *(str(argument) for argument in arguments))
    assert done.out == ""
    assert len(done.err.strip().splitlines()) == 1, done.err
    return done.code, done.err


def test_refusals_have_their_exit_codes_and_leave_nothing(ct: Path, points: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "rs.dcm"
    target.parent.mkdir()
    bad = tmp_path / "bad.csv"
    bad.write_text(POINTS.replace(",7\n", ",7.5\n", 1))
    bare = tmp_path / "bare.csv"
    bare.write_text(POINTS.split("\n", 1)[1])
    thin = tmp_path / "thin.csv"
    thin.write_text("\n".join(POINTS.splitlines()[:4]) + "\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    cases = [
        (2, (ct, "-o", target), "--points"),
        (2, (ct, "--points", bare, "-o", target), "frame"),
        (2, (ct, "--points", points, "--frame", "voxel", "-o", target), "voxel"),
        (3, (tmp_path / "missing", "--points", points, "-o", target), "missing"),
        (3, (empty, "--points", points, "-o", target), "no image series"),
        (3, (ct, "--points", points, "--series-uid", "1.2.9", "-o", target), "1.2.9"),
        (3, (ct, "--points", tmp_path / "none.csv", "-o", target), "none.csv"),
        (3, (ct, "--points", bad, "-o", target), "CLOSED_PLANAR"),
        (3, (ct, "--points", thin, "-o", target), "2"),
        (3, (ct, "--points", points, "--label", "x" * 17, "-o", target), "Label"),
        (3, (ct, "--points", points, "--base", points, "-o", target), "not a DICOM file"),
        (7, (ct, "--points", points, "-o", tmp_path / "nowhere" / "rs.dcm"), "folder"),
        (7, (ct, "--points", points, "-o", target.parent), "folder"),
    ]
    for code, arguments, word in cases:
        found, message = refused(*arguments)
        assert (found, word in message) == (code, True), message
    assert list(target.parent.iterdir()) == []


def test_two_series_need_a_choice(ct: Path, points: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    paths = write_ct(other, tags={"SeriesInstanceUID": "1.2.77"})
    for number, path in enumerate(paths):
        header = dcmread(path)
        header.SOPInstanceUID = f"1.2.77.{number}"
        header.save_as(path)
    code, message = refused(ct, other, "--points", points, "-o", tmp_path / "rs.dcm")
    assert (code, "--series-uid" in message, "1.2.77" in message) == (2, True, True)
    done = run_cli(
        "rtstruct", "build", ct, other, "--points", points, "--series-uid", "1.2.77", "-o", tmp_path / "rs.dcm"
    )
    assert done.code == 0, done.err


def test_a_full_disk_leaves_nothing_behind(ct: Path, points: Path, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

    done = subprocess.run(
        cli_command("rtstruct", "build", ct, "--points", points, "-o", folder / "rs.dcm"),
        capture_output=True,
        check=False,
        env=cli_environment({"PYTHONDONTWRITEBYTECODE": "1"}),
        preexec_fn=limit,
    )
    assert done.returncode == 7, done.stderr
    assert b"larger than is allowed" in done.stderr
    assert list(folder.iterdir()) == []


def test_points_come_out_as_they_are_stored(ct: Path, tmp_path: Path) -> None:
    series = series_of(sorted(ct.iterdir()))
    path = tmp_path / "rs.dcm"
    save(path, series, four_types(series))
    done = run_cli("rtstruct", "points", path, "--series", ct)
    assert done.code == 0, done.err
    first, *rows = done.out.splitlines()
    assert first == "# frame: lps-mm"
    found = [tuple(float(row[axis]) for axis in "xyz") for row in csv.DictReader(rows)]
    expected = [
        tuple(float(value) for value in contour.ContourData[at : at + 3])
        for roi in dcmread(path).ROIContourSequence
        for contour in roi.get("ContourSequence", [])
        for at in range(0, len(contour.ContourData), 3)
    ]
    assert found == expected


def test_points_go_round_through_files_unchanged(ct: Path, points: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.dcm", tmp_path / "second.dcm"
    assert run_cli("rtstruct", "build", ct, "--points", points, "-o", first).code == 0
    exported = run_cli("rtstruct", "points", first, "--format", "json")
    assert json.loads(exported.out)["schema"] == "dcmtty.points/1"
    again = tmp_path / "again.json"
    again.write_bytes(exported.stdout)
    assert run_cli("rtstruct", "build", ct, "--points", again, "-o", second).code == 0
    one, other = dcmread(first), dcmread(second)
    assert one.ROIContourSequence == other.ROIContourSequence
    assert one.StructureSetROISequence == other.StructureSetROISequence


def test_points_of_one_roi_come_out_alone(ct: Path, points: Path, tmp_path: Path) -> None:
    path = tmp_path / "rs.dcm"
    assert run_cli("rtstruct", "build", ct, "--points", points, "-o", path).code == 0
    numbers = {item.ROIName: item.ROINumber for item in dcmread(path).StructureSetROISequence}
    done = run_cli("rtstruct", "points", path, "--roi", str(numbers["Spot"]))
    assert {row["roi"] for row in csv.DictReader(done.out.splitlines()[1:])} == {"Spot"}
    missing = run_cli("rtstruct", "points", path, "--roi", "99")
    assert (missing.code, missing.out, "no such ROI" in missing.err) == (2, "", True)


def test_points_refuses_other_files(ct: Path, points: Path) -> None:
    for path, word in ((points, "not a DICOM file"), (min(ct.iterdir()), "not an RT Structure Set")):
        done = run_cli("rtstruct", "points", path)
        assert (done.code, done.out, word in done.err) == (3, "", True), done.err


def test_help_is_quick_to_import() -> None:
    code = "import sys, dcmtty_tui.cli.rtstruct; print({'pydicom', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=cli_environment())
    assert done.stdout.strip() == b"set()"
