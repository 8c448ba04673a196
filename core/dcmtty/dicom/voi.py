"""The VOI window: from rescaled values to grey, by the formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

_LARGEST_EXPONENT = 80.0
"""exp of more than this overflows single precision; the curve is flat there."""


@dataclass(frozen=True, slots=True)
class Window:
    """Window Center and Window Width with the function that uses them; compares and hashes by value."""

    center: float
    width: float
    """At least 1 for LINEAR, above 0 otherwise."""
    name: str = ""
    """Window Center & Width Explanation, or the name of a preset; safe for a terminal."""
    function: VoiFunction = "LINEAR"

    def label(self) -> str:
        """Return the window as a user reads it, e.g. `W400 L40 soft tissue`."""
        return f"W{self.width:g} L{self.center:g} {self.name}".rstrip()


def checked_window(center: float, width: float, name: str = "", function: str = "LINEAR") -> Window | None:
    """Return a window that can be applied, or None.

    A LINEAR width below 1 is invalid (PS3.3 C.11.2.1.2.1) but ordinary in PET; it is taken as LINEAR_EXACT.
    """
    if not (math.isfinite(center) and math.isfinite(width)) or width <= 0:
        return None
    if function == "SIGMOID":
        return Window(center, width, name, "SIGMOID")
    exact = function == "LINEAR_EXACT" or width < 1
    return Window(center, width, name, "LINEAR_EXACT" if exact else "LINEAR")


def apply_window(values: NDArray[np.float32], window: Window) -> NDArray[np.float32]:
    """Map values to grey from 0.0 (lowest) to 255.0 (highest), same shape; NaN stays NaN.

    LINEAR is PS3.3 C.11.2.1.2.1, SIGMOID C.11.2.1.3.1, LINEAR_EXACT C.11.2.1.3.2, each with y from 0 to 255.
    """
    if window.function == "SIGMOID":
        exponent = (values - np.float32(window.center)) * np.float32(-4.0 / window.width)
        np.clip(exponent, -_LARGEST_EXPONENT, _LARGEST_EXPONENT, out=exponent)
        return np.asarray(255.0 / (1.0 + np.exp(exponent)), dtype=np.float32)
    linear = window.function == "LINEAR"
    center = window.center - 0.5 if linear else window.center
    width = window.width - 1.0 if linear else window.width
    if width <= 0:
        step = np.where(values > center, np.float32(255), np.float32(0))
        return np.where(np.isnan(values), values, step).astype(np.float32)
    # Subtracting first keeps single precision exact where centre and values are large and the width is small.
    out = values - np.float32(center)
    out *= np.float32(255.0 / width)
    out += np.float32(127.5)
    return np.clip(out, 0.0, 255.0, out=out)
