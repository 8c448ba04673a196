"""The full-screen app: terminal, signals, palette; everything else lives on its one screen."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing.resource_tracker
import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen
from textual.worker import Worker

from dcmtty.contours.journal_format import read_journal
from dcmtty_tui.actions import ACTIONS, BY_ID
from dcmtty_tui.driver import TerminalDriver
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.handle_general import leave
from dcmtty_tui.screens.main import MainScreen, Opening

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")


class ActionProvider(Provider):
    """Offers every action of the registry in the palette."""

    def _run(self, action_id: str) -> None:
        screen = self.screen
        if isinstance(screen, MainScreen):
            screen.keyboard.call_by_name(action_id)
            screen.repaint()

    async def discover(self) -> Hits:
        """List all actions."""
        for action in ACTIONS:
            yield DiscoveryHit(_name(action.title, action.keys), partial(self._run, action.id), help=action.help)

    async def search(self, query: str) -> Hits:
        """Match an action's title and sentence."""
        matcher = self.matcher(query)
        for action in ACTIONS:
            score = max(matcher.match(action.title), matcher.match(action.help))
            if score > 0:
                name = _name(action.title, action.keys)
                yield Hit(score, name, partial(self._run, action.id), help=action.help)


def _name(title: str, keys: Sequence[str]) -> str:
    return f"{title}  {' '.join(keys)}" if keys else title


class DcmttyApp(App[int]):
    """dcmtty on a terminal."""

    TITLE = "dcmtty"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {ActionProvider}  # noqa: RUF012 - Textual's way to declare providers
    BINDINGS = [Binding("ctrl+q", "leave", "Quit", show=False, priority=True)]  # noqa: RUF012 - Textual's way
    CSS_PATH = "screens/main.tcss"
    CSS = "Screen { background: #000000; color: #d0d0d0; }"

    def __init__(self, opening: Opening) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.main = MainScreen(opening)
        self.failure: Exception | None = None
        """An unhandled exception, for the command line's own last handler."""

    def get_default_screen(self) -> Screen[int]:
        """Return the one screen."""
        return self.main

    def get_system_commands(self, screen: Screen[object]) -> list[SystemCommand]:
        """Offer none of Textual's own: the registry has what is needed."""
        del screen
        return []

    def on_mount(self) -> None:
        """End cleanly on a line drop and on terminate; Textual itself handles neither."""
        gc.freeze()  # a full collection over all that was imported would stop the keyboard for 100 ms
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, number)

    def on_resize(self) -> None:
        """Draw everything again: a window that shrank and grew between two frames has its size but lost its text."""
        for screen in self.screen_stack:
            for widget in screen.walk_children(with_self=True):
                widget.refresh()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Let the screen know that work began or ended."""
        self.main.work_changed(event.worker)

    def _on_signal(self, number: int) -> None:
        self.exit(128 + number)

    def _handle_exception(self, error: Exception) -> None:
        self.failure = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End after an unhandled exception without Textual's traceback, which would show patients' data."""
        self.bell()
        self._close_messages_no_wait()

    def action_leave(self) -> None:
        """Leave at once when the journal has every edit, else when it is asked for twice."""
        leave(self.main.desk, Call(BY_ID["quit"]))
        self.main.repaint()


def run_app(paths: Sequence[Path], recover: Path | None = None, ssh_config: str | None = None) -> int:
    """Run the app until it ends and return the exit code; the journal is closed whatever happens."""
    multiprocessing.resource_tracker.ensure_running()
    if recover is not None and not paths:
        paths = [Path(path) for path in read_journal(recover).header.image_paths]
    app = DcmttyApp(Opening(tuple(paths), recover, ssh_config))
    try:
        result = app.run()
    finally:
        app.main.desk.session.close()
        app.main.desk.scanning.close()
        app.main.desk.grid.asking.close()
    if app.failure is not None:
        raise app.failure
    return result if isinstance(result, int) else app.return_code or 0
