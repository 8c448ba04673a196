"""Tables as CSV and JSON, a piece at a time: no more than a row is held."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from dcmtty.dicom.table.columns import TableColumn
from dcmtty.dicom.table.functions import Cell, text_of
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import TableRow
from dcmtty.text import csv_cell

FILES_SCHEMA = "dcmtty.scan/1"
TABLE_SCHEMA = "dcmtty.table/1"

Tail = Callable[[], Mapping[str, object]]
"""Asked for once every row was written: what could not be read, known only then."""


def csv_pieces(query: TableQuery, rows: Iterable[TableRow], *, raw: bool = False) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180): names of the columns, then rows; several values part at a backslash.

    Unless `raw`, no cell starts what a spreadsheet takes for a formula.
    """
    yield ",".join(csv_cell(column.name, raw=raw) for column in query.shown) + "\r\n"
    width = len(query.shown)
    for row in rows:
        yield ",".join([csv_cell(text_of(cell), raw=raw) for cell in row[:width]]) + "\r\n"


def json_pieces(query: TableQuery, rows: Iterable[TableRow], tail: Tail) -> Iterator[str]:
    """Yield a JSON document, ASCII only: of files `dcmtty.scan/1`, of series, studies and groups `dcmtty.table/1`.

    The tail says which files cannot be read, so a query of files should ask for the others alone.
    """
    if query.is_summary:
        yield from _document(_summary_head(query), "items", _items(query, rows), tail)
    else:
        head = {"schema": FILES_SCHEMA, "columns": [column.name for column in query.columns]}
        yield from _document(head, "files", _files(query, rows), tail)


def values_of(column: TableColumn, cell: Cell) -> list[str]:
    """Return the values of a cell of a file, none for a missing one."""
    if cell is None:
        return []
    text = text_of(cell)
    return text.split("\\") if column.may_be_several else [text]


def _summary_head(query: TableQuery) -> dict[str, object]:
    return {
        "schema": TABLE_SCHEMA,
        "rows": query.rows,
        "group": [column.name for column in query.group],
        "columns": [column.name for column in query.shown if not column.is_count],
    }


def _files(query: TableQuery, rows: Iterable[TableRow]) -> Iterator[dict[str, object]]:
    shown = query.shown
    places = [(column, shown.index(column)) for column in query.columns]
    for row in rows:
        yield {
            "path": text_of(row[0]),
            "values": {column.name: values_of(column, row[index]) for column, index in places},
        }


def _items(query: TableQuery, rows: Iterable[TableRow]) -> Iterator[dict[str, object]]:
    places = list(enumerate(query.shown))
    for row in rows:
        count = next(row[index] for index, column in places if column.is_count)
        values = {
            column.name: None if row[index] is None else text_of(row[index])
            for index, column in places
            if not column.is_count
        }
        yield {"count": count, "values": values}


def _document(
    head: Mapping[str, object], name: str, items: Iterable[Mapping[str, object]], tail: Tail
) -> Iterator[str]:
    yield "{\n" + "".join(f" {_json(key)}: {_json(value)},\n" for key, value in head.items()) + f" {_json(name)}: ["
    separator = "\n  "
    for item in items:
        yield separator + _json(item)
        separator = ",\n  "
    yield "\n ]" + "".join(f",\n {_json(key)}: {_json(value)}" for key, value in tail().items()) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
