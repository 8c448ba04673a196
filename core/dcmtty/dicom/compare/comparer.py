"""The walk over two data sets side by side that finds what is not plainly the same in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dcmtty.dicom.compare.align import Matched, align_elements, in_blocks
from dcmtty.dicom.compare.bulk import compare_bytes, fragment_pieces, value_pieces
from dcmtty.dicom.compare.items import Extent, align_sequence, extents, is_same_extent
from dcmtty.dicom.compare.meaning import compare_values
from dcmtty.dicom.compare.model import PLAIN, Counts, Finding, Kind, Options, Pair
from dcmtty.dicom.compare.nodes import nodes_in
from dcmtty.dicom.element import UNDEFINED, is_encapsulated
from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.progress import Progress

KEPT_DIFFERENCES = 100_000
"""What is found beyond is counted and not listed."""
_TRAILING_PADDING = 0xFFFCFFFC
_PIXEL_DATA = 0x7FE00010
_NO_TAG = 1 << 32
_ITEM_START = {False: b"\xfe\xff\x00\xe0", True: b"\xff\xfe\xe0\x00"}


class Comparer:
    """One comparison while it runs."""

    def __init__(self, trees: tuple[TagTree, TagTree], options: Options, progress: Progress) -> None:
        self.trees = trees
        self.options = options
        self.progress = progress
        self.counts = Counts()
        self._kept = {True: 0, False: 0}
        """Differences, and what is no difference, so that many of these leave room for those."""
        self._total_bytes = trees[0].beginning.source.size

    def data_set(self, a: Sequence[TagNode], b: Sequence[TagNode]) -> tuple[Pair, ...]:
        """Return what is not plainly the same in two data sets, in the order of tags.

        Raises:
            InputError: a file became shorter meanwhile.
            Cancelled: the user stopped it.
        """
        extent_a, extent_b = _by_place(a), _by_place(b)
        damage_a, damage_b = (next((node for node in nodes if node.error), None) for nodes in (a, b))
        last_a, last_b = _last_readable(a), _last_readable(b)
        found: list[Pair | None] = []
        for x, y in align_elements(_compared(a), _compared(b)):
            tags = {node.element.tag for node in (x, y) if node is not None}
            if any(self.options.ignores(tag) for tag in tags):
                self.counts.ignored += 1
            elif x is not None and y is not None:
                found.append(self._element(x, extent_a[x.element.offset], y, extent_b[y.element.offset]))
            else:
                found.append(self._alone(x, y, is_lost=max(tags) > (last_b if x is not None else last_a)))
        if damage_a is not None or damage_b is not None:
            found.append(self._kept_pair(Pair(damage_a, damage_b, _DAMAGED)))
        return _kept(found)

    def _alone(self, x: TagNode | None, y: TagNode | None, *, is_lost: bool, label: str = "") -> Pair | None:
        if is_lost:
            finding = Finding(Kind.UNKNOWN, (f"{'B' if x is not None else 'A'} cannot be read that far",))
        else:
            finding = Finding(Kind.ONLY_A if x is not None else Kind.ONLY_B)
        return self._kept_pair(Pair(x, y, finding, label))

    def _kept_pair(self, pair: Pair) -> Pair | None:
        """Count a pair, and return it when it is to be kept."""
        self.counts.add(pair.kind)
        if pair.kind is Kind.SAME:
            return None
        self._kept[pair.is_different] += 1
        if self._kept[pair.is_different] <= KEPT_DIFFERENCES:
            return pair
        self.counts.unlisted += pair.is_different
        return None

    def _element(self, x: TagNode, of_x: Extent, y: TagNode, of_y: Extent) -> Pair | None:
        self._tick(x.offset)
        x, y = as_sequences(x, y)
        block = in_blocks(x, y)
        if x.is_sequence and y.is_sequence:
            if not block and is_same_extent(x, of_x, y, of_y):
                return self._kept_pair(Pair(x, y))
            return self._sequence(x, y, (block,) if block else ())
        if (x.is_sequence or y.is_sequence) and (x.element.length or y.element.length):
            which = ("a sequence", "a value") if x.is_sequence else ("a value", "a sequence")
            return self._kept_pair(Pair(x, y, Finding(Kind.CHANGED, (f"{which[0]} in A, {which[1]} in B",))))
        finding = self._value(x, y)
        if block:
            kind = Kind.WRITTEN if finding.kind is Kind.SAME else finding.kind
            finding = finding._replace(kind=kind, notes=(*finding.notes, block))
        return self._kept_pair(Pair(x, y, self._judged(finding)))

    def _judged(self, finding: Finding) -> Finding:
        """Return the finding with what counts as a difference by the options."""
        is_strict = self.options.exact and finding.kind is Kind.WRITTEN
        return finding._replace(kind=Kind.CHANGED) if is_strict else finding

    def _value(self, x: TagNode, y: TagNode) -> Finding:
        if is_encapsulated(x.element) or is_encapsulated(y.element):
            finding = self._encapsulated(x, y)
        else:
            finding = compare_values(x, y, self.progress)
        if finding.kind is Kind.CHANGED and self.options.pixels and x.path == y.path == (_PIXEL_DATA,):
            return self._decoded(finding)
        return finding

    def _decoded(self, finding: Finding) -> Finding:
        """Return what decoding says of pixels whose stored bytes differ."""
        from dcmtty.dicom.compare.decoded import compare_pixels

        path_a, path_b = (tree.beginning.file.path for tree in self.trees)
        answer = compare_pixels(path_a, path_b, self.progress)
        kind = Kind.WRITTEN if answer.is_equal else Kind.CHANGED
        return finding._replace(kind=kind, notes=(*finding.notes, answer.text))

    def _encapsulated(self, x: TagNode, y: TagNode) -> Finding:
        fragments = [
            self._children(side, node) if is_encapsulated(node.element) else [] for side, node in enumerate((x, y))
        ]
        pieces = [
            fragment_pieces(found) if found else value_pieces(node, node.vr)
            for found, node in zip(fragments, (x, y), strict=True)
            if found or node.element.length != UNDEFINED
        ]
        if len(pieces) < 2 or any(node.error for found in fragments for node in found):
            return Finding(Kind.UNKNOWN, ("a file is damaged in it",))
        found = compare_bytes(pieces[0], pieces[1], self.progress, x.keyword)
        counts = tuple(max(len(nodes) - 1, 0) for nodes in fragments)
        if found.is_same and all(fragments):
            notes = () if counts[0] == counts[1] else (f"{counts[0]} fragments in A, {counts[1]} in B",)
            return Finding(Kind.WRITTEN, notes) if notes else PLAIN
        syntaxes = {tree.beginning.transfer_syntax_uid for tree in self.trees}
        notes = ("different transfer syntax, stored bytes differ",) if len(syntaxes) > 1 else ("stored bytes differ",)
        return Finding(Kind.CHANGED, notes, -1, found.digests)

    def _sequence(self, x: TagNode, y: TagNode, notes: tuple[str, ...]) -> Pair | None:
        before = replace(self.counts)
        all_a, all_b = self._children(0, x), self._children(1, y)
        items_a, items_b = _whole(all_a), _whole(all_b)
        aligned = align_sequence(self.trees, items_a, items_b)
        extent_a, extent_b = _by_place(all_a), _by_place(all_b)
        found: list[Pair | None] = []
        for matched in aligned.items:
            if matched.a is not None and matched.b is not None:
                of_a, of_b = extent_a[matched.a.element.offset], extent_b[matched.b.element.offset]
                found.append(self._item(matched, of_a, of_b))
            else:
                is_lost = (len(items_b) < len(all_b)) if matched.b is None else (len(items_a) < len(all_a))
                found.append(self._alone(matched.a, matched.b, is_lost=is_lost, label=matched.label))
        found += [self._kept_pair(Pair(node, None, _DAMAGED)) for node in all_a[len(items_a) :]]
        found += [self._kept_pair(Pair(None, node, _DAMAGED)) for node in all_b[len(items_b) :]]
        if _is_moved(aligned.items):
            notes = (*notes, "items in another order")
            self.counts.add(self._judged(Finding(Kind.WRITTEN)).kind)
        if len(items_a) != len(items_b):
            notes = (*notes, f"{len(items_a)} items in A, {len(items_b)} in B")
        if aligned.by:
            notes = (*notes, f"items matched by {aligned.by}")
        return self._container(Pair(x, y, Finding(Kind.SAME, notes), "", _kept(found)), before)

    def _children(self, side: int, node: TagNode) -> list[TagNode]:
        return nodes_in(self.trees[side], node, self._tick)

    def _tick(self, offset: int) -> None:
        self.progress.step(min(offset, self._total_bytes - 1), self._total_bytes, "bytes", "comparing")

    def _item(self, matched: Matched, of_a: Extent, of_b: Extent) -> Pair | None:
        x, y = matched.a, matched.b
        if x is None or y is None:
            raise ValueError("an item without a partner")
        if is_same_extent(x, of_a, y, of_b):
            return None
        before = replace(self.counts)
        inside = self.data_set(self._children(0, x), self._children(1, y))
        return self._container(Pair(x, y, PLAIN, matched.label, inside), before)

    def _container(self, pair: Pair, before: Counts) -> Pair | None:
        """Return a sequence or an item with the kind that what was found inside gives it; None when it is the same."""
        kind = Kind.SAME
        if self.counts.different > before.different:
            kind = Kind.CHANGED
        elif self.counts.written > before.written:
            kind = Kind.WRITTEN
        if kind is Kind.SAME:
            self.counts.same = before.same + pair.node.is_sequence
            return None
        return replace(pair, finding=pair.finding._replace(kind=kind))


_DAMAGED = Finding(Kind.UNKNOWN)


def _kept(found: Sequence[Pair | None]) -> tuple[Pair, ...]:
    return tuple(pair for pair in found if pair is not None)


def _whole(nodes: Sequence[TagNode]) -> list[TagNode]:
    return [node for node in nodes if not node.error]


def _compared(nodes: Sequence[TagNode]) -> list[TagNode]:
    """Return the elements that say something; lengths of groups and padding are of the encoding alone (PS3.5 7.2)."""
    return [
        node for node in nodes if not node.error and node.element.tag & 0xFFFF and node.element.tag != _TRAILING_PADDING
    ]


def _by_place(nodes: Sequence[TagNode]) -> dict[int, Extent]:
    return {node.element.offset: extent for node, extent in zip(nodes, extents(nodes), strict=True)}


def _last_readable(nodes: Sequence[TagNode]) -> int:
    """Return the greatest tag that was read of a damaged data set, greater than any tag for one that is whole."""
    readable = _whole(nodes)
    return _NO_TAG if len(readable) == len(nodes) else max((node.element.tag for node in readable), default=-1)


def _is_moved(items: Sequence[Matched]) -> bool:
    """Say whether the items that both have stand in another order in B."""
    places = [matched.b.path[-1] for matched in items if matched.a is not None and matched.b is not None]
    return any(later < earlier for earlier, later in pairwise(places))


def as_sequences(x: TagNode, y: TagNode) -> tuple[TagNode, TagNode]:
    """Return two elements, one whose VR is unknown as a sequence where the other is one and it begins with an item."""
    if x.is_sequence and _may_be_sequence(y):
        return x, replace(y, vr="SQ")
    if y.is_sequence and _may_be_sequence(x):
        return replace(x, vr="SQ"), y
    return x, y


def _may_be_sequence(node: TagNode) -> bool:
    element = node.element
    if node.vr != "UN" or element.length < 8 or element.length == UNDEFINED:
        return False
    return node.scope.source.read(element.value_offset, 4) == _ITEM_START[element.encoding.big]
