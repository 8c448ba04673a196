"""The open tag tree of one file: which nodes are open, what is still to be listed, and the labels of items."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from dcmtty.dicom.taglabel import Labels
from dcmtty.dicom.tagplace import preamble_text
from dcmtty.dicom.tags import TagTree, Tick
from dcmtty.errors import InputError
from dcmtty.progress import Progress
from dcmtty_tui.screens.tag_rows import Branch, NodePath, note_row
from dcmtty_tui.widgets.row_list import Row

AT_ONCE_S = 0.012
"""What takes longer goes on in the background."""
_REOPENED_S = 0.03
"""How long nodes that were open are opened again in the next file."""


class Later(Exception):
    """Something takes too long for the thread of the app."""


def until(seconds: float) -> Tick:
    """Return a tick that raises Later when a time is over."""
    deadline = time.monotonic() + seconds

    def tick(offset: int) -> None:
        del offset
        if time.monotonic() > deadline:
            raise Later

    return tick


class OpenTree:
    """One file; it is closed when nothing refers to it any more, as work in the background may."""

    def __init__(self, tree: TagTree) -> None:
        self.tree = tree
        self.labels = Labels(tree)
        self.root = Branch(tree.listing(), holds_items=False)
        self.error = ""
        """Why something could not be listed."""
        self.is_halted = False
        """Whether the user stopped the work in the background."""
        self._list(self.root)

    @property
    def head(self) -> tuple[Row, ...]:
        """Return what stands before the elements: the preamble, and what went wrong."""
        strong = self.tree.preamble == "executable"
        mark = "!" if strong else " "
        try:
            text = preamble_text(self.tree, self.root.nodes)
        except InputError as error:
            text = str(error)
        preamble = note_row(f"{mark} preamble: {text}", strong=strong)
        return (preamble, note_row(f"! {self.error}", strong=True)) if self.error else (preamble,)

    @property
    def is_unfinished(self) -> bool:
        """Whether something that is open was not listed to its end, or labels are missing."""
        return bool(self.labels.missing) or next(self.root.unfinished(), None) is not None

    def _list(self, branch: Branch) -> None:
        try:
            branch.nodes.run(until(AT_ONCE_S))
        except Later:
            return
        except InputError as error:
            self.error = str(error)

    def find(self, path: NodePath) -> tuple[Branch, int] | None:
        """Return the branch that holds the node of a path, and its index there; None when it is not shown."""
        branch: Branch | None = self.root
        found: tuple[Branch, int] | None = None
        for step in path:
            index = branch.index(step) if branch is not None else None
            if branch is None or index is None:
                return None
            found, branch = (branch, index), branch.opened.get(index)
        return found

    def open(self, path: NodePath) -> bool:
        """Show what is inside the node of a path; false when that is not there, or shown already."""
        found = self.find(path)
        if found is None:
            return False
        branch, index = found
        node = branch.nodes[index]
        if index in branch.opened or not node.has_children:
            return False
        inner = branch.opened[index] = Branch(self.tree.listing(node), holds_items=not node.is_item)
        self._list(inner)
        return True

    def open_around(self, path: NodePath) -> None:
        """Show everything that the node of a path lies in."""
        for length in range(1, len(path)):
            self.open(path[:length])

    def open_again(self, paths: Iterable[NodePath]) -> None:
        """Open what was open in another file, as far as there is time."""
        tick = until(_REOPENED_S)
        try:
            for path in sorted(paths, key=len):
                tick(0)
                self.open(path)
        except Later:
            return

    def close(self, path: NodePath) -> bool:
        """Hide what is inside the node of a path; false when that is not shown."""
        found = self.find(path)
        if found is None or found[1] not in found[0].opened:
            return False
        del found[0].opened[found[1]]
        return True

    def rest(self) -> Callable[[Progress], object]:
        """Return what lists the rest and looks for the missing labels; it answers with this tree."""
        listings = list(self.root.unfinished())
        size = self.tree.beginning.source.size

        def finish(progress: Progress) -> object:
            for listing in listings:
                listing.run(lambda offset: progress.step(offset, size, "bytes", "listing"))
            self.labels.find_missing(progress)
            return self

        return finish
