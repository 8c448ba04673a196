"""Which elements and items of two data sets belong together: by tag, by private creator, by identifying values."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import NamedTuple

from dcmtty.dicom.dictionary import is_private
from dcmtty.dicom.element import UNDEFINED
from dcmtty.dicom.tagnode import TagNode
from dcmtty.dicom.values import values_of
from dcmtty.text import visible

Partners = tuple[TagNode | None, TagNode | None]
_LONGEST_CREATOR_BYTES = 512


class Matched(NamedTuple):
    """Two items that belong together, or one that has no partner."""

    a: TagNode | None
    b: TagNode | None
    label: str = ""
    """The identifying value; safe for a terminal."""


class Alignment(NamedTuple):
    """How the items of two sequences belong together."""

    items: tuple[Matched, ...]
    by: str
    """`ROI Number`, `content` or `position`; empty when that made no difference."""


def align_elements(a: Sequence[TagNode], b: Sequence[TagNode]) -> list[Partners]:
    """Return the elements of two data sets side by side in the order of tags.

    Private elements find each other by their creator, whatever block it has in either file (PS3.5 7.8.1); a tag
    that stands twice in a damaged data set finds its like in order.
    """
    keyed_a, keyed_b = _keyed(a), _keyed(b)
    order = {key: node.element.tag for key, node in keyed_b.items()}
    order |= {key: node.element.tag for key, node in keyed_a.items()}
    keys = sorted(order, key=lambda key: order[key])
    return [(keyed_a.get(key), keyed_b.get(key)) for key in keys]


def _keyed(nodes: Sequence[TagNode]) -> dict[Hashable, TagNode]:
    keyed: dict[Hashable, TagNode] = {}
    times: Counter[Hashable] = Counter()
    blocks = Blocks()
    for node in nodes:
        key = blocks.key(node)
        keyed[key, times[key]] = node
        times[key] += 1
    return keyed


class Blocks:
    """The private blocks of one data set, as its creators reserve them."""

    def __init__(self) -> None:
        self._owner: dict[int, Hashable] = {}
        self._times: Counter[tuple[int, str]] = Counter()

    def key(self, node: TagNode) -> Hashable:
        """Return what an element is known by in any file; to be asked in the order of the file."""
        tag = node.element.tag
        if not is_private(tag):
            return tag
        group, number = tag >> 16, tag & 0xFFFF
        if 0x10 <= number <= 0xFF:
            name = _creator(node)
            owner = (group, name, self._times[group, name])
            self._times[group, name] += 1
            self._owner[group << 8 | number] = owner
            return owner
        found = self._owner.get(group << 8 | number >> 8)
        return tag if found is None else (found, number & 0xFF)


def _creator(node: TagNode) -> str:
    element = node.element
    if element.length == UNDEFINED or element.length > _LONGEST_CREATOR_BYTES:
        return ""
    raw = node.scope.source.read(element.value_offset, element.length)
    return "".join(values_of(raw, "LO", encodings=node.scope.encodings)[:1]).strip()


def in_blocks(a: TagNode, b: TagNode) -> str:
    """Say that a private creator has another block in the other file; empty when it has not."""
    if a.element.tag == b.element.tag:
        return ""
    block_a, block_b = (node.element.tag & 0xFFFF for node in (a, b))
    if block_a > 0xFF:
        block_a, block_b = block_a >> 8, block_b >> 8
    return f"private block {block_a:02X} in A, {block_b:02X} in B"


def align_items(a: Sequence[TagNode], b: Sequence[TagNode], identities: Sequence[Identity]) -> Alignment | None:
    """Return items by the first identity that every one has, that no two share, and that both files know.

    None when there is none.
    """
    for identity in identities:
        values_a, values_b = _distinct(a, identity), _distinct(b, identity)
        if values_a is None or values_b is None or not values_a.keys() & values_b.keys():
            continue
        labels = {value: _label(identity, value) for value in (*values_a, *values_b)}
        found = [(node, values_b.get(value), labels[value]) for value, node in values_a.items()]
        extra = [(node, labels[value]) for value, node in values_b.items() if value not in values_a]
        return Alignment(_merged(found, extra), identity.name)
    return None


def labelled(found: Alignment, identities: Sequence[Identity]) -> Alignment:
    """Return items with labels by the first identity that every one has and that no two share, if there is one."""
    for identity in identities:
        values_a = _distinct([matched.a for matched in found.items if matched.a is not None], identity)
        values_b = _distinct([matched.b for matched in found.items if matched.b is not None], identity)
        if values_a is None or values_b is None:
            continue
        names = {id(node): _label(identity, value) for value, node in (*values_a.items(), *values_b.items())}
        items = (
            matched._replace(label=matched.label or names[id(matched.b if matched.a is None else matched.a)])
            for matched in found.items
        )
        return Alignment(tuple(items), identity.name)
    return found


class Identity(NamedTuple):
    """A value that an item may be known by."""

    name: str
    read: Callable[[TagNode], str]
    """Gives the value of an item, or an empty string."""


def _label(identity: Identity, value: str) -> str:
    return visible(f"{identity.name} {value}", 80)


def _distinct(items: Sequence[TagNode], identity: Identity) -> dict[str, TagNode] | None:
    """Return the items by their value; None when one has none, or two share it."""
    values: dict[str, TagNode] = {}
    for item in items:
        value = identity.read(item)
        if not value or value in values:
            return None
        values[value] = item
    return values


def _merged(found: list[tuple[TagNode, TagNode | None, str]], extra: list[tuple[TagNode, str]]) -> tuple[Matched, ...]:
    """Return the items in the order of A, those of B alone where they stand in B."""
    out: list[Matched] = []
    waiting = extra[::-1]
    for node_a, node_b, label in found:
        while node_b is not None and waiting and waiting[-1][0].path[-1] < node_b.path[-1]:
            node, name = waiting.pop()
            out.append(Matched(None, node, name))
        out.append(Matched(node_a, node_b, label))
    out += [Matched(None, node, name) for node, name in waiting[::-1]]
    return tuple(out)


def align_by_position(a: Sequence[TagNode], b: Sequence[TagNode]) -> Alignment:
    """Return the first item beside the first, and so on."""
    common = min(len(a), len(b))
    pairs = [Matched(x, y) for x, y in zip(a, b, strict=False)]
    rest = [Matched(x, None) for x in a[common:]] + [Matched(None, y) for y in b[common:]]
    return Alignment((*pairs, *rest), "position" if max(len(a), len(b)) > 1 else "")


def align_by_content(
    a: Sequence[TagNode], b: Sequence[TagNode], prints_a: Sequence[Hashable], prints_b: Sequence[Hashable]
) -> Alignment:
    """Return items whose content is the same beside each other, and those between them by position."""
    anchors = [(-1, -1), *_anchors(prints_a, prints_b), (len(a), len(b))]
    out: list[Matched] = []
    for (from_a, from_b), (to_a, to_b) in pairwise(anchors):
        between = align_by_position(a[from_a + 1 : to_a], b[from_b + 1 : to_b])
        out += between.items
        if to_a < len(a):
            out.append(Matched(a[to_a], b[to_b]))
    return Alignment(tuple(out), "content")


def _anchors(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return indexes of equal items in growing order: a common beginning and end, and unique ones between them."""
    start, end_a, end_b = 0, len(a), len(b)
    while start < min(end_a, end_b) and a[start] == b[start]:
        start += 1
    while end_a > start and end_b > start and a[end_a - 1] == b[end_b - 1]:
        end_a, end_b = end_a - 1, end_b - 1
    places_a, places_b = _unique(a, start, end_a), _unique(b, start, end_b)
    shared = [(index, places_b[value]) for value, index in places_a.items() if value in places_b]
    head = [(index, index) for index in range(start)]
    tail = [(end_a + step, end_b + step) for step in range(len(a) - end_a)]
    return head + _longest_growing(sorted(shared)) + tail


def _unique(values: Sequence[Hashable], start: int, end: int) -> dict[Hashable, int]:
    found: dict[Hashable, int] = {}
    twice: set[Hashable] = set()
    for index in range(start, end):
        if values[index] in found:
            twice.add(values[index])
        found[values[index]] = index
    return {value: index for value, index in found.items() if value not in twice}


def _longest_growing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of pairs that grow on both sides (patience sorting)."""
    tops: list[int] = []
    top_index: list[int] = []
    before: list[int] = []
    for index, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        before.append(top_index[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(place)
            top_index.append(index)
        else:
            tops[pile], top_index[pile] = place, index
    out: list[tuple[int, int]] = []
    index = top_index[-1] if top_index else -1
    while index >= 0:
        out.append(pairs[index])
        index = before[index]
    return out[::-1]
