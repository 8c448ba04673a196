"""The picture: cells that `render` computed, drawn through the line API; only rows that changed are drawn again."""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dcmtty.render.cells import Cells
from dcmtty.render.diff import changed_rows

_TRUECOLOR_FLAG = 1 << 24
_PLAIN = Style()
"""Textual's filter for NO_COLOR cannot bear a segment without a style."""


class SliceView(Widget):
    """Shows one Cells value; knows nothing of series or contours."""

    DEFAULT_CSS = "SliceView { height: 1fr; width: 1fr; }"
    help_text = (
        "The slice. hjkl or the arrows move the crosshair, with counts as in vi (10l); [ and ] change the slice; "
        "+ and - zoom; H J K L pan."
    )

    class Resized(Message):
        """The picture has another size in cells; a new one must be computed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.cells: Cells | None = None
        self.notice = "no slice is open"

    def show(self, cells: Cells | None, notice: str = "") -> None:
        """Draw these cells, or a notice when there are none."""
        before, self.cells, self.notice = self.cells, cells, notice
        if cells is None or before is None or before.glyphs.shape != cells.glyphs.shape:
            self.refresh()
            return
        for row in changed_rows(before, cells):
            self.refresh(Region(0, row, self.size.width, 1))

    def on_resize(self, event: events.Resize) -> None:
        """Ask for a picture of the new size."""
        del event
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """Draw one row of cells, neighbours of one style as one segment."""
        width = self.size.width
        cells = self.cells
        if cells is None:
            text = self.notice if y == self.size.height // 2 else ""
            return Strip([Segment(text.center(width)[:width], _PLAIN)], width)
        if y >= cells.glyphs.shape[0]:
            return Strip.blank(width, _PLAIN)
        strip = Strip(_segments(cells, y), cells.glyphs.shape[1])
        return strip.adjust_cell_length(width, _PLAIN)


def _segments(cells: Cells, y: int) -> list[Segment]:
    glyphs, foreground, background = cells.glyphs[y], cells.foreground[y], cells.background[y]
    changes = np.flatnonzero((np.diff(foreground) != 0) | (np.diff(background) != 0)) + 1
    bounds = [0, *changes.tolist(), len(glyphs)]
    return [
        Segment("".join(map(chr, glyphs[start:end].tolist())), style_of(int(foreground[start]), int(background[start])))
        for start, end in pairwise(bounds)
    ]


@functools.lru_cache(maxsize=65536)
def style_of(foreground: int, background: int) -> Style:
    """Return the Rich style of a cell's two colours."""
    return Style(color=_color(foreground), bgcolor=_color(background))


@functools.lru_cache(maxsize=4096)
def _color(code: int) -> Color | None:
    if code < 0:
        return None
    if code & _TRUECOLOR_FLAG:
        return Color.from_rgb(code >> 16 & 255, code >> 8 & 255, code & 255)
    return Color.from_ansi(code)
