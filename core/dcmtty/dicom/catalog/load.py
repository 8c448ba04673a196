"""A series of a list becomes slices again: read from its files, never from what the catalog keeps of them."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcmtty.dicom.catalog.schema import JOINED
from dcmtty.dicom.catalog.summaries import bare_part
from dcmtty.errors import InputError
from dcmtty.progress import Progress
from dcmtty.text import visible

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.listing import SeriesEntry
    from dcmtty.dicom.model import Instance, Series

_FILES = f"""SELECT place.path, found.name, coalesce(found.shown, place.shown), found.shown IS NULL
    FROM {JOINED} WHERE file.series_id = ? AND file.status = 'dicom' AND file.kind = 'image'"""


def load_series(entry: SeriesEntry, catalog: Catalog, progress: Progress | None = None) -> Series:
    """Read the files of a series that the last scan through this catalog listed, and put them in order.

    All files of the series are read, those of its other parts too: they decide what is a part. A file that became
    unreadable since the scan is told in `numbering_doubt`.

    Raises:
        InputError: the series is not in the last list, its files are no such series any more, or the catalog is closed.
    """
    from dcmtty.dicom.series import group

    instances, failed = _instances(_paths(entry, catalog), progress or Progress())
    found = [series for series in group(instances) if _is_of(series, entry)]
    if len(found) != 1:
        raise InputError(f"{visible(entry.key)}: not what the scan found any more", remedy="scan again")
    doubt = entry.numbering_doubt
    if failed:
        doubt = (
            "1 file of it cannot be read any more" if failed == 1 else f"{failed} files of it cannot be read any more"
        )
    return replace(found[0], part=entry.part, numbering_doubt=doubt)


def _is_of(series: Series, entry: SeriesEntry) -> bool:
    """Say whether it is that part of the series; series without UID are numbered in a list as a whole."""
    same = series.series_uid == entry.series_uid
    return same and bare_part(series.series_uid, series.part) == bare_part(entry.series_uid, entry.part)


def _paths(entry: SeriesEntry, catalog: Catalog) -> list[tuple[Path, Path]]:
    """Return for each file of the series where it is, and how the user named it."""
    try:
        with catalog.lock, catalog.reading():
            listed = catalog.rows("SELECT series_id FROM temp.listed WHERE key = ?", (entry.key,)).fetchone()
            rows = catalog.rows(_FILES, (listed[0],)).fetchall() if listed else []
    except sqlite3.Error as error:
        raise InputError(f"the catalog cannot be asked any more ({visible(error)})", remedy="scan again") from error
    found: list[tuple[Path, Path]] = []
    for folder, name, shown, is_folder in rows:
        text = os.fsdecode(shown) + (os.fsdecode(name) if is_folder else "")
        found.append((Path(os.fsdecode(folder) + os.fsdecode(name)), Path(text)))
    return sorted(found, key=lambda pair: pair[1])


def _instances(paths: list[tuple[Path, Path]], progress: Progress) -> tuple[list[Instance], int]:
    """Return the instances of the files, and how many could not be read."""
    from dcmtty.dicom.headers import read_instance

    instances: list[Instance] = []
    for done, (real, shown) in enumerate(paths):
        progress.step(done, len(paths), "files", "reading")
        try:
            instances.append(replace(read_instance(real, follow=False), path=shown))
        except InputError:
            continue
    progress.step(len(paths), len(paths), "files", "reading")
    return instances, len(paths) - len(instances)
