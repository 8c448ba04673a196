"""What bad input gets on the command line: an exit code, one line that names the thing and the remedy, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from dicom_files import image, save
from peers import peer
from pty_app import on_terminal
from run_cli import CliResult, cli_command, cli_environment, run_cli
from sshd import Sshd

CAPABILITIES = "-dac_override,-dac_read_search"
LIMITED = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0})); "
    "from dcmtty_tui.cli.main import main; sys.exit(main())"
)


def one_line(done: CliResult) -> str:
    """The one line on standard error, after nothing on standard output."""
    assert done.stdout == b""
    assert done.err.startswith("dcmtty: ")
    assert done.err.endswith("\n")
    assert done.err.count("\n") == 1
    assert "; " in done.err, "no remedy"
    return done.err


def run_with(command: list[str], **environment: str) -> CliResult:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=cli_environment({"PYTHONDONTWRITEBYTECODE": "1", **environment}),
        timeout=120,
    )
    return CliResult(done.returncode, done.stdout, done.stderr)


def run_as_others(*arguments: str | Path) -> CliResult:
    """Run without the right to read what its mode forbids, which root has otherwise."""
    prefix = []
    if os.geteuid() == 0:
        prefix = [str(peer("setpriv")), f"--bounding-set={CAPABILITIES}", f"--inh-caps={CAPABILITIES}"]
    return run_with([*prefix, *cli_command(*arguments)])


def run_limited(limit_bytes: int, *arguments: str | Path) -> CliResult:
    """Run where no file can grow beyond a size, as on a disk that is full."""
    command = cli_command(*arguments)
    return run_with([command[0], "-c", LIMITED.format(limit_bytes), *command[3:]])


@pytest.fixture
def files(tmp_path: Path, phantom_dir: Path) -> dict[str, Path]:
    """Bad files by what is wrong with them."""
    whole = next(path for path in sorted(phantom_dir.iterdir()) if path.suffix == ".dcm")
    text, cut, header = tmp_path / "letter.txt", tmp_path / "cut.dcm", tmp_path / "header.dcm"
    text.write_text("Dear colleague,\n" * 20)
    cut.write_bytes(whole.read_bytes()[:-100])
    dataset = dcmread(whole)
    del dataset.PixelData
    dataset.save_as(header)
    (tmp_path / "empty").touch()
    return {"text": text, "cut": cut, "header": header, "empty": tmp_path / "empty", "gone": tmp_path / "gone"}


@pytest.mark.parametrize(
    ("command", "kind", "says"),
    [
        (["show"], "text", "not a DICOM file"),
        (["show"], "empty", "not a DICOM file"),
        (["show"], "cut", "(7FE0,0010)"),
        (["show"], "header", "no pixel data"),
        (["show"], "gone", "no such file or folder"),
        (["tags"], "text", "not a DICOM file"),
        (["tags"], "empty", "not a DICOM file"),
        (["tags"], "gone", "no such file or folder"),
        (["tags", "--format", "json"], "cut", "(7FE0,0010)"),
        (["rtstruct", "points"], "text", "not a DICOM file"),
        (["rtstruct", "points"], "header", "not an RT Structure Set"),
        (["rtstruct", "points"], "gone", "no such file or folder"),
        (["verify"], "gone", "no such file or folder"),
        (["scan"], "gone", "no such file or folder"),
    ],
)
def test_a_bad_file_is_exit_3_and_one_line_that_names_it(
    files: dict[str, Path], command: list[str], kind: str, says: str
) -> None:
    done = run_cli(*command, files[kind])
    assert done.code == 3, done.err
    assert files[kind].name in one_line(done)
    assert says in done.err


@pytest.mark.parametrize("command", [["show"], ["tags"], ["digest"], ["verify"], ["rtstruct", "points"]])
def test_a_file_without_read_permission_is_exit_3_and_one_line(
    phantom_dir: Path, tmp_path: Path, command: list[str]
) -> None:
    closed = tmp_path / "closed.dcm"
    closed.write_bytes(next(phantom_dir.glob("*.dcm")).read_bytes())
    closed.chmod(0)
    done = run_as_others(*command, closed)
    assert done.code == 3, done.err
    assert "closed.dcm: no permission to read it; " in one_line(done)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("digest", "{series}", "-o", "{folder}/list"), "list"),
        (("show", "{series}", "--png", "{folder}/slice.png"), "slice.png"),
        (("rtstruct", "build", "{series}", "--points", "{points}", "-o", "{folder}/rs.dcm"), "rs.dcm"),
    ],
    ids=["digest", "show", "rtstruct"],
)
def test_a_full_disk_is_exit_7_and_leaves_nothing(
    phantom_dir: Path, tmp_path: Path, arguments: tuple[str, ...], name: str
) -> None:
    points = phantom_dir.parent / "points" / "contours.csv"
    words = [word.format(series=phantom_dir, folder=tmp_path, points=points) for word in arguments]
    done = run_limited(1500, *words)
    assert done.code == 7, done.err
    assert f"{name}: not written" in one_line(done)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [["scan", "{series}"], ["show", "{series}"], ["tags", "{file}"], ["digest", "{file}"], ["recover", "--list"]],
    ids=lambda words: words[0],
)
def test_standard_output_on_a_full_disk_is_exit_7_and_a_closed_pipe_141_without_a_word(
    phantom_dir: Path, words: list[str]
) -> None:
    file = next(phantom_dir.glob("*.dcm"))
    command = cli_command(*(word.format(series=phantom_dir, file=file) for word in words))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, env=cli_environment())
    assert done.returncode == 7, done.stderr
    assert done.stderr.startswith(b"dcmtty: standard output: No space left")
    assert done.stderr.count(b"\n") == 1
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, env=cli_environment())
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_ctrl_c_is_exit_130_and_leaves_no_half_list(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(8 << 30)
    with on_terminal("digest", large, "-o", tmp_path / "list") as app:
        app.wait_for("digesting")
        app.press("\x03")
        assert app.exit_code() == 130
        assert [line for line in app.lines if line] == ["dcmtty: interrupted; nothing half-made was kept"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_terminate_and_hang_up_leave_no_half_list(tmp_path: Path, number: signal.Signals, code: int) -> None:
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(8 << 30)
    with on_terminal("digest", large, "-o", tmp_path / "list") as app:
        app.wait_for("digesting")
        app.process.send_signal(number)
        assert app.exit_code() == code
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large"]


def test_a_wrong_password_is_asked_for_three_times_and_is_exit_4(sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("box", identity_file=str(tmp_path / "none"))
    sshd.pin()
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with on_terminal("send", file, "--to", "box") as app:
        for count in range(1, 4):
            app.wait_until(lambda count=count: app.text.count("Password of") == count, "no prompt")  # type: ignore[misc]
            app.press("not the password", "enter")
        assert app.exit_code() == 4
        assert "was not let in" in app.text
        assert "not the password" not in app.text
    assert list(sshd.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("size", "environment", "says"),
    [
        ((20, 5), {}, "the terminal is 20x5"),
        ((39, 30), {}, "the terminal is 39x30"),
        ((80, 24), {"TERM": "dumb"}, "TERM=dumb"),
        ((80, 24), {"TERM": ""}, "cannot draw the app"),
    ],
)
def test_a_terminal_that_cannot_show_the_app_is_told_so_in_words_and_left_alone(
    phantom_dir: Path, size: tuple[int, int], environment: dict[str, str], says: str
) -> None:
    with on_terminal(phantom_dir, size=size, env=environment) as app:
        assert app.exit_code() == 2
        assert app.text.startswith("dcmtty: ")
        assert app.text.count("\n") == 1
        assert says in app.text
        assert "use dcmtty scan, tags or show instead" in app.text
        assert "\x1b" not in app.text


def test_a_dumb_terminal_still_shows_a_slice_as_plain_text(phantom_dir: Path) -> None:
    with on_terminal("show", phantom_dir, size=(80, 24), env={"TERM": "dumb"}) as app:
        assert app.exit_code() == 0
        assert "slice 23 of 45" in app.text
        assert "\x1b" not in app.text
        assert app.text.isascii()


def test_pixels_that_do_not_fit_their_header_are_refused_by_name(tmp_path: Path) -> None:
    dataset = image(np.zeros((8, 8), dtype="<i2"))
    dataset.Rows = 9
    done = run_cli("show", save(dataset, tmp_path / "short.dcm"))
    assert done.code == 3
    assert "short.dcm" in one_line(done)


def test_help_on_a_full_disk_is_exit_7() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            cli_command("--help"), env=cli_environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (7, 1)


def test_a_point_list_whose_name_is_too_long_is_exit_3(phantom_dir: Path, tmp_path: Path) -> None:
    done = run_cli("rtstruct", "build", phantom_dir, "--points", f"{'a' * 300}.csv", "-o", tmp_path / "rs.dcm")
    assert (done.code, "name is too long" in done.err) == (3, True)
