"""`dcmtty open`: the full-screen app, or without a terminal a plain-text look at what is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from dcmtty.errors import UsageError
from dcmtty_tui.cli import output
from dcmtty_tui.cli.main import launch_app
from dcmtty_tui.cli.options import ssh_config_option

SMALLEST_COLUMNS = 40
SMALLEST_ROWS = 12


@click.command("open")
@click.argument("paths", nargs=-1, type=click.Path())
@ssh_config_option
def command(paths: tuple[str, ...], ssh_config: str | None) -> int:
    """Open files and folders in the full-screen app (the default).

    Without a terminal on standard output it prints the series list, one slice and the next step.
    """
    chosen = [Path(path) for path in paths] or [Path()]
    if not output.is_terminal():
        return _plain_look(chosen)
    require_capable_terminal()
    return launch_app(chosen, ssh_config=ssh_config)


def require_capable_terminal() -> None:
    """Refuse a terminal that the app cannot be drawn on.

    Raises:
        UsageError: TERM is dumb or empty, standard input is no terminal, or the window is too small.
    """
    remedy = "use dcmtty scan, tags or show instead"
    if os.environ.get("TERM", "") in {"", "dumb"}:
        raise UsageError("this terminal (TERM=dumb) cannot draw the app", remedy=remedy)
    if not sys.stdin.isatty():
        raise UsageError("standard input is no terminal, so the app gets no keys", remedy=remedy)
    size = os.get_terminal_size(sys.stdout.fileno())
    if (size.columns, size.lines) != (0, 0) and (size.columns < SMALLEST_COLUMNS or size.lines < SMALLEST_ROWS):
        raise UsageError(
            f"the terminal is {size.columns}x{size.lines}, the app needs at least {SMALLEST_COLUMNS}x{SMALLEST_ROWS}",
            remedy=f"enlarge it, or {remedy}",
        )


def _plain_look(paths: list[Path]) -> int:
    from dcmtty_tui.cli import plain_look

    return plain_look.print_look(paths)
