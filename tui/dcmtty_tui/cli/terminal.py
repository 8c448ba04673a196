"""Whether the app can be drawn on this terminal; where it cannot, the command line is pointed at."""

from __future__ import annotations

import os
import sys

from dcmtty.errors import UsageError
from dcmtty_tui.term import SMALLEST_COLUMNS, SMALLEST_ROWS


def require_capable_terminal() -> None:
    """Refuse a terminal that the app cannot be drawn on.

    Raises:
        UsageError: TERM is dumb or empty, standard input is no terminal, or the window is too small.
    """
    remedy = "use dcmtty scan, tags or show instead"
    if os.environ.get("TERM", "") in {"", "dumb"}:
        raise UsageError("this terminal (TERM=dumb) cannot draw the app", remedy=remedy)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the app needs a terminal for its keys and its picture", remedy=remedy)
    size = os.get_terminal_size(sys.stdout.fileno())
    if (size.columns, size.lines) != (0, 0) and (size.columns < SMALLEST_COLUMNS or size.lines < SMALLEST_ROWS):
        raise UsageError(
            f"the terminal is {size.columns}x{size.lines}, the app needs at least {SMALLEST_COLUMNS}x{SMALLEST_ROWS}",
            remedy=f"enlarge it, or {remedy}",
        )
