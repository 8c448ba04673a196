"""A question that must be answered: yes or no, or by typing a word again."""

from __future__ import annotations

import queue

from rich.text import Text
from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from dcmtty.text import visible
from dcmtty_tui.screens.closing import ClosingScreen


class QuestionScreen(ClosingScreen[bool]):
    """Asks; y is yes, n, q or esc is no; enter is neither, as it may end what was typed before the question came.

    With `words`, yes means typing one of them.
    """

    CSS_PATH = "question.tcss"

    def __init__(self, text: str, *, words: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._text = text
        self._words = words

    def compose(self) -> ComposeResult:
        """Show the question, and a line to type on when a word is wanted."""
        with Vertical(id="question"):
            yield Static(Text(self._text), markup=False)
            if self._words:
                yield Input(id="word")
                yield Static(Text("type it and press enter; esc is no"), markup=False)
            else:
                yield Static(Text("y: yes   n or esc: no", style="bold"), markup=False)

    def on_mount(self) -> None:
        """Put the focus where typing goes."""
        if self._words:
            self.query_one("#word", Input).focus()

    def on_key(self, event: events.Key) -> None:
        """Answer by key."""
        if event.key == "escape":
            self.dismiss(False)
        elif not self._words:
            if event.key == "y":
                self.dismiss(True)
            elif event.key in {"n", "q"}:
                self.dismiss(False)
        else:
            return
        event.stop()
        event.prevent_default()

    @on(Input.Submitted, "#word")
    def _typed(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() in self._words)


class SecretScreen(ClosingScreen[str | None]):
    """Asks for a password; what is typed is not shown."""

    CSS_PATH = "question.tcss"

    def __init__(self, prompt: str) -> None:
        super().__init__()
        self._prompt = prompt

    def compose(self) -> ComposeResult:
        """Show the prompt and a line to type on."""
        with Vertical(id="question"):
            yield Static(Text(self._prompt), markup=False)
            yield Input(id="word", password=True)
            yield Static(Text("enter sends it; esc gives up"), markup=False)

    def on_mount(self) -> None:
        """Put the focus where typing goes."""
        self.query_one("#word", Input).focus()

    def on_key(self, event: events.Key) -> None:
        """Give up on esc."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)

    @on(Input.Submitted, "#word")
    def _typed(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class ScreenPrompter:
    """Asks for passwords on the screen while a worker waits in its thread."""

    def __init__(self, app: App[int]) -> None:
        self._app = app

    def secret(self, prompt: str) -> str | None:
        """Return what was typed, or None when the user gave up or the work was stopped."""
        answers: queue.Queue[str | None] = queue.Queue()
        worker = get_current_worker()
        self._app.call_from_thread(self._app.push_screen, SecretScreen(visible(prompt)), answers.put)
        while not worker.is_cancelled:
            try:
                return answers.get(timeout=0.1)
            except queue.Empty:
                continue
        return None
