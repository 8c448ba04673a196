"""Rows of files while a scan runs: each once, in the order in which files are found, as soon as it is known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmtty.dicom.catalog.schema import STATE
from dcmtty.dicom.catalog.store import Catalog
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.table.columns import extras
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import TableRow, rows
from dcmtty.dicom.table.source import open_source, refuse

_SHOWN = """coalesce(found.shown, CASE WHEN typeof(place.shown) = 'text' AND typeof(found.name) = 'text'
    THEN place.shown || found.name ELSE CAST(CAST(place.shown AS BLOB) || CAST(found.name AS BLOB) AS BLOB) END)"""
_SAME = " AND ".join(f"file.{name} = found.{name}" for name in STATE)
_FILES = """temp.found CROSS JOIN temp.place ON place.id = found.place_id
    LEFT JOIN folder ON folder.path = place.path
    LEFT JOIN file ON file.folder_id = folder.id AND file.name = found.name"""
_LAST = 1 << 62


@dataclass(slots=True)
class FoundRows:
    """Follows one scan on the catalog's own connection; asked while the scan reports, and once after it."""

    catalog: Catalog
    query: TableQuery
    started_ns: int = field(default_factory=time.time_ns)
    """Rows that were read before and may have changed since are not believed."""
    _given: int = 0

    def ready(self) -> Iterator[TableRow]:
        """Return the rows that are known by now and were not given yet, up to the first that is not known."""
        lacking = "".join(" OR json_type(file.extra, ?) IS NULL" for _ in extras(self.query.needed))
        paths = [f'$."{column.name}"' for column in extras(self.query.needed)]
        row = self.catalog.rows(
            f"""SELECT found.id FROM {_FILES} WHERE found.id > ? AND NOT coalesce({_SAME}
            AND (file.is_settled = 1 OR file.read_ns >= ?) AND NOT (file.status = 'dicom' AND (0{lacking})), 0)
            ORDER BY found.id LIMIT 1""",  # noqa: S608 - names of ours and question marks
            (self._given, self.started_ns, *paths),
        ).fetchone()
        (last,) = self.catalog.rows("SELECT coalesce(max(id), 0) FROM temp.found").fetchone()
        return self._until(int(last) if row is None else int(row[0]) - 1)

    def rest(self, listing: Listing) -> Iterator[TableRow]:
        """Return the rows that were not given yet, and what cannot be read at the end; the scan is over."""
        return self._until(_LAST, listing)

    def _until(self, last: int, listing: Listing | None = None) -> Iterator[TableRow]:
        first, self._given = self._given, max(last, self._given)
        if last <= first:
            return iter(())
        between = f"found.id > {first:d} AND found.id <= {last:d} AND instance.status <> 'foreign'"
        below = f"""(SELECT {_SHOWN} AS shown_path, found.id AS found_place, instance.* FROM {_FILES}
            JOIN instance ON instance.id = file.id WHERE {between})"""  # noqa: S608 - names and numbers of ours
        open_source(self.catalog.connection, below, path="shown_path", place="found_place")
        if listing is not None:
            refuse(self.catalog.connection, listing.unreadable)
        return rows(self.catalog.connection, self.query)
