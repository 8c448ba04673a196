"""The grid's questions are answered while a scan runs, after it, and for attributes that nobody read yet."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import default_path, open_catalog
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.table.asking import Asking
from dcmtty.dicom.table.columns import table_columns
from dcmtty.dicom.table.query import TableQuery
from dcmtty.engine.opening import open_engine
from dcmtty.errors import InputError
from dcmtty.progress import Cancelled, Progress
from table_archives import small_file, write_archive

QUERY = TableQuery(table_columns("InstanceNumber"))


def test_while_a_scan_runs_what_is_known_by_now_is_shown_and_said_to_be_incomplete(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "a", 2000)
    elsewhere = write_archive(tmp_path / "ab", 5)
    reported, go_on = threading.Event(), threading.Event()

    def report(listing: Listing) -> None:
        del listing
        reported.set()
        assert go_on.wait(60)

    def work() -> None:
        with open_catalog() as catalog, open_engine() as engine:
            scan([elsewhere, folder], engine=engine, catalog=catalog, report=report)

    scanning = threading.Thread(target=work)
    scanning.start()
    asking = Asking([folder])
    try:
        assert reported.wait(60)
        answer = asking.page(QUERY, Progress(), is_scanning=True)
        assert not answer.is_complete
        assert 0 < answer.page.count < 2000
        assert all(Path(str(row[0])).is_relative_to(folder) for row in answer.page.all())
    finally:
        go_on.set()
        scanning.join()
    answer = asking.page(QUERY, Progress())
    assert (answer.is_complete, answer.page.count) == (True, 2000)
    asking.close()


def test_attributes_that_nobody_read_are_read_once(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "a", 20)
    query = TableQuery(table_columns("MRAcquisitionType,ROIContourSequence/0/ROINumber"))
    asking = Asking([folder])
    assert asking.page(QUERY, Progress()).page.count == 20
    steps: list[str] = []
    progress = Progress(report=lambda step: steps.append(step.label), interval_s=0)
    assert {row[1] for row in asking.page(query, progress).page.all()} == {"2D"}
    assert "reading" in steps
    steps.clear()
    assert asking.page(query, progress).page.count == 20
    assert "reading" not in steps
    asking.close()


def test_what_changed_is_seen_when_it_is_looked_at_again(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "a", 4)
    asking = Asking([folder])
    assert asking.page(QUERY, Progress()).page.count == 4
    (folder / "series0" / "more.dcm").write_bytes(small_file(99))
    assert asking.page(QUERY, Progress()).page.count == 4
    asking.scan_again()
    assert asking.page(QUERY, Progress()).page.count == 5
    asking.close()


def test_a_question_can_be_taken_back_and_the_next_one_is_answered(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "a", 50)
    asking = Asking([folder])
    with pytest.raises(Cancelled):
        asking.page(QUERY, Progress(cancelled=lambda: True))
    assert asking.page(QUERY, Progress()).page.count == 50
    asking.close()


def test_pages_outlive_the_catalog_that_they_came_from(tmp_path: Path) -> None:
    asking = Asking([write_archive(tmp_path / "a", 30)])
    page = asking.page(QUERY, Progress()).page
    asking.close()
    default_path().unlink()
    assert len(list(page.all())) == 30


def test_a_path_that_is_not_there_and_a_scan_without_a_catalog_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Asking([tmp_path / "none"]).page(QUERY, Progress())
    default_path().unlink(missing_ok=True)
    with pytest.raises(InputError, match="still running"):
        Asking([tmp_path]).page(QUERY, Progress(), is_scanning=True)
