"""The slices that lie beside an image, read in a moment: what can be looked at while a scan is still on its way."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import islice
from pathlib import Path

from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.model import Instance, Series
from dcmtty.dicom.series import group
from dcmtty.errors import InputError
from dcmtty.progress import Progress
from dcmtty.text import visible

NOT_SCANNED = "its scan has not ended"
"""Why a series that was read in this way may not be built on, and its slice numbers not be trusted."""

MOST_NAMES = 20_000
"""Of a folder no more names are looked at, so that the time does not grow with it."""
LONGEST_S = 0.5
"""Reading ends after this time with what was read."""


def read_beside(path: Path, progress: Progress | None = None, *, longest_s: float = LONGEST_S) -> Series:
    """Return the series of an image with those of its slices that lie in the same folder, to be looked at alone.

    Files whose names are near to that of the image are read first. `build_refusal` and `numbering_doubt` of the series
    are set: files of it may be missing.

    Raises:
        InputError: the image cannot be read, or is none.
        Cancelled: the user stopped it.
    """
    progress = progress or Progress()
    first = read_instance(path)
    found = [first]
    until = progress.clock() + longest_s
    for neighbour in _neighbours(path):
        progress.step(len(found), label="reading")
        if progress.clock() > until:
            break
        instance = _read(neighbour)
        if instance is not None and instance.text("SeriesInstanceUID") == first.text("SeriesInstanceUID"):
            found.append(instance)
    series = next((part for part in group(found) if any(item.instance is first for item in part.slices)), None)
    if series is None:
        raise InputError(f"{visible(path)}: not an image", remedy="choose another file")
    return replace(series, build_refusal=NOT_SCANNED, numbering_doubt=NOT_SCANNED)


def _neighbours(path: Path) -> list[Path]:
    """Return the other files of the folder, those with the nearest names first."""
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(entry.name for entry in islice(entries, MOST_NAMES) if entry.is_file(follow_symlinks=False))
    except OSError:
        return []
    at = sum(name < path.name for name in names)
    order = sorted(range(len(names)), key=lambda index: abs(index - at))
    return [path.parent / names[index] for index in order if names[index] != path.name]


def _read(path: Path) -> Instance | None:
    try:
        return read_instance(path, follow=False)
    except InputError:
        return None
