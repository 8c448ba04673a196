"""Help for what has the focus: its sentence, its live keys, the command words."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from dcmtty_tui.actions import ACTIONS, Action, Mode, Pane
from dcmtty_tui.screens.closing import ClosingScreen

KEY_COLUMN = 22


class TextScreen(ClosingScreen[None]):
    """Shows a text that scrolls, for example the help; q, esc, enter or ? closes it."""

    CSS_PATH = "help.tcss"

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Show the text in a box that scrolls."""
        with VerticalScroll(id="box", can_focus=False):  # so that keys wait in one queue alone
            yield Static(self._text, markup=False)

    def on_key(self, event: events.Key) -> None:
        """Close on q, esc, enter and ?; scroll with the usual keys."""
        box = self.query_one("#box", VerticalScroll)
        if event.key in {"q", "escape", "enter", "question_mark", "f1"}:
            self.dismiss()
        elif event.key in {"j", "down"}:
            box.scroll_down(animate=False)
        elif event.key in {"k", "up"}:
            box.scroll_up(animate=False)
        elif event.key in {"pagedown", "space"}:
            box.scroll_page_down(animate=False)
        elif event.key == "pageup":
            box.scroll_page_up(animate=False)
        elif event.key in {"g", "home"}:
            box.scroll_home(animate=False)
        elif event.key in {"G", "end"}:
            box.scroll_end(animate=False)
        event.stop()
        event.prevent_default()


def help_text(mode: Mode, pane: Pane, sentence: str) -> Text:
    """Return the help of a pane: first its own keys, then those that work everywhere in the mode."""
    text = Text()
    text.append(f"{pane.value.capitalize()} in {mode.value} mode\n", "bold")
    text.append(f"{sentence}\nq, esc or ? closes this. A number before a key repeats it (10l).\n")
    group = ""
    for action in sorted(_live(mode, pane), key=lambda action: _order(action, pane)):
        if action.group != group:
            group = action.group
            text.append(f"\n{group}\n", "bold underline")
        keys = " ".join(action.keys)
        words = " ".join(f":{word}" for word in action.words)
        name = "  ".join(part for part in (keys, f"{words} {action.arguments}".strip() if words else "") if part)
        text.append(f"{name:<{KEY_COLUMN}}", "bold cyan")
        text.append(f" {action.help}\n")
    return text


def _order(action: Action, pane: Pane) -> tuple[bool, bool, str]:
    """Order actions: those of the pane, those that work everywhere, words that are meant for other panes."""
    return pane not in action.panes, len(action.panes) == len(Pane), action.group


def _live(mode: Mode, pane: Pane) -> list[Action]:
    return [action for action in ACTIONS if mode in action.modes and (pane in action.panes or action.words)]
