"""Brings all handlers together, and takes answers: of the entry line and of work in the background."""

from __future__ import annotations

from pathlib import Path

from dcmtty.dicom.model import Series
from dcmtty.dicom.table.result import TableAnswer
from dcmtty.dicom.tagjump import Jump
from dcmtty.dicom.tagsearch import Matches
from dcmtty.errors import DcmttyError
from dcmtty.rtstruct.load import LoadedSet
from dcmtty.rtstruct.save import SaveReport
from dcmtty.text import visible
from dcmtty_tui.messages import Answer, Progressed, WorkDone
from dcmtty_tui.screens import (
    handle_compare,
    handle_contour,
    handle_file,
    handle_find,
    handle_general,
    handle_grid,
    handle_lists,
    handle_recover,
    handle_roi,
    handle_scan,
    handle_send,
    handle_series,
    handle_tags,
    handle_view,
)
from dcmtty_tui.screens.comparing import ComparedFiles, ReadInside, VariedSeries
from dcmtty_tui.screens.desk import HANDLERS, Desk, typed_path
from dcmtty_tui.screens.grid import GridView
from dcmtty_tui.screens.scanning import FirstDue, LeftBehind, SeriesRead
from dcmtty_tui.sizes import step_text

__all__ = ["HANDLERS", "answered", "entered", "work_failed"]

MODULES = (
    handle_compare,
    handle_contour,
    handle_file,
    handle_find,
    handle_general,
    handle_grid,
    handle_lists,
    handle_recover,
    handle_roi,
    handle_scan,
    handle_send,
    handle_series,
    handle_tags,
    handle_view,
)
"""Importing them registers their handlers."""


def entered(desk: Desk, kind: str, text: str) -> None:
    """Take what was typed on the entry line for `kind`."""
    if kind == "find":
        handle_find.search(desk, text)
    elif kind == "tag":
        handle_find.jump_to(desk, text)
    elif kind == "save":
        if text.strip():
            handle_file.save_as(desk, typed_path(text.strip()))
    else:
        handle_send.entered(desk, kind, text)


def answered(desk: Desk, message: Answer) -> None:
    """Take what work in the background had to say: how far it is, its result, or why it ended."""
    if isinstance(message, Progressed):
        _progressed(desk, message)
        return
    desk.progress = ""
    if isinstance(message, WorkDone):
        _work_done(desk, message.kind, message.result)
    else:
        work_failed(desk, message.kind, message.error)


def _progressed(desk: Desk, message: Progressed) -> None:
    text = step_text(message.step)
    if message.kind == "scan":
        desk.scanning.progress = f"scan: {text}" if desk.scanning.is_running else ""
    elif desk.ui.is_working():
        desk.progress = text
        handle_tags.grew(desk)
    handle_grid.keep_up(desk)


def _work_done(desk: Desk, kind: str, result: object) -> None:
    """Give a result of work in the background to its handler."""
    match kind, result:
        case "import", (Series() as series, tuple() as rois):
            handle_roi.imported(desk, series, rois)
        case "structures", (Series() as series, Path() as path, LoadedSet() as found):
            handle_file.loaded(desk, series, path, found)
        case "series" | "recoverable" | "first", (SeriesRead() | LeftBehind() | FirstDue()) as answer:
            handle_scan.answered(desk, answer)
        case "save", (int() as mark, SaveReport() as report):
            handle_file.saved(desk, mark, report)
        case "compare" | "compare-inside", (ComparedFiles() | ReadInside() | VariedSeries()) as answer:
            handle_compare.answered(desk, answer)
        case "grid", (GridView() as view, TableAnswer() as answer):
            handle_grid.answered(desk, view, answer)
        case "grid-export", (Path() as path, int() as count):
            handle_grid.exported(desk, path, count)
        case "find", (int() as number, (Matches() | Jump()) as found):
            handle_find.found(desk, number, found)
        case "tags", tree:
            handle_tags.listed(desk, tree)
        case _:
            handle_send.work_done(desk, kind, result)


def work_failed(desk: Desk, kind: str, error: DcmttyError) -> None:
    """Show why work ended."""
    if kind == "scan":
        desk.scanning.is_running, desk.scanning.progress = False, ""
    elif kind == "series":
        desk.scanning.request = None
    handle_send.work_failed(desk, kind, error)
    if kind == "find":
        desk.tags.stop()
    if kind == "grid":
        handle_grid.keep_rows(desk)
    if kind == "compare":
        handle_compare.failed(desk)
    desk.refuse(visible(str(error)))
