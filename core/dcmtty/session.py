"""The one mutable object: what is open, and for each series the work on it; only message handlers call it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from dcmtty.contours.edit import Edit, EditState
from dcmtty.contours.history import History
from dcmtty.contours.journal import JournalEntry, OnFailure, journal_folder
from dcmtty.contours.journal_format import file_sha256, read_journal
from dcmtty.contours.model import StructureSet
from dcmtty.contours.recovery import Base, base_left, differences, find_series, offered, replay
from dcmtty.contours.standing import OTHER_PATIENT, Standing, standing_of
from dcmtty.contours.work import Work
from dcmtty.contours.works import Works
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.model import Series, Slice
from dcmtty.errors import InputError, WriteFailed
from dcmtty.geometry.plane import Plane
from dcmtty.rtstruct.load import LoadedSet
from dcmtty.sources import Sources


def recoverable() -> tuple[JournalEntry, ...]:
    """Return what a crash or a line drop left behind: journals with edits that are in no file."""
    return offered(journal_folder())


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
        self.listing = Listing()
        """What the last scan found, as far as it is."""
        self.series: Series | None = None
        """The series that is shown."""
        self.works = Works()
        self.sources = sources or Sources()
        self._new_work = partial(Work, sources=self.sources, on_failure=on_journal_failure)
        self._marked: dict[int, Work] = {}
        """Whose structure set a mark stands for: another series may be shown when its save is done."""

    @property
    def work(self) -> Work | None:
        """The work on the series that is shown, else the latest one; None before there is a structure set."""
        return self.works.shown_with(self.series)

    @property
    def standing(self) -> Standing:
        """How that work stands to the series that is shown, at this moment."""
        return standing_of(self.work, self.series)

    def open_series(self, series: Series) -> None:
        """Show a series with its own structure set, if it has one; those of others stay with theirs.

        Raises:
            InputError: its structure set was drawn when the series had other slices, which are numbered otherwise.
        """
        own = self.works.shown_with(series)
        if own is not None and own.series is not None and own.is_on(series) and not same_slices(own.series, series):
            raise InputError(
                "the contours on this series were drawn when it had other slices",
                remedy="save them, and start dcmtty again on all the files",
            )
        self.series = series
        self.works.turn_to(series)

    def new_structure_set(self, label: str) -> None:
        """Begin an empty structure set on the series that is shown.

        Raises:
            InputError: none is shown, nothing may be built on it, or there is unsaved work.
        """
        series = _opened(self.series)
        if series.build_refusal:
            raise InputError(series.build_refusal, remedy="it can be viewed but not contoured")
        structure_set = StructureSet(label, series.frame_of_reference_uid, series.series_uid, series.study_uid)
        self.works.put(series.key, self._new_work(series, History(EditState(structure_set))))

    def adopt(self, loaded: LoadedSet, path: Path) -> None:
        """Begin to edit a structure set that was loaded for the series that is shown.

        Raises:
            InputError: no series is shown, or there is unsaved work.
        """
        series = _opened(self.series)
        reason = series.build_refusal
        if loaded.other_patient:
            reason = OTHER_PATIENT
        elif loaded.other_frame_of_reference:
            reason = "the structure set is in another Frame of Reference"
        elif loaded.other_series:
            reason = "the structure set was drawn on another series"
        history, base = History(EditState(loaded.structure_set)), Base(path, file_sha256(path))
        self.works.put(series.key, self._new_work(series, history, base=base, read_only=reason))

    def do(self, edit: Edit) -> EditState:
        """Do an edit, hand it to the journal and return the new state.

        Raises:
            InputError: it cannot be done; nothing changed.
        """
        return self._own_work().do(edit)

    def undo(self) -> EditState:
        """Take the last edit back and return the state.

        Raises:
            InputError: there is nothing to undo.
        """
        return self._own_work().undo()

    def redo(self) -> EditState:
        """Do the last undone edit again and return the state.

        Raises:
            InputError: there is nothing to redo.
        """
        return self._own_work().redo()

    def mark(self) -> int:
        """Return a number that stands for the structure set as it stands, to be given to `saved`."""
        work = self._own_work()
        self._marked[work.mark] = work
        return work.mark

    def saved(self, path: Path, mark: int) -> None:
        """Note that the structure set of that mark is in a verified file."""
        owner = self._marked.pop(mark, None)
        if owner is not None:
            owner.saved(path, mark)

    def discard(self) -> None:
        """Throw the structure set that is shown away, with its journal."""
        if self.work is not None:
            self.works.end(self.work, discard=True)

    def close(self) -> None:
        """End the session; journals of unsaved work stay, and are offered at the next start."""
        self.works.close()

    def recover(self, path: Path, among: Sequence[Series]) -> tuple[str, ...]:
        """Take up the work of a journal on its series, if that is among those that were read, and show it.

        It is read-only where the images differ. Returns what the user must be told beside `standing.read_only`, one
        sentence each.

        Raises:
            JournalRefused: it is damaged from the start, of another version, or in use.
            InputError: the series has unsaved work already.
            WriteFailed: the journal cannot be gone on with.
        """
        recovered = read_journal(path)
        redone = replay(recovered)
        series = find_series(recovered.header, among)
        reason = differences(recovered.header, series)
        key = series.key if series is not None else recovered.header.series_uid
        self.works.require_replaceable(key)
        base, note = base_left(recovered.header)
        told = f"the images are not those that were contoured: {reason}" if reason else ""
        work = self._new_work(None if reason else series, redone.history, base=base, read_only=told)
        if not reason:
            work.take_up(path, recovered, redone)
        self.series = series or self.series
        self.works.put(key, work)
        return tuple(text for text in (redone.reason, note) if text)

    def _own_work(self) -> Work:
        """Return the work that is shown, unless it may be edited on another series only."""
        work = self.work
        if work is None:
            raise InputError("no structure set is open", remedy="make a new one or load one")
        if self.standing.is_elsewhere:
            remedy = "open that series, or begin a new set on this one"
            raise InputError("the structure set was drawn on another series", remedy=remedy)
        return work


def same_slices(one: Series, other: Series) -> bool:
    """Say whether two scans found the same slices in the same places, so that a slice number means the same."""
    first, second = ([(slice_name(item), _place(item.plane)) for item in series.slices] for series in (one, other))
    return first == second


def _place(plane: Plane | None) -> tuple[object, ...]:
    if plane is None:
        return ()
    arrays = (plane.origin_xyz, plane.row_direction, plane.column_direction)
    spacing_mm = (plane.row_spacing_mm, plane.column_spacing_mm)
    return (*(array.tobytes() for array in arrays), *spacing_mm, plane.rows, plane.columns)


def slice_name(item: Slice) -> tuple[str, int]:
    """Return what a slice is called in every scan of it: its SOP Instance UID, and its frame from 1."""
    return item.instance.sop_instance_uid, item.frame


def _opened(series: Series | None) -> Series:
    if series is None:
        raise InputError("no series is open", remedy="open one first")
    return series
