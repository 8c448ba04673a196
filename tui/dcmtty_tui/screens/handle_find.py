"""Handlers of finding in the tag tree: search, matches, and jumps to what was typed."""

from __future__ import annotations

from dcmtty.dicom.tagjump import Jump
from dcmtty.dicom.tagsearch import MOST_MATCHES, Matches
from dcmtty.text import visible
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles
from dcmtty_tui.screens.handle_tags import current_node, describe_node, follow_slice, go_to, no_file, redraw


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
        desk.refuse(no_file(desk))
        return
    work = desk.tags.search(pattern)
    redraw(desk)
    if work is not None:
        desk.ui.start_work("find", work)
        desk.tell(f"searching for {visible(pattern, 60)}; q stops it")
    elif desk.tags.matches is not None:
        _show_matches(desk, desk.tags.matches)


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
    current = None if from_start else current_node(desk)
    index = matches.next(current.order if current is not None else None, step) if matches is not None else None
    if matches is None or index is None:
        return
    index = (index + step - (1 if step > 0 else -1)) % len(matches.nodes)
    node = matches.nodes[index]
    if desk.tags.is_filtered:
        desk.ui.rows(Pane.TAGS).go(desk.tags.row_of(node) or 0)
    else:
        go_to(desk, node.path)
    desk.tell(f"match {index + 1} of {len(matches.nodes)}: {describe_node(node)}")


@handles("find.filter")
def only_matches(desk: Desk, call: Call) -> None:
    """Show only what matches with what it lies in, or everything again."""
    del call
    node = current_node(desk)
    if not desk.tags.toggle_filter():
        desk.refuse("nothing was found to show alone; press / to search")
        return
    desk.pane = Pane.TAGS
    if desk.tags.is_filtered or node is None:
        redraw(desk)
        desk.tell("only what matches; F shows everything again")
    else:
        go_to(desk, node.path)


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
        desk.refuse(no_file(desk))
    elif isinstance(answer, Jump):
        _jumped(desk, answer)
    else:
        desk.ui.start_work("find", answer)
        desk.tell("looking for it; q stops that")


def _jumped(desk: Desk, answer: Jump) -> None:
    if answer.node is not None:
        go_to(desk, answer.node.path)
        desk.tell(f"{answer.note}: {describe_node(answer.node)}" if answer.note else describe_node(answer.node))
    else:
        desk.refuse(answer.note)
