"""Options that commands share, declared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])
_Decorator = Callable[[_F], _F]


def format_option(choices: Sequence[str]) -> _Decorator[Any]:
    """Return `--format` with these choices; the first is the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(list(choices)),
        default=choices[0],
        show_default=True,
        help="Form of the output.",
    )


quiet_option = click.option("--quiet", is_flag=True, help="No progress on stderr.")
no_input_option = click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
engine_option = click.option(
    "--engine",
    metavar="local|dask://HOST:PORT",
    default="local",
    show_default=True,
    help="Where the work runs: this machine's cores, or a Dask cluster that sees the same files.",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
ssh_config_option = click.option(
    "--ssh-config",
    type=click.Path(readable=False),
    default=None,
    help="ssh configuration to use [default: ~/.ssh/config].",
)
color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never", "truecolor", "256", "16", "none"]),
    default="auto",
    show_default=True,
    help="Colours; auto = none off a terminal or with NO_COLOR.",
)


def complete(command: click.Command) -> click.Command:
    """Let a command, and each command of a group, take the options that all share, also where they change nothing.

    A script that says `--quiet --color never --no-input` everywhere must not fail on the command that never asks.
    """
    if isinstance(command, click.Group):
        for one in command.commands.values():
            complete(one)
        return command
    known = {name for parameter in command.params for name in parameter.opts}
    command.params += [option for option in _shared_without_effect() if not known.intersection(option.opts)]
    return command


def _shared_without_effect() -> list[click.Option]:
    colors = click.Choice(["auto", "always", "never"])
    return [
        click.Option(["--quiet"], is_flag=True, hidden=True, expose_value=False),
        click.Option(["--no-input"], is_flag=True, hidden=True, expose_value=False),
        click.Option(["--color"], type=colors, hidden=True, expose_value=False),
    ]
