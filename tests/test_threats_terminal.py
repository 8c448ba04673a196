"""Nothing that files, folders or typed words hold acts on the terminal, whatever is done to show it."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from dcmtty_tui.actions import ACTIONS, Mode
from hostile_words import EVERYTHING, MARK, MARKUP, SHORT, hostile_folder, hostile_image
from mutations import mutant, seed_files
from pty_app import PtyApp, on_terminal
from run_cli import run_cli
from terminal_bytes import foreign

FILES = int(os.environ.get("DCMTTY_FUZZ_TERMINAL_FILES", "60"))
SEED = int(os.environ.get("DCMTTY_FUZZ_SEED", "1"))


def must_be_ours(app: PtyApp) -> None:
    """Check what a terminal was sent."""
    assert foreign(app.text) == set()


def file_called(folder: Path, begin: str) -> Path:
    return next(path for path in folder.iterdir() if path.name.startswith(begin))


COMMANDS: list[list[str]] = [
    ["scan", "{inside}"], ["scan", "{inside}", "--format", "csv"], ["scan", "{inside}", "--format", "json"],
    ["scan", "{inside}", "--columns", "PatientName,0009,1002"], ["scan", "{root}/DICOMDIR"], ["open", "{inside}"],
    ["tags", "{image}"], ["tags", "{image}", "--find", "mark"], ["tags", "{image}", "--format", "json"],
    ["tags", "{image}", "--find", EVERYTHING.replace("\0", "")], ["tags", "{cut}"], ["tags", "{notes}"],
    ["tags", "{rs}"], ["tags", "{root}/DICOMDIR"], ["show", "{image}"], ["show", "{cut}"], ["show", "{link}"],
    ["show", "{image}", "--window", SHORT], ["show", "{image}", "--size", SHORT], ["diff", "{image}", "{other}"],
    ["diff", "{inside}"], ["digest", "{inside}"], ["digest", "{inside}", "--format", "sha256sum"],
    ["verify", "{notes}"],
    ["rtstruct", "points", "{rs}"], ["rtstruct", "points", "{cut}"], ["send", "{image}", "--to", SHORT],
    ["recover", "--list"], ["scan", "--no" + SHORT], ["show", "nosuch" + SHORT],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words[:2]).encode("ascii", "ignore").decode())
def test_no_command_sends_anything_to_the_terminal_but_text(tmp_path: Path, words: list[str]) -> None:
    inside = hostile_folder(tmp_path)
    begins = {"image": "1", "other": "2", "rs": "\x1b[2Jrs", "cut": "cut", "notes": "notes", "link": "link"}
    places = {"root": tmp_path, "inside": inside, **{name: file_called(inside, one) for name, one in begins.items()}}
    for name, path in places.items():
        words = [word.replace("{" + name + "}", str(path)) for word in words]
    if words[0] == "open":
        done = run_cli(*words)
        assert (done.code, foreign(done.out + done.err)) == (1, set())
        return
    with on_terminal(*words, size=(200, 50)) as app:
        assert app.exit_code() in {0, 1, 2, 3}, app.text
        must_be_ours(app)


FUNCTION_KEYS = {"f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~", "f7": "\x1b[18~"}
"""What an xterm sends."""
MODE_KEYS = [next(action.keys[0] for action in ACTIONS if action.id == f"mode.{mode.value}") for mode in Mode]


def settle(app: PtyApp) -> None:
    """Take what the app has to say until it says nothing more."""
    while app.read(0.1):
        continue
    assert app.process.poll() is None, f"it ended with {app.process.returncode}"


def go_everywhere(app: PtyApp, typed: str) -> None:
    """Go to every mode and through its panes, rows and screens, and type where words are typed."""
    for key in MODE_KEYS:
        app.press(FUNCTION_KEYS[key])
        settle(app)
        for keys in ("\\jj", "\\jl", "\\G", "\\gj"):
            app.press(keys)
            settle(app)
        app.press("?")
        app.wait_for("closes this")
        app.press("q", ":", typed, "\r")
        settle(app)
    app.press(FUNCTION_KEYS["f2"], "/", typed, "\r", ":notes\r")
    settle(app)
    app.press("q", "\x10", typed)
    settle(app)
    app.press("\x1b")
    settle(app)


def leave(app: PtyApp) -> int:
    """End the app by the key that ends it from anywhere."""
    app.press("\x11")
    app.read(1)
    app.press("\x11")
    return app.exit_code()


def tour(folder: Path, *more: Path) -> str:
    """Go everywhere in the app on a folder and leave it; return all that it wrote."""
    with on_terminal(folder, *more, cwd=folder, size=(160, 45)) as app:
        app.wait_for("[Browse]", "series,")
        go_everywhere(app, "".join(char for char in EVERYTHING if char.isprintable()))
        assert leave(app) == 0
        must_be_ours(app)
        return app.text


def test_going_everywhere_in_the_app_sends_nothing_but_what_the_app_draws(tmp_path: Path) -> None:
    inside = hostile_folder(tmp_path)
    for number, words in enumerate(MARKUP):
        name = words.replace("/", "")
        (inside / f"{number}{name}.dcm").write_bytes(hostile_image(number, words))
        (inside / f"cut{number}{name}.dcm").write_bytes(hostile_image(number, words)[:-5])
    shown = tour(inside, tmp_path / "DICOMDIR")
    assert r"\x1b]52;c" in shown
    assert all(words[:5] in shown for words in MARKUP)


@pytest.fixture(scope="module")
def damaged_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of damaged files, most of them with words that act on terminals."""
    folder, files = tmp_path_factory.mktemp("damaged"), seed_files()
    chance, kept, seed = random.Random(SEED), 0, SEED
    while kept < FILES:
        seed += 1
        made = mutant(chance.choice(files), seed)
        if MARK.encode() in made.data or seed % 7 == 0:
            (folder / f"{kept}.dcm").write_bytes(made.data)
            kept += 1
    return folder


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_a_scan_of_damaged_files_sends_text_alone(damaged_folder: Path, format_: str) -> None:
    with on_terminal("scan", damaged_folder, "--format", format_, "--quiet", size=(200, 50)) as app:
        assert app.exit_code() in {0, 1}
        must_be_ours(app)


@pytest.mark.parametrize("command", ["tags", "show"])
def test_a_damaged_file_is_shown_as_text_alone(damaged_folder: Path, command: str) -> None:
    for path in sorted(damaged_folder.iterdir())[::8]:
        with on_terminal(command, path, "--color", "never", size=(120, 40)) as app:
            assert app.exit_code() in {0, 3}, path
            must_be_ours(app)


def test_the_app_on_damaged_files_sends_nothing_but_what_it_draws(damaged_folder: Path) -> None:
    with on_terminal(damaged_folder, size=(160, 45)) as app:
        app.wait_for("[Browse]", "series,")
        for _ in range(6):
            app.press("\\jj\r")
            settle(app)
            app.press("\\jjl")
            settle(app)
        go_everywhere(app, MARK)
        assert leave(app) == 0
        must_be_ours(app)


def test_no_byte_beyond_ascii_goes_to_a_terminal_that_reads_no_utf8(tmp_path: Path) -> None:
    """The second byte of some letters is a control there: 9D of Ý begins a clipboard sequence, 9C of Ü ends it."""
    (tmp_path / "a.dcm").write_bytes(hostile_image(1, "Ý52;c;TUFSSw==Ü Û31m 山"))
    for words in ([], ["scan"], ["tags"], ["show"], ["scan", "--columns", "PatientName"]):
        path = tmp_path / "a.dcm" if words == ["tags"] else tmp_path
        with on_terminal(*words, path, env={"LC_ALL": "C"}, size=(160, 40)) as app:
            if not words:
                app.wait_for("slice 1/1")
                assert leave(app) == 0
            assert app.exit_code() == 0
            assert all(byte < 128 for byte in app.raw)
            assert "?52;c;" in app.text
