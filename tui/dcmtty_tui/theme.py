"""The colours of the app, as Rich styles; meaning never hangs on a colour alone."""

from __future__ import annotations

from rich.style import Style

TEXT = Style(color="#d0d0d0")
DIM = Style(color="#8a8a8a")
STRONG = Style(color="#ffffff", bold=True)
TITLE = Style(color="#ffffff", bgcolor="#303030")
TITLE_STRONG = Style(color="#ffffff", bgcolor="#303030", bold=True)
ACTIVE_TAB = Style(color="#000000", bgcolor="#87d7ff", bold=True)
CURSOR = Style(color="#000000", bgcolor="#87d7ff")
CURSOR_IDLE = Style(color="#ffffff", bgcolor="#4e4e4e")
WARNING = Style(color="#000000", bgcolor="#ffd75f", bold=True)
ERROR = Style(color="#ffffff", bgcolor="#af0000", bold=True)
KEY = Style(color="#87d7ff", bold=True)
LETTER = Style(color="#ffd75f", bold=True)
PANE_TITLE = Style(color="#bcbcbc", bold=True)
PANE_TITLE_FOCUSED = Style(color="#87d7ff", bold=True)
