"""The Dask engine on real clusters: every item once though workers are killed, and one line for whatever is wrong."""

import os
import signal
import threading
from collections.abc import Generator
from pathlib import Path
from typing import cast

import distributed
import numpy as np
import pytest

import engine_work
from dask_cluster import Started, scheduler, worker
from dcmtty.dicom.header.record import Batch, Record, read_records
from dcmtty.engine import cluster
from dcmtty.engine.opening import open_engine
from dcmtty.errors import ConnectError
from dcmtty.progress import Cancelled, Progress
from dicom_files import image, save

ITEMS = range(200)


def test_every_item_is_answered_once_and_equal_items_each(local_cluster: Started) -> None:
    with open_engine(local_cluster.engine) as engine:
        assert sorted(engine.map(engine_work.double, ITEMS)) == [(item, 2 * item) for item in ITEMS]
        assert list(engine.map(engine_work.double, [3] * 50)) == [(3, 6)] * 50
        assert list(engine.map(engine_work.double, [])) == []


def test_work_runs_in_the_workers_and_knows_where(local_cluster: Started) -> None:
    with open_engine(local_cluster.engine) as engine:
        pids = {pid for _, pid in engine.map(engine_work.process_of, ITEMS)}
        places = {place for _, place in engine.map(engine_work.place_of, ITEMS)}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert all(place.startswith("worker tcp://127.0.0.1:") for place in places)


def test_equal_work_is_done_anew_each_time_since_the_files_behind_it_may_have_changed(
    local_cluster: Started, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    with open_engine(local_cluster.engine) as engine:
        for text in ("one", "two"):
            path.write_text(text)
            assert list(engine.map(engine_work.text_of, [str(path)])) == [(str(path), text)]


def test_items_are_drawn_a_bounded_number_ahead_in_the_thread_of_the_caller(local_cluster: Started) -> None:
    drawn = 0
    threads: set[int] = set()

    def items() -> Generator[int]:
        nonlocal drawn
        for item in range(300):
            drawn += 1
            threads.add(threading.get_ident())
            yield item

    with open_engine(local_cluster.engine) as engine:
        for answered, _ in enumerate(engine.map(engine_work.double, items()), start=1):
            assert drawn - answered < 12
    assert threads == {threading.get_ident()}


def made_files(folder: Path, count: int) -> list[str]:
    """CT files, each with a number of its own, one in fifty of them no DICOM."""
    pixels = np.zeros((4, 4), dtype=np.int16)
    for number in range(count):
        path = folder / f"{number:04}.dcm"
        if number % 50 == 7:
            path.write_bytes(b"no DICOM at all")
        else:
            save(image(pixels, InstanceNumber=number, SOPInstanceUID=f"1.2.3.{number}"), path)
    return [str(path) for path in sorted(folder.iterdir())]


def test_a_scan_loses_and_doubles_nothing_when_a_worker_is_killed(local_cluster: Started, tmp_path: Path) -> None:
    paths = made_files(tmp_path, 400)
    batches = [Batch(tuple(paths[start : start + 4])) for start in range(0, len(paths), 4)]
    found: list[tuple[str, Record]] = []
    with open_engine(local_cluster.engine) as engine:
        victim = next(engine.map(engine_work.process_of, ITEMS))[1]
        for batch, records in engine.map(read_records, batches):
            found += zip(batch.paths, records, strict=True)
            if len(found) == 100:
                os.kill(victim, signal.SIGKILL)
        assert victim not in {pid for _, pid in engine.map(engine_work.process_of, ITEMS)}
    assert sorted(found) == list(zip(paths, read_records(Batch(tuple(paths))), strict=True))


def test_what_the_work_raises_is_raised_here(local_cluster: Started) -> None:
    with open_engine(local_cluster.engine) as engine:
        with pytest.raises(ValueError, match="forty"):
            list(engine.map(engine_work.fail_at_forty, ITEMS))
        with pytest.raises(OSError, match="no space"):
            list(engine.map(engine_work.fail_as_a_disk, ITEMS))


def test_work_that_ends_every_worker_is_given_up_in_one_line(local_cluster: Started) -> None:
    with (
        open_engine(local_cluster.engine) as engine,
        pytest.raises(ConnectError, match="several workers ended over the same work; look into the logs"),
    ):
        list(engine.map(engine_work.crash, [1]))


def test_what_the_work_tells_adds_up(local_cluster: Started) -> None:
    told: list[int] = []
    with open_engine(local_cluster.engine) as engine:
        list(engine.map(engine_work.tell_ten_times, range(4), told=told.append))
    assert sum(told) == 40


def test_cancel_ends_the_work_that_runs_and_leaves_the_engine_usable(local_cluster: Started, tmp_path: Path) -> None:
    progress = Progress(cancelled=lambda: any(tmp_path.glob("begun.*")))
    with open_engine(local_cluster.engine) as engine:
        with pytest.raises(Cancelled):
            list(engine.map(engine_work.until_told_to_stop, [str(tmp_path)] * 20, progress))
        assert sorted(engine.map(engine_work.double, ITEMS)) == [(item, 2 * item) for item in ITEMS]
        # Both workers are free again, long before the work would have ended by itself.
        assert len({pid for _, pid in engine.map(engine_work.process_of, ITEMS)}) == 2
    assert not list(tmp_path.glob("ended.*"))


def test_maps_that_are_left_early_take_no_answer_from_those_that_follow(local_cluster: Started) -> None:
    with open_engine(local_cluster.engine) as engine:
        for _ in range(30):
            next(engine.map(engine_work.large_answer, [4 << 20] * 12))
            assert sorted(engine.map(engine_work.double, range(20))) == [(item, 2 * item) for item in range(20)]


def test_work_that_somebody_else_cancels_is_asked_for_again(local_cluster: Started) -> None:
    found: list[tuple[int, int]] = []
    cancelled = 0
    with (
        open_engine(local_cluster.engine) as engine,
        distributed.Client(local_cluster.address, set_as_default=False) as somebody,
    ):
        for pair in engine.map(engine_work.double_slowly, ITEMS):
            found.append(pair)
            if len(found) in {20, 100}:
                processing = cast("dict[str, list[str]]", somebody.processing())
                keys = [key for keys in processing.values() for key in keys]
                somebody.cancel([distributed.Future(key, somebody) for key in keys], force=True)
                cancelled += len(keys)
    assert cancelled > 1
    assert sorted(found) == [(item, 2 * item) for item in ITEMS]


def test_an_engine_that_is_closed_ends_the_map_that_runs(local_cluster: Started) -> None:
    engine = open_engine(local_cluster.engine)
    running = engine.map(engine_work.double_slowly, ITEMS)
    next(running)
    engine.close()
    with pytest.raises(Cancelled):
        list(running)


def test_the_scheduler_itself_needs_no_dcmtty() -> None:
    with scheduler() as lone, worker(lone), open_engine(lone.engine) as engine:
        assert sorted(engine.map(engine_work.double, ITEMS)) == [(item, 2 * item) for item in ITEMS]


def test_a_scheduler_that_goes_away_is_told_in_one_line() -> None:
    with scheduler() as lone, worker(lone), open_engine(lone.engine) as engine:
        running = engine.map(engine_work.double_slowly, range(100_000))
        next(running)
        lone.process.kill()
        with pytest.raises(ConnectError, match=r"the scheduler (went away|does not answer any more); see that it runs"):
            list(running)


def test_a_cluster_whose_workers_are_all_gone_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(cluster, "WITHOUT_WORKERS_FOR_S", 0.5)
    with scheduler() as lone, worker(lone) as only, open_engine(lone.engine) as engine:
        running = engine.map(engine_work.double_slowly, range(100_000))
        next(running)
        only.process.kill()
        with pytest.raises(ConnectError, match="the cluster has no worker any more; start workers"):
            list(running)


def test_a_worker_that_comes_in_the_place_of_a_killed_one_does_its_work() -> None:
    with scheduler() as lone, worker(lone) as first, open_engine(lone.engine) as engine:
        found: list[tuple[int, int]] = []
        running = engine.map(engine_work.double_slowly, ITEMS)
        found.append(next(running))
        first.process.kill()
        with worker(lone):
            found += running
    assert sorted(found) == [(item, 2 * item) for item in ITEMS]
