"""The journal of one work: it begins with the first edit, and the work goes on without it when it cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dcmtty.config import state_folder
from dcmtty.contours.journal import Journal, OnFailure, journal_folder
from dcmtty.contours.journal_format import Event, JournalHeader, Recovered
from dcmtty.contours.recovery import Replay
from dcmtty.errors import WriteFailed
from dcmtty.files import private_folder


class WorkJournal:
    """Has no file before the first edit, and none after a file could not be made, which is told once."""

    def __init__(self, on_failure: OnFailure) -> None:
        """Begin without a file; `on_failure` is called once when edits can no longer be journalled."""
        self._on_failure = on_failure
        self._journal: Journal | None = None
        self._refused: WriteFailed | None = None

    @property
    def failure(self) -> WriteFailed | None:
        """Why edits are not journalled any more; None while they are."""
        return self._journal.failure if self._journal is not None else self._refused

    def edited(self, event: Event, header: Callable[[], JournalHeader]) -> None:
        """Journal an edit, an undo or a redo; the first one begins the file, under the header of that moment."""
        if self._journal is None and self._refused is None:
            self._begin(header())
        self.noted(event)

    def noted(self, event: Event) -> None:
        """Journal what is no edit: without a file there is nothing that it could be about."""
        if self._journal is not None:
            self._journal.append(event)

    def take_up(self, path: Path, recovered: Recovered, redone: Replay) -> None:
        """Go on with the journal this was recovered from; of a damaged one, begin a new one and put the old aside.

        Raises:
            JournalRefused: another process has it.
            WriteFailed: it cannot be written.
        """
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

    def close(self, *, remove: bool) -> None:
        """Write what is left and give the file back; with `remove`, the work is safe elsewhere or thrown away."""
        if self._journal is not None:
            self._journal.close(remove=remove)
        self._journal = None

    def _begin(self, header: JournalHeader) -> None:
        try:
            private_folder(state_folder())
            self._journal = Journal.create(journal_folder(), header, on_failure=self._on_failure)
        except WriteFailed as failure:
            failure.remedy = "edits are not journalled: save your work often"
            self._refused = failure
            self._on_failure(failure)
