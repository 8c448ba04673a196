"""Tables as Parquet: numbers as numbers, several values as lists; pyarrow is an extra and comes in only here."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from dcmtty.dicom.table.columns import TableColumn
from dcmtty.dicom.table.export import Write, values_of
from dcmtty.dicom.table.functions import Cell, number, text_of
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import TableRow
from dcmtty.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

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

    def __init__(self, write: Write, query: TableQuery) -> None:
        require_pyarrow()
        import pyarrow as pa

        self._fields = list(_fields(query))
        self._places = [query.shown.index(one.column) for one in self._fields]
        self._schema = pa.schema([pa.field(one.name, _arrow_type(one)) for one in self._fields])
        self._stream = _Stream(write)
        self._writer: Any = None

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
            with self._writing() as writer:
                writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
            count += len(batch)
        return count

    def end(self, tail: Mapping[str, object]) -> None:
        """Write what makes it a Parquet file."""
        del tail
        with self._writing() as writer:
            writer.close()

    @contextmanager
    def _writing(self) -> Generator[Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._stream.is_wanted = True
        try:
            if self._writer is None:
                file = pa.PythonFile(self._stream, mode="w")
                self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
            yield self._writer
        finally:
            self._stream.is_wanted = False


class _Stream(io.RawIOBase):
    """A function that takes bytes, as the stream that pyarrow writes to.

    A writer of pyarrow that is given up ends its file all the same; what it writes unasked is dropped, so that half a
    table never looks whole.
    """

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._take, self._written = write, 0
        self.is_wanted = False

    def writable(self) -> bool:
        """Say that it is for writing."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._written

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of the data."""
        chunk = bytes(data)
        if self.is_wanted:
            self._take(chunk)
        self._written += len(chunk)
        return len(chunk)


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
