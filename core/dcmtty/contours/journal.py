"""Edits on disk as they happen: a writer thread appends, flushes to the disk, and only then acknowledges."""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dcmtty.config import state_folder
from dcmtty.contours.journal_format import (
    FIRST_CHECK,
    Event,
    JournalHeader,
    Recovered,
    header_event,
    line_of,
    read_journal,
)
from dcmtty.errors import InputError, JournalRefused, WriteFailed
from dcmtty.files import locked, private_folder, read_error, sync_folder, write_error
from dcmtty.text import visible

SUFFIX = ".journal"
_STOP = object()

OnFailure = Callable[[WriteFailed], None]


def journal_folder() -> Path:
    """Return the folder of the journals."""
    return state_folder() / "journals"


def _ignore(failure: WriteFailed) -> None:
    del failure


class Journal:
    """One open journal; this process alone holds its lock."""

    def __init__(self, path: Path, *, new: bool, start: tuple[int, str], on_failure: OnFailure = _ignore) -> None:
        self.path = path
        self.failure: WriteFailed | None = None
        """Set once writing failed: nothing after it is journalled any more."""
        self._locks = contextlib.ExitStack()
        self._descriptor = _open(path, new=new, locks=self._locks)
        self._on_failure = on_failure
        self._next, self._check = start
        self._acknowledged = self._next - 1
        self._changed = threading.Condition()
        self._queue: queue.SimpleQueue[tuple[int, Event] | object] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="dcmtty-journal", daemon=True)
        self._thread.start()

    @classmethod
    def create(
        cls, folder: Path, header: JournalHeader, events: Sequence[Event] = (), on_failure: OnFailure = _ignore
    ) -> Journal:
        """Begin a journal in a private folder, with events that happened before.

        Raises:
            WriteFailed: the folder or the file cannot be made.
        """
        path = private_folder(folder) / f"{uuid.uuid4().hex}{SUFFIX}"
        journal = cls(path, new=True, start=(0, FIRST_CHECK), on_failure=on_failure)
        journal.append(header_event(header))
        for event in events:
            journal.append(event)
        return journal

    @classmethod
    def resume(cls, path: Path, recovered: Recovered, on_failure: OnFailure = _ignore) -> Journal:
        """Go on with a journal that was read; a torn last line is cut off.

        Raises:
            JournalRefused: another process has it, or it changed since it was read.
            WriteFailed: it cannot be written.
        """
        start = (len(recovered.events) + 1, recovered.last_check)
        journal = cls(path, new=False, start=start, on_failure=on_failure)
        try:
            if read_journal(path).last_check != recovered.last_check:
                raise JournalRefused(f"{visible(path.name)}: another dcmtty went on with it", remedy="recover it again")
            os.ftruncate(journal._descriptor, recovered.good_bytes)
        except OSError as error:
            journal.close()
            raise write_error(path, error) from error
        except InputError:
            journal.close()
            raise
        return journal

    @property
    def acknowledged(self) -> int:
        """The number of the last event that is safe on disk (the header is 0); -1 before that."""
        with self._changed:
            return self._acknowledged

    def append(self, event: Event) -> int:
        """Hand an event to the writer and return its number; it is safe once `acknowledged` has reached it."""
        with self._changed:
            sequence, self._next = self._next, self._next + 1
        self._queue.put((sequence, event))
        return sequence

    def flush(self) -> None:
        """Wait until everything appended so far is safe on disk.

        Raises:
            WriteFailed: it is not, and will not be.
        """
        with self._changed:
            last = self._next - 1
            self._changed.wait_for(lambda: self._acknowledged >= last or self.failure is not None)
            if self._acknowledged < last and self.failure is not None:
                raise self.failure

    def close(self, *, remove: bool = False) -> None:
        """Write what is left, end the writer and give the lock back; with `remove`, the work is safe elsewhere."""
        self._queue.put(_STOP)
        self._thread.join()
        if remove:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self._locks.close()

    def _run(self) -> None:
        while True:
            batch, stopped = self._next_batch()
            if batch and self.failure is None:
                self._write(batch)
            if stopped:
                return

    def _next_batch(self) -> tuple[list[tuple[int, Event]], bool]:
        """Wait for an event, and take with it all that came meanwhile: they share one flush."""
        batch: list[tuple[int, Event]] = []
        item = self._queue.get()
        with contextlib.suppress(queue.Empty):
            while isinstance(item, tuple):
                batch.append(item)
                item = self._queue.get_nowait()
            return batch, True
        return batch, False

    def _write(self, batch: list[tuple[int, Event]]) -> None:
        good_bytes = os.fstat(self._descriptor).st_size
        try:
            data = bytearray()
            for sequence, event in batch:
                line, self._check = line_of(sequence, event, self._check)
                data += line
            _write_all(self._descriptor, data)
            os.fsync(self._descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, good_bytes)
            self._fail(write_error(self.path, error))
        except ValueError:
            self._fail(WriteFailed("the journal cannot hold a number that is not finite"))
        else:
            with self._changed:
                self._acknowledged = batch[-1][0]
                self._changed.notify_all()

    def _fail(self, failure: WriteFailed) -> None:
        failure.remedy = "edits are not journalled any more: save your work now"
        with self._changed:
            self.failure = failure
            self._changed.notify_all()
        self._on_failure(failure)


def _open(path: Path, *, new: bool, locks: contextlib.ExitStack) -> int:
    """Open a journal for this process alone, for appending, readable by this user alone."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT | os.O_EXCL if new else 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise write_error(path, error) from error
    stream = locks.enter_context(os.fdopen(descriptor, "ab", buffering=0))
    if new:
        # Whoever lists the folder just now holds a shared lock for a moment; nobody else can want this one.
        fcntl.flock(stream, fcntl.LOCK_EX)
    try:
        locks.enter_context(locked(stream, path.name))
    except JournalRefused:
        locks.close()
        raise
    if new:
        sync_folder(path.parent)
    return descriptor


def _write_all(descriptor: int, data: bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@dataclass(frozen=True, slots=True, eq=False)
class JournalEntry:
    """One journal of the folder."""

    path: Path
    state: Literal["offered", "damaged", "in use"]
    """`damaged` ones are offered up to the damage where `recovered` is there."""
    recovered: Recovered | None
    reason: str = ""

    @property
    def identifier(self) -> str:
        """The file's name without its ending."""
        return self.path.name.removesuffix(SUFFIX)


def list_journals(folder: Path) -> tuple[JournalEntry, ...]:
    """Return the journals that were left behind, the oldest first by their own dates."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise read_error(folder, error) from error
    entries = [_entry(path) for path in paths]
    return tuple(sorted(entries, key=lambda entry: entry.recovered.header.created if entry.recovered else ""))


def _entry(path: Path) -> JournalEntry:
    try:
        recovered = read_journal(path)
    except InputError as error:
        return JournalEntry(path, "damaged", None, visible(error.message))
    if is_in_use(path):
        return JournalEntry(path, "in use", recovered, "another dcmtty is working with it")
    state: Literal["offered", "damaged"] = "offered" if recovered.complete else "damaged"
    return JournalEntry(path, state, recovered, recovered.reason)


def is_in_use(path: Path) -> bool:
    """Say whether a process holds the journal's lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
