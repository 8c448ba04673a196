"""What a table is made from: the readable files of a scan, and beside them those that cannot be read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from dcmtty.dicom.header.record import STANDARD
from dcmtty.dicom.model import Unreadable

SOURCE = "temp.table_files"
"""A temporary view: files that can be read."""
REFUSED = "temp.table_refused"
"""A temporary table: files that cannot."""

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
_NAMES = ", ".join(f'"{name}"' for name in (*FACTS, *STANDARD))


def open_source(connection: sqlite3.Connection, below: str, path: str = "path") -> None:
    """Let tables be made from the rows of a view or subquery that has the columns of the catalog's `instance`.

    Args:
        connection: of the catalog.
        below: SQL of ours that names the view, perhaps with a condition.
        path: the column that holds the path to show.
    """
    connection.execute("DROP VIEW IF EXISTS temp.table_files")
    connection.execute(f"CREATE TEMP VIEW table_files AS SELECT {path} AS path, {_NAMES} FROM {below}")  # noqa: S608 - ours
    connection.execute("DROP TABLE IF EXISTS temp.table_refused")
    connection.execute(f"CREATE TEMP TABLE table_refused (path, {_NAMES})")


def refuse(connection: sqlite3.Connection, files: Iterable[Unreadable]) -> None:
    """Put files that cannot be read into the table, each with its reason; a path that is there already stays once."""
    connection.executemany(
        "INSERT INTO temp.table_refused (path, status, reason) VALUES (?, 'unreadable', ?)",
        ((path_cell(file.path), file.reason) for file in files),
    )


def path_cell(path: Path) -> str | bytes:
    """Return a path as the catalog keeps it: bytes where they are no UTF-8."""
    text = os.fspath(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text
