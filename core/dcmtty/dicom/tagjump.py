"""Where a typed tag, keyword or path leads in a file; the nearest place where it is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcmtty.dicom.dictionary import tag_of
from dcmtty.dicom.element import named
from dcmtty.dicom.tags import TagNode, TagTree, Tick
from dcmtty.errors import UsageError
from dcmtty.text import visible


@dataclass(frozen=True, slots=True, eq=False)
class Jump:
    """Where a jump ended."""

    node: TagNode | None
    """None in a file without elements."""
    note: str
    """Why it is not where it was to go; empty when it is."""


def jump(tree: TagTree, text: str, tick: Tick) -> Jump:
    """Return the element, or the item, that a path names: tags or keywords, and items counted from 1, between slashes.

    `0028,0010`, `Rows` and `ROIContourSequence/1/ContourSequence/2` are paths.

    `tick` is called now and then with an offset, and may raise to stop.

    Raises:
        UsageError: a part is neither a tag nor a keyword, or no number of an item.
    """
    node: TagNode | None = None
    for index, part in enumerate(text.strip().split("/")):
        if node is not None and not node.has_children:
            return Jump(node, f"nothing is inside {_name(node)}")
        nodes = tree.listing(node)
        nodes.run(tick)
        if not nodes:
            return Jump(node, "nothing is inside")
        node, note = _element(nodes, part) if index % 2 == 0 else _item(nodes, part)
        if note:
            return Jump(node, note)
    return Jump(node, "")


def _name(node: TagNode) -> str:
    return node.keyword if node.is_item else named(node.element.tag)


def _element(nodes: Sequence[TagNode], part: str) -> tuple[TagNode, str]:
    """Return the element with a tag, else the first one behind it, else the last one."""
    tag = tag_of(part)
    if tag is None:
        raise UsageError(
            f"{visible(part, 60)!r} is neither a tag nor a keyword", remedy="type gggg,eeee or a keyword, e.g. Rows"
        )
    elements = [node for node in nodes if not node.error] or list(nodes)
    exact = next((node for node in elements if node.element.tag == tag), None)
    if exact is not None:
        return exact, ""
    behind = [node for node in elements if node.element.tag > tag]
    nearest = min(behind, key=lambda node: node.element.tag) if behind else elements[-1]
    return nearest, f"{named(tag)} is not there; {_name(nearest)} is the nearest"


def _item(nodes: Sequence[TagNode], part: str) -> tuple[TagNode, str]:
    if not part.isascii() or not part.isdecimal():
        raise UsageError(f"{visible(part, 60)!r} is no number of an item", remedy="count items from 1")
    number = int(part)
    if 1 <= number <= len(nodes):
        return nodes[number - 1], ""
    at = len(nodes) - 1 if number else 0
    return nodes[at], f"there is no item {number}; item {at + 1} is the nearest"
