"""The work on one series: a structure set with its history, its journal, and the file it was loaded from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dcmtty.config import state_folder
from dcmtty.contours.draft import EditState, SlicePoint
from dcmtty.contours.edit import AddPoint, Edit, InsertPoint, MovePoint
from dcmtty.contours.encoding import encode_edit
from dcmtty.contours.history import History
from dcmtty.contours.journal import Journal
from dcmtty.contours.journal_format import Event, Recovered, file_sha256, header_of
from dcmtty.contours.model import StructureSet
from dcmtty.contours.recovery import Base, Replay
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError, WriteFailed
from dcmtty.files import private_folder
from dcmtty.sources import Sources

OnFailure = Callable[[WriteFailed], None]


def journal_folder() -> Path:
    """Return the folder of the journals."""
    return state_folder() / "journals"


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
        self.read_only = read_only
        """Why nothing may be changed; empty when it may."""
        self.saved_mark = history.present.structure_set.version
        self._journal: Journal | None = None
        self._failure: WriteFailed | None = None
        self._sources = sources
        self._on_failure = on_failure

    @property
    def state(self) -> EditState:
        """Structure set and draft as they stand."""
        return self.history.present

    @property
    def mark(self) -> int:
        """A number that stands for the structure set as it stands."""
        return self.state.structure_set.version

    def is_on(self, series: Series | None) -> bool:
        """Say whether the structure set is drawn on a series; a later scan gives the same series as another value."""
        return series is not None and self.series is not None and series.key == self.series.key

    @property
    def unsaved(self) -> bool:
        """Whether closing now leaves edits that are in the journal alone."""
        draft = self.state.draft
        return self.mark != self.saved_mark or (draft is not None and bool(draft.points))

    @property
    def failure(self) -> WriteFailed | None:
        """Why edits are not journalled any more; None while they are."""
        return self._journal.failure if self._journal is not None else self._failure

    def do(self, edit: Edit) -> None:
        """Do an edit and hand it to the journal.

        Raises:
            InputError: it cannot be done; nothing changed.
        """
        self._require_editable()
        if isinstance(edit, AddPoint | InsertPoint | MovePoint) and not self._holds(edit.point):
            raise InputError("the point is on another series than the structure set", remedy="open the set's series")
        self._become(self.history.do(edit), {"kind": "do", "edit": encode_edit(edit)})

    def undo(self) -> None:
        """Take the last edit back.

        Raises:
            InputError: there is nothing to undo.
        """
        self._require_editable()
        self._become(self.history.undo(), {"kind": "undo"})

    def redo(self) -> None:
        """Do the last undone edit again.

        Raises:
            InputError: there is nothing to redo.
        """
        self._require_editable()
        self._become(self.history.redo(), {"kind": "redo"})

    def saved(self, path: Path, mark: int) -> None:
        """Note that the structure set of that mark is in a verified file; a base that was overwritten is let go."""
        self.saved_mark = mark
        if self._journal is not None:
            self._journal.append({"kind": "saved", "path": str(path.absolute()), "is_present": mark == self.mark})
        if self.base is not None and file_sha256(self.base.path) != self.base.sha256:
            self.base = None

    def take_up(self, path: Path, recovered: Recovered, redone: Replay) -> None:
        """Go on with the journal this was recovered from; of a damaged one, begin a new one and put the old aside.

        Raises:
            JournalRefused: another process has it.
            WriteFailed: it cannot be written.
        """
        self.saved_mark = redone.saved.version
        if recovered.complete and len(redone.events) == len(recovered.events):
            self._journal = Journal.resume(path, recovered, self._on_failure)
            return
        old = Journal.resume(path, replace(recovered, good_bytes=path.stat().st_size))
        self._journal = Journal.create(journal_folder(), recovered.header, redone.events, self._on_failure)
        self._journal.flush()
        path.rename(path.with_name(path.name + ".damaged"))
        old.close()

    def flush(self) -> None:
        """Wait until every edit is safe on disk.

        Raises:
            WriteFailed: the journal cannot be written.
        """
        if self._journal is not None:
            self._journal.flush()

    def close(self, *, discard: bool = False) -> None:
        """End; the journal of unsaved work stays and is offered at the next start, unless it is discarded."""
        if self._journal is not None:
            self._journal.close(remove=discard or not self.unsaved)
        self._journal = None

    def _require_editable(self) -> None:
        if self.read_only:
            raise InputError(f"read-only: {self.read_only}", remedy="open the images that belong to it")

    def _holds(self, point: SlicePoint) -> bool:
        slices = self.series.slices if self.series is not None else ()
        if not 1 <= point.slice_number <= len(slices):
            return False
        return slices[point.slice_number - 1].instance.sop_instance_uid == point.sop_instance_uid

    def _become(self, history: History, event: Event) -> None:
        if self._journal is None and self._failure is None:
            self._begin_journal(self.state.structure_set)
        self.history = history
        if self._journal is not None:
            self._journal.append(event)

    def _begin_journal(self, start: StructureSet) -> None:
        if self.series is None:
            return
        created = self._sources.now().isoformat(timespec="seconds")
        path, sha256 = (self.base.path, self.base.sha256) if self.base is not None else (None, "")
        header = header_of(self.series, start, created, path, sha256)
        try:
            private_folder(state_folder())
            self._journal = Journal.create(journal_folder(), header, on_failure=self._on_failure)
        except WriteFailed as failure:
            failure.remedy = "edits are not journalled: save your work often"
            self._failure = failure
            self._on_failure(failure)
