"""Pictures made of numbers alone, for what draws them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dcmtty.dicom.picture import Picture
from dcmtty.dicom.voi import Window
from dcmtty.geometry.plane import Plane, plane_from_header

PLAIN = Window(127.5, 255, "", "LINEAR_EXACT")
"""Shows the values 0 to 255 as the greys 0 to 255."""
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def plane(
    rows: int, columns: int, row_mm: float = 1.0, column_mm: float = 1.0, orientation: tuple[float, ...] = AXIAL
) -> Plane:
    """A plane at the origin."""
    return plane_from_header([0.0, 0.0, 0.0], orientation, [row_mm, column_mm], rows, columns)


def grey_picture(values: ArrayLike, row_mm: float = 1.0, column_mm: float = 1.0, **others: Any) -> Picture:  # noqa: ANN401 - fields of Picture
    """A picture of these values on an axial plane."""
    array = np.asarray(values, dtype=np.float32)
    rows, columns = array.shape
    return Picture(array, plane=plane(rows, columns, row_mm, column_mm), sop_instance_uid="1.2.3", **others)


def color_picture(values: ArrayLike) -> Picture:
    """An RGB picture without a plane."""
    return Picture(np.asarray(values, dtype=np.uint8), is_color=True)
