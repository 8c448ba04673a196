"""Whatever files are called and however they are reached, the catalog's list is that of a plain scan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog_engines import idle_engine
from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import open_catalog
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.scan import scan as plain_scan
from dcmtty.engine.local import LocalEngine
from dicom_bytes import identity, image, part10
from instances import stack
from run_cli import run_cli
from test_catalog_same import assert_same, assert_same_twice
from test_scan import directory_file, image_file, open_folder, ordinary_account, record
from written_series import write_instances

__all__ = ["open_folder"]

ODD_NAMES = (
    b"caf\xe9",
    b"\xff",
    b"line\nbreak",
    b"\x1b]0;owned\x07",
    b"a" * 250,
    b"'; DROP TABLE file; --",
    b"-r",
    b" ",
)


def test_odd_names_of_files_and_folders_are_listed_as_they_are(tmp_path: Path) -> None:
    for index, name in enumerate(ODD_NAMES):
        home = tmp_path / os.fsdecode(name)
        for number in range(3):
            image_file(home / os.fsdecode(name[:248] + b"%d.dcm" % number), 10 * index + number)
        (home / os.fsdecode(name[:248] + b".dcm")).write_bytes(part10(identity() + image())[:-1])
        (home / os.fsdecode(name[:248] + b".txt")).write_text("hello")
        assert_same_twice([home])
    assert_same_twice([tmp_path])


def test_nameless_series_in_folders_that_are_no_utf8_are_kept_apart(tmp_path: Path) -> None:
    for name in (b"\xff", b"\xfe", b"\\xff"):
        write_instances(tmp_path / os.fsdecode(name), stack([0, 3, 6], SeriesInstanceUID=""))
    assert_same_twice([tmp_path])


def test_the_database_keeps_names_that_are_no_utf8_as_bytes(tmp_path: Path) -> None:
    image_file(tmp_path / os.fsdecode(b"caf\xe9.dcm"))
    image_file(tmp_path / "ok.dcm", 2)
    with open_catalog() as catalog, LocalEngine(workers=0) as engine:
        scan([tmp_path], engine=engine, catalog=catalog)
        paths = {row[0] for row in catalog.rows("SELECT path FROM instance")}
        shown = {row[0] for row in catalog.rows("SELECT shown_path FROM temp.scanned")}
    assert paths == shown == {os.fsencode(tmp_path / os.fsdecode(b"caf\xe9.dcm")), str(tmp_path / "ok.dcm")}


def test_relative_paths_are_shown_as_they_were_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_instances(tmp_path / "in" / "deep", stack([0, 3, 6]))
    write_instances(tmp_path / "out", stack([0, 3, 6], SeriesInstanceUID="1.2.3.9"))
    monkeypatch.chdir(tmp_path / "in")
    for names in ([Path()], [Path("deep")], [Path("../out"), Path("deep")], [Path("deep/0001.dcm")], [Path("..")]):
        assert_same_twice(names)


def test_links_folders_named_twice_and_hard_links_count_once(tmp_path: Path) -> None:
    folder = write_instances(tmp_path / "in", stack([0, 3, 6, 9]))
    (folder / "z").mkdir()
    (folder / "z" / "hard.dcm").hardlink_to(folder / "0002.dcm")
    (folder / "0000.dcm").hardlink_to(folder / "0003.dcm")
    (folder / "loop").symlink_to(folder)
    (folder / "again.dcm").symlink_to("0001.dcm")
    (tmp_path / "named").symlink_to(folder / "0001.dcm")
    outside = write_instances(tmp_path / "out", stack([0, 3], SeriesInstanceUID="1.2.3.9"))
    (folder / "away").symlink_to(outside)
    (folder / "away.dcm").symlink_to(outside / "0001.dcm")
    (folder / "nowhere").symlink_to("gone")
    named = tmp_path / "named"
    assert_same_twice([folder])
    assert_same_twice([folder, named])
    assert_same_twice([named, folder / "z" / "hard.dcm"])
    assert_same_twice([folder / "0002.dcm", folder / "z" / "hard.dcm"])


def test_what_is_no_file_hangs_nothing(tmp_path: Path) -> None:
    folder = write_instances(tmp_path / "in", stack([0, 3, 6, 9]))
    os.mkfifo(folder / "fifo.dcm")
    assert_same_twice([folder])
    assert_same(scanned(folder, folder / "fifo.dcm"), plain_scan([folder, folder / "fifo.dcm"]))
    assert run_cli("scan", folder, "/dev/zero").code == 1


def scanned(*paths: Path) -> Listing:
    with open_catalog() as catalog, LocalEngine(workers=0) as engine:
        return scan(paths, engine=engine, catalog=catalog, with_files=True)


def test_a_dicomdir_that_is_named_is_followed_and_one_that_is_met_is_not(tmp_path: Path) -> None:
    root = tmp_path / "disc"
    image_file(root / "A" / "IM1", 1)
    image_file(root / "A" / "IM2", 2)
    image_file(root / "B" / "IM3", 3)
    image_file(tmp_path / "secret.dcm", 4)
    records = [record("A", "IM1"), record("A", "IM2"), record("..", "secret.dcm"), record("A", "GONE")]
    directory = directory_file(root / "DICOMDIR", *records)
    assert_same_twice([directory])
    assert_same_twice([root])
    assert_same_twice([directory, root / "B"])
    assert_same_twice([directory, root / "A" / "IM1"])


def test_a_folder_without_permission_is_told_and_what_the_catalog_knows_of_it_stays(open_folder: Path) -> None:
    write_instances(open_folder, stack([0, 3, 6]))
    shut = write_instances(open_folder / "shut", stack([0, 3], SeriesInstanceUID="1.2.3.9"))
    for path in open_folder.rglob("*.dcm"):
        path.chmod(0o644)
    with open_catalog() as catalog, LocalEngine(workers=0) as engine:
        assert scan([open_folder], engine=engine, catalog=catalog).counts.read == 5
        shut.chmod(0)
        try:
            with ordinary_account():
                listing = scan([open_folder], engine=engine, catalog=catalog, with_files=True)
                assert_same(listing, plain_scan([open_folder]))
        finally:
            shut.chmod(0o755)
        assert listing.counts.deleted == 0
        assert [found.path for found in listing.unreadable] == [shut]
        assert scan([open_folder], engine=idle_engine(), catalog=catalog).counts.unchanged == 5


def test_an_empty_folder_and_a_missing_path(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_same_twice([tmp_path / "empty"])
    assert_same_twice([tmp_path / "gone"])
    assert_same_twice([tmp_path / "gone", tmp_path / "empty"])
    assert_same_twice([tmp_path / "a\0b"])
    assert_same_twice([image_file(tmp_path / "a.dcm"), tmp_path / "gone"])


def test_wrong_single_files_raise_what_a_plain_scan_raises(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "cut.dcm").write_bytes(part10(identity() + image())[:-1])
    for name in ("notes.txt", "cut.dcm"):
        assert_same_twice([tmp_path / name])
    assert_same_twice([tmp_path / "notes.txt", tmp_path / "cut.dcm"])
    assert_same_twice([tmp_path])
