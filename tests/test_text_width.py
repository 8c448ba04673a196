"""A text takes as many cells as terminals give it: what wcwidth says, wherever terminals agree."""

from __future__ import annotations

import unicodedata

import pytest
import wcwidth

from dcmtty.text import cell_width, fit, visible

DISPUTED_CATEGORIES = {"Mc"}
"""Spacing combining marks: xterm and the C library give them a cell, newer tables none."""
DISPUTED = {
    0x3164,
    0xFFA0,
    *range(0x2630, 0x2638),
    *range(0x268A, 0x2690),
    *range(0x4DC0, 0x4E00),
    *range(0x1D300, 0x1D380),
    *range(0x1F1E6, 0x1F200),
}
"""Hangul fillers, which some draw; symbols that Unicode 16 made wide; halves of flags."""


def shown_as_they_are() -> list[str]:
    """Every character that reaches the terminal, about which terminals agree."""
    chars = (chr(code) for code in range(0x110000) if code not in DISPUTED)
    return [char for char in chars if unicodedata.category(char) not in DISPUTED_CATEGORIES and visible(char) == char]


def test_every_character_has_the_width_that_wcwidth_gives_it() -> None:
    chars = shown_as_they_are()
    assert len(chars) > 130_000
    assert [f"{ord(char):04X}" for char in chars if cell_width(char) != wcwidth.wcwidth(char)] == []


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("ﾔﾏﾀﾞ", 4),
        ("山田", 4),
        ("ＡＢ", 4),
        ("홍길동", 6),
        ("\u1112\u1169\u11bc", 2),
        ("สมชาย", 5),
        ("น้ำ", 2),
        ("שָׁלוֹם", 4),
        ("مُحَمَّد", 4),
        ("é", 1),
        ("e\u0301", 1),
        ("👩\u200d👩", 4),
        ("✈\ufe0e", 1),
        ("a\u200bb", 2),
    ],
)
def test_scripts(text: str, cells: int) -> None:
    assert cell_width(text) == cells


@pytest.mark.parametrize("text", ["山田太郎", "สมชาย น้ำผึ้ง", "ﾔﾏﾀﾞ ﾀﾛｳ", "שָׁלוֹם וּבְרָכָה", "abc", "홍길동 洪吉洞"])
def test_a_text_is_fitted_to_exactly_the_cells_there_are(text: str) -> None:
    for width in range(1, 20):
        assert cell_width(fit(text, width)) == width


def test_a_mark_is_never_cut_from_its_letter() -> None:
    assert fit("e\u0301xyz", 3) == "e\u0301x…"
