"""Pictures brought to the samples of a screen: area average where several pixels meet a sample, bilinear where not.

Weighted sums of a few rows and columns: a matrix product would wake the threads of the linear algebra library, which
cost more than the work itself on a busy machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """How the samples along one axis are made of pixels."""

    pixels: NDArray[np.intp]
    """Pixel indexes, shape (samples, taps)."""
    weights: Float32
    """Their shares, shape (samples, taps); each row sums to 1, or to 0 outside the picture."""
    inside: NDArray[np.bool_]
    """Whether the middle of the sample lies on the picture, shape (samples,)."""

    @property
    def span(self) -> tuple[int, int]:
        """The first pixel that is used and one past the last; (0, 0) when none is."""
        used = self.pixels[self.weights > 0]
        return (int(used.min()), int(used.max()) + 1) if used.size else (0, 0)

    def within(self, first: int, last: int) -> Taps:
        """Return the same taps into a picture that was cut to the pixels from `first` to before `last`."""
        pixels = np.clip(self.pixels - first, 0, max(last - first - 1, 0))
        return Taps(pixels, self.weights, self.inside)


def axis_taps(start: float, step: float, count: int, size: int, *, sharp: bool = False) -> Taps:
    """Return how `count` samples along one axis are made of `size` pixels.

    Sample i covers pixel coordinates start + i * step to start + (i + 1) * step, pixel centres at integers, the
    picture from -0.5 to size - 0.5. `sharp` shows pixels as the rectangles that they are when they are larger than
    samples.
    """
    middles = start + (np.arange(count) + 0.5) * step
    inside = (middles >= -0.5) & (middles < size - 0.5)
    # Narrower than a pixel, a sample would show hard steps; the tent of one pixel's width is bilinear interpolation.
    half = (step if sharp else max(step, 1.0)) / 2
    low, high = np.clip(middles, -0.5, size - 0.5) - half, np.clip(middles, -0.5, size - 0.5) + half
    first = np.floor(low + 0.5).astype(np.intp)
    taps = int(np.ceil(2 * half)) + 1
    pixels = first[:, None] + np.arange(taps)
    weights = np.minimum(pixels + 0.5, high[:, None]) - np.maximum(pixels - 0.5, low[:, None])
    weights = np.clip(weights, 0.0, None)
    weights[weights < 1e-9] = 0.0
    weights[(pixels < 0) | (pixels >= size) | ~inside[:, None]] = 0.0
    sums = weights.sum(axis=1, keepdims=True)
    np.divide(weights, sums, out=weights, where=sums > 0)
    used = np.flatnonzero(weights.any(axis=0))
    used = used if used.size else np.zeros(1, dtype=np.intp)
    return Taps(np.clip(pixels, 0, size - 1)[:, used], weights[:, used].astype(np.float32), inside)


def resample(values: Float32, down: Taps, across: Taps) -> Float32:
    """Apply the taps of rows and of columns to one channel, shape (rows, columns), giving (samples down, across)."""
    if not values.size:
        return np.zeros((len(down.inside), len(across.inside)), dtype=np.float32)
    lines = values[down.pixels[:, 0]] * down.weights[:, 0, None]
    for tap in range(1, down.pixels.shape[1]):
        lines += values[down.pixels[:, tap]] * down.weights[:, tap, None]
    out = lines[:, across.pixels[:, 0]] * across.weights[:, 0]
    for tap in range(1, across.pixels.shape[1]):
        out += lines[:, across.pixels[:, tap]] * across.weights[:, tap]
    return np.asarray(out, dtype=np.float32)
