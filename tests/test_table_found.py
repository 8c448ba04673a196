"""While a scan runs, rows come as their files are known: each once, in the order found, with what is in it now."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import Catalog, open_catalog
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.table.columns import PATH, STATUS, extras, table_columns
from dcmtty.dicom.table.expression import parse_filter
from dcmtty.dicom.table.found import FoundRows
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import TableRow, keep, rows
from dcmtty.engine.opening import open_engine
from table_archives import scanned, small_file, write_archive

COLUMNS = table_columns("InstanceNumber,MRAcquisitionType,status")


def followed(catalog: Catalog, folder: Path, query: TableQuery) -> tuple[list[TableRow], list[int]]:
    """Scan; return the rows in the order in which they were given, and how many were given at each report."""
    found = FoundRows(catalog, query)
    given: list[TableRow] = []
    counts: list[int] = []

    def report(listing: Listing) -> None:
        assert not listing.is_complete
        given.extend(found.ready())
        counts.append(len(given))

    with open_engine() as engine:
        listing = scan([folder], engine=engine, catalog=catalog, extra=extras(query.needed), report=report)
    given.extend(found.rest(listing))
    return given, counts


def as_found(columns: str = "InstanceNumber,MRAcquisitionType,status", filter_: str = "") -> TableQuery:
    return TableQuery(table_columns(columns), condition=parse_filter(filter_) if filter_ else None, as_found=True)


def test_every_file_is_given_once_and_the_first_before_the_last_is_known(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "a", 3000)
    (folder / "series1" / "cut.dcm").write_bytes(small_file(1)[:-3])
    (folder / "series1" / "notes.txt").write_text("hello")
    (folder / "out.dcm").symlink_to("/etc/passwd")
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        given, counts = followed(catalog, folder, as_found())
        assert counts
        assert 0 < counts[0] < 3000
        again, _ = followed(catalog, folder, as_found())
    paths = [str(row[0]) for row in given]
    expected = [str(path) for path in folder.rglob("*.dcm")]
    assert sorted(paths) == sorted(expected)
    assert again == given
    unreadable = {Path(str(row[0])).name: row[3] for row in given if row[3] != "dicom"}
    assert unreadable == {"cut.dcm": "unreadable", "out.dcm": "unreadable"}
    numbers = {int(Path(str(row[0])).stem): row for row in given if row[3] == "dicom"}
    assert all(row[1:3] == (str(number), "2D") for number, row in numbers.items())


def test_a_file_that_was_changed_is_given_as_it_is_now(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "a", 600)
    query = as_found("PatientName")
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        followed(catalog, folder, query)
        changed = sorted(folder.rglob("*.dcm"))[::7]
        for path in changed:
            path.write_bytes(small_file(int(path.stem), series=int(path.parent.name[-1]), name="NEW^NAME"))
        sorted(folder.rglob("*.dcm"))[1].unlink()
        given, _ = followed(catalog, folder, query)
    assert len(given) == 599
    assert {Path(str(row[0])) for row in given if row[1] == "NEW^NAME"} == set(changed)


def test_a_filter_holds_for_rows_that_come_early_too(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "a", 1000)
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        given, _ = followed(catalog, folder, as_found("InstanceNumber", "InstanceNumber < 10"))
    assert sorted(int(str(row[1])) for row in given) == list(range(10))


def test_names_that_are_no_text_are_given_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    name = os.fsencode(folder) + b"/b\xff\xfe.dcm"
    with open(name, "wb") as stream:  # noqa: PTH123 - a name of bytes
        stream.write(small_file(1))
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        given, _ = followed(catalog, folder, as_found("name,InstanceNumber", "path ~ dcm"))
    assert given == [(name, b"b\xff\xfe.dcm", "1")]


@pytest.mark.parametrize("kind", ["sorted", "series", "kept"])
def test_the_rows_of_five_times_as_many_files_take_no_more_memory(tmp_path: Path, kind: str) -> None:
    few, many = (_peak_bytes(tmp_path / str(files), files, kind) for files in (1500, 7500))
    assert many < 1.3 * few + 100_000


def _peak_bytes(folder: Path, files: int, kind: str) -> int:
    """What Python holds at most while all rows of an archive are looked at once."""
    write_archive(folder, files)
    columns = table_columns("PatientName,InstanceNumber,SOPInstanceUID")
    sort = ((columns[2], True),) if kind == "sorted" else ()
    query = TableQuery(columns, "series" if kind == "series" else "files", sort=sort)
    with scanned(folder, query, folder / "catalog.sqlite") as (catalog, _):
        sum(1 for _ in rows(catalog.connection, query))
        tracemalloc.start()
        try:
            if kind == "kept":
                page = keep(catalog.connection, query)
                assert sum(1 for _ in page.all()) == files
                page.close()
            else:
                assert sum(1 for _ in rows(catalog.connection, query)) == (4 if kind == "series" else files)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_path_and_status_are_always_there(tmp_path: Path) -> None:
    query = TableQuery((PATH, STATUS))
    folder = write_archive(tmp_path / "a", 3)
    with scanned(folder, query, tmp_path / "catalog.sqlite") as (catalog, _):
        assert [row[1] for row in rows(catalog.connection, query)] == ["dicom"] * 3
