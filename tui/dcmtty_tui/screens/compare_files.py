"""Two compared files as a list that opens and closes: what is looked at, and where the next difference is."""

from __future__ import annotations

from collections.abc import Sequence

from dcmtty.dicom.compare.files import Comparison
from dcmtty.dicom.compare.model import Counts, Pair
from dcmtty.dicom.compare.wording import notes, side_line, summary, title, values, whole_text
from dcmtty.dicom.tagnode import TagNode
from dcmtty.errors import InputError
from dcmtty.text import visible
from dcmtty_tui.screens.compare_rows import STACKED_COLUMNS, LazyRows, Line, line_style, one_line, stacked
from dcmtty_tui.widgets.row_list import Row

OPENED_AT_ONCE = 2_000
"""Sequences are open from the start where there are no more differences than this."""
_WHOLE_CHARACTERS = 20_000


class FilesView:
    """A comparison as it is looked at; what is the same inside a sequence is read when it is opened, by `keep`."""

    def __init__(self, found: Comparison, everything: tuple[tuple[Pair, ...], tuple[Pair, ...]]) -> None:
        """Take a comparison with all outermost pairs of both sections, what is the same included."""
        self.found = found
        self.only_differences = True
        self._everything = everything
        self._lines: list[Line] = []
        self._inside: dict[tuple[object, ...], tuple[Pair, ...]] = {}
        """What lies in pairs that were opened while all was shown."""
        self._rows: LazyRows | None = None
        self._parts: list[tuple[int, int]] = []
        """Of each row: the index of its line, and which of its rows it is."""
        self._width = 0
        self._begin()

    @property
    def title(self) -> str:
        """Which files, and how they compare."""
        a, b = visible(self.found.a.path.name, 40), visible(self.found.b.path.name, 40)
        what = "differences" if self.only_differences else "all"
        return f"Compare {what} | A {a} | B {b}"

    @property
    def lines(self) -> Sequence[Line]:
        """The lines that are shown."""
        return self._lines

    def _begin(self) -> None:
        found = self.found
        self._lines = [Line(None, heading=f"A {side_line(found.a)}"), Line(None, heading=f"B {side_line(found.b)}")]
        known = (found.meta, found.data_set)
        names = ("file meta information", "data set")
        for name, counts, differences, everything in zip(
            names, (found.meta_counts, found.counts), known, self._everything, strict=True
        ):
            pairs = [pair for pair in differences if pair.is_different] if self.only_differences else everything
            self._lines.append(Line(None, heading=f"{name}: {_summary(counts)}"))
            self._lines += [Line(pair) for pair in pairs]
        if self.only_differences and found.is_same and not found.meta_counts.different:
            self._lines.append(Line(None, heading="d shows everything"))
        damage = found.damage
        if damage is not None:
            self._lines.insert(2, Line(None, heading=f"! {damage.message}"))
        if self.only_differences and found.counts.different + found.meta_counts.different <= OPENED_AT_ONCE:
            self._open_all()
        self._changed()

    def _open_all(self) -> None:
        index = 0
        while index < len(self._lines):
            self.open(index)
            index += 1

    def _changed(self) -> None:
        self._rows = None

    def toggle_all(self) -> None:
        """Show everything, or only the differences."""
        self.only_differences = not self.only_differences
        self._begin()

    def needs_reading(self, index: int) -> Pair | None:
        """Return the pair whose inside must be read before it can be opened, or None."""
        line = self._lines[index]
        pair = line.pair
        if self.only_differences or pair is None or not line.is_container or line.is_open or line.key in self._inside:
            return None
        return pair

    def keep(self, pair: Pair, inside: tuple[Pair, ...]) -> int | None:
        """Take what lies in a pair; return the index of its line, which may be gone."""
        index = next((index for index, line in enumerate(self._lines) if line.pair is pair), None)
        if index is not None:
            self._inside[self._lines[index].key] = inside
        return index

    def open(self, index: int) -> bool:
        """Show what is inside; false when there is nothing, or it is shown already."""
        line = self._lines[index]
        if line.is_open or not line.is_container or line.pair is None:
            return False
        if self.only_differences:
            pairs: Sequence[Pair] = [pair for pair in line.pair.inside if pair.is_different]
        else:
            pairs = self._inside.get(line.key, ())
        if not pairs:
            return False
        line.is_open = True
        self._lines[index + 1 : index + 1] = [Line(pair, line.depth + 1) for pair in pairs]
        self._changed()
        return True

    def close(self, index: int) -> int:
        """Hide what is inside, or return the index of the line it is inside of."""
        line = self._lines[index]
        if not line.is_open:
            return next((at for at in range(index - 1, -1, -1) if self._holds(at, line)), index)
        end = index + 1
        while end < len(self._lines) and self._lines[end].pair is not None and self._lines[end].depth > line.depth:
            end += 1
        del self._lines[index + 1 : end]
        line.is_open = False
        self._changed()
        return index

    def _holds(self, index: int, line: Line) -> bool:
        above = self._lines[index]
        return line.pair is not None and above.pair is not None and above.depth < line.depth

    def next_difference(self, index: int, step: int) -> int | None:
        """Return the next difference after (or before) a line; what hides it is opened where it is known."""
        at = index + step
        while 0 <= at < len(self._lines):
            line = self._lines[at]
            if line.is_difference:
                return at
            hidden = line.pair is not None and bool(line.pair.inside) and line.pair.is_different and not line.is_open
            before = len(self._lines)
            if hidden and self.open(at) and step < 0:
                at += len(self._lines) - before
                continue
            if hidden and not line.is_open:
                return at
            at += step
        return None

    def rows(self, width: int) -> LazyRows:
        """Return the rows for a pane of this many cells; where it is narrow a pair of values takes three of them."""
        if self._rows is None or width != self._width:
            self._width = width
            lines, most = list(self._lines), 3 if width < STACKED_COLUMNS else 1
            self._parts = [(at, part) for at, line in enumerate(lines) for part in range(most if line.is_value else 1)]
            parts = self._parts

            def make(index: int) -> Row:
                line, part = lines[parts[index][0]], parts[index][1]
                text = one_line(line, width - 1) if most == 1 else stacked(line, part, width - 1)
                return Row((line.key, part), text, line_style(line))

            self._rows = LazyRows([(lines[at].key, part) for at, part in parts], make)
        return self._rows

    def line_of(self, row: int) -> int:
        """Return the index of the line that a row belongs to."""
        return self._parts[row][0] if 0 <= row < len(self._parts) else 0

    def row_of(self, index: int) -> int:
        """Return the first row of a line."""
        return next((row for row, (line, _) in enumerate(self._parts) if line == index), 0)

    def describe(self, index: int) -> str:
        """Return the place of a line and what is to be said of it."""
        pair = self._lines[index].pair
        if pair is None:
            return self._lines[index].heading
        said = notes(pair)
        return f"{place(pair)} {pair.kind}" + (f": {said}" if said else "")

    def both(self, index: int, width: int) -> tuple[str, str]:
        """Return the values of a line for the two lines at the bottom."""
        pair = self._lines[index].pair
        if pair is None or not self._lines[index].is_value:
            return ("", "")
        a, b = values(pair, max(width - 4, 8))
        return (f" A {a}", f" B {b}")

    def whole(self, index: int) -> tuple[str, ...]:
        """Return both values of a line as far as a person may want to read them, and the notes."""
        pair = self._lines[index].pair
        if pair is None:
            return (self._lines[index].heading,)
        parts = [f"{side}: {_whole(node)}" for side, node in (("A", pair.a), ("B", pair.b)) if node is not None]
        digests = pair.finding.digests
        if digests is not None:
            parts += [f"SHA-256 of A: {digests[0]}", f"SHA-256 of B: {digests[1]}"]
        return (*parts, *pair.notes)


def place(pair: Pair) -> str:
    """Return where a pair lies: tags, and items from 1; and its name."""
    path = pair.node.path
    steps = (
        f"{step >> 16:04X},{step & 0xFFFF:04X}" if index % 2 == 0 else str(step + 1) for index, step in enumerate(path)
    )
    return f"{'/'.join(steps)} {'' if pair.node.is_item else title(pair).split(' ', 1)[-1]}".rstrip()


def _whole(node: TagNode) -> str:
    """Return a value as text, binary data as the hex of its beginning; safe for a terminal."""
    try:
        text = whole_text(node)
        if text:
            return visible(text, _WHOLE_CHARACTERS)
        return node.text(_WHOLE_CHARACTERS) or "(empty)"
    except InputError as error:
        return visible(error.message)


def _summary(counts: Counts) -> str:
    different = (counts.changed, counts.only_a, counts.only_b, counts.unknown)
    return summary(different, counts.written, counts.same, counts.ignored)
