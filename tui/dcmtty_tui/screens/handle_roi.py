"""Handlers of ROIs and of the structure set as a whole."""

from __future__ import annotations

from dcmtty.contours.contour_edits import DiscardDraft
from dcmtty.contours.model import INTERPRETED_TYPES, Roi
from dcmtty.contours.roi_edits import DeleteRoi, ImportRois, NewRoi, RenameRoi, SetLabel, SetRoiColor, SetRoiType
from dcmtty.dicom.model import Series
from dcmtty.errors import UsageError
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles, typed_path, whole_numbers
from dcmtty_tui.sizes import counted
from dcmtty_tui.viewing import Selection

FIRST_LABEL = "dcmtty"
FIRST_ROI = "ROI"


def ensure_set(desk: Desk) -> None:
    """Begin a structure set on the open series when it has none.

    Raises:
        UsageError: no series is open, or the session is read-only.
    """
    if desk.session.series is None:
        raise UsageError("no series is open", remedy="choose one in the series pane")
    standing = desk.session.standing
    if desk.session.work is None or standing.is_elsewhere:
        desk.session.new_structure_set(FIRST_LABEL)
        desk.selection = Selection()
    elif standing.read_only:
        raise UsageError(f"read-only: {standing.read_only}", remedy="open the series it was drawn on")


def _rois(desk: Desk) -> tuple[Roi, ...]:
    state = desk.state
    return state.structure_set.rois if state is not None else ()


def current_roi(desk: Desk) -> int:
    """Return the number of the ROI to draw in; the first ROI is made when there is none."""
    ensure_set(desk)
    if not _rois(desk):
        desk.session.do(NewRoi(FIRST_ROI))
    choose_standing_roi(desk)
    return desk.selection.roi_number


def choose_standing_roi(desk: Desk) -> None:
    """Choose an ROI that there is: the one that is chosen, else that of the contour being entered, else the last."""
    state, rois = desk.state, _rois(desk)
    if not any(roi.number == desk.selection.roi_number for roi in rois):
        draft = state.draft if state is not None else None
        last = rois[-1].number if rois else 0
        desk.selection = Selection(draft.roi_number if draft is not None and draft.points else last)


@handles("roi.new")
def new_roi(desk: Desk, call: Call) -> None:
    """Make an ROI and choose it."""
    ensure_set(desk)
    words = list(call.arguments)
    number = int(words.pop()) if len(words) > 2 and words[-1].isascii() and words[-1].isdigit() else 0
    kind = words.pop().upper() if len(words) > 1 and words[-1].upper() in INTERPRETED_TYPES else ""
    name = " ".join(words) or _free_name(desk)
    desk.session.do(NewRoi(name, kind, None, number))
    made = _rois(desk)[-1]
    desk.selection = Selection(made.number)
    desk.tell(f"ROI {made.number} is made; space adds points, :name renames it")


def _free_name(desk: Desk) -> str:
    names = {roi.name for roi in _rois(desk)}
    return next(name for name in (f"{FIRST_ROI} {index}" for index in range(1, len(names) + 2)) if name not in names)


@handles("roi.select")
def select_roi(desk: Desk, call: Call) -> None:
    """Draw in the next ROI, or in the one of a number."""
    rois = _rois(desk)
    if not rois:
        raise UsageError("there is no ROI", remedy="make one with A, or :roi NAME TYPE")
    listed = [roi.number for roi in rois]
    if call.arguments or call.count is not None:
        wanted = whole_numbers(call, 1)[0] if call.arguments else call.times
        if wanted not in listed:
            raise UsageError(f"there is no ROI {wanted}", remedy=f"there are {', '.join(map(str, listed))}")
    else:
        at = listed.index(desk.selection.roi_number) if desk.selection.roi_number in listed else -1
        wanted = listed[(at + 1) % len(listed)]
    choose_roi(desk, wanted)


def choose_roi(desk: Desk, number: int) -> None:
    """Draw in an ROI from now on.

    Raises:
        UsageError: a contour of another ROI is not ended.
    """
    state = desk.state
    if state is not None and state.draft is not None and state.draft.roi_number != number:
        if state.draft.points:
            raise UsageError("a contour is being entered", remedy="end it with enter, or drop it with D")
        desk.session.do(DiscardDraft())
    desk.selection = Selection(number)
    desk.tell(f"drawing in ROI {number}")


@handles("roi.name")
def rename(desk: Desk, call: Call) -> None:
    """Rename the current ROI."""
    _need(call, "NAME")
    desk.session.do(RenameRoi(current_roi(desk), " ".join(call.arguments)))


@handles("roi.type")
def set_type(desk: Desk, call: Call) -> None:
    """Set the interpreted type of the current ROI; without an argument it becomes empty."""
    desk.session.do(SetRoiType(current_roi(desk), "".join(call.arguments[:1]).upper()))


@handles("roi.color")
def set_color(desk: Desk, call: Call) -> None:
    """Set the colour of the current ROI."""
    red, green, blue = whole_numbers(call, 3)
    desk.session.do(SetRoiColor(current_roi(desk), (red, green, blue)))


@handles("roi.delete")
def delete_roi(desk: Desk, call: Call) -> None:
    """Delete the current ROI with its contours; undo brings it back."""
    del call
    if not _rois(desk):
        raise UsageError("there is no ROI", remedy="nothing is left to delete")
    if desk.session.standing.is_elsewhere:
        raise UsageError("the ROIs were drawn on another series", remedy="open that series")
    number = current_roi(desk)
    desk.session.do(DeleteRoi(number))
    choose_standing_roi(desk)
    now = desk.selection.roi_number
    desk.tell(f"ROI {number} is deleted; u brings it back" + (f"; ROI {now} is chosen now" if now else ""))


@handles("set.label")
def set_label(desk: Desk, call: Call) -> None:
    """Set the Structure Set Label."""
    _need(call, "LABEL")
    ensure_set(desk)
    desk.session.do(SetLabel(" ".join(call.arguments)))


@handles("points.import")
def import_points(desk: Desk, call: Call) -> None:
    """Read a point list in the background; the ROIs come back as one edit."""
    _need(call, "FILE")
    ensure_set(desk)
    series = desk.session.series
    path = typed_path(call.arguments[0])
    frame = call.arguments[1] if len(call.arguments) > 1 else None

    def work(progress: object) -> object:
        del progress
        from dcmtty.contours.points import read_points

        return series, read_points([path], series, frame)

    desk.ui.start_work("import", work)
    desk.tell("reading the point list")


def imported(desk: Desk, series: Series, rois: tuple[Roi, ...]) -> None:
    """Take over the ROIs of a point list as one edit.

    Raises:
        UsageError: another series was opened while the list was read.
    """
    if desk.session.series is not series:
        raise UsageError("nothing was imported: another series was opened meanwhile", remedy="import it again")
    desk.session.do(ImportRois(rois))
    desk.selection = Selection(_rois(desk)[-1].number)
    contours = sum(len(roi.contours) for roi in rois)
    desk.tell(f"imported {counted(len(rois), 'ROI')} with {counted(contours, 'contour')}")


def _need(call: Call, what: str) -> None:
    if not call.arguments or not call.arguments[0]:
        word = call.action.words[0]
        raise UsageError(f":{word} needs {what}", remedy=f"type :{word} {call.action.arguments}")
