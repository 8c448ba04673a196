"""What is being scanned and read: numbers and requests tell answers that are wanted from those that come too late."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from textual.message import Message

from dcmtty.contours.draft import EditState
from dcmtty.contours.journal import JournalEntry
from dcmtty.dicom.beside import NOT_SCANNED
from dcmtty.dicom.listing import Listing, SeriesEntry
from dcmtty.dicom.model import Series
from dcmtty.errors import DcmttyError
from dcmtty_tui.reading import Found, SeriesReader
from dcmtty_tui.screens.series_rows import SeriesRows


class Listed(Message):
    """A scan has come further, has ended, or has failed; of one scan only the latest report counts."""

    def __init__(
        self, number: int, rows: SeriesRows | None, found: Found | None = None, error: DcmttyError | None = None
    ) -> None:
        super().__init__()
        self.number = number
        self.rows = rows
        self.found = found
        self.error = error

    @property
    def is_end(self) -> bool:
        """Whether the scan reports no more."""
        return self.rows is None or self.rows.listing.is_complete

    def can_replace(self, message: Message) -> bool:
        """Let a newer report take the place of an older one, but never of the end of a scan."""
        return isinstance(message, Listed) and not self.is_end


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A series that is to be read: named by its line in the list, or by the reading of it that is shown."""

    entry: SeriesEntry | None = None
    shown: Series | None = None
    """A series whose scan had not ended; the whole of it takes its place."""
    journal: Path | None = None
    """Whose work goes on when the series is read."""
    is_asked: bool = False
    """Whether the user asked for it, else it opens by itself."""
    state: EditState | None = None
    """The contours as they stood when it was asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesRead:
    """What became of a request."""

    request: Request
    entry: SeriesEntry | None = None
    series: Series | None = None
    """None where there is none any more."""
    error: DcmttyError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LeftBehind:
    """Journals that a crash or a line drop left behind, looked for when a scan had ended."""

    number: int
    """Of the scan."""
    entries: tuple[JournalEntry, ...]


@dataclass(frozen=True, slots=True)
class FirstDue:
    """It is time to open the first series of the scan with this number."""

    number: int


@dataclass(slots=True)
class ScanState:
    """The scan that counts and the reading that is wanted; changed by handlers only."""

    number: int = 0
    """Of the latest scan; what an older one says is dropped."""
    is_running: bool = False
    is_first_due: bool = False
    """Whether the first series opens in a moment."""
    rows: SeriesRows = field(default_factory=lambda: SeriesRows(Listing()))
    opened: str = ""
    """The key of the series that is shown, as the list has it."""
    request: Request | None = None
    """What is being read; the answer to anything else comes too late."""
    progress: str = ""
    """How far the scan is."""
    recover: Path | None = None
    """A journal to take up when the scan has ended."""
    notes: tuple[str, ...] = ()
    """What the scan had to say of the catalog."""
    is_untouched: bool = True
    """Whether no key was pressed since the scan began, so that the panes may still be arranged for what it finds."""
    reader: SeriesReader | None = None
    """Reads the series of the list; None while the scan runs."""

    def show(self, opened: str) -> None:
        """Mark the series of this key as the one that is shown."""
        self.opened = opened
        self.rows = self.rows.marked(opened)

    def close(self) -> None:
        """Let the catalog go."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    @property
    def is_busy(self) -> bool:
        """Whether there is something to stop."""
        return self.is_running or self.request is not None


def is_unscanned(series: Series | None) -> bool:
    """Say whether a series was read while its scan had not ended: it is looked at alone."""
    return series is not None and series.numbering_doubt == NOT_SCANNED
