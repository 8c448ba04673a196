"""A walk over a header that lies in memory as one piece; it steps aside for everything that is not quite usual."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import NamedTuple, TypeVar

from dcmtty.dicom.dictionary import may_be_signed, vr_of
from dcmtty.dicom.element import KNOWN_VRS, LONG_VRS, UNDEFINED

MAX_VALUE_BYTES = 64 << 10
"""Longer values of wanted attributes are left to the thorough way, which leaves them out with a warning."""
_DEEPEST = 30
_MOST_KNOWN = 100_000
_ITEM = b"\xfe\xff\x00\xe0"
_ITEM_END = b"\xfe\xff\x0d\xe0"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0"
_SHORT_FORM = frozenset(vr.encode() for vr in KNOWN_VRS - LONG_VRS)
_LONG_FORM = frozenset(vr.encode() for vr in LONG_VRS)
_TAG = Struct("<HH")
_UNREADABLE_HERE = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"})
"""What a wanted value may not be: the thorough way knows what to make of it."""


_Kept = TypeVar("_Kept")


class Unusual(Exception):
    """The quick way cannot tell; the thorough one must."""


class Short(Exception):
    """The piece ends before the header does."""


class Found(NamedTuple):
    """Where one element of the data set lies, with all that is inside it."""

    start: int
    value: int
    """Where its value begins."""
    end: int
    tag: int
    slot: int
    """Which wanted attribute it is; -1 for none."""
    vr: str
    """Of a wanted one; else empty."""


class _Form(NamedTuple):
    """What the first eight bytes of an element tell."""

    value: int
    """How many bytes before the value."""
    length: int
    """Of the whole element."""
    tag: int
    slot: int
    vr: str


class PieceWalk:
    """Walks one header after another; element forms that it met before cost one look into a table."""

    def __init__(self, slots: Mapping[int, int], refused: frozenset[int], stop: int) -> None:
        """Look for the tags in `slots`; leave what has one in `refused`; end before the first one from `stop` on."""
        self._slots = slots
        self._refused = refused
        self._stop = stop
        self._known: dict[bool, dict[bytes, _Form]] = {False: {}, True: {}}
        self._inner: dict[bool, dict[bytes, int]] = {False: {}, True: {}}

    def meta(self, data: bytes, at: int, size: int) -> tuple[list[Found], int]:
        """Return the elements of group 0002, and where the data set begins."""
        found: list[Found] = []
        end = self._elements(data, at, size, found, implicit=False, last=0x0001FFFF, stop=0x00030000)
        return found, end

    def data_set(self, data: bytes, at: int, size: int, found: list[Found], *, implicit: bool) -> int:
        """Add the elements of a data set that begins at `at` to `found`; return the place before `stop`, or the end.

        Raises:
            Short: the piece ends before that.
            Unusual: something is not as in nearly every file, damaged perhaps.
        """
        return self._elements(data, at, size, found, implicit=implicit, last=0x0002FFFF, stop=self._stop)

    def is_told(self, found: Found, *, implicit: bool) -> bool:
        """Say whether the first eight bytes of an element tell its length and all that must be known of it."""
        return found.value - found.start == 8 and not (implicit and vr_of(found.tag) == "SQ")

    def length_at(self, data: bytes, at: int, size: int, same: bytes, *, implicit: bool) -> int:
        """Return the length of an element that begins with `same`; 0 for another one, or what is unusual."""
        if not data.startswith(same, at) or len(data) - at < 12:
            return 0
        try:
            return self._form(data, at, size, implicit=implicit, stop=self._stop).length
        except (Short, Unusual):
            return 0

    def tail(self, data: bytes, size: int, last: int, *, implicit: bool) -> None:
        """Check the elements that come after `last` up to the end of the file, all of which `data` holds."""
        end = self._elements(data, 0, size, [], implicit=implicit, last=last, stop=0xFFFFFFFF)
        if end != size:
            raise Unusual

    def _elements(
        self, data: bytes, at: int, size: int, found: list[Found], *, implicit: bool, last: int, stop: int
    ) -> int:
        known, there = self._known[implicit], len(data)
        while at < size:
            form = known.get(data[at : at + 8])
            if form is None:
                if there - at < 12 and there < size:
                    raise Short
                form = self._form(data, at, size, implicit=implicit, stop=stop)
            value, length, tag, slot, vr = form
            if tag <= last:
                raise Unusual
            if tag >= stop:
                return at
            found.append(Found(at, at + value, at + length, tag, slot, vr))
            last = tag
            at += length
            if at > there:
                raise Short if at <= size else Unusual
        return at

    def _form(self, data: bytes, at: int, size: int, *, implicit: bool, stop: int) -> _Form:
        head = data[at : at + 8]
        if len(head) < 8:
            raise Unusual
        group, number = _TAG.unpack_from(head)
        tag = group << 16 | number
        if group in {0, 0xFFFE} or tag in self._refused:
            raise Unusual
        if tag >= stop:
            return _Form(0, 0, tag, -1, "")
        slot = self._slots.get(tag, -1)
        if implicit:
            return self._implicit_form(data, at, size, tag, slot)
        vr = head[4:6]
        if vr in _SHORT_FORM:
            form = _Form(8, 8 + int.from_bytes(head[6:8], "little"), tag, slot, vr.decode() if slot >= 0 else "")
            self._keep(self._known[False], head, form)
            return form
        return self._long_form(data, at, size, tag, slot)

    def _long_form(self, data: bytes, at: int, size: int, tag: int, slot: int) -> _Form:
        vr = data[at + 4 : at + 6]
        if vr not in _LONG_FORM or size - at < 12:
            raise Unusual
        length = int.from_bytes(data[at + 8 : at + 12], "little")
        if vr == b"SQ":
            if slot >= 0:
                raise Unusual
            return _Form(12, self._sequence(data, at + 12, length, size, 1, implicit=False) - at, tag, -1, "")
        if length == UNDEFINED or (slot >= 0 and (length > MAX_VALUE_BYTES or vr.decode() in _UNREADABLE_HERE)):
            raise Unusual
        return _Form(12, 12 + length, tag, slot, vr.decode() if slot >= 0 else "")

    def _implicit_form(self, data: bytes, at: int, size: int, tag: int, slot: int) -> _Form:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        vr = vr_of(tag)
        if vr == "SQ" or length == UNDEFINED:
            if slot >= 0 or vr != "SQ":
                raise Unusual
            return _Form(8, self._sequence(data, at + 8, length, size, 1, implicit=True) - at, tag, -1, "")
        if slot >= 0 and (length > MAX_VALUE_BYTES or vr in _UNREADABLE_HERE or may_be_signed(tag) or tag >> 16 & 1):
            raise Unusual
        form = _Form(8, 8 + length, tag, slot, vr if slot >= 0 else "")
        self._keep(self._known[True], data[at : at + 8], form)
        return form

    def _sequence(self, data: bytes, at: int, length: int, size: int, depth: int, *, implicit: bool) -> int:
        """Return where a sequence whose items begin at `at` ends."""
        if depth > _DEEPEST:
            raise Unusual
        delimited = length == UNDEFINED
        end = size if delimited else at + length
        if end > size:
            raise Unusual
        while delimited or at != end:
            mark = self._mark(data, at, size)
            item_length = int.from_bytes(data[at + 4 : at + 8], "little")
            at += 8
            if mark == _ITEM:
                at = self._item(data, at, item_length, end, depth, implicit=implicit)
            elif mark == _SEQUENCE_END and delimited:
                break
            else:
                raise Unusual
            if at > end:
                raise Unusual
        return at

    @staticmethod
    def _mark(data: bytes, at: int, size: int) -> bytes:
        if len(data) - at < 12 and len(data) < size:
            raise Short
        if len(data) - at < 8:
            raise Unusual
        return data[at : at + 4]

    def _item(self, data: bytes, at: int, length: int, limit: int, depth: int, *, implicit: bool) -> int:
        """Return where an item whose elements begin at `at` ends."""
        delimited = length == UNDEFINED
        end = limit if delimited else at + length
        if end > limit:
            raise Unusual
        inner = self._inner[implicit]
        while delimited or at != end:
            step = inner.get(data[at : at + 8])
            if step is None:
                mark = self._mark(data, at, limit)
                if mark == _ITEM_END and delimited:
                    return at + 8
                step = self._inner_length(data, at, limit, depth, implicit=implicit)
            at += step
            if at > end:
                raise Unusual
        return at

    def _inner_length(self, data: bytes, at: int, limit: int, depth: int, *, implicit: bool) -> int:
        head = data[at : at + 8]
        group, number = _TAG.unpack_from(head)
        if group in {0, 0xFFFE}:
            raise Unusual
        length = int.from_bytes(head[4:8], "little")
        if implicit:
            is_sequence, start = vr_of(group << 16 | number) == "SQ", 8
        elif head[4:6] in _SHORT_FORM:
            step = 8 + int.from_bytes(head[6:8], "little")
            self._keep(self._inner[False], head, step)
            return step
        elif head[4:6] in _LONG_FORM and limit - at >= 12:
            length = int.from_bytes(data[at + 8 : at + 12], "little")
            is_sequence, start = head[4:6] == b"SQ", 12
        else:
            raise Unusual
        if is_sequence:
            return self._sequence(data, at + start, length, limit, depth + 1, implicit=implicit) - at
        if length == UNDEFINED:
            raise Unusual
        if implicit:
            self._keep(self._inner[True], head, 8 + length)
        return start + length

    @staticmethod
    def _keep(table: dict[bytes, _Kept], head: bytes, value: _Kept) -> None:
        if len(table) > _MOST_KNOWN:
            table.clear()
        table[head] = value
