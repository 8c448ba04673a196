"""Digests by the engines: the bytes that one process gives, and never a digest of another file than the one here."""

import hashlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Self, TypeVar

import pytest

import engine_work
from dask_cluster import Started, scheduler, worker
from dcmtty.digest.file import FileDigest, Seen
from dcmtty.digest.many import digest_many
from dcmtty.engine.local import LocalEngine
from dcmtty.engine.opening import open_engine
from dcmtty.engine.process import core_count
from dcmtty.engine.protocol import Engine, ignore
from dcmtty.errors import InputError
from dcmtty.progress import Cancelled, Progress, Step
from peers import peer
from run_cli import cli_command, cli_environment, run_cli

T = TypeVar("T")
R = TypeVar("R")

NAMES = [b"plain", b"with space", b"back\\slash", b"line\nfeed", b"utf-\xc3\xa9", b"latin-\xe9", b"-dash"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of small files with awkward names, and of some that are larger than what is digested together."""
    root = tmp_path / "series"
    (root / "deeper").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        (root / os.fsdecode(name)).write_bytes(os.urandom(1000 * number))
    for number in range(40):
        (root / "deeper" / f"{number:02}").write_bytes(os.urandom(1 << 20))
    return root


def digests_of(paths: list[str]) -> list[tuple[str, str]]:
    """MD5 and SHA-256 of each file by hashlib."""
    data = [Path(path).read_bytes() for path in paths]
    return [(hashlib.md5(one).hexdigest(), hashlib.sha256(one).hexdigest()) for one in data]  # noqa: S324


def found(answers: list[FileDigest | InputError]) -> list[tuple[str, str]]:
    """MD5 and SHA-256 of each answer."""
    assert all(isinstance(answer, FileDigest) for answer in answers)
    return [(answer.md5, answer.sha256) for answer in answers if isinstance(answer, FileDigest)]


@pytest.mark.parametrize("form", ["tag", "md5sum", "sha256sum", "json"])
def test_a_cluster_gives_the_same_bytes_as_this_machine(local_cluster: Started, folder: Path, form: str) -> None:
    words = ["digest", "--format", form, ".", "plain", "gone", "../series/deeper", "-"]
    here = run_cli(*words, cwd=folder, stdin=b"abc")
    there = run_cli(*words, "--engine", local_cluster.engine, cwd=folder, stdin=b"abc")
    assert here.code == 3
    assert there == here


def test_sha256sum_accepts_what_a_cluster_digested(local_cluster: Started, folder: Path) -> None:
    done = run_cli(
        "digest", "--format", "sha256sum", ".", "--engine", local_cluster.engine, "-o", "../list", cwd=folder
    )
    assert (done.code, done.err) == (0, "")
    checked = engine_work.output_of([str(peer("sha256sum")), "--strict", "--quiet", "-c", "../list"], folder)
    assert checked == b""


@pytest.mark.parametrize("workers", [0, 2])
def test_answers_are_in_the_order_of_the_names_though_large_files_come_first(tmp_path: Path, workers: int) -> None:
    sizes = [10, 70 << 20, 0, 1 << 20, 66 << 20, 5]
    paths = [str(tmp_path / f"{number}") for number in range(len(sizes))]
    for path, size_bytes in zip(paths, sizes, strict=True):
        with Path(path).open("wb") as stream:
            stream.write(path.encode())
            stream.truncate(size_bytes)
    with LocalEngine(workers=workers) as engine:
        assert found(digest_many(paths, engine)) == digests_of(paths)


class Watched:
    """An engine that tells which process answered, and lets the test act between the answers."""

    def __init__(
        self, engine: Engine, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None
    ) -> None:
        self.is_remote = engine.is_remote
        self.answers = 0
        self._engine, self._before, self._after = engine, before, after

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the engine to the test."""

    def map(
        self,
        work: Callable[[T], R],
        items: Iterable[T],
        progress: Progress | None = None,
        told: Callable[[int], None] = ignore,
        *,
        is_long: bool = False,
    ) -> Generator[tuple[T, R]]:
        """Map as the engine does."""
        if self._before is not None:
            self._before()
        for pair in self._engine.map(work, items, progress, told, is_long=is_long):
            self.answers += 1
            if self._after is not None:
                self._after()
            yield pair


def test_a_worker_that_is_killed_loses_and_doubles_no_digest(local_cluster: Started, folder: Path) -> None:
    paths = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()] * 5
    steps: list[Step] = []
    with open_engine(local_cluster.engine) as engine:
        victim = next(engine.map(engine_work.process_of, range(20)))[1]
        killed = threading.Event()

        def kill() -> None:
            if not killed.is_set():
                os.kill(victim, signal.SIGKILL)
                killed.set()

        answers = digest_many(paths, Watched(engine, after=kill), Progress(report=steps.append, interval_s=0.0))
        assert killed.is_set()
        assert victim not in {pid for _, pid in engine.map(engine_work.process_of, range(200))}
    assert found(answers) == digests_of(paths)
    assert (steps[-1].done, steps[-1].total) == (steps[-1].total, sum(os.path.getsize(path) for path in paths))  # noqa: PTH202


def test_a_local_worker_that_is_killed_loses_and_doubles_no_digest(folder: Path) -> None:
    paths = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()] * 5
    with LocalEngine(workers=2) as engine:
        victims = {pid for _, pid in engine.map(engine_work.process_of, range(50), is_long=True)}

        def kill() -> None:
            if victims:
                os.kill(victims.pop(), signal.SIGKILL)

        assert len(victims) == 2
        assert found(digest_many(paths, Watched(engine, after=kill))) == digests_of(paths)
        assert not victims


def test_a_file_that_the_worker_cannot_see_is_unreadable_on_that_worker(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "here" / "file").write_bytes(b"abc")
    with scheduler() as lone, worker(lone, folder=tmp_path / "there") as elsewhere:
        # Where this leads depends on who looks, as with a folder that is not shared.
        name = "/proc/self/cwd/file"
        done = run_cli("digest", name, "--engine", lone.engine, cwd=tmp_path / "here")
        assert (done.code, done.out) == (3, "")
        assert done.err == (
            f"dcmtty: {name}: no such file or folder (on worker {elsewhere.address}); "
            "see that every worker has the same files at the same paths\n"
        )


@pytest.mark.parametrize("data", [b"abcd", b"xyz"])
def test_another_file_at_the_same_path_on_a_worker_is_not_digested(tmp_path: Path, data: bytes) -> None:
    for name, content in (("here", b"abc"), ("there", data)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(content)
    os.utime(tmp_path / "here" / "file", ns=(10**18, 10**18 + 5))
    with scheduler() as lone, worker(lone, folder=tmp_path / "there"):
        done = run_cli("digest", "/proc/self/cwd/file", "--engine", lone.engine, cwd=tmp_path / "here")
    assert (done.code, done.out) == (3, "")
    assert "another size or time of change than where it was listed (on worker tcp://" in done.err


def test_a_file_that_changes_before_or_after_a_worker_reads_it_has_no_digest(
    local_cluster: Started, tmp_path: Path
) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    other.write_bytes(b"abc")

    def change() -> None:
        path.write_bytes(path.read_bytes() + b"x")

    with open_engine(local_cluster.engine) as engine:
        for watched in (Watched(engine, before=change), Watched(engine, after=change)):
            path.write_bytes(b"abc")
            changed, same = digest_many([str(path), str(other)], watched)
            assert isinstance(changed, InputError)
            assert "change" in changed.message
            assert isinstance(same, FileDigest)


def test_a_file_that_goes_away_before_it_is_read_is_unreadable_and_the_others_are_digested(
    local_cluster: Started, tmp_path: Path
) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    for engine in (open_engine("local"), open_engine(local_cluster.engine)):
        for one in (path, other):
            one.write_bytes(b"abc")
        with engine:
            gone, there = digest_many([str(path), str(other)], Watched(engine, before=path.unlink))
        assert isinstance(gone, InputError)
        assert gone.message.startswith(f"{path}: no such file or folder")
        assert found([there]) == digests_of([str(other)])


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (Seen(1, 5), Seen(1, 5), True),
        (Seen(1, 5), Seen(2, 5), False),
        (Seen(1, 1_000_000_001), Seen(1, 1_000_000_002), False),
        (Seen(1, 1_999_999_999), Seen(1, 1_000_000_000), True),
        (Seen(1, 1_999_999_999), Seen(1, 2_000_000_000), False),
        (Seen(1, 1_123_456_789), Seen(1, 1_123_456_700), True),
        (Seen(1, 1_123_456_789), Seen(1, 1_123_456_000), True),
        (Seen(1, 1_123_456_789), Seen(1, 1_123_455_000), False),
    ],
)
def test_times_agree_up_to_what_a_way_of_sharing_files_keeps(one: Seen, other: Seen, agree: bool) -> None:
    assert one.agrees_with(other) is agree
    assert other.agrees_with(one) is agree


@pytest.mark.parametrize("is_remote", [False, True])
def test_cancel_ends_a_digest(local_cluster: Started, folder: Path, is_remote: bool) -> None:
    paths = [str(path) for path in folder.rglob("*") if path.is_file()]
    steps: list[Step] = []
    progress = Progress(report=steps.append, cancelled=lambda: bool(steps), interval_s=0.0)
    with open_engine(local_cluster.engine if is_remote else "local") as engine, pytest.raises(Cancelled):
        digest_many(paths, engine, progress)
    assert len(steps) == 1


def children(pid: int) -> set[int]:
    """The living child processes of a process."""
    found: set[int] = set()
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found |= {int(word) for word in path.read_text().split()}
    return found


def is_gone(pid: int) -> bool:
    """Whether the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(core_count() < 2, reason="workers are started only where there is more than one core")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)]
)
def test_a_digest_that_is_stopped_leaves_no_worker_and_no_list(tmp_path: Path, number: int, code: int) -> None:
    for name in "abcd":
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(7 << 30)
    command = cli_command("digest", ".", "-o", "list")
    with subprocess.Popen(command, cwd=tmp_path, env=cli_environment(), stderr=subprocess.PIPE) as running:
        end = time.monotonic() + 60
        while len(workers := children(running.pid)) < 2:
            assert time.monotonic() < end, "no worker was started"
            time.sleep(0.01)
        running.send_signal(number)
        assert running.wait(30) == code
        while not all(is_gone(pid) for pid in workers):
            assert time.monotonic() < end, "a worker is left behind"
            time.sleep(0.01)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c", "d"]
