"""The items of two sequences brought together: by an identifying value, else by their content, else by position."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

from dcmtty.dicom.compare.align import (
    Alignment,
    Identity,
    Matched,
    align_by_content,
    align_by_position,
    align_items,
    labelled,
)
from dcmtty.dicom.compare.bulk import range_pieces, same_range
from dcmtty.dicom.compare.identities import content_print, identities
from dcmtty.dicom.element import UNDEFINED
from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.dicom.walker import Walk
from dcmtty.errors import InputError

MOST_ITEMS = 20_000
"""Items without an identifying value are matched by their content up to this many, else by position alone."""
_WALKED_ELEMENTS = 2_000
"""As far as the end of a last item is looked for."""
Extent = tuple[int, int] | None
"""From the tag of a node up to what follows it; None where only a walk would tell."""


def extents(nodes: Sequence[TagNode]) -> list[Extent]:
    """Return where each node begins and ends in its source."""
    ends = [node.element.offset for node in nodes[1:]]
    out: list[Extent] = [(node.element.offset, end) for node, end in zip(nodes, ends, strict=False)]
    if nodes:
        end = _end_of(nodes[-1])
        out.append(None if end is None else (nodes[-1].element.offset, end))
    return out


def _end_of(node: TagNode) -> int | None:
    """Return where a node ends; None where a long walk would have to tell, or it is damaged."""
    if node.error:
        return None
    if node.element.length != UNDEFINED:
        return node.element.value_offset + node.element.length
    if not node.is_item:
        return None
    walk = Walk.inside(node.scope.source.view(), node.element, limit=_WALKED_ELEMENTS)
    try:
        while walk.step() is not None:
            pass
    except InputError:
        return None
    return walk.offset


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
    """Return which items of two sequences belong together, and by what.

    Items that are the same byte for byte at the beginning and at the end belong together; what lies between them is
    matched by an identifying value, else by content, else by position.
    """
    if min(len(a), len(b)) == 0 or max(len(a), len(b)) == 1:
        return align_by_position(a, b)
    start, end = _alike_at_ends(a, b)
    inner_a, inner_b = a[start : len(a) - end], b[start : len(b) - end]
    inner = _align_inner(trees, inner_a, inner_b, identities(a[0], b[0]), is_part=bool(start or end))
    if inner is None:
        return align_items(a, b, identities(a[0], b[0])) or align_by_position(a, b)
    head = (Matched(x, y) for x, y in zip(a[:start], b[:start], strict=True))
    tail = (Matched(x, y) for x, y in zip(a[len(a) - end :], b[len(b) - end :], strict=True))
    return Alignment((*head, *inner.items, *tail), inner.by)


def _alike_at_ends(a: Sequence[TagNode], b: Sequence[TagNode]) -> tuple[int, int]:
    """Return how many items are the same, byte for byte, at the beginning and at the end."""
    extents_a, extents_b = extents(a), extents(b)
    start, end, most = 0, 0, min(len(a), len(b))
    while start < most and is_same_extent(a[start], extents_a[start], b[start], extents_b[start]):
        start += 1
    while end < most - start and is_same_extent(a[-1 - end], extents_a[-1 - end], b[-1 - end], extents_b[-1 - end]):
        end += 1
    return start, end


def _align_inner(
    trees: tuple[TagTree, TagTree], a: Sequence[TagNode], b: Sequence[TagNode], known: list[Identity], *, is_part: bool
) -> Alignment | None:
    """Return how the items between those that are the same belong together; None where all items must be looked at."""
    if not a or not b:
        named = labelled(align_by_position(a, b), known)
        return named._replace(by=named.by or "content") if a or b else named
    found = align_items(a, b, known)
    if found is not None:
        return found
    if is_part and known:
        return None
    if max(len(a), len(b)) > MOST_ITEMS:
        return align_by_position(a, b)
    by_content = align_by_content(a, b, *_prints(trees, a, b))
    if len(a) == len(b) and all(x is not None and y is not None for x, y, _ in by_content.items):
        return align_by_position(a, b)
    return by_content


def label_items(found: Alignment) -> Alignment:
    """Return items with labels by an identifying value, also those that were matched without one."""
    pairs = [matched for matched in found.items if matched.a is not None and matched.b is not None]
    if not pairs or pairs[0].a is None or pairs[0].b is None:
        return found
    known = identities(pairs[0].a, pairs[0].b)
    return labelled(found, [one for one in known if one.name == found.by] or known)


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
