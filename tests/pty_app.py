"""Runs `dcmtty` on a real terminal: keys go in, every byte that comes out is kept and drawn on a screen of pyte's."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyte

from dcmtty.dicom.beside import NOT_SCANNED
from run_cli import cli_environment

PATIENCE_S = 60.0
KEYS = {"f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "enter": "\r", "ctrl+r": "\x12", "tab": "\t"}
"""What an xterm sends for keys that are no letters."""

_ENTRY_POINT = (
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); "
    "from dcmtty_tui.cli.main import main; sys.exit(main())"
)
"""Opening its terminal makes it the controlling one of the new session, so that closing the other end hangs it up."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P^_X][^\x1b]*\x1b\\|[ -/]*[0-~])?")


def escape_shapes(text: str) -> set[str]:
    """The kinds of escape sequences in what a terminal was sent, numbers left out."""
    return {re.sub(r"[0-9;:]+", "#", found) for found in _ESCAPE.findall(text)}


def _set_size(master: int, columns: int, rows: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class PtyApp:
    """One running `dcmtty` and the terminal that it believes in."""

    def __init__(
        self, *arguments: str | Path, size: tuple[int, int], env: Mapping[str, str] | None, cwd: Path | None
    ) -> None:
        self._master, terminal = os.openpty()
        self.raw = bytearray()
        """Every byte that was written to the terminal."""
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        _set_size(self._master, *size)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ENTRY_POINT, *map(str, arguments)],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            cwd=cwd,
            env={**cli_environment(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(env or {})},
        )
        os.close(terminal)

    @property
    def text(self) -> str:
        """Everything that was written so far."""
        return self.raw.decode()

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        return [line.rstrip() for line in self.screen.display]

    def press(self, *keys: str) -> None:
        """Type text, or keys by the names in KEYS."""
        self.send("".join(KEYS.get(key, key) for key in keys).encode())

    def send(self, data: bytes) -> None:
        """Send bytes as a terminal does."""
        os.write(self._master, data)

    def press_until(self, key: str, is_there: Callable[[], bool]) -> None:
        """Press a key again and again until something holds of the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_there():
            self.press(key)
            self.read(0.5)
            assert self.process.poll() is None, f"it ended with {self.process.returncode}"
            assert time.monotonic() < deadline, "no answer to keys:\n" + "\n".join(self.lines)

    @property
    def slice_text(self) -> str:
        """Which slice is shown, as the screen says it; empty when it says none."""
        found = re.search(r"slice \d+/\d+", "\n".join(self.lines))
        return found[0] if found else ""

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as dragging its window does; what stood on it is forgotten here."""
        while self.read():
            continue
        self.screen.resize(rows, columns)
        self.screen.reset()
        _set_size(self._master, columns, rows)

    def read(self, timeout_s: float = 0.0) -> bool:
        """Take what the program has written; false when it has ended or nothing came in time."""
        ready, _, _ = select.select([self._master], [], [], timeout_s)
        if not ready:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += piece
        self._stream.feed(piece)
        return bool(piece)

    def wait_for(self, *texts: str) -> None:
        """Wait until all of these texts stand on the screen, and a series that is on it is not still being scanned."""

        def is_there() -> bool:
            shown = "\n".join(self.lines)
            return NOT_SCANNED not in shown and all(text in shown for text in texts)

        self.wait_until(is_there, f"no {texts}")

    def wait_until(self, is_there: Callable[[], bool], what: str) -> None:
        """Wait until something holds of the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_there():
            ended = not self.read(0.2) and self.process.poll() is not None
            shown = "\n".join(self.lines)
            assert not ended, f"{what}: it ended with {self.process.returncode}\n{shown}"
            assert time.monotonic() < deadline, f"{what} on the screen:\n{shown}"

    def is_stopped(self) -> bool:
        """Whether a signal halted the process."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def hang_up(self) -> None:
        """Drop the line."""
        os.close(self._master)
        self._master = -1

    def exit_code(self) -> int:
        """Wait for the end; 128 + N when signal N ended it, as a shell says it."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            if self._master < 0:
                self.process.wait(PATIENCE_S)
            else:
                self.read(0.05)
            assert time.monotonic() < deadline, "it does not end:\n" + "\n".join(self.lines)
        while self._master >= 0 and self.read():
            continue
        code = self.process.returncode
        return code if code >= 0 else 128 - code

    def close(self) -> None:
        """Kill what still runs and give the terminal back."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE_S)
        if self._master >= 0:
            self.hang_up()


@contextmanager
def on_terminal(
    *arguments: str | Path,
    size: tuple[int, int] = (120, 36),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Generator[PtyApp]:
    """Run `dcmtty ARGUMENTS...` on a terminal of its own until the block ends."""
    app = PtyApp(*arguments, size=size, env=env, cwd=cwd)
    try:
        yield app
    finally:
        app.close()
