"""What the environment that SSH hands over says about the terminal."""

from __future__ import annotations

import pytest

from dcmtty_tui.term import detect

UTF8 = {"LANG": "en_US.UTF-8"}
XTERM = {"TERM": "xterm-256color", **UTF8}


@pytest.mark.parametrize(
    ("environment", "depth", "glyphs"),
    [
        (XTERM, "256", "half"),
        ({**XTERM, "COLORTERM": "truecolor"}, "truecolor", "half"),
        ({**XTERM, "COLORTERM": "24bit"}, "truecolor", "half"),
        ({**XTERM, "COLORTERM": "yes"}, "256", "half"),
        ({"TERM": "screen-256color", **UTF8}, "256", "half"),
        ({"TERM": "tmux-256color", **UTF8}, "256", "half"),
        ({"TERM": "xterm-kitty", **UTF8}, "256", "half"),
        ({"TERM": "screen", **UTF8}, "16", "ascii"),
        ({"TERM": "linux", **UTF8}, "16", "ascii"),
        ({"TERM": "xterm", **UTF8}, "16", "ascii"),
        ({"TERM": "dumb", **UTF8}, "none", "ascii"),
        ({"TERM": "vt100", **UTF8}, "none", "ascii"),
        ({"TERM": "", **UTF8}, "none", "ascii"),
        (UTF8, "none", "ascii"),
    ],
)
def test_the_name_of_the_terminal_gives_its_colours(environment: dict[str, str], depth: str, glyphs: str) -> None:
    found = detect(environment)
    assert (found.depth, found.glyphs) == (depth, glyphs)


def test_no_color_wins_over_everything_and_an_empty_one_says_nothing() -> None:
    assert detect({**XTERM, "COLORTERM": "truecolor", "NO_COLOR": "1"}).depth == "none"
    assert detect({**XTERM, "NO_COLOR": "0", "TEXTUAL_COLOR_SYSTEM": "truecolor"}).depth == "none"
    assert detect({**XTERM, "NO_COLOR": ""}).depth == "256"


@pytest.mark.parametrize(
    ("locale", "glyphs"),
    [
        ({"LANG": "C"}, "ascii"),
        ({"LANG": "POSIX"}, "ascii"),
        ({"LANG": "C.UTF-8"}, "half"),
        ({"LANG": "C", "LC_ALL": "en_US.UTF-8"}, "half"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "ascii"),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "C"}, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "de_DE.utf8"}, "half"),
        ({"LANG": "C", "LC_CTYPE": "de_DE.utf8", "LC_ALL": ""}, "half"),
        ({"LANG": "de_DE.ISO-8859-1"}, "ascii"),
    ],
)
def test_half_blocks_need_a_locale_that_writes_utf8(locale: dict[str, str], glyphs: str) -> None:
    found = detect({"TERM": "xterm-256color", **locale})
    assert (found.depth, found.glyphs) == ("256", glyphs)
