"""Twelve columns of 20,000 CT files as CSV, each a whole process, beside scripts with python-gdcm and pydicom."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from harness import Benchmark
from made_archive import temporary_archive

FILES: Final = 20_000
COLUMNS: Final = (
    "PatientID,StudyInstanceUID,SeriesInstanceUID,SOPInstanceUID,Modality,InstanceNumber,"
    "ImagePositionPatient,ImageOrientationPatient,PixelSpacing,Rows,Columns,SliceThickness"
)
TAGS: Final = (
    "0010,0020", "0020,000d", "0020,000e", "0008,0018", "0008,0060", "0020,0013",
    "0020,0032", "0020,0037", "0028,0030", "0028,0010", "0028,0011", "0018,0050",
)  # fmt: skip
_ENTRY_POINT: Final = "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())"
_GDCM: Final = """
import csv, sys, gdcm
folder = gdcm.Directory()
folder.Load(sys.argv[1], True)
names = folder.GetFilenames()
tags = [gdcm.Tag(int(word[:4], 16), int(word[5:], 16)) for word in sys.argv[3:]]
scanner = gdcm.Scanner()
for tag in tags:
    scanner.AddTag(tag)
scanner.Scan(names)
with open(sys.argv[2], "w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(["path", *sys.argv[3:]])
    for name in names:
        writer.writerow([name, *(scanner.GetValue(name, tag) for tag in tags)])
"""
_PYDICOM: Final = """
import csv, os, sys, pydicom
words = sys.argv[3].split(",")
with open(sys.argv[2], "w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(["path", *words])
    for home, _, names in os.walk(sys.argv[1]):
        for name in names:
            path = os.path.join(home, name)
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=words)
            writer.writerow([path, *(dataset.get(word) for word in words)])
"""
"""What people write: the attributes of each file, to a CSV file."""


def _run(program: str, *arguments: str | Path, home: Path | None = None) -> None:
    environment = {**os.environ, **({"XDG_CACHE_HOME": str(home)} if home is not None else {})}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def _own(folder: Path, target: Path, home: Path, *more: str) -> None:
    """Export, with the catalog below `home`."""
    _run(_ENTRY_POINT, "scan", "--quiet", folder, "--columns", COLUMNS, "-o", target, "--overwrite", *more, home=home)
    with target.open("rb") as stream:
        rows = sum(1 for _ in stream) - 1
    if rows != FILES:
        raise SystemExit(f"{rows} rows of {FILES} files were written")


def benchmarks() -> list[Benchmark]:
    """From the page cache; the first export reads every file, a second one with the catalog none."""
    folder = temporary_archive(FILES)
    scratch = Path(tempfile.mkdtemp(prefix="dcmtty-bench-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    target = scratch / "own.csv"
    first = partial(_own, folder, target, scratch / "none", "--no-catalog")
    second = partial(_own, folder, target, scratch / "home")
    by_number = partial(_own, folder, target, scratch / "home", "--sort", "-InstanceNumber", "--filter", "Rows > 1")
    gdcm = partial(_run, _GDCM, folder, scratch / "gdcm.csv", *TAGS)
    pydicom = partial(_run, _PYDICOM, folder, scratch / "pydicom.csv", COLUMNS)
    return [
        Benchmark("12 columns of 20,000 files as CSV", first, "python-gdcm Scanner, csv", gdcm, 3),
        Benchmark("12 columns of 20,000 files as CSV", first, "pydicom specific_tags, csv", pydicom, 1),
        Benchmark("the same again, with the catalog", second, "python-gdcm Scanner, csv", gdcm, 3),
        Benchmark("the same, filtered and sorted", by_number, "python-gdcm Scanner, csv", gdcm, 3),
    ]
