"""Records of 20,000 CT files by the local engine, beside the same work in one process."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from dcmtty.dicom.header.record import Batch, read_records
from dcmtty.engine.local import LocalEngine
from harness import Benchmark
from made_archive import temporary_archive

FILES = 20_000
_BATCH = 256


def _batches(paths: list[str]) -> Iterator[Batch]:
    waiting = iter(paths)
    while batch := tuple(islice(waiting, _BATCH)):
        yield Batch(batch)


def _read(paths: list[str], workers: int | None) -> None:
    with LocalEngine(workers=workers) as engine:
        count = sum(len(records) for _, records in engine.map(read_records, _batches(paths)))
    if count != len(paths):
        raise SystemExit(f"{count} of {len(paths)} records came")


def benchmarks() -> list[Benchmark]:
    """From the page cache; workers are started in each run."""
    paths = [str(path) for path in sorted(temporary_archive(FILES).rglob("*.dcm"))]
    own, alone = partial(_read, paths, None), partial(_read, paths, 0)
    return [Benchmark("records of 20,000 CT, all cores", own, "one process", alone, 5)]
