"""Brings all handlers together, and takes answers: of the entry line and of work in the background."""

from __future__ import annotations

from pathlib import Path

from dcmtty.dicom.model import Archive, Series
from dcmtty.dicom.table.result import TableAnswer
from dcmtty.dicom.tagjump import Jump
from dcmtty.dicom.tagsearch import Matches
from dcmtty.errors import DcmttyError
from dcmtty.rtstruct.load import LoadedSet
from dcmtty.rtstruct.save import SaveReport
from dcmtty.text import visible
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.messages import Answer, ArchiveReady, Progressed, WorkDone
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
    handle_send,
    handle_tags,
    handle_view,
)
from dcmtty_tui.screens.comparing import ComparedFiles, ReadInside, VariedSeries
from dcmtty_tui.screens.desk import HANDLERS, Desk, typed_path
from dcmtty_tui.screens.grid import GridView
from dcmtty_tui.sizes import counted, step_text

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
    handle_send,
    handle_tags,
    handle_view,
)
"""Importing them registers their handlers."""


def _archive_found(desk: Desk, archive: Archive, recover: Path | None) -> None:
    """Take over a scan: show the first series, and say what could not be read or is offered back."""
    desk.session.archive = archive
    count = len(archive.series)
    desk.tell(_found(archive) or "no series here; open another folder with :open PATH")
    if archive.series and desk.session.series is None:
        first = _first(archive.series)
        handle_file.open_series(desk, first)
        desk.tell("; ".join(part for part in (_found(archive), desk.message) if part))
    if desk.mode is Mode.BROWSE and (not archive.series or count + len(archive.structure_sets) > 1):
        desk.pane = Pane.SERIES
        row = next((i for i, row in enumerate(desk.ui.rows(Pane.SERIES).rows) if row.key is desk.session.series), None)
        if row is not None:
            desk.ui.rows(Pane.SERIES).go(row)
    handle_recover.offer(desk, recover)


def _first(series: tuple[Series, ...]) -> Series:
    """Return the series to show first: one that can be contoured, a CT before others, since plans are made on CT."""
    usable = [item for item in series if not item.build_refusal] or list(series)
    return min(usable, key=lambda item: item.modality != "CT")


def _found(archive: Archive) -> str:
    """Return what there is, empty when there is nothing."""
    parts = [
        (len(archive.series), f"{len(archive.series)} series"),
        (len(archive.structure_sets), counted(len(archive.structure_sets), "structure set")),
        (len(archive.others), counted(len(archive.others), "other object")),
        (len(archive.unreadable), f"! {counted(len(archive.unreadable), 'file')} unreadable (in the series pane)"),
    ]
    return ", ".join(text for count, text in parts if count)


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


def answered(desk: Desk, message: Answer, recover: Path | None) -> None:
    """Take what work in the background had to say: how far it is, its result, or why it ended.

    `recover` is the journal to take up when the answer is the first scan.
    """
    if isinstance(message, Progressed):
        if desk.ui.is_working():
            desk.progress = step_text(message.step)
            handle_grid.keep_up(desk)
            handle_tags.grew(desk)
        return
    desk.progress = ""
    if isinstance(message, ArchiveReady):
        _archive_found(desk, message.archive, recover)
        handle_grid.scanned(desk)
    elif isinstance(message, WorkDone):
        _work_done(desk, message.kind, message.result)
    else:
        work_failed(desk, message.kind, message.error)


def _work_done(desk: Desk, kind: str, result: object) -> None:
    """Give a result of work in the background to its handler."""
    match kind, result:
        case "import", (Series() as series, tuple() as rois):
            handle_roi.imported(desk, series, rois)
        case "structures", (Series() as series, Path() as path, LoadedSet() as found):
            handle_file.loaded(desk, series, path, found)
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
    """Show why work ended; a scan that found nothing leaves the series pane empty."""
    handle_send.work_failed(desk, kind, error)
    if kind == "find":
        desk.tags.stop()
    if kind == "grid":
        handle_grid.keep_rows(desk)
    if kind == "compare":
        handle_compare.failed(desk)
    desk.refuse(visible(str(error)))
