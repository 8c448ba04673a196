"""What a walk found, laid beside what the catalog has: which files are unchanged, moved, to be read, or gone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dcmtty.dicom.catalog.rows import Waiting
from dcmtty.dicom.catalog.schema import JOINED, STATE
from dcmtty.dicom.catalog.store import Catalog
from dcmtty.dicom.catalog.walk import Folder, Found, Walk

_SAME = " AND ".join(f"file.{name} = found.{name}" for name in STATE)
_LARGEST = (1 << 63) - 1


@dataclass(slots=True)
class FoundFiles:
    """The files of one scan, in temporary tables."""

    catalog: Catalog
    extra: Sequence[str]
    """Names of further columns that must be known of a file."""
    count: int = 0
    is_fresh: bool = field(init=False)
    """Whether the catalog had no files when the scan began."""

    def __post_init__(self) -> None:
        for table in ("found", "place", "listed"):
            self.catalog.rows(f"DELETE FROM temp.{table}")
        self.is_fresh = self.catalog.rows("SELECT 1 FROM file LIMIT 1").fetchone() is None

    def add(self, folders: Iterable[Folder], files: Sequence[Found]) -> None:
        """Add files, and the folders that were found since the last call; `folders` are numbered on."""
        connection = self.catalog.connection
        put_folder = """INSERT INTO temp.place (path, shown, device, inode, is_whole, folder_id)
            VALUES (?, ?, ?, ?, ?, (SELECT id FROM folder WHERE path = ?1))"""
        put_file = "INSERT INTO temp.found VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
        connection.execute("BEGIN")
        try:
            connection.executemany(put_folder, [tuple(map(storable, folder)) for folder in folders])
            try:
                connection.executemany(put_file, files)
            except (UnicodeEncodeError, OverflowError):
                connection.execute("DELETE FROM temp.found WHERE id > ?", (self.count,))
                connection.executemany(put_file, [tuple(map(storable, file)) for file in files])
        finally:
            connection.execute("COMMIT")
        self.count += len(files)

    def changed(self, since: int) -> tuple[list[Waiting], list[tuple[int, Waiting]]]:
        """Return of the files added after the first `since` those to be read, and those to be moved with their rows."""
        is_same = f"coalesce(file.is_settled = 1 AND {_SAME}, 0)"
        lacks = "".join(" OR json_type(file.extra, ?) IS NULL" for _ in self.extra)
        is_known = f"({is_same} AND NOT (file.status = 'dicom' AND (0{lacks})))" if lacks else is_same
        query = f"""SELECT place.path, found.name, {", ".join(f"found.{name}" for name in STATE)}, found.device,
            file.id, {is_same}, file.extra FROM {JOINED} WHERE found.id > ? AND NOT {is_known}"""
        paths = [f'$."{name}"' for name in self.extra]
        waiting: list[Waiting] = []
        moved: list[tuple[int, Waiting]] = []
        for *file, row_id, is_unchanged, extra in self.catalog.rows(query, (since, *paths)).fetchall():
            found = Waiting._make((*file, extra if is_unchanged else "{}", None))
            elsewhere = self._elsewhere(found) if row_id is None and not self.is_fresh else None
            if elsewhere is None:
                waiting.append(found)
            elif elsewhere[1]:
                moved.append((elsewhere[0], found))
            else:
                waiting.append(found._replace(before=(elsewhere[0], elsewhere[2])))
        return waiting, moved

    def _elsewhere(self, file: Waiting) -> tuple[int, bool, str | None] | None:
        """Return the row of what may have been this file at another place, and whether it surely was.

        It surely was when the ctime is the same too: a folder above it was renamed. A file that was renamed itself has
        another ctime, as has one that was changed and got its old times back, or another that got the same inode.
        """
        query = """SELECT id, is_settled = 1 AND ctime_ns = ?, SOPInstanceUID, extra FROM file
            WHERE inode = ? AND device = ? AND size_bytes = ? AND mtime_ns = ? ORDER BY 2 DESC LIMIT 1"""
        state = (file.ctime_ns, file.inode, file.device, file.size_bytes, file.mtime_ns)
        row = self.catalog.rows(query, state).fetchone()
        if row is None:
            return None
        return row[0], bool(row[1]) and not self.extra, row[2]

    def lost(self) -> Iterator[Waiting]:
        """Yield the files without a row: new ones that another process removed, or that came in another way."""
        self.find_folders(anew=True)
        names = ", ".join(f"found.{name}" for name in STATE)
        query = f"SELECT place.path, found.name, {names}, found.device FROM {JOINED} WHERE file.id IS NULL"
        for row in self.catalog.rows(query).fetchall():
            yield Waiting(*row)

    def has(self, device: int, inode: int) -> bool:
        """Say whether a file was found."""
        query = "SELECT 1 FROM temp.found WHERE inode = ? AND device = ?"
        return self.catalog.rows(query, (storable(inode), storable(device))).fetchone() is not None

    def find_folders(self, *, anew: bool = False) -> None:
        """Look up the rows of folders that had none, or of all, because another process may have removed some."""
        which = "" if anew else " WHERE folder_id IS NULL"
        self.catalog.rows(
            f"UPDATE temp.place SET folder_id = (SELECT id FROM folder WHERE folder.path = place.path){which}"
        )

    def drop_deleted(self, walk: Walk, before_ns: int) -> int:
        """Remove the rows of files that were where the walk looked and are no more; return how many.

        Rows written later than `before_ns`, by another process, are left, and those below folders that cannot be read.
        """
        if self.is_fresh:
            return 0
        self.find_folders(anew=True)
        roots = [*walk.roots, *(f"{path}/" for path in walk.missing)]
        gone = [*self._gone_from_folders(before_ns), *self._gone_with_folders(roots, walk.unseen, before_ns)]
        gone += [row for path in walk.missing for row in self._gone_file(path, before_ns)]
        with self.catalog.writing():
            self.catalog.connection.executemany("DELETE FROM file WHERE id = ?", gone)
        return len(gone)

    def drop_unused(self) -> None:
        """Remove what no file needs any more: names of patients must not outlive their files."""
        if self.is_fresh:
            return
        unused = {
            "common": "NOT EXISTS (SELECT 1 FROM file WHERE common_id = common.id)",
            "series": "NOT EXISTS (SELECT 1 FROM file WHERE series_id = series.id)",
            "folder": "NOT EXISTS (SELECT 1 FROM file WHERE folder_id = folder.id)",
            "summary": "series_id NOT IN (SELECT id FROM series)",
        }
        queries = (f"SELECT 1 FROM {table} WHERE {which} LIMIT 1" for table, which in unused.items())
        if all(self.catalog.rows(query).fetchone() is None for query in queries):
            return
        with self.catalog.writing():
            for table, which in unused.items():
                self.catalog.rows(f"DELETE FROM {table} WHERE {which}")

    def _gone_from_folders(self, before_ns: int) -> list[tuple[int]]:
        whole = "FROM temp.place CROSS JOIN file ON file.folder_id = place.folder_id WHERE place.is_whole"
        (had,) = self.catalog.rows(f"SELECT count(*) {whole}").fetchone()
        (has,) = self.catalog.rows(
            "SELECT count(*) FROM temp.found CROSS JOIN temp.place ON place.id = place_id WHERE place.is_whole"
        ).fetchone()
        if had <= has:
            return []
        query = f"SELECT file.id {whole} AND file.read_ns < ? EXCEPT SELECT file.id FROM {JOINED}"
        gone: list[tuple[int]] = self.catalog.rows(query, (before_ns,)).fetchall()
        return gone

    def _gone_file(self, path: str, before_ns: int) -> list[tuple[int]]:
        folder, name = os.path.split(path)
        query = """SELECT file.id FROM folder JOIN file ON file.folder_id = folder.id
            WHERE folder.path = ? AND file.name = ? AND file.read_ns < ?"""
        where = (storable(folder.rstrip("/") + "/"), storable(name), before_ns)
        found: list[tuple[int]] = self.catalog.rows(query, where).fetchall()
        return found

    def _gone_with_folders(self, roots: Iterable[str], unseen: Sequence[str], before_ns: int) -> list[tuple[int]]:
        query = """SELECT id, path FROM folder WHERE ((path >= ?1 AND path < ?2) OR (path >= ?3 AND path < ?4))
            AND id NOT IN (SELECT folder_id FROM temp.place WHERE is_whole AND folder_id IS NOT NULL)"""
        below = "SELECT id FROM file WHERE folder_id = ? AND read_ns < ?"
        gone: dict[int, None] = {}
        for root in roots:
            start, end = os.fsencode(root), os.fsencode(root[:-1]) + b"0"
            texts = ("", "") if isinstance(storable(root), bytes) else (root, root[:-1] + "0")
            for folder_id, path in self.catalog.rows(query, (*texts, start, end)).fetchall():
                if not os.fsdecode(path).startswith(tuple(unseen)):
                    gone.update((row[0], None) for row in self.catalog.rows(below, (folder_id, before_ns)))
        return [(row_id,) for row_id in gone]


def storable(value: object) -> object:
    """Return what SQLite can keep: names that are no UTF-8 as bytes, numbers beyond 63 bits wrapped."""
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        return (value + _LARGEST + 1) % (1 << 64) - _LARGEST - 1
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return os.fsencode(value)
    return value
