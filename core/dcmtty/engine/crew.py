"""Threads with a worker process each, which take tasks from one queue and tell in another what became of them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from dcmtty.engine.process import WorkerEnded, WorkerProcess

_W = TypeVar("_W")

_MOST_DEATHS = 3
_MOST_CRASHES = 2
_USELESS_AFTER = 3
"""So many workers in a row that ended before they gave any answer: the next would do so too."""
_ENDS_WITHIN_S = 10.0
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE})


@dataclass(slots=True, eq=False)
class Task:
    """An item that waits for its answer."""

    item: Any
    request: bytes
    deaths: int = 0
    crashes: int = 0
    told: int = 0


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker can take work."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """A thread can get no worker any more."""


@dataclass(frozen=True, slots=True)
class Told:
    """Work told how far it is; negative when it begins anew."""

    count: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Work is done."""

    item: Any
    answer: bytes


@dataclass(frozen=True, slots=True)
class NotHere:
    """Work that no worker shall do any more: it raised something, or its workers were killed again and again."""

    item: Any


@dataclass(frozen=True, slots=True)
class Crashed:
    """Work that crashes whatever process does it."""

    signal_number: int


Event = Ready | GaveUp | Told | Answered | NotHere | Crashed


class Pool(Protocol):
    """Whoever has the worker processes."""

    def take_worker(self) -> WorkerProcess:
        """Return a worker for the use of one thread; raise OSError when there can be none."""
        ...

    def give_back(self, worker: WorkerProcess) -> None:
        """Take back a worker that has nothing to do."""
        ...


class Crew:
    """The threads of one map."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._is_over = False
        self._threads: list[threading.Thread] = []
        self._hired = 0
        self._busy: set[WorkerProcess] = set()
        self._deaths_in_a_row = 0
        self.crash_signal = 0
        """What crashed the last worker, unless another one answered since."""
        self.waiting: SimpleQueue[Task | None] = SimpleQueue()
        self.events: SimpleQueue[Event] = SimpleQueue()

    @property
    def is_over(self) -> bool:
        """Whether `end` was called."""
        return self._is_over

    @property
    def count(self) -> int:
        """How many threads were asked for."""
        return self._hired

    def hire(self) -> None:
        """Start one more thread, which starts a worker."""
        self._hired += 1
        thread = threading.Thread(target=self._work, name="engine", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The account may have no more threads.
            self.events.put(GaveUp())
            return
        self._threads.append(thread)

    def end(self) -> None:
        """End the threads, and the workers that are busy, at once; workers without work go back to the pool."""
        with self._lock:
            self._is_over = True
            for worker in self._busy:
                worker.kill()
        for _ in self._threads:
            self.waiting.put(None)
        for thread in self._threads:
            # A worker that waits for a file server which is gone cannot even be killed.
            thread.join(_ENDS_WITHIN_S)

    def _work(self) -> None:
        worker = self._worker()
        while worker is not None and (task := self.waiting.get()) is not None:
            if not self._is_over and not self._does(worker, task):
                worker = self._worker()
        if worker is not None:
            self._pool.give_back(worker)
        else:
            self.events.put(GaveUp())

    def _worker(self) -> WorkerProcess | None:
        """Return a worker that can take work, or None when there is none to be had."""
        while not self._is_over and self._deaths_in_a_row < _USELESS_AFTER:
            try:
                worker = self._pool.take_worker()
            except OSError:
                return None
            try:
                self._during(worker, worker.wait_until_ready)
            except WorkerEnded:
                self._deaths_in_a_row += 1
                continue
            self.events.put(Ready())
            return worker
        return None

    def _during(self, worker: WorkerProcess, wait: Callable[[], _W]) -> _W:
        """Return what `wait` returns; `end` ends the worker meanwhile."""
        with self._lock:
            self._busy.add(worker)
            if self._is_over:
                worker.kill()
        try:
            return wait()
        finally:
            with self._lock:
                self._busy.remove(worker)

    def _does(self, worker: WorkerProcess, task: Task) -> bool:
        """Let the worker do the task; return whether the worker lives."""

        def told(count: int) -> None:
            task.told += count
            self.events.put(Told(count))

        try:
            answer = self._during(worker, lambda: worker.do(task.request, told))
        except WorkerEnded as ended:
            self.events.put(Told(-task.told))
            task.told = 0
            self._deaths_in_a_row += 1
            self._again(task, ended.returncode)
            return False
        self._deaths_in_a_row = self.crash_signal = 0
        self.events.put(Answered(task.item, answer))
        return True

    def _again(self, task: Task, returncode: int) -> None:
        if -returncode in _CRASHES:
            task.crashes += 1
            self.crash_signal = -returncode
        task.deaths += 1
        if task.crashes >= _MOST_CRASHES:
            self.events.put(Crashed(-returncode))
        elif returncode >= 0 or task.deaths >= _MOST_DEATHS:
            self.events.put(NotHere(task.item))
        else:
            self.waiting.put(task)
