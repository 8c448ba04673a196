"""Writes docs/commands.md from the commands themselves, so that no option and no exit code goes undocumented."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from dcmtty import errors
from dcmtty_tui.cli.main import EXIT_CLOSED_PIPE, EXIT_INTERNAL
from dcmtty_tui.cli.main import dcmtty as root_command

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
_ENDINGS: Final = {
    0: "Done.",
    EXIT_INTERNAL: "An internal error; `DCMTTY_DEBUG=1` shows where.",
    129: "Ended by a hang-up.",
    130: "Ended by an interrupt (ctrl+c).",
    EXIT_CLOSED_PIPE: "Whoever read standard output closed it; nothing is said about it.",
    143: "Ended by a request to terminate.",
}
_HEADER: Final = """# Commands

This file is written by `make docs` from the commands themselves.

Standard output holds data, standard error holds talk and progress. A first word that is no command means `open`.
"""


def all_commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be called, with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command, info_name=path)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from all_commands(found, f"{path} {name}")


def exit_codes() -> dict[int, str]:
    """Every exit code with its meaning: those of the error classes and those of the endings that are no error."""
    meanings: dict[int, str] = {}
    level: list[type[errors.DcmttyError]] = [errors.DcmttyError]
    while level:
        for error in level:
            meanings.setdefault(error.exit_code, (inspect.getdoc(error) or "").splitlines()[0])
        level = [child for error in level for child in error.__subclasses__()]
    return dict(sorted({**meanings, **_ENDINGS}.items()))


def render() -> str:
    """The whole document as text."""
    parts = [_HEADER]
    parts.extend(_command_section(path, command) for path, command in all_commands(root_command, "dcmtty"))
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in exit_codes().items())
    parts.append(
        "## Exit codes\n\n| code | meaning |\n|---|---|\n"
        + rows
        + "\nSeveral outcomes at once: 5 before 7 before 4 before 3 before 6 before 1.\n"
    )
    return "\n".join(parts)


def _command_section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {path}", "", "```", f"{path} {usage}".rstrip(), "```", "", _unwrapped(command.help or ""), ""]
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if options:
        lines += ["| option | meaning |", "|---|---|", *(_option_row(option) for option in options), ""]
    return "\n".join(lines)


def _option_row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if isinstance(option.type, click.Choice):
        names += " " + "|".join(str(choice) for choice in option.type.choices)
    elif not option.is_flag and not option.count:
        names += f" {option.metavar or option.type.name.upper()}"
    meaning = " ".join((option.help or "").split())
    if option.show_default and isinstance(option.default, str | int | float) and not isinstance(option.default, bool):
        meaning += f" Default: {option.default}."
    required = " Required." if option.required else ""
    cells = (cell.strip().replace("|", "\\|") for cell in (names, meaning + required))
    return f"| {' | '.join(cells)} |"


def _unwrapped(text: str) -> str:
    """Paragraphs of a help text, each on one line; verbatim paragraphs keep their lines."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        f"```\n{paragraph[1:].strip()}\n```" if paragraph.startswith("\b") else " ".join(paragraph.split())
        for paragraph in paragraphs
    )


if __name__ == "__main__":
    DOCUMENT.write_text(render(), encoding="utf-8")
