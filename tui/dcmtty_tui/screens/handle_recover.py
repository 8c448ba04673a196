"""Offers back what a crash or a line drop left behind."""

from __future__ import annotations

from pathlib import Path

from dcmtty.contours.journal import JournalEntry
from dcmtty.contours.recovery import find_series, replay
from dcmtty.session import recoverable
from dcmtty.text import visible
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.sizes import counted
from dcmtty_tui.viewing import Selection


def offer(desk: Desk, wanted: Path | None) -> None:
    """Take up the journal that was named, or ask about the newest one that belongs to the images that are open.

    Raises:
        InputError: the journal that was named is damaged or in use.
    """
    if wanted is not None:
        take_up(desk, wanted)
        return
    entries = recoverable()
    here = [entry for entry in entries if entry.recovered and find_series(entry.recovered.header, desk.session.archive)]
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
    """Go on where a session ended.

    Raises:
        InputError: the journal is damaged from the start, or in use.
    """
    notes = desk.session.recover(journal, desk.session.archive)
    series, state = desk.session.series, desk.state
    if series is not None and (desk.viewer.wanted is None or desk.viewer.wanted.series is not series):
        desk.viewer.open(series)
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
