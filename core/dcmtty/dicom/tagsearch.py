"""What people look for in a header: a tag, part of a keyword, name or value, or a regular expression in slashes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dcmtty.dicom.dictionary import tag_of
from dcmtty.dicom.table.pattern import PatternError, compiled
from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.errors import UsageError
from dcmtty.progress import Progress
from dcmtty.text import visible

SEARCHED_CHARACTERS = 65_536
"""How much of a value is looked at."""
MOST_MATCHES = 100_000
"""More are not kept by `find_all`."""
_TAG = re.compile(r"\(?[0-9A-Fa-f]{4},?\s?[0-9A-Fa-f]{4}\)?")
_STEP = 64
"""After how many nodes a search says how far it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for."""

    tag: int | None
    accepts: Callable[[str], bool]
    """Whether a keyword, a name or a value matches."""
    _named: dict[tuple[int, str], bool] = field(default_factory=dict)
    """Whether a tag of a private creator matches by itself: a file has few of them, and many elements of each."""

    def matches(self, node: TagNode) -> bool:
        """Say whether an element matches; items and damaged places never do."""
        if node.error or node.is_item:
            return False
        key = (node.element.tag, node.creator)
        named = self._named.get(key)
        if named is None:
            named = key[0] == self.tag or self.accepts(node.keyword) or self.accepts(node.name)
            self._named[key] = named
        return named or self.accepts(node.text(SEARCHED_CHARACTERS))


def wanted(pattern: str) -> Wanted:
    """Return what a pattern stands for.

    `0010,0010`, `(0010,0010)` and `00100010` are tags; `/.../` is a regular expression, searched for anywhere; all else
    is part of a keyword, name or value. Upper and lower case are alike.

    Raises:
        UsageError: a regular expression that cannot be understood, or is too large.
    """
    if len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/"):
        try:
            return Wanted(None, compiled(pattern[1:-1]).search)
        except PatternError as error:
            raise UsageError(f"{visible(pattern, 80)}: {error}", remedy="see docs/tags.md for what is known") from error
    folded = pattern.casefold()
    tag = tag_of(pattern) if _TAG.fullmatch(pattern.strip()) else None
    return Wanted(tag, lambda text: folded in text.casefold())


def find(tree: TagTree, pattern: str) -> Iterator[TagNode]:
    """Yield the elements that match, in file order.

    Raises:
        UsageError: the pattern cannot be understood.
    """
    looked_for = wanted(pattern)
    return (node for node in tree.walk() if looked_for.matches(node))


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What a search found."""

    pattern: str
    nodes: tuple[TagNode, ...]
    """The elements that match, in file order."""
    shown: tuple[TagNode, ...]
    """The same with what they lie in, each once."""
    is_all: bool
    """Whether there are no more than MOST_MATCHES."""

    def next(self, order: tuple[bool, int] | None, step: int) -> int | None:
        """Return the index of the first match behind (or before) a place, round the end; None without any."""
        if not self.nodes:
            return None
        if step > 0:
            index = 0 if order is None else bisect_right(self.nodes, order, key=_order)
            return index % len(self.nodes)
        index = len(self.nodes) if order is None else bisect_left(self.nodes, order, key=_order)
        return (index - 1) % len(self.nodes)

    def has(self, node: TagNode) -> bool:
        """Say whether a node matches."""
        index = self.next(node.order, -1)
        if index is None:
            return False
        near = (self.nodes[index], self.nodes[(index + 1) % len(self.nodes)])
        return any(one.path == node.path and one.order == node.order for one in near)


def _order(node: TagNode) -> tuple[bool, int]:
    return node.order


def find_all(tree: TagTree, pattern: str, progress: Progress) -> Matches:
    """Return the elements that match, and what they lie in.

    Raises:
        UsageError: the pattern cannot be understood.
        Cancelled: nobody wants them any more.
    """
    looked_for = wanted(pattern)
    found: list[TagNode] = []
    shown: list[TagNode] = []
    above: list[TagNode] = []
    told = 0
    size = tree.beginning.source.size
    for count, node in enumerate(tree.walk()):
        if not count % _STEP:
            progress.step(node.offset, max(size, node.offset + 1), "bytes", "searching")
        del above[node.depth :]
        told = min(told, node.depth)
        if looked_for.matches(node):
            if len(found) == MOST_MATCHES:
                return Matches(pattern, tuple(found), tuple(shown), is_all=False)
            shown += [*above[told:], node]
            told = node.depth + 1
            found.append(node)
        above.append(node)
    return Matches(pattern, tuple(found), tuple(shown), is_all=True)
