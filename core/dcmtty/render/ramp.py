"""Greys and colours as terminals have them, and glyphs by how much of a cell they fill."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

TRUECOLOR: Final = 1 << 24
"""Added to 0xRRGGBB to tell it from a palette index."""
DEFAULT: Final = -1
"""The terminal's own colour."""

_CUBE = np.array([0, 95, 135, 175, 215, 255], dtype=np.int64)
"""Levels of the 6x6x6 cube, palette entries 16 to 231 (xterm's 256colres.pl)."""
PALETTE_GREYS: Final = {
    **{16 + 43 * step: int(level) for step, level in enumerate(_CUBE)},
    **{232 + step: 8 + 10 * step for step in range(24)},
}
"""Palette index to its grey, all 30 that the 256-colour palette has."""

ASCII_RAMP: Final = {
    " ": 0.000, ".": 0.022, ":": 0.044, ";": 0.058, "!": 0.079, "=": 0.095, "c": 0.115, "s": 0.130, "n": 0.146,
    "2": 0.160, "w": 0.175, "m": 0.191, "6": 0.200, "8": 0.218, "B": 0.234, "@": 0.252,
}  # fmt: skip
"""Glyph to the share of a cell it fills, the mean of DejaVu Sans Mono and Noto Sans Mono."""
BLOCK_RAMP: Final = {" ": 0.0, "░": 0.25, "▒": 0.5, "▓": 0.75, "█": 1.0}

SIXTEEN_SHADES: Final = (
    (" ", 8, 0), ("░", 8, 0), ("▒", 8, 0), ("▓", 8, 0), ("█", 8, 0), ("▓", 8, 7), ("▒", 8, 7), ("░", 8, 7),
    (" ", 8, 7), ("░", 15, 7), ("▒", 15, 7), ("▓", 15, 7), ("█", 15, 7),
)  # fmt: skip
"""Thirteen even steps from black to white of the four greys of 16 colours; backgrounds are 0 and 7 alone, because the
Linux console has no bright ones. (glyph, foreground, background), by the VGA levels 0, 85, 170 and 255."""
_SIXTEEN_COLORS = {
    9: (255, 85, 85), 10: (85, 255, 85), 11: (255, 255, 85), 12: (85, 85, 255), 13: (255, 85, 255), 14: (85, 255, 255),
    15: (255, 255, 255),
}  # fmt: skip


@lru_cache(maxsize=1)
def palette_of_grey() -> NDArray[np.int32]:
    """Return the palette index of the nearest grey for each grey 0 to 255, shape (256,)."""
    indexes = np.array(list(PALETTE_GREYS), dtype=np.int32)
    levels = np.array(list(PALETTE_GREYS.values()))
    return np.asarray(indexes[np.abs(levels[None, :] - np.arange(256)[:, None]).argmin(axis=1)], dtype=np.int32)


@lru_cache(maxsize=8)
def glyph_of_grey(glyphs: tuple[tuple[str, float], ...]) -> NDArray[np.uint32]:
    """Return the code point of the glyph nearest in density for each grey 0 to 255, shape (256,)."""
    points = np.array([ord(glyph) for glyph, _ in glyphs], dtype=np.uint32)
    fills = np.array([fill for _, fill in glyphs])
    wanted = np.arange(256)[:, None] / 255 * fills.max()
    return np.asarray(points[np.abs(fills[None, :] - wanted).argmin(axis=1)], dtype=np.uint32)


def palette_of_rgb(colors: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return the nearest of the palette entries 16 to 255 for colours of shape (..., 3), shape (...)."""
    wanted = colors.astype(np.int64)
    steps = _cube_steps()[colors]
    cube = 16 + steps @ np.array([36, 6, 1])
    cube_error = ((_CUBE[steps] - wanted) ** 2).sum(axis=-1)
    grey = palette_of_grey()[np.rint(wanted.mean(axis=-1)).astype(np.intp)]
    level = _grey_levels()[grey]
    grey_error = ((level[..., None] - wanted) ** 2).sum(axis=-1)
    return np.asarray(np.where(grey_error < cube_error, grey, cube), dtype=np.int32)


@lru_cache(maxsize=1)
def _cube_steps() -> NDArray[np.int64]:
    return np.asarray(np.abs(_CUBE[None, :] - np.arange(256)[:, None]).argmin(axis=1), dtype=np.int64)


@lru_cache(maxsize=1)
def _grey_levels() -> NDArray[np.int64]:
    levels = np.zeros(256, dtype=np.int64)
    for index, level in PALETTE_GREYS.items():
        levels[index] = level
    return levels


def sixteen_of_rgb(color: tuple[int, int, int]) -> int:
    """Return the bright colour of the 16 that is nearest."""
    return min(
        _SIXTEEN_COLORS,
        key=lambda index: sum((a - b) ** 2 for a, b in zip(_SIXTEEN_COLORS[index], color, strict=True)),
    )
