"""Handlers of the grid: what its rows and columns are, going into a row, and writing it to a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dcmtty.dicom.table.columns import TableColumn, sort_columns, table_columns
from dcmtty.dicom.table.functions import text_of
from dcmtty.dicom.table.query import ROW_KINDS, SERIES_UID, STUDY_UID
from dcmtty.dicom.table.result import Page, TableAnswer
from dcmtty.errors import InputError, UsageError, WriteFailed
from dcmtty.files import is_taken
from dcmtty.progress import Progress
from dcmtty.text import visible
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles, typed_path
from dcmtty_tui.screens.grid import GridView, Place, headers
from dcmtty_tui.screens.grid_export import write_grid
from dcmtty_tui.sizes import counted
from dcmtty_tui.widgets.grid_list import GridList
from dcmtty_tui.widgets.row_list import Row

_KEEP_UP_S = 1.0


def grid_list(desk: Desk) -> GridList:
    """Return the pane."""
    found = desk.ui.rows(Pane.GRID)
    if not isinstance(found, GridList):
        raise TypeError(found)
    return found


@handles("mode.grid")
def enter_grid(desk: Desk, call: Call) -> None:
    """Look at files, series or studies as a table."""
    del call
    desk.mode, desk.pane = Mode.GRID, Pane.GRID
    ask(desk)


def ask(desk: Desk) -> None:
    """Fetch the rows of the view in the background."""
    view, asking = desk.grid.view, desk.grid.asking
    query, is_scanning = view.query(), desk.scanning.is_running or not desk.session.listing.is_complete

    desk.grid.asked_s = time.monotonic()

    def work(progress: Progress) -> tuple[GridView, TableAnswer]:
        return view, asking.page(query, progress, is_scanning=is_scanning)

    if asking.roots:
        desk.ui.start_work("grid", work)
    else:
        desk.tell("nothing was scanned; open a folder with :open PATH")


def scanned(desk: Desk) -> None:
    """Fetch the rows again, because a scan has found more, or has ended."""
    desk.grid.asking.scan_again()
    if desk.mode is Mode.GRID and not desk.ui.is_working("grid"):
        ask(desk)


def keep_up(desk: Desk) -> None:
    """Fetch the rows again from time to time while a scan finds more."""
    due = time.monotonic() - desk.grid.asked_s > _KEEP_UP_S
    if due and desk.mode is Mode.GRID and not desk.grid.is_complete and not desk.ui.is_working("grid"):
        ask(desk)


def answered(desk: Desk, view: GridView, answer: TableAnswer) -> None:
    """Show the rows of a view, unless another one is wanted by now."""
    if view != desk.grid.view:
        answer.page.close()
        return
    desk.grid.take(view, answer.page, is_complete=answer.is_complete)


def keep_rows(desk: Desk) -> None:
    """Stay with what is shown, because the rows of another view cannot be had."""
    if desk.grid.shown is not None:
        desk.grid.view = desk.grid.shown


def paint_grid(desk: Desk) -> None:
    """Bring the pane in line with the view."""
    grid = desk.grid
    view = grid.shown or grid.view
    title = view.title() if grid.is_complete else f"{view.title()} | not all is scanned"
    if grid.view != view:
        title += " | asking"
    pane = grid_list(desk)
    pane.show(grid.rows if grid.rows is not None else (), headers(view), title)
    if grid.place is not None and grid.view == view:
        row, column = grid.place
        grid.place = None
        pane.go(row)
        pane.go_to_column(column)


def change(desk: Desk, view: GridView, *, place: tuple[int, int] | None = None) -> None:
    """Go to another view; the cursors stay where its rows are of the same kind, else they go to `place` or the start.

    Raises:
        UsageError: its filter cannot be understood.
    """
    view.query()
    before = desk.grid.view
    is_other = (before.rows, before.group, before.within) != (view.rows, view.group, view.within)
    desk.grid.place = place or ((0, 0) if is_other else None)
    desk.mode, desk.pane = Mode.GRID, Pane.GRID
    desk.grid.view = view
    ask(desk)


def leave_row(desk: Desk) -> bool:
    """Go back to the view in which a row was gone into; false when there is none."""
    if desk.mode is not Mode.GRID or not desk.grid.past:
        return False
    past = desk.grid.past.pop()
    change(desk, past.view, place=(past.row, past.column))
    return True


def describe_cell(desk: Desk, row: Row) -> None:
    """Say in full what is under the cursor."""
    view, pane = desk.grid.shown, grid_list(desk)
    if view is not None and isinstance(row.key, tuple) and desk.grid.rows is not None:
        column = view.shown[pane.column]
        value = text_of(row.key[desk.grid.rows.page.query.shown.index(column)])
        desk.tell(f"{column.name}: {value}" if value else f"{column.name} has no value")


def go_into(desk: Desk, row: Row) -> tuple[str, str] | None:
    """Go into a group or a study; of a series or a file return what it is (`series`, `file`) and its UID or path."""
    grid, view = desk.grid, desk.grid.shown
    if view is None or grid.rows is None or not isinstance(row.key, tuple):
        return None
    names, cells = grid.rows.page.query.shown, row.key
    if view.group:
        _go_in(desk, view, view.inside_group([cells[names.index(column)] for column in view.group]))
        return None
    if view.rows == "files":
        return "file", text_of(cells[0])
    uid = text_of(cells[names.index(SERIES_UID if view.rows == "series" else STUDY_UID)])
    if not uid:
        raise InputError(f"these files have no {view.rows} UID", remedy="look at them as files with t")
    if view.rows == "series":
        return "series", uid
    _go_in(desk, view, view.inside_study(uid))
    return None


def _go_in(desk: Desk, before: GridView, after: GridView) -> None:
    pane = grid_list(desk)
    desk.grid.past.append(Place(before, pane.cursor, pane.column))
    change(desk, after)


@handles("grid.left", "grid.right")
def to_column(desk: Desk, call: Call) -> None:
    """Go to another column."""
    pane = grid_list(desk)
    pane.go_to_column(pane.column + (call.times if call.action.id == "grid.right" else -call.times))
    if pane.current is not None:
        describe_cell(desk, pane.current)


@handles("grid.first", "grid.last")
def to_end(desk: Desk, call: Call) -> None:
    """Go to the first or the last column."""
    pane = grid_list(desk)
    pane.go_to_column(0 if call.action.id == "grid.first" else len(pane.headers))


@handles("grid.rows")
def rows(desk: Desk, call: Call) -> None:
    """Show files, series or studies."""
    if not call.arguments:
        change(desk, replace(desk.grid.view.next_rows(), group=()))
        return
    if call.text not in ROW_KINDS:
        raise UsageError(f":rows takes {', '.join(ROW_KINDS)}", remedy="type :rows series")
    kind = ROW_KINDS[ROW_KINDS.index(call.text)]
    change(desk, replace(desk.grid.view, rows=kind, sort=(), group=(), within=(), inside=""))


def _under_cursor(desk: Desk) -> TableColumn:
    shown = desk.grid.view.shown
    return shown[min(grid_list(desk).column, len(shown) - 1)]


@handles("grid.columns")
def columns(desk: Desk, call: Call) -> None:
    """Choose columns."""
    view = desk.grid.view
    if not call.is_typed:
        names = ",".join(column.name for column in view.own_columns)
        desk.ui.ask("command", "columns: keywords, tags, paths; path size mtime status reason", f"columns {names}")
        return
    change(desk, replace(view, columns=table_columns(call.text) if call.text else ()))


@handles("grid.drop")
def drop(desk: Desk, call: Call) -> None:
    """Take the column under the cursor away."""
    del call
    view, column = desk.grid.view, _under_cursor(desk)
    left = tuple(one for one in view.own_columns if one != column)
    if column not in view.own_columns or not left:
        raise UsageError(f"{visible(column.name, 40)} stays", remedy="choose columns with C")
    change(desk, replace(view, columns=left, sort=tuple(pair for pair in view.sort if pair[0] != column)))


@handles("grid.filter")
def filter_(desk: Desk, call: Call) -> None:
    """Show the rows for which an expression holds, or all."""
    if not call.text and not call.is_typed:
        prompt = "filter EXPR, for example Modality == CT and SliceThickness < 2"
        desk.ui.ask("command", prompt, f"filter {desk.grid.view.filter}")
        return
    change(desk, replace(desk.grid.view, filter=call.text))


@handles("grid.sort")
def sort(desk: Desk, call: Call) -> None:
    """Sort by the column under the cursor, or by those that were typed."""
    view = desk.grid.view
    if call.text:
        change(desk, replace(view, sort=sort_columns(call.text)))
    elif call.is_typed:
        change(desk, replace(view, sort=()))
    else:
        change(desk, view.toggled_sort(_under_cursor(desk)))


@handles("grid.group")
def group(desk: Desk, call: Call) -> None:
    """Count rows of the same values, or show the rows again."""
    view = desk.grid.view
    if call.text:
        wanted = table_columns(call.text)
    elif call.is_typed or view.group:
        wanted = ()
    else:
        wanted = (_under_cursor(desk),)
    if any(column.is_count for column in wanted):
        raise UsageError("count is what groups get", remedy="group by another column")
    change(desk, replace(view, group=wanted, sort=()))


@handles("grid.export")
def export(desk: Desk, call: Call) -> None:
    """Write the rows to a file, as CSV, JSON or Parquet."""
    if not call.text:
        raise UsageError(":export-grid needs FILE.csv, .json or .parquet", remedy="type :export-grid FILE.csv")
    grid = desk.grid
    if grid.rows is None or grid.shown is None:
        raise UsageError("there is no grid yet", remedy="press f6 first")
    path = typed_path(" ".join(call.arguments))
    if is_taken(path):
        raise WriteFailed(f"{visible(path)}: it exists already", remedy="choose another name")
    desk.ui.start_work("grid-export", _exporting(path, grid.rows.page, grid.shown))
    desk.tell(f"writing {visible(path)}")


def _exporting(path: Path, page: Page, view: GridView) -> Callable[[Progress], object]:
    def work(progress: Progress) -> tuple[Path, int]:
        return path, write_grid(path, page, view, progress)

    return work


def exported(desk: Desk, path: Path, count: int) -> None:
    """Say what was written."""
    more = "" if desk.grid.is_complete else "; not all files are scanned, so there may be more"
    desk.tell(f"wrote {counted(count, 'row')} to {visible(path)}{more}")
