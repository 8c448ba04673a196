"""The local engine: every item once, whatever becomes of its workers, and none of them left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import engine_work
from dcmtty.engine.local import LocalEngine
from dcmtty.engine.opening import open_engine
from dcmtty.errors import DcmttyError, UsageError
from dcmtty.progress import Cancelled, Progress
from run_cli import cli_environment

ITEMS = range(200)


def workers_only(workers: int = 2) -> LocalEngine:
    """An engine that gives everything to processes."""
    return LocalEngine(workers=workers, patience_s=0.0)


def children() -> set[int]:
    """The living child processes of this one."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        found |= {int(word) for word in path.read_text().split()}
    return found


def is_alive(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids: set[int]) -> None:
    """Return when the processes are gone; fail after half a minute."""
    end = time.monotonic() + 30
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < end, "a worker process is left behind"
        time.sleep(0.01)


@pytest.mark.parametrize("engine", [LocalEngine(workers=0), LocalEngine(patience_s=0.01, workers=2), workers_only()])
def test_every_item_is_answered_once(engine: LocalEngine) -> None:
    with engine:
        assert sorted(engine.map(engine_work.double_slowly, ITEMS)) == [(item, 2 * item) for item in ITEMS]
        assert list(engine.map(engine_work.double, [])) == []


def test_equal_items_are_each_answered() -> None:
    with workers_only() as engine:
        assert list(engine.map(engine_work.double, [3] * 50)) == [(3, 6)] * 50


def test_little_work_starts_no_process() -> None:
    with open_engine("local") as engine:
        before = children()
        assert {pid for _, pid in engine.map(engine_work.process_of, range(5))} == {os.getpid()}
        assert children() == before


def test_much_work_begins_here_and_goes_to_several_processes() -> None:
    with LocalEngine(workers=2, patience_s=0.02) as engine:
        pids = [pid for _, pid in engine.map(engine_work.process_of, ITEMS)]
    assert pids[0] == os.getpid()
    assert len(set(pids) - {os.getpid()}) == 2


def test_a_worker_imports_nothing_that_the_work_does_not_import() -> None:
    with workers_only() as engine:
        assert [found for _, found in engine.map(engine_work.heavy_modules, range(20))] == [[]] * 20


def test_items_are_drawn_a_bounded_number_ahead_in_the_thread_of_the_caller() -> None:
    drawn = 0
    threads: set[int] = set()

    def items() -> Iterator[int]:
        nonlocal drawn
        for item in range(500):
            drawn += 1
            threads.add(threading.get_ident())
            yield item

    with workers_only() as engine:
        for answered, _ in enumerate(engine.map(engine_work.double, items()), start=1):
            assert drawn - answered < 12
    assert threads == {threading.get_ident()}


def test_a_killed_worker_loses_and_doubles_nothing() -> None:
    killed = 0
    answers: list[tuple[int, int]] = []
    with workers_only() as engine:
        before = children()
        for item, answer in engine.map(engine_work.double_slowly, ITEMS):
            answers.append((item, answer))
            if len(answers) % 20 == 0:
                for pid in sorted(children() - before)[:1]:
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
    assert killed > 5
    assert sorted(answers) == [(item, 2 * item) for item in ITEMS]


def test_work_whose_workers_are_killed_each_time_is_done_here_in_the_end(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"mark.{number}").touch()
    with workers_only() as engine:
        assert list(engine.map(engine_work.killed_while_marked, [str(tmp_path / "mark")])) == [
            (str(tmp_path / "mark"), os.getpid())
        ]


@pytest.mark.parametrize(("workers", "items"), [(1, 1), (1, 10), (2, 2), (2, 10)])
def test_work_that_crashes_every_process_never_comes_to_this_one(workers: int, items: int) -> None:
    with (
        workers_only(workers) as engine,
        pytest.raises(DcmttyError, match=r"the work crashes every process that does it \(SIGSEGV\); report"),
    ):
        list(engine.map(engine_work.crash, range(items)))


@pytest.mark.parametrize("patience_s", [0.0, 60.0])
def test_what_the_work_raises_is_raised_here(patience_s: float) -> None:
    with LocalEngine(workers=2, patience_s=patience_s) as engine, pytest.raises(ValueError, match="forty"):
        list(engine.map(engine_work.fail_at_forty, ITEMS))


def test_work_that_ends_its_worker_without_a_word_is_done_here() -> None:
    with workers_only() as engine:
        assert sorted(engine.map(engine_work.leave_at_forty, ITEMS)) == [(item, item) for item in ITEMS]


def test_without_an_interpreter_to_start_everything_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for executable in ("/nonexistent/python", "/bin/false", "/dev/null"):
        monkeypatch.setattr(sys, "executable", executable)
        with workers_only() as engine:
            pids = {pid for _, pid in engine.map(engine_work.process_of, range(20))}
        assert pids == {os.getpid()}


def test_without_threads_or_processes_to_be_had_everything_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        del arguments, options
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patched, workers_only() as engine:
        patched.setattr(subprocess, "Popen", refuse)
        assert {pid for _, pid in engine.map(engine_work.process_of, range(20))} == {os.getpid()}

    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError(f"can't start new thread {thread.name}")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with workers_only() as engine:
        assert {pid for _, pid in engine.map(engine_work.process_of, range(20))} == {os.getpid()}


def test_answers_larger_than_any_pipe_come_whole() -> None:
    with workers_only() as engine:
        for size_bytes, answer in engine.map(engine_work.large_answer, [5 << 20, 0, 1, 3 << 20]):
            assert answer == b"x" * size_bytes


@pytest.mark.parametrize("patience_s", [0.0, 60.0])
def test_what_the_work_tells_is_heard_and_adds_up(patience_s: float) -> None:
    told: list[int] = []
    with LocalEngine(workers=2, patience_s=patience_s) as engine:
        list(engine.map(engine_work.tell_ten_times, range(4), told=told.append))
    assert sum(told) == 40
    assert len(told) > 4


def test_what_a_killed_worker_told_is_taken_back() -> None:
    told: list[int] = []
    with workers_only(1) as engine:
        before = children()
        running = engine.map(engine_work.tell_ten_times, range(6), told=told.append)
        next(running)
        os.kill(min(children() - before), signal.SIGKILL)
        list(running)
    assert sum(told) == 60


@pytest.mark.parametrize("patience_s", [0.0, 60.0])
def test_cancel_ends_work_that_runs_and_its_processes(tmp_path: Path, patience_s: float) -> None:
    progress = Progress(cancelled=lambda: any(tmp_path.glob("begun.*")))
    with LocalEngine(workers=2, patience_s=patience_s) as engine:
        before = children()
        with pytest.raises(Cancelled):
            list(engine.map(engine_work.until_told_to_stop, [str(tmp_path)] * 4, progress))
        begun = {int(path.suffix[1:]) for path in tmp_path.glob("begun.*")}
        assert not begun & (children() - before)


def test_an_engine_that_is_closed_ends_the_map_that_runs_and_its_workers() -> None:
    before = children()
    engine = workers_only()
    running = engine.map(engine_work.double_slowly, ITEMS)
    next(running)
    assert children() - before
    engine.close()
    assert children() == before
    with pytest.raises(Cancelled):
        list(running)


def test_a_map_that_is_left_early_leaves_the_engine_usable() -> None:
    before = children()
    with workers_only() as engine:
        with closing(engine.map(engine_work.double_slowly, ITEMS)) as running:
            next(running)
        assert sorted(engine.map(engine_work.double, ITEMS)) == [(item, 2 * item) for item in ITEMS]
    assert children() == before


def test_two_threads_may_map_at_the_same_time() -> None:
    found: list[list[tuple[int, int]]] = []
    with workers_only() as engine:

        def work() -> None:
            found.append(sorted(engine.map(engine_work.double, ITEMS)))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [[(item, 2 * item) for item in ITEMS]] * 3


_PROGRAM = """
import sys
import engine_work
from dcmtty.engine.local import LocalEngine
with LocalEngine(workers=2, patience_s=0.0) as engine:
    list(engine.map(engine_work.until_told_to_stop, [sys.argv[1]] * 4))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_worker_outlives_its_owner_however_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    environment = cli_environment()
    environment["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as owner:
        end = time.monotonic() + 30
        while len(begun := {int(path.suffix[1:]) for path in tmp_path.glob("begun.*")}) < 2:
            assert time.monotonic() < end, "the workers did not begin"
            time.sleep(0.01)
        assert all(is_alive(pid) for pid in begun)
        owner.send_signal(number)
        owner.wait(30)
    wait_until_gone(begun)


def test_an_engine_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'spark' is no engine; use local or dask://HOST:PORT"):
        open_engine("spark")
