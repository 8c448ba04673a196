"""What a piece of work may ask of the engine that runs it: where it is, and to tell how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from dcmtty.engine.protocol import ignore


class _Running(threading.local):
    def __init__(self) -> None:
        self.where = ""
        self.told: Callable[[int], None] = ignore


_running = _Running()


def here() -> str:
    """Return the name of the machine that the work runs on, as the user may know it; empty on this one."""
    return _running.where


def tell(count: int) -> None:
    """Tell whoever waits for the work that `count` more of it (bytes, files) is done.

    Raises:
        Cancelled: nobody waits any more.
    """
    _running.told(count)


@contextmanager
def running(told: Callable[[int], None], where: str = "") -> Generator[None]:
    """Let the work in the block, in this thread, know where it is and whom to tell."""
    before = _running.where, _running.told
    _running.where, _running.told = where, told
    try:
        yield
    finally:
        _running.where, _running.told = before
