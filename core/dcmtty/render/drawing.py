"""Contours, vertices, points and the crosshair as painted samples: clipped lines, no anti-aliasing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcmtty.render.viewport import Viewport

NO_PAINT = -1
LINE, EMPHASISED, VERTEX, CURSOR = 1, 2, 3, 4
"""Values of `Scene.mark`."""
_CURSOR_COLOR = (255, 255, 0)
_VERTEX_COLOR = (255, 255, 255)
_CROSS_SAMPLES = 2
_ARM_SAMPLES = range(2, 6)


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A line over the picture, in pixels of that picture."""

    points_column_row: NDArray[np.float64]
    """Shape (n, 2); a closed line does not repeat its first point; one point alone is drawn as a cross."""
    closed: bool
    color: tuple[int, int, int]
    label: str = ""
    markers: bool = False
    """Whether each vertex is marked."""
    emphasis: bool = False
    """Drawn last, over the others."""


def rgb(color: tuple[int, int, int]) -> int:
    """Return a colour as 0xRRGGBB."""
    red, green, blue = color
    return red << 16 | green << 8 | blue


def draw_overlay(
    overlay: Overlay,
    viewport: Viewport,
    subdivision: tuple[int, int],
    paint: NDArray[np.int32],
    mark: NDArray[np.uint8],
) -> tuple[int, int] | None:
    """Paint one overlay; return the cell (column, row) of its rightmost painted sample, or None when nothing shows."""
    points = viewport.pixel_to_sample(overlay.points_column_row, subdivision)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    kind = EMPHASISED if overlay.emphasis else LINE
    drawn = _cross(points[0]) if len(points) == 1 else line_samples(points, paint.shape, closed=overlay.closed)
    drawn = _paint(drawn, rgb(overlay.color), kind, paint, mark)
    if overlay.markers or len(points) == 1:
        color = _VERTEX_COLOR if overlay.markers else overlay.color
        vertices = _paint(np.floor(np.clip(points, -1, 1e6)).astype(np.intp), rgb(color), VERTEX, paint, mark)
        drawn = np.concatenate([drawn, vertices])
    if not len(drawn):
        return None
    across, down = drawn[drawn[:, 0].argmax()]
    return int(across) // subdivision[0], int(down) // subdivision[1]


def draw_cursor(
    cursor: tuple[float, float],
    viewport: Viewport,
    subdivision: tuple[int, int],
    paint: NDArray[np.int32],
    mark: NDArray[np.uint8],
) -> None:
    """Paint the crosshair: one sample at the cursor, and four short arms that leave its neighbours and lines free."""
    across, down = np.floor(viewport.pixel_to_sample(cursor, subdivision)[0]).astype(np.intp)
    arms: list[tuple[int, int]] = []
    for step in _ARM_SAMPLES:
        arms += [(across - step, down), (across + step, down), (across, down - step), (across, down + step)]
    free = [(x, y) for x, y in arms if 0 <= x < mark.shape[1] and 0 <= y < mark.shape[0] and mark[y, x] == 0]
    _paint(np.array([(across, down), *free], dtype=np.intp), rgb(_CURSOR_COLOR), CURSOR, paint, mark)


def line_samples(points: NDArray[np.float64], shape: tuple[int, ...], *, closed: bool) -> NDArray[np.intp]:
    """Return the samples (across, down) that a polyline passes, in and out of view, without gaps inside the view.

    Segments are clipped to the view first, so that a far zoom costs no more than a near one.
    """
    ends = np.roll(points, -1, axis=0) if closed else points[1:]
    starts = points if closed else points[:-1]
    starts, ends = _clipped(starts, ends, np.array([shape[1], shape[0]], dtype=np.float64))
    if not len(starts):
        return np.empty((0, 2), dtype=np.intp)
    steps = np.ceil(np.abs(ends - starts).max(axis=1)).astype(np.intp) + 1
    segment = np.repeat(np.arange(len(steps)), steps)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(steps) - steps, steps)
    share = within / np.maximum(steps - 1, 1)[segment]
    places = starts[segment] + share[:, None] * (ends - starts)[segment]
    return np.asarray(np.floor(places), dtype=np.intp)


def _clipped(
    starts: NDArray[np.float64], ends: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Clip segments to the rectangle from one sample outside the origin to one beyond `size` (Liang and Barsky)."""
    direction = ends - starts
    with np.errstate(divide="ignore", invalid="ignore"):
        to_low = (-1.0 - starts) / direction
        to_high = (size + 1.0 - starts) / direction
    still = direction == 0
    outside = (still & ((starts < -1) | (starts > size + 1))).any(axis=1)
    enter = np.where(still, 0.0, np.minimum(to_low, to_high)).max(axis=1).clip(0.0, None)
    leave = np.where(still, 1.0, np.maximum(to_low, to_high)).min(axis=1).clip(None, 1.0)
    keep = (enter <= leave) & ~outside
    first = starts + direction * enter[:, None]
    last = starts + direction * leave[:, None]
    return first[keep], last[keep]


def _cross(middle: NDArray[np.float64]) -> NDArray[np.intp]:
    across, down = np.floor(np.clip(middle, -1e6, 1e6)).astype(np.intp)
    reach = range(-_CROSS_SAMPLES, _CROSS_SAMPLES + 1)
    return np.array([(across + step, down) for step in reach] + [(across, down + step) for step in reach])


def _paint(
    samples: NDArray[np.intp], color: int, kind: int, paint: NDArray[np.int32], mark: NDArray[np.uint8]
) -> NDArray[np.intp]:
    """Paint those samples that are in view, and return them."""
    across, down = samples[:, 0], samples[:, 1]
    inside = (across >= 0) & (down >= 0) & (across < paint.shape[1]) & (down < paint.shape[0])
    seen: NDArray[np.intp] = samples[inside]
    paint[seen[:, 1], seen[:, 0]] = color
    mark[seen[:, 1], seen[:, 0]] = kind
    return seen
