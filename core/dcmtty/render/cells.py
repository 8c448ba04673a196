"""Terminal cells of a scene: which glyph in which two colours, for as many colours as the terminal has."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dcmtty.render.ansi import to_ansi
from dcmtty.render.drawing import CURSOR, EMPHASISED, LINE, VERTEX
from dcmtty.render.grid import FULL, LOWER_HALF, SPACE, UPPER_HALF, Cells, Depth
from dcmtty.render.ramp import (
    ASCII_RAMP,
    BLOCK_RAMP,
    DEFAULT,
    SIXTEEN_SHADES,
    TRUECOLOR,
    glyph_of_grey,
    palette_of_grey,
    palette_of_rgb,
    sixteen_of_rgb,
)
from dcmtty.render.scene import HALF_BLOCK, Scene

__all__ = ["Cells", "Depth", "ascii_cells", "half_blocks", "to_ansi"]

_DOT: Final = ord("·")
_MARK_GLYPHS = {LINE: "o", EMPHASISED: "O", VERTEX: "x", CURSOR: "+"}
"""What an overlay looks like where colour cannot tell it from the picture; none of them is in a ramp."""
_ASCII_GAP: Final = ord("~")
_GAP_COLOR, _GAP_DOT_COLOR = (0, 0, 95), (135, 135, 135)
"""A gap is not black: so is air."""
_GAP_OF_SIXTEEN, _DOT_OF_SIXTEEN = 4, 7


def half_blocks(scene: Scene, depth: Depth) -> Cells:
    """Draw two samples per cell with the upper half block; with fewer than 256 colours one shaded cell per two samples.

    A cell of one colour is a space whose foreground equals its background.
    """
    _require_half_block(scene)
    if depth == "none":
        return _dense(scene, depth, tuple(BLOCK_RAMP.items()), _DOT)
    if depth == "16":
        return _shaded(scene)
    codes = _codes(scene, depth)
    upper, lower = codes[0::2], codes[1::2]
    glyphs = np.where(upper == lower, np.uint32(SPACE), np.uint32(UPPER_HALF))
    foreground, background = upper.copy(), lower.copy()
    gaps = _gap_cells(scene, np.logical_and)
    glyphs[gaps], foreground[gaps] = _DOT, _code(_GAP_DOT_COLOR, depth)
    return _labelled(scene, depth, glyphs, foreground, background)


def ascii_cells(scene: Scene, depth: Depth) -> Cells:
    """Draw one ASCII glyph per cell by density; only overlays, letters and colour pictures are coloured."""
    _require_half_block(scene)
    return _dense(scene, depth, tuple(ASCII_RAMP.items()), _ASCII_GAP)


def _require_half_block(scene: Scene) -> None:
    if scene.subdivision != HALF_BLOCK:
        raise ValueError(f"a scene of {scene.subdivision} samples per cell, {HALF_BLOCK} needed")


def _code(color: tuple[int, int, int], depth: Depth) -> int:
    """Return one overlay colour as the terminal wants it."""
    red, green, blue = color
    if depth == "truecolor":
        return red << 16 | green << 8 | blue | TRUECOLOR
    if depth == "256":
        return int(palette_of_rgb(np.array(color, dtype=np.uint8)))
    return sixteen_of_rgb(color) if depth == "16" else DEFAULT


def _painted_codes(paint: NDArray[np.int32], depth: Depth) -> NDArray[np.int32]:
    """Return the codes of painted samples, shape (n,), given as 0xRRGGBB."""
    colors, which = np.unique(paint, return_inverse=True)
    codes = [_code((int(color) >> 16, int(color) >> 8 & 255, int(color) & 255), depth) for color in colors]
    return np.array(codes, dtype=np.int32)[which]


def _codes(scene: Scene, depth: Literal["truecolor", "256"]) -> NDArray[np.int32]:
    """Return the colour code of every sample."""
    levels = scene.levels
    if scene.is_color:
        wide = levels.astype(np.int32)
        full = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2] | TRUECOLOR
        codes = full if depth == "truecolor" else palette_of_rgb(levels)
    elif depth == "truecolor":
        codes = levels.astype(np.int32) * 0x010101 | TRUECOLOR
    else:
        codes = palette_of_grey()[levels]
    if scene.gap.any():
        codes[scene.gap] = _code(_GAP_COLOR, depth)
    painted = scene.paint >= 0
    if painted.any():
        codes[painted] = _painted_codes(scene.paint[painted], depth)
    return codes


def _cell_levels(scene: Scene) -> NDArray[np.uint8]:
    """Return one grey per cell, the mean of its samples."""
    levels = scene.levels.astype(np.float32)
    if scene.is_color:
        # Rec. 601 luma, as JPEG and YBR_FULL have it.
        levels = levels @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.rint((levels[0::2] + levels[1::2]) / 2).astype(np.uint8)


def _gap_cells(scene: Scene, combine: np.ufunc) -> NDArray[np.bool_]:
    """Return the cells that are a gap, in both samples or in one of them, where nothing is painted."""
    unpainted = (scene.paint[0::2] < 0) & (scene.paint[1::2] < 0)
    return np.asarray(combine(scene.gap[0::2], scene.gap[1::2]) & unpainted, dtype=np.bool_)


def _dense(scene: Scene, depth: Depth, ramp: tuple[tuple[str, float], ...], gap_glyph: int) -> Cells:
    """Draw by density, overlays as letters."""
    glyphs = glyph_of_grey(ramp)[_cell_levels(scene)]
    foreground = np.full(glyphs.shape, DEFAULT, dtype=np.int32)
    background = np.full(glyphs.shape, DEFAULT, dtype=np.int32)
    if scene.is_color and depth in {"truecolor", "256"}:
        foreground = _codes(scene, "truecolor" if depth == "truecolor" else "256")[0::2].copy()
    glyphs[_gap_cells(scene, np.logical_or)] = gap_glyph
    first, second = scene.mark[0::2], scene.mark[1::2]
    mark = np.maximum(first, second)
    painted = mark > 0
    for kind, glyph in _MARK_GLYPHS.items():
        glyphs[mark == kind] = ord(glyph)
    paint = np.where(first >= second, scene.paint[0::2], scene.paint[1::2])
    if depth != "none" and painted.any():
        foreground[painted] = _painted_codes(paint[painted], depth)
    return _labelled(scene, depth, glyphs, foreground, background)


def _shaded(scene: Scene) -> Cells:
    """Draw with 16 colours: thirteen shades of four greys, overlays as half blocks."""
    levels = _cell_levels(scene)
    steps = np.rint(levels / 255 * (len(SIXTEEN_SHADES) - 1)).astype(np.intp)
    glyphs = np.array([ord(glyph) for glyph, _, _ in SIXTEEN_SHADES], dtype=np.uint32)[steps]
    foreground = np.array([fore for _, fore, _ in SIXTEEN_SHADES], dtype=np.int32)[steps]
    background = np.array([back for _, _, back in SIXTEEN_SHADES], dtype=np.int32)[steps]
    gaps = _gap_cells(scene, np.logical_or)
    glyphs[gaps], foreground[gaps], background[gaps] = _DOT, _DOT_OF_SIXTEEN, _GAP_OF_SIXTEEN
    upper, lower = scene.paint[0::2], scene.paint[1::2]
    for here, other, glyph in ((lower, upper, LOWER_HALF), (upper, lower, UPPER_HALF)):
        painted = here >= 0
        if painted.any():
            foreground[painted] = _painted_codes(here[painted], "16")
            glyphs[painted] = np.where(other[painted] == here[painted], FULL, glyph)
    return _labelled(scene, "16", glyphs, foreground, background)


def _labelled(
    scene: Scene,
    depth: Depth,
    glyphs: NDArray[np.uint32],
    foreground: NDArray[np.int32],
    background: NDArray[np.int32],
) -> Cells:
    """Write the labels over the cells and freeze them."""
    behind = DEFAULT if background.size and background[0, 0] == DEFAULT else _black(depth)
    for label in scene.labels:
        color = _code(label.color, depth)
        for offset, char in enumerate(label.text):
            place = label.cell_row, label.cell_column + offset
            if 0 <= place[0] < glyphs.shape[0] and 0 <= place[1] < glyphs.shape[1]:
                glyphs[place], foreground[place], background[place] = ord(char), color, behind
    for array in (glyphs, foreground, background):
        array.setflags(write=False)
    return Cells(glyphs, foreground, background)


def _black(depth: Depth) -> int:
    return {"truecolor": TRUECOLOR, "256": 16, "16": 0, "none": DEFAULT}[depth]
