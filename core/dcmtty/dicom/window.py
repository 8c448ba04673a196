"""Which window a picture is shown through: of the header, a preset, an automatic one, or stepped by key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dcmtty.dicom.picture import Picture, valid_values
from dcmtty.dicom.presets import CT_PRESETS, PERCENTILE_PRESETS, PET_PRESETS
from dcmtty.dicom.voi import VoiFunction, Window, apply_window, checked_window
from dcmtty.errors import UsageError
from dcmtty.text import visible

__all__ = [
    "VoiFunction",
    "Window",
    "apply_window",
    "auto_window",
    "choices",
    "default_window",
    "grey",
    "parse_window",
    "presets",
    "stepped",
]

_COLOR_WINDOW = Window(127.5, 255.0, "colour", "LINEAR_EXACT")
_SMALLEST_WIDTH = 1e-6


def presets(modality: str) -> tuple[Window, ...]:
    """Return the fixed presets of a modality: those of CT in HU, none for others (see `choices`)."""
    return CT_PRESETS if modality == "CT" else ()


def auto_window(picture: Picture, low_percent: float = 0.5, high_percent: float = 99.5, name: str = "auto") -> Window:
    """Return the window between two percentiles of the valid values; padding and gaps do not count.

    A constant picture gets a window around its value, so that nothing is divided by zero.
    """
    values = valid_values(picture)
    if not values.size:
        return _COLOR_WINDOW if picture.is_color else Window(0.5, 1.0, name, "LINEAR_EXACT")
    low, high = (float(value) for value in np.percentile(values, (low_percent, high_percent)))
    if picture.modality == "PT" and low_percent == 0:
        low = min(low, 0.0)
    if not high > low:
        low, high = float(values.min()), float(values.max())
    if not high > low:
        return Window(low, max(abs(low) * 0.1, 1.0), name, "LINEAR_EXACT")
    return Window((low + high) / 2, high - low, name, "LINEAR_EXACT")


def choices(picture: Picture) -> tuple[Window, ...]:
    """Return every window offered for a picture, in order: the header's, then presets, then automatic ones."""
    if picture.is_color:
        return (_COLOR_WINDOW,)
    if picture.modality == "CT":
        fixed = (*presets("CT"), auto_window(picture))
    else:
        percentiles = PET_PRESETS if picture.modality == "PT" else PERCENTILE_PRESETS
        fixed = tuple(auto_window(picture, low, high, name) for name, (low, high) in percentiles.items())
    return (*picture.windows, *fixed)


def default_window(picture: Picture) -> Window:
    """Return the first window of the header; else soft tissue for Hounsfield units, or the automatic one."""
    if picture.windows and not picture.is_color:
        return picture.windows[0]
    if picture.unit == "HU":
        return CT_PRESETS[0]
    if picture.modality == "PT":
        return auto_window(picture, *PET_PRESETS["auto"])
    return auto_window(picture)


def parse_window(text: str, picture: Picture) -> Window:
    """Return the window that a user names: `C/W` (centre/width) or the name of a choice, e.g. `lung`.

    Raises:
        UsageError: no such preset here, or no such numbers.
    """
    center_text, slash, width_text = text.partition("/")
    if slash:
        try:
            window = checked_window(float(center_text), float(width_text))
        except ValueError:
            window = None
        if window is None:
            raise UsageError(
                f"'{visible(text, 40)}' is no window", remedy="give CENTRE/WIDTH with a width above 0, e.g. 40/400"
            )
        return window
    offered = choices(picture)
    wanted = text.strip().lower().replace("-", " ")
    for window in offered:
        if window.name.lower() == wanted:
            return window
    names = ", ".join(window.name for window in offered if window.name)
    raise UsageError(f"no window preset '{visible(text, 40)}' here", remedy=f"use CENTRE/WIDTH or one of: {names}")


def stepped(window: Window, *, center_steps: int = 0, width_steps: int = 0) -> Window:
    """Return the window moved by key; a step of either number is a tenth of the width."""
    width = window.width * 1.1**width_steps
    center = window.center + center_steps * window.width / 10
    if window.width >= 10:
        width, center = float(round(width)) or 1.0, float(round(center))
        if width_steps and width == window.width:
            width += 1 if width_steps > 0 else -1
    width = max(width, _SMALLEST_WIDTH)
    function: VoiFunction = "LINEAR_EXACT" if window.function == "LINEAR" and width < 1 else window.function
    return replace(window, center=center, width=width, name="", function=function)


def grey(picture: Picture, window: Window, inverted: bool = False) -> NDArray[np.uint8]:  # noqa: FBT001, FBT002 - the flag is named at every call
    """Return the picture as it is seen, uint8 (rows, columns) or (rows, columns, 3).

    `inverted` is the user's wish; MONOCHROME1 inverts once more. Missing values and padding become 0.
    """
    shown = display_values(picture, window, inverted=inverted)
    out = np.rint(np.nan_to_num(shown, nan=0.0)).astype(np.uint8)
    if picture.padding is not None:
        out[picture.padding] = 0
    return out


def display_values(picture: Picture, window: Window, *, inverted: bool = False) -> NDArray[np.float32]:
    """Return 0.0 to 255.0 as seen, float32 of the picture's shape; missing values stay NaN."""
    values = np.asarray(picture.values, dtype=np.float32)
    plain = picture.is_color and window == _COLOR_WINDOW
    shown = values if plain else apply_window(values, window)
    return 255.0 - shown if picture.inverted != inverted else shown
