"""The rows of a table query: streamed one by one, or kept in a temporary table on disk for a screen to page in."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock

from dcmtty.dicom.table.functions import Cell, register
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.statement import select
from dcmtty.errors import InputError, WriteFailed
from dcmtty.progress import Cancelled, Progress

_OPCODES_BETWEEN_LOOKS = 20_000
"""How much of a query runs before it looks whether it is still wanted: some milliseconds."""
_ROWS_AT_ONCE = 500

TableRow = tuple[Cell, ...]


def rows(connection: sqlite3.Connection, query: TableQuery, progress: Progress | None = None) -> Iterator[TableRow]:
    """Yield the rows of a query, a cell for each of `query.shown`; none is held in memory.

    The connection has the view that `source.open_source` makes.

    Raises:
        Cancelled: the user stopped it.
        InputError: the catalog is damaged.
        WriteFailed: no room for sorting.
    """
    statement = select(query)
    with _watched(connection, progress) as watch:
        cursor = connection.execute(statement.sql, statement.parameters)
        while batch := cursor.fetchmany(_ROWS_AT_ONCE):
            watch.count += len(batch)
            yield from batch


@dataclass(slots=True)
class Page:
    """The rows of a query, kept in a file of their own that vanishes with them; any of them comes at once."""

    query: TableQuery
    count: int
    _connection: sqlite3.Connection
    _lock: Lock = field(default_factory=Lock)
    _is_closed: bool = False

    def window(self, first: int, count: int) -> Sequence[TableRow]:
        """Return `count` rows from the row `first` (from 0), fewer at the end."""
        with self._lock:
            if self._is_closed:
                return ()
            asked = "SELECT * FROM result WHERE rowid > ? ORDER BY rowid LIMIT ?"
            return self._connection.execute(asked, (first, count)).fetchall()

    def all(self) -> Iterator[TableRow]:
        """Yield every row."""
        for first in range(0, self.count, _ROWS_AT_ONCE):
            yield from self.window(first, _ROWS_AT_ONCE)

    def close(self) -> None:
        """Let the rows go."""
        with self._lock:
            self._is_closed = True
            self._connection.close()


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """The rows of a table, and whether they may be believed to be all."""

    page: Page
    is_complete: bool = True
    """False while a scan runs: there may be more files, and attributes that are read later are missing."""


def keep(connection: sqlite3.Connection, query: TableQuery, progress: Progress | None = None) -> Page:
    """Run a query to its end and return its rows as a page, which needs the connection no more.

    Raises:
        Cancelled: the user stopped it.
        InputError: the catalog is damaged.
        WriteFailed: no room for the rows.
    """
    kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    width, count = len(query.shown), 0
    try:
        with _watched(kept, None):
            kept.execute("PRAGMA journal_mode = OFF")
            kept.execute("PRAGMA synchronous = OFF")
            kept.execute(f"CREATE TABLE result ({', '.join(f'c{index}' for index in range(width))})")
            kept.execute("BEGIN")
            found = rows(connection, query, progress)
            while batch := list(islice(found, _ROWS_AT_ONCE)):
                kept.executemany(f"INSERT INTO result VALUES ({', '.join('?' * width)})", batch)  # noqa: S608 - question marks
                count += len(batch)
            kept.execute("COMMIT")
    except BaseException:
        kept.close()
        raise
    return Page(query, count, kept)


@contextlib.contextmanager
def _watched(connection: sqlite3.Connection, progress: Progress | None) -> Generator[_Watch]:
    """Let a query be stopped, and turn what SQLite raises into what dcmtty tells."""
    register(connection)
    watch = _Watch(progress or Progress())
    connection.set_progress_handler(watch.look, _OPCODES_BETWEEN_LOOKS)
    try:
        yield watch
    except sqlite3.Error as error:
        if watch.is_cancelled:
            raise Cancelled from error
        raise _told(error) from error
    finally:
        with contextlib.suppress(sqlite3.ProgrammingError):
            connection.set_progress_handler(None, 0)


@dataclass(slots=True)
class _Watch:
    """Looks from time to time whether a query is still wanted."""

    progress: Progress
    count: int = 0
    """Rows that came so far; none while they are being sorted."""
    is_cancelled: bool = False

    def look(self) -> int:
        """Return something else than 0 when the query is to end."""
        try:
            self.progress.step(self.count, 0, "rows", "asking the catalog")
        except Cancelled:
            self.is_cancelled = True
            return 1
        return 0


def _told(error: sqlite3.Error) -> InputError | WriteFailed:
    text = str(error)
    if "full" in text or "unable to open" in text:
        return WriteFailed("no room on the disk for sorting", remedy="free some space where temporary files are kept")
    return InputError(f"the catalog cannot be asked: {text}", remedy="scan again with another XDG_CACHE_HOME")
