"""Offers back what a crash or a line drop left behind."""

from __future__ import annotations

from pathlib import Path

from dcmtty.contours.journal import JournalEntry
from dcmtty.contours.journal_format import read_journal
from dcmtty.contours.recovery import find_series, replay
from dcmtty.dicom.model import Series
from dcmtty.errors import UsageError
from dcmtty.progress import Progress
from dcmtty.session import recoverable
from dcmtty.text import visible
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.handle_series import read_for_journal
from dcmtty_tui.screens.scanning import LeftBehind
from dcmtty_tui.sizes import counted
from dcmtty_tui.viewing import Selection


def look(desk: Desk) -> None:
    """Look in the background for what was left behind."""
    number = desk.scanning.number

    def work(progress: Progress) -> object:
        del progress
        return LeftBehind(number, recoverable())

    desk.ui.start_work("recoverable", work)


def found(desk: Desk, left: LeftBehind) -> None:
    """Ask about the newest journal that belongs to the images of its scan, if that is the latest."""
    if left.number != desk.scanning.number:
        return
    entries, series = left.entries, desk.session.listing.series
    here = [entry for entry in entries if entry.recovered and find_series(entry.recovered.header, series)]
    if not here:
        if entries:
            desk.tell(
                f"{desk.message}; {len(entries)} sessions of other images are left behind: dcmtty recover".lstrip("; ")
            )
        return
    entry = here[-1]

    def answered(is_yes: bool) -> None:  # noqa: FBT001 - the answer
        if is_yes:
            take_up(desk, entry.path)
        else:
            desk.tell("left as it is; dcmtty recover lists it, and it is offered again at the next start")

    desk.ui.question(_question(entry), answered)


def _question(entry: JournalEntry) -> str:
    recovered = entry.recovered
    if recovered is None:
        return "Take up the session that was left behind?"
    found = replay(recovered)
    present = found.history.present
    points = len(present.draft.points) if present.draft is not None else 0
    draft = f" and a contour of {counted(points, 'point')} that was being entered" if points else ""
    damage = f"\nIt is damaged: {visible(found.reason)}. What came before is whole." if found.reason else ""
    return (
        f"A session of {visible(recovered.header.created)} on these images was left behind:\n"
        f"structure set {visible(present.structure_set.label)}, {counted(found.edits, 'edit')}, "
        f"{counted(len(present.structure_set.rois), 'ROI')}{draft}.{damage}\n\nTake it up?"
    )


def take_up(desk: Desk, journal: Path) -> None:
    """Go on where a session ended, when its series is read.

    Raises:
        InputError: the journal is damaged from the start, or in use.
        UsageError: the scan has not ended.
    """
    entry = find_series(read_journal(journal).header, desk.session.listing.series)
    if entry is None:
        go_on(desk, journal, None)
    elif entry.is_complete:
        read_for_journal(desk, entry, journal)
    else:
        raise UsageError("the scan of its images has not ended", remedy="scan them again with :open PATH")


def go_on(desk: Desk, journal: Path, series: Series | None) -> None:
    """Go on with a journal on its series; read-only where it is not among the images or differs.

    Raises:
        InputError: the journal is in use, or the series has edits that are not saved.
    """
    notes = desk.session.recover(journal, (series,) if series is not None else ())
    series, state = desk.session.series, desk.state
    if series is not None and (desk.viewer.wanted is None or desk.viewer.wanted.series is not series):
        desk.viewer.open(series)
        desk.scanning.show(series.key)
    if state is not None:
        rois = state.structure_set.rois
        number = state.draft.roi_number if state.draft is not None else rois[-1].number if rois else 0
        desk.selection = Selection(number)
        if state.draft is not None:
            desk.geometric_type = state.draft.geometric_type
            if state.draft.points and desk.viewer.wanted is not None:
                desk.viewer.change(slice_number=state.draft.slice_number)
    desk.mode, desk.pane = Mode.CONTOUR, Pane.PICTURE
    read_only = desk.session.standing.read_only
    if read_only:
        desk.refuse("; ".join((f"read-only: {read_only}", *notes)))
    else:
        desk.tell("; ".join(("the session is back", *notes)) if notes else "the session is back with every edit")
