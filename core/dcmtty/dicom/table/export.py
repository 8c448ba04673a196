"""Tables as CSV and JSON, written as rows come: no more than a row is held."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Protocol

from dcmtty.dicom.table.columns import TableColumn
from dcmtty.dicom.table.functions import Cell, text_of
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import TableRow
from dcmtty.text import csv_cell

FILES_SCHEMA = "dcmtty.scan/1"
TABLE_SCHEMA = "dcmtty.table/1"

_ROWS_AT_ONCE = 200
_PLAIN = re.compile(r"(?:[0-9A-Za-z/][!#-+\-./0-~]*)?")
"""A cell that is in CSV as it is: printable ASCII without quote, comma or blank that begins as no formula does."""

Write = Callable[[bytes], object]


class Sink(Protocol):
    """Takes the rows of a table as they come; nothing is written before the first call: an error stands alone."""

    def rows(self, rows: Iterable[TableRow]) -> int:
        """Write rows, each with a cell for each of `query.shown`; return how many."""
        ...

    def end(self, tail: Mapping[str, object]) -> None:
        """Write what comes after the last row; `tail` says what could not be read."""


class CsvSink:
    """CSV (RFC 4180) with the names of the columns first; several values part at a backslash.

    Unless `raw`, no cell starts what a spreadsheet takes for a formula.
    """

    def __init__(self, write: Write, query: TableQuery, *, raw: bool = False) -> None:
        self._write, self._raw = write, raw
        self._head: list[str] = [column.name for column in query.shown]

    def rows(self, rows: Iterable[TableRow]) -> int:
        """Write rows."""
        remaining, count = iter(rows), 0
        self._begin()
        while batch := list(islice(remaining, _ROWS_AT_ONCE)):
            self._write(b"".join([self._line(map(text_of, row)) for row in batch]))
            count += len(batch)
        return count

    def end(self, tail: Mapping[str, object]) -> None:
        """Write the names where there was no row."""
        del tail
        self._begin()

    def _begin(self) -> None:
        if self._head:
            self._write(self._line(self._head))
            self._head = []

    def _line(self, cells: Iterable[str]) -> bytes:
        plain, raw = _PLAIN.fullmatch, self._raw
        text = ",".join([cell if plain(cell) else csv_cell(cell, raw=raw) for cell in cells]) + "\r\n"
        return text.encode("utf-8", "backslashreplace")


class JsonSink:
    """A JSON document, ASCII only: of files `dcmtty.scan/1`, of series, studies and groups `dcmtty.table/1`.

    The tail of files says which cannot be read, so a query of files should ask for the others alone.
    """

    def __init__(self, write: Write, query: TableQuery) -> None:
        self._write, self._query = write, query
        self._places = list(zip(query.shown, range(len(query.shown)), strict=True))
        self._separator = "\n  "
        head: dict[str, object] = {"schema": FILES_SCHEMA, "columns": [column.name for column in query.columns]}
        if query.is_summary:
            names = [column.name for column in query.shown if not column.is_count]
            group = [column.name for column in query.group]
            head = {"schema": TABLE_SCHEMA, "rows": query.rows, "group": group, "columns": names}
        else:
            self._places = [(column, query.shown.index(column)) for column in query.columns]
        lines = "".join(f" {_json(key)}: {_json(value)},\n" for key, value in head.items())
        self._head = f'{{\n{lines} "{"items" if query.is_summary else "files"}": ['

    def rows(self, rows: Iterable[TableRow]) -> int:
        """Write rows."""
        self._begin()
        one = self._summary if self._query.is_summary else self._file
        count = 0
        for row in rows:
            self._text(self._separator + _json(one(row)))
            self._separator = ",\n  "
            count += 1
        return count

    def end(self, tail: Mapping[str, object]) -> None:
        """End the document."""
        self._begin()
        rest = "".join(f",\n {_json(key)}: {_json(value)}" for key, value in tail.items())
        self._text(f"\n ]{rest}\n}}\n")

    def _begin(self) -> None:
        if self._head:
            self._text(self._head)
            self._head = ""

    def _file(self, row: TableRow) -> dict[str, object]:
        values = {column.name: values_of(column, row[index]) for column, index in self._places}
        return {"path": text_of(row[0]), "values": values}

    def _summary(self, row: TableRow) -> dict[str, object]:
        values = {
            column.name: None if row[index] is None else text_of(row[index])
            for column, index in self._places
            if not column.is_count
        }
        count = next(row[index] for column, index in self._places if column.is_count)
        return {"count": count, "values": values}

    def _text(self, text: str) -> None:
        self._write(text.encode())


def values_of(column: TableColumn, cell: Cell) -> list[str]:
    """Return the values of a cell of a file, none for a missing one."""
    if cell is None:
        return []
    text = text_of(cell)
    return text.split("\\") if column.may_be_several else [text]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
