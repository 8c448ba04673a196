"""Which slice a line of a point list names: by number, by image, by instance number, or by several that must agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dcmtty.contours.points_raw import SliceRef, Where
from dcmtty.dicom.model import Series, Slice
from dcmtty.text import visible

_Test = Callable[[Slice], bool]


@dataclass(slots=True)
class SliceFinder:
    """Finds slices of one series and remembers them."""

    series: Series
    _known: dict[SliceRef, frozenset[int]] = field(default_factory=dict[SliceRef, frozenset[int]])

    def find(self, where: Where, ref: SliceRef) -> frozenset[int]:
        """Return the numbers of the slices that fit what a line says; more than one when it does not say enough.

        Raises:
            PointsRefused: no slice fits.
        """
        if ref not in self._known:
            self._known[ref] = self._found(where, ref)
        return self._known[ref]

    def _found(self, where: Where, ref: SliceRef) -> frozenset[int]:
        found = self._by_number(where, ref.slice_number)
        if ref.sop_instance_uid:
            held = self._numbers(lambda item: item.instance.sop_instance_uid == ref.sop_instance_uid)
            if not held:
                problem = f"image {visible(ref.sop_instance_uid, 64)} is not in the series"
                raise where.refuse(problem, "open the series it belongs to, or leave the image out")
            found = _agreeing(where, found, held, "sop_instance_uid")
        if ref.instance_number is not None:
            held = self._numbers(lambda item: _number(item.instance.text("InstanceNumber")) == ref.instance_number)
            if not held:
                problem = f"instance number {ref.instance_number} is not in the series"
                raise where.refuse(problem, "correct it, or name the slice")
            found = _agreeing(where, found, held, "instance_number")
        return found

    def _by_number(self, where: Where, number: int | None) -> frozenset[int]:
        count = len(self.series.slices)
        if number is None:
            return frozenset(range(1, count + 1))
        if self.series.numbering_doubt:
            problem = f"slice {number} is not certain: {self.series.numbering_doubt}"
            raise where.refuse(problem, "repair or remove the file, or name the image by sop_instance_uid")
        if not 1 <= number <= count:
            raise where.refuse(f"slice {number} is not in the series", f"slices run from 1 to {count} in sorted order")
        return frozenset({number})

    def _numbers(self, fits: _Test) -> frozenset[int]:
        return frozenset(number for number, item in enumerate(self.series.slices, 1) if fits(item))


def _agreeing(where: Where, found: frozenset[int], held: frozenset[int], name: str) -> frozenset[int]:
    if not found & held:
        raise where.refuse(f"{name} names slice {min(held)}, the line another one", "make them agree, or leave one out")
    return found & held


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.removeprefix("-").isdecimal() else None
