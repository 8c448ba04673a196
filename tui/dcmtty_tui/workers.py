"""Work that would hold up the keyboard, as functions for threads: they post frozen values and touch no widget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import Worker, get_current_worker

from dcmtty.dicom.model import Series
from dcmtty.errors import DcmttyError
from dcmtty.progress import Cancelled, Progress
from dcmtty_tui.messages import PictureKey, PictureReady, Progressed, WorkDone, WorkFailed
from dcmtty_tui.reading import Found, scan_paths
from dcmtty_tui.reformat import read_acquired, read_reformatted

ABANDONED = frozenset(
    {"compare", "compare-inside", "digest", "grid", "plan", "verified", "offered", "series", "recoverable"}
)
"""Work whose answer is of no use once it was stopped; of the others, what was done is told in any case."""

_scanning = threading.Lock()
"""A scan begins when the one before it has let go of the catalog."""


Say = Callable[[Found | DcmttyError], Message]
"""Makes a message of what a scan found, in the thread of the scan."""


def thread_progress(target: MessagePump, kind: str = "") -> Progress:
    """Return a Progress that reports to a screen and stops when the worker is cancelled."""
    worker = get_current_worker()
    return Progress(report=lambda step: _post(target, Progressed(step, kind)), cancelled=lambda: worker.is_cancelled)


def _post(target: MessagePump, message: Progressed) -> None:
    target.post_message(message)


def start(
    target: MessagePump, app: App[int], kind: str, work: Callable[[Progress], object], *, exclusive: bool = True
) -> Worker[None]:
    """Run `work` in a thread; its result comes back as WorkDone(kind, ...), an error as WorkFailed."""

    def body() -> None:
        worker = get_current_worker()
        try:
            answer: WorkDone | WorkFailed = WorkDone(kind, work(thread_progress(target, kind)))
        except Cancelled:
            return
        except DcmttyError as error:
            answer = WorkFailed(kind, error)
        if not (worker.is_cancelled and kind in ABANDONED):
            target.post_message(answer)

    return app.run_worker(body, group=kind, thread=True, exclusive=exclusive, exit_on_error=False)


def start_scan(target: MessagePump, app: App[int], paths: Sequence[Path], say: Say) -> Worker[None]:
    """Scan files and folders; the answers are the messages that `say` makes, the last one of the end or the error."""

    def body() -> None:
        worker = get_current_worker()

        def post(found: Found | DcmttyError) -> None:
            if not worker.is_cancelled:
                target.post_message(say(found))
            elif isinstance(found, Found) and found.reader is not None:
                found.reader.close()

        try:
            with _scanning:
                post(scan_paths(paths, thread_progress(target, "scan"), post))
        except Cancelled:
            return
        except DcmttyError as error:
            post(error)

    return app.run_worker(body, group="scan", thread=True, exclusive=True, exit_on_error=False)


def start_picture(target: MessagePump, app: App[int], series: Series, key: PictureKey) -> Worker[None]:
    """Read one picture; the answer is PictureReady, with the reason when it cannot be read."""

    def body() -> None:
        try:
            if key.kind == "acquired":
                picture = read_acquired(series.slices[key.slice_number - 1])
            else:
                picture = read_reformatted(series, key.kind, key.slice_number, thread_progress(target))
        except Cancelled:
            return
        except DcmttyError as error:
            target.post_message(PictureReady(key, None, error))
            return
        target.post_message(PictureReady(key, picture))

    return app.run_worker(body, group="picture", thread=True, exclusive=True, exit_on_error=False)
