"""Takes the elements of one file after the other into slots, private ones by their creator, items by their number."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from hashlib import sha256

from dcmtty.dicom.charset import DEFAULT, codecs_of, decoded
from dcmtty.dicom.compare.bulk import WORD_BYTES, range_pieces, swapped
from dcmtty.dicom.compare.model import Options
from dcmtty.dicom.compare.slots import Budget, Level, Slot
from dcmtty.dicom.compare.template import Template, Traced, may_be_template
from dcmtty.dicom.dictionary import is_private, may_be_signed, private_vr_of, vr_of
from dcmtty.dicom.element import UNDEFINED, Element, holds_items, is_encapsulated
from dcmtty.dicom.source import Source
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, TEXT_VRS, values_of

_READ_BYTES = 64 << 10
_READ_BINARY_BYTES = 4 << 10
"""Longer values are compared by their length, unless they are to be digested."""
MEASURED = b"\0length "
"""Before what stands in the place of a long value."""
_MOST_MISSED = 20
_TRACED_ELEMENTS = 10_000
"""No template is made of a file with more."""
_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
_TRAILING_PADDING = 0xFFFCFFFC
_LONGEST_TERMS_BYTES = 512


def goes_into(element: Element) -> bool:
    """Go into sequences, and not into compressed pixels."""
    return holds_items(element) and not is_encapsulated(element)


class Gatherer:
    """The attributes of all files of one series."""

    def __init__(self, budget: Budget, options: Options) -> None:
        self.count = 0
        """How many files were taken."""
        self.meta = Level()
        self.data_set = Level()
        self.budget = budget
        self._options = options
        self._template: Template | None = None
        self._missed = 0
        """How many more files were walked than were like the one before."""

    def take_like_last(self, source: Source) -> bool:
        """Take a file that is like the one before it, but for the values that vary; false when it is not.

        Raises:
            InputError: the file became shorter meanwhile.
        """
        template = self._template
        cuts = None if template is None else template.cut(source)
        if template is None or cuts is None:
            return False
        index = self.count
        for traced, raw, length in cuts:
            if traced.slot is not None:
                value = measured(length) if length >= 0 else formed(traced.slot, traced.element, raw, traced.encodings)
                traced.slot.add(index, value)
        for slot, raw in template.fixed:
            slot.add(index, raw)
        template.pending += 1
        self._missed -= 1
        self.count += 1
        return True

    def take(
        self,
        source: Source,
        meta: Sequence[Element],
        data_set: Source,
        elements: Sequence[Element],
        end: int,
        *,
        is_plain: bool,
    ) -> None:
        """Take a file that was walked: its file meta information, and its data set, which ends at `end`.

        `is_plain` says that nothing but elements is in it, from its preamble to its end.

        Raises:
            InputError: the file became shorter meanwhile.
        """
        self.settle()
        first = _Taking(self, self.meta, source, data_set.size)
        first.run(meta)
        second = _Taking(self, self.data_set, data_set, end)
        second.run(elements)
        self.count += 1
        self._missed += 1
        traces = [*first.traces, *second.traces]
        is_plain = (
            is_plain
            and source is data_set
            and len(elements) <= _TRACED_ELEMENTS
            and not (self._options.pixels or self.budget.left_out)
        )
        if self.count > 1 and self._missed < _MOST_MISSED and is_plain and may_be_template(source, traces):
            self._template = Template(source, traces, [*first.counted, *second.counted])

    def settle(self) -> None:
        """Count the files that were like the one before; then the slots are right."""
        if self._template is not None:
            self._template.settle(self.count - 1)
        self._template = None

    @property
    def options(self) -> Options:
        """What is left out, and whether long values are digested."""
        return self._options


class _Taking:
    """One file while it is taken."""

    def __init__(self, owner: Gatherer, level: Level, source: Source, end: int) -> None:
        self._owner = owner
        self._source = source
        self._end = end
        self._levels: list[Level | None] = [level]
        self._encodings: list[tuple[str, ...]] = [DEFAULT]
        self._sequences: list[tuple[Slot | None, int]] = []
        """The sequences that are open, from the outermost, and how many items they had so far."""
        self._signed = False
        self.traces: list[Traced] = []
        self.counted: list[tuple[Slot, bytes]] = []
        """The sequences, with how many items they had."""
        level.creators.clear()

    def run(self, elements: Sequence[Element]) -> None:
        """Take all elements."""
        index, options, opened = self._owner.count, self._owner.options, self._sequences
        is_traced = len(elements) <= _TRACED_ELEMENTS
        for place, element in enumerate(elements):
            depth = element.depth
            while len(opened) > depth:
                self._close(*opened.pop())
            if element.is_item:
                self._item(depth)
                if is_traced:
                    self.traces.append(Traced(element, None, None, DEFAULT))
                continue
            level = self._levels[depth]
            if level is None or not element.tag & 0xFFFF or element.tag == _TRAILING_PADDING:
                slot = None
            else:
                slot = None if options.ignores(element.tag) else self._slot(level, element, depth)
            value, encodings = None, self._encodings[depth]
            if goes_into(element):
                opened.append((slot, 0))
            elif slot is not None:
                following = elements[place + 1].offset if place + 1 < len(elements) else self._end
                value = self._value(slot, element, depth, following)
                slot.add(index, value)
            if is_traced:
                self.traces.append(Traced(element, slot, value, encodings, 0 if slot is None else most_bytes(slot.vr)))
        while opened:
            self._close(*opened.pop())

    def _close(self, slot: Slot | None, items: int) -> None:
        """Take the number of items as the value of a sequence."""
        if slot is not None:
            value = b"%d" % items
            slot.add(self._owner.count, value)
            self.counted.append((slot, value))

    def _item(self, depth: int) -> None:
        """Go into the next item of the sequence that is open."""
        if len(self._sequences) < depth:
            return
        slot, number = self._sequences[depth - 1]
        self._sequences[depth - 1] = (slot, number + 1)
        level = None
        if slot is not None and number < len(slot.levels):
            level = slot.levels[number]
            level.creators.clear()
        elif slot is not None and self._owner.budget.slots > 0:
            level = Level()
            slot.levels.append(level)
        elif slot is not None:
            self._owner.budget.left_out += 1
        del self._levels[depth:], self._encodings[depth:]
        self._levels.append(level)
        self._encodings.append(self._encodings[-1])

    def _slot(self, level: Level, element: Element, depth: int) -> Slot | None:
        """Return the slot of an element, a new one if none of the files before had it."""
        tag = element.tag
        key: Hashable = tag
        creator = ""
        if is_private(tag):
            group, number = tag >> 16, tag & 0xFFFF
            if 0x10 <= number <= 0xFF:
                creator = self._creator(element, depth)
                level.creators[group << 8 | number] = creator
                key = (group, creator)
            elif (group << 8 | number >> 8) in level.creators:
                creator = level.creators[group << 8 | number >> 8]
                key = (group, creator, number & 0xFF)
        found = level.slots.get(key)
        if found is not None:
            return found
        budget = self._owner.budget
        if budget.slots <= 0:
            budget.left_out += 1
            return None
        budget.slots -= 1
        found = level.slots[key] = Slot(budget, element, self._vr(element, creator), creator)
        return found

    def _creator(self, element: Element, depth: int) -> str:
        if element.length > _LONGEST_TERMS_BYTES:
            return ""
        raw = self._source.read(element.value_offset, element.length)
        return "".join(values_of(raw, "LO", encodings=self._encodings[depth])[:1]).strip()

    def _vr(self, element: Element, creator: str) -> str:
        tag, vr = element.tag, element.vr
        if goes_into(element):
            return "SQ"
        if vr == "UN":
            vr = private_vr_of(tag, creator) if is_private(tag) and tag & 0xFFFF > 0xFF else vr_of(tag)
        if vr == "US" and self._signed and element.encoding.implicit and may_be_signed(tag):
            return "SS"
        return vr

    def _value(self, slot: Slot, element: Element, depth: int, following: int) -> bytes:
        """Return the value in the form in which slots hold it."""
        start = element.value_offset
        end = following if element.length == UNDEFINED else start + element.length
        if end - start > most_bytes(slot.vr) or element.length == UNDEFINED:
            slot.is_measured = slot.is_measured or not self._owner.options.pixels
            return self._digested(start, end) if self._owner.options.pixels else measured(end - start)
        raw = self._source.read(start, element.length)
        if element.tag == _CHARACTER_SET:
            terms = values_of(raw[:_LONGEST_TERMS_BYTES], "CS")
            self._encodings[depth] = codecs_of(tuple(term.strip() for term in terms))
        elif element.tag == _PIXEL_REPRESENTATION:
            self._signed = any(raw)
        return formed(slot, element, raw, self._encodings[depth])

    def _digested(self, start: int, end: int) -> bytes:
        digest = sha256()
        for piece in range_pieces(self._source, start, end):
            digest.update(piece)
        return measured(end - start) + b", SHA-256 " + digest.hexdigest()[:16].encode()


def most_bytes(vr: str) -> int:
    """Return up to which length values of a VR are taken as they are; of longer ones the length is."""
    return _READ_BYTES if vr in STRING_VRS or vr in NUMBER_BYTES else _READ_BINARY_BYTES


def measured(length: int) -> bytes:
    """Return what stands in the place of a long value."""
    return MEASURED + b"%d bytes" % length


def formed(slot: Slot, element: Element, raw: bytes, encodings: tuple[str, ...]) -> bytes:
    """Return a value in the form in which slots hold it: text in UTF-8 without padding, numbers in little endian."""
    vr = slot.vr
    if vr in STRING_VRS:
        raw = raw.rstrip(b"\0 ")
        if vr in TEXT_VRS and (not raw.isascii() or b"\x1b" in raw):
            return decoded(raw, encodings).encode("utf-8", "replace")
        return raw
    size = 2 if vr == "AT" else NUMBER_BYTES.get(vr) or WORD_BYTES.get(vr, 1)
    return swapped(raw, size) if element.encoding.big and size > 1 and element.vr != "UN" else raw
