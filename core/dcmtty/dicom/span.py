"""How far sequences reach: one tight loop over what is ordinary, so that a hundred thousand items are no wait.

It gives way to `walker.Walk` wherever something is not as it should be, and says nothing about it itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from struct import Struct

from dcmtty.dicom.element import LONG_VRS, UNDEFINED
from dcmtty.dicom.source import WINDOW_BYTES, Source

_MAX_DEPTH = 32
_ITEM, _ITEM_END, _SEQUENCE_END, _MARKS = 0xE000FFFE, 0xE00DFFFE, 0xE0DDFFFE, 0xFFFE
"""As little endian words of four bytes, the group in the lower half."""
_PIXELS = 0x7FE0
_SHORT_VRS = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US"
_HEAD_BYTES = {vr.encode(): 8 for vr in _SHORT_VRS.split()} | {vr.encode(): 12 for vr in LONG_VRS}
_head = Struct("<LL").unpack_from
_long = Struct("<L").unpack_from


_ODD, _SEQUENCE_OPENS, _ITEM_OPENS, _ITEM_ENDS, _SEQUENCE_ENDS = range(5)
"""What a run of elements or items ended at."""


def _no_tick(offset: int) -> None:
    del offset


class Span:
    """A pass over the items of a sequence; what it found stays when it is interrupted, and `run` goes on."""

    __slots__ = (
        "_base",
        "_delimited",
        "_depth",
        "_end",
        "_implicit",
        "_is_done",
        "_window",
        "count",
        "offset",
        "offsets",
        "source",
    )

    def __init__(self, source: Source, start: int, end: int, *, delimited: bool, implicit: bool, depth: int) -> None:
        """Begin at `start`; little endian alone.

        Args:
            source: the bytes.
            start: of the first item.
            end: where the sequence ends, or where its delimiter must have come by.
            delimited: whether a delimiter ends it.
            implicit: whether elements say no VR.
            depth: how many sequences its items lie in.
        """
        self.source = source
        self._end = end
        self._delimited = delimited
        self._implicit = implicit
        self._depth = depth
        self._base = 0
        self._window = b""
        self._is_done = False
        self.offset = start
        """Where the next item begins, and behind the delimiter in the end."""
        self.count = 0
        """How many elements and items it passed."""
        self.offsets = array("Q")
        """Of the items."""

    def run(self, tick: Callable[[int], None] = _no_tick) -> bool:
        """Pass over everything; false where something is not ordinary, which begins in the item at `offset`.

        `tick` is called with an offset every few kilobytes, and may raise to interrupt.
        """
        self._is_done = self._is_done or self._run(tick)
        return self._is_done

    def _run(self, tick: Callable[[int], None]) -> bool:
        end, offset, delimited = self._end, self.offset, self._delimited
        self._window, self._base = b"", offset
        while delimited or offset != end:
            at = offset - self._base
            if at + 8 > len(self._window):
                if end - offset < 8:
                    return False
                at = self._fetch(offset, tick)
            tag, length = _head(self._window, at)
            if tag != _ITEM:
                self.offset = offset + 8 if tag == _SEQUENCE_END else offset
                return tag == _SEQUENCE_END and delimited
            after = offset + 8 + length if length != UNDEFINED else self._item(offset + 8, tick)
            if after > end:
                return False
            self.offsets.append(offset)
            self.count += 1
            self.offset = offset = after
        return True

    def _fetch(self, offset: int, tick: Callable[[int], None]) -> int:
        tick(offset)
        self._window = self.source.read(offset, min(WINDOW_BYTES, self._end - offset))
        self._base = offset
        return 0

    def _item(self, offset: int, tick: Callable[[int], None]) -> int:
        """Return where a delimited item ends whose content begins at `offset`; beyond the end if it is not ordinary."""
        depth = self._depth
        elements = self._implicit_elements if self._implicit else self._explicit_elements
        ended = _ITEM_OPENS
        while ended != _ODD:
            if ended in {_ITEM_OPENS, _SEQUENCE_ENDS}:
                offset, ended = elements(offset, tick)
            elif ended == _SEQUENCE_OPENS:
                depth += 1
                offset, ended = self._inner_items(offset, tick) if depth <= _MAX_DEPTH else (offset, _ODD)
            elif depth == self._depth:
                return offset
            else:
                offset, ended = self._inner_items(offset, tick)
            depth -= ended == _SEQUENCE_ENDS
        return self._end + 1

    def _inner_items(self, offset: int, tick: Callable[[int], None]) -> tuple[int, int]:
        """Pass over items with lengths; return where a delimited one opens, or where the sequence ended."""
        last = self._end - 8
        while offset <= last:
            at = offset - self._base
            if at + 8 > len(self._window):
                at = self._fetch(offset, tick)
            tag, length = _head(self._window, at)
            self.count += 1
            offset += 8
            if tag == _ITEM:
                if length == UNDEFINED:
                    return offset, _ITEM_OPENS
                offset += length
            else:
                return offset, _SEQUENCE_ENDS if tag == _SEQUENCE_END else _ODD
        return offset, _ODD

    def _explicit_elements(self, offset: int, tick: Callable[[int], None]) -> tuple[int, int]:
        """Pass over elements that say their VR; return where a delimited sequence opens, or where the item ended."""
        last, base, window, count = self._end - 8, self._base, self._window, 0
        ended = _ODD
        while offset <= last:
            at = offset - base
            if at + 12 > len(window) and base + len(window) < self._end:
                at, base = self._fetch(offset, tick), offset
                window = self._window
            count += 1
            size = _HEAD_BYTES.get(window[at + 4 : at + 6])
            if size == 8:
                offset += 8 + window[at + 6] + (window[at + 7] << 8)
            elif size is not None and at + 12 <= len(window):
                (length,) = _long(window, at + 8)
                offset += 12
                if length == UNDEFINED:
                    ended = _SEQUENCE_OPENS if window[at + 4 : at + 6] == b"SQ" else _ODD
                    break
                offset += length
            else:
                ended = _ITEM_ENDS if _head(window, at)[0] == _ITEM_END else _ODD
                offset += 8
                break
        self.count += count
        return offset, ended

    def _implicit_elements(self, offset: int, tick: Callable[[int], None]) -> tuple[int, int]:
        """Pass over elements that say no VR; return where a delimited sequence opens, or where the item ended."""
        last, base, window, count = self._end - 8, self._base, self._window, 0
        ended = _ODD
        while offset <= last:
            at = offset - base
            if at + 8 > len(window):
                at, base = self._fetch(offset, tick), offset
                window = self._window
            count += 1
            tag, length = _head(window, at)
            offset += 8
            if tag & 0xFFFF == _MARKS:
                ended = _ITEM_ENDS if tag == _ITEM_END else _ODD
                break
            if length == UNDEFINED:
                ended = _SEQUENCE_OPENS if tag & 0xFFFF != _PIXELS else _ODD
                break
            offset += length
        self.count += count
        return offset, ended
