"""Pictures brought to the samples of a screen: area average where several pixels meet a sample, bilinear where not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


def axis_weights(start: float, step: float, count: int, size: int, *, sharp: bool = False) -> tuple[int, int, Float32]:
    """Return how `count` samples along one axis are made of pixels.

    Sample i covers pixel coordinates start + i * step to start + (i + 1) * step, pixel centres at integers, the
    picture from -0.5 to size - 0.5. The answer is (first pixel, one past the last, weights of shape (count, pixels));
    a row of weights sums to 1, or to 0 where the sample's middle lies outside the picture. `sharp` shows pixels as
    the rectangles that they are when they are larger than samples.
    """
    middles = start + (np.arange(count) + 0.5) * step
    inside = (middles >= -0.5) & (middles < size - 0.5)
    if not inside.any():
        return 0, 0, np.zeros((count, 0), dtype=np.float32)
    # Narrower than a pixel, a sample would show hard steps; the tent of one pixel's width is bilinear interpolation.
    half = (step if sharp else max(step, 1.0)) / 2
    low, high = middles[inside][0] - half, middles[inside][-1] + half
    first, last = max(int(np.floor(low)), 0), min(int(np.ceil(high)) + 1, size)
    pixels = np.arange(first, last)
    edges = np.clip(middles[:, None], -0.5, size - 0.5)
    left = np.maximum(pixels[None, :] - 0.5, edges - half)
    right = np.minimum(pixels[None, :] + 0.5, edges + half)
    weights = np.clip(right - left, 0.0, None)
    weights[~inside] = 0.0
    sums = weights.sum(axis=1, keepdims=True)
    np.divide(weights, sums, out=weights, where=sums > 0)
    return first, last, weights.astype(np.float32)


def resample(values: Float32, down: tuple[int, int, Float32], across: tuple[int, int, Float32]) -> Float32:
    """Apply weights of rows and of columns to one channel, shape (rows, columns), giving (samples down, across)."""
    top, bottom, rows = down
    left, right, columns = across
    part = values[top:bottom, left:right]
    if not part.size:
        return np.zeros((rows.shape[0], columns.shape[0]), dtype=np.float32)
    if _is_identity(rows) and _is_identity(columns):
        return part.copy()
    if part.shape[0] >= part.shape[1]:
        return np.asarray((rows @ part) @ columns.T, dtype=np.float32)
    return np.asarray(rows @ (part @ columns.T), dtype=np.float32)


def _is_identity(weights: Float32) -> bool:
    """Say whether samples are pixels: a large picture at its own size would cost seconds as a matrix product."""
    square = weights.shape[0] == weights.shape[1]
    return square and bool((weights.diagonal() == 1).all()) and int(np.count_nonzero(weights)) == weights.shape[0]
