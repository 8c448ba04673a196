"""The line on which commands are typed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dcmtty_tui.line_edit import LineEdit, begin, edit, insert


def typed(*keys: str, start: LineEdit | None = None) -> LineEdit:
    line = start or LineEdit()
    for key in keys:
        line = edit(line, key, key if len(key) == 1 else None)
    return line


def test_characters_go_in_at_the_cursor() -> None:
    assert typed(*"ac", "left", "b") == LineEdit("abc", 2)


def test_backspace_and_delete_take_what_is_beside_the_cursor() -> None:
    assert typed("left", "backspace", "delete", start=begin("abcd")) == LineEdit("ab", 2)


def test_words_and_halves_can_be_dropped() -> None:
    assert typed("ctrl+w", start=begin("import a b")).text == "import a "
    assert typed("left", "ctrl+u", start=begin("abc")).text == "c"
    assert typed("home", "right", "ctrl+k", start=begin("abc")).text == "a"


def test_a_paste_loses_its_line_breaks_and_escapes() -> None:
    assert insert(LineEdit(), "a\r\nb\x1b[31mc").text == "ab[31mc"


KEYS = ["left", "right", "home", "end", "backspace", "delete", "ctrl+u", "ctrl+k", "ctrl+w", "f9", "a", "é", "図", " "]


@given(st.lists(st.sampled_from(KEYS)))
def test_the_cursor_never_leaves_the_text(keys: list[str]) -> None:
    line = typed(*keys)
    assert 0 <= line.cursor <= len(line.text)
    before, under, after = line.parts
    assert (before + under + after).rstrip(" ") == line.text.rstrip(" ")
