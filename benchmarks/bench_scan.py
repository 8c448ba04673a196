"""`dcmtty scan` as a whole process: first and second scan beside GDCM, memory and the first row as archives grow."""

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Final

from harness import Benchmark, program
from made_archive import temporary_archive

_ENTRY_POINT: Final = "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())"
_GDCM: Final = """
import sys, gdcm
folder = gdcm.Directory()
folder.Load(sys.argv[1], True)
names = folder.GetFilenames()
scanner = gdcm.Scanner()
for word in sys.argv[2:]:
    scanner.AddTag(gdcm.Tag(int(word[:4], 16), int(word[5:], 16)))
scanner.Scan(names)
series = {}
for name in names:
    values = scanner.GetMapping(name)
    series.setdefault(scanner.GetValue(name, gdcm.Tag(0x20, 0xE)), []).append(values)
print(len(series))
"""
"""What a person would write: the attributes of a list of series, from python-gdcm's Scanner."""
TAGS: Final = (
    "0010,0010", "0010,0020", "0008,0020", "0020,000d", "0020,000e", "0020,0011", "0008,0060", "0008,103e",
    "0020,0013", "0020,0032", "0020,0037", "0028,0030",
)  # fmt: skip
FILES: Final = 20_000
MANY_FILES: Final = 100_000
FEW_FILES: Final = 1_000
_POLL_S: Final = 0.005

archive = cache(temporary_archive)


def _environment(cache_home: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(cache_home)}


def _command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", _ENTRY_POINT, "scan", "--quiet", *map(str, arguments)]


def _first_scan(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="dcmtty-bench-") as home:
        _run(_command(folder), Path(home))


def _run(command: list[str], home: Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(home))


def _gdcm(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", _GDCM, str(folder), *TAGS],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _gdcmscanner(folder: Path) -> None:
    tags = itertools.chain.from_iterable(("-t", tag) for tag in TAGS)
    command = [program("gdcmscanner"), "-d", str(folder), "-r", *tags]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _first_row(folder: Path) -> None:
    """Wait for the first row of a table of files."""
    command = _command("--no-catalog", "--columns", "SOPInstanceUID", "--format", "csv", folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        if process.stdout is None or not process.stdout.readline() or not process.stdout.readline():
            raise SystemExit("no row came")
        process.kill()


def _peak_mb(folder: Path, *, scans: int) -> float:
    """Return the largest sum of resident memory of the last of some scans and its worker processes."""
    with tempfile.TemporaryDirectory(prefix="dcmtty-bench-") as home:
        for _ in range(scans - 1):
            _run(_command(folder), Path(home))
        peak_kb = 0
        with subprocess.Popen(
            _command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(Path(home))
        ) as process:
            while process.poll() is None:
                peak_kb = max(peak_kb, sum(map(_resident_kb, _tree(process.pid))))
                time.sleep(_POLL_S)
    return peak_kb / 1024


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = task.read_text().split()
        except OSError:
            continue
        for child in below:
            yield from _tree(int(child))


def _resident_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def _kept(folder: Path) -> Path:
    """Return a cache folder whose catalog knows the folder."""
    home = archive(0)
    _run(_command(folder), home)
    return home


def benchmarks() -> list[Benchmark]:
    """From the page cache; every figure is of a process of its own, start included."""
    folder, many, few = archive(FILES), archive(MANY_FILES), archive(FEW_FILES)
    flat, many_flat = archive(FILES, flat=True), archive(MANY_FILES, flat=True)
    first = partial(_first_scan, folder)
    second = partial(_run, _command(folder), _kept(folder))
    found = [
        Benchmark("first scan, 20,000 CT", first, "python-gdcm Scanner", partial(_gdcm, folder), 5),
        Benchmark("second scan, 20,000 CT", second, "gdcmscanner", partial(_gdcmscanner, folder), 7),
        Benchmark("first row of 100,000 CT", partial(_first_row, many), "of 1,000 CT", partial(_first_row, few), 5),
    ]
    for what, large, small in (("", many, folder), (", one folder", many_flat, flat)):
        for scans, which in ((1, "first"), (2, "second")):
            subject, peer = (partial(_peak_mb, one, scans=scans) for one in (large, small))
            found.append(Benchmark(f"memory, {which} scan of 100,000{what}", subject, "of 20,000", peer, 1, "MB"))
    return found
