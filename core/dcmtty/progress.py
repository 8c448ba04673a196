"""How long work tells how far it is, and learns that nobody wants it any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


class Cancelled(Exception):
    """The user stopped the work; nothing half-made was left behind."""


@dataclass(frozen=True, slots=True)
class Step:
    """One report of progress."""

    done: int
    total: int
    """0 while unknown."""
    unit: str
    """`files` or `bytes`."""
    label: str = ""
    elapsed_s: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds left at the present pace, or None while it cannot be told."""
        if not self.done or not self.total or self.done > self.total:
            return None
        return self.elapsed_s * (self.total - self.done) / self.done


def _ignore(step: Step) -> None:
    del step


def _never() -> bool:
    return False


@dataclass(slots=True)
class Progress:
    """A seam between work and whoever watches it; calls are cheap and throttled."""

    report: Callable[[Step], None] = _ignore
    cancelled: Callable[[], bool] = _never
    clock: Callable[[], float] = time.monotonic
    interval_s: float = 0.1
    _started: float | None = field(default=None, init=False)
    _last: float = field(default=-1e9, init=False)

    def step(self, done: int, total: int = 0, unit: str = "files", label: str = "") -> None:
        """Report, at most once per interval and always at the end.

        Raises:
            Cancelled: when the user stopped the work.
        """
        if self.cancelled():
            raise Cancelled
        now = self.clock()
        if self._started is None:
            self._started = now
        if now - self._last >= self.interval_s or (total and done >= total):
            self._last = now
            self.report(Step(done, total, unit, label, now - self._started))
