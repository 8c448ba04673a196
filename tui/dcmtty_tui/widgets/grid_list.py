"""A list with columns: names above, numbers to the right, a column under the cursor, more columns than fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dcmtty.text import cell_width, fit
from dcmtty_tui import theme
from dcmtty_tui.widgets.row_list import Row, RowList

WIDEST = 40
_SAMPLED_ROWS = 200
_BETWEEN = "  "


@dataclass(frozen=True, slots=True)
class CellRow(Row):
    """A line with a text for each column."""

    cells: tuple[str, ...] = ()
    """Safe for a terminal."""


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a column."""

    name: str
    """Safe for a terminal."""
    is_number: bool = False
    """Whether its cells stand at the right."""
    keeps_end: bool = False
    """Whether the end of a cell says more than its beginning, as of a path."""
    mark: str = ""
    """How it is sorted."""


class GridList(RowList):
    """A pane with a title, the names of columns, and rows that are fetched when they come into sight."""

    DEFAULT_CSS = "GridList { height: 1fr; }"

    def __init__(self, title: str, help_text: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(title, help_text, id=id)
        self.headers: Sequence[Header] = ()
        self.column = 0
        self._first = 0
        self._widths: list[int] = []

    @property
    def visible_rows(self) -> int:
        """How many rows fit under the names of the columns."""
        return max(self.size.height - 2, 1)

    def show(self, rows: Sequence[Row], headers: Sequence[Header], title: str) -> None:
        """Show these rows, unless they are shown already; both cursors stay where they are, as far as they can."""
        if rows is self.rows and headers == self.headers and title == self.title:
            return
        if rows is not self.rows or headers != self.headers:
            self._measure(rows, headers)
        self.title, self.headers = title, headers
        self.rows = rows
        self.cursor = max(0, min(self.cursor, len(rows) - 1))
        self._keep_visible()
        self.go_to_column(self.column)

    def go_to_column(self, index: int) -> None:
        """Put the cursor on a column, as near as there is one, and bring it into sight."""
        self.column = max(0, min(index, len(self.headers) - 1))
        self._first = min(self._first, self.column)
        while self._first < self.column and self._width(self._first, self.column) > self.size.width - 1:
            self._first += 1
        self.refresh()

    def on_resize(self) -> None:
        """Keep the column under the cursor in sight; RowList does so for the row."""
        self.go_to_column(self.column)

    def _measure(self, rows: Sequence[Row], headers: Sequence[Header]) -> None:
        """Make each column as wide as the first rows need."""
        looked_at = (rows[index] for index in range(min(len(rows), _SAMPLED_ROWS)))
        sample = [row.cells for row in looked_at if isinstance(row, CellRow) and len(row.cells) == len(headers)]
        names = [cell_width(header.name) + len(header.mark) + 2 for header in headers]
        columns = zip(*sample, strict=True) if sample else [()] * len(headers)
        self._widths = [
            min(WIDEST, max([name, *map(cell_width, column)])) for name, column in zip(names, columns, strict=True)
        ]

    def _width(self, first: int, last: int) -> int:
        return sum(self._widths[first : last + 1]) + len(_BETWEEN) * (last - first)

    def render_line(self, y: int) -> Strip:
        """Draw the title, the names of the columns, or one row."""
        width = self.size.width
        if y == 0:
            return self._title_strip(width)
        if y == 1:
            return self._header_strip(width)
        index = self._top + y - 2
        if index >= len(self.rows):
            return Strip.blank(width, theme.TEXT)
        row = self.rows[index]
        cells = row.cells if isinstance(row, CellRow) else (row.text,)
        is_here = index == self.cursor
        style = row.style if not is_here else theme.CURSOR_IDLE
        here = theme.CURSOR if is_here and self.is_current else style
        texts = [self._cell(text, position) for position, text in enumerate(cells)]
        return self._strip(">" if is_here else " ", texts, style, here, width)

    def _header_strip(self, width: int) -> Strip:
        texts = []
        for position, header in enumerate(self.headers):
            name = f"{header.name}{header.mark}"
            texts.append(self._cell(f"[{name}]" if position == self.column else name, position))
        return self._strip(" ", texts, theme.PANE_TITLE, theme.PANE_TITLE_FOCUSED, width)

    def _cell(self, text: str, position: int) -> str:
        """Return a text as wide as its column."""
        room, header = self._widths[position], self.headers[position]
        used = cell_width(text)
        if used > room and header.keeps_end:
            return _end_of(text, room)
        return " " * (room - used) + text if header.is_number and used < room else fit(text, room)

    def _strip(self, marker: str, texts: Sequence[str], style: Style, here: Style, width: int) -> Strip:
        """Return one line of cells from the first column in sight; the cell under the cursor has a style of its own."""
        segments = [Segment(marker, style)]
        used = 1
        for position in range(self._first, len(texts)):
            text = texts[position]
            if used + cell_width(text) > width:
                text = fit(text.strip(), width - used)
            segments.append(Segment(text, here if position == self.column else style))
            used += cell_width(text)
            if used >= width:
                break
            gap = _BETWEEN[: width - used]
            segments.append(Segment(gap, style))
            used += len(gap)
        if used < width:
            segments.append(Segment(" " * (width - used), style))
        return Strip(segments, width)

    def _title_strip(self, width: int) -> Strip:
        """Draw the title; at its right which columns are in sight, where there are more, and the row of how many."""
        style = theme.PANE_TITLE_FOCUSED if self.is_current else theme.PANE_TITLE
        last = self._first
        while last + 1 < len(self.headers) and self._width(self._first, last + 1) <= width - 1:
            last += 1
        count = f" {self.cursor + 1}/{len(self.rows)}" if self.rows else ""
        if self.headers and (self._first or last < len(self.headers) - 1):
            count = f" columns {self._first + 1}-{last + 1} of {len(self.headers)} {count}"
        room = max(width - cell_width(count), 0)
        return Strip([Segment(fit(("▸" if self.is_current else " ") + self.title, room) + count, style)], width)


def _end_of(text: str, room: int) -> str:
    """Return the end of a text that is wider than its room."""
    kept, used = "", 0
    for char in reversed(text):
        step = cell_width(char)
        if used + step > room - 1:
            break
        kept, used = char + kept, used + step
    return "…" + kept + " " * (room - 1 - used)
