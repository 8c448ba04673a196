"""What varies across 500 CT files, and where two of them differ, beside plain scripts with pydicom that do the same."""

import itertools
from functools import partial
from pathlib import Path
from typing import Final

import pydicom
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from dcmtty.dicom.compare.files import compare_files
from dcmtty.dicom.compare.found import files_below
from dcmtty.dicom.compare.vary import vary
from harness import Benchmark
from made_archive import temporary_archive

FILES: Final = 500
_VARYING: Final = {"SOPInstanceUID", "InstanceNumber", "ImagePositionPatient"}


def _own_series(folder: Path) -> None:
    found = files_below([folder])
    (series,) = vary(found.files).series
    names = {one.name for one in series.attributes if one.varies}
    if len(series.files) != FILES or not names >= _VARYING:
        raise SystemExit(f"{len(series.files)} files, of which {names} vary")


def _pydicom_series(folder: Path) -> None:
    values: dict[tuple[int, ...], set[str]] = {}
    for path in sorted(folder.rglob("*.dcm")):
        _collect(pydicom.dcmread(path, stop_before_pixels=True), (), values)
    names = {keyword_for_tag(tag[-1]) for tag, found in values.items() if len(found) > 1}
    if not names >= _VARYING:
        raise SystemExit(f"{names} vary")


def _collect(dataset: Dataset, place: tuple[int, ...], values: dict[tuple[int, ...], set[str]]) -> None:
    for element in dataset:
        tag = (*place, int(element.tag))
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                _collect(item, (*tag, number), values)
        else:
            values.setdefault(tag, set()).add(str(element.value))


def _own_pairs(paths: list[Path]) -> None:
    for a, b in itertools.pairwise(paths):
        with compare_files(a, b) as found:
            if not found.counts.changed:
                raise SystemExit(f"{a} and {b} are the same")


def _pydicom_pairs(paths: list[Path]) -> None:
    for a, b in itertools.pairwise(paths):
        one, other = pydicom.dcmread(a), pydicom.dcmread(b)
        tags = {tag for tag in one.keys() | other.keys() if one.get(tag) != other.get(tag)}
        if not tags:
            raise SystemExit(f"{a} and {b} are the same")


def benchmarks() -> list[Benchmark]:
    """From the page cache, in this process; finding the files included."""
    folder = temporary_archive(FILES, per_series=FILES)
    pairs = sorted(folder.rglob("*.dcm"))[:21]
    return [
        Benchmark(f"vary, {FILES} CT files", partial(_own_series, folder), "pydicom", partial(_pydicom_series, folder)),
        Benchmark("diff, 20 pairs of CT", partial(_own_pairs, pairs), "pydicom", partial(_pydicom_pairs, pairs)),
    ]
