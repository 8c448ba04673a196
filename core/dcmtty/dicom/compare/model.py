"""What a comparison of two files finds: pairs of elements, how they stand to each other, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from dcmtty.dicom.element import Encoding
from dcmtty.dicom.tagnode import TagNode


class Kind(StrEnum):
    """How two elements, or two items, stand to each other."""

    SAME = "same"
    WRITTEN = "written-otherwise"
    """The same value by its meaning in another text, VR, private block or order of items: no difference in value."""
    CHANGED = "changed"
    ONLY_A = "only-a"
    ONLY_B = "only-b"
    UNKNOWN = "unknown"
    """One file is damaged there, so that nobody can tell."""


MARKS = {
    Kind.SAME: "=",
    Kind.WRITTEN: "~",
    Kind.CHANGED: "*",
    Kind.ONLY_A: "-",
    Kind.ONLY_B: "+",
    Kind.UNKNOWN: "?",
}
"""One character for each kind, so that no meaning hangs on a colour."""
DIFFERENT = frozenset({Kind.CHANGED, Kind.ONLY_A, Kind.ONLY_B, Kind.UNKNOWN})


class Finding(NamedTuple):
    """What the comparison of two values says."""

    kind: Kind
    notes: tuple[str, ...] = ()
    """Clauses safe for a terminal: `2 of 3 values differ, first value 3`."""
    first: int = -1
    """Where they first differ: a character of the text or a byte of binary data, from 0; -1 where that says nothing."""
    digests: tuple[str, str] | None = None
    """SHA-256 of binary data, in lower-case hexadecimal."""


PLAIN = Finding(Kind.SAME)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two elements or items that belong together, or one that has no partner."""

    a: TagNode | None
    b: TagNode | None
    finding: Finding = PLAIN
    label: str = ""
    """Of an item: by which value it found its partner. Safe for a terminal."""
    inside: tuple[Pair, ...] = ()
    """What is not plainly the same in a sequence or an item."""

    @property
    def kind(self) -> Kind:
        """How the two stand to each other."""
        return self.finding.kind

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is to be said."""
        return self.finding.notes

    @property
    def node(self) -> TagNode:
        """The node of A, or that of B where A has none."""
        found = self.a or self.b
        if found is None:
            raise ValueError("a pair of nothing")
        return found

    @property
    def is_different(self) -> bool:
        """Whether there is a difference in value, or nobody can tell."""
        return self.kind in DIFFERENT

    @property
    def has_children(self) -> bool:
        """Whether elements or items may lie in it."""
        return any(node is not None and holds_elements(node) for node in (self.a, self.b))


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two files."""

    path: Path
    size_bytes: int
    transfer_syntax_uid: str
    encoding: Encoding
    is_deflated: bool
    preamble: str
    """As `preamble.preamble_state` names it."""
    damage: str = ""
    """Where and why the file cannot be read further; safe for a terminal."""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Counts:
    """How many elements and items there were of each kind; containers count as what is in them, not themselves."""

    same: int = 0
    written: int = 0
    changed: int = 0
    only_a: int = 0
    only_b: int = 0
    unknown: int = 0
    ignored: int = 0
    unlisted: int = 0
    """Differences that are counted above but not kept, because there are so many."""

    @property
    def different(self) -> int:
        """How many differences there are."""
        return self.changed + self.only_a + self.only_b + self.unknown

    def add(self, kind: Kind) -> None:
        """Count one."""
        name = kind.name.lower()
        setattr(self, name, getattr(self, name) + 1)


@dataclass(frozen=True, slots=True)
class Options:
    """What counts as a difference."""

    ignore: frozenset[int] = frozenset()
    """Tags that are not compared, wherever they stand."""
    ignore_groups: frozenset[int] = frozenset()
    ignore_private: bool = False
    exact: bool = False
    """Whether the same value written otherwise is a difference, too."""
    pixels: bool = False
    """Whether pixels whose stored bytes cannot be compared are decoded and compared."""

    def ignores(self, tag: int) -> bool:
        """Say whether an element is not to be compared."""
        group = tag >> 16
        return tag in self.ignore or group in self.ignore_groups or (self.ignore_private and bool(group & 1))


DEFAULT_OPTIONS = Options()


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One section of a comparison."""

    pairs: tuple[Pair, ...]
    """What is not plainly the same, in the order of tags."""
    counts: Counts


def holds_elements(node: TagNode) -> bool:
    """Say whether a node is a sequence, or an item of one; fragments of pixel data are values."""
    return node.is_sequence or (node.is_item and not node.vr)
