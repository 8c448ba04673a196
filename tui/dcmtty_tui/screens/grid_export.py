"""The grid as a file: the rows that are shown, all of them, with the columns of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dcmtty.dicom.table.columns import PATH, REASON, STATUS
from dcmtty.dicom.table.export import CsvSink, JsonSink, Sink
from dcmtty.dicom.table.functions import text_of
from dcmtty.dicom.table.parquet import ParquetSink
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import Page, TableRow
from dcmtty.errors import UsageError
from dcmtty.files import writing_atomic
from dcmtty.progress import Progress
from dcmtty_tui.screens.grid import GridView

_KINDS = (".csv", ".json", ".parquet")


def write_grid(path: Path, page: Page, view: GridView, progress: Progress) -> int:
    """Write the rows of a page to a new file; return how many.

    Raises:
        UsageError: the name ends in none of .csv, .json, .parquet, or pyarrow is missing.
        WriteFailed: it exists, or cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in _KINDS:
        raise UsageError("the name must end in .csv, .json or .parquet", remedy="type :export-grid FILE.csv")
    query = replace(page.query, columns=view.shown)
    with writing_atomic(path, replace=False) as stream:
        sink: Sink = (
            ParquetSink(stream.write, query)
            if kind == ".parquet"
            else (JsonSink(stream.write, query) if kind == ".json" else CsvSink(stream.write, query))
        )
        is_files_json = kind == ".json" and not query.is_summary
        count = sink.rows(_rows(page, query, progress, is_readable_only=is_files_json))
        sink.end({"unreadable": _unreadable(page) if is_files_json else [], "skipped": 0})
    return count


def _rows(page: Page, query: TableQuery, progress: Progress, *, is_readable_only: bool) -> Iterator[TableRow]:
    """Yield the rows with the columns of the screen alone."""
    places = [page.query.shown.index(column) for column in query.shown]
    status = page.query.shown.index(STATUS) if is_readable_only else -1
    for done, row in enumerate(page.all(), start=1):
        progress.step(done, page.count, "rows", "writing")
        if status < 0 or row[status] == "dicom":
            yield tuple(row[place] for place in places)


def _unreadable(page: Page) -> list[dict[str, str]]:
    names = page.query.shown
    path, status, reason = (names.index(column) for column in (PATH, STATUS, REASON))
    return [
        {"path": text_of(row[path]), "reason": text_of(row[reason])} for row in page.all() if row[status] != "dicom"
    ]
