"""The table part of `dcmtty scan`: chosen columns of files, series, studies or groups, in any format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcmtty.errors import UsageError, WriteFailed
from dcmtty.text import cell_width, fit, visible
from dcmtty_tui.cli import diagnostics, output

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.listing import Listing
    from dcmtty.dicom.table.export import Sink, Write
    from dcmtty.dicom.table.query import RowKind, TableQuery
    from dcmtty.dicom.table.result import TableRow
    from dcmtty.engine.protocol import Engine

_F = TypeVar("_F", bound=Callable[..., Any])
_Parsed = TypeVar("_Parsed")

FORMATS = ("table", "csv", "json", "parquet")
DEFAULT_COLUMNS = {
    "files": "Modality,SeriesNumber,InstanceNumber,SOPInstanceUID",
    "series": "PatientName,PatientID,StudyDate,Modality,SeriesNumber,SeriesDescription",
    "studies": "PatientName,PatientID,StudyDate,StudyDescription,Modality",
}
"""What is shown when only rows, a filter or a sort are asked for."""
_WIDEST = 60
_WIDEST_PATH = 4096
_SAMPLED_ROWS = 200


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What was asked for on the command line."""

    columns: str | None = None
    rows: RowKind | None = None
    filter: str | None = None
    sort: str | None = None
    group: str | None = None
    target: str | None = None
    overwrite: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether a table was asked for at all, not the list of series."""
        return any(value is not None for value in (self.columns, self.rows, self.filter, self.sort, self.group))

    def check(self, format_: str) -> None:
        """Look at once whether it can be done.

        Raises:
            UsageError: Parquet or a file is wanted for the list of series, or the table cannot be understood.
        """
        if self.is_wanted:
            self.query()
        elif format_ == "parquet" or self.target is not None:
            raise UsageError("--format parquet and -o are for tables", remedy="add --columns, or --rows series")

    def query(self) -> TableQuery:
        """Return what is to be shown.

        Raises:
            UsageError: a column is none, or the filter cannot be understood.
        """
        from dcmtty.dicom.table.columns import sort_columns, table_columns
        from dcmtty.dicom.table.expression import parse_filter
        from dcmtty.dicom.table.query import TableQuery

        kind = self.rows or "files"
        columns = self.columns
        if columns is None:
            columns = "" if self.group is not None else DEFAULT_COLUMNS[kind]
        return TableQuery(
            _of("--columns", table_columns, columns) if self.columns is not None or columns else (),
            kind,
            None if self.filter is None else parse_filter(self.filter),
            () if self.sort is None else _of("--sort", sort_columns, self.sort),
            () if self.group is None else _of("--group", table_columns, self.group),
            as_found=True,
        )


def _of(option: str, parse: Callable[[str], _Parsed], text: str) -> _Parsed:
    """Return what an option says; an error names the option."""
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error.message}", remedy=error.remedy) from error


def table_options(command: _F) -> _F:
    """Add the options of tables to a command, which gets them as keyword arguments for TableRequest."""
    options = [
        click.option(
            "--columns",
            metavar="K,..",
            help="Show these of each row: keywords, tags gggg,eeee, paths such as ROIContourSequence/0/ROINumber, "
            "or path, name, folder, size, mtime, status, reason, kind, preamble, frames, pixels, warnings, count.",
        ),
        click.option(
            "--rows",
            type=click.Choice(["files", "series", "studies"]),
            help="What a row stands for.  [default: files, where a table is asked for]",
        ),
        click.option("--filter", metavar="EXPR", help="Show the rows for which this holds, e.g. 'Rows > 512'."),
        click.option("--sort", metavar="K,-K2", help="Sort by columns; with - downwards."),
        click.option("--group", metavar="K,..", help="Count the rows that have the same values in these columns."),
        click.option("-o", "--output", "target", metavar="FILE", help="Write to FILE, whole or not at all."),
        click.option("--overwrite", is_flag=True, help="Replace FILE if it exists."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def write_table(
    request: TableRequest,
    paths: Sequence[Path],
    catalog: Catalog,
    engine: str,
    *,
    format_: str,
    raw: bool,
    quiet: bool,
) -> Listing:
    """Scan with the engine of this name, and write the table that was asked for; return what the scan found.

    Raises:
        UsageError: a column, the filter or the format cannot be used.
        WriteFailed: the file exists, or cannot be written.
    """
    query = request.query()
    target = None if request.target in {None, "-"} else Path(str(request.target))
    format_ = _format(format_, target)
    from dcmtty.engine.opening import open_engine
    from dcmtty.files import is_taken, writing_atomic

    if target is not None and not request.overwrite and is_taken(target):
        raise WriteFailed(f"{visible(target)}: it exists already", remedy="choose another name, or add --overwrite")
    with open_engine(engine) as opened:
        if target is None:
            sink = _sink(format_, query, _write_shown if output.is_terminal() else output.write_bytes, raw=raw)
            return _scanned(query, sink, paths, opened, catalog, is_live=True, quiet=quiet or output.is_terminal())
        with writing_atomic(target, replace=request.overwrite) as stream:
            sink = _sink(format_, query, stream.write, raw=raw)
            return _scanned(query, sink, paths, opened, catalog, is_live=False, quiet=quiet)


def _write_shown(data: bytes) -> None:
    """Write to a terminal, which may not read UTF-8."""
    output.write_text(data.decode())


def _format(format_: str, target: Path | None) -> str:
    if target is not None and format_ == "table" and target.suffix.lower()[1:] in FORMATS:
        return target.suffix.lower()[1:]
    if format_ == "parquet" and target is None and output.is_terminal():
        raise UsageError("Parquet is not for a terminal", remedy="name a file with -o FILE")
    return format_


def _sink(format_: str, query: TableQuery, write: Write, *, raw: bool) -> Sink:
    from dcmtty.dicom.table.export import CsvSink, JsonSink

    if format_ == "csv":
        return CsvSink(write, query, raw=raw)
    if format_ == "json":
        return JsonSink(write, query)
    if format_ == "parquet":
        from dcmtty.dicom.table.parquet import ParquetSink

        return ParquetSink(write, query)
    return TableSink(write, query)


def _scanned(
    query: TableQuery,
    sink: Sink,
    paths: Sequence[Path],
    engine: Engine,
    catalog: Catalog,
    *,
    is_live: bool,
    quiet: bool,
) -> Listing:
    """Scan, and give the sink its rows: as they come where their order allows it, else at the end."""
    from dcmtty.dicom.catalog.scan import scan
    from dcmtty.dicom.table.columns import extras
    from dcmtty.dicom.table.found import FoundRows
    from dcmtty.dicom.table.result import rows
    from dcmtty.dicom.table.source import open_scanned

    progress = diagnostics.progress_bar(quiet=quiet)
    asked = _readable_only(query) if _is_json(sink) and not query.is_summary else query
    found = FoundRows(catalog, asked) if asked.can_stream else None

    def report(listing: Listing) -> None:
        del listing
        if found is not None and sink.rows(found.ready()) and is_live:
            output.flush()

    listing = scan(paths, engine=engine, catalog=catalog, progress=progress, extra=extras(query.needed), report=report)
    with catalog.lock:
        if found is not None:
            sink.rows(found.rest(listing))
        else:
            open_scanned(catalog.connection, listing.unreadable)
            sink.rows(rows(catalog.connection, asked, progress))
    sink.end(_tail(listing))
    _tell(listing, sink)
    return listing


def _is_json(sink: Sink) -> bool:
    from dcmtty.dicom.table.export import JsonSink

    return isinstance(sink, JsonSink)


def _readable_only(query: TableQuery) -> TableQuery:
    """Return the query without files that cannot be read: JSON has them in a list of their own."""
    from dcmtty.dicom.table.columns import STATUS
    from dcmtty.dicom.table.expression import Comparison, Every

    readable = Comparison(STATUS, "==", "dicom", is_number=False)
    return replace(query, condition=readable if query.condition is None else Every((readable, query.condition)))


def _tail(listing: Listing) -> Mapping[str, object]:
    unreadable = [{"path": str(file.path), "reason": file.reason} for file in listing.unreadable]
    return {"unreadable": unreadable, "skipped": listing.skipped}


def _tell(listing: Listing, sink: Sink) -> None:
    from dcmtty.dicom.table.parquet import ParquetSink

    for unreadable in listing.unreadable:
        diagnostics.warning(f"{unreadable.path}: {unreadable.reason}")
    if isinstance(sink, ParquetSink):
        for name, count in sink.left_out.items():
            diagnostics.warning(f"{name}: {count} values are no numbers, and are missing in the file")


class TableSink:
    """Aligned columns for reading; widths are those of the first rows, so that later ones need not be waited for."""

    def __init__(self, write: Write, query: TableQuery) -> None:
        from dcmtty.dicom.table.columns import PATH

        self._write = write
        self._headers = [column.name for column in query.shown]
        self._are_numbers = [column.kind == "number" for column in query.shown]
        self._widest = [_WIDEST_PATH if column is PATH else _WIDEST for column in query.shown]
        self._widths: list[int] | None = None

    def rows(self, rows: Iterable[TableRow]) -> int:
        """Write rows."""
        from dcmtty.dicom.table.functions import text_of

        cells = ([visible(text_of(cell)) for cell in row] for row in rows)
        count = 0
        if self._widths is None:
            first = list(islice(cells, _SAMPLED_ROWS))
            if not first:
                return 0
            self._begin(first)
            count = len(first)
            for row in first:
                self._line(row)
        for row in cells:
            self._line(row)
            count += 1
        return count

    def end(self, tail: Mapping[str, object]) -> None:
        """Write the names of the columns where there was no row."""
        del tail
        if self._widths is None:
            self._begin([])

    def _begin(self, first: list[list[str]]) -> None:
        columns = zip(self._headers, *first, strict=True)
        self._widths = [
            min(widest, max(map(cell_width, column))) for widest, column in zip(self._widest, columns, strict=True)
        ]
        self._line(self._headers)

    def _line(self, row: Sequence[str]) -> None:
        cells = [
            _padded(cell, width, widest, is_number=is_number)
            for cell, width, widest, is_number in zip(
                row, self._widths or (), self._widest, self._are_numbers, strict=True
            )
        ]
        self._write(("  ".join(cells).rstrip() + "\n").encode("utf-8", "backslashreplace"))


def _padded(cell: str, width: int, widest: int, *, is_number: bool) -> str:
    """Return a cell as wide as its column; one that is wider than the first rows pushes the rest of its row aside."""
    room = max(width, min(cell_width(cell), widest))
    shown = fit(cell, room)
    return shown.rstrip().rjust(width) if is_number else shown
