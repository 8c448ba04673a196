"""The anatomy of the phantom as formulas: what is where in patient millimetres, and which shapes are known exactly.

Lengths are in the patient's LPS axes (x to the left, y to the back, z to the head); values are in Hounsfield units.
Only basic arithmetic, comparison and whole numbers make the picture, so every machine draws the same bytes.
"""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

COLUMNS: Final = 160
ROWS: Final = 120
COLUMN_SPACING_UM: Final = 2250
"""Distance between neighbouring columns in micrometres: the second value of Pixel Spacing."""
ROW_SPACING_UM: Final = 2500
"""Distance between neighbouring rows in micrometres: the first value of Pixel Spacing."""
ORIGIN_UM: Final = (-179_000, -148_750, -812_500)
"""Centre of the first pixel of the lowest slice."""
SLICE_STEP_UM: Final = 4000
POSITIONS: Final = 46
MISSING_POSITION: Final = 22
"""Index from 0, counted from the feet, of the slice position that has no file."""

NODULE_CENTRE_UM: Final = (78_400, -22_600, -683_000)
NODULE_RADIUS_UM: Final = 13_000

INTERCEPT_HU: Final = -1024
PADDING_STORED: Final = -2000
"""Stored value of the pixels outside the round field of view."""

_FIELD_OF_VIEW_RADIUS_MM: Final = 178.5
_SUBSAMPLES: Final = 3
_AIR, _LUNG, _FAT, _MUSCLE, _BLOOD, _BONE = -1000, -850, -100, 45, 180, 500

_Grid = NDArray[np.float64]
_Mask = NDArray[np.bool_]


def positions() -> list[int]:
    """The slice positions that have a file, as indices from 0 counted from the feet."""
    return [index for index in range(POSITIONS) if index != MISSING_POSITION]


def slice_z_um(position: int) -> int:
    """Patient z in micrometres of the slice position with that index."""
    return ORIGIN_UM[2] + position * SLICE_STEP_UM


def stored_pixels(position: int) -> NDArray[np.int16]:
    """Stored values of one slice, shape (rows, columns): anatomy averaged over each pixel, noise, and padding."""
    z = slice_z_um(position) / 1000
    total = np.zeros((ROWS, COLUMNS), dtype=np.int32)
    for column_part in range(_SUBSAMPLES):
        for row_part in range(_SUBSAMPLES):
            x, y = _grid(column_part - _SUBSAMPLES // 2, row_part - _SUBSAMPLES // 2)
            total += _anatomy(x, y, z)
    stored = total // _SUBSAMPLES**2 + _noise(position) - INTERCEPT_HU
    x, y = _grid(0, 0)
    stored[x * x + y * y > _FIELD_OF_VIEW_RADIUS_MM**2] = PADDING_STORED
    return stored.astype(np.int16)


def _grid(column_part: int, row_part: int) -> tuple[_Grid, _Grid]:
    """Patient x of the columns, shape (1, columns), and y of the rows, shape (rows, 1), shifted by parts of a pixel."""
    columns = np.arange(COLUMNS) * _SUBSAMPLES + column_part
    rows = np.arange(ROWS) * _SUBSAMPLES + row_part
    x = (ORIGIN_UM[0] + columns * (COLUMN_SPACING_UM // _SUBSAMPLES)) / 1000
    y = (ORIGIN_UM[1] + rows * ROW_SPACING_UM / _SUBSAMPLES) / 1000
    return x[np.newaxis, :], y[:, np.newaxis]


def _noise(position: int) -> NDArray[np.int32]:
    """Bell-shaped noise of about 12 HU from a hash: a random generator's stream may change between versions."""
    parts = 4
    stream = hashlib.shake_256(b"dcmtty thorax phantom %d" % position).digest(ROWS * COLUMNS * parts)
    summed = np.frombuffer(stream, dtype=np.uint8).reshape(ROWS, COLUMNS, parts).sum(axis=2, dtype=np.int32)
    return np.asarray((summed - 510 + 6) // 12, dtype=np.int32)


def _ellipsoid(offset: tuple[_Grid, _Grid, float], half_axes: tuple[float, float, float]) -> _Mask:
    x, y, z = offset
    a, b, c = half_axes
    return np.asarray((x / a) * (x / a) + (y / b) * (y / b) + (z / c) * (z / c) <= 1.0)


def _ellipse(x: _Grid, y: _Grid, a: float, b: float) -> _Mask:
    return np.asarray((x / a) * (x / a) + (y / b) * (y / b) <= 1.0)


def _anatomy(x: _Grid, y: _Grid, z: float) -> NDArray[np.int32]:
    """Hounsfield units at the points (x, y, z); what is painted later lies in front."""
    hu = np.full((ROWS, COLUMNS), _AIR, dtype=np.int32)
    hu[(y > 114) & (y < 122) & (x > -150) & (x < 150)] = -150
    hu[_ellipse(x, y, 165, 108)] = _FAT
    hu[_ellipse(x, y, 150, 93)] = _MUSCLE
    _paint_ribs(hu, x, y, z)
    _paint_lungs(hu, x, y, z)
    _paint_mediastinum(hu, x, y, z)
    _paint_spine(hu, x, y, z)
    centre_x, centre_y, centre_z = (value / 1000 for value in NODULE_CENTRE_UM)
    radius = NODULE_RADIUS_UM / 1000
    hu[_ellipsoid((x - centre_x, y - centre_y, z - centre_z), (radius, radius, radius))] = 40
    return hu


def _paint_ribs(hu: NDArray[np.int32], x: _Grid, y: _Grid, z: float) -> None:
    """Paint twelve-millimetre bands of a shell around the chest that fall towards the front, and the breastbone."""
    shell = _ellipse(x, y, 147, 90) & ~_ellipse(x, y, 138, 82)
    height = z + 900 - 0.4 * y + 0 * x
    hu[shell & (height % 30 < 12) & (y > -78)] = _BONE
    hu[(x > -17) & (x < 17) & (y > -88) & (y < -78) & (z > -770)] = 300


def _paint_lungs(hu: NDArray[np.int32], x: _Grid, y: _Grid, z: float) -> None:
    """Paint both lungs with vessels that leave the hilum, and the liver and the stomach that push up from below."""
    right = _ellipsoid((x + 72, y - 2, z + 720), (57, 74, 104))
    left = _ellipsoid((x - 72, y - 2, z + 720), (57, 74, 104))
    lungs = right | left
    hu[lungs] = _LUNG
    for out, back, up in ((1.0, 0.9, 0.5), (1.0, -0.9, -0.6), (1.0, 0.5, -1.2), (1.0, 0.3, 1.6), (1.0, 0.1, -0.2)):
        along = (z + 715) / up
        if 0 < along < 60:
            tube = 3.4 - along / 30
            for side in (-1, 1):
                across_x, across_y = x - side * (28 + out * along), y - back * along
                hu[lungs & (across_x * across_x + across_y * across_y < tube * tube)] = 30
    hu[_ellipsoid((x + 62, y + 4, z + 832), (84, 80, 62))] = 60
    hu[_ellipsoid((x - 74, y - 6, z + 834), (62, 72, 48))] = 50
    hu[_ellipsoid((x - 70, y + 34, z + 806), (26, 18, 16))] = _AIR


def _paint_mediastinum(hu: NDArray[np.int32], x: _Grid, y: _Grid, z: float) -> None:
    """Paint the heart with its chambers, both parts of the aorta, and the windpipe with its fork."""
    hu[_ellipsoid((x - 24, y + 30, z + 757), (54, 44, 48))] = _MUSCLE
    hu[_ellipsoid((x - 40, y + 34, z + 760), (26, 24, 30))] = _BLOOD
    hu[_ellipsoid((x + 2, y + 34, z + 754), (20, 24, 28))] = _BLOOD - 40
    hu[_ellipse(x - 24, y - 42, 12, 12)] = _BLOOD
    if z > -725:
        hu[_ellipse(x + 8, y + 36, 14, 14)] = _BLOOD
    if z > -700:
        hu[_ellipse(x, y - 6, 9, 8)] = _AIR
    elif z > -735:
        spread = (-700 - z) * 0.8
        hu[_ellipse(x - spread, y - 6, 7, 6) | _ellipse(x + spread, y - 6, 7, 6)] = _AIR


def _paint_spine(hu: NDArray[np.int32], x: _Grid, y: _Grid, z: float) -> None:
    """Paint vertebral bodies with discs between them, the canal, and the arch behind it."""
    body_hu = 80 if (z + 900) % 28 < 5 else 350
    hu[_ellipse(x, y - 60, 19, 15)] = body_hu
    hu[_ellipse(x, y - 82, 15, 12)] = _BONE
    hu[(x > -4) & (x < 4) & (y > 90) & (y < 101)] = _BONE
    hu[_ellipse(x, y - 81, 9, 8)] = 20
