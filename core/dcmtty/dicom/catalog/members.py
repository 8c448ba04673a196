"""The files of one series in the catalog: their rows, and the instances they stand for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmtty.dicom.catalog.schema import COMMON, PER_FILE
from dcmtty.dicom.catalog.store import Catalog, Unusable

if TYPE_CHECKING:
    from dcmtty.dicom.model import Instance

Ranges = Sequence[tuple[int, int]]
"""Ids of rows of `file`, from and to (inclusive), ascending."""

_FACTS = (
    "id", "folder_id", "name", "is_plain", "size_bytes", "mtime_ns", "transfer_syntax_uid", "preamble", "pixel_bytes",
    "warnings", "referenced_series_uids",
)  # fmt: skip
_KEYWORDS = (*PER_FILE, *COMMON)
_SELECT = f"""SELECT {", ".join(f"file.{name}" for name in (*_FACTS, *PER_FILE))}, {", ".join(COMMON)}
    FROM file LEFT JOIN common ON common.id = file.common_id"""
_FEW_RANGES = 16
_PIXEL_DATA = 0x7FE00010
_LARGEST = (1 << 63) - 1


class Changed(Exception):
    """A file is no more what its row says."""

    def __init__(self, file_id: int) -> None:
        super().__init__(file_id)
        self.file_id = file_id


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The paths of files as the user named them."""

    catalog: Catalog
    named: dict[tuple[int, str | bytes], str]
    """Of files that were named themselves: folder and name in the catalog to the path."""

    def path(self, folder_id: int, name: str | bytes) -> Path:
        """Return the path of a file."""
        known = self.named.get((folder_id, name)) if self.named else None
        if known is not None:
            return Path(known)
        return Path(self._folder(folder_id) + os.fsdecode(name))

    def _folder(self, folder_id: int) -> str:
        row = self.catalog.rows(
            "SELECT shown FROM temp.place WHERE folder_id = ? AND is_whole ORDER BY id LIMIT 1", (folder_id,)
        ).fetchone()
        return "" if row is None else os.fsdecode(row[0])

    def of_file(self, file_id: int) -> Path:
        """Return the path of a row."""
        row = self.catalog.rows("SELECT folder_id, name FROM file WHERE id = ?", (file_id,)).fetchone()
        if row is None:
            raise Unusable("a summary in it is damaged")
        return self.path(row[0], row[1])


def shown_paths(catalog: Catalog) -> Shown:
    """Return the paths of the files of the last scan."""
    query = """SELECT place.folder_id, found.name, found.shown FROM temp.found
        CROSS JOIN temp.place ON place.id = found.place_id WHERE found.shown IS NOT NULL"""
    return Shown(catalog, {(row[0], row[1]): os.fsdecode(row[2]) for row in catalog.rows(query)})


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A file of a series."""

    file_id: int
    folder_id: int
    instance: Instance


def member_rows(catalog: Catalog, select: str, series_id: int, ranges: Ranges) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a series that are in the ranges; `select` names `file.id` as its first column."""
    if len(ranges) <= _FEW_RANGES:
        for first, last in ranges:
            yield from catalog.rows(f"{select} WHERE file.id BETWEEN ? AND ?", (first, last))
        return
    waiting = iter(ranges)
    first, last = next(waiting)
    for row in catalog.rows(f"{select} WHERE file.series_id = ? ORDER BY file.id", (series_id,)):
        while row[0] > last:
            first, last = next(waiting, (_LARGEST, _LARGEST))
        if row[0] >= first:
            yield row


def members(catalog: Catalog, series_id: int, ranges: Ranges, shown: Shown) -> Iterator[Member]:
    """Yield the instances of rows: from what is kept where that says all of the plane, else from the files.

    Raises:
        Changed: a file that had to be read is no more what its row says.
    """
    for row in member_rows(catalog, _SELECT, series_id, ranges):
        facts: dict[str, Any] = dict(zip(_FACTS, row, strict=False))
        path = shown.path(facts["folder_id"], facts["name"])
        kept = _kept(path, facts, row[len(_FACTS) :]) if facts["is_plain"] == 1 else None
        instance = kept or _read_again(catalog, path, facts)
        yield Member(facts["id"], facts["folder_id"], instance)


def _kept(path: Path, facts: dict[str, Any], values: Sequence[object]) -> Instance:
    from dcmtty.dicom.claim import PixelElement
    from dcmtty.dicom.frames import HeaderParts, frame_geometries
    from dcmtty.dicom.model import Instance

    texts: dict[str, tuple[str, ...]] = {
        keyword: tuple(str(value).split("\\"))
        for keyword, value in zip(_KEYWORDS, values, strict=True)
        if value is not None
    }
    pixel_bytes = int(facts["pixel_bytes"])
    pixels = PixelElement(_PIXEL_DATA, max(pixel_bytes, 0), pixel_bytes < 0)
    frames, _ = frame_geometries(HeaderParts(values=texts, pixels=pixels), "")
    return Instance(
        path=path,
        size_bytes=int(facts["size_bytes"]),
        mtime_ns=int(facts["mtime_ns"]),
        transfer_syntax_uid=str(facts["transfer_syntax_uid"]),
        values=texts,
        frames=frames,
        pixel_bytes=pixel_bytes,
        preamble=str(facts["preamble"]),
        referenced_series_uids=tuple(json.loads(facts["referenced_series_uids"])),
        warnings=tuple(json.loads(facts["warnings"])),
    )


def _read_again(catalog: Catalog, shown_path: Path, facts: dict[str, Any]) -> Instance:
    from dcmtty.dicom.headers import read_instance
    from dcmtty.errors import InputError

    (folder,) = catalog.rows("SELECT path FROM folder WHERE id = ?", (facts["folder_id"],)).fetchone()
    try:
        instance = read_instance(Path(os.fsdecode(folder) + os.fsdecode(facts["name"])), follow=False)
    except InputError as error:
        raise Changed(facts["id"]) from error
    if (instance.size_bytes, instance.mtime_ns) != (facts["size_bytes"], facts["mtime_ns"]):
        raise Changed(facts["id"])
    return replace(instance, path=shown_path)
