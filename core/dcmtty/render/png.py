"""A slice as a PNG file: square pixels in millimetres, the smaller spacing kept, contours over it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from dcmtty.dicom.picture import Picture
from dcmtty.dicom.window import Window
from dcmtty.errors import InputError
from dcmtty.render.scene import Overlay, compose
from dcmtty.render.viewport import fit

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PIXELS = 64 << 20
_ONE_SAMPLE = (1, 1)


def png_bytes(picture: Picture, window: Window, overlays: tuple[Overlay, ...] = ()) -> bytes:
    """Return the picture as an 8-bit PNG, grey or RGB; nothing of the patient is written into it.

    Raises:
        InputError: in square pixels it would have more than 64 million.
    """
    row_mm, column_mm = picture.spacing_mm
    smaller = min(row_mm, column_mm)
    wide, high = picture.columns * column_mm / smaller, picture.rows * row_mm / smaller
    if wide * high > MAX_PIXELS:
        raise InputError("the slice has more than 64 million square pixels", remedy="its pixel spacing is unusual")
    viewport = fit(picture, max(round(wide), 1), max(round(high), 1), cell_aspect=1.0)
    scene = compose(picture, viewport, window, overlays=overlays, letters=False, subdivision=_ONE_SAMPLE)
    levels = scene.levels
    painted = scene.paint >= 0
    if painted.any():
        levels = levels.copy() if scene.is_color else np.repeat(levels[..., np.newaxis], 3, axis=2)
        colors = scene.paint[painted]
        levels[painted] = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=1)
    stream = BytesIO()
    Image.fromarray(levels).save(stream, format="PNG")
    return stream.getvalue()
