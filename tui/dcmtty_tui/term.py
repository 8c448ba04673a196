"""What the terminal can do: colours, glyphs and size, read from the environment that SSH hands over."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dcmtty.text import cell_width

Depth = Literal["truecolor", "256", "16", "none"]
Glyphs = Literal["half", "ascii"]

SMALLEST_COLUMNS = 40
SMALLEST_ROWS = 12
"""A smaller terminal cannot show what must always be on screen."""

NARROW_COLUMNS = 110
"""Below this width one pane at most stands beside the picture."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """The abilities that drawing depends on."""

    depth: Depth
    glyphs: Glyphs


def color_depth(environment: Mapping[str, str]) -> Depth:
    """Return the colours of the terminal, after NO_COLOR, COLORTERM and TERM.

    OpenSSH does not forward COLORTERM, so a terminal that says nothing has 256 colours when its name says so, else 16.
    """
    if environment.get("NO_COLOR"):
        return "none"
    forced = environment.get("TEXTUAL_COLOR_SYSTEM", "")
    if forced in {"truecolor", "256"}:
        return "truecolor" if forced == "truecolor" else "256"
    if environment.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return "truecolor"
    name = environment.get("TERM", "")
    if name in {"", "dumb", "vt100", "vt102", "vt220"}:
        return "none"
    if "256color" in name or name.startswith(("xterm-kitty", "alacritty", "foot", "wezterm", "tmux")):
        return "256"
    return "16"


def is_utf8(environment: Mapping[str, str]) -> bool:
    """Say whether the locale writes UTF-8."""
    for variable in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environment.get(variable)
        if value:
            return "utf-8" in value.lower() or "utf8" in value.lower()
    return locale.getpreferredencoding(do_setlocale=False).lower().replace("-", "") == "utf8"


_SUBSTITUTES = {
    "…": "~", "≈": "~", "▸": ">", "■": "#", "×": "x", "·": ".", "│": "|", "─": "-",
    "╭": "+", "╮": "+", "╰": "+", "╯": "+", "↑": "^", "↓": "v",
}  # fmt: skip


def in_ascii(text: str) -> str:
    """Return the text without what is no ASCII, as wide as before, for a terminal that does not read UTF-8.

    To such a terminal the bytes of letters may be controls: the second one of Û is 9B, which begins a sequence.
    """
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _SUBSTITUTES.get(char, "?" * cell_width(char)) for char in text)


def detect(environment: Mapping[str, str] | None = None) -> Terminal:
    """Return what the present terminal can do."""
    environment = os.environ if environment is None else environment
    depth = color_depth(environment)
    can_half = is_utf8(environment) and depth in {"truecolor", "256"}
    return Terminal(depth, "half" if can_half else "ascii")
