"""The one screen of the app: takes keys, runs handlers, and draws everything from one snapshot."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from dcmtty.errors import DcmttyError
from dcmtty.progress import Progress
from dcmtty.session import Session
from dcmtty.transfer.authentication import Prompter
from dcmtty_tui import theme, workers
from dcmtty_tui.actions import BY_ID, Pane
from dcmtty_tui.keymap import Call, Context, KeyState, WordError, parse_command, step
from dcmtty_tui.line_edit import begin
from dcmtty_tui.messages import ArchiveReady, PictureKey, PictureReady, Progressed, WorkDone, WorkFailed
from dcmtty_tui.screens import handlers
from dcmtty_tui.screens.desk import HANDLERS, Desk
from dcmtty_tui.screens.entry import Entry
from dcmtty_tui.screens.help import HelpScreen
from dcmtty_tui.screens.layout import LEFT
from dcmtty_tui.screens.painting import paint
from dcmtty_tui.screens.predicates import reason_against
from dcmtty_tui.screens.question import QuestionScreen, ScreenPrompter
from dcmtty_tui.screens.sending import SendState
from dcmtty_tui.screens.tag_browser import TagBrowser
from dcmtty_tui.screens.viewer import Viewer
from dcmtty_tui.term import detect
from dcmtty_tui.widgets.lines import Lines
from dcmtty_tui.widgets.row_list import RowList
from dcmtty_tui.widgets.slice_view import SliceView

PANE_HELP = {
    Pane.SERIES: ("Series", "What was found. enter opens a series or a structure set; its row is explained below."),
    Pane.TAGS: (
        "Tags",
        "The header of the slice shown. l or enter opens a sequence, h closes it; / finds, n and N go on.",
    ),
    Pane.ROIS: ("ROIs", "The regions of interest. enter chooses the one to draw in."),
    Pane.POINTS: ("Points", "The points of the contour being entered, or of the selected one."),
    Pane.FILES: ("Files", "The open files with their digests; in Send mode, space chooses what is sent."),
    Pane.DEVICES: ("Devices", "Devices of devices.toml and hosts of the ssh configuration. enter makes a plan."),
    Pane.PLAN: ("Plan", "What would be sent, or what became of it. y sends what the plan says."),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """What the app is started with."""

    paths: tuple[Path, ...]
    recover: Path | None = None
    """A journal to take up again."""
    ssh_config: str | None = None


class MainScreen(Screen[int]):
    """Browse, Contour, Integrity and Send on one screen that shares its picture."""

    AUTO_FOCUS = None

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self.desk = Desk(Session(), Viewer(detect()), self, TagBrowser(), SendState(), opening.ssh_config)
        self._keys = KeyState()
        self._waiting: deque[Call] = deque()
        self._entry: Entry | None = None
        self._history: tuple[str, ...] = ()
        """Command lines that were entered."""
        self._paint_due = False
        self._reading: PictureKey | None = None
        """The picture that a worker reads; another one takes its place, the same one is not begun again."""

    def compose(self) -> ComposeResult:
        """Lay out the lines and panes."""
        yield Lines(background=theme.TITLE, id="title")
        with Horizontal(id="body"):
            for pane in sorted(PANE_HELP, key=lambda pane: pane not in LEFT):
                if pane is Pane.TAGS:
                    yield SliceView(id=Pane.PICTURE.value)
                yield RowList(*PANE_HELP[pane], id=pane.value)
        yield Lines(background=theme.WARNING, id="banner")
        yield Lines(id="strip")
        yield Lines(id="status")
        yield Lines(id="message")
        yield Lines(id="footer")

    def on_mount(self) -> None:
        """Begin with the scan of what was named."""
        self.desk.tell("scanning")
        self.start_scan(list(self._opening.paths))
        self.repaint()


    def on_key(self, event: events.Key) -> None:
        """Give a key to the line that is typed, or to the grammar.

        Nothing on this screen takes the focus, so every key comes here, in the order in which it was pressed.
        """
        event.stop()
        event.prevent_default()
        if self._entry is not None:
            self._type(event)
        else:
            is_character = event.character is not None and event.is_printable and event.key != "space"
            key = event.character if is_character and event.character is not None else event.key
            self._keys, call = step(self._keys, key, Context(self.desk.mode, self.desk.pane))
            if call is not None:
                self.call_for(call)
        self.repaint()

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text on the line that is typed; elsewhere it is no series of keys."""
        if self._entry is not None:
            self._entry = self._entry.pasted(event.text)
            self.repaint()

    def _type(self, event: events.Key) -> None:
        entry = self._entry
        if entry is None:
            return
        if event.key == "escape":
            self._entry = None
            self.desk.tell("")
        elif event.key == "enter":
            self._entry = None
            self.desk.tell("")
            self._entered(entry)
        else:
            self._entry = entry.pressed(event.key, event.character)

    def _entered(self, entry: Entry) -> None:
        text = entry.line.text
        if entry.kind != "command":
            self._guarded(lambda: handlers.entered(self.desk, entry.kind, text))
            return
        self._history = (*self._history, text)
        found = parse_command(text, self.desk.mode)
        if isinstance(found, WordError):
            self.desk.refuse(found.message)
        else:
            self.call_for(found)

    def call_for(self, call: Call) -> None:
        """Run an action, after the slice it will act on is the one shown."""
        if self._waiting or (call.action.edits and not self.desk.viewer.settled):
            self._waiting.append(call)
            return
        self._perform(call)

    def _perform(self, call: Call) -> None:
        desk = self.desk
        if call.action.id != "back":
            desk.leaving = False
        reason = reason_against(call.action, desk)
        if reason:
            desk.refuse(f"{call.action.title}: {reason}")
            return
        desk.tell("")
        try:
            HANDLERS[call.action.id](desk, call)
        except DcmttyError as error:
            desk.refuse(str(error))


    def start_work(self, kind: str, work: Callable[[Progress], object]) -> None:
        """Run work in a thread; the answer is WorkDone(kind, ...)."""
        workers.start(self, self.app, kind, work)

    def start_scan(self, paths: list[Path]) -> None:
        """Scan files and folders in a thread."""
        workers.start_scan(self, self.app, paths)

    def cancel_work(self) -> bool:
        """Stop what runs in the background."""
        running = [worker for worker in self.app.workers if worker.group != "picture" and worker.is_running]
        for worker in running:
            worker.cancel()
        return bool(running)

    def ask(self, kind: str, prompt: str, initial: str = "") -> None:
        """Open the entry line."""
        self._entry = Entry(kind, prompt, begin(initial), self._history if kind == "command" else ())

    def rows(self, pane: Pane) -> RowList:
        """Return the list of a pane."""
        return self.query_one(f"#{pane.value}", RowList)

    def question(self, text: str, answered: Callable[[bool], None], *, word: str = "") -> None:
        """Ask yes or no."""

        def take(answer: bool | None) -> None:  # noqa: FBT001 - the answer
            self._guarded(lambda: answered(bool(answer)))
            self.repaint()

        self.app.push_screen(QuestionScreen(text, word=word), take)

    def prompter(self) -> Prompter:
        """Return who asks for passwords, from any thread."""
        return ScreenPrompter(self.app)

    def is_working(self) -> bool:
        """Say whether a transfer or a save runs."""
        return any(worker.group in {"sent", "save"} and worker.is_running for worker in self.app.workers)

    def redraw(self) -> None:
        """Draw the whole screen again."""
        self.refresh(layout=True)
        for widget in self.query("*"):
            widget.refresh()

    def run_from_palette(self, action_id: str) -> None:
        """Run an action that was chosen in the palette, if it makes sense here."""
        action = BY_ID[action_id]
        if self.desk.mode not in action.modes:
            self.desk.refuse(f"{action.title} works in {' or '.join(sorted(action.modes))} mode")
        elif action.words and action.arguments and not action.keys:
            self.ask("command", f":  {action.words[0]} {action.arguments}", f"{action.words[0]} ")
        else:
            self.call_for(Call(action))
        self.repaint()

    def open_help(self) -> None:
        """Explain the focused pane."""
        text = SliceView.help_text if self.desk.pane is Pane.PICTURE else PANE_HELP[self.desk.pane][1]
        self.app.push_screen(HelpScreen(self.desk.mode, self.desk.pane, text))

    def open_palette(self) -> None:
        """Open the palette."""
        self.app.action_command_palette()

    def leave(self) -> None:
        """Close the session and end the app."""
        self.app.exit(0)


    def _guarded(self, change: Callable[[], None]) -> None:
        try:
            change()
        except DcmttyError as error:
            self.desk.refuse(str(error))

    def on_archive_ready(self, message: ArchiveReady) -> None:
        """Take over what a scan found."""
        journal, self._opening = self._opening.recover, replace(self._opening, recover=None)
        self._guarded(lambda: handlers.archive_found(self.desk, message.archive, journal))
        self.repaint()

    def on_picture_ready(self, message: PictureReady) -> None:
        """Keep a picture that was read, or why it was not."""
        found = message.picture if message.picture is not None else message.error
        if found is not None:
            self.desk.viewer.store(message.key, found)
        if self._reading == message.key:
            self._reading = None
        self.repaint()

    def on_work_done(self, message: WorkDone) -> None:
        """Give a result to whoever began the work."""
        self._guarded(lambda: handlers.work_done(self.desk, message.kind, message.result))
        self.repaint()

    def on_work_failed(self, message: WorkFailed) -> None:
        """Show why work in the background ended."""
        handlers.work_failed(self.desk, message.error)
        self.repaint()

    def on_progressed(self, message: Progressed) -> None:
        """Show how far work in the background is."""
        handlers.progressed(self.desk, message.step)
        self.repaint()

    def on_slice_view_resized(self) -> None:
        """Compute the picture for the new size."""
        self.repaint()

    @property
    def is_painting(self) -> bool:
        """Whether something is still to be drawn, or a key waits for its slice."""
        return self._paint_due or bool(self._waiting)


    def repaint(self) -> None:
        """Draw once after the keys that are waiting already."""
        if not self._paint_due:
            self._paint_due = True
            self.call_next(self._paint)

    def _paint(self) -> None:
        self._paint_due = False
        if not self.is_running:
            return
        missing = self.desk.viewer.missing()
        if missing is not None and missing != self._reading and self.desk.viewer.wanted is not None:
            self._reading = missing
            workers.start_picture(self, self.app, self.desk.viewer.wanted.series, missing)
        paint(self, self.desk, self._keys.digits, self._entry)
        self._run_waiting()

    def _run_waiting(self) -> None:
        while self._waiting and (not self._waiting[0].action.edits or self.desk.viewer.settled):
            self._perform(self._waiting.popleft())
            self.repaint()
