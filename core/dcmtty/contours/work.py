"""The work on one series: a structure set with its history, its journal, and the file it was loaded from."""

from __future__ import annotations

from pathlib import Path

from dcmtty.contours.draft import EditState, SlicePoint
from dcmtty.contours.edit import AddPoint, Edit, InsertPoint, MovePoint
from dcmtty.contours.encoding import encode_edit
from dcmtty.contours.history import History
from dcmtty.contours.journal import OnFailure
from dcmtty.contours.journal_format import Event, JournalHeader, Recovered, file_sha256, header_of
from dcmtty.contours.recovery import Base, Replay
from dcmtty.contours.work_journal import WorkJournal
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError
from dcmtty.sources import Sources


class Work:
    """Changes with every edit; belongs to one session."""

    def __init__(
        self,
        series: Series | None,
        history: History,
        *,
        base: Base | None = None,
        read_only: str = "",
        sources: Sources,
        on_failure: OnFailure,
    ) -> None:
        """Begin; the journal begins with the first edit."""
        self.series = series
        """The series that the structure set is drawn on; None when it is not open."""
        self.history = history
        self.base = base
        self.read_only = read_only or ("" if series is not None else "its series is not open")
        """Why nothing may be changed; empty when it may."""
        self.saved_mark = history.present.structure_set.version
        self.journal = WorkJournal(on_failure)
        self._sources = sources

    @property
    def state(self) -> EditState:
        """Structure set and draft as they stand."""
        return self.history.present

    @property
    def mark(self) -> int:
        """A number that stands for the structure set as it stands."""
        return self.state.structure_set.version

    @property
    def unsaved(self) -> bool:
        """Whether closing now leaves edits that are in the journal alone."""
        draft = self.state.draft
        return self.mark != self.saved_mark or (draft is not None and bool(draft.points))

    def is_on(self, series: Series | None) -> bool:
        """Say whether the structure set is drawn on a series; a later scan gives the same series as another value."""
        return series is not None and self.series is not None and series.key == self.series.key

    def do(self, edit: Edit) -> EditState:
        """Do an edit, hand it to the journal and return the new state.

        Raises:
            InputError: it cannot be done; nothing changed.
        """
        series = self._editable()
        if isinstance(edit, AddPoint | InsertPoint | MovePoint) and not _is_on_image(edit.point, series):
            raise InputError("the point is on another series than the structure set", remedy="open the set's series")
        return self._become(self.history.do(edit), {"kind": "do", "edit": encode_edit(edit)})

    def undo(self) -> EditState:
        """Take the last edit back and return the state.

        Raises:
            InputError: there is nothing to undo.
        """
        self._editable()
        return self._become(self.history.undo(), {"kind": "undo"})

    def redo(self) -> EditState:
        """Do the last undone edit again and return the state.

        Raises:
            InputError: there is nothing to redo.
        """
        self._editable()
        return self._become(self.history.redo(), {"kind": "redo"})

    def saved(self, path: Path, mark: int) -> None:
        """Note that the structure set of that mark is in a verified file; a base that was overwritten is let go."""
        self.saved_mark = mark
        self.journal.noted({"kind": "saved", "path": str(path.absolute()), "is_present": mark == self.mark})
        if self.base is not None and file_sha256(self.base.path) != self.base.sha256:
            self.base = None

    def take_up(self, path: Path, recovered: Recovered, redone: Replay) -> None:
        """Go on with the journal this was recovered from; of a damaged one, begin a new one and put the old aside.

        Raises:
            JournalRefused: another process has it.
            WriteFailed: it cannot be written.
        """
        self.saved_mark = redone.saved.version
        self.journal.take_up(path, recovered, redone)

    def close(self, *, discard: bool = False) -> None:
        """End; the journal of unsaved work stays and is offered at the next start, unless it is discarded."""
        self.journal.close(remove=discard or not self.unsaved)

    def _editable(self) -> Series:
        """Return the series that is edited; refuses where nothing may be changed."""
        if self.series is None or self.read_only:
            raise InputError(f"read-only: {self.read_only}", remedy="open the images that belong to it")
        return self.series

    def _become(self, history: History, event: Event) -> EditState:
        self.journal.edited(event, self._header)
        self.history = history
        return self.state

    def _header(self) -> JournalHeader:
        """Return the header of a journal that begins before the next edit."""
        created = self._sources.now().isoformat(timespec="seconds")
        path, sha256 = (self.base.path, self.base.sha256) if self.base is not None else (None, "")
        return header_of(self._editable(), self.state.structure_set, created, path, sha256)


def _is_on_image(point: SlicePoint, series: Series) -> bool:
    """Say whether the image that a point names, if it names one, is the slice of that number in a series."""
    if not 1 <= point.slice_number <= len(series.slices):
        return False
    uid = series.slices[point.slice_number - 1].instance.sop_instance_uid
    return point.sop_instance_uid in {"", uid}
