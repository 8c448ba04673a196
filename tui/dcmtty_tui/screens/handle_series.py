"""Handlers of series: reading one that the list names, and showing it without taking anything from under the user."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from dcmtty.dicom.beside import read_beside
from dcmtty.dicom.listing import SeriesEntry
from dcmtty.dicom.model import Series
from dcmtty.errors import DcmttyError, InputError
from dcmtty.progress import Progress
from dcmtty_tui.actions import PICTURE_MODES, Mode, Pane
from dcmtty_tui.reading import SeriesReader, as_read_before
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.handle_roi import choose_standing_roi
from dcmtty_tui.screens.handle_send import enter_integrity, list_files
from dcmtty_tui.screens.scanning import Request, SeriesRead, is_unscanned
from dcmtty_tui.screens.series_rows import SeriesKey, entry_title
from dcmtty_tui.sizes import counted
from dcmtty_tui.viewing import Selection


def open_series(desk: Desk, series: Series) -> None:
    """Look at a series; what was drawn on another one stays in its journal.

    Another reading of the series that is shown takes its place, and the same slice stays on screen.

    Raises:
        InputError: its structure set was drawn when the series had other slices.
    """
    opened = desk.session.series
    if series is opened:
        return
    desk.session.open_series(series)
    desk.scanning.show(series.key)
    if opened is None or not _is_again(opened, series) or not desk.viewer.keep(series):
        desk.viewer.open(series)
        desk.selection = Selection()
    choose_standing_roi(desk)


def _is_again(opened: Series, series: Series) -> bool:
    """Say whether it is the same series; what was seen of one before its scan ended may be a part of it by now."""
    is_part = is_unscanned(opened) and opened.series_uid == series.series_uid
    return is_part or opened.key == series.key


def read_entry(desk: Desk, entry: SeriesEntry, *, is_asked: bool = True) -> None:
    """Read a series of the list in the background: all of it, or while its scan runs what lies beside its first.

    Raises:
        InputError: the list has no files.
    """
    opened = desk.session.series
    reader = _reader(desk) if entry.is_complete else None

    def read(progress: Progress) -> Answer:
        if reader is None:
            return entry, read_beside(entry.first_path, progress)
        series = reader.read(entry, progress)
        return entry, as_read_before(series, opened) if opened is not None else series

    _begin(desk, Request(entry, is_asked=is_asked, state=desk.state), read)
    if is_asked:
        desk.tell(f"reading {entry_title(entry)}")


def read_for_journal(desk: Desk, entry: SeriesEntry, journal: Path) -> None:
    """Read the series of a journal, whose work then goes on.

    Raises:
        InputError: the list has no files.
    """
    reader = _reader(desk)
    _begin(desk, Request(entry, journal=journal, is_asked=True), lambda step: (entry, reader.read(entry, step)))


def read_whole(desk: Desk, shown: Series) -> None:
    """Read the whole of a series that is shown, now that its scan has ended."""
    wanted = desk.viewer.wanted
    item = shown.slices[wanted.slice_number - 1 if wanted is not None and wanted.may_edit else 0]

    def is_it(series: Series) -> bool:
        return _holds(series, item.instance.path, item.frame)

    _begin(desk, Request(shown=shown), _search(desk, shown.series_uid, is_it, shown))


def read_instead(desk: Desk, pending: Request, seen: SeriesEntry) -> None:
    """Read the whole of a series of which a part was to be read, now that its scan has ended."""

    def is_it(series: Series) -> bool:
        return _holds(series, seen.first_path)

    request = Request(seen, is_asked=pending.is_asked, state=pending.state)
    _begin(desk, request, _search(desk, seen.series_uid, is_it, desk.session.series))


def _search(
    desk: Desk, series_uid: str, is_it: Callable[[Series], bool], before: Series | None
) -> Callable[[Progress], Answer | None]:
    """Return work that reads the series of a list that is accepted."""
    reader, listing = _reader(desk), desk.session.listing

    def read(progress: Progress) -> Answer | None:
        entry, series = reader.find(listing, series_uid, is_it, progress)
        if entry is None or series is None:
            return None
        return entry, as_read_before(series, before) if before is not None else series

    return read


def _holds(series: Series, path: Path, frame: int = 0) -> bool:
    """Say whether a file is in a series, perhaps under another name, with that frame if one is asked for."""
    real = os.path.realpath(path)
    return any(frame in {0, item.frame} and os.path.realpath(item.instance.path) == real for item in series.slices)


def _reader(desk: Desk) -> SeriesReader:
    reader = desk.scanning.reader
    if reader is None:
        raise InputError("the scan has not ended", remedy="wait for its end, or scan again with :open PATH")
    return reader


Answer = tuple[SeriesEntry, Series]
"""A series, and its line in the list."""


def _begin(desk: Desk, request: Request, read: Callable[[Progress], Answer | None]) -> None:
    def work(progress: Progress) -> object:
        try:
            found = read(progress)
        except DcmttyError as error:
            return SeriesRead(request, error=error)
        return SeriesRead(request, *found) if found is not None else SeriesRead(request)

    desk.scanning.request = request
    desk.ui.start_work("series", work)


def take(desk: Desk, read: SeriesRead) -> None:
    """Show what was read, where it is still wanted.

    Raises:
        InputError: its structure set was drawn when the series had other slices.
    """
    request = read.request
    if request.shown is not None:
        _take_place(desk, request.shown, read)
    elif read.entry is None or read.series is None:
        desk.refuse("the series is not among what was found")
    elif request.is_asked or desk.session.series is None:
        _show(desk, request, read.entry, read.series)


def _show(desk: Desk, request: Request, entry: SeriesEntry, series: Series) -> None:
    reason = _reason_to_wait(desk, request)
    if reason:
        desk.tell(f"{entry_title(entry)} was read but is not shown: {reason}; enter in the series pane opens it")
        return
    open_series(desk, series)
    desk.scanning.show(entry.key)
    if request.is_asked and desk.mode in PICTURE_MODES and _is_on_row(desk, entry):
        desk.pane = Pane.PICTURE
    desk.tell_with_notes("" if request.is_asked or desk.is_error else desk.message, _notes(series))
    if not request.is_asked:
        desk.notes = (*desk.scanning.notes, *desk.notes)
        arrange(desk)


def _notes(series: Series) -> tuple[str, ...]:
    refusal = (series.build_refusal,) if series.build_refusal and not is_unscanned(series) else ()
    return (*refusal, *(note.text for note in series.notes))


def arrange(desk: Desk) -> None:
    """Put the user before the list where there is something to choose, unless a key was pressed meanwhile."""
    scan, listing = desk.scanning, desk.session.listing
    if not scan.is_untouched or desk.mode is not Mode.BROWSE:
        return
    if listing.series and len(listing.series) + len(listing.structure_sets) < 2:
        return
    rows = desk.ui.rows(Pane.SERIES)
    rows.set_rows(scan.rows)
    desk.pane = Pane.SERIES
    place = scan.rows.place_of(scan.opened)
    if place is not None:
        rows.go(place)


def _reason_to_wait(desk: Desk, request: Request) -> str:
    """Say why the picture must not change under the user now; empty when it may."""
    if desk.session.series is None:
        return ""
    if desk.state is not request.state:
        return "contours on the other one were changed meanwhile"
    return "" if desk.mode in PICTURE_MODES else f"this is {desk.mode} mode"


def _is_on_row(desk: Desk, entry: SeriesEntry) -> bool:
    """Say whether the user is still where the series was asked for."""
    row = desk.ui.rows(Pane.SERIES).current
    return desk.pane is Pane.SERIES and row is not None and row.key == SeriesKey(entry.key, entry)


def _take_place(desk: Desk, shown: Series, read: SeriesRead) -> None:
    """Show the whole of a series in place of what was seen of it, as long as that is what is shown."""
    series = read.series
    if desk.session.series is not shown:
        return
    if series is None or read.entry is None:
        desk.refuse("the series that is shown is not among what was found, so it cannot be contoured")
        return
    open_series(desk, series)
    desk.scanning.show(read.entry.key)
    desk.notes = (*desk.scanning.notes, *_notes(series))
    if len(series.slices) != len(shown.slices):
        here = f"all {counted(len(series.slices), 'slice')} of it are here"
        desk.tell("; ".join(part for part in (desk.message, here) if part))
    if desk.mode is Mode.INTEGRITY:
        enter_integrity(desk)
    elif desk.mode is Mode.SEND:
        list_files(desk)
