"""The lines of a comparison that open and close: what is shown of it, and where the next difference is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcmtty.dicom.compare.model import Pair


@dataclass(slots=True, eq=False)
class Line:
    """A pair in the list, or a heading."""

    pair: Pair | None
    depth: int = 0
    heading: str = ""
    is_open: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What the cursor stays on when the rows change."""
        if self.pair is None:
            return (self.heading,)
        a, b = self.pair.a, self.pair.b
        return (self.depth, a and a.path, b and b.path)

    @property
    def is_container(self) -> bool:
        """Whether it can be opened."""
        return self.pair is not None and self.pair.has_children

    @property
    def is_value(self) -> bool:
        """Whether it has values to show."""
        return self.pair is not None and not self.is_container and not self.pair.node.error

    @property
    def is_difference(self) -> bool:
        """Whether it is a difference itself, and no sequence or item that only holds some."""
        return self.pair is not None and self.pair.is_different and not self.pair.inside


class LineTree:
    """Lines of which sequences and items can be opened."""

    def __init__(self, lines: Sequence[Line], *, only_differences: bool) -> None:
        self.lines = list(lines)
        self.version = 0
        """Grows whenever the lines change."""
        self._only_differences = only_differences
        self._inside: dict[tuple[object, ...], tuple[Pair, ...]] = {}
        """What lies in pairs, of which all is shown."""

    def open_all(self) -> None:
        """Open everything that can be opened without reading."""
        index = 0
        while index < len(self.lines):
            self.open(index)
            index += 1

    def needs_reading(self, index: int) -> Pair | None:
        """Return the pair whose inside must be read and given to `keep` before it can be opened, or None."""
        line = self.lines[index]
        if self._only_differences or not line.is_container or line.is_open or line.key in self._inside:
            return None
        return line.pair

    def keep(self, pair: Pair, inside: tuple[Pair, ...]) -> int | None:
        """Take what lies in a pair; return the index of its line, or None when that is gone."""
        index = next((index for index, line in enumerate(self.lines) if line.pair is pair), None)
        if index is not None:
            self._inside[self.lines[index].key] = inside
        return index

    def open(self, index: int) -> bool:
        """Show what is inside; false when there is nothing, or it is shown already."""
        line = self.lines[index]
        if line.is_open or not line.is_container or line.pair is None:
            return False
        if self._only_differences:
            pairs: Sequence[Pair] = [pair for pair in line.pair.inside if pair.is_different]
        else:
            pairs = self._inside.get(line.key, ())
        if not pairs:
            return False
        line.is_open = True
        self.lines[index + 1 : index + 1] = [Line(pair, line.depth + 1) for pair in pairs]
        self.version += 1
        return True

    def close(self, index: int) -> int:
        """Hide what is inside, or return the index of the line it is inside of."""
        line = self.lines[index]
        if not line.is_open:
            above = (at for at in range(index - 1, -1, -1) if self._holds(self.lines[at], line))
            return next(above, index)
        end = index + 1
        while end < len(self.lines) and self._holds(line, self.lines[end]):
            end += 1
        del self.lines[index + 1 : end]
        line.is_open = False
        self.version += 1
        return index

    @staticmethod
    def _holds(above: Line, line: Line) -> bool:
        return line.pair is not None and above.pair is not None and above.depth < line.depth

    def next_difference(self, index: int, step: int) -> int | None:
        """Return the next difference after (or before) a line; what hides it is opened where that needs no reading."""
        at = index + step
        while 0 <= at < len(self.lines):
            line = self.lines[at]
            if line.is_difference:
                return at
            if line.pair is not None and line.pair.is_different and not line.is_open:
                before = len(self.lines)
                if not self.open(at):
                    return at
                if step < 0:
                    at = at + len(self.lines) - before + 1
            at += step
        return None
