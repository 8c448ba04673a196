"""Handlers of the tag tree: whose it is, what is open in it, raw bytes and the clipboard."""

from __future__ import annotations

from pathlib import Path

from dcmtty.dicom.rawbytes import extent
from dcmtty.dicom.tagplace import path_text
from dcmtty.dicom.tags import TagNode
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles, typed_path
from dcmtty_tui.screens.raw_bytes import BytesScreen
from dcmtty_tui.screens.series_rows import path_of
from dcmtty_tui.screens.tag_browser import title
from dcmtty_tui.screens.tag_rows import NodePath

LARGEST_COPY_BYTES = 74_994
"""Terminals that limit what they take for the clipboard take this much; in base64 it is 100,000 characters."""


def describe_node(node: TagNode) -> str:
    """Return a sentence about a row of the tree."""
    if node.error:
        return node.error
    if node.is_item:
        return f"{node.keyword} of {path_text(node.path[:-1])}, {extent(node).text}"
    return f"{node.tag} {node.vr} {node.name or node.keyword} VM {node.vm}, {extent(node).text}: {node.value}"


@handles("tags")
def show_tags_of_row(desk: Desk, call: Call) -> None:
    """Show the tags of what the row names, or of a file that was typed."""
    if call.arguments:
        desk.mode = Mode.BROWSE
        show_file(desk, typed_path(" ".join(call.arguments)))
        return
    if desk.pane is not Pane.SERIES:
        desk.pane = Pane.TAGS
        return
    row = desk.ui.rows(Pane.SERIES).current
    path = path_of(row.key) if row is not None else None
    if path is None:
        desk.refuse("this row is no file; go to a series, a structure set or another object")
    else:
        show_file(desk, path)


def show_file(desk: Desk, path: Path) -> None:
    """Show the tag tree of a file, whichever slice is shown."""
    desk.tags.follow(path)
    desk.tags_pinned = True
    desk.pane = Pane.TAGS
    redraw(desk)
    _search_again(desk)


def follow_slice(desk: Desk) -> None:
    """Show the tags of the slice that is shown; a reformatted view is of no one file, so it has none.

    Those of an object without a picture stay while they are looked at.
    """
    shown = desk.viewer.shown
    if shown is None or desk.tags_pinned:
        _keep_up(desk)
        return
    view = shown.view
    if desk.tags.follow(view.series.slices[view.slice_number - 1].instance.path if view.may_edit else None):
        redraw(desk)
        _search_again(desk)
    else:
        _keep_up(desk)


def _search_again(desk: Desk) -> None:
    """Look for the same in the next file."""
    if desk.tags.pattern:
        was_filtered = desk.tags.is_filtered
        work = desk.tags.search(desk.tags.pattern)
        desk.tags.is_filtered = was_filtered and bool(desk.tags.matches and desk.tags.matches.nodes)
        redraw(desk)
        if work is not None:
            desk.tags.is_waiting = False
            desk.ui.start_work("find", work)


def no_file(desk: Desk) -> str:
    """Return why there are no tags to look at."""
    if desk.viewer.wanted is None:
        return "no file is open; press enter on one in the series pane"
    return "a reformatted view is of no one file, so it has no tags; press V to go back to the slices"


def redraw(desk: Desk) -> None:
    """Show the rows as they are now, and let the background list what takes longer."""
    desk.ui.rows(Pane.TAGS).set_rows(desk.tags.rows(), title(desk.tags))
    _keep_up(desk)


def _keep_up(desk: Desk) -> None:
    """Let the background list what is not listed, and look for labels of the rows on the screen that take long."""
    shown = desk.tags.open_tree
    desk.ui.rows(Pane.TAGS).make_shown()
    if shown is not None and shown.is_unfinished and not shown.is_halted and not desk.ui.is_working("tags"):
        desk.ui.start_work("tags", shown.rest())


def halt(desk: Desk) -> None:
    """Take note that the user stopped what runs in the background."""
    desk.tags.stop()
    if desk.tags.open_tree is not None:
        desk.tags.open_tree.is_halted = True


def listed(desk: Desk, tree: object) -> None:
    """Take note that all of a file that is open is listed."""
    if tree is not desk.tags.open_tree:
        return
    desk.tags.changed()
    goal = desk.tags.goal
    if goal is not None:
        desk.tags.stop()
        go_to(desk, goal)
    else:
        redraw(desk)


def grew(desk: Desk) -> None:
    """Show what the background has listed so far."""
    if desk.tags.is_unfinished and desk.ui.rows(Pane.TAGS).has_class("shown"):
        desk.tags.changed()
        desk.ui.rows(Pane.TAGS).set_rows(desk.tags.rows(), title(desk.tags))


def current_node(desk: Desk) -> TagNode | None:
    """Return the node under the cursor, None where there is none."""
    row = desk.ui.rows(Pane.TAGS).current
    return row.key if row is not None and isinstance(row.key, TagNode) else None


def toggle(desk: Desk, node: TagNode) -> None:
    """Open a node, or close it."""
    if desk.tags.expand(node):
        go_to(desk, node.path)
    elif node.has_children:
        desk.tags.collapse(node)
        redraw(desk)


@handles("row.expand")
def expand(desk: Desk, call: Call) -> None:
    """Show what is inside a sequence or an item."""
    del call
    node = current_node(desk) if desk.pane is Pane.TAGS else None
    if node is None:
        return
    if desk.tags.expand(node):
        go_to(desk, node.path)
    elif node.has_children:
        desk.ui.rows(Pane.TAGS).move(1)


@handles("row.collapse")
def collapse(desk: Desk, call: Call) -> None:
    """Hide what is inside, or go to the node around."""
    del call
    node = current_node(desk) if desk.pane is Pane.TAGS else None
    if node is None:
        return
    path = desk.tags.collapse(node)
    redraw(desk)
    if path is not None:
        go_to(desk, path)


def go_to(desk: Desk, path: NodePath) -> bool:
    """Go to the row of a path; where it is not listed yet, as soon as it is."""
    index = desk.tags.index_of(path)
    redraw(desk)
    if index is not None:
        desk.ui.rows(Pane.TAGS).go(index)
    elif desk.tags.is_unfinished:
        desk.tags.goal, desk.tags.is_waiting = path, True
    return index is not None


@handles("tag.hex")
def raw_bytes(desk: Desk, call: Call) -> None:
    """Show the bytes of the element under the cursor."""
    del call
    node = current_node(desk)
    if node is None:
        desk.refuse("there is no element under the cursor")
        return
    desk.ui.show(BytesScreen(f"{path_text(node.path)} {node.keyword or node.name}", node))


@handles("tag.copy_value", "tag.copy_path")
def copy(desk: Desk, call: Call) -> None:
    """Send the value, or the path, to the clipboard of the terminal."""
    node = current_node(desk)
    if node is None:
        desk.refuse("there is no element under the cursor")
        return
    path, is_path = path_text(node.path), call.action.id == "tag.copy_path"
    what, text = ("path", path) if is_path else ("value", node.plain(LARGEST_COPY_BYTES + 1))
    size = len(text.encode())
    if not text:
        desk.refuse(f"{path} has no value to copy")
    elif size > LARGEST_COPY_BYTES:
        desk.refuse(
            f"not copied: the {what} of {path} has more than {LARGEST_COPY_BYTES} bytes, which terminals refuse"
        )
    else:
        desk.ui.copy(text)
        desk.tell(f"sent the {what} ({size} bytes) to the terminal's clipboard: {text[:60]}")
