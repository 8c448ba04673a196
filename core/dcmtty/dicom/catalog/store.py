"""The catalog file: opened for this user alone, checked, and replaced by a private one when it cannot be used."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any, Self

from dcmtty.config import cache_folder
from dcmtty.dicom.catalog.schema import APPLICATION_ID, MAKER, STATEMENTS, TEMPORARY, VERSION
from dcmtty.errors import WriteFailed
from dcmtty.files import private_folder
from dcmtty.text import visible

_BUSY_S = 10.0
_LOCK_TRIES, _LOCK_PAUSE_S = 100, 0.02
_TEMPORARY_CACHE_KIB = 4096


class Unusable(Exception):
    """The catalog cannot be used, or went bad while it was; the message is a clause for a note."""


@dataclass(slots=True, eq=False)
class Catalog:
    """One open catalog. Its connection may be used from any thread that holds `lock`.

    What a scan found is in the connection's temporary tables until the next scan: `temp.scanned` is the view `instance`
    of those files alone, with `shown_path` as the user named them.
    """

    connection: sqlite3.Connection
    path: Path | None
    """None for a private one, which is gone when it is closed."""
    note: str = ""
    """Why it is not the one that was asked for, safe for a terminal; empty when it is."""
    lock: RLock = field(default_factory=RLock)
    holder: int = -1
    """Descriptor of the file whose lock says that the catalog is in use."""

    def close(self) -> None:
        """Close it; a private one vanishes."""
        with self.lock:
            with contextlib.suppress(sqlite3.Error):
                self.connection.close()
            if self.holder >= 0:
                os.close(self.holder)
                self.holder = -1

    def __enter__(self) -> Self:
        """Return the catalog."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close it."""
        self.close()

    def rows(self, query: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.connection.execute(query, tuple(values))

    def become_private(self, why: str) -> None:
        """Go on with an empty catalog that nobody else sees, because this one cannot be used any more."""
        self.close()
        self.connection = _private_connection(in_memory=self.path is None)
        self.path, self.note = None, visible(why)

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        """Change rows in one transaction; all of it counts, or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def reading(self) -> Generator[None]:
        """Look at rows that nobody changes meanwhile."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("COMMIT")


def as_text(value: object) -> str:
    """Return text that a catalog holds; nothing is empty text.

    Raises:
        Unusable: it holds something else.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unusable("holds values of wrong types")
    return value


def default_path() -> Path:
    """Return where the catalog of this user lies."""
    return cache_folder() / "catalog.sqlite"


def open_catalog(path: Path | None = None) -> Catalog:
    """Return the catalog at the path, made when there is none; without a path, this user's own.

    One that is damaged, of another version, somebody else's, or that cannot be made (read-only or full disk) is left
    alone: the catalog returned is then a private, empty one that says why in `note`.
    """
    wanted = path or default_path()
    try:
        return _opened(wanted)
    except Unusable as error:
        return private_catalog(visible(f"the catalog {wanted} {error}"))


def private_catalog(note: str = "") -> Catalog:
    """Return an empty catalog that nobody else sees, on disk where temporary files lie, gone when it is closed."""
    return Catalog(_private_connection(), None, note)


def _private_connection(*, in_memory: bool = False) -> sqlite3.Connection:
    connection = _connect(":memory:" if in_memory else "")
    connection.execute("PRAGMA journal_mode = OFF" if in_memory else "PRAGMA synchronous = OFF")
    if in_memory:
        connection.execute("PRAGMA temp_store = MEMORY")
    _create(connection)
    _add_temporary(connection)
    return connection


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _opened(path: Path) -> Catalog:
    holder = _held(path)
    try:
        connection = _connect(os.fspath(path))
        try:
            _prepare(connection)
            _close_to_others(path)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, Unusable, OSError, ValueError) as error:
        os.close(holder)
        raise Unusable(_told(error)) from error
    return Catalog(connection, path, holder=holder)


def _close_to_others(path: Path) -> None:
    """Take every permission of others away from a file that was found to be a catalog, and from SQLite's beside it."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            file = path.with_name(path.name + suffix)
            if stat.S_IMODE(file.lstat().st_mode) & 0o077:
                file.chmod(0o600)


def _told(error: Exception) -> str:
    is_damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
    if is_damaged or isinstance(error, ValueError):  # A message of SQLite that is no UTF-8 is a ValueError.
        return "is damaged, or is something else; delete it"
    return str(error) if isinstance(error, Unusable) else f"cannot be used ({error})"


def _held(path: Path) -> int:
    """Make the file for this user alone where there is none; return a descriptor that holds its lock.

    A file that is there is not opened: closing it would drop the locks of another connection of this process.
    """
    try:
        private_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        info = path.lstat()
        if not stat.S_ISREG(info.st_mode):
            raise Unusable("is no regular file")
        if info.st_uid != os.geteuid():
            raise Unusable("belongs to somebody else")
        return _lock(path)
    except WriteFailed as error:
        raise Unusable("cannot be made") from error
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot be opened ({getattr(error, 'strerror', None) or error})") from error


def _lock(path: Path) -> int:
    """Take the lock that all dcmtty of this machine share: SQLite's log does not work across machines (NFS).

    Whoever comes first has the lock alone for a moment and writes down which machine it is.
    """
    name = path.with_name(path.name + ".lock")
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    machine = _machine()
    try:
        if _try_lock(descriptor, fcntl.LOCK_EX):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, machine, 0)
        patience = _LOCK_TRIES
        while not _try_lock(descriptor, fcntl.LOCK_SH) and patience:
            patience -= 1
            time.sleep(_LOCK_PAUSE_S)
        holder = os.pread(descriptor, 255, 0) if patience else b""
    except OSError:
        os.close(descriptor)
        raise
    if holder != machine:
        os.close(descriptor)
        raise Unusable("is in use on another machine")
    return descriptor


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _machine() -> bytes:
    """Return what tells this running system from any other; containers on it are the same."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    except OSError:
        return os.uname().nodename.encode()[:255]


def _prepare(connection: sqlite3.Connection) -> None:
    """Check the catalog, or make its tables where it is empty."""
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")
    if _is_empty(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if _is_empty(connection):
            _create(connection)
        connection.execute("COMMIT")
    _check(connection)
    if _maker(connection) != MAKER:
        connection.execute("BEGIN IMMEDIATE")
        for table in ("file", "common", "folder", "series", "summary", "maker"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("INSERT INTO maker VALUES (?)", (MAKER,))
        connection.execute("COMMIT")
    _add_temporary(connection)


def _maker(connection: sqlite3.Connection) -> object:
    found = connection.execute("SELECT version FROM maker").fetchall()
    return found[0][0] if len(found) == 1 else None


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _create(connection: sqlite3.Connection) -> None:
    for statement in STATEMENTS:
        connection.execute(statement)
    connection.execute("INSERT INTO maker VALUES (?)", (MAKER,))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _check(connection: sqlite3.Connection) -> None:
    """Raise unless the catalog is ours and has the tables of this version, and no others."""
    application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _IDENTITY)
    if application != APPLICATION_ID:
        raise Unusable("is something else")
    if version != VERSION:
        raise Unusable("is of another version of dcmtty; delete it")
    found = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if found - {"CREATE TABLE sqlite_sequence(name,seq)"} != set(STATEMENTS):
        raise Unusable("has other tables; delete it")


_IDENTITY = ("application_id", "user_version")


def _add_temporary(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA temp.cache_size = -{_TEMPORARY_CACHE_KIB}")
    for statement in TEMPORARY:
        connection.execute(statement)
