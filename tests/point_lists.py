"""What the tests of point lists share: two series, a triangle, and a list on disk."""

from __future__ import annotations

from pathlib import Path

from dcmtty.contours.model import Roi
from made_series import made_series

OBLIQUE = made_series(6, angles=(0.3, -0.5, 1.1))
AXIAL = made_series(6)
HEAD = "roi,geometric_type,contour,x,y,z"
TRIANGLE = "A,CLOSED_PLANAR,1,-10,-20,103\nA,CLOSED_PLANAR,1,5,-20,103\nA,CLOSED_PLANAR,1,0,10.5,103\n"


def listed(folder: Path, text: str | bytes, name: str = "list.csv") -> Path:
    """A point list on disk."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def points_of(rois: tuple[Roi, ...]) -> list[list[list[float]]]:
    """The coordinates of all contours."""
    return [contour.points_xyz.tolist() for roi in rois for contour in roi.contours]
