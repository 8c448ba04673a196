"""Engines that let something happen to the files while a scan reads them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

from dcmtty.engine.local import LocalEngine
from dcmtty.engine.protocol import ignore
from dcmtty.progress import Progress

T = TypeVar("T")
R = TypeVar("R")


def _nothing() -> None:
    pass


class MeddlingEngine(LocalEngine):
    """Does all work in this process, and calls back before and after each piece."""

    def __init__(self, before: Callable[[], object] = _nothing, after: Callable[[], object] = _nothing) -> None:
        super().__init__(workers=0)
        self._before, self._after = before, after

    def map(
        self,
        work: Callable[[T], R],
        items: Iterable[T],
        progress: Progress | None = None,
        told: Callable[[int], None] = ignore,
        *,
        is_long: bool = False,
    ) -> Generator[tuple[T, R]]:
        """Yield each item with its answer."""
        for item, answer in super().map(work, self._drawn(items), progress, told, is_long=is_long):
            self._after()
            yield item, answer

    def _drawn(self, items: Iterable[T]) -> Iterator[T]:
        for item in items:
            self._before()
            yield item


def _refuse() -> None:
    raise AssertionError("something was to be read")


def idle_engine() -> MeddlingEngine:
    """An engine that fails as soon as there is anything to read."""
    return MeddlingEngine(before=_refuse)
