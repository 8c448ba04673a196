"""A program on a pseudo-terminal of fixed size, and the screen that it draws: what make_pictures presses keys on."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyte

PATIENCE_S: Final = 60.0
QUIET_S: Final = 0.5
"""A screen that says what was expected, and then does not change for this long, is complete."""

# Keyboard protocols and mode requests, which pyte would print.
_NOT_FOR_PYTE: Final = re.compile(rb"\x1b\[[<>=][0-9;:]*[A-Za-z]|\x1b\[\?[0-9;]*\$p")
_KEYS: Final = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f5": "\x1b[15~",
}


class Terminal:
    """A program that runs on a pseudo-terminal; used with `with`, which ends it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._master, self._slave = os.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start a program in a folder with this environment and no other; one for each terminal."""
        here = self._slave
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=here, stdout=here, stderr=here, start_new_session=True
        )
        os.close(here)

    def press(self, *keys: str, until: str = "") -> None:
        """Press keys (names as in the app, or characters), and wait until the screen shows a text and is complete."""
        os.write(self._master, "".join(_KEYS.get(key, key) for key in keys).encode())
        self.wait(until)

    def command(self, line: str, until: str = "") -> None:
        """Type a line on the `:` command line and enter it."""
        self.press(":", line, "enter", until=until)

    def wait(self, until: str) -> None:
        """Read what the program writes until the screen shows a text and is complete.

        Raises:
            TimeoutError: the text does not come, or the program ended.
        """
        deadline = time.monotonic() + PATIENCE_S
        last = time.monotonic()
        while time.monotonic() - last < QUIET_S or until not in self.text:
            if time.monotonic() > deadline or not self._read():
                raise TimeoutError(f"the screen never showed {until!r}; it shows:\n{self.text}")
            last = time.monotonic() if self._got else last

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], QUIET_S / 5)
        self._got = bool(ready)
        if not ready:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return False
        while re.search(rb"\x1b[^a-zA-Z\x1b]{0,16}\Z", data) and select.select([self._master], [], [], QUIET_S)[0]:
            data += os.read(self._master, 1 << 16)
        self._stream.feed(_NOT_FOR_PYTE.sub(b"", data))
        return True

    @property
    def text(self) -> str:
        """The screen as plain text."""
        return "\n".join(self.screen.display)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        if self._process is not None:
            self._process.terminate()
            while self._read_rest():
                continue
            self._process.wait()
        os.close(self._master)

    def _read_rest(self) -> bool:
        try:
            return bool(os.read(self._master, 1 << 16))
        except OSError:
            return False
