"""Cells as the text a terminal takes: a colour is sent only when it changes, and as rarely as the glyphs allow."""

from __future__ import annotations

from functools import lru_cache

from dcmtty.render.grid import FULL, SPACE, UPPER_HALF, Cells
from dcmtty.render.ramp import DEFAULT, TRUECOLOR

RESET = "\x1b[0m"


def to_ansi(cells: Cells) -> list[str]:
    """Return one line of text per row of cells; each starts and ends in the terminal's own colours.

    Cells without colours (depth `none`) give no escape sequence at all.
    """
    rows = zip(cells.glyphs.tolist(), cells.foreground.tolist(), cells.background.tolist(), strict=True)
    return [line_text(glyphs, foreground, background) for glyphs, foreground, background in rows]


def line_text(glyphs: list[int], foreground: list[int], background: list[int]) -> str:
    """Return the text of one row; a half block may become its complement where that needs fewer changes of colour."""
    out: list[str] = []
    ink, paper = DEFAULT, DEFAULT
    for glyph, fore, back in zip(glyphs, foreground, background, strict=True):
        if glyph == SPACE:
            if back == paper:
                out.append(" ")
            elif back == ink and back != DEFAULT:
                out.append("█")
            else:
                out.append(_sgr(None, back) + " ")
                paper = back
            continue
        text = chr(glyph)
        if glyph == UPPER_HALF and (fore == paper) + (back == ink) > (fore == ink) + (back == paper):
            text, fore, back = "▄", back, fore  # noqa: PLW2901 - the same two colours the other way round
        if glyph == FULL:
            back = paper  # noqa: PLW2901 - nothing of it is seen
        if fore != ink or back != paper:
            out.append(_sgr(fore if fore != ink else None, back if back != paper else None))
            ink, paper = fore, back
        out.append(text)
    if (ink, paper) != (DEFAULT, DEFAULT):
        out.append(RESET)
    return "".join(out)


@lru_cache(maxsize=65536)
def _sgr(fore: int | None, back: int | None) -> str:
    """Return the sequence that sets the colours that are given (ECMA-48 SGR)."""
    parts = [_parameters(code, base) for code, base in ((fore, 30), (back, 40)) if code is not None]
    return f"\x1b[{';'.join(parts)}m"


def _parameters(code: int, base: int) -> str:
    if code == DEFAULT:
        return str(base + 9)
    if code >= TRUECOLOR:
        return f"{base + 8};2;{code >> 16 & 255};{code >> 8 & 255};{code & 255}"
    if code >= 16:
        return f"{base + 8};5;{code}"
    return str(base + code) if code < 8 else str(base + 60 + code - 8)
