"""What the values of an attribute do over the files of a series: constant, one per file, in steps, a few values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from dcmtty.dicom.compare.gather import MEASURED, Gatherer
from dcmtty.dicom.compare.slots import KEPT_BYTES, SAMPLE_BYTES, Level, Slot
from dcmtty.dicom.dictionary import keyword_of, name_of, tag_text
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, values_of
from dcmtty.text import visible

UTF8 = ("UTF8",)
TOLD_VALUES = 64
"""The most frequent values are told, up to this many."""
_MOST_NUMBERS = 16
_EVEN = 0.05
"""Steps are even that differ from each other by this part of the step at most: positions are rounded."""
_NUMERIC_VRS = (frozenset(NUMBER_BYTES) - {"AT"}) | {"DS", "IS"}
_POSITION, _ORIENTATION, _INSTANCE_NUMBER = 0x00200032, 0x00200037, 0x00200013


class How(StrEnum):
    """What values do from file to file."""

    CONSTANT = "constant"
    STEPS = "steps"
    """Numbers that grow or fall by the same step from file to file."""
    MONOTONIC = "monotonic"
    """Numbers that grow or fall from file to file, by uneven steps."""
    UNIQUE = "unique"
    """Every file has another value."""
    VALUES = "values"


class Value(NamedTuple):
    """One value, and how many files have it."""

    text: str
    """Not yet safe for a terminal; long ones are cut."""
    files: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers over the files, a component for each value of the attribute."""

    first: tuple[float, ...]
    last: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    smallest_step: tuple[float, ...] = ()
    """From file to file; empty where not all files have it."""
    largest_step: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """How one attribute, or the number of items of a sequence, varies."""

    path: tuple[int, ...]
    """Tags and item indexes (from 0) in turn; private tags as the first file that has them numbers them."""
    vr: str
    """`SQ`: the values are the numbers of items."""
    creator: str
    is_meta: bool
    """Whether it is of the file meta information."""
    how: How
    present: int
    """How many files have it."""
    files: int
    distinct: int
    """How many values are told apart."""
    is_capped: bool
    is_measured: bool
    values: tuple[Value, ...]
    """The most frequent ones first; where all are as frequent, in the order of the files."""
    numbers: Numbers | None = None
    is_rewritten: bool = False
    """Whether it is one number throughout, in several texts."""

    @property
    def varies(self) -> bool:
        """Whether some file has another value than another one, or none."""
        return self.how is not How.CONSTANT or self.present < self.files

    @property
    def name(self) -> str:
        """Keywords, or tags where there are none, and items from 1, e.g. `ReferencedImageSequence/1/...`."""
        steps = [_step(step) if index % 2 == 0 else str(step + 1) for index, step in enumerate(self.path)]
        if not keyword_of(self.path[-1]):
            steps[-1] = visible(name_of(self.path[-1], self.creator))
        return "/".join(steps)

    @property
    def tag(self) -> str:
        """`gggg,eeee` of the attribute itself."""
        return tag_text(self.path[-1])


def _step(tag: int) -> str:
    return keyword_of(tag) or tag_text(tag)


def attributes_of(gatherer: Gatherer, order: Sequence[int]) -> tuple[Attribute, ...]:
    """Return all attributes of a series; `order` gives the files in the order in which steps are judged."""
    out: list[Attribute] = []
    for level, is_meta in ((gatherer.meta, True), (gatherer.data_set, False)):
        out += [_attribute(slot, path, order, is_meta=is_meta) for path, slot in _slots(level, ())]
    return tuple(out)


def _slots(level: Level, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Slot]]:
    """Yield the slots in the order of tags, those in sequences behind them."""
    for slot in sorted(level.slots.values(), key=lambda slot: slot.element.tag):
        own = (*path, slot.element.tag)
        yield own, slot
        for number, inner in enumerate(slot.levels):
            yield from _slots(inner, (*own, number))


def _attribute(slot: Slot, path: tuple[int, ...], order: Sequence[int], *, is_meta: bool) -> Attribute:
    distinct = len(slot.counts)
    numbers = _numbers(slot, order) if distinct > 1 else None
    how, is_rewritten = How.VALUES, False
    if distinct == 1:
        how = How.CONSTANT
    elif numbers is not None and numbers.least == numbers.most:
        how, is_rewritten = How.CONSTANT, True
    elif numbers is not None and numbers.smallest_step and len(order) > 2:
        how = _trend(numbers)
    if how is How.VALUES and distinct == slot.count and not slot.is_capped:
        how = How.UNIQUE
    return Attribute(
        path, slot.vr, slot.creator, is_meta, how, slot.count, len(order), distinct, slot.is_capped, slot.is_measured,
        _values(slot, order), numbers, is_rewritten,
    )  # fmt: skip


def _values(slot: Slot, order: Sequence[int]) -> tuple[Value, ...]:
    raws = list(slot.values())
    if max(slot.counts) == 1 and slot.codes and len(slot.codes) == len(order):
        codes = [slot.codes[index] for index in (*order[: TOLD_VALUES - 1], order[-1])]
    else:
        codes = sorted(range(len(slot.counts)), key=lambda code: -slot.counts[code])[:TOLD_VALUES]
    return tuple(Value(_text(slot, raws[code]), slot.counts[code]) for code in codes)


def _text(slot: Slot, raw: bytes | None) -> str:
    if raw is None:
        return "…"
    if raw.startswith(MEASURED):
        return raw.removeprefix(MEASURED).decode("ascii", "replace")
    if slot.vr == "SQ":
        return raw.decode("ascii", "replace")
    if slot.vr in STRING_VRS or slot.vr in NUMBER_BYTES:
        end = "…" if len(raw) == SAMPLE_BYTES > KEPT_BYTES else ""
        return "\\".join(values_of(raw, slot.vr, encodings=UTF8)) + end
    return raw[:16].hex(" ") + (" …" if len(raw) > 16 else "")


def _numbers(slot: Slot, order: Sequence[int]) -> Numbers | None:
    """Return what the numbers of a slot do; None where they are none, or not always as many."""
    if slot.vr not in _NUMERIC_VRS and slot.vr != "SQ":
        return None
    parsed = [_parsed(slot, raw) for raw in slot.values()]
    width = len(parsed[0])
    if not width or any(len(numbers) != width for numbers in parsed):
        return None
    columns = list(zip(*parsed, strict=True))
    least, most = tuple(map(min, columns)), tuple(map(max, columns))
    if not slot.codes or len(slot.codes) != len(order):
        return Numbers(parsed[0], parsed[-1], least, most)
    rows = [parsed[slot.codes[index]] for index in order]
    steps = [[later - earlier for earlier, later in pairwise(column)] for column in zip(*rows, strict=True)]
    return Numbers(rows[0], rows[-1], least, most, tuple(map(min, steps)), tuple(map(max, steps)))


def _parsed(slot: Slot, raw: bytes | None) -> tuple[float, ...]:
    if raw is None or raw.startswith(MEASURED):
        return ()
    texts = (raw.decode("ascii"),) if slot.vr == "SQ" else values_of(raw, slot.vr)
    if len(texts) > _MOST_NUMBERS or any("_" in text for text in texts):
        return ()
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()


def _trend(numbers: Numbers) -> How:
    """Return whether every component is constant or goes one way, and whether in even steps."""
    how = How.STEPS
    for smallest, largest in zip(numbers.smallest_step, numbers.largest_step, strict=True):
        if smallest < 0 < largest or (smallest != largest and 0 in {smallest, largest}):
            return How.VALUES
        if largest - smallest > _EVEN * max(abs(smallest), abs(largest)):
            how = How.MONOTONIC
    return how


def order_of(gatherer: Gatherer, files: Sequence[Path]) -> tuple[list[int], str]:
    """Return the files in order: along the normal of the images, else by Instance Number, else by name.

    PS3.3 C.7.6.2.1.1; files at one position stand by Instance Number.
    """
    count = gatherer.count
    numbers = _column(gatherer, _INSTANCE_NUMBER, 1)
    positions, orientation = _column(gatherer, _POSITION, 3), _column(gatherer, _ORIENTATION, 6)
    instance = [value[0] for value in numbers] if numbers is not None else [0.0] * count
    if positions is not None and orientation is not None:
        normal = _normal(orientation[0])
        along = [sum(part * by for part, by in zip(position, normal, strict=True)) for position in positions]
        if any(normal) and max(along) > min(along):
            keys = [(round(where, 4), number) for where, number in zip(along, instance, strict=True)]
            return sorted(range(count), key=lambda index: (keys[index], files[index])), "position"
    if numbers is not None and len(set(instance)) > 1:
        return sorted(range(count), key=lambda index: (instance[index], files[index])), "Instance Number"
    return sorted(range(count), key=lambda index: files[index]), "file name"


def _column(gatherer: Gatherer, tag: int, width: int) -> list[tuple[float, ...]] | None:
    """Return the numbers of an attribute for each file; None where a file has none."""
    slot = gatherer.data_set.slots.get(tag)
    if slot is None or slot.codes is None or slot.count != gatherer.count:
        return None
    parsed = [_parsed(slot, raw) for raw in slot.values()]
    if any(len(numbers) != width for numbers in parsed):
        return None
    return [parsed[code] for code in slot.codes] if slot.codes else parsed * gatherer.count


def _normal(cosines: Sequence[float]) -> tuple[float, float, float]:
    xx, xy, xz, yx, yy, yz = cosines
    return (xy * yz - xz * yy, xz * yx - xx * yz, xx * yy - xy * yx)
