"""Decimal strings for contours: one fixed grid of 0.001 mm, so that every reader gets back the same numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcmtty.errors import BuildRefused

DECIMALS = 3
LARGEST_MM = 99_999_999_999.999
"""The largest amount whose text, with a minus sign, has the 16 characters of a DS (PS3.5 6.2)."""

_SCALE = 10**DECIMALS
_SPLITTER = float(2**27 + 1)
_ZERO, _MINUS, _POINT, _BACKSLASH = b"0"[0], b"-"[0], b"."[0], b"\\"[0]


def grid_steps(values_mm: ArrayLike) -> NDArray[np.int64]:
    """Return whole thousandths of a millimetre, same shape: the exact binary value rounded half to even.

    The product by 1000 is carried with its rounding error (Dekker's split), so 0.0005, which as a double lies a little
    above the tie, goes to 1 and not to 0.

    Raises:
        BuildRefused: a value is not finite, or its text would not fit 16 characters.
    """
    values = np.asarray(values_mm, dtype=np.float64)
    if not np.isfinite(values).all():
        raise BuildRefused("a coordinate is not a finite number", remedy="correct the point")
    if values.size and float(np.abs(values).max()) > LARGEST_MM:
        raise BuildRefused("a coordinate does not fit the 16 characters of a DS", remedy="correct the point")
    spread = values * _SPLITTER
    high = spread - (spread - values)
    low = values - high
    product = values * _SCALE
    error = (high * _SCALE - product) + low * _SCALE
    nearest = np.rint(product)
    past = product - nearest
    steps: NDArray[np.int64] = nearest.astype(np.int64)
    steps += (past == 0.5) & (error > 0)
    steps -= (past == -0.5) & (error < 0)
    return steps


def mm_of(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the millimetres that a reader gets back from steps, same shape."""
    values: NDArray[np.float64] = steps / _SCALE
    return values


def on_grid(values_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the values that a reader gets back from what is written, same shape."""
    return mm_of(grid_steps(values_mm))


def ds_bytes(values_mm: ArrayLike) -> bytes:
    r"""Return the values as DS text joined by backslashes: at most 3 decimals, no exponent, no `-0`, zeros trimmed.

    Raises:
        BuildRefused: a value is not finite, or its text would not fit 16 characters.
    """
    return steps_text(grid_steps(values_mm))


def steps_text(steps: NDArray[np.int64]) -> bytes:
    """Return steps of the grid as the DS text of their millimetres, joined by backslashes."""
    if not steps.size:
        return b""
    digits, kept = _characters(steps.ravel())
    return digits[kept][:-1].tobytes()


def _characters(steps: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return one row of characters per value (sign, digits, point, decimals, backslash) and which of them count."""
    amounts = np.abs(steps)
    whole_digits = max(len(str(int(amounts.max()))) - DECIMALS, 1)
    text = np.empty((steps.size, whole_digits + DECIMALS + 3), dtype=np.uint8)
    kept = np.ones(text.shape, dtype=bool)
    text[:, 0], text[:, whole_digits + 1], text[:, -1] = _MINUS, _POINT, _BACKSLASH
    kept[:, 0] = steps < 0
    rest = amounts.copy()
    trailing = np.ones(steps.size, dtype=bool)
    for place in range(DECIMALS):
        column = whole_digits + 1 + DECIMALS - place
        rest, digit = np.divmod(rest, 10)
        text[:, column] = digit + _ZERO
        trailing &= digit == 0
        kept[:, column] = ~trailing
    kept[:, whole_digits + 1] = ~trailing
    for column in range(whole_digits, 0, -1):
        kept[:, column] = (rest > 0) | (column == whole_digits)
        rest, digit = np.divmod(rest, 10)
        text[:, column] = digit + _ZERO
    return text, kept
