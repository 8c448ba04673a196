"""What a sending does when something goes wrong: plain words, the right exit code, nothing claimed."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcmtty.errors import ConnectError
from dcmtty.integrity.receipts import receipts_folder
from dcmtty.progress import Cancelled, Progress, Step
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.endpoint import parse_destination
from dcmtty.transfer.plan import Plan, Wishes, make_plan
from dcmtty.transfer.send import execute
from run_cli import cli_command, cli_environment, run_cli
from sshd import Sshd, SshdFactory, keygen

LARGE_BYTES = 48 << 20


@pytest.fixture
def box(sshd: Sshd) -> Sshd:
    """A trusted server that is the device `box`."""
    sshd.write_device("box")
    sshd.pin()
    return sshd


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that takes many pieces to send."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(1 << 20) * (LARGE_BYTES >> 20))
    return path


@pytest.fixture
def connections() -> Iterator[Connections]:
    """Connections that ask nobody."""
    with Connections() as opened:
        yield opened


def _parts(box: Sshd) -> list[Path]:
    return list(box.folder.rglob(".*.part"))


def _plan(path: Path, connections: Connections) -> Plan:
    return make_plan([str(path)], [parse_destination("box")], connections, Wishes(rung="read-back"))


def _last_receipt() -> dict[str, object]:
    document: dict[str, object] = json.loads(max(receipts_folder().glob("*.json")).read_bytes())
    return document


def test_a_device_that_dies_while_it_receives_is_exit_4_and_its_part_is_removed_by_the_next_send(
    box: Sshd, large: Path, connections: Connections
) -> None:
    def kill_in_the_middle(step: Step) -> None:
        if step.done > LARGE_BYTES // 4:
            box.stop()

    plan = _plan(large, connections)
    sent = execute(plan, connections, progress=Progress(report=kill_in_the_middle, interval_s=0))
    outcome = sent.outcomes[0]
    assert (outcome.sigil, outcome.verified_by, outcome.exit_code) == ("!", "", ConnectError.exit_code)
    assert "not verified: " in outcome.detail
    assert not (box.folder / "large").exists()
    assert [str(path) for path in _parts(box)] == [outcome.left_behind]
    assert _last_receipt()["left_behind"] == [outcome.left_behind]
    box.start_again()
    done = run_cli("send", large, "--to", "box")
    assert done.code == 0, done.err
    assert _parts(box) == []
    assert _last_receipt()["left_behind"] == []


def _started(box: Sshd, large: Path) -> subprocess.Popen[bytes]:
    """A `dcmtty send` that has begun to write on the device and cannot finish: the serving process is stopped."""
    process = subprocess.Popen(
        cli_command("send", large, "--to", "box", "--verify", "read-back"),
        env=cli_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not _parts(box) and process.poll() is None and time.monotonic() < deadline:
        continue
    box.freeze()
    return process


def test_the_command_line_says_plainly_that_the_device_went_away(box: Sshd, large: Path) -> None:
    process = _started(box, large)
    box.stop()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert b"NOT VERIFIED" in out
    assert b"the connection is gone" in out
    assert b"may still lie there; the next send removes it" in err
    assert not (box.folder / "large").exists()


def test_ctrl_c_is_exit_130_and_leaves_nothing_on_the_device(box: Sshd, large: Path) -> None:
    process = _started(box, large)
    process.send_signal(signal.SIGINT)
    box.thaw()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert _parts(box) == []
    assert not (box.folder / "large").exists()


def test_a_cancelled_sending_removes_its_part_and_its_receipt_says_not_sent(
    box: Sshd, large: Path, connections: Connections
) -> None:
    plan = _plan(large, connections)
    seen: list[int] = []
    with pytest.raises(Cancelled):
        execute(
            plan,
            connections,
            progress=Progress(
                report=lambda step: seen.append(step.done), cancelled=lambda: len(seen) > 3, interval_s=0
            ),
        )
    assert _parts(box) == []
    files = _last_receipt()["files"]
    assert isinstance(files, list)
    assert [(file["outcome"], file["verified_by"]) for file in files] == [("-", "")]


def test_a_file_that_changes_while_it_is_sent_is_not_kept_on_the_device(
    box: Sshd, large: Path, connections: Connections
) -> None:
    plan = _plan(large, connections)
    with large.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"?")
    sent = execute(plan, connections)
    assert [(one.sigil, one.detail, one.exit_code) for one in sent.outcomes] == [
        ("!", "it changed here while it was sent", 5)
    ]
    assert list(box.folder.iterdir()) == []


def test_a_file_that_vanishes_or_grows_without_end_is_named_and_the_others_arrive(
    box: Sshd, tmp_path: Path, connections: Connections
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_bytes(name.encode() * 1000)
    plan = _plan(folder, connections)
    (folder / "a").unlink()
    (folder / "b").write_bytes(b"b" * 2_000_000)
    sent = execute(plan, connections)
    assert [(one.target.file.name, one.sigil, one.exit_code) for one in sent.outcomes] == [
        ("in/a", "!", 3),
        ("in/b", "!", 5),
        ("in/c", "+", 0),
    ]
    assert [path.name for path in (box.folder / "in").iterdir()] == ["c"]


def test_a_full_disk_on_the_device_is_named_the_small_file_arrives_and_no_part_stays(
    sshd_factory: SshdFactory, tmp_path: Path
) -> None:
    server = sshd_factory()
    server.limit_file_size(100_000)
    server.write_device("box")
    server.pin()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "large").write_bytes(b"x" * 500_000)
    (folder / "small").write_bytes(b"x" * 50_000)
    done = run_cli("send", folder, "--to", "box")
    assert done.code == 4
    assert "cannot be written: the device failed (Failure), its disk may be full" in done.out
    assert [path.name for path in (server.folder / "in").iterdir()] == ["small"]
    assert [line[0] for line in done.out.splitlines()[1:]] == ["!", "+"]


def test_a_folder_that_cannot_be_made_is_named_and_nothing_is_sent(box: Sshd, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    done = run_cli("send", tmp_path / "a", "--to", "box:/proc/nowhere/deep")
    assert done.code == 4
    assert "the folder /proc/nowhere cannot be made: " in done.out
    (box.folder / "file").write_bytes(b"")
    done = run_cli("send", tmp_path / "a", "--to", f"box:{box.folder}/file/sub")
    assert done.code == 4
    assert f"{box.folder}/file on the device is not a folder" in done.err


def test_a_link_or_a_folder_in_the_place_of_the_target_is_never_written_through(box: Sshd, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (box.folder / "elsewhere").write_bytes(b"precious")
    (box.folder / "a").symlink_to(box.folder / "elsewhere")
    done = run_cli("send", tmp_path / "a", "--to", "box", "--replace")
    assert done.code == 3
    assert "something that is no regular file lies there" in done.out
    assert (box.folder / "elsewhere").read_bytes() == b"precious"


def test_a_command_that_lies_is_found_out_by_reading_back_or_counts_as_a_failure(
    sshd_factory: SshdFactory, tmp_path: Path
) -> None:
    script = tmp_path / "liar"
    script.write_text(
        '#!/bin/sh\ncase "$SSH_ORIGINAL_COMMAND" in\n'
        '*/dev/null) exec sh -c "$SSH_ORIGINAL_COMMAND" ;;\n'
        "*sha256*) sh -c \"$SSH_ORIGINAL_COMMAND\" | sed 's/^..../0000/' ;;\n"
        "*) exec /usr/lib/openssh/sftp-server ;;\nesac\n"
    )
    script.chmod(0o755)
    if not Path("/usr/lib/openssh/sftp-server").exists():
        pytest.skip("this system keeps sftp-server elsewhere")
    server = sshd_factory(extra=f"ForceCommand {script}\n")
    server.write_device("box")
    server.pin()
    (tmp_path / "a").write_bytes(b"a")
    done = run_cli("send", tmp_path / "a", "--to", "box", "--verify", "command")
    assert done.code == 5
    assert "not what was sent" in done.out
    assert list(server.folder.iterdir()) == []
    done = run_cli("send", tmp_path / "a", "--to", "box", "--verify", "auto", "--format", "json")
    assert done.code == 0
    assert json.loads(done.stdout)["files"][0]["verified_by"] == "read-back"


def test_unsafe_names_and_two_files_of_one_name_are_refused_before_anything_is_sent(box: Sshd, tmp_path: Path) -> None:
    for name in ("with space", "-dash", "n\x1bame", "x" * 201, "umlaut-ä"):
        (tmp_path / name).write_bytes(b"")
        done = run_cli("send", "--to", "box", "--", tmp_path / name)
        assert done.code == 3
        assert "is not safe on every device" in done.err
        assert b"\x1b" not in done.stdout + done.stderr
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a").write_bytes(b"")
    done = run_cli("send", tmp_path / "one" / "a", tmp_path / "two" / "a", "--to", "box")
    assert done.code == 3
    assert "would both be a on the device" in done.err
    assert list(box.folder.iterdir()) == []


def test_an_executable_preamble_is_refused_unless_forced(box: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(b"#!/bin/sh\nexit\n".ljust(128, b"\0") + b"DICM" + b"rest")
    done = run_cli("send", path, "--to", "box")
    assert done.code == 3
    assert "its preamble is executable (CVE-2019-11687)" in done.out
    assert run_cli("send", path, "--to", "box", "--force").code == 0
    assert (box.folder / "a.dcm").read_bytes() == path.read_bytes()


def test_one_device_that_is_down_does_not_keep_the_other_from_its_files(box: Sshd, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    with box.write_device("again").open("a") as stream:
        stream.write('[devices.closed]\nhost = "127.0.0.1"\nport = 1\n')
    done = run_cli("send", tmp_path / "a", "--to", "closed,box")
    assert done.code == 4
    assert "closed: 127.0.0.1 port 1 cannot be reached: connection refused" in done.err
    assert (box.folder / "a").read_bytes() == b"a"


def test_a_device_that_nobody_knows_is_a_usage_error_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    done = run_cli("send", tmp_path / "a", "--to", "nobody")
    assert done.code == 2
    assert "no device nobody in " in done.err
    assert "run: dcmtty devices add nobody --host ADDRESS" in done.err
    for name in ("-oProxyCommand=x", "a b", "", "a/b"):
        assert run_cli("send", tmp_path / "a", f"--to={name}").code == 2


def test_a_wrong_key_and_a_locked_key_are_exit_4_and_nobody_is_asked(box: Sshd, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    wrong = keygen(tmp_path / "wrong")
    locked = keygen(tmp_path / "locked", passphrase="open sesame")
    box.write_device("wrong", identity_file=str(wrong))
    box.write_device("locked", identity_file=str(locked))
    for name, says in (("wrong", "tried: key wrong"), ("locked", "key locked (locked by a passphrase)")):
        done = run_cli("send", tmp_path / "a", "--to", name, "--no-input")
        assert done.code == 4
        assert "was not let in" in done.err
        assert says in done.err
    assert list(box.folder.iterdir()) == []
