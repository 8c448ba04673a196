"""The items of two sequences brought together: by an identifying value, else by their content, else by position."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

from dcmtty.dicom.compare.align import Alignment, align_by_content, align_by_position, align_items
from dcmtty.dicom.compare.bulk import range_pieces, same_range
from dcmtty.dicom.compare.identities import content_print, identities
from dcmtty.dicom.element import UNDEFINED
from dcmtty.dicom.tags import TagNode, TagTree

MOST_ITEMS = 20_000
"""Items without an identifying value are matched by their content up to this many, else by position alone."""
Extent = tuple[int, int] | None
"""From the tag of a node up to what follows it; None where only a walk would tell."""


def extents(nodes: Sequence[TagNode]) -> list[Extent]:
    """Return where each node begins and ends in its source."""
    ends = [node.element.offset for node in nodes[1:]]
    out: list[Extent] = [(node.element.offset, end) for node, end in zip(nodes, ends, strict=False)]
    if nodes:
        last = nodes[-1].element
        known = last.length != UNDEFINED and not nodes[-1].error
        out.append((last.offset, last.value_offset + last.length) if known else None)
    return out


def is_same_extent(a: TagNode, of_a: Extent, b: TagNode, of_b: Extent) -> bool:
    """Say whether two nodes are the same, byte for byte, and are read the same way."""
    if of_a is None or of_b is None or not reads_alike(a, b):
        return False
    return same_range(a.scope.source, *of_a, b.scope.source, *of_b)


def reads_alike(a: TagNode, b: TagNode) -> bool:
    """Say whether the same bytes mean the same in both."""
    return (
        a.element.encoding == b.element.encoding
        and a.scope.encodings == b.scope.encodings
        and a.scope.signed == b.scope.signed
    )


def align_sequence(trees: tuple[TagTree, TagTree], a: Sequence[TagNode], b: Sequence[TagNode]) -> Alignment:
    """Return which items of two sequences belong together, and by what."""
    if min(len(a), len(b)) == 0 or max(len(a), len(b)) == 1:
        return align_by_position(a, b)
    found = align_items(a, b, identities(a[0], b[0]))
    if found is not None:
        return found
    if max(len(a), len(b)) > MOST_ITEMS:
        return align_by_position(a, b)
    by_content = align_by_content(a, b, *_prints(trees, a, b))
    if len(a) == len(b) and all(x is not None and y is not None for x, y, _ in by_content.items):
        return align_by_position(a, b)
    return by_content


def _prints(
    trees: tuple[TagTree, TagTree], a: Sequence[TagNode], b: Sequence[TagNode]
) -> tuple[list[Hashable], list[Hashable]]:
    """Return a print of the content of each item: of the bytes where both files have one encoding, else of values."""
    extents_a, extents_b = extents(a), extents(b)
    plain = (
        reads_alike(a[0], b[0])
        and None not in {*extents_a, *extents_b}
        and len({node.element.length == UNDEFINED for node in (*a, *b)}) == 1
    )
    if plain:
        return [_raw(*pair) for pair in zip(a, extents_a, strict=True)], [
            _raw(*pair) for pair in zip(b, extents_b, strict=True)
        ]
    return [content_print(trees[0], item) for item in a], [content_print(trees[1], item) for item in b]


def _raw(item: TagNode, extent: Extent) -> Hashable:
    digest = hashlib.sha256()
    if extent is not None:
        for piece in range_pieces(item.scope.source, item.element.value_offset, extent[1]):
            digest.update(piece)
    return digest.digest()
