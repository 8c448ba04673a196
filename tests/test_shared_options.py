"""Options that the contract gives to every command are taken by every command."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from dcmtty_tui.cli.main import COMMANDS, dcmtty
from run_cli import run_cli


def leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for sub_name, sub_command in command.commands.items():
            yield from leaves(sub_command, f"{name} {sub_name}")
    else:
        yield name, command


def all_commands() -> dict[str, click.Command]:
    context = click.Context(dcmtty)
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = dcmtty.get_command(context, name)
        assert command is not None
        found |= dict(leaves(command, name))
    return found


@pytest.mark.parametrize("option", ["--quiet", "--color", "--no-input"])
def test_every_command_takes_the_shared_options(option: str) -> None:
    lacking = [
        name
        for name, command in all_commands().items()
        if sum(option in parameter.opts for parameter in command.params) != 1
    ]
    assert lacking == []


def test_they_change_nothing_where_they_have_no_meaning() -> None:
    plain = run_cli("devices", "list", "--format", "json")
    said = run_cli("devices", "list", "--format", "json", "--quiet", "--color", "never", "--no-input")
    assert (said.code, said.stdout) == (plain.code, plain.stdout) == (0, plain.stdout)
