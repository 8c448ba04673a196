"""The nodes of a tag tree as a comparison takes them: all that are side by side, up to a bound."""

from __future__ import annotations

from collections.abc import Callable

from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.errors import InputError

MOST_NODES = 250_000
"""Elements or items side by side; what comes behind is told as damage is, and not compared."""


def _no_tick(offset: int) -> None:
    del offset


def nodes_in(tree: TagTree, node: TagNode | None = None, tick: Callable[[int], None] = _no_tick) -> list[TagNode]:
    """Return what is in a node, or the outermost elements without one; a last node tells where that ends too early.

    `tick` is called now and then with an offset, and may raise Cancelled.
    """
    if node is not None and not node.has_children:
        return []
    listing = tree.listing(node)

    def watch(offset: int) -> None:
        tick(offset)
        if len(listing) > MOST_NODES:
            name = tree.beginning.file.name
            raise InputError(f"{name}: more than {MOST_NODES} elements side by side", remedy="not compared further")

    listing.run(watch)
    return list(listing)
