"""Two files side by side: what is not plainly the same in them, and all the rest when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from dcmtty.dicom.beginning import DEFLATED_UIDS
from dcmtty.dicom.compare.align import align_elements
from dcmtty.dicom.compare.comparer import Comparer, as_sequences
from dcmtty.dicom.compare.items import align_sequence, label_items
from dcmtty.dicom.compare.model import DEFAULT_OPTIONS, Finding, Found, Options, Pair, Side, holds_elements
from dcmtty.dicom.compare.nodes import nodes_in
from dcmtty.dicom.tags import TagNode, TagTree, open_tags
from dcmtty.errors import InputError
from dcmtty.progress import Progress

_NEVER_COMPARED = frozenset({0xFFFCFFFC})


class Comparison:
    """Two open files and what is not plainly the same in them; every method may be called from any thread."""

    def __init__(self, trees: tuple[TagTree, TagTree], meta: Found, data_set: Found) -> None:
        self._trees = trees
        self.a, self.b = _side(trees[0]), _side(trees[1])
        self.meta = meta.pairs
        """Of the file meta information: what is not plainly the same."""
        self.meta_counts = meta.counts
        self.data_set = data_set.pairs
        """Of the data set: what is not plainly the same, each with what is so inside it."""
        self.counts = data_set.counts

    @property
    def is_same(self) -> bool:
        """Whether no value of the data set differs; the meta information tells of the file, not of the object in it."""
        return not self.counts.different

    @property
    def damage(self) -> InputError | None:
        """The first place where one of the files is damaged."""
        return self._trees[0].damage or self._trees[1].damage

    def all_meta(self) -> tuple[Pair, ...]:
        """Return all of the file meta information, what is the same included."""
        a, b = (_split(tree)[0] for tree in self._trees)
        return self._completed(a, b, self.meta)

    def all_data_set(self) -> tuple[Pair, ...]:
        """Return all elements of the data set, what is the same included."""
        a, b = (_split(tree)[1] for tree in self._trees)
        return self._completed(a, b, self.data_set)

    def children(self, pair: Pair) -> tuple[Pair, ...]:
        """Return all that lies in a sequence or an item, what is the same included."""
        a, b = pair.a, pair.b
        if a is None or b is None:
            return self._alone(pair)
        a, b = as_sequences(a, b)
        if not (holds_elements(a) and holds_elements(b)):
            return ()
        nodes = nodes_in(self._trees[0], a), nodes_in(self._trees[1], b)
        return self._items(*nodes, pair.inside) if a.is_sequence else self._completed(*nodes, pair.inside)

    def _alone(self, pair: Pair) -> tuple[Pair, ...]:
        side, node = (0, pair.a) if pair.a is not None else (1, pair.b)
        if node is None or not holds_elements(node):
            return ()
        nodes = nodes_in(self._trees[side], node)
        kind = Finding(pair.kind)
        return tuple(Pair(found, None, kind) if side == 0 else Pair(None, found, kind) for found in nodes)

    def _completed(self, a: Sequence[TagNode], b: Sequence[TagNode], known: tuple[Pair, ...]) -> tuple[Pair, ...]:
        """Return the pairs of two data sets: those that are known to be told, and the same ones among them."""
        found = {_key(pair.a, pair.b): pair for pair in known}
        pairs = align_elements(_listed(a), _listed(b))
        damaged = tuple(pair for pair in known if pair.node.error)
        return tuple(found.get(_key(x, y)) or Pair(x, y) for x, y in pairs if _is_told(x, y, found)) + damaged

    def _items(self, a: Sequence[TagNode], b: Sequence[TagNode], known: tuple[Pair, ...]) -> tuple[Pair, ...]:
        found = {_key(pair.a, pair.b): pair for pair in known}
        aligned = label_items(align_sequence(self._trees, _sound(a), _sound(b)))
        damaged = tuple(pair for pair in known if pair.node.error)
        return (
            tuple(
                found.get(_key(matched.a, matched.b)) or Pair(matched.a, matched.b, label=matched.label)
                for matched in aligned.items
                if _is_told(matched.a, matched.b, found)
            )
            + damaged
        )

    def close(self) -> None:
        """Close both files; values can no longer be read."""
        for tree in self._trees:
            tree.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ending: object) -> None:
        self.close()


def _key(a: TagNode | None, b: TagNode | None) -> tuple[int, int]:
    return (-1 if a is None else a.element.offset, -1 if b is None else b.element.offset)


def _is_told(a: TagNode | None, b: TagNode | None, known: dict[tuple[int, int], Pair]) -> bool:
    """Say whether a pair belongs in the list: what has no partner and was not told was left out by the options."""
    return (a is not None and b is not None) or _key(a, b) in known


def _sound(nodes: Sequence[TagNode]) -> list[TagNode]:
    return [node for node in nodes if not node.error]


def _listed(nodes: Sequence[TagNode]) -> list[TagNode]:
    return [node for node in _sound(nodes) if node.element.tag & 0xFFFF and node.element.tag not in _NEVER_COMPARED]


def _split(tree: TagTree, progress: Progress | None = None) -> tuple[Sequence[TagNode], Sequence[TagNode]]:
    """Return the nodes of the file meta information and those of the data set."""
    watched, size = progress or Progress(), tree.beginning.source.size
    nodes = nodes_in(tree, None, lambda offset: watched.step(min(offset, size - 1), size, "bytes", "listing"))
    count = len(tree.beginning.meta)
    return nodes[:count], nodes[count:]


def _side(tree: TagTree) -> Side:
    beginning = tree.beginning
    return Side(
        beginning.file.path,
        beginning.file.size,
        beginning.transfer_syntax_uid,
        beginning.encoding,
        beginning.transfer_syntax_uid in DEFLATED_UIDS,
        beginning.preamble,
        "" if tree.damage is None else tree.damage.message,
        beginning.warnings,
    )


def compare_files(a: Path, b: Path, options: Options = DEFAULT_OPTIONS, progress: Progress | None = None) -> Comparison:
    """Compare two files; close the comparison when it is no longer looked at.

    A damaged file is compared as far as it can be read, and `Comparison.damage` says where that ends.

    Raises:
        InputError: one of them cannot be opened, or is no DICOM file.
        Cancelled: the user stopped it.
    """
    first = open_tags(a)
    try:
        second = open_tags(b)
    except InputError:
        first.close()
        raise
    trees = (first, second)
    try:
        (meta_a, set_a), (meta_b, set_b) = _split(first, progress), _split(second, progress)
        found = [
            _found(Comparer(trees, options, progress or Progress()), *nodes)
            for nodes in ((meta_a, meta_b), (set_a, set_b))
        ]
        return Comparison(trees, *found)
    except BaseException:
        first.close()
        second.close()
        raise


def _found(comparer: Comparer, a: Sequence[TagNode], b: Sequence[TagNode]) -> Found:
    pairs = comparer.data_set(a, b)
    return Found(pairs, comparer.counts)


def told(pairs: Sequence[Pair], *, also_written: bool = False) -> Iterator[tuple[int, Pair]]:
    """Yield the differences with how deep they lie, each behind the sequence and the item it lies in."""
    waiting = [(0, pair) for pair in reversed(pairs)]
    while waiting:
        depth, pair = waiting.pop()
        if pair.is_different or also_written:
            yield depth, pair
            waiting += [(depth + 1, inner) for inner in reversed(pair.inside)]
