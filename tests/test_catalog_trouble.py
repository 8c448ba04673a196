"""A catalog that is damaged, hostile, full, locked or not to be had costs a note, never a crash or a false list."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.schema import STANDARD
from dcmtty.dicom.catalog.store import default_path, open_catalog, private_catalog
from dcmtty.dicom.header import record
from dcmtty.dicom.listing import Counts, Listing
from dcmtty.dicom.scan import scan as plain_scan
from dcmtty.engine.local import LocalEngine
from dicom_bytes import identity, image, part10, text
from instances import stack
from run_cli import cli_environment, run_cli
from test_catalog_same import assert_same
from written_series import write_instances

EVEN = [3.0 * number for number in range(12)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A series with a gap."""
    return write_instances(tmp_path / "series", stack([0, 3, 6, 9, 15, 18, 21, 24]))


def scanned(folder: Path, path: Path | None = None) -> tuple[Listing, str]:
    """What a scan lists, which is true, and the catalog's note."""
    with open_catalog(path) as catalog, LocalEngine(workers=0) as engine:
        listing = scan([folder], engine=engine, catalog=catalog, with_files=True)
        note = catalog.note
    assert_same(listing, plain_scan([folder]))
    return listing, note


def test_the_catalog_is_for_its_user_alone(folder: Path) -> None:
    scanned(folder)
    assert stat.S_IMODE(default_path().parent.stat().st_mode) == 0o700
    with open_catalog() as catalog:
        catalog.rows("CREATE TEMP TABLE t (x)")
        with catalog.writing():
            catalog.rows("DELETE FROM summary")
        files = list(default_path().parent.iterdir())
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert len(files) >= 3


def test_a_catalog_that_others_may_read_is_closed_to_them(folder: Path) -> None:
    scanned(folder)
    default_path().chmod(0o644)
    with open_catalog() as catalog:
        assert catalog.note == ""
        with catalog.writing():
            catalog.rows("DELETE FROM summary")
        assert {stat.S_IMODE(path.stat().st_mode) for path in default_path().parent.iterdir()} == {0o600}


def test_a_catalog_of_somebody_else_is_not_used(folder: Path) -> None:
    scanned(folder)
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(default_path(), 12345, -1)
    assert "belongs to somebody else" in scanned(folder)[1]


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all" * 100)


def _other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (x)")
    connection.close()


def _link(path: Path) -> None:
    _other_database(path.with_name("target"))
    path.symlink_to("target")


def _folder(path: Path) -> None:
    path.mkdir()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [_garbage, _other_database, _link, _folder, _fifo])
def test_what_is_no_catalog_is_left_as_it_is(tmp_path: Path, folder: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "own" / "catalog"
    path.parent.mkdir()
    make(path)
    before = path.lstat().st_mode, path.is_file() and path.read_bytes()
    listing, note = scanned(folder, path)
    assert str(path) in note
    assert listing.counts == Counts(read=8)
    assert (path.lstat().st_mode, path.is_file() and path.read_bytes()) == before


def changed(statement: str) -> None:
    """Do something to the catalog behind its back."""
    connection = sqlite3.connect(default_path(), isolation_level=None)
    connection.executescript(statement)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 1",
        "CREATE TRIGGER t AFTER DELETE ON file BEGIN DELETE FROM folder; END",
        "CREATE TABLE more (x)",
        "DROP VIEW instance",
        "DROP INDEX file_inode",
        "DROP TABLE summary; CREATE VIEW summary AS SELECT 1 AS series_id, '' AS fingerprint, '' AS document",
    ],
)
def test_a_catalog_with_other_tables_is_not_used(folder: Path, statement: str) -> None:
    scanned(folder)
    changed(statement)
    assert "catalog.sqlite" in scanned(folder)[1]


DOCUMENTS = ("", "[", "{}", "[1]", "[{}]", "null", "[" * 100_000, '[{"first_id": "x"}]', "[[]]")


@pytest.mark.parametrize("column", ["document", "slices"])
@pytest.mark.parametrize("text", [*DOCUMENTS, 7, None, b"\xff\x00"])
def test_a_damaged_summary_is_never_believed(folder: Path, column: str, text: object) -> None:
    scanned(folder)
    connection = sqlite3.connect(default_path(), isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    if text is not None:
        connection.execute(f"UPDATE summary SET {column} = ?", (text,))  # noqa: S608 - one of two names
    connection.close()
    scanned(folder)


def columns_of_file() -> list[str]:
    with private_catalog() as catalog:
        names = [row[1] for row in catalog.rows("PRAGMA table_info(file)")]
    return [name for name in names if name not in {"id", "name", "folder_id"}]


def with_wrong_values(column: str, value: object) -> None:
    connection = sqlite3.connect(default_path(), isolation_level=None)
    connection.execute(f'UPDATE file SET "{column}" = ?', (value,))  # noqa: S608 - a name from the table itself
    connection.execute("DELETE FROM summary")
    connection.close()


@pytest.mark.parametrize("value", ["'; DROP TABLE file; --", 7, -1, 1.5, None, b"\xff\xfe", "[" * 100_000])
def test_values_of_wrong_types_crash_nothing(folder: Path, value: object) -> None:
    """What a hostile catalog says of an unchanged file cannot be known to be false; that it breaks nothing can."""
    scanned(folder)
    good = default_path().read_bytes()
    for column in columns_of_file():
        default_path().write_bytes(good)
        with_wrong_values(column, value)
        with open_catalog() as catalog, LocalEngine(workers=0) as engine:
            scan([folder], engine=engine, catalog=catalog, with_files=True)


@pytest.mark.parametrize("column", ["status", "reason", "warnings", "PatientID", "series_id", "common_id", "kind"])
def test_no_escape_code_of_a_catalog_reaches_the_terminal(folder: Path, column: str) -> None:
    scanned(folder)
    if column != "status":
        with_wrong_values("status", "unreadable" if column == "reason" else "dicom")
    if column in columns_of_file():
        with_wrong_values(column, "\x1b[31m\x07")
    else:
        changed("UPDATE common SET PatientID = char(27, 91, 51, 49, 109); DELETE FROM summary")
    result = run_cli("scan", folder)
    assert result.code in {0, 1, 3}
    assert b"\x1b" not in result.stdout + result.stderr


def test_rows_that_another_version_read_do_not_count(folder: Path) -> None:
    scanned(folder)
    changed("UPDATE maker SET version = '0.0.9/1'; UPDATE file SET SOPInstanceUID = 'wrong'; DELETE FROM summary")
    listing, note = scanned(folder)
    assert (listing.counts, note) == (Counts(read=8), "")
    assert scanned(folder)[0].counts == Counts(unchanged=8)


def test_text_that_is_no_unicode_is_kept_with_replacements(tmp_path: Path) -> None:
    data = text(0x00080005, "CS", "utf-7") + identity() + text(0x00100010, "PN", "A+2AA-B")
    (tmp_path / "a.dcm").write_bytes(part10(data + image()))
    with open_catalog() as catalog, LocalEngine(workers=0) as engine:
        listing = scan([tmp_path], engine=engine, catalog=catalog)
        assert catalog.note == ""
    assert [entry.patient_name for entry in listing.series] == ["A\ufffdB"]


def test_a_process_that_is_killed_leaves_a_catalog_that_is_right(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for number in range(20):
        write_instances(folder / str(number), stack(EVEN * 5, SeriesInstanceUID=f"1.2.3.{number}"))
    for _ in range(3):
        killed = subprocess.run([sys.executable, "-c", _KILLED, folder], check=False, env=cli_environment())
        assert killed.returncode == -signal.SIGKILL
    listing, note = scanned(folder)
    assert note == ""
    assert 0 < listing.counts.read < 1200
    assert scanned(folder)[0].counts == Counts(unchanged=1200)


_KILLED = """
import os, signal, sys
from pathlib import Path
from dcmtty.dicom.catalog import scan as module
from dcmtty.dicom.catalog.store import open_catalog
from dcmtty.engine.local import LocalEngine
module._BATCH = 30
module._REPORT_S = module._REPORT_SHARE = 0
reports = []
def report(listing):
    reports.append(listing)
    if len(reports) == 8:
        os.kill(os.getpid(), signal.SIGKILL)
with open_catalog() as catalog, LocalEngine(workers=0) as engine:
    module.scan([Path(sys.argv[1])], engine=engine, catalog=catalog, report=report)
"""


def test_pages_of_noise_in_the_middle_are_no_crash(folder: Path) -> None:
    scanned(folder)
    data = bytearray(default_path().read_bytes())
    data[8192:40960] = os.urandom(40960 - 8192)
    default_path().write_bytes(data)
    listing, note = scanned(folder)
    assert note
    assert listing.counts.read == 8


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_are_no_crash(folder: Path, seed: int) -> None:
    """Most of them are noticed; a flipped letter in a name cannot be."""
    scanned(folder)
    chance = random.Random(seed)
    data = bytearray(default_path().read_bytes())
    for _ in range(chance.choice([1, 20, 400])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    default_path().write_bytes(data)
    with open_catalog() as catalog, LocalEngine(workers=0) as engine:
        scan([folder], engine=engine, catalog=catalog, with_files=True)


def test_a_home_that_cannot_be_written_costs_a_note(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run_cli("scan", folder, env={"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert result.code == 0
    assert "catalog.sqlite cannot be made" in result.err
    assert "gap of 6 mm" in result.out


def test_a_full_disk_costs_a_note_and_no_line_of_the_list(folder: Path) -> None:
    write_instances(folder / "more", stack([0.5 * number for number in range(100)], SeriesInstanceUID="1.2.3.9"))
    with open_catalog() as catalog, LocalEngine(workers=0) as engine:
        (pages,) = catalog.rows("PRAGMA page_count").fetchone()
        catalog.rows(f"PRAGMA max_page_count = {pages}")
        listing = scan([folder], engine=engine, catalog=catalog, with_files=True)
        assert "full" in catalog.note
        assert catalog.path is None
    assert_same(listing, plain_scan([folder]))
    assert scanned(folder)[1] == ""


def test_a_catalog_in_use_on_another_machine_is_not_shared(folder: Path) -> None:
    scanned(folder)
    with default_path().with_name("catalog.sqlite.lock").open("r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        stream.write(b"another machine")
        stream.flush()
        assert "in use on another machine" in scanned(folder)[1]
    assert scanned(folder)[1] == ""


def test_a_catalog_that_another_process_locks_for_long_costs_a_note(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmtty.dicom.catalog.store._BUSY_S", 0.05)
    scanned(folder)
    write_instances(folder / "more", stack(EVEN, SeriesInstanceUID="1.2.3.9"))
    other = sqlite3.connect(default_path(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "locked" in scanned(folder)[1]
    other.execute("ROLLBACK")
    other.close()
    listing, note = scanned(folder)
    assert note == ""
    assert listing.counts == Counts(unchanged=8, read=12)


def test_without_a_catalog_nothing_is_kept(folder: Path) -> None:
    for _ in range(2):
        result = run_cli("scan", "--no-catalog", folder)
        assert result.code == 0
        assert "gap of 6 mm" in result.out
    assert not default_path().parent.exists()


def test_another_catalog_can_be_named_but_not_beside_none(folder: Path, tmp_path: Path) -> None:
    assert run_cli("scan", "--catalog", tmp_path / "mine", folder).code == 0
    assert (tmp_path / "mine").stat().st_size > 0
    assert not default_path().exists()
    assert run_cli("scan", "--catalog", tmp_path / "mine", "--no-catalog", folder).code == 2


def test_the_columns_of_the_catalog_are_those_of_a_record() -> None:
    assert STANDARD == record.STANDARD
