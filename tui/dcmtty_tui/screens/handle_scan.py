"""Handlers of scans: the list grows while a scan runs, the first series opens by itself, and nothing else moves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from dcmtty.dicom.listing import Listing, SeriesEntry
from dcmtty.errors import DcmttyError
from dcmtty.text import visible
from dcmtty_tui.keymap import Call
from dcmtty_tui.reading import Found, SeriesReader
from dcmtty_tui.screens import handle_grid, handle_recover, handle_series
from dcmtty_tui.screens.desk import Desk, handles
from dcmtty_tui.screens.scanning import FirstDue, LeftBehind, Listed, SeriesRead, is_unscanned
from dcmtty_tui.screens.series_rows import SeriesRows
from dcmtty_tui.sizes import counted

FIRST_S = 0.25
"""So long the first series waits for a better one, or for the end of a short scan, before it opens by itself."""


def begin(desk: Desk, paths: Sequence[Path]) -> None:
    """Scan files and folders; the list shows them as soon as there is something to show."""
    scan = desk.scanning
    scan.number += 1
    scan.is_running, scan.is_first_due, scan.is_untouched, scan.progress = True, False, True, "scanning"
    number = scan.number

    def say(found: Found | DcmttyError) -> Listed:
        if isinstance(found, Found):
            return Listed(number, SeriesRows(found.listing, found.programs), found)
        return Listed(number, None, error=found)

    desk.grid.look_at(paths)
    desk.ui.start_scan(paths, say)
    desk.tell("")


def listed(desk: Desk, message: Listed) -> None:
    """Take a report of the scan; that of an older scan comes too late."""
    scan, rows = desk.scanning, message.rows
    reader = message.found.reader if message.found is not None else None
    if message.number != scan.number or not scan.is_running:
        _let_go(desk, reader)
        return
    if rows is None:
        scan.is_running, scan.progress = False, ""
        desk.refuse(visible(str(message.error)))
        return
    _let_go(desk, scan.reader)
    desk.session.listing, scan.reader = rows.listing, reader
    scan.rows = rows.marked(scan.opened)
    scan.is_running = not message.is_end
    if message.is_end:
        handle_grid.scanned(desk)
    if message.found is not None and message.is_end:
        _ended(desk, rows.listing, message.found.notes)
    elif not scan.is_first_due and _may_open_first(desk):
        scan.is_first_due = True
        desk.ui.start_work("first", lambda _: _wait(FirstDue(message.number)))


def _let_go(desk: Desk, reader: SeriesReader | None) -> None:
    """Close the catalog of a list that is not shown any more, which can take a moment."""
    if reader is not None:
        desk.ui.start_work("closing", lambda _: reader.close())


def _wait(due: FirstDue) -> FirstDue:
    time.sleep(FIRST_S)
    return due


def _open_first(desk: Desk, due: FirstDue) -> None:
    if desk.scanning.number == due.number and desk.scanning.is_running and _may_open_first(desk):
        handle_series.read_entry(desk, _first(desk.session.listing.series), is_asked=False)


def _may_open_first(desk: Desk) -> bool:
    scan = desk.scanning
    is_idle = desk.session.series is None and scan.request is None and scan.recover is None
    return is_idle and bool(desk.session.listing.series)


def _ended(desk: Desk, listing: Listing, notes: tuple[str, ...]) -> None:
    """Read what is shown in whole, or open the first series, and offer back what was left behind."""
    scan = desk.scanning
    scan.progress, scan.notes = "", notes
    if scan.is_untouched or not desk.message:
        desk.tell_with_notes(_found(listing) or "no series here; open another folder with :open PATH", notes)
    journal, scan.recover = scan.recover, None
    if journal is not None:
        desk.attempt(lambda: handle_recover.take_up(desk, journal))
    pending, series = scan.request, desk.session.series
    if pending is not None and pending.entry is not None and not pending.entry.is_complete:
        handle_series.read_instead(desk, pending, pending.entry)
    elif pending is None and series is not None and is_unscanned(series):
        handle_series.read_whole(desk, series)
    elif _may_open_first(desk):
        handle_series.read_entry(desk, _first(listing.series), is_asked=False)
    handle_series.arrange(desk)
    if journal is None:
        handle_recover.look(desk)


def answered(desk: Desk, answer: SeriesRead | LeftBehind | FirstDue) -> None:
    """Take what was read or left behind, or that it is time to open the first series.

    Raises:
        InputError: the series that was read cannot be shown, or its journal cannot be gone on with.
    """
    if isinstance(answer, SeriesRead):
        _series_read(desk, answer)
    elif isinstance(answer, FirstDue):
        _open_first(desk, answer)
    else:
        handle_recover.found(desk, answer)


def _series_read(desk: Desk, read: SeriesRead) -> None:
    """Take a series that was read, if it is the one that is waited for.

    Raises:
        InputError: its structure set was drawn when the series had other slices, or its journal cannot be gone on with.
    """
    request = read.request
    if request is not desk.scanning.request:
        return
    desk.scanning.request = None
    if read.error is not None:
        desk.refuse(visible(str(read.error)))
    elif request.journal is not None:
        handle_recover.go_on(desk, request.journal, read.series)
    else:
        handle_series.take(desk, read)


@handles("scan.stop")
def stop(desk: Desk, call: Call) -> None:
    """Stop the scan and the reading of a series; what was found stays in the list."""
    del call
    scan = desk.scanning
    what = "the scan" if scan.is_running else "the reading of the series"
    desk.ui.cancel_work(kinds=frozenset({"scan", "series"}))
    scan.number += 1
    scan.is_running, scan.request, scan.progress, desk.progress = False, None, "", ""
    waiting = "; the session that was to be taken up waits for a scan of its images" if scan.recover is not None else ""
    desk.tell(f"{what} was stopped; what was found stays listed{waiting}")


def _first(series: Sequence[SeriesEntry]) -> SeriesEntry:
    """Return the series to show first: one that can be contoured, a CT before others, since plans are made on CT."""
    usable = [item for item in series if not item.build_refusal] or list(series)
    return min(usable, key=lambda item: item.modality != "CT")


def _found(listing: Listing) -> str:
    """Return what there is, empty when there is nothing."""
    parts = [
        (len(listing.series), f"{len(listing.series)} series"),
        (len(listing.structure_sets), counted(len(listing.structure_sets), "structure set")),
        (len(listing.others), counted(len(listing.others), "other object")),
        (len(listing.unreadable), f"! {counted(len(listing.unreadable), 'file')} unreadable (in the series pane)"),
        (len(listing.executable), f"! {counted(len(listing.executable), 'file')} with an executable preamble"),
    ]
    return ", ".join(text for count, text in parts if count)
