"""Asks for tables of files, from any thread, also while a scan fills the catalog and for attributes nobody read yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import Catalog, default_path, open_catalog
from dcmtty.dicom.header.columns import Column
from dcmtty.dicom.table.columns import extras
from dcmtty.dicom.table.functions import register
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import TableAnswer, keep
from dcmtty.dicom.table.source import open_below, open_scanned
from dcmtty.engine.opening import open_engine
from dcmtty.errors import InputError
from dcmtty.progress import Cancelled, Progress

_LOOK_S = 0.05


@dataclass(slots=True)
class Asking:
    """Tables of some files and folders, over a connection to the catalog of its own."""

    roots: Sequence[Path]
    open: Callable[[], Catalog] = open_catalog
    _catalog: Catalog | None = None
    _scanned: bool = False
    _is_closed: bool = False
    _lock: Lock = field(default_factory=Lock)

    def scan_again(self) -> None:
        """Look at the files again before the next answer: something may have changed. What did not is not opened."""
        self._scanned = False

    def page(self, query: TableQuery, progress: Progress, *, is_scanning: bool = False) -> TableAnswer:
        """Return the rows of a table.

        Args:
            query: what to show.
            progress: told how far it is; may cancel.
            is_scanning: whether the same files are being scanned elsewhere; then the answer is what is known by now.

        Raises:
            Cancelled: the user stopped it.
            InputError: no path can be read, or the catalog is damaged.
            WriteFailed: no room for the rows.
        """
        try:
            if is_scanning:
                return self._by_now(query, progress)
            with self._held(progress) as catalog:
                self._read(catalog, extras(query.needed), progress)
                return TableAnswer(keep(catalog.connection, query, progress))
        except sqlite3.Error as error:
            raise InputError(f"the catalog cannot be asked: {error}", remedy="try again") from error

    def close(self) -> None:
        """Let the catalog go, at once or when the thread that uses it is done; nobody waits for that."""
        self._is_closed = True
        if self._lock.acquire(blocking=False):
            self._let_go()

    def _let_go(self) -> None:
        if self._is_closed and self._catalog is not None:
            self._catalog.close()
            self._catalog, self._scanned = None, False
        self._lock.release()

    @contextmanager
    def _held(self, progress: Progress) -> Generator[Catalog]:
        """Wait until no other thread uses the catalog, then give it."""
        while not self._lock.acquire(timeout=_LOOK_S):
            if progress.cancelled():
                raise Cancelled
        try:
            if self._catalog is None:
                self._catalog = self.open()
            yield self._catalog
        finally:
            self._let_go()

    def _read(self, catalog: Catalog, wanted: Sequence[Column], progress: Progress) -> None:
        """Scan what was not scanned yet, or for attributes that the catalog does not have."""
        if self._scanned and not (wanted and _lacks(catalog, wanted)):
            return
        with open_engine() as engine:
            listing = scan(self.roots, engine=engine, catalog=catalog, progress=progress, extra=wanted)
        open_scanned(catalog.connection, listing.unreadable)
        self._scanned = True

    def _by_now(self, query: TableQuery, progress: Progress) -> TableAnswer:
        path = default_path()
        if not path.exists():
            raise InputError("the scan is still running", remedy="wait until it is over")
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        try:
            register(connection)
            open_below(connection, self.roots)
            return TableAnswer(keep(connection, query, progress), is_complete=False)
        finally:
            connection.close()


def _lacks(catalog: Catalog, wanted: Sequence[Column]) -> bool:
    lacks = " OR ".join("json_type(extra, ?) IS NULL" for _ in wanted)
    query = f"SELECT 1 FROM temp.scanned WHERE status = 'dicom' AND ({lacks}) LIMIT 1"  # noqa: S608 - question marks
    return catalog.rows(query, [f'$."{column.name}"' for column in wanted]).fetchone() is not None
