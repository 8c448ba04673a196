"""What a table is made from: the readable files of a scan, and beside them those that cannot be read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from dcmtty.dicom.header.record import STANDARD
from dcmtty.dicom.model import Unreadable

SOURCE = "temp.table_files"
"""A temporary view: the files that a table is made from."""
REFUSED = "temp.table_refused"
"""A temporary table: what cannot be read and is no file of the catalog, for example a link out of the folder."""

FACTS = (
    "status",
    "reason",
    "kind",
    "frames",
    "pixel_bytes",
    "preamble",
    "transfer_syntax_uid",
    "warnings",
    "extra",
    "size_bytes",
    "mtime_ns",
)
"""What the view `instance` of the catalog says beside attributes."""
NAMES = ", ".join(f'"{name}"' for name in (*FACTS, *STANDARD))

_LAST = 1 << 62


def open_source(connection: sqlite3.Connection, below: str, *, path: str = "path", place: str = "0") -> None:
    """Let tables be made from the rows of a view or subquery that has the columns of the catalog's `instance`.

    Args:
        connection: of the catalog.
        below: SQL of ours that names the view, perhaps with a condition.
        path: the column that holds the path to show.
        place: SQL of ours for the number that says in which order files were found.
    """
    connection.execute("DROP VIEW IF EXISTS temp.table_files")
    connection.execute(f"CREATE TEMP VIEW table_files AS SELECT {path} AS path, {place} AS place, {NAMES} FROM {below}")  # noqa: S608 - ours
    connection.execute("DROP TABLE IF EXISTS temp.table_refused")
    connection.execute(f"CREATE TEMP TABLE table_refused (path, place, {NAMES})")


def open_scanned(connection: sqlite3.Connection, unreadable: Sequence[Unreadable]) -> None:
    """Let tables be made from the files of the scan that ended last on this connection.

    Args:
        connection: of the catalog, held by this thread.
        unreadable: what the scan said cannot be read.
    """
    open_source(connection, "temp.scanned WHERE status <> 'foreign'", path="shown_path")
    refuse(connection, unreadable)


def open_below(connection: sqlite3.Connection, roots: Sequence[Path]) -> None:
    """Let tables be made from what a catalog knows of these folders and files, also while another connection scans."""
    wanted = [os.fsencode(os.path.realpath(root)) for root in roots]
    connection.execute("CREATE TEMP TABLE table_folders (id INTEGER PRIMARY KEY)")
    for number, path in connection.execute("SELECT id, path FROM folder").fetchall():
        folder = path if isinstance(path, bytes) else os.fsencode(path)
        if any(folder.startswith(root.rstrip(b"/") + b"/") for root in wanted):
            connection.execute("INSERT INTO temp.table_folders VALUES (?)", (number,))
    connection.execute("CREATE TEMP TABLE table_named (path PRIMARY KEY)")
    connection.executemany("INSERT OR IGNORE INTO temp.table_named VALUES (?)", [(path_cell(root),) for root in wanted])
    open_source(
        connection,
        """instance WHERE status <> 'foreign' AND (path IN (SELECT path FROM temp.table_named)
        OR id IN (SELECT id FROM file WHERE folder_id IN (SELECT id FROM temp.table_folders)))""",
    )


def refuse(connection: sqlite3.Connection, unreadable: Iterable[Unreadable]) -> None:
    """Put into the table what a scan said cannot be read, unless it is there as a file."""
    connection.executemany(
        f"INSERT INTO {REFUSED} (path, place, status, reason) VALUES (?, {_LAST}, 'unreadable', ?)",  # noqa: S608 - ours
        ((path_cell(file.path), file.reason) for file in unreadable),
    )
    connection.execute(
        f"DELETE FROM {REFUSED} WHERE path IN (SELECT shown_path FROM temp.scanned WHERE status = 'unreadable')"  # noqa: S608 - ours
    )


def path_cell(path: Path | bytes) -> str | bytes:
    """Return a path as the catalog keeps it: text, or bytes where they are no UTF-8."""
    data = os.fsencode(path)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
