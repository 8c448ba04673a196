"""Work on this machine: begun in this process, shared with worker processes when there turns out to be enough of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dcmtty.engine.protocol import ignore
from dcmtty.engine.running import running
from dcmtty.progress import Cancelled, Progress

if TYPE_CHECKING:
    from dcmtty.engine.process import WorkerProcess
    from dcmtty.engine.sharing import Sharing

PATIENCE_S = 0.1
"""Work that is over sooner starts no process: to start them takes about as long."""
_MOST_WORKERS = 32

T = TypeVar("T")
R = TypeVar("R")


class LocalEngine:
    """The cores of this machine."""

    is_remote = False

    def __init__(self, *, workers: int | None = None, patience_s: float = PATIENCE_S) -> None:
        """Take up to `workers` processes (default: one for each core, none on one core) after `patience_s` of work.

        With no patience no work is done in this process, unless workers cannot be had.
        """
        self._most_workers = workers
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []
        self._maps: set[Sharing[Any, Any]] = set()
        self._is_closed = False

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the engine."""
        self.close()

    def map(
        self,
        work: Callable[[T], R],
        items: Iterable[T],
        progress: Progress | None = None,
        told: Callable[[int], None] = ignore,
        *,
        is_long: bool = False,
    ) -> Generator[tuple[T, R]]:
        """Yield each item with its answer; see `Engine.map`."""

        def check() -> None:
            if self._is_closed or (progress is not None and progress.cancelled()):
                raise Cancelled

        def work_here(item: T) -> R:
            def tell(count: int) -> None:
                check()
                told(count)

            with running(tell):
                return work(item)

        source = iter(items)
        patience_s = 0.0 if is_long else self._patience_s
        until = time.monotonic() + patience_s
        while self._most_workers == 0 or time.monotonic() < until:
            check()
            for item in source:
                yield item, work_here(item)
                break
            else:
                return
        sharing = self._sharing(work, work_here, check, told)
        try:
            yield from sharing.map(source, idle_until_ready=patience_s <= 0)
        finally:
            sharing.end()
            with self._lock:
                self._maps.discard(sharing)

    def _sharing(
        self,
        work: Callable[[T], R],
        work_here: Callable[[T], R],
        check: Callable[[], None],
        told: Callable[[int], None],
    ) -> Sharing[T, R]:
        from dcmtty.engine.process import core_count
        from dcmtty.engine.sharing import Sharing

        if self._most_workers is None:
            cores = core_count()
            self._most_workers = min(cores, _MOST_WORKERS) if cores > 1 else 0
        sharing = Sharing(self, work, work_here, check, told, self._most_workers)
        with self._lock:
            self._maps.add(sharing)
        return sharing

    def take_worker(self) -> WorkerProcess:
        """Return a worker that nobody uses, or a new one.

        Raises:
            OSError: no process can be started.
        """
        from dcmtty.engine.process import WorkerProcess

        with self._lock:
            if self._idle:
                return self._idle.pop()
        return WorkerProcess()

    def give_back(self, worker: WorkerProcess) -> None:
        """Take back a worker that has nothing to do."""
        with self._lock:
            if not self._is_closed:
                self._idle.append(worker)
                return
        worker.kill()
        worker.end()

    def close(self) -> None:
        """End every worker process at once."""
        with self._lock:
            self._is_closed = True
            maps, self._idle, idle = list(self._maps), [], self._idle
        for sharing in maps:
            sharing.end()
        for worker in idle:
            worker.kill()
            worker.end()
