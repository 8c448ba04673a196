"""One map of the local engine that worker processes have a part in: no item is lost, none is answered twice."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterator
from queue import Empty
from signal import Signals
from typing import Generic, TypeVar

from dcmtty.engine.crew import Answered, Crashed, Crew, Event, GaveUp, NotHere, Pool, Ready, Task, Told
from dcmtty.errors import DcmttyError
from dcmtty.progress import Cancelled

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 3
"""Items drawn for each worker, so that none waits while the answers of another are taken."""
_POLL_S = 0.05
_FIRST_WORKERS = 2


class Sharing(Generic[T, R]):
    """The caller's side of one map, beside the threads of a crew."""

    def __init__(
        self,
        pool: Pool,
        work: Callable[[T], R],
        work_here: Callable[[T], R],
        check: Callable[[], None],
        told: Callable[[int], None],
        most_workers: int,
    ) -> None:
        self._crew = Crew(pool)
        self._work = work
        self._work_here = work_here
        self._check_caller = check
        self._told = told
        self._most_workers = most_workers
        self._ready = 0
        self._gave_up = 0
        self._outstanding = 0
        """Items handed out whose answer was not yielded."""
        self._is_drained = False

    def map(self, source: Iterator[T], *, idle_until_ready: bool) -> Generator[tuple[T, R]]:
        """Yield each item with its answer; until a worker is ready, work here unless `idle_until_ready`."""
        self._hire(min(_FIRST_WORKERS, self._most_workers))
        while True:
            self._check()
            if (self._ready or idle_until_ready) and self._gave_up < self._crew.count:
                self._hand_out(source)
                if not self._outstanding:
                    return
                self._hire_when_all_are_busy()
                event = self._next_event(_POLL_S)
            else:
                if self._crew.crash_signal:
                    raise _crashed(self._crew.crash_signal)
                for item in self._next_here(source):
                    yield item, self._work_here(item)
                event = self._next_event(0)
                if event is None and self._is_drained and not self._outstanding:
                    return
            if event is not None:
                yield from self._handle(event)

    def end(self) -> None:
        """End the threads, and the workers that are busy."""
        self._crew.end()

    def _check(self) -> None:
        if self._crew.is_over:
            raise Cancelled
        self._check_caller()

    def _hire(self, count: int) -> None:
        for _ in range(count):
            self._crew.hire()

    def _hire_when_all_are_busy(self) -> None:
        """Start one more worker when those that there are leave enough undone."""
        count = self._crew.count
        if count < self._most_workers and self._ready >= count and self._crew.waiting.qsize() >= count:
            self._hire(1)

    def _hand_out(self, source: Iterator[T]) -> None:
        """Draw items until enough are handed out; stop as soon as there is an answer to give."""
        while not self._is_drained and self._outstanding < _AHEAD * self._crew.count:
            for item in self._draw(source):
                request = pickle.dumps((self._work, item), pickle.HIGHEST_PROTOCOL)
                self._crew.waiting.put(Task(item, request))
                self._outstanding += 1
            if not self._crew.events.empty():
                return

    def _draw(self, source: Iterator[T]) -> tuple[T, ...]:
        """Return the next item, or nothing when all are drawn."""
        for item in source:
            return (item,)
        self._is_drained = True
        return ()

    def _next_here(self, source: Iterator[T]) -> tuple[T, ...]:
        """Return an item that nobody works on: one that was handed out to workers that are gone, else a new one."""
        try:
            task = self._crew.waiting.get_nowait()
        except Empty:
            return self._draw(source)
        self._outstanding -= 1
        return () if task is None else (task.item,)

    def _next_event(self, timeout_s: float) -> Event | None:
        try:
            return self._crew.events.get(timeout_s > 0, timeout_s)
        except Empty:
            return None

    def _handle(self, event: Event) -> Generator[tuple[T, R]]:
        match event:
            case Answered(item, answer):
                self._outstanding -= 1
                # Only a process that this one started writes there.
                yield item, pickle.loads(answer)  # noqa: S301
            case NotHere(item):
                self._outstanding -= 1
                yield item, self._work_here(item)
            case Told(count):
                self._told(count)
            case Ready():
                self._ready += 1
            case GaveUp():
                self._gave_up += 1
            case Crashed(number):
                raise _crashed(number)


def _crashed(number: int) -> DcmttyError:
    return DcmttyError(
        f"the work crashes every process that does it ({Signals(number).name})",
        remedy="report it, with the file if you may",
    )
