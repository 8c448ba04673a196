"""The tag tree of a file: every element as a node, opened lazily, its value read and decoded when it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from dcmtty.dicom.beginning import Beginning, begin
from dcmtty.dicom.source import open_source
from dcmtty.dicom.taglisting import Book, ElementListing, ItemListing, Listing, Tick
from dcmtty.dicom.tagnode import Scope, TagNode
from dcmtty.dicom.walker import Walk, no_sequence
from dcmtty.errors import InputError

__all__ = ["Listing", "TagNode", "TagTree", "Tick", "open_tags"]


class TagTree:
    """The elements of one open file; every method may be called from any thread."""

    def __init__(self, beginning: Beginning) -> None:
        self._beginning = beginning
        self._book = Book()

    @property
    def damage(self) -> InputError | None:
        """The first place found so far where the file is damaged."""
        return self._book.damage

    @property
    def preamble(self) -> str:
        """The state of the preamble, as `preamble.preamble_state` names it."""
        return self._beginning.preamble

    @property
    def beginning(self) -> Beginning:
        """Where the data set begins and how it is encoded."""
        return self._beginning

    def listing(self, node: TagNode | None = None) -> Listing:
        """Return what is in a node, or the outermost elements without one; `Listing.run` finds it.

        The items of a sequence, the elements of an item, the fragments of pixel data; a last node tells of damage.
        """
        if node is not None and not node.is_item:
            return ItemListing(node, self._book)
        if node is not None:
            walk = Walk.inside(node.scope.source.view(), node.element)
            return ElementListing(walk, node.scope, node.path, self._book)
        beginning = self._beginning
        meta = [TagNode(element, Scope(beginning.file), (element.tag,), element.vr) for element in beginning.meta]
        source = beginning.source
        walk = Walk(source.view(), beginning.offset, source.size, beginning.encoding, enter=no_sequence)
        return ElementListing(walk, Scope(source), (), self._book, meta)

    def roots(self) -> Sequence[TagNode]:
        """Return the elements of the file meta information and of the data set; a last node tells of damage."""
        return _whole(self.listing())

    def children(self, node: TagNode) -> Sequence[TagNode]:
        """Return the items of a sequence, the elements of an item, or the fragments of pixel data."""
        return _whole(self.listing(node)) if node.has_children else ()

    def walk(self) -> Iterator[TagNode]:
        """Yield every node, each before those below it."""
        waiting = [iter(self.roots())]
        while waiting:
            node = next(waiting[-1], None)
            if node is None:
                waiting.pop()
                continue
            yield node
            if node.has_children:
                waiting.append(iter(self.children(node)))

    def close(self) -> None:
        """Close the file; nodes keep what they have, but can no longer read values."""
        self._beginning.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ending: object) -> None:
        self.close()


def _whole(listing: Listing) -> Listing:
    listing.run()
    return listing


def open_tags(path: Path) -> TagTree:
    """Open the tag tree of a file; close it when it is no longer looked at.

    Raises:
        NotDicom: the file is something else.
        TruncatedFile: not even its file meta information is complete.
        InputError: not readable, or a deflate bomb. Damage further in the file becomes a node and `TagTree.damage`.
    """
    source = open_source(path)
    try:
        return TagTree(begin(source))
    except InputError:
        source.close()
        raise
