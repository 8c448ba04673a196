"""What the handlers of actions work on: session, viewer, selection and the few things only a screen can do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from textual.screen import Screen

from dcmtty.contours.draft import EditState
from dcmtty.contours.history import History
from dcmtty.contours.model import GeometricType
from dcmtty.errors import DcmttyError, UsageError
from dcmtty.progress import Progress
from dcmtty.session import Session
from dcmtty.text import visible
from dcmtty.transfer.authentication import Prompter
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.comparing import CompareState
from dcmtty_tui.screens.grid import GridState
from dcmtty_tui.screens.scanning import ScanState
from dcmtty_tui.screens.sending import SendState
from dcmtty_tui.screens.tag_browser import TagBrowser
from dcmtty_tui.screens.viewer import Viewer
from dcmtty_tui.viewing import Selection
from dcmtty_tui.widgets.row_list import RowList
from dcmtty_tui.workers import Say


class Ui(Protocol):
    """What only the screen can do."""

    def start_work(self, kind: str, work: Callable[[Progress], object]) -> None:
        """Run work in a thread; the screen gets its result as WorkDone(kind, ...)."""

    def start_scan(self, paths: Sequence[Path], say: Say) -> None:
        """Scan files and folders in a thread; the screen gets what `say` makes of what is found."""

    def cancel_work(self, spared: frozenset[str] = frozenset(), *, kinds: frozenset[str] | None = None) -> bool:
        """Stop what runs apart from kinds that are spared, or what is of some kinds; false when nothing is."""
        ...

    def ask(self, kind: str, prompt: str, initial: str = "") -> None:
        """Open the entry line; what is typed comes back to the handler of `kind`."""

    def rows(self, pane: Pane) -> RowList:
        """Return the list of a pane."""
        ...

    def question(self, text: str, answered: Callable[[bool], None], *, words: tuple[str, ...] = ()) -> None:
        """Ask yes or no; with `words`, yes means that one of them was typed."""

    def prompter(self) -> Prompter:
        """Return who asks for passwords, from any thread."""
        ...

    def is_working(self, *kinds: str) -> bool:
        """Say whether work of one of these kinds runs, or of any kind when none is named."""
        ...

    def redraw(self) -> None:
        """Draw the whole screen again."""

    def open_text(self, title: str, lines: Sequence[str]) -> None:
        """Show lines of text until a key closes them."""

    def show(self, screen: Screen[None]) -> None:
        """Show a screen of its own until a key closes it."""

    def copy(self, text: str) -> None:
        """Send text to the clipboard of the terminal (OSC 52)."""

    def open_palette(self) -> None:
        """Open the palette."""

    def leave(self) -> None:
        """End the app."""


@dataclass(slots=True)
class Desk:
    """The state of the app; only handlers change it, and only in the thread of the app."""

    session: Session
    viewer: Viewer
    ui: Ui
    tags: TagBrowser
    sending: SendState
    ssh_config: str | None = None
    scanning: ScanState = field(default_factory=ScanState)
    mode: Mode = Mode.BROWSE
    pane: Pane = Pane.PICTURE
    selection: Selection = field(default_factory=Selection)
    geometric_type: GeometricType = GeometricType.CLOSED_PLANAR
    message: str = ""
    is_error: bool = False
    progress: str = ""
    """How far work in the background is; empty when nothing reports."""
    notes: tuple[str, ...] = ()
    """What loading, saving or opening had to say, in full."""
    grid: GridState = field(default_factory=GridState)
    comparing: CompareState = field(default_factory=CompareState)
    tags_pinned: bool = False
    """Whether the tag pane shows an object that has no picture, instead of the slice."""
    too_small: str = ""
    """Why the terminal is too small to edit on; empty when it is not."""
    leaving: bool = False
    """Whether q was pressed once with work that is not saved."""

    def attempt(self, change: Callable[[], None]) -> None:
        """Do something that may refuse, and show why it did."""
        try:
            change()
        except DcmttyError as error:
            self.refuse(str(error))

    def tell(self, text: str) -> None:
        """Show a message until the next key."""
        self.message, self.is_error = text, False

    def tell_with_notes(self, text: str, notes: Sequence[str]) -> None:
        """Show a message and the first note; the others are kept for `:notes`."""
        self.notes = tuple(notes)
        more = f" (and {len(notes) - 1} more, see :notes)" if len(notes) > 1 else ""
        self.tell("; ".join(part for part in (text, *(f"{note}{more}" for note in notes[:1])) if part))

    def refuse(self, text: str) -> None:
        """Show why something was not done."""
        self.message, self.is_error = text, True

    @property
    def history(self) -> History | None:
        """The history of the structure set that is shown, or None without a structure set."""
        work = self.session.work
        return work.history if work is not None else None

    @property
    def state(self) -> EditState | None:
        """The structure set and the draft as they stand, or None without a structure set."""
        history = self.history
        return history.present if history is not None else None


Handler = Callable[[Desk, Call], None]
HANDLERS: dict[str, Handler] = {}


def handles(*action_ids: str) -> Callable[[Handler], Handler]:
    """Register a function as the handler of actions."""

    def register(handler: Handler) -> Handler:
        for action_id in action_ids:
            HANDLERS[action_id] = handler
        return handler

    return register


def numbers(call: Call, count: int) -> list[float]:
    """Return the arguments of a call as finite numbers.

    Raises:
        UsageError: not as many as are needed, or no numbers.
    """
    words = [word for argument in call.arguments for word in argument.replace(",", " ").split()]
    usage = f":{call.action.words[0]} {call.action.arguments}"
    if len(words) != count:
        raise UsageError(f"{usage} takes {count} numbers, not {len(words)}", remedy=f"type {usage}")
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = [math.nan]
    if not all(map(math.isfinite, values)):
        raise UsageError(f"{visible(' '.join(words), 60)!r} are no numbers", remedy=f"type {usage}")
    return values


def whole_numbers(call: Call, count: int) -> list[int]:
    """Return the arguments of a call as whole numbers; none is rounded.

    Raises:
        UsageError: not as many as are needed, or no whole numbers.
    """
    values = numbers(call, count)
    if not all(value.is_integer() for value in values):
        raise UsageError(f":{call.action.words[0]} takes whole numbers", remedy=f"type {call.action.arguments}")
    return [int(value) for value in values]


def typed_path(text: str) -> Path:
    """Return the path that was typed, with the home folder for `~`.

    Raises:
        UsageError: it begins with the name of a user that there is none of.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{visible(text, 60)}: no such user", remedy="write ./ in front of a name with ~") from error
