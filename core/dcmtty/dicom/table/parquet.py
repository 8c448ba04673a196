"""Tables as Parquet: numbers as numbers, several values as lists; pyarrow is an extra and comes in only here."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from dcmtty.dicom.table.columns import TableColumn
from dcmtty.dicom.table.export import values_of
from dcmtty.dicom.table.functions import Cell, number, text_of
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import TableRow
from dcmtty.errors import UsageError

_ROWS_AT_ONCE = 5000
_LARGEST = (1 << 63) - 1

Type = Literal["text", "whole", "number"]


def require_pyarrow() -> None:
    """Look whether pyarrow is there.

    Raises:
        UsageError: it is not; the remedy is the command that installs it.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError("Parquet needs pyarrow", remedy="install it with: pip install 'dcmtty[parquet]'")


@dataclass(slots=True)
class _Field:
    """One column of the file, made from one column of the table."""

    name: str
    column: TableColumn
    type: Type
    is_list: bool = False
    end: Literal["", "low", "high"] = ""
    """Of a range `1..5`, which number this column holds."""
    left_out: int = 0
    """How many values were no numbers of this type."""

    def value(self, cell: Cell) -> object:
        """Return what the file holds for a cell."""
        if cell is None:
            return None
        if self.end:
            text = text_of(cell)
            low, _, high = text.partition("..")
            return number(high or low if self.end == "high" else low)
        if self.is_list:
            return [self._one(value) for value in values_of(self.column, cell)]
        return self._one(cell)

    def _one(self, cell: Cell) -> str | float | None:
        if self.type == "text":
            return text_of(cell).encode("utf-8", "backslashreplace").decode()
        found = number(cell)
        if self.type == "whole" and found is not None:
            found = int(found) if float(found).is_integer() and abs(found) <= _LARGEST else None
        self.left_out += found is None and cell != ""
        return None if found is None else float(found) if self.type == "number" else found


class ParquetSink:
    """A Parquet file, written some thousand rows at a time.

    A column of series, studies or groups is text as in CSV; one of numbers has two more, `NAME_min` and `NAME_max`.
    """

    def __init__(self, stream: io.RawIOBase, query: TableQuery) -> None:
        require_pyarrow()
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._fields = list(_fields(query))
        self._places = [query.shown.index(one.column) for one in self._fields]
        self._schema = pa.schema([pa.field(one.name, _arrow_type(one)) for one in self._fields])
        self._writer = pq.ParquetWriter(pa.PythonFile(stream, mode="w"), self._schema, compression="zstd")

    @property
    def left_out(self) -> dict[str, int]:
        """Column to how many of its values were no numbers, and are missing in the file."""
        return {one.name: one.left_out for one in self._fields if one.left_out}

    def rows(self, rows: Iterable[TableRow]) -> int:
        """Write rows."""
        import pyarrow as pa

        remaining, count = iter(rows), 0
        while batch := list(islice(remaining, _ROWS_AT_ONCE)):
            columns = [
                pa.array([one.value(row[place]) for row in batch], type=self._schema.field(index).type)
                for index, (one, place) in enumerate(zip(self._fields, self._places, strict=True))
            ]
            self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
            count += len(batch)
        return count

    def end(self, tail: Mapping[str, object]) -> None:
        """Write what makes it a Parquet file."""
        del tail
        self._writer.close()


def _fields(query: TableQuery) -> Iterator[_Field]:
    for column in query.shown:
        kind: Type = "text" if column.kind != "number" else "whole" if column.is_whole else "number"
        if column.is_count or not query.is_summary:
            yield _Field(column.name, column, kind, is_list=_holds_several(column))
            continue
        yield _Field(column.name, column, "text")
        if kind != "text":
            yield _Field(f"{column.name}_min", column, "number", end="low")
            yield _Field(f"{column.name}_max", column, "number", end="high")


def _holds_several(column: TableColumn) -> bool:
    """Say whether an attribute may have several values (PS3.6, its value multiplicity)."""
    from pydicom.datadict import dictionary_VM

    if not column.tag or not column.may_be_several:
        return False
    try:
        return dictionary_VM(column.tag) != "1"
    except KeyError:
        return False


def _arrow_type(one: _Field) -> object:
    import pyarrow as pa

    plain = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}[one.type]
    return pa.list_(plain) if one.is_list else plain
