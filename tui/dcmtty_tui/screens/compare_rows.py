"""Rows of the compare pane, made as they are looked at: a marker, a name and two values that fit the width."""

from __future__ import annotations

from collections.abc import Callable

from rich.style import Style

from dcmtty.dicom.compare.model import MARKS, Kind, Pair
from dcmtty.dicom.compare.wording import name, notes, title, values
from dcmtty.text import fit
from dcmtty_tui import theme
from dcmtty_tui.screens.compare_lines import Line
from dcmtty_tui.widgets.row_list import MadeRows, Row

STACKED_COLUMNS = 72
"""In fewer columns the two values stand below each other."""
_TAG_COLUMNS = 100
"""In fewer columns names stand without their tags."""
_MOST_CHARACTERS = 400


class LazyRows(MadeRows):
    """Rows of which only those are made that are drawn."""

    def __init__(self, count: int, key: Callable[[int], object], make: Callable[[int], Row]) -> None:
        self._count = count
        self._key = key
        self._make = make
        self._made: dict[int, Row] = {}

    def __len__(self) -> int:
        return self._count

    def index_of(self, key: object) -> int | None:
        """Return the row with a key."""
        return next((index for index in range(self._count) if self._key(index) == key), None)

    def row(self, index: int) -> Row:
        """Return a row, made when it was not before."""
        row = self._made.get(index)
        if row is None:
            row = self._made[index] = self._make(index)
        return row


def line_style(line: Line) -> Style:
    """Return the style of a line; the marker says the same without colour."""
    if line.pair is None:
        return theme.STRONG
    return theme.TEXT if line.is_difference else theme.DIM


def one_line(line: Line, width: int) -> str:
    """Return the text of a line: marker, name and both values beside each other."""
    if line.pair is None or not line.is_value:
        return _start(line, width)
    room = max(width * 2 // 5, 24) if width >= _TAG_COLUMNS else max(width // 3, 24)
    value = max((width - room - 2) // 2, 8)
    a, b = values(line.pair, min(value, _MOST_CHARACTERS))
    return f"{fit(_start(line, width), room)} {fit(a, value)} {fit(b, value)}".rstrip()


def stacked(line: Line, part: int, width: int) -> str:
    """Return one of the three rows of a line where it is narrow: the name, the value of A, that of B."""
    if line.pair is None or part == 0:
        return _start(line, width)
    text = values(line.pair, min(max(width - 6, 8), _MOST_CHARACTERS))[part - 1]
    return f"    {'AB'[part - 1]} {text}"


def _start(line: Line, width: int) -> str:
    """Return marker and name, and what is to be said of what has no values."""
    if line.pair is None:
        return line.heading
    said = "" if line.is_value else notes(line.pair)
    indent = " " * (min(2 * line.depth, 12) if width >= _TAG_COLUMNS else min(line.depth, 6))
    text = f"{_marker(line)} {indent}{_sign(line)}{_name(line.pair, width)}"
    return f"{text}  {said}" if said else text


def _marker(line: Line) -> str:
    """Return the marker; a sequence or an item that only holds differences has none of its own."""
    pair = line.pair
    if pair is None:
        return " "
    return " " if pair.inside and pair.kind is Kind.CHANGED else MARKS[pair.kind]


def _sign(line: Line) -> str:
    return ("v " if line.is_open else "> ") if line.is_container else "  "


def _name(pair: Pair, width: int) -> str:
    node = pair.node
    if node.is_item or node.error:
        return title(pair)
    return f"{node.tag} {name(node)}" if width >= _TAG_COLUMNS else name(node)
