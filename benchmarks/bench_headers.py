"""Twelve attributes of 20,000 CT files by a library call in one process, beside the programs that do the same."""

import os
import random
import subprocess
from functools import partial
from pathlib import Path
from typing import Final

import pydicom

from dcmtty.dicom.header.reader import HeaderReader
from harness import Benchmark, program
from made_archive import temporary_archive

FILES: Final = 20_000
KEYWORDS: Final = (
    "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality", "InstanceNumber",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "SliceThickness",
)  # fmt: skip
TAGS: Final = (
    "0010,0020", "0020,000d", "0020,000e", "0008,0018", "0008,0060", "0020,0013",
    "0020,0032", "0020,0037", "0028,0030", "0028,0010", "0028,0011", "0018,0050",
)  # fmt: skip


def files_of(folder: Path) -> list[str]:
    """Every file below a folder, in the order of the folder."""
    return [os.path.join(home, name) for home, _, names in os.walk(folder) for name in names]  # noqa: PTH118 - quicker


def _own(folder: Path) -> None:
    reader = HeaderReader(KEYWORDS)
    count = sum(1 for path in files_of(folder) if reader.read(path)[4] == ("CT",))
    if count != FILES:
        raise SystemExit(f"{count} of {FILES} files were read")


def _own_shuffled(paths: list[str]) -> None:
    reader = HeaderReader(KEYWORDS)
    for path in paths:
        reader.read(path)


def _pydicom(folder: Path) -> None:
    for path in files_of(folder):
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        for keyword in KEYWORDS:
            dataset.get(keyword)


def _program(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def benchmarks() -> list[Benchmark]:
    """From the page cache; own time includes finding the files, a peer's its start."""
    folder = temporary_archive(FILES)
    shuffled = files_of(folder)
    random.Random(1).shuffle(shuffled)  # noqa: S311 - an order, no secret
    scanner = [program("gdcmscanner"), "-d", str(folder), "-r", *(word for tag in TAGS for word in ("-t", tag))]
    dump = [program("dcmdump"), "-M", *(word for tag in TAGS for word in ("+P", tag)), "+sd", "+r", str(folder)]
    own, gdcm = partial(_own, folder), partial(_program, scanner)
    return [
        Benchmark("12 attributes of 20,000 CT", own, "gdcmscanner", gdcm, 5),
        Benchmark("12 attributes of 20,000 CT", own, "dcmdump -M +P", partial(_program, dump), 3),
        Benchmark("12 attributes of 20,000 CT", own, "pydicom stop_before_pixels", partial(_pydicom, folder), 3),
        Benchmark("the same, files shuffled", partial(_own_shuffled, shuffled), "gdcmscanner", gdcm, 5),
    ]
