"""What the compare pane shows and waits for, as one value that the handlers change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from dcmtty.dicom.compare.files import Comparison, compare_files
from dcmtty.dicom.compare.model import Options, Pair
from dcmtty.dicom.compare.vary import Variation, vary
from dcmtty.errors import InputError
from dcmtty.progress import Progress
from dcmtty_tui.screens.compare_files import FilesView
from dcmtty_tui.screens.compare_series import SeriesView
from dcmtty_tui.widgets.row_list import Row

COMPARE_HELP = (
    "Two files side by side, or what varies across a series. n and N go to the next and the previous difference.\n"
    "* differs, - only in A, + only in B, ~ the same value written otherwise, ? beyond damage, = the same.\n"
    "d shows everything, or only what differs; enter opens a sequence or an item, or shows all of a row.\n"
    "Of a series: * values, # one for each file, / even steps, > uneven steps, - not in all files, = constant."
)
HINTS = (
    Row("hint 1", " Nothing is compared yet."),
    Row("hint 2", " In Browse, m marks the file of the slice, series or object as A, and then another one as B."),
    Row("hint 3", " :diff A B compares two files, :diff A the slice with a file, v what varies across the series."),
)


class ComparedFiles(NamedTuple):
    """Two files that were compared in the background."""

    ticket: int
    found: Comparison
    everything: tuple[tuple[Pair, ...], tuple[Pair, ...]]


class ReadInside(NamedTuple):
    """What lies in a pair, read in the background."""

    ticket: int
    pair: Pair
    inside: tuple[Pair, ...]


class VariedSeries(NamedTuple):
    """A series that was looked through in the background."""

    ticket: int
    name: str
    found: Variation


CompareAnswer = ComparedFiles | ReadInside | VariedSeries


@dataclass(slots=True)
class CompareState:
    """What is compared, and what was marked to be."""

    marked: Path | None = None
    """The file that was marked as A."""
    files: tuple[Path, Path] | None = None
    """The files that are compared, or were last."""
    view: FilesView | SeriesView | None = None
    options: Options = field(default_factory=Options)
    ticket: int = 0
    """Of the latest work; answers with another one come too late."""
    waiting: str = ""
    """What is being compared; empty when nothing is."""

    def begin(self, waiting: str) -> int:
        """Take what is shown away and return the ticket of the work that will bring something else."""
        self.end()
        self.waiting = waiting
        return self.ticket

    def end(self) -> None:
        """Close what is shown, and let no answer that is under way be taken."""
        if isinstance(self.view, FilesView):
            self.view.found.close()
        self.view, self.waiting = None, ""
        self.ticket += 1

    def take(self, answer: ComparedFiles | VariedSeries) -> bool:
        """Show an answer; false when it came too late."""
        if answer.ticket != self.ticket:
            if isinstance(answer, ComparedFiles):
                answer.found.close()
            return False
        self.waiting = ""
        if isinstance(answer, ComparedFiles):
            self.view = FilesView(answer.found, answer.everything)
        else:
            self.view = SeriesView(answer.found, answer.name)
        return True

    def decoding(self) -> Options:
        """Return the options with which pixels are decoded."""
        return replace(self.options, pixels=True)


def compare_work(ticket: int, a: Path, b: Path, options: Options, progress: Progress) -> ComparedFiles:
    """Compare two files, in a thread.

    Raises:
        InputError: one of them cannot be read.
        Cancelled: the user stopped it.
    """
    found = compare_files(a, b, options, progress)
    try:
        return ComparedFiles(ticket, found, (found.all_meta(), found.all_data_set()))
    except InputError:
        found.close()
        raise


def vary_work(ticket: int, name: str, files: tuple[Path, ...], options: Options, progress: Progress) -> VariedSeries:
    """Look through the files of a series, in a thread.

    Raises:
        InputError: none of them can be read.
        Cancelled: the user stopped it.
    """
    found = vary(files, options, progress, total=len(files), is_one=True, is_ordered=True)
    if not found.series:
        raise InputError("none of the files can be read", remedy="look at them one by one in Browse")
    return VariedSeries(ticket, name, replace(found.series[0], damaged=(*found.unreadable, *found.series[0].damaged)))
