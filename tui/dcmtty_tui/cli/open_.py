"""`dcmtty open`: the full-screen app, or without a terminal a plain-text look at what is there."""

from __future__ import annotations

from pathlib import Path

import click

from dcmtty_tui.cli import output
from dcmtty_tui.cli.main import launch_app
from dcmtty_tui.cli.options import ssh_config_option


@click.command("open")
@click.argument("paths", nargs=-1, type=click.Path(readable=False))
@ssh_config_option
def command(paths: tuple[str, ...], ssh_config: str | None) -> int:
    """Open files and folders in the full-screen app (the default).

    Without a terminal on standard output it prints the series list, one slice and the next step.
    """
    chosen = [Path(path) for path in paths] or [Path()]
    if not output.is_terminal():
        return _plain_look(chosen)
    return launch_app(chosen, ssh_config=ssh_config)


def _plain_look(paths: list[Path]) -> int:
    from dcmtty_tui.cli import plain_look

    return plain_look.print_look(paths)
