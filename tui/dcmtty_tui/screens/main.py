"""The one screen of the app: hands keys on, takes the answers of workers, and draws everything from one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from dcmtty.errors import DcmttyError, WriteFailed
from dcmtty.session import Session
from dcmtty_tui import theme, workers
from dcmtty_tui.actions import Pane
from dcmtty_tui.messages import Answer, PictureKey, PictureReady, Progressed, WorkDone, WorkFailed
from dcmtty_tui.screens import handle_scan, handlers
from dcmtty_tui.screens.comparing import COMPARE_HELP
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.grid import GRID_HELP
from dcmtty_tui.screens.keyboard import Keyboard
from dcmtty_tui.screens.layout import LEFT
from dcmtty_tui.screens.painting import paint
from dcmtty_tui.screens.scanning import Listed
from dcmtty_tui.screens.sending import SendState
from dcmtty_tui.screens.series_rows import SERIES_HELP
from dcmtty_tui.screens.tag_browser import TAGS_HELP, TagBrowser
from dcmtty_tui.screens.ui import ScreenUi
from dcmtty_tui.screens.viewer import Viewer
from dcmtty_tui.term import SMALLEST_COLUMNS, SMALLEST_ROWS, detect
from dcmtty_tui.widgets.grid_list import GridList
from dcmtty_tui.widgets.lines import Lines
from dcmtty_tui.widgets.row_list import RowList
from dcmtty_tui.widgets.slice_view import SliceView

PANE_HELP = {
    Pane.SERIES: ("Series", SERIES_HELP),
    Pane.TAGS: ("Tags", TAGS_HELP),
    Pane.ROIS: ("ROIs", "The regions of interest. enter chooses the one to draw in."),
    Pane.POINTS: ("Points", "The points of the contour being entered, or of the selected one."),
    Pane.FILES: ("Files", "The open files with their digests; in Send mode, space chooses what is sent."),
    Pane.DEVICES: ("Devices", "Devices of devices.toml and hosts of the ssh configuration. enter makes a plan."),
    Pane.GRID: ("Grid", GRID_HELP),
    Pane.COMPARE: ("Compare", COMPARE_HELP),
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
    """Browse, Contour, Integrity and Send on one screen that shares its picture.

    Nothing on it takes the focus, so every key comes here, in the order in which it was pressed.
    """

    AUTO_FOCUS = None

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self.keyboard = Keyboard(handlers.entered)
        ui = ScreenUi(self, self.keyboard, self.repaint)
        self.desk = Desk(
            Session(on_journal_failure=self._journal_failed),
            Viewer(detect()),
            ui,
            TagBrowser(),
            SendState(),
            opening.ssh_config,
        )
        self.keyboard.connect(self.desk)
        self._paint_due = False
        self._reading: PictureKey | None = None
        """The picture that a worker reads; another one takes its place, the same one is not begun again."""
        self._reader: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the lines and panes."""
        yield Lines(background=theme.TITLE, id="title")
        with Horizontal(id="body"):
            for pane in sorted(PANE_HELP, key=lambda pane: pane not in LEFT):
                if pane is Pane.TAGS:
                    yield SliceView(id=Pane.PICTURE.value)
                yield (GridList if pane is Pane.GRID else RowList)(*PANE_HELP[pane], id=pane.value)
        yield Lines(background=theme.WARNING, id="banner")
        yield Lines(id="strip")
        yield Lines(id="status")
        yield Lines(id="message")
        yield Lines(id="footer")

    def on_mount(self) -> None:
        """Begin with the scan of what was named."""
        self.desk.scanning.recover = self._opening.recover
        handle_scan.begin(self.desk, self._opening.paths)
        self.repaint()

    def on_key(self, event: events.Key) -> None:
        """Hand a key on."""
        event.stop()
        event.prevent_default()
        self.keyboard.press(event.key, event.character)
        self.repaint()

    def on_paste(self, event: events.Paste) -> None:
        """Hand pasted text on."""
        self.keyboard.paste(event.text)
        self.repaint()

    def on_picture_ready(self, message: PictureReady) -> None:
        """Keep a picture that was read, or why it was not."""
        found = message.picture if message.picture is not None else message.error
        if found is not None:
            self.desk.viewer.store(message.key, found)
        if self._reading == message.key:
            self._reading = None
            self.desk.progress = ""
        self.repaint()

    @on(Listed)
    def _listed(self, message: Listed) -> None:
        """Take what a scan found so far, or how it ended."""
        self.desk.attempt(lambda: handle_scan.listed(self.desk, message))
        self.repaint()

    @on(WorkDone)
    @on(WorkFailed)
    @on(Progressed)
    def _answered(self, message: Answer) -> None:
        """Give what work in the background had to say to whoever began it."""
        self.desk.attempt(lambda: handlers.answered(self.desk, message))
        self.repaint()

    def work_changed(self, worker: Worker[object]) -> None:
        """Take note that work began or ended; an error that nobody foresaw is told, and nothing waits for it."""
        if worker.state is WorkerState.ERROR:
            error = DcmttyError(f"internal error {type(worker.error).__name__}", remedy="please report it")
            if worker is self._reader and self._reading is not None:
                self.desk.viewer.store(self._reading, error)
                self._reading = None
            else:
                handlers.work_failed(self.desk, worker.group, error)
        if not self.desk.ui.is_working():
            self.desk.progress = ""
        self.repaint()

    @on(events.Resize)
    @on(SliceView.Resized)
    def _resized(self) -> None:
        """Compute the picture for the new size; refuse edits on a terminal that cannot show what is edited."""
        width, height = self.size
        is_small = width < SMALLEST_COLUMNS or height < SMALLEST_ROWS
        needed = f"the terminal is {width}x{height}, {SMALLEST_COLUMNS}x{SMALLEST_ROWS} is needed"
        self.desk.too_small = needed if is_small else ""
        self.repaint()

    def _journal_failed(self, failure: WriteFailed) -> None:
        """Show at once that edits are not journalled any more; the journal's own thread calls this."""
        del failure
        self.call_later(self.repaint)

    @property
    def is_painting(self) -> bool:
        """Whether something is still to be drawn, or a key waits for its slice."""
        return self._paint_due or self.keyboard.is_waiting

    def repaint(self) -> None:
        """Draw once after the keys that are waiting already."""
        if not self._paint_due:
            self._paint_due = True
            self.call_next(self._paint)

    def _paint(self) -> None:
        self._paint_due = False
        if not self.is_running:
            return
        viewer = self.desk.viewer
        missing = viewer.missing()
        if missing is not None and missing != self._reading and viewer.wanted is not None:
            self._reading = missing
            self._reader = workers.start_picture(self, self.app, viewer.wanted.series, missing)
        paint(self, self.desk, self.keyboard)
        if self.keyboard.run_waiting():
            self.repaint()
