"""A scan through the catalog: the walk, the reading and the writing run at once, and nothing unchanged is opened."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from dcmtty.dicom.catalog.found import FoundFiles
from dcmtty.dicom.catalog.listings import complete_listing
from dcmtty.dicom.catalog.named import listed_files, raise_if_nothing
from dcmtty.dicom.catalog.rows import Waiting, Writer, let_settle
from dcmtty.dicom.catalog.store import Catalog, Unusable
from dcmtty.dicom.catalog.survey import partial_listing
from dcmtty.dicom.catalog.walk import Found, Walk
from dcmtty.dicom.listing import Counts, Listing
from dcmtty.errors import WriteFailed
from dcmtty.progress import Progress

if TYPE_CHECKING:
    from dcmtty.dicom.header.columns import Column
    from dcmtty.dicom.header.record import Batch, Record
    from dcmtty.engine.protocol import Engine

_FIRST_CHUNK, _CHUNK = 32, 2048
"""Files that are looked up together: few at first, so that the first series is known soon."""
_BATCH = 256
"""Files that are read together."""
_ROUNDS = 5
_INODE = attrgetter("inode")
"""Files are read in the order in which they were made: that is their order on the disk, and that of their series."""
_ATTEMPTS = 3
"""With the catalog, with a private one on disk, and with one in memory."""
_REPORT_S = 0.3
_REPORT_SHARE = 10
"""A report takes at most one part of so many of the time."""


def scan(
    paths: Sequence[Path],
    *,
    engine: Engine,
    catalog: Catalog,
    progress: Progress | None = None,
    extra: Sequence[Column] = (),
    report: Callable[[Listing], None] | None = None,
    with_files: bool = False,
) -> Listing:
    """Find, read and list what `dcmtty.dicom.scan.scan` would, and keep it in the catalog.

    A file whose path, size, times and inode are as the catalog has them is not opened. When the catalog cannot be used
    any more (full disk, damage, another process that holds it), the scan begins again with a private one, which
    `catalog` becomes; its `note` says why.

    Args:
        paths: files and folders.
        engine: what reads the files.
        catalog: belongs to this call until it returns; its table `temp.scanned` has the files afterwards.
        progress: told of every file; may cancel.
        extra: further attributes to keep.
        report: called with what is known so far as soon as there is a series, and then a few times a second.
        with_files: whether series are to list their files; a large archive has many.

    Raises:
        InputError: nothing at all was found, and a named path is missing, unreadable or no DICOM.
    """
    failure: Exception | None = None
    with catalog.lock:
        for _ in range(_ATTEMPTS):
            try:
                return _Scan(catalog, engine, paths, progress or Progress(), tuple(extra), report, with_files).run()
            except sqlite3.ProgrammingError:
                raise
            except (sqlite3.DatabaseError, Unusable) as error:
                failure = error
                catalog.become_private(f"the catalog cannot be used any more ({error}); nothing is kept of this scan")
            except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AttributeError):
                if catalog.path is None:
                    raise
                catalog.become_private(
                    "the catalog holds values of wrong types; delete it; nothing is kept of this scan"
                )
    raise WriteFailed(f"no room for a list of files ({failure})", remedy="free some space")


@dataclass(slots=True)
class _Scan:
    """A scan while it runs."""

    catalog: Catalog
    engine: Engine
    paths: Sequence[Path]
    progress: Progress
    extra: tuple[Column, ...]
    report: Callable[[Listing], None] | None
    with_files: bool
    walk: Walk = field(init=False)
    found: FoundFiles = field(init=False)
    writer: Writer = field(init=False)
    started_ns: int = field(default_factory=time.time_ns)
    being_read: dict[tuple[str, ...], tuple[Sequence[Waiting], int]] = field(default_factory=dict)
    """By its paths each batch that was given away, and when."""
    read: int = 0
    moved: int = 0
    next_report: float = 0.0

    def __post_init__(self) -> None:
        names = [column.name for column in self.extra]
        self.walk = Walk(self.paths)
        self.found = FoundFiles(self.catalog, names)
        self.writer = Writer(self.catalog, names)

    def run(self) -> Listing:
        """Scan."""
        self._read(self._looked_up(self.walk.files()))
        self._read(self._looked_up(listed_files(self.catalog, self.walk, self.found)))
        deleted = self.found.drop_deleted(self.walk, self.started_ns)
        for _ in range(_ROUNDS):
            self._read(_batches(self.found.lost()))
            listing = complete_listing(self.catalog, self.walk, with_files=self.with_files)
            if listing is not None:
                break
        else:
            raise Unusable("is changed by another process all the time")
        self.found.drop_unused()
        self.progress.step(self.found.count, self.found.count, "files", "reading")
        raise_if_nothing(listing, self.walk)
        counts = Counts(self.found.count - self.read - self.moved, self.read, self.moved, deleted)
        return replace(listing, counts=counts)

    def _looked_up(self, files: Iterator[Found]) -> Iterator[list[Waiting]]:
        """Lay the files beside the catalog, some at a time; yield batches of those to be read."""
        size = _FIRST_CHUNK
        while chunk := list(islice(files, size)):
            since = self.found.count
            self.found.add(self.walk.folders, chunk)
            self.walk.folders.clear()
            waiting, moved = self.found.changed(since)
            if moved:
                self.writer.move(moved)
                self.moved += len(moved)
            if not self.being_read:
                self.progress.step(self.found.count, 0, "files", "looking")
            waiting.sort(key=_INODE)
            yield from _batches(iter(waiting))
            self._tell()
            size = min(2 * size, _CHUNK)

    def _read(self, batches: Iterator[list[Waiting]]) -> None:
        """Read batches and keep what they hold."""
        first = next(batches, None)
        if first is None:
            return
        from dcmtty.dicom.header.record import read_records

        given = map(self._given, chain((first,), batches))
        with closing(self.engine.map(read_records, given, self.progress)) as answers:
            for batch, records in answers:
                files, read_ns = self.being_read.pop(batch.paths)
                seen = _as_seen_here(files, records, self.extra) if self.engine.is_remote else records
                read, moved = self.writer.write(files, seen, read_ns)
                self.read += read
                self.moved += moved
                self.progress.step(self.read + self.moved, 0, "files", "reading")
                self._tell()

    def _given(self, files: list[Waiting]) -> Batch:
        from dcmtty.dicom.header.record import Batch

        read_ns = let_settle(files)
        batch = Batch(tuple(file.path for file in files), self.extra)
        self.being_read[batch.paths] = (files, read_ns)
        return batch

    def _tell(self) -> None:
        """Report what is known so far, when it is time and there is a series."""
        if self.report is None or time.monotonic() < self.next_report:
            return
        start = time.monotonic()
        self.found.find_folders()
        listing = partial_listing(self.catalog)
        if listing.series:
            self.report(listing)
            now = time.monotonic()
            self.next_report = now + max(_REPORT_S, _REPORT_SHARE * (now - start))


def _batches(files: Iterator[Waiting]) -> Iterator[list[Waiting]]:
    while batch := list(islice(files, _BATCH)):
        yield batch


def _as_seen_here(files: Sequence[Waiting], records: Sequence[Record], extra: Sequence[Column]) -> list[Record]:
    """Read here what a machine of a cluster could not read, or saw in another state than this one."""
    from dcmtty.dicom.header.record import RecordReader

    here = RecordReader(extra)
    return [
        record
        if (record.status, record.size_bytes, record.mtime_ns) == ("dicom", file.size_bytes, file.mtime_ns)
        else here.read(file.path)
        for file, record in zip(files, records, strict=True)
    ]
