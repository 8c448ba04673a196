"""Textual's driver, made to end when the line drops and to live on when the terminal sends bytes that are no text."""

from __future__ import annotations

import contextlib
import os
from typing import IO, TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

from dcmtty_tui.term import in_ascii, is_utf8

if TYPE_CHECKING:
    from textual.app import App


class Line:
    """The line to the terminal; what is written after it dropped is lost without an error.

    An error would end Textual's writer, and everything that waits for the writer would wait for ever.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._is_utf8 = is_utf8(os.environ)

    def write(self, text: str) -> int:
        """Write text, as long as there is a terminal; no byte beyond ASCII to one that does not read UTF-8."""
        with contextlib.suppress(OSError):
            self._file.write(text if self._is_utf8 else in_ascii(text))
        return len(text)

    def flush(self) -> None:
        """Push out what was written, as long as there is a terminal."""
        with contextlib.suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        """Return the descriptor, to ask for the terminal's size."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
        return self._file.isatty()


class TerminalDriver(LinuxDriver):
    """Writes through a Line, goes on after a real suspension only, and drops what is typed in another encoding."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file: IO[str] = Line(self._file)  # type: ignore[assignment]

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a suspension, and only then: a line that drops sends SIGCONT too (setpgid(2), tty_ioctl(4)).

        Starting again what was never stopped would leave a second thread that reads keys and never ends.
        """
        if self._must_signal_resume:
            super()._sigcont_application()

    def run_input_thread(self) -> None:
        """Read keys until the app ends; the bytes that cannot be decoded are passed over."""
        while not self.exit_event.is_set():
            with contextlib.suppress(UnicodeDecodeError):
                super().run_input_thread()
