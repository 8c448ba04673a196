"""Where in a file an offset lies: what the preamble points into, and which element a typed tag is nearest to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from dcmtty.dicom.dictionary import tag_text
from dcmtty.dicom.element import UNDEFINED, named
from dcmtty.dicom.preamble import PREFIX_END, Preamble, read_preamble
from dcmtty.dicom.tags import TagNode, TagTree

_STATES = {
    "none": "no preamble",
    "clean": "clean (all zero)",
    "other": "neither zeros nor the header of a TIFF in this file",
    "dual-tiff": "the file is a TIFF, too",
    "executable": "EXECUTABLE: looks like a program, do not run or open it with anything else",
}


def tree_preamble(tree: TagTree) -> Preamble:
    """Return what the preamble of an open file is."""
    file = tree.beginning.file
    return read_preamble(file.available(0, PREFIX_END), file.size, file.available)


def preamble_text(tree: TagTree, roots: Sequence[TagNode]) -> str:
    """Return a sentence about the preamble: what it is, and what in the file it points to."""
    found = tree_preamble(tree)
    parts = [_STATES[found.state]]
    if found.magic:
        parts.append(found.magic)
    if found.target is not None:
        parts.append(f"points to byte {found.target}, {place_of(tree, roots, found.target)}")
    return "; ".join(parts)


def place_of(tree: TagTree, roots: Sequence[TagNode], offset: int) -> str:
    """Return what of the file lies at an offset: an outermost element, the preamble, or what is behind all elements."""
    beginning = tree.beginning
    if offset >= beginning.file.size:
        return "behind the end of the file"
    if offset < PREFIX_END:
        return "in the preamble itself"
    own = [node for node in roots if not node.error and node.scope.source is beginning.file]
    index = bisect_right([node.offset for node in own], offset) - 1
    if index >= 0 and (index + 1 < len(own) or offset < _end(own[index])):
        return f"in {named(own[index].element.tag)}"
    if beginning.source is not beginning.file:
        return "in the deflated data set"
    return "in the tail behind the last element"


def _end(node: TagNode) -> int:
    element = node.element
    return element.end if element.length == UNDEFINED else element.value_offset + element.length


def path_text(path: Sequence[int]) -> str:
    """Return a path from the top: tags, and items counted from 1, e.g. `0008,1140/2/0008,0100`."""
    return "/".join(tag_text(step) if index % 2 == 0 else str(step + 1) for index, step in enumerate(path))
