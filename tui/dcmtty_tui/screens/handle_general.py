"""Handlers of modes, panes, help, and leaving."""

from __future__ import annotations

from dcmtty_tui.actions import BY_ID, Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles
from dcmtty_tui.screens.handle_grid import keep_rows, leave_row
from dcmtty_tui.screens.handle_send import enter_integrity, enter_send
from dcmtty_tui.screens.handle_tags import halt
from dcmtty_tui.screens.help import TextScreen, help_text
from dcmtty_tui.screens.layout import PANES, next_pane
from dcmtty_tui.viewing import Selection
from dcmtty_tui.widgets.slice_view import SliceView

DEVICE_WORK = frozenset({"plan", "sent", "verified", "offered"})
"""Work with a device, which q stops in Send mode alone."""


@handles("mode.browse")
def browse(desk: Desk, call: Call) -> None:
    """Look at series, slices and tags."""
    del call
    desk.mode = Mode.BROWSE
    desk.pane = Pane.PICTURE if desk.viewer.wanted is not None else Pane.SERIES
    desk.tags_pinned = False


@handles("mode.contour")
def contour(desk: Desk, call: Call) -> None:
    """Enter and edit contours."""
    del call
    desk.mode, desk.pane = Mode.CONTOUR, Pane.PICTURE
    if desk.session.series is not None and desk.session.series.build_refusal:
        desk.refuse(f"contours on this series cannot be saved: {desk.session.series.build_refusal}")


@handles("mode.integrity")
def integrity(desk: Desk, call: Call) -> None:
    """See digests."""
    del call
    desk.mode, desk.pane = Mode.INTEGRITY, Pane.FILES
    enter_integrity(desk)


@handles("mode.send")
def send(desk: Desk, call: Call) -> None:
    """Send files."""
    del call
    desk.mode, desk.pane = Mode.SEND, Pane.DEVICES
    enter_send(desk)


@handles("pane.next", "pane.previous")
def pane(desk: Desk, call: Call) -> None:
    """Go round the panes."""
    desk.pane = next_pane(desk.mode, desk.pane, call.times if call.action.id == "pane.next" else -call.times)
    desk.tags_pinned = desk.tags_pinned and desk.pane is Pane.TAGS


@handles("command")
def command(desk: Desk, call: Call) -> None:
    """Open the command line."""
    del call
    desk.ui.ask("command", ":  a command with its arguments, for example :mm -34.2 10 85")


@handles("help")
def show_help(desk: Desk, call: Call) -> None:
    """Explain the focused pane."""
    del call
    text = SliceView.help_text if desk.pane is Pane.PICTURE else desk.ui.rows(desk.pane).help_text
    desk.ui.show(TextScreen(help_text(desk.mode, desk.pane, text)))


@handles("notes")
def show_notes(desk: Desk, call: Call) -> None:
    """Show the notes in full."""
    del call
    desk.ui.open_text("Notes", desk.notes or ("there is nothing to say",))


@handles("palette")
def palette(desk: Desk, call: Call) -> None:
    """Find an action by its name."""
    del call
    desk.ui.open_palette()


@handles("redraw")
def redraw(desk: Desk, call: Call) -> None:
    """Draw everything again."""
    del call
    desk.ui.redraw()


@handles("back")
def back(desk: Desk, call: Call) -> None:
    """Leave the pane, then the mode, then dcmtty."""
    del call
    if _is_stopped(desk) or leave_row(desk):
        return
    first = PANES[desk.mode][0]
    if desk.mode is Mode.CONTOUR and desk.selection.contour_index >= 0:
        desk.selection = Selection(desk.selection.roi_number)
        return
    if desk.pane is not first and desk.mode in {Mode.BROWSE, Mode.CONTOUR} and desk.viewer.wanted is not None:
        desk.pane, desk.tags_pinned = first, False
        return
    if desk.mode is not Mode.BROWSE:
        browse(desk, Call(BY_ID["mode.browse"]))
        return
    reason = _reason_to_stay(desk)
    if reason and not desk.leaving:
        desk.leaving = True
        desk.tell(reason)
        return
    desk.ui.leave()


def _is_stopped(desk: Desk) -> bool:
    """Stop what was asked for and is not done yet, first of all a series that is being read; false without any."""
    request = desk.scanning.request
    if request is not None and request.is_asked and desk.ui.cancel_work(kinds=frozenset({"series"})):
        desk.scanning.request, desk.progress = None, ""
        desk.tell("the series is not opened")
        return True
    if desk.ui.cancel_work(frozenset() if desk.mode is Mode.SEND else DEVICE_WORK) or desk.tags.is_waiting:
        halt(desk)
        keep_rows(desk)
        desk.progress = ""
        desk.tell("stopped")
        return True
    return False


def _reason_to_stay(desk: Desk) -> str:
    """Return what leaving would lose or put off; empty when there is nothing."""
    if desk.session.works.endangered:
        return "EDITS ARE NEITHER SAVED NOR JOURNALLED, leaving loses them; q again leaves, S saves"
    if desk.session.works.unsaved:
        return "edits are not saved as RTSTRUCT (the journal has them); q again leaves, S saves"
    if desk.ui.is_working("sent"):
        return "a transfer is running; q again stops it and leaves"
    return "a structure set is being saved; q again leaves" if desk.ui.is_working("save") else ""


@handles("quit")
def leave(desk: Desk, call: Call) -> None:
    """Leave dcmtty at once; what is not saved is offered at the next start, if it is in the journal."""
    del call
    if desk.session.works.endangered and not desk.leaving:
        desk.leaving = True
        desk.refuse("EDITS ARE NEITHER SAVED NOR JOURNALLED, leaving loses them; once more leaves, S saves")
        return
    desk.ui.leave()
