"""Handlers of the lists: moving in them, opening what a row names."""

from __future__ import annotations

from dcmtty.dicom.tags import TagNode
from dcmtty_tui.actions import Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles
from dcmtty_tui.screens.handle_compare import describe as describe_pair
from dcmtty_tui.screens.handle_file import load_structures
from dcmtty_tui.screens.handle_grid import describe_cell
from dcmtty_tui.screens.handle_grid_open import open_grid_row
from dcmtty_tui.screens.handle_roi import choose_roi
from dcmtty_tui.screens.handle_send import choose_device, show_receipt_row
from dcmtty_tui.screens.handle_series import read_entry
from dcmtty_tui.screens.handle_tags import describe_node, show_file, toggle
from dcmtty_tui.screens.series_rows import FileKey, SeriesKey, describe
from dcmtty_tui.viewing import Selection

_STEPS = {"row.down": 1, "row.up": -1}


@handles(*_STEPS)
def move(desk: Desk, call: Call) -> None:
    """Move by rows."""
    desk.ui.rows(desk.pane).move(_STEPS[call.action.id] * call.times)
    _describe(desk)


@handles("row.page_down", "row.page_up")
def page(desk: Desk, call: Call) -> None:
    """Move by pages."""
    rows = desk.ui.rows(desk.pane)
    step = rows.visible_rows * call.times
    rows.move(step if call.action.id == "row.page_down" else -step)
    _describe(desk)


@handles("row.first", "row.last")
def ends(desk: Desk, call: Call) -> None:
    """Go to the first row, the last, or a numbered one."""
    rows = desk.ui.rows(desk.pane)
    last = len(rows.rows) if call.action.id == "row.last" else 1
    rows.go((call.count or last) - 1)
    _describe(desk)


def _describe(desk: Desk) -> None:
    """Say in full what the row is."""
    row = desk.ui.rows(desk.pane).current
    if row is None:
        return
    if desk.pane is Pane.SERIES:
        desk.tell(describe(row.key))
    elif desk.pane is Pane.POINTS and isinstance(row.key, int):
        desk.selection = Selection(desk.selection.roi_number, desk.selection.contour_index, row.key)
    elif desk.pane is Pane.GRID:
        describe_cell(desk, row)
    elif desk.pane is Pane.COMPARE:
        describe_pair(desk)
    elif isinstance(row.key, TagNode):
        desk.tell(describe_node(row.key))
    else:
        desk.tell(row.text.strip())


@handles("row.open")
def open_row(desk: Desk, call: Call) -> None:
    """Open what the row names."""
    del call
    row = desk.ui.rows(desk.pane).current
    if row is None:
        return
    if isinstance(row.key, TagNode):
        toggle(desk, row.key)
    elif desk.pane is Pane.GRID:
        open_grid_row(desk, row)
    elif isinstance(row.key, SeriesKey):
        read_entry(desk, row.key.entry)
    elif isinstance(row.key, FileKey):
        _open_file(desk, row.key)
    elif desk.pane is Pane.ROIS and isinstance(row.key, int):
        choose_roi(desk, row.key)
        desk.pane = Pane.PICTURE
    elif desk.pane is Pane.DEVICES and isinstance(row.key, str):
        choose_device(desk, row.key)
    elif desk.pane is Pane.PLAN:
        show_receipt_row(desk, row.text)
    else:
        _describe(desk)


def _open_file(desk: Desk, key: FileKey) -> None:
    if key.is_structure_set:
        load_structures(desk, key.path)
    else:
        show_file(desk, key.path)
