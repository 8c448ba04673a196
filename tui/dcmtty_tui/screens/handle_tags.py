"""Handlers of the tag tree: what is open in it, search, jumps, raw bytes and the clipboard."""

from __future__ import annotations

from dcmtty.dicom.model import Instance
from dcmtty.dicom.rawbytes import extent
from dcmtty.dicom.tagjump import Jump
from dcmtty.dicom.tagplace import path_text
from dcmtty.dicom.tags import TagNode
from dcmtty.dicom.tagsearch import MOST_MATCHES, Matches
from dcmtty.text import visible
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles
from dcmtty_tui.screens.raw_bytes import BytesScreen
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


def show_tags(desk: Desk, instance: Instance) -> None:
    """Show the tag tree of an object that has no picture."""
    desk.tags.follow(instance.path)
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
        _go_to(desk, goal)
    else:
        redraw(desk)


def grew(desk: Desk) -> None:
    """Show what the background has listed so far."""
    if desk.tags.is_unfinished and desk.ui.rows(Pane.TAGS).has_class("shown"):
        desk.tags.changed()
        desk.ui.rows(Pane.TAGS).set_rows(desk.tags.rows(), title(desk.tags))


def _current(desk: Desk) -> TagNode | None:
    row = desk.ui.rows(Pane.TAGS).current
    return row.key if row is not None and isinstance(row.key, TagNode) else None


def toggle(desk: Desk, node: TagNode) -> None:
    """Open a node, or close it."""
    if desk.tags.expand(node):
        _go_to(desk, node.path)
    elif node.has_children:
        desk.tags.collapse(node)
        redraw(desk)


@handles("row.expand")
def expand(desk: Desk, call: Call) -> None:
    """Show what is inside a sequence or an item."""
    del call
    node = _current(desk) if desk.pane is Pane.TAGS else None
    if node is None:
        return
    if desk.tags.expand(node):
        _go_to(desk, node.path)
    elif node.has_children:
        desk.ui.rows(Pane.TAGS).move(1)


@handles("row.collapse")
def collapse(desk: Desk, call: Call) -> None:
    """Hide what is inside, or go to the node around."""
    del call
    node = _current(desk) if desk.pane is Pane.TAGS else None
    if node is None:
        return
    path = desk.tags.collapse(node)
    redraw(desk)
    if path is not None:
        _go_to(desk, path)


def _go_to(desk: Desk, path: NodePath) -> bool:
    """Go to the row of a path; where it is not listed yet, as soon as it is."""
    index = desk.tags.index_of(path)
    redraw(desk)
    if index is not None:
        desk.ui.rows(Pane.TAGS).go(index)
    elif desk.tags.is_unfinished:
        desk.tags.goal, desk.tags.is_waiting = path, True
    return index is not None


@handles("find")
def find(desk: Desk, call: Call) -> None:
    """Ask for a pattern, or search for the one that was typed."""
    if not call.arguments:
        desk.ui.ask("find", "/  tag, or part of a keyword, name or value; /.../ for a regular expression", "")
        return
    search(desk, " ".join(call.arguments))


def search(desk: Desk, pattern: str) -> None:
    """Search the tags of the file that is shown and go to the first match."""
    if not pattern:
        return
    desk.mode, desk.pane = Mode.BROWSE, Pane.TAGS
    follow_slice(desk)
    if desk.tags.path is None:
        desk.refuse(_no_file(desk))
        return
    work = desk.tags.search(pattern)
    redraw(desk)
    if work is not None:
        desk.ui.start_work("find", work)
        desk.tell(f"searching for {visible(pattern, 60)}; q stops it")
    elif desk.tags.matches is not None:
        _show_matches(desk, desk.tags.matches)


def _no_file(desk: Desk) -> str:
    if desk.viewer.wanted is None:
        return "no file is open; press enter on one in the series pane"
    return "a reformatted view is of no one file, so it has no tags; press V to go back to the slices"


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


def found(desk: Desk, number: int, answer: Matches | Jump) -> None:
    """Take the answer of a search or a jump in the background."""
    was_waiting = desk.tags.is_waiting
    if not desk.tags.is_answer(number):
        return
    if isinstance(answer, Jump):
        _jumped(desk, answer)
        return
    desk.tags.matches = answer
    desk.tags.changed()
    redraw(desk)
    if was_waiting:
        _show_matches(desk, answer)


def _show_matches(desk: Desk, matches: Matches) -> None:
    if not matches.nodes:
        desk.refuse(f"nothing matches {visible(matches.pattern, 60)!r} in keyword, tag number, name or value")
        return
    _go_to_match(desk, 1, from_start=True)
    if not matches.is_all:
        desk.tell(f"only the first {MOST_MATCHES} matches are kept; {desk.message}")


@handles("find.next", "find.previous")
def find_again(desk: Desk, call: Call) -> None:
    """Go to another match."""
    matches = desk.tags.matches
    if matches is None or not matches.nodes:
        pattern = visible(desk.tags.pattern, 60)
        desk.refuse(f"nothing matches {pattern!r}" if pattern else "nothing was searched for; press /")
        return
    desk.pane = Pane.TAGS
    _go_to_match(desk, (1 if call.action.id == "find.next" else -1) * min(call.times, len(matches.nodes)))


def _go_to_match(desk: Desk, step: int, *, from_start: bool = False) -> None:
    matches = desk.tags.matches
    current = None if from_start else _current(desk)
    index = matches.next(current.order if current is not None else None, step) if matches is not None else None
    if matches is None or index is None:
        return
    index = (index + step - (1 if step > 0 else -1)) % len(matches.nodes)
    node = matches.nodes[index]
    if desk.tags.is_filtered:
        desk.ui.rows(Pane.TAGS).go(desk.tags.row_of(node) or 0)
    else:
        _go_to(desk, node.path)
    desk.tell(f"match {index + 1} of {len(matches.nodes)}: {describe_node(node)}")


@handles("find.filter")
def only_matches(desk: Desk, call: Call) -> None:
    """Show only what matches with what it lies in, or everything again."""
    del call
    node = _current(desk)
    if not desk.tags.toggle_filter():
        desk.refuse("nothing was found to show alone; press / to search")
        return
    desk.pane = Pane.TAGS
    if desk.tags.is_filtered or node is None:
        redraw(desk)
        desk.tell("only what matches; F shows everything again")
    else:
        _go_to(desk, node.path)


@handles("tag.go")
def go_to_tag(desk: Desk, call: Call) -> None:
    """Go to a tag, keyword or path that was typed."""
    text = " ".join(call.arguments)
    if not text:
        desk.ui.ask("tag", "a tag, a keyword, or a path such as ROIContourSequence/1/ContourSequence/2")
        return
    jump_to(desk, text)


def jump_to(desk: Desk, text: str) -> None:
    """Go to what a path names, or near it."""
    if not text.strip():
        return
    desk.mode, desk.pane = Mode.BROWSE, Pane.TAGS
    follow_slice(desk)
    answer = desk.tags.jump(text)
    if answer is None:
        desk.refuse(_no_file(desk))
    elif isinstance(answer, Jump):
        _jumped(desk, answer)
    else:
        desk.ui.start_work("find", answer)
        desk.tell("looking for it; q stops that")


def _jumped(desk: Desk, answer: Jump) -> None:
    if answer.node is not None:
        _go_to(desk, answer.node.path)
        desk.tell(f"{answer.note}: {describe_node(answer.node)}" if answer.note else describe_node(answer.node))
    else:
        desk.refuse(answer.note)


@handles("tag.hex")
def raw_bytes(desk: Desk, call: Call) -> None:
    """Show the bytes of the element under the cursor."""
    del call
    node = _current(desk)
    if node is None:
        desk.refuse("there is no element under the cursor")
        return
    desk.ui.show(BytesScreen(f"{path_text(node.path)} {node.keyword or node.name}", node))


@handles("tag.copy_value", "tag.copy_path")
def copy(desk: Desk, call: Call) -> None:
    """Send the value, or the path, to the clipboard of the terminal."""
    node = _current(desk)
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
