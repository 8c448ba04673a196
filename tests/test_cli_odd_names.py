"""Names that no file can have, and standard streams that are closed: one line and the exit code of the table."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from checkout import CHECKOUT
from run_cli import cli_command, cli_environment, run_cli

LONG = "x" * 300
POINTS = "# frame: pixel-centre\nroi,geometric type,contour,column,row,slice\n" + "".join(
    f"1,CLOSED_PLANAR,1,{column},{row},3\n" for column, row in ((5, 5), (15, 5), (15, 15))
)


def one_line(text: str) -> str:
    """The only line of what was said."""
    assert text.count("\n") == 1, text
    return text


def test_a_name_that_is_too_long_is_an_error_of_reading_or_of_writing(phantom_dir: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text(POINTS)
    cases = [
        (3, ("verify", LONG)),
        (3, ("send", points, "--to", "box", "--ssh-config", LONG)),
        (7, ("rtstruct", "build", phantom_dir, "--points", points, "-o", LONG)),
        (7, ("show", phantom_dir, "--png", LONG)),
        (7, ("digest", points, "-o", "")),
    ]
    for code, arguments in cases:
        done = run_cli(*arguments, cwd=tmp_path)
        assert done.code == code, (arguments, done.err)
        assert "internal" not in one_line(done.err)


@pytest.mark.parametrize(
    ("closed", "arguments", "code", "said"),
    [
        (">&-", ["scan", str(CHECKOUT / "samples")], 7, "standard output"),
        (">&-", ["scan", "/nonexistent"], 3, "no such file"),
        ("<&-", ["digest", "-"], 0, ""),
        ("2>&-", ["scan", "/nonexistent"], 3, ""),
        ("<&- 2>&-", ["devices", "list"], 0, ""),
    ],
)
def test_a_closed_standard_stream_is_no_internal_error(closed: str, arguments: list[str], code: int, said: str) -> None:
    shell = ["sh", "-c", f'"$@" {closed}', "sh", *cli_command(*arguments)]
    done = subprocess.run(shell, capture_output=True, text=True, check=False, env=cli_environment(), timeout=60)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "internal" not in done.stderr


def test_help_into_a_closed_pipe_ends_silently() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            cli_command("--help"), stdout=writing, stderr=subprocess.PIPE, check=False, env=cli_environment()
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_dash_is_standard_output_or_refused_but_never_a_file_of_that_name(phantom_dir: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text(POINTS)
    built = run_cli("rtstruct", "build", phantom_dir, "--points", points, "-o", "-", cwd=tmp_path)
    assert (built.code, built.out) == (2, "")
    assert "standard output" in one_line(built.err)
    listed = run_cli("digest", points, "-o", "-", cwd=tmp_path)
    assert listed.code == 0
    assert listed.out == run_cli("digest", points, cwd=tmp_path).out
    assert [path.name for path in tmp_path.iterdir()] == ["points.csv"]
