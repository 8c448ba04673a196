"""The tag tree of one file as rows: what is expanded, and the search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dcmtty.dicom.tags import TagNode, TagTree, open_tags
from dcmtty.dicom.tagsearch import find
from dcmtty.errors import DcmttyError
from dcmtty_tui import theme
from dcmtty_tui.widgets.row_list import Row

NodePath = tuple[int, ...]


class TagBrowser:
    """Follows the file of the slice that is shown; expansions and the search live on from file to file."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.pattern = ""
        self._tree: TagTree | None = None
        self._expanded: set[NodePath] = set()
        self._matches: list[NodePath] = []
        self._error = ""

    def follow(self, path: Path | None) -> bool:
        """Show the tags of another file; false when it is the same one."""
        if path == self.path:
            return False
        if self._tree is not None:
            self._tree.close()
        self.path, self._tree, self._error = path, None, ""
        self._matches = []
        if path is not None:
            try:
                self._tree = open_tags(path)
            except DcmttyError as error:
                self._error = str(error)
        if self.pattern:
            self._search()
        return True

    def rows(self) -> list[Row]:
        """Return the rows that are not hidden in a collapsed sequence."""
        if self._error:
            return [Row(None, self._error, theme.STRONG)]
        if self._tree is None:
            return []
        return list(self._flatten(self._tree.roots()))

    def _flatten(self, nodes: Sequence[TagNode]) -> Iterator[Row]:
        matches = set(self._matches)
        for node in nodes:
            is_open = node.path in self._expanded
            yield Row(node, _line(node, is_open), theme.KEY if node.path in matches else theme.TEXT)
            if is_open and self._tree is not None:
                yield from self._flatten(self._tree.children(node))

    def expand(self, node: TagNode) -> bool:
        """Show what is inside a node; false when there is nothing or it is shown already."""
        if not node.has_children or node.path in self._expanded:
            return False
        self._expanded.add(node.path)
        return True

    def collapse(self, node: TagNode) -> NodePath | None:
        """Hide what is inside a node, or return the path of the node it is inside of."""
        if node.path in self._expanded:
            self._expanded.discard(node.path)
            return node.path
        return node.path[:-1] or None

    def toggle(self, node: TagNode) -> None:
        """Expand or collapse."""
        if not self.expand(node):
            self._expanded.discard(node.path)

    def find(self, pattern: str) -> int:
        """Search keyword, tag number and value; return how many match."""
        self.pattern = pattern
        self._search()
        return len(self._matches)

    def _search(self) -> None:
        self._matches = [node.path for node in find(self._tree, self.pattern)] if self._tree and self.pattern else []

    def next_match(self, current: NodePath, step: int) -> tuple[NodePath, int] | None:
        """Return the match after (or before) a node and its number from 1; what hides it is expanded."""
        if not self._matches:
            return None
        order = sorted(self._matches)
        if step > 0:
            index = next((i for i, path in enumerate(order) if path > current), 0)
        else:
            index = next((i for i in range(len(order) - 1, -1, -1) if order[i] < current), len(order) - 1)
        path = order[index]
        self._expanded |= {path[:length] for length in range(1, len(path))}
        return path, index + 1

    @property
    def match_count(self) -> int:
        """How many nodes match the pattern."""
        return len(self._matches)


def _line(node: TagNode, is_open: bool) -> str:  # noqa: FBT001 - one of two drawings
    mark = ("v" if is_open else ">") if node.has_children else " "
    indent = "  " * node.depth
    return f"{indent}{mark} {node.tag} {node.vr:<2} {node.keyword or node.name} [{node.vm}] {node.value}".rstrip()
