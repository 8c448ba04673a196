"""A small catalog for tests of tables: the columns of the view `instance`, filled by hand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from dcmtty.dicom.header.record import STANDARD
from dcmtty.dicom.table.columns import sort_columns, table_columns
from dcmtty.dicom.table.expression import parse_filter
from dcmtty.dicom.table.query import RowKind, TableQuery
from dcmtty.dicom.table.result import rows
from dcmtty.dicom.table.source import FACTS, open_source

DEFAULTS: dict[str, object] = {
    "size_bytes": 1000,
    "mtime_ns": 1_700_000_000_000_000_000,
    "status": "dicom",
    "reason": "",
    "kind": "image",
    "frames": 1,
    "pixel_bytes": 512,
    "preamble": "clean",
    "transfer_syntax_uid": "1.2.840.10008.1.2.1",
    "warnings": "[]",
}


def catalog_of(files: Sequence[Mapping[str, object]]) -> sqlite3.Connection:
    """Return a catalog of these files; what no file says is absent."""
    names = ("path", *FACTS, *STANDARD)
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    columns = ", ".join(f'"{name}"' for name in names)
    connection.execute(f"CREATE TABLE instance ({columns})")
    marks = ", ".join("?" for _ in names)
    for number, file in enumerate(files):
        extra = {key: value for key, value in file.items() if key not in names}
        values = {"path": f"/d/{number:03}.dcm", **DEFAULTS, **file}
        values["extra"] = json.dumps(extra)
        connection.execute(f"INSERT INTO instance VALUES ({marks})", [values.get(name) for name in names])  # noqa: S608 - question marks
    open_source(connection, "instance")
    connection.commit()
    return connection


def table(
    files: Sequence[Mapping[str, object]],
    columns: str,
    filter_: str = "",
    *,
    sort: str = "",
    group: str = "",
    kind: RowKind = "files",
) -> list[tuple[object, ...]]:
    """Return the rows of a table over files, without the columns that come first by themselves."""
    query = TableQuery(
        table_columns(columns) if columns else (),
        kind,
        parse_filter(filter_) if filter_ else None,
        sort_columns(sort) if sort else (),
        table_columns(group) if group else (),
    )
    wanted = [query.shown.index(column) for column in query.columns]
    found = list(rows(catalog_of(files), query))
    return [tuple(row[index] for index in wanted) for row in found] if wanted else [tuple(row) for row in found]
