"""`dcmtty digest` against md5sum and sha256sum, which write and check the same lists."""

import hashlib
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from dcmtty.digest.collect import collect
from dcmtty.digest.file import Digester, digest_file
from dcmtty.errors import InputError
from peers import peer
from run_cli import run_cli
from schemas import assert_follows_schema

AWKWARD_NAMES = [
    b"plain",
    b"with space",
    b"back\\slash",
    b"line\nfeed",
    b"star*",
    b"utf-\xc3\xa9",
    b"latin-\xe9",
    b"-dash",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files whose names try every escape, one of them a level deeper."""
    root = tmp_path / "series"
    (root / "deeper").mkdir(parents=True)
    for number, name in enumerate(AWKWARD_NAMES):
        (root / os.fsdecode(name)).write_bytes(b"x" * number * 70_000)
    (root / "deeper" / "last").write_bytes(b"")
    return root


def _checks(program: str, listed: bytes, folder: Path, *, strict: bool) -> subprocess.CompletedProcess[bytes]:
    command = [str(peer(program)), *(["--strict"] if strict else []), "-c"]
    return subprocess.run(command, input=listed, cwd=folder, capture_output=True, check=False)


def test_one_pass_gives_the_digests_that_hashlib_gives_for_every_size_around_the_buffer(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for size_bytes in (0, 1, (64 << 10) - 1, 64 << 10, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 12345):
        data = (b"0123456789abcdef" * (size_bytes // 16 + 1))[:size_bytes]
        path.write_bytes(data)
        found = digest_file(path)
        assert (found.md5, found.sha256) == (hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest())  # noqa: S324
        assert found.size_bytes == size_bytes


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (2 << 20))

    def grow(count: int) -> None:
        del count
        with path.open("ab") as stream:
            stream.write(b"y")

    with Digester() as digester, pytest.raises(InputError, match="changed while it was read"):
        digester.digest(path, advance=grow)


def test_a_fifo_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    finished = threading.Event()

    def work() -> None:
        with pytest.raises(InputError, match="not a regular file"):
            digest_file(tmp_path / "fifo")
        finished.set()

    threading.Thread(target=work, daemon=True).start()
    assert finished.wait(30)


def test_folders_are_walked_in_byte_order_and_links_are_not_followed(tmp_path: Path) -> None:
    for name in ("b", "a", "B", "sub/c"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "in" / "a")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    found = collect([str(tmp_path / "in")])
    assert [file.below for file in found.files] == ["in/B", "in/a", "in/b", "in/sub/c"]
    assert sorted(Path(path).name for path in found.skipped) == ["link", "loop"]
    assert found.errors == ()


@pytest.mark.parametrize("program", ["md5sum", "sha256sum"])
def test_the_plain_list_is_what_the_program_itself_writes_and_accepts(folder: Path, program: str) -> None:
    done = run_cli("digest", "--format", program, ".", cwd=folder)
    assert (done.code, done.stderr) == (0, b"")
    names = sorted(b"./" + name for name in [*AWKWARD_NAMES, b"deeper/last"])
    assert done.stdout == subprocess.check_output([peer(program), *names], cwd=folder)
    checked = _checks(program, done.stdout, folder, strict=True)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(b": OK\n") == len(AWKWARD_NAMES) + 1


@pytest.mark.parametrize("program", ["md5sum", "sha256sum"])
def test_tag_lines_hold_both_algorithms_and_each_program_checks_its_own(folder: Path, program: str) -> None:
    listed = run_cli("digest", ".", cwd=folder).stdout
    for algorithm, tool in (("MD5", "md5sum"), ("SHA256", "sha256sum")):
        theirs = subprocess.check_output([peer(tool), "--tag", b"./back\\slash", b"./plain"], cwd=folder)
        mine = b"".join(line for line in listed.splitlines(keepends=True) if algorithm.encode() + b" (" in line)
        assert all(line in mine.splitlines(keepends=True) for line in theirs.splitlines(keepends=True))
    checked = _checks(program, listed, folder, strict=False)
    assert (checked.returncode, checked.stdout.count(b": OK\n")) == (0, len(AWKWARD_NAMES) + 1)
    Path(folder / "plain").write_bytes(b"changed")
    assert _checks(program, listed, folder, strict=False).returncode == 1


def test_a_name_with_a_parent_folder_in_it_becomes_absolute(tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "file").write_bytes(b"")
    done = run_cli("digest", "--format", "md5sum", "../file", cwd=tmp_path / "beside")
    assert done.out == f"{hashlib.md5(b'').hexdigest()}  {tmp_path}/file\n"  # noqa: S324


def test_a_missing_and_an_unreadable_path_are_named_the_others_digested_and_the_exit_code_is_3(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"abc")
    os.mkfifo(tmp_path / "fifo")
    done = run_cli("digest", "there", "gone", "fifo", cwd=tmp_path)
    assert done.code == 3
    assert "dcmtty: gone: no such file or folder; check the path" in done.err
    assert "dcmtty: fifo: not a regular file" in done.err
    assert done.out.count("(there)") == 2


def test_the_list_does_not_list_itself_whether_redirected_or_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "list").write_bytes(b"old")
    assert run_cli("digest", ".", "-o", "list", cwd=tmp_path).code == 0
    written = (tmp_path / "list").read_text()
    assert "./file" in written
    assert "./list" not in written
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_json_follows_its_schema_and_keeps_undecodable_names(folder: Path) -> None:
    done = run_cli("digest", "--format", "json", ".", "gone", cwd=folder)
    assert done.code == 3
    document = json.loads(done.stdout)
    assert_follows_schema(document, "digest")
    assert {os.fsencode(file["path"]) for file in document["files"]} == {
        b"./" + name for name in [*AWKWARD_NAMES, b"deeper/last"]
    }
    assert document["errors"] == ["gone: no such file or folder"]


def test_standard_input_is_digested_as_a_dash() -> None:
    done = run_cli("digest", "--format", "sha256sum", "-", stdin=b"abc")
    assert done.out == f"{hashlib.sha256(b'abc').hexdigest()}  -\n"
