"""Patient directions as letters: from direction cosines alone, never from Patient Position (PS3.3 C.7.6.1.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))
_SMALLEST_SHOWN = 0.05
_SQUARE_TOLERANCE = 1e-6


def letters(direction: Sequence[float] | NDArray[np.float64]) -> str:
    """Return the letters of a patient direction, the largest part first, e.g. `L` or `PH` (LPS axes)."""
    vector = np.asarray(direction, dtype=np.float64)
    order = sorted(range(3), key=lambda axis: -abs(float(vector[axis])))
    return "".join(
        _LETTERS[axis][0 if vector[axis] > 0 else 1] for axis in order if abs(float(vector[axis])) > _SMALLEST_SHOWN
    )


def position_text(normal: NDArray[np.float64], origin_xyz: NDArray[np.float64]) -> str:
    """Return where a plane lies: its patient coordinate when it is square to an axis (`z -12.50 mm`).

    Otherwise it is the distance from the origin along the normal, which alone would have the other sign than x, y or z
    wherever the normal points that way.
    """
    axis = int(np.abs(normal).argmax())
    if abs(float(normal[axis])) > 1 - _SQUARE_TOLERANCE:
        return f"{'xyz'[axis]} {float(origin_xyz[axis]):.2f} mm"
    return f"{float(origin_xyz @ normal):.2f} mm along the normal"


def plane_name(normal: Sequence[float] | NDArray[np.float64]) -> str:
    """Return `axial`, `coronal` or `sagittal`, with `oblique ` in front when it is more than about 10 degrees off."""
    vector = np.abs(np.asarray(normal, dtype=np.float64))
    axis = int(vector.argmax())
    name = ("sagittal", "coronal", "axial")[axis]
    return name if float(vector[axis]) > np.cos(np.radians(10)) else f"oblique {name}"
