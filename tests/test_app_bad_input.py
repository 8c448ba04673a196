"""What bad input gets in the app, on a real terminal: nothing acts on the terminal, and nothing ends the app."""

from __future__ import annotations

import unicodedata
import warnings
from pathlib import Path

import pytest
from pydicom import dcmread

from pty_app import PtyApp, escape_shapes, on_terminal
from rtstruct_cases import COLUMNS, ROWS, write_ct
from run_cli import run_cli

CLIPBOARD, C1, BIDI, MARKUP = "\x1b]52;c;aGk=\x07", "\x9b31m\x9d0;t\x9c", "\u202e", "[/][bold [@click=app.quit]x[/]"
HOSTILE = CLIPBOARD + C1 + BIDI + MARKUP
HOSTILE_SHORT = "\x1b]52\x07\x9b\u202e[/][b"
HARMLESS, HARMLESS_SHORT = "Plain words " * 4, "Plain"
POINTS = "# frame: pixel-centre\nroi,geometric type,contour,column,row,slice\n" + "".join(
    f"1,CLOSED_PLANAR,1,{column},{row},3\n" for column, row in ((5, 5), (15, 5), (15, 15), (5, 15))
)


def make_folder(folder: Path, text: str, short: str) -> Path:
    """A series and a structure set on it, with the text in every place a person may write in."""
    images, name = folder / "images", text[:60].replace("/", "_")
    tags = {"SpecificCharacterSet": "ISO_IR 192", "SeriesDescription": text, "StudyDescription": text}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        paths = write_ct(images, (0, 2, 4, 6, 8), tags={**tags, "PatientName": text, "PatientID": short})
        (folder / "points.csv").write_text(POINTS)
        done = run_cli("rtstruct", "build", images, "--points", folder / "points.csv", "-o", folder / "rs.dcm")
        assert done.code == 0, done.err
        dataset = dcmread(folder / "rs.dcm")
        dataset.SpecificCharacterSet, dataset.StructureSetLabel = "ISO_IR 192", short
        dataset.StructureSetROISequence[0].ROIName = text
        dataset.save_as(folder / "rs.dcm")
    (images / name).mkdir()
    for path in paths:
        path.rename(images / name / f"{name}{path.name}")
    return images


def tour(folder: Path, tells: str) -> str:
    """Go through every pane that shows what files say; return all that was written."""
    with on_terminal(folder / "images", folder / "rs.dcm", cwd=folder, size=(160, 40)) as app:
        app.wait_for("slice 3/5", tells)
        app.press("\\", "gjjjjjjj\\", "G")
        app.press("/", "SeriesDescription", "enter")
        app.wait_for("0008,103E")
        app.press("f3")
        app.wait_for("next: CLOSED_PLANAR")
        app.press(":load rs.dcm", "enter")
        app.wait_for("ROIs                      1/1", "..#..")
        app.press("3G")
        app.wait_for("slice 3/5")
        app.press("Ro")
        app.press("f4")
        app.wait_for("MD5", "SHA-256")
        app.press("jj", "f5")
        app.wait_for("Devices", "Plan")
        app.press("\\jj \\?")
        app.wait_for("in send mode")
        app.press("q")
        app.wait_for("Devices", "Plan")
        app.press(":no-such-word", "enter")
        app.wait_for("no-such-word")
        app.press("f2")
        app.wait_for("slice 3/5", "0008,103E")
        app.press("qqq")
        assert app.exit_code() == 0
        return app.text


def forbidden(text: str) -> set[str]:
    """What must never reach a terminal: C1 controls, bidirectional overrides, the clipboard and title sequences."""
    bad = {char for char in text if "\x80" <= char <= "\x9f" or unicodedata.bidirectional(char) in {"RLO", "LRO"}}
    return bad | {sequence for sequence in ("\x1b]52", "\x1b]0", "\x1bP") if sequence in text}


def test_nothing_of_a_file_acts_on_the_terminal_and_markup_stays_text(tmp_path: Path) -> None:
    hostile, harmless = tmp_path / "hostile", tmp_path / "harmless"
    make_folder(hostile, HOSTILE, HOSTILE_SHORT)
    make_folder(harmless, HARMLESS, HARMLESS_SHORT)
    shown, plain = tour(hostile, r"\x1b]52;c;aGk=\x07\x9b31m"), tour(harmless, "Plain words")
    assert forbidden(shown) == set()
    assert escape_shapes(shown) <= escape_shapes(plain)
    assert r"\u202e" in shown
    assert "[/][b" in shown


@pytest.mark.parametrize("words", [["scan"], ["open"], ["show"], ["digest"]], ids=lambda words: words[0])
def test_the_command_line_writes_no_escape_code_of_a_file_on_a_terminal(tmp_path: Path, words: list[str]) -> None:
    folder = make_folder(tmp_path, HOSTILE, HOSTILE_SHORT)
    command = words if words[0] != "open" else []
    done = run_cli(*command, folder)
    assert done.code == 0, done.err
    if words[0] != "digest":
        assert forbidden(done.out + done.err) == set()
        assert "\x1b" not in done.out + done.err
    if words[0] != "open":
        with on_terminal(*command, folder, "--quiet" if words[0] == "digest" else folder, size=(200, 50)) as app:
            app.exit_code()
            assert forbidden(app.text) == set()
            assert {shape for shape in escape_shapes(app.text) if shape not in {"\x1b[#m", "\x1b[m", "\x1b[K"}} == set()


def test_tags_and_points_write_no_escape_code_of_a_file(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, HOSTILE, HOSTILE_SHORT)
    file = next(path for path in folder.rglob("*.dcm"))
    runs: list[list[str | Path]] = [["tags", file]]
    runs += [["tags", tmp_path / "rs.dcm"], ["rtstruct", "points", tmp_path / "rs.dcm"]]
    for words in runs:
        done = run_cli(*words)
        assert done.code == 0, done.err
        assert forbidden(done.out + done.err) == set()
        assert "\x1b" not in done.out + done.err


def test_a_damaged_slice_says_why_its_neighbours_are_shown_and_edits_on_it_are_refused(tmp_path: Path) -> None:
    paths = write_ct(tmp_path / "ct", (0, 2, 4, 6, 8))
    dataset = dcmread(paths[2])
    dataset.PixelData = dataset.PixelData[: ROWS * COLUMNS]
    dataset.save_as(paths[2])
    with on_terminal(tmp_path / "ct") as app:
        app.wait_for("slice 3/5", paths[2].name)
        app.press("f3")
        app.wait_for("[Contour]")
        app.press(" ")
        app.wait_for("! this slice has no picture")
        app.press(":p 5 5", "enter", "]")
        app.wait_for("slice 4/5", "col 20 row 12", "no ROI yet")
        app.press(" ")
        app.wait_for("add point 20.0, 12.0 on slice 4")
        app.press("[m")
        app.wait_for("slice 3/5", "! this slice has no picture")
        app.press("[")
        app.wait_for("slice 2/5", "col 20 row 12")


def is_drawn(app: PtyApp) -> bool:
    return any(app.lines)


def has_picture(app: PtyApp) -> bool:
    return sum("▀" in line for line in app.lines) > 10


def test_a_window_that_shrinks_to_20x5_and_grows_again_shows_the_picture_again(phantom_dir: Path) -> None:
    with on_terminal(phantom_dir) as app:
        app.wait_for("slice 23/45")
        for mode, says in (("f2", "[Browse]"), ("f3", "[Contour]"), ("f4", "[Integrity]"), ("f5", "[Send]")):
            app.press(mode)
            app.wait_for(says)
            app.resize(20, 5)
            app.wait_until(lambda: is_drawn(app), "nothing drawn")
            app.press("]j\\+[k")
            app.resize(1, 1)
            app.resize(120, 36)
            app.press("f2")
            app.wait_for("[Browse]", "slice 23/45", "mm", "HU", "0008,0060 CS Modality")
            app.wait_until(lambda: has_picture(app), "no picture")
        app.press("?")
        app.wait_for("closes this")
        app.resize(20, 5)
        app.wait_until(lambda: is_drawn(app), "nothing drawn")
        app.press("q")
        app.resize(120, 36)
        app.wait_for("[Browse]")
        app.press("f3", " ")
        app.wait_for("add point")


def test_a_window_that_shrinks_and_grows_between_two_frames_is_drawn_again(phantom_dir: Path) -> None:
    with on_terminal(phantom_dir) as app:
        app.wait_for("slice 23/45")
        app.resize(20, 5)
        app.resize(120, 36)
        app.wait_for("[Browse]", "slice 23/45", "0008,0060 CS Modality")
        app.wait_until(lambda: has_picture(app), "no picture")


def test_keys_that_are_no_utf8_are_passed_over(phantom_dir: Path) -> None:
    with on_terminal(phantom_dir) as app:
        app.wait_for("slice 23/45")
        for junk in (b"\xe4\xff\x80", b"\x1b[200~qq\x1b[201~", b"\x1bPabc\x1b\\", b"\x1bOZ"):
            before = app.slice_text
            app.send(junk)
            app.press_until("]", lambda before=before: app.slice_text not in {before, ""})  # type: ignore[misc]


def test_without_colours_and_without_utf8_the_app_is_drawn_in_ascii(phantom_dir: Path) -> None:
    with on_terminal(phantom_dir, env={"NO_COLOR": "1", "LC_ALL": "C", "TERM": "xterm"}) as app:
        app.wait_for("slice 23/45", "ascii none")
        picture = [line[30:80] for line in app.lines[2:30]]
        assert sum(not char.isspace() for line in picture for char in line) > 300
        assert all(line.isascii() for line in picture)
        for key, says in (("?", "closes this"), ("\x10", "Search for commands")):
            app.press(key)
            app.wait_for(says)
            app.press("\x1b")
            app.wait_until(lambda says=says: says not in "\n".join(app.lines), f"still {says}")  # type: ignore[misc]
            app.wait_for("slice 23/45")
        app.press("f3", " ", "f4")
        app.wait_for("MD5")
