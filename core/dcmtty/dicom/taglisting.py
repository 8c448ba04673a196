"""What lies directly in a data set, item or sequence: found bit by bit, made into nodes where somebody looks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from struct import Struct
from typing import overload

from dcmtty.dicom.charset import codecs_of
from dcmtty.dicom.dictionary import is_private, may_be_signed, private_vr_of, vr_of
from dcmtty.dicom.element import EXPLICIT_LITTLE, ITEM, UNDEFINED, Element, is_encapsulated, is_sequence
from dcmtty.dicom.nested import item_encoding
from dcmtty.dicom.span import Span
from dcmtty.dicom.tagnode import Scope, TagNode
from dcmtty.dicom.values import values_of
from dcmtty.dicom.walker import Walk, element_limit
from dcmtty.errors import InputError
from dcmtty.text import visible

_LONGEST_TERMS_BYTES = 512
_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
_UNKNOWN_VR_BYTES = 0xFFFF
"""Longer UN values stay bytes: they may be anything."""
_UNKNOWN_BYTES = 1 << 62
"""Longer than any item: where it ends is not known."""
_TICKS = 256
"""After how many elements a listing says where it is."""
_item_length = Struct("<4xL").unpack_from

Tick = Callable[[int], None]
"""Called now and then with the offset that was reached; may raise, to stop."""


def _no_tick(offset: int) -> None:
    del offset


class Book:
    """What the listings of one file have in common."""

    def __init__(self) -> None:
        self.damage: InputError | None = None
        """The first place found so far where the file is damaged."""
        self.spans: dict[int, Span] = {}
        """Of sequences whose end had to be found, by the offset of their value: their items are known already."""

    def note(self, error: InputError) -> None:
        """Keep the first damage in mind."""
        self.damage = self.damage or error


class Listing(ABC, Sequence[TagNode]):
    """Nodes side by side, as many as are known; `run` finds the others. One thread may run it while others look."""

    def __init__(self) -> None:
        self.is_complete = False
        """Whether all are known."""

    def run(self, tick: Tick = _no_tick) -> None:
        """Find the rest; may be interrupted by what `tick` raises, and called again."""
        if not self.is_complete:
            self._run(tick)
            self.is_complete = True

    @abstractmethod
    def _run(self, tick: Tick) -> None:
        """Find the rest."""

    @abstractmethod
    def _node(self, index: int) -> TagNode:
        """Return the node of an index that exists."""

    @overload
    def __getitem__(self, index: int) -> TagNode: ...
    @overload
    def __getitem__(self, index: slice) -> list[TagNode]: ...
    def __getitem__(self, index: int | slice) -> TagNode | list[TagNode]:
        count = len(self)
        if isinstance(index, slice):
            return [self._node(at) for at in range(*index.indices(count))]
        if not -count <= index < count:
            raise IndexError(index)
        return self._node(index % count)

    def __iter__(self) -> Iterator[TagNode]:
        return (self._node(index) for index in range(len(self)))


class ElementListing(Listing):
    """The elements of a data set or item; a last node tells of damage."""

    def __init__(
        self, walk: Walk, scope: Scope, path: tuple[int, ...], book: Book, before: Sequence[TagNode] = ()
    ) -> None:
        super().__init__()
        self._nodes = list(before)
        self._walk = walk
        self._scope = scope
        self._path = path
        self._book = book
        self._creators: dict[int, str] = {}
        self._open: Span | None = None
        """Over the sequence that was listed last, while its end is looked for."""

    def __len__(self) -> int:
        return len(self._nodes)

    def _node(self, index: int) -> TagNode:
        return self._nodes[index]

    def _run(self, tick: Tick) -> None:
        walk, nodes = self._walk, self._nodes
        try:
            while True:
                if self._open is not None:
                    self._leap(self._open, tick)
                element = walk.step()
                if element is None:
                    return
                self._scope = inherited(self._scope, element)
                nodes.append(element_node(element, self._scope, (*self._path, element.tag), self._creators))
                if element.length == UNDEFINED:
                    self._open = _span_of(self._scope, element)
                if not len(nodes) % _TICKS:
                    tick(walk.offset)
        except InputError as error:
            self._book.note(error)
            nodes.append(damaged_node(error, self._scope, self._path, walk.offset))

    def _leap(self, span: Span, tick: Tick) -> None:
        """Go behind the sequence that was listed last, if it is an ordinary one; the walk goes through it otherwise."""
        if span.run(tick):
            self._walk.leap(span.offset, span.count)
            self._book.spans[self._nodes[-1].element.value_offset] = span
        self._open = None


class ItemListing(Listing):
    """The items of a sequence, or the fragments of pixel data; only their offsets are kept."""

    def __init__(self, node: TagNode, book: Book) -> None:
        super().__init__()
        self._parent = node
        self._book = book
        known = book.spans.pop(node.element.value_offset, None)
        self._span = known or _span_of(node.scope, node.element)
        self._rest: list[TagNode] = []
        """What the span gave way to."""
        self._walk: Walk | None = None

    def __len__(self) -> int:
        return (0 if self._span is None else len(self._span.offsets)) + len(self._rest)

    def extents(self) -> Iterator[tuple[int, int]]:
        """Yield where each item begins and ends that lies where it should, header and delimiter included."""
        if self._span is not None:
            offsets = self._span.offsets
            for index, offset in enumerate(offsets):
                yield offset, offsets[index + 1] if index + 1 < len(offsets) else self._last_end(offset)

    def _last_end(self, offset: int) -> int:
        """Return where the last item that the span found ends."""
        span, parent = self._span, self._parent.element
        if span is None or self._rest or parent.length == UNDEFINED:
            (length,) = _item_length(self._parent.scope.source.read(offset, 8))
            return offset + (_UNKNOWN_BYTES if length == UNDEFINED else 8 + int(length))
        return parent.value_offset + parent.length

    def _node(self, index: int) -> TagNode:
        offsets = () if self._span is None else self._span.offsets
        return self._item(offsets[index], index) if index < len(offsets) else self._rest[index - len(offsets)]

    def _item(self, offset: int, index: int) -> TagNode:
        """Return the node of an item that the span found, so it is little endian and its header is whole."""
        parent = self._parent
        source, holder = parent.scope.source, parent.element
        end = holder.end if holder.length == UNDEFINED else holder.value_offset + holder.length
        try:
            (length,) = _item_length(source.read(offset, 8))
            encoding = item_encoding(source.view(), offset + 8, min(length, end - offset - 8), holder.encoding)
        except InputError as error:  # the file was cut since
            return replace(damaged_node(error, parent.scope, parent.path, offset), path=(*parent.path, index))
        element = Element(ITEM, "", holder.depth + 1, offset, offset + 8, length, encoding, end)
        return TagNode(element, parent.scope, (*parent.path, index), "" if parent.is_sequence else "OB")

    def _run(self, tick: Tick) -> None:
        parent = self._parent
        offset = parent.element.offset
        try:
            if self._walk is None:
                walk = Walk.inside(parent.scope.source.view(), parent.element, as_sequence=parent.is_sequence)
                if self._span is not None and self._is_enough(self._span, tick):
                    return
                if self._span is not None:
                    walk.offset = self._span.offset
                self._walk = walk
            while (element := self._walk.step()) is not None:
                path = (*parent.path, len(self))
                self._rest.append(TagNode(element, parent.scope, path, "" if parent.is_sequence else "OB"))
                offset = self._walk.offset
                if not len(self._rest) % _TICKS:
                    tick(offset)
        except InputError as error:
            self._book.note(error)
            self._rest.append(damaged_node(error, parent.scope, parent.path, offset))

    @staticmethod
    def _is_enough(span: Span, tick: Tick) -> bool:
        done = span.run(tick)
        if span.count > (most := element_limit(span.source.size)):
            raise InputError(f"{span.source.name}: more than {most} items and elements", remedy="refused")
        return done


def damaged_node(error: InputError, scope: Scope, path: tuple[int, ...], offset: int) -> TagNode:
    """Return the node that stands where the file is damaged."""
    place = Element(0, "", len(path) // 2, offset, offset, 0, EXPLICIT_LITTLE, offset)
    return TagNode(place, scope, (*path, -1), "", error=visible(error.message))


def _span_of(scope: Scope, element: Element) -> Span | None:
    """Return a span over the items of a sequence, or None where only a walk can tell."""
    encoding = element.encoding
    if encoding.big or element.vr == "UN" or not is_sequence(element):
        return None
    delimited = element.length == UNDEFINED
    end = element.end if delimited else element.value_offset + element.length
    return Span(
        scope.source,
        element.value_offset,
        end,
        delimited=delimited,
        implicit=encoding.implicit,
        depth=element.depth + 1,
    )


def inherited(scope: Scope, element: Element) -> Scope:
    """Return the scope with what this element changes for those behind it."""
    if element.tag == _CHARACTER_SET and element.length <= _LONGEST_TERMS_BYTES:
        terms = values_of(scope.source.read(element.value_offset, element.length), "CS")
        return replace(scope, encodings=codecs_of(tuple(term.strip() for term in terms)))
    if element.tag == _PIXEL_REPRESENTATION and element.length == 2:
        return replace(scope, signed=any(scope.source.read(element.value_offset, 2)))
    return scope


def element_node(element: Element, scope: Scope, path: tuple[int, ...], creators: dict[int, str]) -> TagNode:
    """Return the node of an element; `creators` are those of its data set so far, by private group and block."""
    tag = element.tag
    if not is_private(tag):
        return TagNode(element, scope, path, _standard_vr(element, scope))
    number = tag & 0xFFFF
    if 0x10 <= number <= 0xFF and element.length != UNDEFINED:
        return _creator_node(element, scope, path, creators)
    creator = creators.get(tag >> 8, "")
    vr = element.vr
    if vr == "UN":
        vr = "SQ" if element.length == UNDEFINED else private_vr_of(tag, creator)
    return TagNode(element, scope, path, vr, creator)


def _creator_node(element: Element, scope: Scope, path: tuple[int, ...], creators: dict[int, str]) -> TagNode:
    """Return the node of a private creator, and keep in mind which block it reserves (PS3.5 7.8.1)."""
    if element.length <= _LONGEST_TERMS_BYTES:
        raw = scope.source.read(element.value_offset, element.length)
        creators[element.tag >> 16 << 8 | element.tag & 0xFF] = "".join(
            values_of(raw, "LO", encodings=scope.encodings)[:1]
        )
    return TagNode(element, scope, path, "LO" if element.vr == "UN" else element.vr)


def _standard_vr(element: Element, scope: Scope) -> str:
    vr = element.vr
    if element.encoding.implicit and is_encapsulated(element):
        return "OB"
    if vr == "UN" and (element.length < _UNKNOWN_VR_BYTES or element.length == UNDEFINED):
        vr = vr_of(element.tag)
        vr = "SQ" if vr == "UN" and element.length == UNDEFINED else vr
    if vr == "US" and scope.signed and (element.encoding.implicit or element.vr == "UN") and may_be_signed(element.tag):
        return "SS"
    return vr
