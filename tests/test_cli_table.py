"""`dcmtty scan` as a table: columns, rows, filter, sort, groups, formats and files, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from checkout import CHECKOUT
from dcmtty.dicom.table.expression import parse_filter
from peers import tracer
from run_cli import CliResult, cli_command, cli_environment, run_cli
from schemas import assert_follows_schema
from table_archives import small_file, write_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty files in four series, one that is cut, and one that is no DICOM."""
    folder = write_archive(tmp_path_factory.mktemp("archive") / "a", 40)
    (folder / "series1" / "cut.dcm").write_bytes(small_file(1)[:-3])
    (folder / "notes.txt").write_text("hello")
    return folder


def table(result: CliResult) -> list[list[str]]:
    """The cells of CSV."""
    return list(csv.reader(io.StringIO(result.out, newline="")))


def scanned(archive: Path, *arguments: str | Path) -> list[list[str]]:
    """The cells of a table that holds a file that cannot be read."""
    result = run_cli("scan", archive, "--format", "csv", *arguments)
    assert result.code == 1
    assert "cut.dcm" in result.err
    return table(result)


def test_unreadable_files_are_rows_with_their_reason(archive: Path) -> None:
    head, *rows = scanned(archive, "--columns", "InstanceNumber,status,reason")
    assert head == ["path", "InstanceNumber", "status", "reason"]
    assert len(rows) == 41
    (cut,) = [row for row in rows if row[2] == "unreadable"]
    assert cut[0] == str(archive / "series1" / "cut.dcm")
    assert "(7FE0,0010)" in cut[3]
    assert not any("notes.txt" in row[0] for row in rows)


def test_rows_are_filtered_sorted_and_grouped(archive: Path) -> None:
    rows = scanned(
        archive, "--columns", "InstanceNumber", "--filter", "InstanceNumber >= 36", "--sort", "-InstanceNumber"
    )
    assert [row[1] for row in rows[1:]] == ["39", "38", "37", "36"]
    assert scanned(archive, "--group", "Modality,status") == [
        ["Modality", "status", "count"], ["CT", "dicom", "40"], ["", "unreadable", "1"],
    ]  # fmt: skip
    columns = ("--columns", "InstanceNumber,SliceThickness")
    assert scanned(archive, "--rows", "series", *columns, "--sort", "SeriesInstanceUID") == [
        ["SeriesInstanceUID", "count", "InstanceNumber", "SliceThickness"],
        *([f"1.2.{series}", "10", f"{series}..{36 + series}", "2.5"] for series in range(4)),
    ]  # fmt: skip
    assert scanned(archive, "--rows", "studies", "--columns", "Modality")[1:] == [["1.2", "40", "CT"]]


def test_the_order_without_a_sort_is_the_same_each_time(archive: Path) -> None:
    first = scanned(archive, "--columns", "InstanceNumber", "--no-catalog")
    assert first == scanned(archive, "--columns", "InstanceNumber")
    assert first == scanned(archive, "--columns", "InstanceNumber")
    by_path = scanned(archive, "--columns", "InstanceNumber", "--sort", "path")
    assert [row[0] for row in by_path[1:]] == sorted(row[0] for row in first[1:])


def test_columns_beyond_the_catalog_are_read_once(archive: Path, tmp_path: Path) -> None:
    arguments = ("--columns", "MRAcquisitionType,0018,0023,3006,0010/0/0020,0052", "--catalog", tmp_path / "c.sqlite")
    first = scanned(archive, *arguments)
    assert first[0] == ["path", "MRAcquisitionType", "0018,0023", "3006,0010/0/0020,0052"]
    trace = tmp_path / "trace"
    command = cli_command("scan", archive, "--format", "csv", *arguments)
    tracing = [str(tracer()), "-f", "-e", "trace=open,openat,openat2", "-o", str(trace), *command]
    opened = subprocess.run(tracing, env=cli_environment(), capture_output=True, check=False)
    assert table(CliResult(0, opened.stdout, b"")) == first
    lines = trace.read_text().splitlines()
    assert any(str(archive) in line for line in lines)
    assert not [line for line in lines if ".dcm" in line]


def test_json_of_files_and_of_series_follow_their_schemas(archive: Path) -> None:
    result = run_cli("scan", archive, "--columns", "InstanceNumber,ImagePositionPatient", "--format", "json")
    document = json.loads(result.out)
    assert_follows_schema(document, "scan")
    assert len(document["files"]) == 40
    assert [Path(one["path"]).name for one in document["unreadable"]] == ["cut.dcm"]
    assert document["skipped"] == 1
    document = json.loads(run_cli("scan", archive, "--rows", "series", "--format", "json").out)
    assert_follows_schema(document, "table")
    assert [item["count"] for item in document["items"]] == [10] * 4


def test_a_file_is_written_whole_and_never_over_another_unless_asked(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    assert run_cli("scan", archive, "--columns", "Rows", "-o", target).code == 1
    assert len(table(CliResult(0, target.read_bytes(), b""))) == 42
    again = run_cli("scan", archive, "--columns", "Columns", "-o", target)
    assert again.code == 7
    assert "exists already" in again.err
    assert run_cli("scan", archive, "--columns", "Columns", "-o", target, "--overwrite").code == 1
    assert target.read_bytes().startswith(b"path,Columns\r\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert run_cli("scan", archive, "--columns", "Rows", "-o", tmp_path / "none" / "x.csv").code == 7


def test_parquet_goes_to_a_file_or_a_pipe_and_never_to_a_terminal(archive: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "out.parquet"
    assert run_cli("scan", archive, "--columns", "Rows,status", "-o", target).code == 1
    assert pq.read_table(target).num_rows == 41
    piped = run_cli("scan", archive, "--columns", "Rows", "--format", "parquet")
    assert piped.stdout.startswith(b"PAR1")
    assert pq.read_table(io.BytesIO(piped.stdout)).num_rows == 41
    main_side, child_side = os.openpty()
    done = subprocess.run(
        cli_command("scan", archive, "--columns", "Rows", "--format", "parquet"),
        stdin=subprocess.DEVNULL, stdout=child_side, stderr=subprocess.PIPE, env=cli_environment(), check=False,
    )  # fmt: skip
    os.close(child_side)
    os.close(main_side)
    assert done.returncode == 2
    assert b"not for a terminal" in done.stderr


def test_without_pyarrow_parquet_says_how_to_get_it(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'pyarrow' else find(name, *rest)\n"
    )
    path = os.pathsep.join((str(tmp_path), cli_environment()["PYTHONPATH"]))
    result = run_cli("scan", archive, "--columns", "Rows", "-o", tmp_path / "o.parquet", env={"PYTHONPATH": path})
    assert result.code == 2
    assert result.err.strip() == "dcmtty: Parquet needs pyarrow; install it with: pip install 'dcmtty[parquet]'"
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--columns", "Nonsense"), "--columns: 'Nonsense' is no attribute"),
        (("--sort", "Nonsense"), "--sort: 'Nonsense' is no attribute"),
        (("--group", ""), "--group: no column"),
        (("--filter", "Modality =="), "filter: a value is expected at character 12"),
        (("--filter", "Modality == CT'; DROP TABLE file; --"), "character 15"),
        (("--filter", "(" * 5000), "longer than"),
        (("--filter", "PatientName ~ '(a'"), "the pattern cannot be used"),
        (("--format", "parquet"), "for tables"),
        (("-o", "x.csv"), "for tables"),
        (("--rows", "frames"), "--rows"),
    ],
)
def test_what_cannot_be_understood_is_one_line_before_any_file_is_read(
    archive: Path, arguments: tuple[str, ...], words: str
) -> None:
    result = run_cli("scan", archive, *arguments)
    assert result.code == 2
    assert words in result.err
    assert len(result.err.splitlines()) == 1
    assert result.out == ""


@pytest.mark.parametrize("format_", ["table", "csv", "json", "parquet"])
def test_when_nothing_can_be_read_nothing_is_written(tmp_path: Path, format_: str) -> None:
    for more in ((), ("--sort", "Rows"), ("-o", tmp_path / "out")):
        result = run_cli("scan", tmp_path / "none", "--columns", "Rows", "--format", format_, *more)
        assert result.code == 3
        assert result.stdout == b""
        assert len(result.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_pattern_that_others_never_end_with_is_answered(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(small_file(1, name="a" * 60 + "!"))
    result = run_cli("scan", tmp_path, "--filter", r"PatientName ~ '(a+)+$'", "--format", "csv")
    assert result.code == 0
    assert len(table(result)) == 1


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_nothing_in_a_value_acts_on_a_terminal_or_a_spreadsheet(tmp_path: Path, format_: str) -> None:
    (tmp_path / "a.dcm").write_bytes(small_file(1, name="=1+1\x1b]52;c;eA==\x07\x9b31m[/]"))
    arguments = ("scan", tmp_path, "--columns", "PatientName", "--format", format_)
    for more in ((), ("--rows", "series"), ("--group", "PatientName"), ("--sort", "PatientName")):
        result = run_cli(*arguments, *more)
        assert result.code == 0
        assert not {0x1B, 0x07} & set(result.stdout)
        assert "\x9b" not in result.out
        if format_ == "csv":
            assert "'=1+1" in result.out


def test_a_closed_pipe_ends_it_without_a_word(archive: Path) -> None:
    running = subprocess.Popen(
        cli_command("scan", archive, "--columns", "InstanceNumber", "--format", "csv"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=cli_environment(),
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    with running, running.stderr:
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode == 141


def test_the_examples_of_the_grid_page_are_understood() -> None:
    text = (CHECKOUT / "docs" / "grid.md").read_text()
    section = text[text.index("<!-- filters -->") : text.index("<!-- end of filters -->")]
    examples = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    assert len(examples) > 10
    for example in examples:
        parse_filter(example)
