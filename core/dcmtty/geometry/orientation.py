"""Patient directions as letters: from direction cosines alone, never from Patient Position (PS3.3 C.7.6.1.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
_SMALLEST_SHOWN = 0.05


def letters(direction: Sequence[float] | NDArray[np.float64]) -> str:
    """Return the letters of a patient direction, the largest part first, e.g. `L` or `PH` (LPS axes)."""
    vector = np.asarray(direction, dtype=np.float64)
    order = sorted(range(3), key=lambda axis: -abs(float(vector[axis])))
    return "".join(
        _LETTERS[axis][0 if vector[axis] > 0 else 1] for axis in order if abs(float(vector[axis])) > _SMALLEST_SHOWN
    )


def plane_name(normal: Sequence[float] | NDArray[np.float64]) -> str:
    """Return `axial`, `coronal` or `sagittal`, with `oblique ` in front when it is more than about 10 degrees off."""
    vector = np.abs(np.asarray(normal, dtype=np.float64))
    axis = int(vector.argmax())
    name = ("sagittal", "coronal", "axial")[axis]
    return name if float(vector[axis]) > np.cos(np.radians(10)) else f"oblique {name}"
