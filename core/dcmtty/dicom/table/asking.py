"""Asks a catalog for tables at any time: while a scan runs, after it, and for attributes that nobody read yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dcmtty.dicom.catalog.store import Catalog
from dcmtty.dicom.header.columns import Column
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.model import Unreadable
from dcmtty.dicom.table.columns import extras
from dcmtty.dicom.table.functions import register
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import Page, TableAnswer, keep
from dcmtty.dicom.table.source import open_below, open_scanned
from dcmtty.errors import InputError
from dcmtty.progress import Progress

Rescan = Callable[[Sequence[Column], Progress], Listing]
"""Scans the same paths again and reads these attributes too; files that have them are not opened."""


@dataclass(slots=True)
class Asking:
    """The catalog, what was scanned into it, and how to scan for more."""

    catalog: Catalog
    roots: Sequence[Path]
    unreadable: Sequence[Unreadable]
    rescan: Rescan

    def page(self, query: TableQuery, progress: Progress) -> TableAnswer:
        """Return the rows of a table.

        Raises:
            Cancelled: the user stopped it.
            InputError: a scan runs on a catalog that cannot be shared, or the catalog is damaged.
            WriteFailed: no room for the rows.
        """
        if not self.catalog.lock.acquire(blocking=False):
            return TableAnswer(self._beside_a_scan(query, progress), is_complete=False)
        try:
            wanted = extras(query.needed)
            if wanted and self._lacks(wanted):
                self.unreadable = self.rescan(wanted, progress).unreadable
            open_scanned(self.catalog.connection, self.unreadable)
            return TableAnswer(keep(self.catalog.connection, query, progress))
        except sqlite3.Error as error:
            raise InputError(f"the catalog cannot be asked: {error}", remedy="scan again") from error
        finally:
            self.catalog.lock.release()

    def _lacks(self, wanted: Sequence[Column]) -> bool:
        lacks = " OR ".join("json_type(extra, ?) IS NULL" for _ in wanted)
        query = f"SELECT 1 FROM temp.scanned WHERE status = 'dicom' AND ({lacks}) LIMIT 1"  # noqa: S608 - question marks
        return self.catalog.rows(query, [f'$."{column.name}"' for column in wanted]).fetchone() is not None

    def _beside_a_scan(self, query: TableQuery, progress: Progress) -> Page:
        path = self.catalog.path
        if path is None:
            raise InputError("the scan is still running", remedy="wait until it is over")
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            try:
                register(connection)
                open_below(connection, self.roots)
                return keep(connection, query, progress)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise InputError(f"the catalog cannot be asked: {error}", remedy="wait until the scan is over") from error
