"""Drives the app by keys alone, and waits until it has nothing left to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from dcmtty_tui.actions import Pane
from dcmtty_tui.app import DcmttyApp
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.main import MainScreen, Opening
from dcmtty_tui.widgets.lines import Lines
from dcmtty_tui.widgets.row_list import RowList
from dcmtty_tui.widgets.slice_view import SliceView

PATIENCE_S = 60.0
NAMES = {" ": "space"}


class Driver:
    """A running app, its keyboard and its screen."""

    def __init__(self, app: DcmttyApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot
        self.held = frozenset[str]()
        """Groups of workers that a test holds up, so that nobody waits for them."""

    @property
    def main(self) -> MainScreen:
        """The screen of the app."""
        return self.app.main

    @property
    def desk(self) -> Desk:
        """The state of the app."""
        return self.app.main.desk

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, then wait until everything is done."""
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Press the keys of a text, without a pause between them."""
        await self.pilot.press(*(NAMES.get(char, char) for char in text))
        await self.settle()

    async def command(self, line: str) -> None:
        """Type a command line and enter it."""
        await self.pilot.press(":", *(NAMES.get(char, char) for char in line), "enter")
        await self.settle()

    async def until(self, is_there: Callable[[], object]) -> None:
        """Wait until something holds, then until everything else is done."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_there():
            await asyncio.sleep(0.01)
            assert time.monotonic() < deadline, "it does not come to be"
        await self.settle()

    async def settle(self) -> None:
        """Wait until no worker runs, apart from those that are held, and no message waits."""
        deadline = time.monotonic() + PATIENCE_S
        quiet = 0
        while quiet < 3:
            await self.pilot.pause()
            busy = any(not worker.is_finished and worker.group not in self.held for worker in self.app.workers)
            quiet = 0 if busy or self.main.is_painting else quiet + 1
            if busy:
                await asyncio.sleep(0.01)
            assert time.monotonic() < deadline, "the app does not come to rest"

    def line(self, name: str) -> str:
        """What one of the lines of the screen says."""
        return self.main.query_one(f"#{name}", Lines).plain

    def rows(self, pane: Pane) -> list[str]:
        """The rows of a pane."""
        return [row.text for row in self.main.query_one(f"#{pane.value}", RowList).rows]

    def picture(self) -> list[str]:
        """The glyphs of the picture, a line for each row of cells."""
        cells = self.main.query_one(SliceView).cells
        return [] if cells is None else ["".join(map(chr, row)) for row in cells.glyphs.tolist()]


@asynccontextmanager
async def driving(
    *paths: Path,
    size: tuple[int, int] = (120, 36),
    recover: Path | None = None,
    ssh_config: Path | None = None,
    held: frozenset[str] = frozenset(),
) -> AsyncGenerator[Driver]:
    """Run the app on paths without a terminal."""
    app = DcmttyApp(Opening(paths, recover, str(ssh_config) if ssh_config else None))
    try:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            driver.held = held
            await driver.settle()
            yield driver
    finally:
        app.main.desk.session.close()
        app.main.desk.scanning.close()
    if app.failure is not None:
        raise app.failure
