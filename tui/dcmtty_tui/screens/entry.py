"""The entry line: what it is for, what is typed on it, and the lines that were typed before."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dcmtty_tui.line_edit import LineEdit, begin, edit, insert


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that is being typed."""

    kind: str
    """Whose handler gets it: `command`, `find`, `save`."""
    prompt: str
    line: LineEdit
    history: tuple[str, ...] = ()
    """Lines entered before; up and down go through them."""
    back: int = 0
    """How many lines back it shows; 0 is the new line."""

    def pressed(self, key: str, character: str | None) -> Entry:
        """Return the entry after a key."""
        if key in {"up", "down"} and self.history:
            back = min(max(self.back + (1 if key == "up" else -1), 0), len(self.history))
            return replace(self, back=back, line=begin(self.history[-back] if back else ""))
        return replace(self, line=edit(self.line, key, character))

    def pasted(self, text: str) -> Entry:
        """Return the entry with text put in."""
        return replace(self, line=insert(self.line, text))
