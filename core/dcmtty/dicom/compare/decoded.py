"""Whether two images have the same pixels once they are decoded, whatever their transfer syntaxes are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcmtty.dicom.decode import decode_frame
from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.pixelfile import PixelFile, open_pixels
from dcmtty.errors import InputError
from dcmtty.progress import Progress


class PixelFinding(NamedTuple):
    """What decoding two images says."""

    is_equal: bool
    text: str
    """A clause safe for a terminal."""


def compare_pixels(a: Path, b: Path, progress: Progress) -> PixelFinding:
    """Decode two images frame by frame, up to the first one that differs.

    Raises:
        Cancelled: the user stopped it.
    """
    try:
        return _compared(a, b, progress)
    except InputError as error:
        return PixelFinding(is_equal=False, text=f"pixels were not compared: {error.message}")


def _compared(a: Path, b: Path, progress: Progress) -> PixelFinding:
    instances = read_instance(a), read_instance(b)
    counts = tuple(len(instance.frames) for instance in instances)
    if counts[0] != counts[1]:
        return PixelFinding(is_equal=False, text=f"{counts[0]} frames in A, {counts[1]} in B")
    files = open_pixels(instances[0]), open_pixels(instances[1])
    for number in range(1, counts[0] + 1):
        progress.step(number - 1, counts[0], "frames", "decoding")
        said = _frame(files, number)
        if said:
            where = f" in frame {number} of {counts[0]}" if counts[0] > 1 else ""
            return PixelFinding(is_equal=False, text=f"decoded pixels differ{where}: {said}")
    return PixelFinding(is_equal=True, text="decoded pixels are equal")


def _frame(files: tuple[PixelFile, PixelFile], number: int) -> str:
    """Return how one frame differs; empty when it does not."""
    one, other = decode_frame(files[0], number), decode_frame(files[1], number)
    if one.stored.shape != other.stored.shape:
        return "another size"
    if one.photometric_interpretation != other.photometric_interpretation:
        return f"{one.photometric_interpretation} in A, {other.photometric_interpretation} in B"
    wide_a, wide_b = one.stored.astype(np.float64), other.stored.astype(np.float64)
    if one.stored.dtype.itemsize > 4 or other.stored.dtype.itemsize > 4:
        return "" if np.array_equal(one.stored, other.stored, equal_nan=True) else "another value"
    step = np.abs(wide_a - wide_b)
    count = int(np.count_nonzero(step))
    return f"{count} of {step.size} values, by at most {np.nanmax(step):g}" if count else ""
