"""A list of rows with a cursor, drawn line by line so that ten thousand rows cost what is on screen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, overload, runtime_checkable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from dcmtty.text import cell_width, fit
from dcmtty_tui import theme


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list."""

    key: object
    """What the row stands for; the cursor stays on it when rows change."""
    text: str
    """Safe for a terminal."""
    style: Style = theme.TEXT
    swatch: Style | None = None
    """A colour sample drawn before the text."""


class MadeRows(ABC, Sequence[Row]):
    """Rows that are made when they are looked at."""

    @abstractmethod
    def row(self, index: int) -> Row:
        """Make a row; `index` is one of those there are."""

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self.row(at) for at in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        return self.row(at)


@runtime_checkable
class Locating(Protocol):
    """Rows that know where a key is."""

    def index_of(self, key: object) -> int | None:
        """Return the row with a key."""
        ...


def _index_of(rows: Sequence[Row], key: object, last: int) -> int | None:
    """Return the row with a key, which was at `last`; rows that are made on demand are not gone through."""
    if isinstance(rows, Locating):
        return rows.index_of(key)
    if last < len(rows) and rows[last].key == key:
        return last
    if not isinstance(rows, list | tuple):
        return None
    return next((index for index, row in enumerate(rows) if row.key == key), None)


class RowList(Widget):
    """A pane with a title and rows; keys come from the registry, not from here."""

    DEFAULT_CSS = "RowList { height: 1fr; }"

    def __init__(self, title: str, help_text: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.title = title
        self.help_text = help_text
        self.rows: Sequence[Row] = ()
        self.cursor = 0
        self.is_current = False
        self._top = 0
        self._total = 0
        """How many rows there were when they were drawn; those that are still being found grow."""

    @property
    def visible_rows(self) -> int:
        """How many rows fit under the title."""
        return max(self.size.height - 1, 1)

    @property
    def current(self) -> Row | None:
        """The row under the cursor, or None when the list is empty."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def set_rows(self, rows: Sequence[Row], title: str | None = None) -> None:
        """Show these rows, unless they are shown already; the cursor stays on the row with the same key.

        Of rows that are made when they are asked for, only those on the screen are; where the key went is asked of
        their `index_of(key)`, if they have that.
        """
        same_title = title in {None, self.title}
        if same_title and rows is self.rows:
            return
        if title is not None:
            self.title = title
        before, self.rows = self.rows, rows
        if same_title and self._looks_like(before):
            return
        self._total = len(rows)
        key = before[self.cursor].key if 0 <= self.cursor < len(before) else None
        match = _index_of(rows, key, self.cursor) if key is not None else None
        if match is not None:
            self._top += match - self.cursor  # what comes above pushes nothing out of sight
        self.cursor = match if match is not None else max(0, min(self.cursor, len(rows) - 1))
        self._keep_visible()
        self.refresh()

    def _looks_like(self, before: Sequence[Row]) -> bool:
        """Say whether what is on the screen is the same as with the rows before."""
        count = len(before)
        if len(self.rows) != count or self._total != count:
            return False
        shown = range(self._top, min(self._top + self.visible_rows, count))
        return all(before[index] == self.rows[index] for index in {*shown, min(self.cursor, count - 1)} if index >= 0)

    def make_shown(self) -> None:
        """Make the rows that are on the screen, where they are made when they are asked for."""
        for index in range(self._top, min(self._top + self.visible_rows, len(self.rows))):
            self.rows[index]

    def move(self, step: int) -> None:
        """Move the cursor by rows."""
        self.go(self.cursor + step)

    def go(self, index: int) -> None:
        """Put the cursor on a row, as near as there is one."""
        self.cursor = max(0, min(index, len(self.rows) - 1))
        self._keep_visible()
        self.refresh()

    def _keep_visible(self) -> None:
        height = self.visible_rows
        self._top = min(self._top, self.cursor, max(len(self.rows) - height, 0))
        self._top = max(self._top, self.cursor - height + 1, 0)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._keep_visible()
        self.refresh()

    def set_current(self, *, is_current: bool) -> None:
        """Say whether keys are meant for this pane; its title and cursor show it."""
        if self.is_current != is_current:
            self.is_current = is_current
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the title, or one row."""
        width = self.size.width
        if y == 0:
            return self._title_strip(width)
        index = self._top + y - 1
        if index >= len(self.rows):
            return Strip.blank(width, theme.TEXT)
        row = self.rows[index]
        style = row.style
        if index == self.cursor:
            style = theme.CURSOR if self.is_current else theme.CURSOR_IDLE
        marker = ">" if index == self.cursor else " "
        if row.swatch is None:
            return Strip([Segment(fit(marker + row.text, width), style)], width)
        return Strip(
            [Segment(marker, style), Segment("■", row.swatch), Segment(fit(" " + row.text, max(width - 2, 0)), style)],
            width,
        )

    def _title_strip(self, width: int) -> Strip:
        style = theme.PANE_TITLE_FOCUSED if self.is_current else theme.PANE_TITLE
        count = f" {self.cursor + 1}/{len(self.rows)}" if self.rows else ""
        room = max(width - cell_width(count), 0)
        mark = "▸" if self.is_current else " "
        return Strip([Segment(fit(mark + self.title, room) + count, style)], width)
