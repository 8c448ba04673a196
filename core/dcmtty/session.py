"""The one mutable object: what is open, and for each series the work on it; only message handlers call it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dcmtty.contours.edit import Edit, EditState
from dcmtty.contours.history import History
from dcmtty.contours.journal import JournalEntry
from dcmtty.contours.journal_format import file_sha256, read_journal
from dcmtty.contours.model import StructureSet
from dcmtty.contours.recovery import Base, base_left, differences, find_series, offered, replay
from dcmtty.contours.work import OnFailure, Work, journal_folder
from dcmtty.dicom.model import Archive, Series
from dcmtty.errors import InputError, WriteFailed
from dcmtty.rtstruct.load import LoadedSet
from dcmtty.sources import Sources
from dcmtty.text import visible


def _ignore(failure: WriteFailed) -> None:
    del failure


class Session:
    """Holds frozen values and replaces them. Each series keeps its own structure set, history and journal.

    A series without a structure set of its own shows the one that was worked on last, to look at alone.
    """

    def __init__(self, *, sources: Sources | None = None, on_journal_failure: OnFailure = _ignore) -> None:
        """Start with nothing open.

        `on_journal_failure` is called, by a journal's own thread, when its edits can no longer be journalled.
        """
        self.archive = Archive()
        self.series: Series | None = None
        """The series that is shown."""
        self._sources = sources or Sources()
        self._on_failure = on_journal_failure
        self._works: dict[str, Work] = {}
        self._marked: dict[int, Work] = {}
        """Whose structure set a mark stands for: another series may be shown when its save is done."""
        self._latest: Work | None = None

    @property
    def work(self) -> Work | None:
        """The work on the series that is shown, else the latest one; None before there is a structure set."""
        own = self._works.get(self.series.key) if self.series is not None else None
        return own or self._latest

    @property
    def history(self) -> History | None:
        """The history of the structure set that is shown."""
        return self.work.history if self.work is not None else None

    @property
    def state(self) -> EditState | None:
        """Structure set and draft that are shown."""
        return self.work.state if self.work is not None else None

    @property
    def contour_series(self) -> Series | None:
        """The series that the structure set is edited on; None when it is not open."""
        return self.work.series if self.work is not None else None

    @property
    def read_only(self) -> str:
        """Why the structure set that is shown may not be changed; empty when it may."""
        work = self.work
        if work is None or work.read_only or work.is_on(self.series):
            return work.read_only if work is not None else ""
        return "the structure set was drawn on another series"

    @property
    def source_path(self) -> Path | None:
        """The file that the structure set was loaded from, as long as it is the same file: the base of a save."""
        return self.work.base.path if self.work is not None and self.work.base is not None else None

    @property
    def unsaved(self) -> bool:
        """Whether the structure set of the series that is shown has edits that no file has."""
        return self.work is not None and self.work.unsaved

    @property
    def unsaved_series(self) -> tuple[Series, ...]:
        """All series whose structure sets have edits that no file has."""
        return tuple(work.series for work in self._works.values() if work.unsaved and work.series is not None)

    @property
    def journal_failure(self) -> str:
        """Why edits of the series that is shown are not journalled any more; empty while they are."""
        failure = self.work.failure if self.work is not None else None
        return str(failure) if failure is not None else ""

    @property
    def is_hidden(self) -> bool:
        """Whether the structure set must not be drawn on the series that is shown: another Frame of Reference."""
        work = self.work
        if work is None or self.series is None:
            return False
        return work.state.structure_set.frame_of_reference_uid != self.series.frame_of_reference_uid

    @property
    def banner(self) -> str:
        """What must stay on screen: that the structure set belongs elsewhere, naming both; empty when it does not."""
        work = self.work
        if work is None:
            return ""
        structure_set = work.state.structure_set
        shown = self.series
        if shown is not None and self.is_hidden:
            ours, theirs = visible(structure_set.frame_of_reference_uid, 64), visible(shown.frame_of_reference_uid, 64)
            return f"not drawn: the structure set is in Frame of Reference {ours}, the images are in {theirs}"
        if shown is not None and structure_set.series_uid != shown.series_uid:
            ours, theirs = visible(structure_set.series_uid, 64), visible(shown.series_uid, 64)
            return f"the structure set was drawn on series {ours}, shown is {theirs}"
        return f"read-only: {work.read_only}" if work.read_only else ""

    def now(self) -> datetime:
        """Return the time, from the clock of this session."""
        return self._sources.now()

    def take(self, archive: Archive) -> None:
        """Take over what a scan found."""
        self.archive = archive

    def open_series(self, series: Series) -> None:
        """Show a series with its own structure set, if it has one; those of others stay with theirs."""
        self.series = series
        self._latest = self._works.get(series.key, self._latest)

    def new_structure_set(self, label: str) -> None:
        """Begin an empty structure set on the series that is shown.

        Raises:
            InputError: none is shown, nothing may be built on it, or there is unsaved work.
        """
        series = self._shown()
        if series.build_refusal:
            raise InputError(series.build_refusal, remedy="it can be viewed but not contoured")
        structure_set = StructureSet(label, series.frame_of_reference_uid, series.series_uid, series.study_uid)
        self._put(series.key, self._work(series, History(EditState(structure_set))))

    def adopt(self, loaded: LoadedSet, path: Path) -> None:
        """Begin to edit a structure set that was loaded for the series that is shown.

        Raises:
            InputError: no series is shown, or there is unsaved work.
        """
        series = self._shown()
        reason = series.build_refusal
        if loaded.other_frame_of_reference:
            reason = "the structure set is in another Frame of Reference"
        elif loaded.other_series:
            reason = "the structure set was drawn on another series"
        history, base = History(EditState(loaded.structure_set)), Base(path, file_sha256(path))
        self._put(series.key, self._work(series, history, base, reason))

    def do(self, edit: Edit) -> EditState:
        """Do an edit, hand it to the journal and return the new state.

        Raises:
            InputError: it cannot be done; nothing changed.
        """
        work = self._present()
        work.do(edit)
        return work.state

    def undo(self) -> EditState:
        """Take the last edit back and return the state.

        Raises:
            InputError: there is nothing to undo.
        """
        work = self._present()
        work.undo()
        return work.state

    def redo(self) -> EditState:
        """Do the last undone edit again and return the state.

        Raises:
            InputError: there is nothing to redo.
        """
        work = self._present()
        work.redo()
        return work.state

    def mark(self) -> int:
        """Return a number that stands for the structure set as it stands, to be given to `saved`."""
        work = self._present()
        self._marked[work.mark] = work
        return work.mark

    def saved(self, path: Path, mark: int) -> None:
        """Note that the structure set of that mark is in a verified file."""
        owner = self._marked.pop(mark, None)
        if owner is not None:
            owner.saved(path, mark)

    def flush(self) -> None:
        """Wait until every edit is safe on disk.

        Raises:
            WriteFailed: a journal cannot be written.
        """
        for work in self._works.values():
            work.flush()

    def discard(self) -> None:
        """Throw the structure set that is shown away, with its journal."""
        self._end(self.work, discard=True)

    def close(self) -> None:
        """End the session; journals of unsaved work stay, and are offered at the next start."""
        for work in list(self._works.values()):
            self._end(work)

    def recoverable(self) -> tuple[JournalEntry, ...]:
        """Return what a crash or a line drop left behind: journals with edits that are in no file."""
        return offered(journal_folder())

    def recover(self, path: Path, archive: Archive) -> tuple[str, ...]:
        """Take up the work of a journal on an archive and show its series; read-only where the images differ.

        Returns what the user must be told beside `read_only`, one sentence each.

        Raises:
            JournalRefused: it is damaged from the start, of another version, or in use.
            InputError: the series has unsaved work already.
            WriteFailed: the journal cannot be gone on with.
        """
        recovered = read_journal(path)
        redone = replay(recovered)
        series = find_series(recovered.header, archive)
        reason = differences(recovered.header, series)
        key = series.key if series is not None else recovered.header.series_uid
        self._require_saved(key)
        base, note = base_left(recovered.header)
        told = f"the images are not those that were contoured: {reason}" if reason else ""
        work = self._work(None if reason else series, redone.history, base, told)
        if not reason:
            work.take_up(path, recovered, redone)
        self.archive, self.series = archive, series or self.series
        self._put(key, work)
        return tuple(text for text in (redone.reason, note) if text)

    def _work(self, series: Series | None, history: History, base: Base | None = None, read_only: str = "") -> Work:
        return Work(series, history, base=base, read_only=read_only, sources=self._sources, on_failure=self._on_failure)

    def _put(self, key: str, work: Work) -> None:
        self._require_saved(key)
        self._end(self._works.get(key))
        self._works[key] = self._latest = work

    def _end(self, work: Work | None, *, discard: bool = False) -> None:
        if work is None:
            return
        work.close(discard=discard)
        self._works = {key: other for key, other in self._works.items() if other is not work}
        self._latest = None if self._latest is work else self._latest

    def _require_saved(self, key: str) -> None:
        old = self._works.get(key)
        if old is not None and old.unsaved and not old.read_only:
            raise InputError("the structure set has edits that are not saved", remedy="save it or discard it first")

    def _shown(self) -> Series:
        if self.series is None:
            raise InputError("no series is open", remedy="open one first")
        return self.series

    def _present(self) -> Work:
        work = self.work
        if work is None:
            raise InputError("no structure set is open", remedy="make a new one or load one")
        if not work.read_only and not work.is_on(self.series):
            remedy = "open that series, or begin a new set on this one"
            raise InputError("the structure set was drawn on another series", remedy=remedy)
        return work
