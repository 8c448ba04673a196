"""Between two scans files change, move and vanish, and the list never says what is not so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_engines import MeddlingEngine, idle_engine
from dcmtty.dicom.catalog import rows
from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import default_path, open_catalog
from dcmtty.dicom.catalog.walk import Found, Walk
from dcmtty.dicom.header.columns import parse_columns
from dcmtty.dicom.header.record import Batch, Record, read_records
from dcmtty.dicom.listing import Counts, Listing
from dcmtty.dicom.scan import scan as plain_scan
from dcmtty.engine.local import LocalEngine
from dcmtty.engine.protocol import Engine
from dcmtty.errors import InputError
from dcmtty.progress import Cancelled, Progress
from instances import stack
from peers import tracer
from run_cli import cli_command, cli_environment, run_cli
from test_catalog_same import assert_same
from written_series import write_instances

EVEN = [3.0 * number for number in range(12)]


def scanned(*paths: Path, engine: Engine | None = None, columns: str = "") -> Listing:
    """What a scan with this user's catalog lists."""
    with open_catalog() as catalog, engine or LocalEngine(workers=0) as opened:
        extra = parse_columns(columns) if columns else ()
        listing = scan(paths, engine=opened, catalog=catalog, with_files=True, extra=extra)
        assert catalog.note == ""
    return listing


def true_now(listing: Listing, *paths: Path) -> Counts:
    """The counts of a list, which says what a plain scan says at this moment."""
    assert_same(listing, plain_scan(paths))
    return listing.counts


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two series in two folders, in the catalog."""
    folder = tmp_path / "archive"
    write_instances(folder / "one", stack(EVEN, PatientName="VANISHING^PATIENT"))
    write_instances(folder / "two", stack(EVEN, SeriesInstanceUID="1.2.3.9"))
    assert true_now(scanned(folder), folder) == Counts(read=24)
    return folder


def test_a_second_scan_opens_no_image_file(archive: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    tracing = [str(tracer()), "-f", "-e", "trace=open,openat,openat2", "-o", str(trace)]
    command = [*tracing, *cli_command("scan", archive)]
    subprocess.run(command, check=True, capture_output=True, env=cli_environment())
    opened = [line for line in trace.read_text().splitlines() if str(archive) in line]
    assert len(opened) == 3
    assert all("O_DIRECTORY" in line for line in opened)
    assert not re.search(r"\.dcm\b", trace.read_text())


def test_a_changed_file_is_read_again_though_size_and_mtime_are_the_same(archive: Path) -> None:
    path = archive / "one" / "0003.dcm"
    info = path.stat()
    path.write_bytes(path.read_bytes().replace(b"VANISHING^PATIENT", b"DIFFERENT^PATIENT"))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert true_now(scanned(archive), archive) == Counts(unchanged=23, read=1)


def test_a_file_replaced_by_one_of_the_same_size_and_mtime_is_read_again(archive: Path) -> None:
    path, other = archive / "one" / "0003.dcm", archive / "new"
    other.write_bytes(path.read_bytes().replace(b"VANISHING^PATIENT", b"DIFFERENT^PATIENT"))
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)
    assert true_now(scanned(archive), archive) == Counts(unchanged=23, read=1)


def test_a_renamed_file_counts_as_moved(archive: Path) -> None:
    (archive / "one" / "0003.dcm").rename(archive / "two" / "elsewhere.dcm")
    assert true_now(scanned(archive), archive) == Counts(unchanged=23, moved=1)


def test_two_files_that_change_their_names_are_told_apart(archive: Path) -> None:
    one, two, aside = archive / "one" / "0001.dcm", archive / "one" / "0002.dcm", archive / "aside"
    one.rename(aside)
    two.rename(one)
    aside.rename(two)
    listing = scanned(archive)
    true_now(listing, archive)
    assert listing.counts.unchanged == 22


def test_the_files_of_a_renamed_folder_are_not_opened(archive: Path) -> None:
    (archive / "one").rename(archive / "three")
    assert true_now(scanned(archive, engine=idle_engine()), archive) == Counts(unchanged=12, moved=12)
    assert true_now(scanned(archive, engine=idle_engine()), archive) == Counts(unchanged=24)


def test_a_changed_file_under_another_name_with_its_old_mtime_is_read(archive: Path) -> None:
    old, new = archive / "one" / "0003.dcm", archive / "one" / "renamed.dcm"
    info = old.stat()
    with old.open("r+b") as stream:
        at = stream.read().index(b"VANISHING")
        stream.seek(at)
        stream.write(b"DIFFERENT")
    os.utime(old, ns=(0, info.st_mtime_ns))
    old.rename(new)
    assert new.stat().st_ino == info.st_ino
    true_now(scanned(archive), archive)


def test_deleted_files_and_folders_leave_the_list_and_the_catalog(archive: Path) -> None:
    (archive / "two" / "0001.dcm").unlink()
    shutil.rmtree(archive / "one")
    assert true_now(scanned(archive), archive) == Counts(unchanged=11, deleted=13)
    kept = b"".join(path.read_bytes() for path in default_path().parent.iterdir())
    assert b"1.2.3.9" in kept
    assert b"VANISHING" not in kept


def test_a_scan_of_a_part_drops_nothing_of_the_rest(archive: Path) -> None:
    assert true_now(scanned(archive / "one"), archive / "one") == Counts(unchanged=12)
    assert true_now(scanned(archive), archive) == Counts(unchanged=24)


def test_the_same_folder_by_another_name_is_known(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(archive)
    link = tmp_path / "link"
    assert true_now(scanned(link, engine=idle_engine()), link) == Counts(unchanged=24)


def test_a_file_that_changes_while_it_is_read_is_read_again_next_time(archive: Path) -> None:
    path = archive / "one" / "0003.dcm"
    path.write_bytes(path.read_bytes().replace(b"VANISHING^PATIENT", b"DIFFERENT^PATIENT"))

    def meddle() -> None:
        info = path.stat()
        path.write_bytes(path.read_bytes().replace(b"DIFFERENT^PATIENT", b"YET-OTHER^PATIENT"))
        os.utime(path, ns=(0, info.st_mtime_ns))

    scanned(archive, engine=MeddlingEngine(after=meddle))
    listing = scanned(archive)
    assert true_now(listing, archive).read == 1
    with open_catalog() as catalog:
        names = {name for (name,) in catalog.rows("SELECT PatientName FROM instance WHERE path LIKE '%/one/0003.dcm'")}
    assert names == {"YET-OTHER^PATIENT"}


def test_a_file_read_within_the_tick_of_its_last_change_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_instances(tmp_path, stack(EVEN))
    monkeypatch.setattr(rows, "let_settle", lambda files: max(file.ctime_ns for file in files))
    monkeypatch.setattr("dcmtty.dicom.catalog.scan.let_settle", rows.let_settle)
    scanned(folder)
    assert true_now(scanned(folder), folder).read > 0


def test_a_clock_that_was_ahead_makes_no_file_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_instances(tmp_path, stack(EVEN))
    an_hour_ago = time.time_ns() - 3600 * 10**9
    with monkeypatch.context() as patched:
        patched.setattr(time, "time_ns", lambda: an_hour_ago)
        scanned(folder)
    assert true_now(scanned(folder), folder) == Counts(read=12)
    assert true_now(scanned(folder), folder) == Counts(unchanged=12)


def test_whole_seconds_of_a_coarse_file_system_are_not_believed_for_two_seconds() -> None:
    second = 10**9
    assert rows.tick_ns(1_700_000_000 * second, 1_700_000_000 * second) > 2 * second
    assert rows.tick_ns(1_700_000_000 * second + 1, 1_700_000_000 * second) < second


def test_a_file_that_vanishes_during_the_scan_is_told_and_gone_next_time(archive: Path) -> None:
    fresh = archive / "one" / "fresh.dcm"
    shutil.copy(archive / "one" / "0001.dcm", fresh)
    listing = scanned(archive, engine=MeddlingEngine(before=lambda: fresh.unlink(missing_ok=True)))
    assert [(found.path, found.reason) for found in listing.unreadable] == [(fresh, "no such file or folder")]
    assert true_now(scanned(archive), archive) == Counts(unchanged=24, deleted=1)


def test_a_file_that_the_system_would_not_open_is_tried_again_and_a_broken_one_is_not(archive: Path) -> None:
    whole = (archive / "one" / "0001.dcm").read_bytes()
    (archive / "cut.dcm").write_bytes(whole[:-1])
    (archive / "notes.txt").write_text("hello")
    gone = archive / "gone.dcm"
    gone.write_bytes(whole)
    scanned(archive, engine=MeddlingEngine(before=lambda: gone.unlink(missing_ok=True)))
    with open_catalog() as catalog:
        query = "SELECT name, status, is_settled FROM file WHERE status <> 'dicom'"
        believed = {name: (status, settled) for name, status, settled in catalog.rows(query)}
    assert believed == {"cut.dcm": ("unreadable", 1), "gone.dcm": ("unreadable", 0), "notes.txt": ("foreign", 1)}


def test_further_columns_are_read_once_and_kept(archive: Path) -> None:
    assert scanned(archive, columns="KVP,0028,0106").counts == Counts(read=24)
    assert scanned(archive, columns="0028,0106", engine=idle_engine()).counts == Counts(unchanged=24)
    assert scanned(archive, columns="StationName,FilmConsumptionSequence").counts == Counts(read=24)
    assert scanned(archive, columns="KVP,StationName,0028,0106", engine=idle_engine()).counts == Counts(unchanged=24)


def test_a_cancelled_scan_keeps_what_it_read_and_nothing_false(archive: Path) -> None:
    shutil.copytree(archive / "one", archive / "three")
    progress = Progress(cancelled=lambda: True)
    with open_catalog() as catalog, LocalEngine(workers=0) as engine, pytest.raises(Cancelled):
        scan([archive], engine=engine, catalog=catalog, progress=progress)
    true_now(scanned(archive), archive)


def test_two_scans_at_once_into_one_catalog_both_say_what_is_so(archive: Path) -> None:
    default_path().unlink()
    for number in range(3, 30):
        shutil.copytree(archive / "one", archive / str(number))
    command = cli_command("scan", archive, "--format", "json")
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=cli_environment())
        for _ in range(3)
    ]
    answers = [process.communicate() for process in running]
    # Each may tell what it read and what another one had read before; nothing else is to be said.
    told = [error for _, error in answers if error]
    assert all(
        re.fullmatch(rb"dcmtty: files since the last scan: \d+ new or changed, \d+ unchanged\n", one) for one in told
    )
    assert len({answer for answer, _ in answers}) == 1
    assert true_now(scanned(archive, engine=idle_engine()), archive).unchanged == 29 * 12


def test_a_name_that_a_folder_gives_twice_counts_once(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once = Walk.files

    def twice(walk: Walk) -> Iterator[Found]:
        for found in once(walk):
            yield found
            yield found

    monkeypatch.setattr(Walk, "files", twice)
    default_path().unlink()
    assert_same(scanned(archive), plain_scan([archive]))
    assert_same(scanned(archive), plain_scan([archive]))


def test_a_second_scan_imports_neither_numpy_nor_pydicom(archive: Path) -> None:
    result = run_cli("scan", archive, env={"PYTHONVERBOSE": "1"})
    imported = set(re.findall(r"^import '([\w.]+)'", result.err, re.MULTILINE))
    assert "dcmtty.dicom.catalog.scan" in imported
    assert not {name for name in imported if name.partition(".")[0] in {"numpy", "pydicom", "textual", "dask"}}


def test_what_a_machine_of_a_cluster_sees_otherwise_is_read_here(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default_path().unlink()

    def elsewhere(batch: Batch) -> list[Record]:
        found = read_records(batch)
        return [found[0], found[1]._replace(size_bytes=1), Record("unreadable", "no such file or folder"), *found[3:]]

    monkeypatch.setattr("dcmtty.dicom.header.record.read_records", elsewhere)
    engine = MeddlingEngine()
    engine.is_remote = True
    assert true_now(scanned(archive, engine=engine), archive) == Counts(read=24)
    assert true_now(scanned(archive, engine=idle_engine()), archive) == Counts(unchanged=24)


def test_names_leave_the_catalog_also_when_the_scan_that_changed_them_was_cut_short(archive: Path) -> None:
    for path in (archive / "one").iterdir():
        path.write_bytes(path.read_bytes().replace(b"VANISHING^PATIENT", b"ANONYMOUS^PERSONS"))
    with open_catalog() as catalog, LocalEngine(workers=0) as engine, pytest.MonkeyPatch.context() as patched:
        patched.setattr("dcmtty.dicom.catalog.scan.complete_listing", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            scan([archive], engine=engine, catalog=catalog)
    true_now(scanned(archive), archive)
    kept = b"".join(path.read_bytes() for path in default_path().parent.iterdir())
    assert b"ANONYMOUS" in kept
    assert b"VANISHING" not in kept


def test_naming_what_is_gone_drops_what_the_catalog_knows_of_it(archive: Path) -> None:
    (archive / "two" / "0001.dcm").unlink()
    with pytest.raises(InputError, match="no such file"):
        scanned(archive / "two" / "0001.dcm")
    shutil.rmtree(archive / "one")
    with pytest.raises(InputError, match="no such file"):
        scanned(archive / "one")
    assert b"VANISHING" not in b"".join(path.read_bytes() for path in default_path().parent.iterdir())
    assert true_now(scanned(archive, engine=idle_engine()), archive) == Counts(unchanged=11)
