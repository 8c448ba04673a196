"""Edits survive the end of the process, whatever ends it: on a real terminal, by keys alone."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
from pathlib import Path

import pydicom
import pytest

from pty_app import PtyApp, on_terminal
from run_cli import run_cli

SQUARE = (" ", "10l", " ", "8j", " ", "10h", " ")
POINT_ROW = re.compile(r"[> ][ *](\d+) +(-?\d+\.\d) *(-?\d+\.\d) ")


def points(app: PtyApp) -> list[tuple[float, float]]:
    """Column and row of the points in the points pane."""
    found = [POINT_ROW.search(line[80:]) for line in app.lines]
    return [(float(row[2]), float(row[3])) for row in found if row is not None]


def wait_for_points(app: PtyApp, expected: list[tuple[float, float]]) -> None:
    app.wait_until(lambda: points(app) == expected, f"not the points {expected}")


def enter_contours(app: PtyApp) -> None:
    """A closed contour, two points of another one, and an undone third."""
    app.wait_for("slice 23/45")
    app.press("f3")
    app.wait_for("[Contour]")
    app.press(*SQUARE, "enter")
    app.wait_for("contour 1 of ROI 1 is done")
    app.press("4l", " ", "4l", " ", "4l", " ")
    wait_for_points(app, [(84, 68), (88, 68), (92, 68)])
    app.press("u")
    wait_for_points(app, [(84, 68), (88, 68)])


def take_up(app: PtyApp) -> None:
    app.wait_for("was left behind", "Take it up?", "a contour of 2 points")
    app.press("y")
    app.wait_for("the session is back")
    wait_for_points(app, [(84, 68), (88, 68)])


def check_history(app: PtyApp) -> None:
    """Undo goes back to the very first edit, redo to the point that was undone before the end."""
    app.press("99u")
    app.wait_for("there is nothing to undo", "0 ROI")
    app.press("99", "ctrl+r")
    wait_for_points(app, [(84, 68), (88, 68), (92, 68)])
    app.press("D99", "u")
    app.wait_for("there is nothing to undo")


def left_behind() -> list[dict[str, object]]:
    done = run_cli("recover", "--list", "--format", "json")
    assert done.code == 0
    journals: list[dict[str, object]] = json.loads(done.out)["journals"]
    return journals


@pytest.mark.parametrize(
    ("ending", "code"),
    [(signal.SIGKILL, 137), (signal.SIGHUP, 129), (signal.SIGTERM, 143)],
    ids=["kill -9", "line drop", "terminate"],
)
def test_every_edit_is_offered_back_with_its_history(phantom_dir: Path, ending: signal.Signals, code: int) -> None:
    with on_terminal(phantom_dir) as app:
        enter_contours(app)
        if ending is signal.SIGHUP:
            app.hang_up()
        else:
            app.process.send_signal(ending)
        assert app.exit_code() == code
    with on_terminal(phantom_dir) as app:
        take_up(app)
        check_history(app)


def test_a_line_that_drops_while_much_is_drawn_does_not_leave_a_process_that_holds_the_session(
    phantom_dir: Path,
) -> None:
    with on_terminal(phantom_dir) as app:
        enter_contours(app)
        app.press("]" * 20, "+" * 5, "I" * 20, "V" * 6)
        app.hang_up()
        assert app.exit_code() == 129
    assert [journal["state"] for journal in left_behind()] == ["offered"]


def test_a_process_that_was_stopped_goes_on_and_one_that_was_not_ignores_to_be_continued(phantom_dir: Path) -> None:
    with on_terminal(phantom_dir) as app:
        app.wait_for("slice 23/45")
        for _ in range(3):
            app.process.send_signal(signal.SIGCONT)
        app.press("]")
        app.wait_for("slice 24/45")
        app.process.send_signal(signal.SIGTSTP)
        app.wait_until(app.is_stopped, "it does not stop")
        app.process.send_signal(signal.SIGCONT)
        app.press("]")
        app.wait_for("slice 25/45")
        app.process.terminate()
        assert app.exit_code() == 143


def test_a_journal_whose_last_line_is_torn_gives_every_whole_edit(phantom_dir: Path) -> None:
    with on_terminal(phantom_dir) as app:
        enter_contours(app)
        app.process.kill()
        assert app.exit_code() == 137
    (journal,) = Path(os.environ["XDG_STATE_HOME"]).rglob("*.journal")
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole.splitlines()[-1][:25])
    with on_terminal(phantom_dir) as app:
        take_up(app)


def test_recover_opens_the_session_without_naming_paths(phantom_dir: Path, tmp_path: Path) -> None:
    series = shutil.copytree(phantom_dir, tmp_path / "images" / "ct")
    with on_terminal("ct", cwd=series.parent) as app:
        enter_contours(app)
        app.process.kill()
        app.exit_code()
    with on_terminal("recover", cwd=tmp_path) as app:
        app.wait_for("the session is back with every edit", "slice 23/45")
        wait_for_points(app, [(84, 68), (88, 68)])
        check_history(app)


def test_nothing_is_offered_after_a_save_and_a_plain_end(phantom_dir: Path, tmp_path: Path) -> None:
    with on_terminal(phantom_dir, cwd=tmp_path) as app:
        app.wait_for("slice 23/45")
        app.press("f3", *SQUARE, "enter")
        app.wait_for("contour 1 of ROI 1 is done")
        app.press(":w saved.dcm", "enter")
        app.wait_for("read back and checked", "saved.dcm")
        app.press("q")
        app.wait_for("[Browse]")
        app.press("q")
        assert app.exit_code() == 0
    contour = pydicom.dcmread(tmp_path / "saved.dcm").ROIContourSequence[0].ContourSequence[0]
    assert contour.NumberOfContourPoints == 4
    assert left_behind() == []
    with on_terminal(phantom_dir) as app:
        app.wait_for("slice 23/45")
        app.press("f3")
        app.wait_for("[Contour]", "no ROI yet")


def test_other_images_open_the_session_read_only_and_keep_it(phantom_dir: Path, tmp_path: Path) -> None:
    series = shutil.copytree(phantom_dir, tmp_path / "ct")
    with on_terminal(series) as app:
        enter_contours(app)
        app.process.kill()
        app.exit_code()
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.ImagePositionPatient = [float(value) + 1 for value in dataset.ImagePositionPatient]
        dataset.save_as(path)
    with on_terminal(series) as app:
        app.wait_for("Take it up?")
        app.press("y")
        app.wait_for("read-only", "the images are not those that were contoured", "the image planes lie elsewhere")
        app.press(" ")
        app.wait_for("Add point: read-only")
        app.press("u")
        app.wait_for("read-only")
        app.press("qqqq")
        assert app.exit_code() == 0
    assert [journal["state"] for journal in left_behind()] == ["offered"]


def test_a_disk_that_fills_up_is_said_at_once_and_edits_go_on(phantom_dir: Path, tmp_path: Path) -> None:
    with on_terminal(phantom_dir, cwd=tmp_path) as app:
        app.wait_for("slice 23/45")
        app.press("f3", *SQUARE)
        wait_for_points(app, [(80, 60), (90, 60), (90, 68), (80, 68)])
        (journal,) = Path(os.environ["XDG_STATE_HOME"]).rglob("*.journal")
        limit = journal.stat().st_size
        resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        app.press("enter")
        app.wait_for("EDITS ARE NOT JOURNALLED")
        resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        app.press(":w full.dcm", "enter")
        app.wait_for("full.dcm: not written", "raise the limit")
        assert list(tmp_path.iterdir()) == []
        resource.prlimit(app.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        app.press(":w saved.dcm", "enter")
        app.wait_for("read back and checked", "saved.dcm")
    assert len(pydicom.dcmread(tmp_path / "saved.dcm").ROIContourSequence[0].ContourSequence) == 1
