"""Handlers of files: opening series and structure sets, loading, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dcmtty.contours.draft import EditState
from dcmtty.contours.points import write_points
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError, UsageError
from dcmtty.files import is_taken, write_atomic
from dcmtty.rtstruct.load import LoadedSet
from dcmtty.rtstruct.save import SaveReport
from dcmtty.text import visible
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles, typed_path
from dcmtty_tui.screens.handle_scan import begin
from dcmtty_tui.screens.scanning import is_unscanned
from dcmtty_tui.sizes import counted
from dcmtty_tui.viewing import Selection


@handles("open")
def open_paths(desk: Desk, call: Call) -> None:
    """Scan another path."""
    if not call.arguments:
        raise UsageError(":open needs PATH", remedy="type :open PATH")
    begin(desk, [typed_path(argument) for argument in call.arguments])


@handles("set.load")
def load(desk: Desk, call: Call) -> None:
    """Load a structure set from a file."""
    if not call.arguments:
        raise UsageError(f":{call.action.words[0]} needs FILE", remedy=f"type :{call.action.words[0]} FILE")
    load_structures(desk, typed_path(" ".join(call.arguments)))


def load_structures(desk: Desk, path: Path) -> None:
    """Read a structure set in the background.

    Raises:
        UsageError: edits would be lost, or no series is open.
    """
    series = desk.session.series
    if series is None:
        raise UsageError("no series is open", remedy="choose the series it was drawn on first")
    if is_unscanned(series):
        raise UsageError("the scan of the series has not ended", remedy="load the structure set when it has")
    if desk.session.standing.unsaved and not desk.session.standing.is_elsewhere:
        raise UsageError("the structure set has edits that are not saved", remedy="save it with S first, or undo them")

    def work(progress: object) -> object:
        del progress
        from dcmtty.rtstruct.load import load as load_set

        return series, path, load_set(path, series)

    desk.ui.start_work("structures", work)
    desk.tell(f"reading {visible(path.name, 60)}")


def loaded(desk: Desk, series: Series, path: Path, found: LoadedSet) -> None:
    """Show a structure set that was read.

    Raises:
        UsageError: another series was opened while it was read.
    """
    if desk.session.series is not series:
        raise UsageError("nothing was loaded: another series was opened meanwhile", remedy="load it again")
    desk.session.adopt(found, path)
    rois = found.structure_set.rois
    desk.selection = Selection(rois[0].number if rois else 0)
    contours = sum(len(roi.contours) for roi in rois)
    text = f"{counted(len(rois), 'ROI')}, {counted(contours, 'contour')}"
    desk.tell_with_notes(text, found.notes)
    if desk.session.standing.banner:
        desk.tell(f"{text}; see :notes")


@handles("set.discard")
def discard(desk: Desk, call: Call) -> None:
    """Throw the structure set of this series away; a file that was saved stays."""
    del call
    if desk.session.standing.is_elsewhere:
        raise UsageError("the structure set was drawn on another series", remedy="open that series first")

    def answered(is_yes: bool) -> None:  # noqa: FBT001 - the answer
        if is_yes:
            desk.session.discard()
            desk.selection = Selection()
            desk.tell("the structure set was thrown away")

    desk.ui.question("Throw the structure set of this series away, with every edit that is not saved?", answered)


@handles("set.save")
def save(desk: Desk, call: Call) -> None:
    """Save the structure set under the name that was typed, or ask for one."""
    state = _require_closed(desk)
    if not call.arguments:
        moment = f"{desk.session.sources.now():%Y%m%d_%H%M%S}"
        desk.ui.ask("save", "save as", f"RS_{_stem(state.structure_set.label)}_{moment}.dcm")
        return
    save_as(desk, typed_path(" ".join(call.arguments)))


def _require_closed(desk: Desk) -> EditState:
    """Return the state to save.

    Raises:
        UsageError: it is empty, read-only, or a contour is not ended.
    """
    state, read_only = desk.state, desk.session.standing.read_only
    if state is None or not state.structure_set.rois:
        raise UsageError("there is nothing to save", remedy="add points first")
    if read_only:
        raise UsageError(f"read-only: {read_only}", remedy="its points can be written with :export FILE.csv")
    if state.draft is not None and state.draft.points:
        raise UsageError("a contour is being entered", remedy="end it with enter, or drop it with D")
    return state


def _stem(label: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "_" for char in label) or "set"


@handles("set.overwrite")
def overwrite(desk: Desk, call: Call) -> None:
    """Save over a file that exists."""
    _require_closed(desk)
    if not call.arguments:
        raise UsageError(":w! needs FILE", remedy="type :w! FILE")
    save_as(desk, typed_path(" ".join(call.arguments)), replace=True)


@handles("points.export")
def export_points(desk: Desk, call: Call) -> None:
    """Write the points of all contours as CSV or JSON, whatever becomes of the structure set."""
    state, path = desk.state, typed_path(" ".join(call.arguments))
    if state is None or not call.arguments:
        raise UsageError(":export needs FILE.csv or FILE.json", remedy="type :export points.csv")
    kind: Literal["csv", "json"] = "json" if path.suffix.lower() == ".json" else "csv"
    text = write_points(state.structure_set, None, kind, frame="lps-mm")
    write_atomic(path, text.encode(), replace=False)
    desk.tell(f"wrote the points of {counted(len(state.structure_set.rois), 'ROI')} to {visible(path)}")


def save_as(desk: Desk, path: Path, *, replace: bool = False) -> None:
    """Write the structure set in the background; nothing is overwritten unless that was asked for."""
    series, state = desk.session.series, desk.state
    if series is None or state is None:
        raise UsageError("there is nothing to save", remedy="add points first")
    if not replace and is_taken(path):
        raise InputError(f"{visible(path)}: it exists already", remedy="choose another name, or overwrite it with :w!")
    base, structure_set, mark = desk.session.standing.source_path, state.structure_set, desk.session.mark()

    def work(progress: object) -> object:
        del progress
        from dcmtty.rtstruct.save import save as save_set

        return mark, save_set(path, series, structure_set, base=base, replace=replace)

    desk.ui.start_work("save", work)
    desk.tell(f"writing {visible(path)}")


def saved(desk: Desk, mark: int, report: SaveReport) -> None:
    """Say what was written, and let the journal know which edits are in it."""
    desk.session.saved(report.path, mark)
    desk.sending.add_file(report.path)
    counts = ", ".join(
        (counted(report.rois, "ROI"), counted(report.contours, "contour"), counted(report.points, "point"))
    )
    desk.tell_with_notes(f"saved, read back and checked: {counts} in {visible(report.path)}", report.notes)
