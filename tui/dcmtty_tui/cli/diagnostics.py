"""The only writer to standard error: notes, errors, progress and questions."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys

from dcmtty.errors import DcmttyError
from dcmtty.progress import Progress, Step
from dcmtty.text import visible
from dcmtty_tui.cli import output
from dcmtty_tui.sizes import step_text

_state = {"bar": False}


def line(text: str) -> None:
    """Write one line, made safe."""
    with contextlib.suppress(OSError):
        _clear_bar()
        sys.stderr.write(_fitting(visible(text)) + "\n")
        sys.stderr.flush()


def _fitting(text: str) -> str:
    return output.readable(text, is_terminal=sys.stderr.isatty())


def note(text: str) -> None:
    """Tell the user something worth knowing."""
    line(f"dcmtty: {text}")


def warning(text: str) -> None:
    """Tell the user something that may be wrong."""
    line(f"dcmtty: warning: {text}")


def error(failure: DcmttyError) -> int:
    """Write the error's one line and return its exit code."""
    line(f"dcmtty: {failure}")
    return failure.exit_code


def _clear_bar() -> None:
    if _state["bar"]:
        sys.stderr.write("\r\x1b[K")
        _state["bar"] = False


def _draw(step: Step) -> None:
    with contextlib.suppress(OSError):
        _state["bar"] = True
        sys.stderr.write("\r\x1b[K" + _fitting(step_text(step)[:79]))
        sys.stderr.flush()
        if step.total and step.done >= step.total:
            _clear_bar()


def progress_bar(*, quiet: bool = False) -> Progress:
    """Return a Progress that draws on standard error when that is a terminal that can clear a line."""
    is_capable = sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}
    return Progress() if quiet or not is_capable else Progress(report=_draw)


class TerminalPrompter:
    """Asks the person at the terminal; refuses when there is none or `--no-input` was given."""

    def __init__(self, *, no_input: bool) -> None:
        self.may_ask = not no_input and sys.stdin.isatty() and sys.stderr.isatty()

    def secret(self, prompt: str) -> str | None:
        """Ask for a password without echo; None when nobody can be asked."""
        if not self.may_ask:
            return None
        _clear_bar()
        with contextlib.suppress(EOFError):
            return getpass.getpass(_fitting(visible(prompt)) + " ")
        return None

    def answer(self, prompt: str) -> str | None:
        """Ask for a line of text; None when nobody can be asked."""
        if not self.may_ask:
            return None
        _clear_bar()
        sys.stderr.write(_fitting(visible(prompt)) + " ")
        sys.stderr.flush()
        reply = sys.stdin.readline()
        return reply.strip() if reply else None
