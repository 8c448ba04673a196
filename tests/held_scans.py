"""Scans that stop in the middle until a test lets them go on, so that what happens meanwhile can be looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dcmtty.dicom.listing import Listing
from dcmtty.progress import Progress
from dcmtty_tui import workers
from dcmtty_tui.reading import Found, scan_paths
from dcmtty_tui.screens import handle_scan

HELD = frozenset({"scan"})

Seen = Callable[[Listing], Listing]


def everything(listing: Listing) -> Listing:
    """All of it."""
    return listing


class HeldScan:
    """Scans in truth, reports what is `seen` of it so far, and waits; what it ends with is scanned anew."""

    def __init__(self) -> None:
        self.seen: Seen = everything
        self._may_look = threading.Semaphore(1)
        self._may_end = threading.Event()

    def __call__(self, paths: Sequence[Path], progress: Progress, report: Callable[[Found], None]) -> Found:
        """Take the place of `scan_paths`."""
        count = 0
        while not self._may_end.is_set():
            if self._may_look.acquire(timeout=0.01):
                report(Found(so_far(self.seen(_listing(paths)))))
            count += 1
            progress.step(count, label="scanning")
        return scan_paths(paths, progress, _ignore)

    def report(self, seen: Seen = everything) -> None:
        """Report again what is seen by now."""
        self.seen = seen
        self._may_look.release()

    def end(self) -> None:
        """Let it end."""
        self._may_end.set()


def _ignore(found: Found) -> None:
    del found


def _listing(paths: Sequence[Path]) -> Listing:
    found = scan_paths(paths, Progress(), _ignore)
    assert found.reader is not None
    found.reader.close()
    return found.listing


def so_far(listing: Listing) -> Listing:
    """What a report in the middle of a scan says."""
    return replace(
        listing, series=tuple(replace(entry, is_complete=False) for entry in listing.series), is_complete=False
    )


@pytest.fixture
def held_scan(monkeypatch: pytest.MonkeyPatch) -> HeldScan:
    """The scan of the app, held in the middle."""
    held = HeldScan()
    monkeypatch.setattr(workers, "scan_paths", held)
    monkeypatch.setattr(handle_scan, "FIRST_S", 0.001)
    return held
