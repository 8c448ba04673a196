"""The frozen grid of terminal cells: glyphs and two colours each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dcmtty.versions import next_version

Depth = Literal["truecolor", "256", "16", "none"]
"""How many colours the terminal has."""

UPPER_HALF: Final = ord("▀")
LOWER_HALF: Final = ord("▄")
FULL: Final = ord("█")
SPACE: Final = ord(" ")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What a terminal shows, shape (rows, columns) each; arrays are read-only."""

    glyphs: NDArray[np.uint32]
    """Code points, each one cell wide."""
    foreground: NDArray[np.int32]
    """Palette index, 0xRRGGBB | 1 << 24, or -1 for the terminal's own colour."""
    background: NDArray[np.int32]
    version: int = field(default_factory=next_version)
