"""Takes the elements of one file after the other into slots, private ones by their creator, items by their number."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from hashlib import sha256

from dcmtty.dicom.charset import DEFAULT, codecs_of, decoded
from dcmtty.dicom.compare.bulk import WORD_BYTES, range_pieces, swapped
from dcmtty.dicom.compare.model import Options
from dcmtty.dicom.compare.slots import Budget, Level, Slot
from dcmtty.dicom.dictionary import is_private, may_be_signed, private_vr_of, vr_of
from dcmtty.dicom.element import UNDEFINED, Element, holds_items, is_encapsulated
from dcmtty.dicom.source import Source
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, TEXT_VRS, values_of

_READ_BYTES = 64 << 10
_READ_BINARY_BYTES = 4 << 10
"""Longer values are compared by their length, unless they are to be digested."""
MEASURED = b"\0length "
"""Before what stands in the place of a long value."""
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

    def take(self, source: Source, elements: Sequence[Element], end: int) -> None:
        """Take the elements of a file's data set, `end` being where they end.

        Raises:
            InputError: the file became shorter meanwhile.
        """
        _Taking(self, self.data_set, source, end).run(elements)

    def take_meta(self, source: Source, elements: Sequence[Element]) -> None:
        """Take the file meta information of a file, after its data set; then comes the next file."""
        _Taking(self, self.meta, source, source.size).run(elements)
        self.count += 1

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
        level.creators.clear()

    def run(self, elements: Sequence[Element]) -> None:
        """Take all elements."""
        index, options, opened = self._owner.count, self._owner.options, self._sequences
        for place, element in enumerate(elements):
            depth = element.depth
            while len(opened) > depth:
                self._close(*opened.pop())
            if element.is_item:
                self._item(depth)
                continue
            level = self._levels[depth]
            if level is None or not element.tag & 0xFFFF or element.tag == _TRAILING_PADDING:
                slot = None
            else:
                slot = None if options.ignores(element.tag) else self._slot(level, element, depth)
            if goes_into(element):
                opened.append((slot, 0))
            elif slot is not None:
                following = elements[place + 1].offset if place + 1 < len(elements) else self._end
                slot.add(index, self._value(slot, element, depth, following))
        while opened:
            self._close(*opened.pop())

    def _close(self, slot: Slot | None, items: int) -> None:
        """Take the number of items as the value of a sequence."""
        if slot is not None:
            slot.add(self._owner.count, b"%d" % items)

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
        vr = slot.vr
        most = _READ_BYTES if vr in STRING_VRS or vr in NUMBER_BYTES else _READ_BINARY_BYTES
        if end - start > most or element.length == UNDEFINED:
            return self._measure(slot, start, end)
        raw = self._source.read(start, element.length)
        if vr in STRING_VRS:
            raw = raw.rstrip(b"\0 ")
            if vr in TEXT_VRS and (not raw.isascii() or b"\x1b" in raw):
                return decoded(raw, self._encodings[depth]).encode("utf-8", "replace")
            if element.tag == _CHARACTER_SET:
                terms = values_of(raw[:_LONGEST_TERMS_BYTES], "CS")
                self._encodings[depth] = codecs_of(tuple(term.strip() for term in terms))
        elif element.tag == _PIXEL_REPRESENTATION:
            self._signed = any(raw)
        size = 2 if vr == "AT" else NUMBER_BYTES.get(vr) or WORD_BYTES.get(vr, 1)
        return swapped(raw, size) if element.encoding.big and size > 1 and element.vr != "UN" else raw

    def _measure(self, slot: Slot, start: int, end: int) -> bytes:
        """Return the length of a long value, and its digest if that was asked for."""
        length = MEASURED + b"%d bytes" % (end - start)
        if not self._owner.options.pixels:
            slot.is_measured = True
            return length
        digest = sha256()
        for piece in range_pieces(self._source, start, end):
            digest.update(piece)
        return length + b", SHA-256 " + digest.hexdigest()[:16].encode()
