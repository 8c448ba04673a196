"""A scan through the catalog on a real Dask cluster lists what one on this machine lists, also when a worker dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra [dask] is not installed")

import engine_work
from dask_cluster import Started
from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import default_path, open_catalog
from dcmtty.dicom.listing import Counts, Listing
from dcmtty.dicom.scan import scan as plain_scan
from dcmtty.engine.opening import open_engine
from run_cli import run_cli
from test_catalog_made import CASES
from test_catalog_same import assert_same
from written_series import write_instances


def archive(folder: Path) -> Path:
    for name, instances in CASES.items():
        write_instances(folder / name, instances)
    (folder / "cut.dcm").write_bytes(next((folder / "axial").iterdir()).read_bytes()[:-1])
    (folder / "notes.txt").write_text("hello")
    return folder


def test_a_scan_on_a_cluster_loses_and_doubles_nothing_when_a_worker_is_killed(
    local_cluster: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = archive(tmp_path)
    monkeypatch.setattr("dcmtty.dicom.catalog.scan._BATCH", 4)
    monkeypatch.setattr("dcmtty.dicom.catalog.scan._REPORT_S", 0.0)
    with open_engine(local_cluster.engine) as engine, open_catalog() as catalog:
        victims = [next(engine.map(engine_work.process_of, range(20)))[1]]

        def report(listing: Listing) -> None:
            if sum(entry.slice_count for entry in listing.series) > 60 and victims:
                os.kill(victims.pop(), signal.SIGKILL)

        listing = scan([folder], engine=engine, catalog=catalog, report=report, with_files=True)
        assert not victims
        assert catalog.note == ""
        assert_same(listing, plain_scan([folder]))
        again = scan([folder], engine=engine, catalog=catalog, with_files=True)
        assert again.counts == Counts(unchanged=listing.counts.read)


def test_the_command_lists_the_same_on_a_cluster(local_cluster: Started, tmp_path: Path) -> None:
    folder = archive(tmp_path)
    here = run_cli("scan", "--no-catalog", "--format", "json", folder)
    there = run_cli("scan", "--format", "json", "--engine", local_cluster.engine, folder)
    assert (there.code, there.out) == (here.code, here.out)
    assert default_path().exists()
