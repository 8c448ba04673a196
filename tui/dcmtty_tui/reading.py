"""Scans and reads in threads: what there is, whole series, and what can be seen of one that is still being scanned."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dcmtty.dicom.catalog.load import load_series
from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import Catalog, open_catalog
from dcmtty.dicom.listing import Listing, SeriesEntry
from dcmtty.dicom.model import Instance, Series, Slice
from dcmtty.engine.opening import open_engine
from dcmtty.errors import InputError
from dcmtty.progress import Progress

HELD_SLICES = 4000
"""Series up to so many slices in all are kept, so that going back and forth between them takes no time."""

_PROGRAMS = """SELECT listed.key, count(*) FROM temp.scanned JOIN temp.listed ON listed.series_id = scanned.series_id
    WHERE scanned.preamble = 'executable' AND scanned.kind = 'image' GROUP BY listed.key"""

Stamp = tuple[int, ...]
"""What the file system says of a file, to notice that it changed."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a scan found, and who reads it."""

    listing: Listing
    reader: SeriesReader | None = None
    """None while the scan runs."""
    programs: Mapping[str, int] = field(default_factory=dict)
    """How many files of a series begin like a program, by the key of the series."""
    notes: tuple[str, ...] = ()
    """What must be told about the catalog."""


def scan_paths(paths: Sequence[Path], progress: Progress, report: Callable[[Found], None]) -> Found:
    """Scan files and folders; the catalog stays open until the reader is closed.

    Args:
        paths: files and folders.
        progress: told of the files; may cancel.
        report: gets what is known so far, in this thread.

    Raises:
        InputError: nothing at all was found, and a named path is missing, unreadable or no DICOM.
        WriteFailed: there is no room for a list of files anywhere.
        Cancelled: the user stopped it.
    """
    catalog = open_catalog()
    with contextlib.ExitStack() as opened:
        opened.callback(catalog.close)
        engine = opened.enter_context(open_engine())
        listing = scan(
            paths, engine=engine, catalog=catalog, progress=progress, report=lambda found: report(Found(found))
        )
        programs = dict(catalog.rows(_PROGRAMS).fetchall()) if listing.executable else {}
        opened.pop_all()
        engine.close()
    return Found(listing, SeriesReader(catalog), programs, (catalog.note,) if catalog.note else ())


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    series: Series
    stamps: tuple[Stamp, ...]


class SeriesReader:
    """Reads the series of one listing, and keeps some: each is given out again as long as its files are untouched."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def read(self, entry: SeriesEntry, progress: Progress) -> Series:
        """Return a series of the listing, read from its files.

        Raises:
            InputError: its files are no such series any more, or the list is out of date.
            Cancelled: the user stopped it.
        """
        with self._lock:
            held = self._held.get(entry.key)
        if held is not None and _stamps(held.series) == held.stamps:
            return held.series
        try:
            series = load_series(entry, self._catalog, progress)
        except sqlite3.Error as error:
            raise InputError("the list is not up to date any more", remedy="scan again with :open PATH") from error
        stamps = _stamps(series)
        if stamps is not None:
            self._keep(entry.key, _Held(series, stamps))
        return series

    def find(self, listing: Listing, series_uid: str, is_it: Callable[[Series], bool], progress: Progress) -> _Match:
        """Return the first series with this UID that is accepted, with its line in the list; None twice without one.

        Raises:
            InputError: a series with this UID cannot be read any more.
            Cancelled: the user stopped it.
        """
        for entry in listing.series:
            if entry.series_uid == series_uid:
                series = self.read(entry, progress)
                if is_it(series):
                    return entry, series
        return None, None

    def _keep(self, key: str, held: _Held) -> None:
        with self._lock:
            self._held[key] = held
            self._held.move_to_end(key)
            while len(self._held) > 1 and sum(len(one.series.slices) for one in self._held.values()) > HELD_SLICES:
                self._held.popitem(last=False)

    def close(self) -> None:
        """Let the catalog go; this can take a moment."""
        self._catalog.close()


_Match = tuple[SeriesEntry, Series] | tuple[None, None]


def _stamps(series: Series) -> tuple[Stamp, ...] | None:
    """Return the stamps of the files of a series, None when one is not what was read."""
    stamps: list[Stamp] = []
    for instance in _instances(series):
        try:
            info = instance.path.stat()
        except OSError:
            return None
        if (info.st_size, info.st_mtime_ns) != (instance.size_bytes, instance.mtime_ns):
            return None
        stamps.append((info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
    return tuple(stamps)


def _instances(series: Series) -> Iterator[Instance]:
    """Yield the files of a series, one of several frames once."""
    before: Instance | None = None
    for item in series.slices:
        if item.instance is not before:
            before = item.instance
            yield before


def as_read_before(series: Series, before: Series) -> Series:
    """Return a series under the number of an earlier reading, if each slice was read from the same untouched file.

    What was computed of that reading, its pictures, holds for this one.
    """
    if len(series.slices) != len(before.slices) or not all(map(_is_same_slice, series.slices, before.slices)):
        return series
    return replace(series, version=before.version)


def _is_same_slice(one: Slice, other: Slice) -> bool:
    return one.frame == other.frame and is_same_file(one.instance, other.instance)


def is_same_file(one: Instance, other: Instance) -> bool:
    """Say whether two readings are of one file that was not touched between them, whatever it was called."""
    first, second = ((each.size_bytes, each.mtime_ns, each.values) for each in (one, other))
    return first == second and os.path.realpath(one.path) == os.path.realpath(other.path)
