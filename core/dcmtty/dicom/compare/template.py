"""Reads a file like the one before it: what never varied so far is compared as bytes, what varies is cut out.

Where the bytes between the values that vary are those of the file before, an element walk would find the same elements
at shifted places, so none is needed; where they are not, the file is walked and another template is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

from dcmtty.dicom.compare.slots import Slot
from dcmtty.dicom.element import UNDEFINED, Element, holds_items, is_encapsulated
from dcmtty.dicom.source import Source

_ALWAYS_SAME = frozenset({0x00020002, 0x00020010, 0x00080005})
"""Media Storage SOP Class, Transfer Syntax and Specific Character Set say how the rest is read."""
_MOST_BYTES = 256 << 10
"""Larger headers are walked."""
_SLACK_BYTES = 1 << 10
_SHORT, _LONG = Struct("<H"), Struct("<L")
_LONG_HEADER = 12


class Traced(NamedTuple):
    """One element of a file that was walked, and what became of it."""

    element: Element
    slot: Slot | None
    raw: bytes | None
    """The value as it was taken; None where it was not, or where it is a sequence."""
    encodings: tuple[str, ...]
    most_bytes: int = 0
    """Up to this length the value is taken as it is; a longer one is measured."""


class Cut(NamedTuple):
    """A value that was cut out of a file."""

    traced: Traced
    """The element in the file that the template was made of."""
    raw: bytes
    length: int
    """Of a value that is measured; -1 where `raw` has it."""


class _Step(NamedTuple):
    before: bytes
    """Up to the length of the element."""
    size: Struct
    traced: Traced
    is_skipped: bool
    needs_length: int
    """In a sequence: the one length that it may have; else -1."""


def may_be_template(source: Source, traces: Sequence[Traced]) -> bool:
    """Say whether a template can be made of a file: little endian, no compressed pixels, not too large."""
    if not traces or any(one.element.encoding.big for one in traces):
        return False
    if any(is_encapsulated(one.element) for one in traces):
        return False
    last = traces[-1].element
    skipped = sum(one.element.length for one in traces if one.element.length > one.most_bytes > 0)
    return last.length != UNDEFINED and source.size - skipped <= _MOST_BYTES


class Template:
    """A file as it was, with places for what varies."""

    def __init__(self, source: Source, traces: Sequence[Traced], counted: Sequence[tuple[Slot, bytes]]) -> None:
        """Make it of a file that was walked whole.

        Args:
            source: the file.
            traces: its elements in order.
            counted: its sequences, each with the number of its items as its value.
        """
        self.pending = 0
        """Files that matched, whose constant values were not counted yet."""
        self.constant: dict[int, Slot] = {id(slot): slot for slot, _ in counted if slot.is_constant}
        """By identity: a damaged file may have an element twice."""
        self.fixed: list[tuple[Slot, bytes]] = [(slot, raw) for slot, raw in counted if not slot.is_constant]
        """Attributes that vary, and the value that every file that matches has."""
        self._steps: list[_Step] = []
        start = 0
        for traced in traces:
            start = self._add(source, traced, start)
        self._tail = source.read(start, source.size - start)
        self._guess = sum(len(step.before) + 12 for step in self._steps) + len(self._tail)

    def _add(self, source: Source, traced: Traced, start: int) -> int:
        """Take one element into the template; return where the bytes begin that are not in it yet."""
        element, slot = traced.element, traced.slot
        if element.is_item or holds_items(element):
            return start
        is_measured = element.length > traced.most_bytes
        if slot is not None and not is_measured and traced.raw is not None:
            if slot.is_constant:
                self.constant[id(slot)] = slot
                return start
            if element.tag in _ALWAYS_SAME:
                self.fixed.append((slot, traced.raw))
                return start
        is_short = not element.encoding.implicit and element.value_offset - element.offset < _LONG_HEADER
        length_at = element.value_offset - (2 if is_short else 4)
        before = source.read(start, length_at - start)
        needs = element.length if element.depth else -1
        self._steps.append(_Step(before, _SHORT if is_short else _LONG, traced, is_measured or slot is None, needs))
        return element.value_offset + element.length

    def cut(self, source: Source) -> list[Cut] | None:
        """Return the values of a file that vary, or None when the file is not like the template."""
        base, data = 0, source.read(0, min(source.size, self._guess + _SLACK_BYTES))
        at, cuts = 0, []
        for before, size, traced, is_skipped, needs_length in self._steps:
            after = at + len(before)
            if after + 4 > len(data):
                base, at = base + at, 0
                if base + len(before) + 4 > source.size:
                    return None
                data = source.read(base, min(source.size - base, len(before) + self._guess + _SLACK_BYTES))
                after = len(before)
            if not data.startswith(before, at):
                return None
            (length,) = size.unpack_from(data, after)
            at = after + size.size
            if length > source.size - base - at or needs_length not in {-1, length}:
                return None
            if traced.slot is not None:
                if (length > traced.most_bytes) is not is_skipped:
                    return None
                inside = at + length <= len(data)
                raw = b"" if is_skipped else data[at : at + length] if inside else source.read(base + at, length)
                cuts.append(Cut(traced, raw, length if is_skipped else -1))
            at += length
        rest = base + at
        if source.size - rest != len(self._tail) or source.read(rest, len(self._tail)) != self._tail:
            return None
        return cuts

    def settle(self, index: int) -> None:
        """Count the constant values of the files that matched, of which `index` is the last."""
        for slot in self.constant.values():
            slot.repeat(self.pending, index)
        self.pending = 0
