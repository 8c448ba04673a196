"""What changed between two frames of the screen, so that only that is sent."""

from __future__ import annotations

import numpy as np

from dcmtty.render.grid import Cells


def changed_rows(before: Cells | None, after: Cells) -> list[int]:
    """Return the rows that look different, in order; all of them when there was nothing, or another size."""
    if before is after:
        return []
    if before is None or before.glyphs.shape != after.glyphs.shape:
        return list(range(after.glyphs.shape[0]))
    different = (
        (before.glyphs != after.glyphs).any(axis=1)
        | (before.foreground != after.foreground).any(axis=1)
        | (before.background != after.background).any(axis=1)
    )
    return [int(row) for row in np.flatnonzero(different)]
