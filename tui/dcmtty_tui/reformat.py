"""Coronal and sagittal views of a series: which picture lies under the crosshair, and the pictures themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from dcmtty.contours.placement import slice_stack
from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.model import Series, Slice
from dcmtty.dicom.picture import Picture
from dcmtty.dicom.pixels import read_frame
from dcmtty.errors import InputError, UsageError
from dcmtty.files import read_error
from dcmtty.geometry.plane import Plane
from dcmtty.progress import Progress
from dcmtty.render.reslice import Stack, ViewName, stack_of, volume_view
from dcmtty.text import visible
from dcmtty_tui.viewing import View

BY_NAME: dict[str, ViewName] = {"axial": "axial", "coronal": "coronal", "sagittal": "sagittal"}
VIEWS: tuple[ViewName, ...] = ("axial", "coronal", "sagittal")
HELD_BYTES = 512 << 20
"""A volume up to this size stays in memory while reformatted views are looked at."""


def read_acquired(slice_: Slice) -> Picture:
    """Return the picture of a slice, as long as its file is the one that was scanned.

    Raises:
        InputError: it cannot be read, or another header is in the file by now: it might be another slice or patient.
    """
    picture, instance = read_frame(slice_), slice_.instance
    try:
        info = instance.path.stat()
    except OSError as error:
        raise read_error(instance.path, error) from error
    is_touched = (info.st_size, info.st_mtime_ns) != (instance.size_bytes, instance.mtime_ns)
    if is_touched and read_instance(instance.path).values != instance.values:
        raise InputError(f"{visible(instance.path)}: it changed since it was scanned", remedy="open its series again")
    return picture


@lru_cache(maxsize=4)
def _stack(series: Series) -> Stack:
    return stack_of([item.plane for item in series.slices])


class _Volume:
    """The pictures of the series that was reformatted last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._pictures: list[Picture] = []

    def pictures(self, series: Series, progress: Progress) -> Iterator[Picture]:
        """Yield every slice's picture, from memory where it may be held."""
        with self._lock:
            if self._version == series.version:
                yield from self._pictures
                return
            self._version, self._pictures = 0, []
            held: list[Picture] = []
            size = 0
            for index, item in enumerate(series.slices):
                progress.step(index, len(series.slices), "slices", "reading")
                picture = read_acquired(item)
                size += int(picture.values.nbytes)
                if size <= HELD_BYTES:
                    held.append(picture)
                yield picture
            if size <= HELD_BYTES:
                self._version, self._pictures = series.version, held


_volume = _Volume()


def read_reformatted(series: Series, kind: str, number: int, progress: Progress) -> Picture:
    """Return a picture of a reformatted view, `number` from 1.

    Raises:
        InputError: the slices make no volume, or one cannot be read.
    """
    return volume_view(_stack(series), _volume.pictures(series, progress), BY_NAME[kind], number)


def other_view(view: View, plane: Plane | None, wanted: str) -> View:
    """Return the next view, or the wanted one, through the crosshair.

    Raises:
        UsageError: there is no such view.
        InputError: the slices make no volume.
    """
    if wanted and wanted not in VIEWS:
        raise UsageError(f"{wanted!r} is no view", remedy=f"use one of {', '.join(VIEWS)}")
    stack = _stack(view.series)
    current = stack.acquired_view() if view.kind == "acquired" else view.kind
    following = VIEWS[(VIEWS.index(current) + 1) % len(VIEWS)]
    name = BY_NAME.get(wanted, following)
    if name == current or plane is None:
        return view
    anchor = plane.patient_xyz([view.cursor])[0]
    x, y, z = (float(value) for value in anchor)
    if name == stack.acquired_view():
        nearest = slice_stack(view.series)
        number = int(nearest.numbers[int(np.abs(nearest.offsets_mm(anchor[np.newaxis])[:, 0]).argmin())])
        return replace(
            view,
            kind="acquired",
            slice_number=number,
            slice_count=len(view.series.slices),
            viewport=None,
            anchor_xyz=(x, y, z),
        )
    index = stack.planes[0].column_row_offset(anchor)[0][stack.axis(name)]
    count = stack.count(name)
    number = min(max(round(float(index)) + 1, 1), count)
    return replace(view, kind=name, slice_number=number, slice_count=count, viewport=None, anchor_xyz=(x, y, z))
