"""A line that is typed, as a value: every key makes the next one, so that no key of a burst can overtake another.

A text field that takes the focus for itself would get the first keys of a paste late: the screen hands its keys here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Text and the place in it where the next character goes."""

    text: str = ""
    cursor: int = 0

    @property
    def parts(self) -> tuple[str, str, str]:
        """The text before the cursor, the character under it (a blank at the end), and the text after it."""
        return self.text[: self.cursor], self.text[self.cursor : self.cursor + 1] or " ", self.text[self.cursor + 1 :]


def begin(text: str) -> LineEdit:
    """Return a line that holds this text, with the cursor at its end."""
    return LineEdit(text, len(text))


def insert(line: LineEdit, text: str) -> LineEdit:
    """Return the line with text put in at the cursor; line breaks and other controls are left out."""
    plain = "".join(char for char in text if char.isprintable())
    return LineEdit(line.text[: line.cursor] + plain + line.text[line.cursor :], line.cursor + len(plain))


def edit(line: LineEdit, key: str, character: str | None) -> LineEdit:
    """Return the line after a key; a key that means nothing changes nothing."""
    if character is not None and character.isprintable() and not key.startswith("ctrl+"):
        return insert(line, character)
    moves = {
        "left": line.cursor - 1,
        "right": line.cursor + 1,
        "home": 0,
        "ctrl+a": 0,
        "end": len(line.text),
        "ctrl+e": len(line.text),
    }
    if key in moves:
        return replace(line, cursor=min(max(moves[key], 0), len(line.text)))
    return _shortened(line, key)


def _shortened(line: LineEdit, key: str) -> LineEdit:
    before, after = line.text[: line.cursor], line.text[line.cursor :]
    word = before.rstrip().rpartition(" ")
    kept = {
        "backspace": (before[:-1], after),
        "ctrl+h": (before[:-1], after),
        "delete": (before, after[1:]),
        "ctrl+u": ("", after),
        "ctrl+k": (before, ""),
        "ctrl+w": (word[0] + word[1], after),
    }
    before, after = kept.get(key, (before, after))
    return LineEdit(before + after, len(before))
