"""What the grid shows, as a value: rows, columns, filter, order and groups; its rows come as they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dcmtty.dicom.table.asking import Asking
from dcmtty.dicom.table.columns import COUNT, PATH, REASON, STATUS, TableColumn, table_columns
from dcmtty.dicom.table.expression import Condition, Every, Same, parse_filter
from dcmtty.dicom.table.functions import Cell, text_of
from dcmtty.dicom.table.query import ROW_KINDS, SERIES_UID, STUDY_UID, RowKind, TableQuery
from dcmtty.dicom.table.result import Page, TableRow
from dcmtty.text import visible
from dcmtty_tui import theme
from dcmtty_tui.widgets.grid_list import CellRow, Header
from dcmtty_tui.widgets.row_list import MadeRows, Row

DEFAULT_COLUMNS = {
    "files": "Modality,SeriesNumber,InstanceNumber,SliceLocation,size",
    "series": "PatientName,StudyDate,Modality,SeriesNumber,SliceThickness,SeriesDescription",
    "studies": "PatientName,PatientID,StudyDate,StudyDescription,Modality",
}
GRID_HELP = (
    "Files, series or studies as rows, any attributes as columns. A row of several files shows the value they share,"
    " least..greatest of several numbers, or how many values there are.\n"
    "t goes from files to series to studies; h and l go to a column, s sorts by it, b counts the rows of each of its"
    " values; C chooses columns: SliceThickness,0018,1210,ROIContourSequence/0/ReferencedROINumber.\n"
    "/ filters: Modality == CT and (SliceThickness < 2 or exists(KVP)); == != < <= > >= compare, ~ and !~ search a"
    " regular expression, in (CT, MR) takes one of several; text with blanks stands in quotes.\n"
    "enter goes into a group or study, opens a series, shows the tags of a file; q goes back. :export-grid FILE.csv"
    " writes all rows, also as .json and .parquet."
)

_WINDOW = 200
_WINDOWS = 4
_LONGEST_CELL = 200
_KEYS = {"files": PATH, "series": SERIES_UID, "studies": STUDY_UID}


@dataclass(frozen=True, slots=True)
class GridView:
    """What is asked for."""

    rows: RowKind = "series"
    columns: tuple[TableColumn, ...] = ()
    """Those that were chosen; empty for those that go without saying."""
    filter: str = ""
    sort: tuple[tuple[TableColumn, bool], ...] = ()
    group: tuple[TableColumn, ...] = ()
    within: tuple[Condition, ...] = ()
    """What the groups and studies that were gone into have in common."""
    inside: str = ""
    """The same in words, safe for a terminal."""

    @property
    def shown(self) -> tuple[TableColumn, ...]:
        """The columns on the screen, from left to right: those that say what a row is, then the others."""
        first = (*self.group, COUNT) if self.group else ((PATH if self.rows == "files" else COUNT),)
        return tuple(dict.fromkeys((*first, *self.own_columns)))

    @property
    def own_columns(self) -> tuple[TableColumn, ...]:
        """The columns that were chosen, or that go without saying."""
        return self.columns or (() if self.group else table_columns(DEFAULT_COLUMNS[self.rows]))

    def query(self) -> TableQuery:
        """Return the query; its last columns are not for the screen.

        Raises:
            UsageError: the filter cannot be understood.
        """
        parts = (*self.within, *((parse_filter(self.filter),) if self.filter else ()))
        condition = None if not parts else parts[0] if len(parts) == 1 else Every(parts)
        hidden = () if self.group else (STATUS, REASON) if self.rows == "files" else (_KEYS[self.rows],)
        return TableQuery((*self.shown, *hidden), self.rows, condition, self.sort, self.group)

    def title(self) -> str:
        """Return the view in words."""
        what = f"{self.rows.capitalize()} by {', '.join(c.name for c in self.group)}" if self.group else self.rows
        parts = [what.capitalize() if not self.group else what]
        if self.inside:
            parts.append(self.inside)
        if self.filter:
            parts.append(f"filter {self.filter}")
        return visible(" | ".join(parts))

    def toggled_sort(self, column: TableColumn) -> GridView:
        """Return the view sorted by a column, then downwards, then as it goes without saying."""
        if self.sort == ((column, False),):
            return replace(self, sort=((column, True),))
        return replace(self, sort=() if self.sort == ((column, True),) else ((column, False),))

    def next_rows(self) -> GridView:
        """Return the view with other rows: files, series, studies, in turn."""
        kind = ROW_KINDS[(ROW_KINDS.index(self.rows) + 1) % len(ROW_KINDS)]
        return replace(self, rows=kind, sort=(), within=(), inside="")

    def inside_group(self, values: Sequence[Cell]) -> GridView:
        """Return the view of the rows that a group counts."""
        texts = [None if value is None else text_of(value) for value in values]
        same = tuple(Same(column, text) for column, text in zip(self.group, texts, strict=True))
        words = ", ".join(f"{column.name} = {text or '(none)'}" for column, text in zip(self.group, texts, strict=True))
        return self._inside(same, words, self.rows)

    def inside_study(self, uid: str) -> GridView:
        """Return the view of the series of a study."""
        return self._inside((Same(STUDY_UID, uid),), f"study {uid}", "series")

    def _inside(self, same: tuple[Condition, ...], words: str, rows: RowKind) -> GridView:
        inside = visible(", ".join(part for part in (self.inside, words) if part), _LONGEST_CELL)
        filter_ = "" if rows != self.rows else self.filter
        within = self.within if rows == self.rows else ()
        return replace(self, rows=rows, group=(), sort=(), filter=filter_, within=(*within, *same), inside=inside)


class GridRows(MadeRows):
    """The rows of a page as lines; only those that are looked at are fetched."""

    def __init__(self, page: Page, shown: Sequence[TableColumn], roots: Sequence[Path] = ()) -> None:
        self.page = page
        self._path = shown.index(PATH) if PATH in shown else -1
        self._prefixes = tuple(f"{root}/" for one in roots for root in (one, one.absolute())) if len(roots) == 1 else ()
        self._places = [page.query.shown.index(column) for column in shown]
        self._status = page.query.shown.index(STATUS) if STATUS in page.query.shown else -1
        self._windows: dict[int, list[CellRow]] = {}

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self.page.count

    def row(self, index: int) -> Row:
        """Return a row; its window is fetched when it was not before."""
        window = self._window(index // _WINDOW)
        return window[index % _WINDOW] if index % _WINDOW < len(window) else CellRow(None, "")

    def _window(self, number: int) -> list[CellRow]:
        found = self._windows.pop(number, None)
        if found is None:
            found = [self._row(row) for row in self.page.window(number * _WINDOW, _WINDOW)]
        self._windows[number] = found
        if len(self._windows) > _WINDOWS:
            del self._windows[next(iter(self._windows))]
        return found

    def _below_root(self, path: str) -> str:
        """Return a path without the folder that all paths begin with."""
        prefix = next((prefix for prefix in self._prefixes if path.startswith(prefix)), "")
        return path[len(prefix) :]

    def _row(self, row: TableRow) -> CellRow:
        texts = [text_of(row[place]) for place in self._places]
        if self._path >= 0:
            texts[self._path] = self._below_root(texts[self._path])
        cells = tuple(visible(text, _LONGEST_CELL) for text in texts)
        is_unread = self._status >= 0 and row[self._status] != "dicom"
        return CellRow(row, " | ".join(cells), theme.STRONG if is_unread else theme.TEXT, cells=cells)


def headers(view: GridView) -> tuple[Header, ...]:
    """Return the heads of the columns; those that are sorted by have an arrow."""
    arrows = {column: "↓" if goes_down else "↑" for column, goes_down in view.sort}
    return tuple(
        Header(visible(column.name, 40), column.kind == "number", keeps_end=column is PATH, mark=arrows.get(column, ""))
        for column in view.shown
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A view, and where its cursor was."""

    view: GridView
    row: int
    column: int


@dataclass(slots=True)
class GridState:
    """The grid of the app."""

    view: GridView = GridView()
    past: list[Place] = field(default_factory=list)
    """Where rows were gone into."""
    place: tuple[int, int] | None = None
    """Row and column to put the cursor on when the rows of the view are there."""
    asked_s: float = 0.0
    """When rows were asked for last, by a clock that only goes on."""
    rows: GridRows | None = None
    shown: GridView | None = None
    """The view that `rows` are of; another one while its rows are asked for."""
    is_complete: bool = True
    asking: Asking = field(default_factory=lambda: Asking(()))
    """Where rows come from."""

    def look_at(self, roots: Sequence[Path]) -> None:
        """Show other files and folders."""
        self.asking.close()
        self.asking = Asking(tuple(roots))
        self.past.clear()

    def take(self, view: GridView, page: Page, *, is_complete: bool) -> None:
        """Show the rows of a view."""
        if self.rows is not None:
            self.rows.page.close()
        self.rows = GridRows(page, view.shown, self.asking.roots)
        self.shown, self.is_complete = view, is_complete
