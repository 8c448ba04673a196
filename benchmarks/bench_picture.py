"""One picture, 512x512 to 160x48 cells of half blocks, beside the chafa program on the same picture as a PNG file.

Ours is timed as the app runs it, from rescaled values to text; chafa as a user runs it, with start-up and decoding.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from dcmtty.dicom.picture import Picture
from dcmtty.dicom.voi import Window
from dcmtty.render.ansi import to_ansi
from dcmtty.render.cells import Depth, half_blocks
from dcmtty.render.png import png_bytes
from dcmtty.render.scene import compose
from dcmtty.render.viewport import fit
from harness import Benchmark

_SIZE: Final = 512
_COLUMNS, _ROWS = 160, 48
_CHAFA_COLORS: Final[dict[Depth, str]] = {"256": "240", "truecolor": "full"}
_SOFT_TISSUE: Final = Window(40, 400)


def body() -> Picture:
    """A body of noisy soft tissue with bone and lungs in air, in Hounsfield units; the same in every run."""
    chance = np.random.default_rng(1)
    y, x = np.mgrid[-1 : 1 : _SIZE * 1j, -1 : 1 : _SIZE * 1j]
    values = np.full((_SIZE, _SIZE), -1000.0)
    values[(x / 0.9) ** 2 + (y / 0.6) ** 2 < 1] = 40
    values[((abs(x) - 0.4) / 0.25) ** 2 + (y / 0.4) ** 2 < 1] = -800
    values[x**2 + (y - 0.4) ** 2 < 0.02] = 700
    return Picture((values + chance.normal(0, 20, values.shape)).astype(np.float32), unit="HU", modality="CT")


def draw(values: Picture, depth: Depth) -> str:
    """Draw a picture that was never drawn before, so that nothing is remembered."""
    fresh = Picture(values.values, unit=values.unit, modality=values.modality)
    return "\n".join(to_ansi(half_blocks(compose(fresh, fit(fresh, _COLUMNS, _ROWS), _SOFT_TISSUE), depth)))


def _run(arguments: Sequence[str]) -> None:
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def benchmarks() -> list[Benchmark]:
    """Half blocks in both depths; nothing where chafa is missing."""
    chafa = shutil.which("chafa")
    if chafa is None:
        print("chafa is not installed; on Debian: apt-get install chafa", file=sys.stderr)
        return []
    picture = body()
    folder = Path(tempfile.mkdtemp(prefix="dcmtty-bench-"))
    png = folder / "slice.png"
    png.write_bytes(png_bytes(picture, _SOFT_TISSUE))
    size = ["--size", f"{_COLUMNS}x{_ROWS}", "--symbols", "vhalf+space"]
    return [
        Benchmark(
            f"512x512 to {_COLUMNS}x{_ROWS}, half, {depth}",
            partial(draw, picture, depth),
            f"chafa -c {colors} --symbols vhalf",
            partial(_run, [chafa, *size, "--colors", colors, str(png)]),
            runs=15,
        )
        for depth, colors in _CHAFA_COLORS.items()
    ]
