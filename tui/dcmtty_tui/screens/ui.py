"""What handlers ask of the screen: work in threads, the entry line, questions, lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.text import Text
from textual.screen import Screen

from dcmtty.progress import Progress
from dcmtty.text import visible
from dcmtty.transfer.authentication import Prompter
from dcmtty_tui import workers
from dcmtty_tui.actions import Pane
from dcmtty_tui.screens.help import TextScreen
from dcmtty_tui.screens.keyboard import Keyboard
from dcmtty_tui.screens.question import QuestionScreen, ScreenPrompter
from dcmtty_tui.widgets.row_list import RowList
from dcmtty_tui.workers import Say

LET_END = frozenset(
    {"picture", "save", "import", "structures", "pinned", "scan", "series", "first", "recoverable", "closing"}
)
"""Work that nobody means who stops what runs."""


class ScreenUi:
    """Does for handlers what only a screen can do; `changed` is called when something must be drawn again."""

    def __init__(self, screen: Screen[int], keyboard: Keyboard, changed: Callable[[], None]) -> None:
        self._screen = screen
        self._keyboard = keyboard
        self._changed = changed

    def start_work(self, kind: str, work: Callable[[Progress], object]) -> None:
        """Run work in a thread; the screen gets its result as WorkDone(kind, ...)."""
        workers.start(self._screen, self._screen.app, kind, work)

    def start_scan(self, paths: Sequence[Path], say: Say) -> None:
        """Scan files and folders in a thread; the screen gets what `say` makes of what is found."""
        workers.start_scan(self._screen, self._screen.app, paths, say)

    def cancel_work(self, spared: frozenset[str] = frozenset(), *, kinds: frozenset[str] | None = None) -> bool:
        """Stop what runs in the background, or work of some kinds alone; false when nothing does.

        What is short (a save, a picture) and what has a key of its own (a scan) is let end unless it is named.
        """
        running = [worker for worker in self._screen.app.workers if worker.is_running]
        if kinds is None:
            running = [worker for worker in running if worker.group not in spared | LET_END]
        else:
            running = [worker for worker in running if worker.group in kinds]
        for worker in running:
            worker.cancel()
        return bool(running)

    def is_working(self, *kinds: str) -> bool:
        """Say whether work of one of these kinds runs, or of any kind when none is named."""
        running = [worker.group for worker in self._screen.app.workers if not worker.is_finished]
        return any(group in kinds for group in running) if kinds else bool(running)

    def ask(self, kind: str, prompt: str, initial: str = "") -> None:
        """Open the entry line; what is typed comes back to the handler of `kind`."""
        self._keyboard.ask(kind, prompt, initial)

    def question(self, text: str, answered: Callable[[bool], None], *, words: tuple[str, ...] = ()) -> None:
        """Ask yes or no; with `words`, yes means that one of them was typed."""

        def take(answer: bool | None) -> None:  # noqa: FBT001 - the answer
            self._keyboard.desk.attempt(lambda: answered(bool(answer)))
            self._changed()

        self._screen.app.push_screen(QuestionScreen(text, words=words), take)

    def prompter(self) -> Prompter:
        """Return who asks for passwords, from any thread."""
        return ScreenPrompter(self._screen.app)

    def rows(self, pane: Pane) -> RowList:
        """Return the list of a pane."""
        return self._screen.query_one(f"#{pane.value}", RowList)

    def redraw(self) -> None:
        """Draw the whole screen again."""
        self._screen.refresh(layout=True)
        for widget in self._screen.query("*"):
            widget.refresh()

    def open_text(self, title: str, lines: Sequence[str]) -> None:
        """Show lines of text until a key closes them."""
        text = Text(f"{title}\n\n", "bold")
        text.append("\n".join(f"- {visible(line)}" for line in lines), "not bold")
        self._screen.app.push_screen(TextScreen(text))

    def show(self, screen: Screen[None]) -> None:
        """Show a screen of its own until a key closes it."""
        self._screen.app.push_screen(screen)

    def copy(self, text: str) -> None:
        """Send text to the clipboard of the terminal (OSC 52), in base64: nothing in it acts on the terminal."""
        self._screen.app.copy_to_clipboard(text)

    def open_palette(self) -> None:
        """Open the palette."""
        self._screen.app.action_command_palette()

    def leave(self) -> None:
        """End the app."""
        self._screen.app.exit(0)
