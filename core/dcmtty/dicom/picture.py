"""One decoded frame with all that must be known to show it and to read its values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dcmtty.dicom.voi import Window
from dcmtty.geometry.plane import Plane
from dcmtty.versions import next_version


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A frame as it is shown: rescaled values, or colours; arrays are read-only."""

    values: NDArray[np.float32] | NDArray[np.uint8]
    """float32 (rows, columns), rescaled, NaN where a reformatted view has no slice; or RGB uint8 (rows, columns, 3)."""
    unit: str = ""
    """`HU` for CT only, else Units, Dose Units or Rescale Type as the header gives them; safe for a terminal."""
    padding: NDArray[np.bool_] | None = None
    """Where the stored value is Pixel Padding (PS3.3 C.7.5.1.1.2), (rows, columns); None when nowhere."""
    plane: Plane | None = None
    header_spacing: tuple[float, float] = (1.0, 1.0)
    """(row, column) spacing for a picture without a plane: of the header in mm, or only their ratio."""
    is_color: bool = False
    inverted: bool = False
    """MONOCHROME1: the lowest value is the brightest."""
    windows: tuple[Window, ...] = ()
    """The windows of the header, alternatives in their order."""
    sop_instance_uid: str = ""
    """Empty for a reformatted view."""
    frame: int = 1
    """From 1; 0 for a reformatted view."""
    modality: str = ""
    version: int = field(default_factory=next_version)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """(row spacing, column spacing) of the plane, or what the header says of a picture without one."""
        return (self.plane.row_spacing_mm, self.plane.column_spacing_mm) if self.plane else self.header_spacing


def valid_values(picture: Picture) -> NDArray[np.float32]:
    """Return the values that are neither padding nor missing nor infinite, shape (n,); empty for colour."""
    if picture.is_color:
        return np.empty(0, dtype=np.float32)
    values = np.asarray(picture.values, dtype=np.float32)
    good = np.isfinite(values)
    if picture.padding is not None:
        good &= ~picture.padding
    return values[good]


def value_text(picture: Picture, column: float, row: float) -> str:
    """Return what the pixel under a point holds, e.g. `43 HU`, `padding`, `gap`, `outside` or `12 200 7` for colour."""
    x, y = math.floor(column + 0.5), math.floor(row + 0.5)
    if not (0 <= x < picture.columns and 0 <= y < picture.rows):
        return "outside"
    if picture.is_color:
        return " ".join(str(int(part)) for part in picture.values[y, x])
    if picture.padding is not None and picture.padding[y, x]:
        return "padding"
    value = float(picture.values[y, x])
    if math.isnan(value):
        return "gap"
    text = f"{value:.0f}" if value.is_integer() and abs(value) < 1e7 else f"{value:.5g}"
    return f"{text} {picture.unit}".rstrip()
