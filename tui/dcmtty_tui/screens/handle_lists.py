"""Handlers of the lists: moving in them, opening what a row names, the tag tree and its search."""

from __future__ import annotations

from dcmtty.dicom.model import Instance, Series
from dcmtty.dicom.tags import TagNode
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles
from dcmtty_tui.screens.handle_file import load_structures, open_series
from dcmtty_tui.screens.handle_roi import choose_roi
from dcmtty_tui.screens.handle_send import choose_device, show_receipt_row
from dcmtty_tui.screens.series_rows import describe
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
    elif isinstance(row.key, TagNode):
        node = row.key
        desk.tell(f"{node.tag} {node.vr} {node.name or node.keyword} VM {node.vm}, {node.length} bytes: {node.value}")
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
        desk.tags.toggle(row.key)
        _redraw_tags(desk)
    elif isinstance(row.key, Series):
        open_series(desk, row.key)
    elif isinstance(row.key, Instance):
        _open_instance(desk, row.key)
    elif desk.pane is Pane.ROIS and isinstance(row.key, int):
        choose_roi(desk, row.key)
        desk.pane = Pane.PICTURE
    elif desk.pane is Pane.DEVICES and isinstance(row.key, str):
        choose_device(desk, row.key)
    elif desk.pane is Pane.PLAN:
        show_receipt_row(desk, row.text)
    else:
        _describe(desk)


def _open_instance(desk: Desk, instance: Instance) -> None:
    if instance in desk.session.archive.structure_sets:
        load_structures(desk, instance.path)
    else:
        show_tags(desk, instance)


def show_tags(desk: Desk, instance: Instance) -> None:
    """Show the tag tree of an object that has no picture."""
    desk.tags.follow(instance.path)
    desk.tags_pinned = True
    desk.pane = Pane.TAGS
    _redraw_tags(desk)


def follow_slice(desk: Desk) -> None:
    """Show the tags of the slice that is shown; a reformatted view is of no one file, so it has none.

    Those of an object without a picture stay while they are looked at.
    """
    shown = desk.viewer.shown
    if shown is None or desk.tags_pinned:
        return
    view = shown.view
    if desk.tags.follow(view.series.slices[view.slice_number - 1].instance.path if view.may_edit else None):
        _redraw_tags(desk)


def _redraw_tags(desk: Desk) -> None:
    desk.ui.rows(Pane.TAGS).set_rows(desk.tags.rows())


@handles("row.expand")
def expand(desk: Desk, call: Call) -> None:
    """Show what is inside a sequence or an item."""
    del call
    row = desk.ui.rows(desk.pane).current
    if row is None or not isinstance(row.key, TagNode):
        return
    if desk.tags.expand(row.key):
        _redraw_tags(desk)
    elif row.key.has_children:
        desk.ui.rows(Pane.TAGS).move(1)


@handles("row.collapse")
def collapse(desk: Desk, call: Call) -> None:
    """Hide what is inside, or go to the node around."""
    del call
    row = desk.ui.rows(desk.pane).current
    if row is None or not isinstance(row.key, TagNode):
        return
    path = desk.tags.collapse(row.key)
    _redraw_tags(desk)
    if path is not None:
        desk.ui.rows(Pane.TAGS).go_to_key(lambda key: isinstance(key, TagNode) and key.path == path)


@handles("find")
def find(desk: Desk, call: Call) -> None:
    """Ask for a pattern, or search for the one that was typed."""
    if not call.arguments:
        desk.ui.ask("find", "/", "")
        return
    search(desk, " ".join(call.arguments))


def search(desk: Desk, pattern: str) -> None:
    """Search the tags of the file that is shown and go to the first match."""
    if not pattern:
        return
    desk.mode, desk.pane = Mode.BROWSE, Pane.TAGS
    follow_slice(desk)
    count = desk.tags.find(pattern)
    _redraw_tags(desk)
    if desk.tags.path is None:
        desk.refuse("a reformatted view is of no one file, so it has no tags; press V to go back to the slices")
        return
    if not count:
        desk.refuse(f"nothing matches {pattern!r} in keyword, tag number or value")
        return
    _go_to_match(desk, 1, from_start=True)


@handles("find.next", "find.previous")
def find_again(desk: Desk, call: Call) -> None:
    """Go to another match."""
    if not desk.tags.match_count:
        desk.refuse(
            "nothing was searched for; press /" if not desk.tags.pattern else f"nothing matches {desk.tags.pattern!r}"
        )
        return
    desk.pane = Pane.TAGS
    for _ in range(min(call.times, desk.tags.match_count)):
        _go_to_match(desk, 1 if call.action.id == "find.next" else -1)


def _go_to_match(desk: Desk, step: int, *, from_start: bool = False) -> None:
    rows = desk.ui.rows(Pane.TAGS)
    current = rows.current.key if rows.current is not None and not from_start else None
    found = desk.tags.next_match(current.path if isinstance(current, TagNode) else (), step)
    if found is None:
        return
    path, number = found
    _redraw_tags(desk)
    rows.go_to_key(lambda key: isinstance(key, TagNode) and key.path == path)
    _describe(desk)
    desk.tell(f"match {number} of {desk.tags.match_count}: {desk.message}")
