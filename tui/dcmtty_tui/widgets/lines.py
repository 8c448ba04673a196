"""Single lines of the screen: title, banner, status, message and footer, each drawn from a frozen value."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from dcmtty.text import cell_width, fit
from dcmtty_tui import theme

Part = tuple[str, Style]


class Lines(Widget):
    """A few lines of styled parts; what does not fit is cut at the right."""

    DEFAULT_CSS = "Lines { height: 1; }"

    def __init__(self, *, background: Style | None = None, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._background = background or Style()
        self._lines: Sequence[Sequence[Part]] = ()

    @property
    def plain(self) -> str:
        """What the lines say, without styles."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def set_lines(self, lines: Sequence[Sequence[Part]]) -> None:
        """Draw these lines, when they differ from what is drawn."""
        if list(map(list, lines)) != list(map(list, self._lines)):
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.size.width
        parts = self._lines[y] if y < len(self._lines) else ()
        segments: list[Segment] = []
        used = 0
        for text, style in parts:
            room = width - used
            if room <= 0:
                break
            shown = text if cell_width(text) <= room else fit(text, room)
            segments.append(Segment(shown, self._background + style))
            used += cell_width(shown)
        if used < width:
            segments.append(Segment(" " * (width - used), self._background))
        return Strip(segments, width)


def spread(left: Sequence[Part], right: Sequence[Part], width: int, keep_left: int) -> list[Part]:
    """Return parts with `right` at the right edge; it is dropped rather than cut `keep_left` cells of the left."""
    left_width = sum(cell_width(text) for text, _ in left)
    right_width = sum(cell_width(text) for text, _ in right)
    room = width - right_width - 1
    if room < min(keep_left, left_width):
        return list(left)
    out: list[Part] = []
    used = 0
    for text, style in left:
        shown = text if used + cell_width(text) <= room else fit(text, max(room - used, 0))
        out.append((shown, style))
        used += cell_width(shown)
    return [*out, (" " * (width - right_width - used), theme.TITLE), *right]
