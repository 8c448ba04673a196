"""Digests of a series in one pass, beside md5sum and then sha256sum over the same files."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from harness import Benchmark

_ENTRY_POINT = "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())"
FILES = 500
FILE_BYTES = 512 << 10


def make_series(files: int, file_bytes: int) -> Path:
    """A folder of files of random bytes, removed when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="dcmtty-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    series = folder / "series"
    series.mkdir()
    for number in range(files):
        (series / f"{number:05}.dcm").write_bytes(os.urandom(file_bytes))
    return series


def _own(series: Path) -> None:
    command = [sys.executable, "-c", _ENTRY_POINT, "digest", "--quiet", str(series)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _coreutils(series: Path) -> None:
    files = sorted(str(path) for path in series.iterdir())
    for program in ("md5sum", "sha256sum"):
        subprocess.run([program, "--tag", *files], check=True, stdout=subprocess.DEVNULL)


def _compared(files: int, file_bytes: int, name: str) -> Benchmark:
    series = make_series(files, file_bytes)
    return Benchmark(name, partial(_own, series), "md5sum, sha256sum", partial(_coreutils, series), 5)


def benchmarks() -> list[Benchmark]:
    """From the page cache, by the local engine: files of a CT, many small ones, few large ones."""
    return [
        _compared(FILES, FILE_BYTES, "digest 250 MB"),
        _compared(10_000, 8 << 10, "digest 80 MB, 10,000 files"),
        _compared(4, 200 << 20, "digest 800 MB, 4 files"),
    ]
