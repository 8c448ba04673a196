"""The whole tag tree as lines of text: small ordinary items as one piece, all else node by node, the same lines."""

from __future__ import annotations

from collections.abc import Iterator

from dcmtty.dicom.itemtext import INDENT, Form, ItemText, Odd, element_text
from dcmtty.dicom.taglisting import ItemListing
from dcmtty.dicom.tagnode import TagNode
from dcmtty.dicom.tags import TagTree

__all__ = ["element_text", "line", "tree_lines"]

_LARGEST_ITEM_BYTES = 1 << 16
"""Larger ones are opened, so that what is in them is written in pieces."""


def line(node: TagNode) -> str:
    """Return the line of a node: place by indentation, tag, VR, VM, keyword, value."""
    indent = INDENT * node.depth
    if node.error:
        return f"{indent}! {node.error}"
    if node.is_item:
        return f"{indent}{node.keyword}" + (f"  {node.value}" if node.value else "")
    return indent + element_text(node)


def tree_lines(tree: TagTree) -> Iterator[str]:
    """Yield the lines of the whole tree; some are several, with line ends between them."""
    forms: dict[bytes, Form] = {}
    waiting: list[Iterator[TagNode | str]] = [iter(tree.roots())]
    while waiting:
        one = next(waiting[-1], None)
        if one is None:
            waiting.pop()
        elif isinstance(one, str):
            yield one
        else:
            yield line(one)
            if one.has_children:
                waiting.append(_inside(tree, one, forms))


def _inside(tree: TagTree, node: TagNode, forms: dict[bytes, Form]) -> Iterator[TagNode | str]:
    """Yield what is directly in a node: small ordinary items as text, with all that is in them, and nodes."""
    listing = tree.listing(node)
    listing.run()
    if not isinstance(listing, ItemListing):
        yield from listing
        return
    count = 0
    for count, (start, end) in enumerate(listing.extents(), start=1):
        text = _text(node, count - 1, start, end, forms) if end - start <= _LARGEST_ITEM_BYTES else None
        yield listing[count - 1] if text is None else text
    yield from listing[count:]


def _text(node: TagNode, index: int, start: int, end: int, forms: dict[bytes, Form]) -> str | None:
    """Return the lines of an item of a sequence, None where nodes must tell what is in it."""
    item = ItemText(node.scope.source.read(start, end - start), start, node.element.encoding, forms)
    try:
        item.write(index, node.element.depth + 1, node.depth + 1, node.scope)
    except Odd:
        return None
    return "\n".join(item.lines)
