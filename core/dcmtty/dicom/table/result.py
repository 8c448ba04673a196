"""The rows of a table query: streamed one by one, or kept in a temporary table on disk for a screen to page in."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

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
    with _watched(connection, progress):
        cursor = connection.execute(statement.sql, statement.parameters)
        while batch := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from batch


@dataclass(slots=True)
class Page:
    """The rows of a query, kept by a connection of its own, from which any of them is fetched at once."""

    query: TableQuery
    connection: sqlite3.Connection
    count: int = 0
    _closed: bool = field(default=False, init=False)

    def window(self, first: int, count: int) -> Sequence[TableRow]:
        """Return `count` rows from the row `first` (from 0), fewer at the end."""
        if self._closed:
            return ()
        found: list[TableRow] = self.connection.execute(
            "SELECT * FROM temp.result WHERE rowid > ? ORDER BY rowid LIMIT ?", (first, count)
        ).fetchall()
        return found

    def close(self) -> None:
        """Let the rows go."""
        self._closed = True
        self.connection.close()


def keep(connection: sqlite3.Connection, query: TableQuery, progress: Progress | None = None) -> Page:
    """Run a query to its end and return its rows as a page, which closes the connection.

    Raises:
        Cancelled: the user stopped it.
        InputError: the catalog is damaged.
        WriteFailed: no room for the rows.
    """
    statement = select(query)
    names = ", ".join(f"c{index}" for index in range(len(query.shown)))
    with _watched(connection, progress):
        connection.execute(f"CREATE TEMP TABLE result ({names})")
        connection.execute(f"INSERT INTO temp.result {statement.sql}", statement.parameters)
        connection.commit()
        (count,) = connection.execute("SELECT coalesce(max(rowid), 0) FROM temp.result").fetchone()
    return Page(query, connection, count)


@contextlib.contextmanager
def _watched(connection: sqlite3.Connection, progress: Progress | None) -> Generator[None]:
    """Let a query be stopped, and turn what SQLite raises into what dcmtty tells."""
    register(connection)
    watch = _Watch(progress or Progress())
    connection.set_progress_handler(watch.look, _OPCODES_BETWEEN_LOOKS)
    try:
        yield
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
    is_cancelled: bool = False

    def look(self) -> int:
        """Return something else than 0 when the query is to end."""
        try:
            self.progress.step(0, 0, "", "asking the catalog")
        except Cancelled:
            self.is_cancelled = True
            return 1
        return 0


def _told(error: sqlite3.Error) -> InputError | WriteFailed:
    text = str(error)
    if "full" in text or "unable to open" in text:
        return WriteFailed("no room on the disk for sorting", remedy="free some space where temporary files are kept")
    return InputError(f"the catalog cannot be asked: {text}", remedy="scan again with another XDG_CACHE_HOME")
