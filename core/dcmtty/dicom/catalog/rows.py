"""Records become rows: what a file shares with others is kept once, and a row says whether it may be believed later."""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Sequence
from operator import itemgetter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from dcmtty.dicom.catalog.schema import COMMON, FILE_COLUMNS, PER_FILE, STANDARD
from dcmtty.files import is_read_failure

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.header.record import Record

_AT = {keyword: index for index, keyword in enumerate(STANDARD)}
_common = itemgetter(*(_AT[keyword] for keyword in COMMON))
_per_file = itemgetter(*(_AT[keyword] for keyword in PER_FILE))
_NOTHING = (None,) * len(STANDARD)
_SOP_INSTANCE = _AT["SOPInstanceUID"]
_OWNER = tuple(_AT[keyword] for keyword in ("SeriesInstanceUID", "StudyInstanceUID", "Modality"))
_DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima"})
"""A file in a folder that is called so and is no DICOM file is told, not passed over."""

_TICK_NS = 50_000_000
"""A file changed again within this time may keep its times: a kernel's clock ticks each 1 to 10 ms, some disks' 10."""
_COARSE_TICK_NS = 2_050_000_000
"""The same for file systems that keep whole seconds (FAT: every second one)."""
_SECOND_NS = 1_000_000_000
_MOST_KNOWN = 4096

Row = Sequence[object]
_PUT = f"INSERT OR REPLACE INTO file ({', '.join(FILE_COLUMNS)}) VALUES ({', '.join('?' * len(FILE_COLUMNS))})"
_PUT_COMMON = f"INSERT INTO common (checksum, {', '.join(COMMON)}) VALUES (?{', ?' * len(COMMON)})"
_GET_COMMON = f"SELECT id, {', '.join(COMMON)} FROM common WHERE checksum = ?"


class Waiting(NamedTuple):
    """A file that was found and must be read."""

    folder: str | bytes
    name: str | bytes
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    extra: str = "{}"
    """What is known of further columns, as JSON, where the file is unchanged."""
    before: tuple[int, str | None] | None = None
    """Row and SOP Instance UID of a file elsewhere that this one may have been."""

    @property
    def path(self) -> str:
        """The path to read."""
        return os.fsdecode(self.folder) + os.fsdecode(self.name)


def tick_ns(mtime_ns: int, ctime_ns: int) -> int:
    """Return how long after a change another change may leave the same times."""
    is_coarse = not (mtime_ns % _SECOND_NS or ctime_ns % _SECOND_NS)
    return _COARSE_TICK_NS if is_coarse else _TICK_NS


def let_settle(files: Sequence[Waiting]) -> int:
    """Wait the moment that files which were changed just now need, so that a change to come shows in their times.

    Returns:
        The time, in ns of this machine's clock, before which all that is read now was written.
    """
    now = time.time_ns()
    newest = max((max(file.mtime_ns, file.ctime_ns) for file in files), default=0)
    if now - _TICK_NS <= newest <= now:
        time.sleep((newest + _TICK_NS - now) / 1e9 + 1e-4)
        now = time.time_ns()
    return now


class Writer:
    """Writes rows of files into a catalog."""

    def __init__(self, catalog: Catalog, extra: Sequence[str]) -> None:
        """Begin; `extra` names the further columns that are read."""
        self._catalog = catalog
        self._extra = tuple(extra)
        self._data_version = -1
        self._folders: dict[str | bytes, int] = {}
        self._series: dict[str, int] = {}
        self._commons: dict[tuple[str | None, ...], int] = {}

    def write(self, files: Sequence[Waiting], records: Sequence[Record], read_ns: int) -> tuple[int, int]:
        """Keep the records of files that were read after `read_ns`; return how many were read anew, and how many moved.

        A moved file is one that had the same device, inode, size, time and SOP Instance UID elsewhere; as renaming it
        changed its ctime, only reading it could prove that it is the same.
        """
        try:
            return self._write(files, records, read_ns)
        except UnicodeEncodeError:  # Some character sets decode to what is no text, e.g. half a surrogate pair.
            self._data_version = -1
            return self._write(files, [_encodable(record) for record in records], read_ns)

    def _write(self, files: Sequence[Waiting], records: Sequence[Record], read_ns: int) -> tuple[int, int]:
        with self._catalog.writing():
            self._forget_if_changed()
            gone = [
                (file.before[0],)
                for file, record in zip(files, records, strict=True)
                if file.before and record.values and record.values[_SOP_INSTANCE] == file.before[1]
            ]
            rows = [self._row(file, record, read_ns) for file, record in zip(files, records, strict=True)]
            self._catalog.connection.executemany(_PUT, rows)
            self._catalog.connection.executemany("DELETE FROM file WHERE id = ?", gone)
        return len(files) - len(gone), len(gone)

    def move(self, moves: Sequence[tuple[int, Waiting]]) -> None:
        """Give rows whose file is elsewhere now, in a folder that was renamed, their new places."""
        columns = ", ".join(FILE_COLUMNS[2:])
        query = (
            f"INSERT OR REPLACE INTO file (folder_id, name, {columns}) SELECT ?, ?, {columns} FROM file WHERE id = ?"
        )
        with self._catalog.writing():
            self._forget_if_changed()
            for old, file in moves:
                self._catalog.rows(query, (self._folder_id(file.folder), file.name, old))
                self._catalog.rows("DELETE FROM file WHERE id = ?", (old,))

    def _forget_if_changed(self) -> None:
        """Drop remembered ids when another process wrote: it may have removed what nothing used."""
        (version,) = self._catalog.rows("PRAGMA data_version").fetchone()
        if version != self._data_version:
            self._data_version = version
            self._folders, self._series, self._commons = {}, {}, {}

    def _row(self, file: Waiting, record: Record, read_ns: int) -> Row:
        values = record.values or _NOTHING
        status = record.status
        if status == "foreign" and PurePosixPath(os.fsdecode(file.name)).suffix.lower() in _DICOM_SUFFIXES:
            status = "unreadable"
        is_dicom = status == "dicom"
        return (
            self._folder_id(file.folder),
            *file[1:6],
            file.device,
            read_ns,
            _is_settled(file, record, read_ns),
            status,
            record.reason,
            record.kind,
            record.is_plain,
            record.frames,
            record.pixel_bytes,
            record.preamble,
            record.transfer_syntax_uid,
            json.dumps(record.warnings) if record.warnings else "[]",
            json.dumps(record.referenced_series_uids) if record.referenced_series_uids else "[]",
            self._extra_text(file, record) if is_dicom else "{}",
            self._common_id(_common(values)) if is_dicom else None,
            self._series_id(file, values) if record.kind == "image" else None,
            *_per_file(values),
        )

    def _extra_text(self, file: Waiting, record: Record) -> str:
        if not self._extra:
            return file.extra
        return json.dumps({**json.loads(file.extra), **dict(zip(self._extra, record.extra, strict=True))})

    def _folder_id(self, path: str | bytes) -> int:
        found = self._folders.get(path)
        if found is None:
            found = self._named("folder", "path", path)
            _remember(self._folders, path, found)
        return found

    def _series_id(self, file: Waiting, values: Sequence[str | None]) -> int:
        uid, study, modality = ((values[at] or "").partition("\\")[0] for at in _OWNER)
        key = uid or json.dumps([study, modality, os.fsdecode(file.folder)])
        found = self._series.get(key)
        if found is None:
            found = self._named("series", "key", key)
            _remember(self._series, key, found)
        return found

    def _named(self, table: str, column: str, value: str | bytes) -> int:
        """Return the id of a folder or series, made when there is none."""
        row = self._catalog.rows(f"SELECT id FROM {table} WHERE {column} = ?", (value,)).fetchone()
        if row is not None:
            return int(row[0])
        return self._catalog.rows(f"INSERT INTO {table} ({column}) VALUES (?)", (value,)).lastrowid or 0

    def _common_id(self, values: tuple[str | None, ...]) -> int:
        found = self._commons.get(values)
        if found is None:
            checksum = zlib.crc32("\x1f".join(value or "" for value in values).encode())
            alike = self._catalog.rows(_GET_COMMON, (checksum,))
            same = next((row[0] for row in alike if row[1:] == values), None)
            found = (
                int(same) if same is not None else self._catalog.rows(_PUT_COMMON, (checksum, *values)).lastrowid or 0
            )
            _remember(self._commons, values, found)
        return found


def _encodable(record: Record) -> Record:
    """Return the record with what is no Unicode text replaced."""
    values = tuple(None if value is None else _text(value) for value in record.values)
    extra = tuple(None if found is None else tuple(map(_text, found)) for found in record.extra)
    uids = tuple(map(_text, record.referenced_series_uids))
    return record._replace(
        values=values, extra=extra, referenced_series_uids=uids, transfer_syntax_uid=_text(record.transfer_syntax_uid)
    )


def _text(value: str) -> str:
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_Key = TypeVar("_Key")


def _remember(known: dict[_Key, int], key: _Key, value: int) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = value


def _is_settled(file: Waiting, record: Record, read_ns: int) -> bool:
    """Say whether a later change of the file must show in its size, times or inode."""
    if record.status == "dicom" and (record.size_bytes, record.mtime_ns) != (file.size_bytes, file.mtime_ns):
        return False
    if record.status == "unreadable" and is_read_failure(record.reason):
        return False
    newest = max(file.mtime_ns, file.ctime_ns)
    return newest < read_ns - tick_ns(file.mtime_ns, file.ctime_ns)
