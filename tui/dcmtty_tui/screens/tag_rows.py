"""The tag tree as rows: made where somebody looks, so that a hundred thousand items cost what is on screen."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from dcmtty.dicom.tags import Listing, TagNode
from dcmtty_tui import theme
from dcmtty_tui.widgets.row_list import MadeRows, Row

NodePath = tuple[int, ...]
Draw = Callable[[TagNode, bool], Row]
"""Returns the row of a node; the second argument says whether what is inside it is shown."""


class Branch:
    """What is directly in the file, or in a node that is open."""

    def __init__(self, nodes: Listing, *, holds_items: bool) -> None:
        self.nodes = nodes
        self.opened: dict[int, Branch] = {}
        """Of the nodes that are open, by their index."""
        self._holds_items = holds_items
        self._by_tag: dict[int, int] = {}
        self._seen = 0

    def index(self, step: int) -> int | None:
        """Return where a tag, or an item's index, stands among the nodes."""
        count = len(self.nodes)
        if step < 0:
            return count - 1 if count and self.nodes[count - 1].error else None
        if self._holds_items:
            return step if step < count else None
        for index in range(self._seen, count):
            self._by_tag.setdefault(self.nodes[index].path[-1], index)
        self._seen = count
        return self._by_tag.get(step)

    def unfinished(self) -> Iterator[Listing]:
        """Yield the listings, here and below, of which not all is known."""
        if not self.nodes.is_complete:
            yield self.nodes
        for branch in self.opened.values():
            yield from branch.unfinished()


class _Segment(NamedTuple):
    """Rows that are nodes of one branch, one after the other."""

    row: int
    branch: Branch
    first: int
    length: int


class NodeRows(MadeRows):
    """Rows that are made when they are asked for."""

    def __init__(self, head: Sequence[Row], draw: Draw) -> None:
        self._head = head
        self._draw = draw
        self._made: dict[int, Row] = {}

    @abstractmethod
    def _count(self) -> int:
        """Return how many rows follow the head."""

    @abstractmethod
    def _row(self, index: int) -> Row:
        """Make one of the rows that follow the head."""

    @abstractmethod
    def _index(self, node: TagNode) -> int | None:
        """Return which of the rows that follow the head is that of a node."""

    def index_of(self, key: object) -> int | None:
        """Return the row of a node, or of what stands before all nodes."""
        if isinstance(key, TagNode):
            index = self._index(key)
            return None if index is None else index + len(self._head)
        return next((index for index, row in enumerate(self._head) if row.key == key), None)

    def __len__(self) -> int:
        return len(self._head) + self._count()

    def row(self, index: int) -> Row:
        """Return a row, made when it was not before."""
        if index < len(self._head):
            return self._head[index]
        if index not in self._made:
            self._made[index] = self._row(index - len(self._head))
        return self._made[index]


class TreeRows(NodeRows):
    """The tree as it stands: the nodes of the outermost branch, and those of the open ones below theirs."""

    def __init__(self, root: Branch, head: Sequence[Row], draw: Draw) -> None:
        super().__init__(head, draw)
        self._root = root
        self._segments: list[_Segment] = []
        self._ends = self._collect(root, 0)
        self._starts = [segment.row for segment in self._segments]

    def _collect(self, branch: Branch, row: int) -> int:
        """Add the segments of a branch that begins at a row; return the row behind it."""
        first, count = 0, len(branch.nodes)
        for index in sorted(branch.opened):
            if index >= count:
                break
            self._segments.append(_Segment(row, branch, first, index + 1 - first))
            row = self._collect(branch.opened[index], row + index + 1 - first)
            first = index + 1
        if first < count:
            self._segments.append(_Segment(row, branch, first, count - first))
            row += count - first
        return row

    def _count(self) -> int:
        return self._ends

    def _row(self, index: int) -> Row:
        segment = self._segments[bisect_right(self._starts, index) - 1]
        at = segment.first + index - segment.row
        return self._draw(segment.branch.nodes[at], at in segment.branch.opened)

    def _index(self, node: TagNode) -> int | None:
        branch: Branch | None = self._root
        found: tuple[Branch, int] | None = None
        for step in node.path:
            index = branch.index(step) if branch is not None else None
            if branch is None or index is None:
                return None
            found, branch = (branch, index), branch.opened.get(index)
        if found is None:
            return None
        for segment in self._segments:
            if segment.branch is found[0] and segment.first <= found[1] < segment.first + segment.length:
                return segment.row + found[1] - segment.first
        return None


class MatchRows(NodeRows):
    """Only what matches a search, and what it lies in."""

    def __init__(self, shown: Sequence[TagNode], head: Sequence[Row], draw: Draw) -> None:
        super().__init__(head, draw)
        self._shown = shown

    def _count(self) -> int:
        return len(self._shown)

    def _row(self, index: int) -> Row:
        node = self._shown[index]
        inside = index + 1 < len(self._shown) and self._shown[index + 1].depth > node.depth
        return self._draw(node, inside)

    def _index(self, node: TagNode) -> int | None:
        at = bisect_right(self._shown, node.order, key=lambda one: one.order) - 1
        return at if at >= 0 and self._shown[at].path == node.path else None


def note_row(text: str, *, strong: bool = False) -> Row:
    """Return a row that stands for no node; its text is its key."""
    return Row(text, text, theme.STRONG if strong else theme.DIM)
