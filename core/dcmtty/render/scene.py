"""One frame of the screen as one frozen value: picture, overlays, letters and cursor, all of the same slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dcmtty.dicom.picture import Picture
from dcmtty.dicom.window import Window, display_values
from dcmtty.geometry.orientation import letters as direction_letters
from dcmtty.render.drawing import NO_PAINT, Overlay, draw_cursor, draw_overlay
from dcmtty.render.resample import Float32, Taps, axis_taps, resample
from dcmtty.render.viewport import Viewport
from dcmtty.text import cell_width, visible
from dcmtty.versions import next_version

__all__ = ["HALF_BLOCK", "Label", "Overlay", "Scene", "compose"]

HALF_BLOCK = (1, 2)
"""Samples of a cell across and down for half blocks; a sample is as high as it is wide."""
_SHARP_BELOW_PIXELS_PER_CELL = 1 / 3
_LETTER_COLOR = (255, 224, 96)


@dataclass(frozen=True, slots=True)
class Label:
    """Text over the picture, one character per cell."""

    cell_column: int
    cell_row: int
    text: str
    color: tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Samples of one frame, `subdivision` per cell; arrays are read-only."""

    viewport: Viewport
    subdivision: tuple[int, int]
    levels: NDArray[np.uint8]
    """Grey (samples down, across) or RGB (samples down, across, 3); background where `inside` is false."""
    inside: NDArray[np.bool_]
    """Where the picture has a value: not outside, not padding, not a gap."""
    gap: NDArray[np.bool_]
    """Where a reformatted view has no slice."""
    paint: NDArray[np.int32]
    """Overlay colour 0xRRGGBB of each sample, or -1."""
    mark: NDArray[np.uint8]
    """What is painted: 0 nothing, 1 line, 2 emphasised line, 3 vertex or point, 4 cursor."""
    labels: tuple[Label, ...]
    cursor_cell: tuple[int, int] | None
    sop_instance_uid: str
    """Of the slice that all of this was made of; empty for a reformatted view."""
    frame: int
    picture_version: int
    version: int = field(default_factory=next_version)

    @property
    def is_color(self) -> bool:
        """Whether `levels` holds RGB."""
        return self.levels.ndim == 3


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    levels: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    gap: NDArray[np.bool_]


def compose(
    picture: Picture,
    viewport: Viewport,
    window: Window,
    *,
    inverted: bool = False,
    overlays: tuple[Overlay, ...] = (),
    cursor: tuple[float, float] | None = None,
    letters: bool = True,
    subdivision: tuple[int, int] = HALF_BLOCK,
) -> Scene:
    """Return everything that one frame of the screen needs, made of this picture alone.

    `cursor` is a pixel (column, row). Emphasised overlays are drawn last.
    """
    base = _base(picture, viewport, window, inverted, subdivision)
    shape = base.inside.shape
    paint = np.full(shape, NO_PAINT, dtype=np.int32)
    mark = np.zeros(shape, dtype=np.uint8)
    named: dict[tuple[str, tuple[int, int, int]], tuple[int, int]] = {}
    for overlay in sorted(overlays, key=lambda one: one.emphasis):
        end = draw_overlay(overlay, viewport, subdivision, paint, mark)
        key = overlay.label, overlay.color
        if overlay.label and end is not None and (key not in named or end[0] > named[key][0]):
            named[key] = end
    labels: list[Label] = []
    for (text, color), (column, row) in named.items():
        labels += _fitting(Label(column + 1, row, text, color), viewport)
    if letters and picture.plane is not None:
        labels += _letters(picture, viewport)
    cell = None
    if cursor is not None:
        draw_cursor(cursor, viewport, subdivision, paint, mark)
        cell = viewport.cell_of(*cursor)
    for array in (paint, mark):
        array.setflags(write=False)
    return Scene(
        viewport=viewport,
        subdivision=subdivision,
        levels=base.levels,
        inside=base.inside,
        gap=base.gap,
        paint=paint,
        mark=mark,
        labels=tuple(labels),
        cursor_cell=cell,
        sop_instance_uid=picture.sop_instance_uid,
        frame=picture.frame,
        picture_version=picture.version,
    )


@lru_cache(maxsize=4)
def _base(
    picture: Picture,
    viewport: Viewport,
    window: Window,
    inverted: bool,  # noqa: FBT001 - a key of the cache
    subdivision: tuple[int, int],
) -> _Base:
    """Resample the picture; kept, because a moving cursor does not change it."""
    pixels_wide, pixels_high = (
        pixels / parts for pixels, parts in zip(viewport.pixels_per_cell, subdivision, strict=True)
    )
    start_column, start_row = viewport.cell_to_pixel([0, 0])[0]
    sharp = viewport.pixels_per_cell[0] < _SHARP_BELOW_PIXELS_PER_CELL
    columns, rows = viewport.columns * subdivision[0], viewport.rows * subdivision[1]
    across = axis_taps(start_column, pixels_wide, columns, picture.columns, sharp=sharp)
    down = axis_taps(start_row, pixels_high, rows, picture.rows, sharp=sharp)
    (left, right), (top, bottom) = across.span, down.span
    shown = display_values(_cropped(picture, top, bottom, left, right), window, inverted=inverted)
    across, down = across.within(left, right), down.within(top, bottom)
    inside = np.logical_and.outer(down.inside, across.inside)
    gap = np.zeros_like(inside)
    if picture.is_color:
        channels = [resample(np.ascontiguousarray(shown[..., part]), down, across) for part in range(3)]
        averaged = np.stack(channels, axis=-1)
    else:
        averaged, inside, gap = _weighted(picture, shown, (top, bottom, left, right), down, across, inside)
    levels = (np.clip(averaged, 0, 255) + np.float32(0.5)).astype(np.uint8)
    levels[~inside] = 0
    for array in (levels, inside, gap):
        array.setflags(write=False)
    return _Base(levels, inside, gap)


def _cropped(picture: Picture, top: int, bottom: int, left: int, right: int) -> Picture:
    if (top, left, bottom, right) == (0, 0, picture.rows, picture.columns):
        return picture
    return replace(picture, values=picture.values[top:bottom, left:right], padding=None)


def _weighted(
    picture: Picture,
    shown: Float32,
    part: tuple[int, int, int, int],
    down: Taps,
    across: Taps,
    inside: NDArray[np.bool_],
) -> tuple[Float32, NDArray[np.bool_], NDArray[np.bool_]]:
    """Average without padding and gaps; a sample that is mostly one of them is background."""
    top, bottom, left, right = part
    missing = np.isnan(shown)
    has_gap = bool(missing.any())
    nothing = np.zeros_like(inside)
    gap = (resample(missing.astype(np.float32), down, across) > 0.5) & inside if has_gap else nothing
    if picture.padding is not None:
        missing = missing | picture.padding[top:bottom, left:right]
    if not has_gap and not missing.any():
        return resample(shown, down, across), inside, gap
    share = resample((~missing).astype(np.float32), down, across)
    total = resample(np.where(missing, np.float32(0), shown), down, across)
    averaged = np.divide(total, share, out=np.zeros_like(total), where=share > 0)
    return averaged, inside & (share >= 0.5), gap


def _letters(picture: Picture, viewport: Viewport) -> list[Label]:
    """Return the patient's directions at the four edges, from the direction cosines alone."""
    plane = picture.plane
    if plane is None or viewport.rows < 3 or viewport.columns < 8:
        return []
    right, bottom = direction_letters(plane.row_direction), direction_letters(plane.column_direction)
    left, top = direction_letters(-plane.row_direction), direction_letters(-plane.column_direction)
    middle_row, last = viewport.rows // 2, viewport.columns - 1
    return [
        Label(0, middle_row, left, _LETTER_COLOR),
        Label(last - len(right) + 1, middle_row, right, _LETTER_COLOR),
        Label((viewport.columns - len(top)) // 2, 0, top, _LETTER_COLOR),
        Label((viewport.columns - len(bottom)) // 2, viewport.rows - 1, bottom, _LETTER_COLOR),
    ]


def _fitting(label: Label, viewport: Viewport) -> list[Label]:
    """Return the label cut to the view, in characters one cell wide; nothing when it is outside."""
    text = "".join(char if cell_width(char) == 1 else "?" for char in visible(label.text, 24))
    room = viewport.columns - label.cell_column
    if room <= 0 or not 0 <= label.cell_row < viewport.rows:
        return []
    return [replace(label, text=text[:room])]
