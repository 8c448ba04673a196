"""Two compared files as a list that opens and closes: what is looked at, and where the next difference is."""

from __future__ import annotations

from bisect import bisect_left

from dcmtty.dicom.compare.files import Comparison
from dcmtty.dicom.compare.model import Counts, Pair
from dcmtty.dicom.compare.wording import notes, side_line, summary, title, values, whole_text
from dcmtty.dicom.tagnode import TagNode
from dcmtty.errors import InputError
from dcmtty.text import visible
from dcmtty_tui.screens.compare_lines import Line, LineTree
from dcmtty_tui.screens.compare_rows import STACKED_COLUMNS, LazyRows, line_style, one_line, stacked
from dcmtty_tui.widgets.row_list import Row

OPENED_AT_ONCE = 2_000
"""Sequences are open from the start where there are no more differences than this."""
_WHOLE_CHARACTERS = 20_000


class FilesView:
    """A comparison as it is looked at."""

    def __init__(self, found: Comparison, everything: tuple[tuple[Pair, ...], tuple[Pair, ...]]) -> None:
        """Take a comparison with all outermost pairs of both sections, what is the same included."""
        self.found = found
        self.only_differences = True
        self._everything = everything
        self._shown = (-1, -1)
        """Version and width of the rows that were made last."""
        self._rows: LazyRows | None = None
        self._parts: list[tuple[int, int]] = []
        """Of each row: the index of its line, and which of its rows it is."""
        self.tree = self._begun()

    @property
    def title(self) -> str:
        """Which files, and what of them is shown."""
        a, b = visible(self.found.a.path.name, 40), visible(self.found.b.path.name, 40)
        return f"{'Differences' if self.only_differences else 'Everything'} | A {a} | B {b}"

    def _begun(self) -> LineTree:
        found, only = self.found, self.only_differences
        lines = [Line(None, heading=f"A {side_line(found.a)}"), Line(None, heading=f"B {side_line(found.b)}")]
        lines += [Line(None, heading=f"! {found.damage.message}")] if found.damage is not None else []
        sections = (("file meta information", found.meta_counts), ("data set", found.counts))
        for (name, counts), known, everything in zip(
            sections, (found.meta, found.data_set), self._everything, strict=True
        ):
            lines.append(Line(None, heading=f"{name}: {_summary(counts)}"))
            lines += [Line(pair) for pair in (known if only else everything) if pair.is_different or not only]
        count = found.counts.different + found.meta_counts.different
        if only and not count:
            lines.append(Line(None, heading="d shows everything"))
        tree = LineTree(lines, only_differences=only)
        if only and count <= OPENED_AT_ONCE:
            tree.open_all()
        return tree

    def toggle_all(self) -> None:
        """Show everything, or only the differences."""
        self.only_differences = not self.only_differences
        self.tree, self._rows = self._begun(), None

    def next_difference(self, index: int, step: int) -> int | None:
        """Return the next difference after (or before) a line."""
        return self.tree.next_difference(index, step)

    def rows(self, width: int) -> LazyRows:
        """Return the rows for a pane of this many cells; where it is narrow a pair of values takes three of them."""
        if self._rows is None or self._shown != (self.tree.version, width):
            self._shown = (self.tree.version, width)
            lines, most = list(self.tree.lines), 3 if width < STACKED_COLUMNS else 1
            self._parts = [(at, part) for at, line in enumerate(lines) for part in range(most if line.is_value else 1)]
            parts = self._parts

            def key(index: int) -> object:
                at, part = parts[index]
                return (lines[at].key, part)

            def make(index: int) -> Row:
                line, part = lines[parts[index][0]], parts[index][1]
                text = one_line(line, width - 1) if most == 1 else stacked(line, part, width - 1)
                return Row(key(index), text, line_style(line))

            self._rows = LazyRows(len(parts), key, make)
        return self._rows

    def line_of(self, row: int) -> int:
        """Return the index of the line that a row belongs to."""
        return self._parts[row][0] if 0 <= row < len(self._parts) else 0

    def row_of(self, index: int) -> int:
        """Return the first row of a line."""
        return bisect_left(self._parts, (index, 0))

    def describe(self, index: int) -> str:
        """Return the place of a line and what is to be said of it."""
        pair = self.tree.lines[index].pair
        if pair is None:
            return self.tree.lines[index].heading
        said = notes(pair)
        return f"{place(pair)} {pair.kind}" + (f": {said}" if said else "")

    def both(self, index: int, width: int) -> tuple[str, str]:
        """Return the values of a line for the two lines at the bottom."""
        pair = self.tree.lines[index].pair
        if pair is None or not self.tree.lines[index].is_value:
            return ("", "")
        a, b = values(pair, max(width - 4, 8))
        return (f" A {a}", f" B {b}")

    def whole(self, index: int) -> tuple[str, ...]:
        """Return both values of a line as far as a person may want to read them, and the notes."""
        pair = self.tree.lines[index].pair
        if pair is None:
            return (self.tree.lines[index].heading,)
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
