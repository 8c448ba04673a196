"""Counts the values of every attribute over many files, in memory that does not grow with what the files hold."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator
from hashlib import blake2b

from dcmtty.dicom.element import Element

MOST_SLOTS = 50_000
"""Attributes that are told apart; those of further items are counted as left out."""
MOST_VALUES = 1_000_000
"""Distinct values that are told apart, of all attributes together."""
MOST_CODES = 20_000_000
"""Files times attributes that vary, for which it is kept which file has which value."""
KEPT_BYTES = 64
"""Values up to this length are kept as they are; of longer ones a digest, and the beginning of some."""
SAMPLE_BYTES = 256
_SAMPLES = 32


class Budget:
    """What all slots of one variation share."""

    def __init__(self) -> None:
        self.slots = MOST_SLOTS
        self.values = MOST_VALUES
        self.codes = MOST_CODES
        self.left_out = 0
        """Elements that were not looked at because there are too many attributes."""


class Slot:
    """The values that one attribute has in the files; all of one form: text in UTF-8, numbers in little endian."""

    __slots__ = (
        "_budget", "codes", "count", "counts", "creator", "element", "first", "is_capped", "is_measured", "known",
        "last", "levels", "samples", "vr",
    )  # fmt: skip

    def __init__(self, budget: Budget, element: Element, vr: str, creator: str = "") -> None:
        self._budget = budget
        self.creator = creator
        """Of a private element."""
        self.element = element
        """Of the first file that has it."""
        self.vr = vr
        self.first: bytes | None = None
        self.count = 0
        """How many files have it."""
        self.last = -1
        """The latest file that has it."""
        self.known: dict[bytes | int, int] = {}
        """The values other than the first one, or the digests of long ones, and their codes from 1."""
        self.counts = [0]
        """How many files have the value of each code."""
        self.is_capped = False
        """Whether some values were not told apart."""
        self.is_measured = False
        """Whether values are so long that their lengths alone were compared."""
        self.codes: array[int] | None = array("L")
        """The code of each file while all files have it; empty while the value is constant."""
        self.samples: dict[int, bytes] = {}
        """The beginnings of some long values."""
        self.levels: list[Level] = []
        """Of a sequence: its items."""

    def add(self, index: int, raw: bytes) -> None:
        """Take the value of file `index`."""
        if index == self.last:
            return
        self.last = index
        if raw == self.first:
            self.counts[0] += 1
            code = 0
        else:
            code = self._code(raw)
        if self.codes is not None and (code or self.codes or self.count != index):
            self._keep(index, code)
        self.count += 1

    @property
    def is_constant(self) -> bool:
        """Whether all files that have it have the same value so far."""
        return not (self.known or self.is_capped)

    def repeat(self, times: int, index: int) -> None:
        """Take the first value for `times` files that follow the latest one, up to file `index`.

        No file had another value so far.
        """
        if times:
            self.count += times
            self.counts[0] += times
            self.last = index

    def _keep(self, index: int, code: int) -> None:
        """Keep in mind which file has which value."""
        if self.codes is None or self.count != index or code < 0 or self._budget.codes <= 0:
            self.codes = None
            return
        if not self.codes:
            self.codes = array("L", bytes(array("L").itemsize * self.count))
            self._budget.codes -= self.count
        self.codes.append(code)
        self._budget.codes -= 1

    def _code(self, raw: bytes) -> int:
        if self.first is None:
            self.first = raw
            self.counts[0] += 1
            return 0
        key = raw if len(raw) <= KEPT_BYTES else int.from_bytes(blake2b(raw, digest_size=16).digest(), "little")
        code = self.known.get(key)
        if code is None:
            if not self._budget.values:
                self.is_capped = True
                return -1
            self._budget.values -= 1
            code = self.known[key] = len(self.counts)
            self.counts.append(0)
            if len(raw) > KEPT_BYTES and len(self.samples) < _SAMPLES:
                self.samples[code] = raw[:SAMPLE_BYTES]
        self.counts[code] += 1
        return code

    def values(self) -> Iterator[bytes | None]:
        """Yield the values by their codes, long ones cut; None for a long one whose beginning was not kept."""
        yield None if self.first is None else self.first[:SAMPLE_BYTES]
        for key, code in self.known.items():
            yield key if isinstance(key, bytes) else self.samples.get(code)


class Level:
    """The attributes of one data set: the outermost one, or the items of one number in a sequence."""

    __slots__ = ("creators", "slots")

    def __init__(self) -> None:
        self.slots: dict[Hashable, Slot] = {}
        self.creators: dict[int, str] = {}
        """Of the file that is read: private blocks, as group and block, and who has them."""
