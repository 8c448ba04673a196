"""What may reach a terminal: the escape sequences that the app and the command line write themselves, and text."""

from __future__ import annotations

import re

from dcmtty.text import visible

_MODES = "|".join("1 7 12 25 1000 1003 1004 1006 1015 1016 1049 2004 2026 2027 2031 2048".split())  # noqa: SIM905 - words
_OWN = re.compile(
    r"\x1b\[[0-9;:]*m"  # colours
    r"|\x1b\[[0-9]+;[0-9]+H"  # cursor
    r"|\x1b\[[0-2]?[JK]"  # clearing
    rf"|\x1b\[\?(?:{_MODES})(?:[hl]|\$p)"  # modes, and questions about them
    r"|\x1b\[<u|\x1b\[>[0-9]+u"  # keys as kitty tells them
    r"|\x1b\]22;default\x07"  # shape of the mouse pointer
)
_LINES = re.compile("[\r\n\t]")


def foreign(text: str, *, progress: bool = True) -> set[str]:
    """Everything in what a terminal was sent that acts on it and is not ours: escapes, C0, C1, bidi and unassigned."""
    rest = _LINES.sub("", _OWN.sub("", text) if progress else text)
    if visible(rest) == rest and "\x1b" not in rest:
        return set()
    return {rest[max(at - 10, 0) : at + 30] for at, char in enumerate(rest) if visible(char) != char}
