"""Our own walk over a data set: iterative, bounded, every length checked against what holds it (PS3.5 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from dcmtty.dicom.dictionary import vr_of
from dcmtty.dicom.element import (
    EXPLICIT_LITTLE,
    ITEM,
    ITEM_END,
    KNOWN_VRS,
    LONG_VRS,
    SEQUENCE_END,
    UNDEFINED,
    Element,
    Encoding,
    holds_items,
    is_encapsulated,
    looks_explicit,
    named,
)
from dcmtty.dicom.nested import item_encoding, sequence_encoding
from dcmtty.dicom.source import Source
from dcmtty.errors import InputError, TruncatedFile

MAX_DEPTH = 32
MIN_ELEMENT_LIMIT = 200_000
MAX_ELEMENT_LIMIT = 2_000_000
_BYTES_PER_ELEMENT = 24
"""Large honest files (a structure set of 30,000 contours) have more bytes per element than a flood of empty items."""


class _Kind(IntEnum):
    DATA_SET = 0
    SEQUENCE = 1
    FRAGMENTS = 2


class _Level(NamedTuple):
    kind: _Kind
    end: int
    delimited: bool
    encoding: Encoding
    depth: int
    tag: int


_VR_TEXT = {vr.encode(): vr for vr in KNOWN_VRS}
_NO_VR = b" ?-\0"
"""What writers put where they know no VR; the length behind it is short then, if the long one does not fit."""
_HEAD = {False: Struct("<HHL"), True: Struct(">HHL")}
_SHORT = {False: Struct("<H"), True: Struct(">H")}
_LONG = {False: Struct("<L"), True: Struct(">L")}


def element_limit(size_bytes: int) -> int:
    """Return how many elements a file of this size may have before it is refused as a flood."""
    return min(MAX_ELEMENT_LIMIT, max(MIN_ELEMENT_LIMIT, size_bytes // _BYTES_PER_ELEMENT))


def no_sequence(element: Element) -> bool:
    """Go into no sequence."""
    del element
    return False


class Walk:
    """One pass over a data set; `step` gives the next element until None."""

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        encoding: Encoding,
        *,
        enter: Callable[[Element], bool] = holds_items,
        depth: int = 0,
        limit: int | None = None,
    ) -> None:
        """Walk from `start`; sequences that `enter` declines are passed over; delimited ones are checked."""
        self.source = source
        self.offset = start
        self.padding_bytes = 0
        """Zero bytes found after the last element of the file."""
        self.stray_items = 0
        """Items that stand outside any sequence; they are passed over."""
        self._enter = enter
        self._left = element_limit(source.size) if limit is None else limit
        self._quiet: int | None = None
        self._is_whole = True
        self._levels = [_Level(_Kind.DATA_SET, end, delimited=False, encoding=encoding, depth=depth, tag=0)]

    @classmethod
    def inside(cls, source: Source, element: Element, *, as_sequence: bool = False, limit: int | None = None) -> Walk:
        """Return a walk over what is directly in an item, a sequence or encapsulated pixel data, and no deeper.

        Args:
            source: where the element was found.
            element: what to look into.
            as_sequence: whether the element is a sequence although its own VR does not say so.
            limit: how many elements may be walked; by the size of the source when None.

        Raises:
            InputError: it is nested more than 32 deep.
        """
        delimited = element.length == UNDEFINED
        end = element.end if delimited else element.value_offset + element.length
        walk = cls(
            source, element.value_offset, end, element.encoding, enter=no_sequence, depth=element.depth, limit=limit
        )
        walk._is_whole = False
        if element.is_item:
            walk._levels = [_Level(_Kind.DATA_SET, end, delimited, element.encoding, element.depth, ITEM)]
        else:
            walk._levels.clear()
            walk._open(element, end, _Kind.SEQUENCE if as_sequence else None, element.depth)
        return walk

    def step(self) -> Element | None:
        """Return the next element, or None at the end.

        Raises:
            TruncatedFile: an element, item or delimiter does not fit in what holds it.
            InputError: nested more than 32 deep, too many elements, or no item where one must be.
        """
        levels = self._levels
        while levels:
            level = levels[-1]
            if self._quiet is not None and len(levels) <= self._quiet:
                self._quiet = None
            if self.offset >= level.end:
                self._leave(level)
                continue
            element = self._next(level)
            if element is not None and self._quiet is None:
                self._descend(element, level)
                return element
            if element is not None:
                self._descend(element, level)
        return None

    def leap(self, offset: int, count: int) -> None:
        """Go behind the delimited sequence that `step` gave last and did not enter.

        Args:
            offset: behind its delimiter.
            count: how many elements and items lie in it.
        """
        self._levels.pop()
        self._quiet = None
        self.offset = offset
        self._left -= count

    def _leave(self, level: _Level) -> None:
        if level.delimited:
            raise TruncatedFile(
                f"{self.source.name}: {named(level.tag)} is not ended by a delimiter before byte {self.offset}",
                remedy="get a complete copy",
            )
        self._levels.pop()

    def _next(self, level: _Level) -> Element | None:
        offset = self.offset
        index = self.source.index(offset, 12)
        if level.end - offset < 8:
            self._padding_or_cut(level)
            return None
        buffer, big = self.source.buffer, level.encoding.big
        group, number, length = _HEAD[big].unpack_from(buffer, index)
        tag = group << 16 | number
        self._left -= 1
        if self._left < 0:
            raise InputError(f"{self.source.name}: more elements than a file of its size may have", remedy="refused")
        if group == 0xFFFE or level.kind is not _Kind.DATA_SET:
            return self._mark(level, tag, length)
        if tag == 0 and self._is_outermost() and self.source.zeros_to_the_end(offset):
            self._padding_or_cut(level)
            return None
        value_offset, vr = offset + 8, ""
        if not level.encoding.implicit:
            raw = buffer[index + 4 : index + 6]
            vr = _VR_TEXT.get(raw) or (raw.decode("ascii") if looks_explicit(raw) else "")
            if vr in LONG_VRS:
                value_offset, length = offset + 12, self._long_length(level, tag, index, big=big)
            elif vr or (length != UNDEFINED and length > level.end - value_offset and not raw.strip(_NO_VR)):
                (length,) = _SHORT[big].unpack_from(buffer, index + 6)
        vr = vr or vr_of(tag)
        if length != UNDEFINED and length > level.end - value_offset:
            raise self._cut(level, tag, length, level.end - value_offset)
        return Element(tag, vr, level.depth, offset, value_offset, length, level.encoding, level.end)

    def _long_length(self, level: _Level, tag: int, index: int, *, big: bool) -> int:
        if level.end - self.offset < 12:
            raise TruncatedFile(
                f"{self.source.name}: ends inside the header of {named(tag)} at byte {self.offset}",
                remedy="get a complete copy",
            )
        length: int = _LONG[big].unpack_from(self.source.buffer, index + 8)[0]
        return length

    def _mark(self, level: _Level, tag: int, length: int) -> Element | None:
        """Handle an item, a delimiter, or what stands where one of them must be."""
        offset, self.offset = self.offset, self.offset + 8
        if tag == ITEM and level.kind is not _Kind.DATA_SET:
            if length == UNDEFINED and level.kind is _Kind.FRAGMENTS:
                raise InputError(f"{self.source.name}: a fragment without length at byte {offset}", remedy="refused")
            if length != UNDEFINED and length > level.end - self.offset:
                self.offset = offset
                raise self._cut(level, tag, length, level.end - offset - 8)
            encoding = (
                level.encoding
                if level.kind is _Kind.FRAGMENTS
                else item_encoding(self.source, self.offset, length, level.encoding)
            )
            return Element(tag, "", level.depth, offset, offset + 8, length, encoding, level.end)
        ends = SEQUENCE_END if level.kind is not _Kind.DATA_SET else ITEM_END
        if tag == ends and level.delimited:
            self._levels.pop()
        elif tag == ITEM and self._is_outermost() and length <= level.end - self.offset:
            self.offset += length
            self.stray_items += 1
        elif tag not in {ITEM_END, SEQUENCE_END}:
            raise InputError(
                f"{self.source.name}: {named(tag)} at byte {offset}, where an item of {named(level.tag)} must be",
                remedy="the file is damaged or its encoding is not what it says",
            )
        return None

    def _descend(self, element: Element, level: _Level) -> None:
        """Move behind the element, or into it."""
        delimited = element.length == UNDEFINED
        end = element.end if delimited else element.value_offset + element.length
        self.offset = element.value_offset
        if element.is_item:
            listed = not self._is_whole and len(self._levels) == 1
            if level.kind is _Kind.FRAGMENTS or not element.length or (listed and not delimited):
                self.offset = end
            else:
                if listed:
                    self._quiet = len(self._levels)
                self._levels.append(_Level(_Kind.DATA_SET, end, delimited, element.encoding, level.depth, ITEM))
            return
        entered = self._enter(element)
        if not (entered or delimited) or (not delimited and element.vr != "SQ"):
            self.offset = end
            return
        if not entered and self._quiet is None:
            self._quiet = len(self._levels)
        self._open(element, end, None, level.depth)

    def _open(self, element: Element, end: int, kind: _Kind | None, depth: int) -> None:
        """Go into a sequence or encapsulated pixel data."""
        if depth >= MAX_DEPTH:
            raise InputError(
                f"{self.source.name}: {named(element.tag)} at byte {element.offset} is more than {MAX_DEPTH} deep",
                remedy="refused",
            )
        kind = kind or (_Kind.FRAGMENTS if is_encapsulated(element) else _Kind.SEQUENCE)
        encoding = sequence_encoding(self.source, element)
        self._levels.append(_Level(kind, end, element.length == UNDEFINED, encoding, depth + 1, element.tag))

    def _is_outermost(self) -> bool:
        return self._is_whole and len(self._levels) == 1

    def _padding_or_cut(self, level: _Level) -> None:
        left = level.end - self.offset
        if self._is_outermost() and level.end == self.source.size and self.source.zeros_to_the_end(self.offset):
            self.padding_bytes = left
            self.offset = level.end
            return
        where = "ends" if level.end == self.source.size else f"{named(level.tag)} ends"
        raise TruncatedFile(
            f"{self.source.name}: {where} inside the header of an element at byte {self.offset}",
            remedy="get a complete copy",
        )

    def _cut(self, level: _Level, tag: int, length: int, left: int) -> TruncatedFile:
        holder = "the file" if level.end == self.source.size else named(level.tag)
        return TruncatedFile(
            f"{self.source.name}: {named(tag)} at byte {self.offset} says {length} bytes, {holder} has {left}",
            remedy="get a complete copy",
        )


def elements(
    source: Source,
    start: int = 0,
    end: int | None = None,
    encoding: Encoding = EXPLICIT_LITTLE,
    *,
    enter: Callable[[Element], bool] = holds_items,
    until: int | None = None,
    depth: int = 0,
    limit: int | None = None,
) -> Iterator[Element]:
    """Yield the elements of a data set in file order, with items and fragments as elements of their own.

    Args:
        source: the bytes.
        start: where the first element begins.
        end: where the data set ends; the end of the source when None.
        encoding: of the elements at `start`.
        enter: which sequences to go into.
        until: a tag; the walk stops before the first top-level element whose tag is not smaller.
        depth: of the sequence that the data set lies in.
        limit: how many elements may be walked; by the size of the source when None.

    Raises:
        TruncatedFile: an element, item or delimiter does not fit in what holds it.
        InputError: nested more than 32 deep, too many elements, or no item where one must be.
    """
    walk = Walk(source, start, source.size if end is None else end, encoding, enter=enter, depth=depth, limit=limit)
    while (element := walk.step()) is not None:
        if until is not None and element.depth == depth and element.tag >= until:
            return
        yield element
