"""The works of a session: each series keeps its own, and the latest one is shown where a series has none."""

from __future__ import annotations

from dcmtty.contours.work import Work
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError


class Works:
    """At most one work for each series, by the key of the series."""

    def __init__(self) -> None:
        """Begin without any."""
        self._by_key: dict[str, Work] = {}
        self._latest: Work | None = None

    @property
    def unsaved(self) -> tuple[Series, ...]:
        """The series whose structure sets have edits that no file has."""
        return tuple(work.series for work in self._by_key.values() if work.unsaved and work.series is not None)

    @property
    def endangered(self) -> bool:
        """Whether edits are in no file and not in a journal either: they would end with the process."""
        return any(work.unsaved and work.journal.failure is not None for work in self._by_key.values())

    def shown_with(self, series: Series | None) -> Work | None:
        """Return the work on a series, else the latest one; None when there is none at all."""
        own = self._by_key.get(series.key) if series is not None else None
        return own or self._latest

    def turn_to(self, series: Series) -> None:
        """Make the work on a series the latest one, if there is any."""
        self._latest = self._by_key.get(series.key, self._latest)

    def require_replaceable(self, key: str) -> None:
        """Refuse where a work has edits that would be lost.

        Raises:
            InputError: it has.
        """
        old = self._by_key.get(key)
        if old is not None and old.unsaved and not old.read_only:
            raise InputError("the structure set has edits that are not saved", remedy="save it or discard it first")

    def put(self, key: str, work: Work) -> None:
        """Keep a work as the latest one; the one it replaces ends.

        Raises:
            InputError: that one has edits that are not saved.
        """
        self.require_replaceable(key)
        old = self._by_key.get(key)
        if old is not None:
            self.end(old)
        self._by_key[key] = self._latest = work

    def end(self, work: Work, *, discard: bool = False) -> None:
        """Close a work and forget it; with `discard`, its journal goes too."""
        work.close(discard=discard)
        self._by_key = {key: other for key, other in self._by_key.items() if other is not work}
        self._latest = None if self._latest is work else self._latest

    def flush(self) -> None:
        """Wait until every edit is safe on disk.

        Raises:
            WriteFailed: a journal cannot be written.
        """
        for work in self._by_key.values():
            work.journal.flush()

    def close(self) -> None:
        """End all; journals of unsaved work stay."""
        for work in tuple(self._by_key.values()):
            self.end(work)
