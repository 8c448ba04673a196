"""Writes docs/keys.md from the registry of actions, so that no key and no command word goes undocumented."""

from pathlib import Path
from typing import Final

from dcmtty_tui.actions import ACTIONS, Action, Mode, Pane

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "keys.md"
_HEADER: Final = """# Keys

This file is written by `make docs` from the registry in `tui/dcmtty_tui/actions.py`, as are the footer, the palette
and `?`.

Digits before a key are a count, as in vi: `10l` goes ten columns to the right. `:` opens the command line, which takes
the words below. An action with a mode or a pane beside it works only there.
"""


def render() -> str:
    """The whole document as text: one table for each group, in the order of the registry."""
    parts = [_HEADER]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        rows = "\n".join(_row(action) for action in ACTIONS if action.group == group)
        parts.append(f"## {group}\n\n| keys | command line | what it does | where |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _row(action: Action) -> str:
    keys = " ".join(_code(key) for key in action.keys)
    words = " ".join(_code(f":{word} {action.arguments}".rstrip()) for word in action.words)
    return f"| {keys} | {words} | {action.help} | {_where(action)} |"


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _where(action: Action) -> str:
    modes = "" if len(action.modes) == len(Mode) else ", ".join(mode for mode in Mode if mode in action.modes)
    left_out = [pane for pane in Pane if pane not in action.panes]
    if not left_out:
        return modes
    panes = "lists" if left_out == [Pane.PICTURE] else ", ".join(pane for pane in Pane if pane in action.panes)
    return f"{modes}: {panes}" if modes else panes


if __name__ == "__main__":
    DOCUMENT.write_text(render(), encoding="utf-8")
