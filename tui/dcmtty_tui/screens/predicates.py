"""Why an action makes no sense now: said in the footer's place when its key is pressed."""

from __future__ import annotations

from dcmtty_tui.actions import Action
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.scanning import is_unscanned


def reason_against(action: Action, desk: Desk) -> str:
    """Return why the action cannot be done now; empty when it can."""
    if not action.needs:
        return ""
    return _REASONS[action.needs](desk)


def _no_series(desk: Desk) -> str:
    return "" if desk.viewer.wanted is not None else "no series is open"


def _no_set(desk: Desk) -> str:
    return "" if desk.state is not None else "there is no structure set yet"


def _not_writable(desk: Desk) -> str:
    if desk.session.standing.is_elsewhere:
        return _not_scanned(desk)  # a set of its own is begun then
    return _read_only(desk)


def _read_only(desk: Desk) -> str:
    read_only = desk.session.standing.read_only
    refusal = desk.too_small or _no_series(desk) or _not_scanned(desk)
    return refusal or (f"read-only, {read_only}" if read_only else "")


def _not_scanned(desk: Desk) -> str:
    return "the scan of the series has not ended" if is_unscanned(desk.session.series) else ""


def _no_scan(desk: Desk) -> str:
    return "" if desk.scanning.is_busy else "nothing is being scanned or read"


def _no_draft(desk: Desk) -> str:
    state = desk.state
    return "" if state is not None and state.draft is not None else "no contour is being entered"


def _no_points(desk: Desk) -> str:
    state = desk.state
    drafted = state is not None and state.draft is not None and bool(state.draft.points)
    return "" if drafted or desk.selection.contour_index >= 0 else "no contour is being entered or selected"


def _no_undo(desk: Desk) -> str:
    history = desk.history
    nothing = "" if history is not None and history.undo_text else "there is nothing to undo"
    return desk.too_small or nothing or _not_scanned(desk)


def _no_redo(desk: Desk) -> str:
    history = desk.history
    nothing = "" if history is not None and history.redo_text else "there is nothing to do again"
    return desk.too_small or nothing or _not_scanned(desk)


def _no_plan(desk: Desk) -> str:
    return "" if desk.sending.plan is not None else "there is no plan; choose a device with enter"


_REASONS = {
    "series": _no_series,
    "structure-set": _no_set,
    "writable": _not_writable,
    "draft": lambda desk: _read_only(desk) or _no_draft(desk),
    "points": lambda desk: _read_only(desk) or _no_points(desk),
    "undo": _no_undo,
    "redo": _no_redo,
    "plan": _no_plan,
    "scan": _no_scan,
}
