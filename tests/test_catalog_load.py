"""A series of the list becomes the slices of a plain scan, read from the files; the list grows while a scan runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dcmtty.dicom.catalog.load import load_series
from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import Catalog, open_catalog, private_catalog
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan as plain_scan
from dcmtty.engine.local import LocalEngine
from dcmtty.errors import InputError
from dcmtty.progress import Cancelled, Progress
from instances import instance, stack
from test_catalog_made import CASES, mixture
from test_catalog_same import TEST_FILES, series_facts
from written_series import write_instances

EVEN = [3.0 * number for number in range(12)]


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    with open_catalog() as opened:
        yield opened


def scanned(catalog: Catalog, *paths: Path, reports: list[Listing] | None = None) -> Listing:
    with LocalEngine(workers=0) as engine:
        report = None if reports is None else reports.append
        return scan(paths, engine=engine, catalog=catalog, report=report)


def slices_of(series: Series) -> list[tuple[object, ...]]:
    return [
        (one.instance.path, one.frame, one.position_mm, None if one.plane is None else one.plane.fingerprint())
        for one in series.slices
    ]


def assert_loads(catalog: Catalog, *paths: Path) -> None:
    """Load each series of the list and compare it with that of a plain scan."""
    entries = scanned(catalog, *paths).series
    archive = plain_scan(paths)
    assert len(entries) == len(archive.series)
    for entry, series in zip(entries, archive.series, strict=True):
        loaded = load_series(entry, catalog)
        assert series_facts(loaded) == series_facts(series)
        assert slices_of(loaded) == slices_of(series)


def test_each_odd_series_loads_as_a_plain_scan_finds_it(tmp_path: Path, catalog: Catalog) -> None:
    for name, instances in CASES.items():
        assert_loads(catalog, write_instances(tmp_path / name, instances))


def test_mixtures_load_as_a_plain_scan_finds_them(tmp_path: Path, catalog: Catalog) -> None:
    for seed in range(10):
        assert_loads(catalog, write_instances(tmp_path / str(seed), mixture(seed)))


def test_multi_frame_files_load_as_a_plain_scan_finds_them(catalog: Catalog) -> None:
    assert_loads(catalog, TEST_FILES)


def test_named_files_and_relative_paths_load_too(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_instances(tmp_path / "in", stack(EVEN))
    (tmp_path / "link.dcm").symlink_to(tmp_path / "in" / "0003.dcm")
    monkeypatch.chdir(tmp_path)
    assert_loads(catalog, Path("in"), Path("link.dcm"))
    assert_loads(catalog, Path())


def test_a_series_is_read_from_its_files_and_not_from_the_catalog(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_instances(tmp_path, stack(EVEN))
    (entry,) = scanned(catalog, folder).series
    with catalog.writing():
        catalog.rows("UPDATE file SET ImagePositionPatient = '1\\2\\3'")
    assert slices_of(load_series(entry, catalog)) == slices_of(plain_scan([folder]).series[0])
    write_instances(tmp_path, [instance(7, (1.0, 2.0, 500.0))])
    assert slices_of(load_series(entry, catalog)) == slices_of(plain_scan([folder]).series[0])


def test_a_file_that_is_gone_since_the_scan_makes_the_numbers_doubtful(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_instances(tmp_path, stack(EVEN))
    (entry,) = scanned(catalog, folder).series
    (folder / "0003.dcm").unlink()
    loaded = load_series(entry, catalog)
    assert len(loaded.slices) == 11
    assert loaded.numbering_doubt == "1 file of it cannot be read any more"


def test_a_series_that_is_none_any_more_is_refused(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_instances(tmp_path, stack(EVEN))
    (entry,) = scanned(catalog, folder).series
    write_instances(tmp_path, stack(EVEN, SeriesInstanceUID="1.2.3.9"))
    with pytest.raises(InputError, match="not what the scan found any more"):
        load_series(entry, catalog)
    catalog.close()
    with pytest.raises(InputError, match="scan again"):
        load_series(entry, catalog)
    with private_catalog() as other, pytest.raises(InputError, match="scan again"):
        load_series(entry, other)


def test_loading_can_be_cancelled(tmp_path: Path, catalog: Catalog) -> None:
    (entry,) = scanned(catalog, write_instances(tmp_path, stack(EVEN))).series
    with pytest.raises(Cancelled):
        load_series(entry, catalog, Progress(cancelled=lambda: True))


def archive(folder: Path, series: int) -> Path:
    """As many series of 40 slices, each in its folder."""
    for number in range(series):
        found = stack([2.0 * place for place in range(40)], SeriesInstanceUID=f"1.2.3.{number + 1}")
        write_instances(folder / f"s{number:03}", found)
    return folder


def test_the_first_report_comes_before_the_walk_is_over_and_reports_only_grow(tmp_path: Path, catalog: Catalog) -> None:
    folder = archive(tmp_path, 12)
    reports: list[Listing] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dcmtty.dicom.catalog.scan._REPORT_S", 0.0)
        patched.setattr("dcmtty.dicom.catalog.scan._REPORT_SHARE", 0.0)
        listing = scanned(catalog, folder, reports=reports)
    assert len(reports[0].series) == 1
    assert reports[0].series[0].slice_count <= 32
    assert reports[0].series[0].modality == "CT"
    assert not any(entry.is_complete for one in reports for entry in one.series)
    assert not any(one.is_complete for one in reports)
    counts = [sum(entry.slice_count for entry in one.series) for one in reports]
    assert counts == sorted(counts)
    assert counts[-1] == sum(entry.slice_count for entry in listing.series) == 480
    assert all(entry.is_complete for entry in listing.series)


def test_a_second_scan_reports_what_the_catalog_knows(tmp_path: Path, catalog: Catalog) -> None:
    folder = archive(tmp_path, 3)
    scanned(catalog, folder)
    reports: list[Listing] = []
    scanned(catalog, folder, reports=reports)
    assert len(reports[0].series) >= 1
    assert reports[0].series[0].first_path.parent.parent == folder


def test_what_is_reported_is_shown_as_the_user_named_it(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(tmp_path / "in", 1)
    monkeypatch.chdir(tmp_path)
    reports: list[Listing] = []
    scanned(catalog, Path("in"), reports=reports)
    assert reports[0].series[0].first_path.parent == Path("in/s000")


def test_the_list_says_no_files_unless_asked(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_instances(tmp_path, stack(EVEN))
    assert scanned(catalog, folder).series[0].files == ()
    assert replace(scanned(catalog, folder).series[0]).first_path.parent == folder
