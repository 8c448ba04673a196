"""Opening series: read from their files when they are asked for, shown where that takes nothing from under anyone."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pydicom
import pytest

from app_driver import Driver, driving
from dcmtty.dicom.beside import read_beside
from dcmtty.dicom.listing import SeriesEntry
from dcmtty.dicom.model import Series
from dcmtty.progress import Progress
from dcmtty_tui.actions import Pane
from dcmtty_tui.reading import SeriesReader
from dcmtty_tui.screens import handle_series
from dcmtty_tui.screens.series_rows import SeriesKey
from dcmtty_tui.widgets.row_list import RowList
from held_scans import HELD, HeldScan, held_scan
from scan_views import TRIANGLE, another_series, cursor_key, is_over, is_shown, shown_series

__all__ = ["held_scan"]


class HeldReader:
    """Reads series in truth, when a test lets it."""

    def __init__(self) -> None:
        self.may_read = threading.Event()


@pytest.fixture
def held_reader(monkeypatch: pytest.MonkeyPatch) -> HeldReader:
    """The reading of series that have been scanned, held up."""
    held, read = HeldReader(), SeriesReader.read

    def waiting(reader: SeriesReader, entry: SeriesEntry, progress: Progress) -> Series:
        while not held.may_read.wait(0.01):
            progress.step(0, 1)
        return read(reader, entry, progress)

    monkeypatch.setattr(SeriesReader, "read", waiting)
    return held


async def two_series(driver: Driver, held: HeldReader) -> Series:
    """Wait until the first series is shown, and ask for the last one."""
    held.may_read.set()
    await driver.until(is_shown(driver))
    first = shown_series(driver)
    held.may_read.clear()
    await driver.pilot.press("G", "enter")
    await driver.until(lambda: driver.desk.scanning.request is not None)
    return first


async def test_a_series_is_not_put_under_someone_who_draws_meanwhile(
    phantom_dir: Path, tmp_path: Path, held_reader: HeldReader
) -> None:
    second = another_series(tmp_path / "second", phantom_dir, "ZZZ")
    async with driving(phantom_dir, second, held=frozenset({"series"})) as driver:
        first = await two_series(driver, held_reader)
        await driver.press("f3", *TRIANGLE)
        held_reader.may_read.set()
        await driver.until(lambda: driver.desk.scanning.request is None)
        assert shown_series(driver) is first
        assert "contours on the other one were changed meanwhile" in driver.line("message")


async def test_of_two_series_asked_for_the_later_is_shown_and_neither_after_it_was_given_up(
    phantom_dir: Path, tmp_path: Path, held_reader: HeldReader
) -> None:
    second = another_series(tmp_path / "second", phantom_dir, "ZZZ", "2.25.9", 3)
    third = another_series(tmp_path / "third", phantom_dir, "YYY", "2.25.8", 3)
    async with driving(phantom_dir, second, third, held=frozenset({"series"})) as driver:
        first = await two_series(driver, held_reader)
        assert "reading CT 3" in driver.line("message")
        await driver.press("q")
        held_reader.may_read.set()
        await driver.settle()
        assert shown_series(driver) is first
        assert "not opened" in driver.line("message")
        held_reader.may_read.clear()
        await driver.press("enter", "k", "k", "k", "enter")
        held_reader.may_read.set()
        await driver.until(lambda: driver.desk.scanning.request is None)
        assert shown_series(driver).key == "2.25.8"
        assert driver.desk.pane is Pane.PICTURE


async def test_keys_pressed_while_a_series_is_read_keep_their_pane(
    phantom_dir: Path, tmp_path: Path, held_reader: HeldReader
) -> None:
    second = another_series(tmp_path / "second", phantom_dir, "ZZZ", "2.25.9", 3)
    async with driving(phantom_dir, second, held=frozenset({"series"})) as driver:
        first = await two_series(driver, held_reader)
        await driver.press("k")
        key = cursor_key(driver)
        held_reader.may_read.set()
        await driver.until(lambda: shown_series(driver) is not first)
        assert (driver.desk.pane, cursor_key(driver)) == (Pane.SERIES, key)


def program(path: Path) -> None:
    """Let a file begin like a program for Windows."""
    with path.open("r+b") as stream:
        stream.write(b"MZ\x90\x00")


async def test_programs_are_marked_in_the_list_and_told_while_they_are_open(phantom_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "series"
    shutil.copytree(phantom_dir, folder)
    clean = another_series(tmp_path / "clean", phantom_dir, "ZZZ", count=3)
    program(sorted(folder.iterdir())[7])
    async with driving(folder, clean) as driver:
        marked = [row for row in driver.rows(Pane.SERIES) if "EXE" in row]
        assert len(marked) == 1
        assert "CT 45" in marked[0]
        assert "1 of 45 files begins like a program" in driver.line("banner")
        await driver.press("G", "k", "k", "k", "j")
        await driver.press("G", "enter")
        assert driver.line("banner") == ""


async def test_a_structure_set_that_begins_like_a_program_is_marked_and_told(shared_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(shared_data / "ct-rtstruct" / "ibsi-sts-019" / "CT", folder / "ct")
    shutil.copytree(shared_data / "ct-rtstruct" / "ibsi-sts-019" / "RTSTRUCT", folder / "rs")
    victim = min((folder / "rs").iterdir())
    program(victim)
    async with driving(folder) as driver:
        assert [row for row in driver.rows(Pane.SERIES) if "EXE RS" in row]
        assert driver.line("banner") == ""
        await driver.command(f"structures {victim}")
        assert "like a program" in driver.line("banner")


async def test_a_second_opening_reads_nothing_again_unless_a_file_was_touched(
    phantom_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "series"
    shutil.copytree(phantom_dir, folder)
    second = another_series(tmp_path / "second", phantom_dir, "ZZZ", count=3)
    async with driving(folder, second) as driver:
        first, listing = shown_series(driver), driver.desk.session.listing
        key = first.key

        async def opened(wanted: str) -> Series:
            entry = next(one for one in listing.series if one.key == wanted)
            rows = driver.main.query_one("#series", RowList)
            rows.go(driver.desk.scanning.rows.index_of(SeriesKey(wanted, entry)) or 0)
            driver.desk.pane = Pane.SERIES
            await driver.press("enter")
            return shown_series(driver)

        assert (await opened("2.25.77")).key == "2.25.77"
        assert await opened(key) is first
        assert (await opened("2.25.77")).key == "2.25.77"
        path = first.slices[0].instance.path
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000_000))
        again = await opened(key)
        assert again is not first
        assert again.slices[0].instance.mtime_ns == path.stat().st_mtime_ns


async def test_a_series_whose_file_changed_is_read_again_when_it_is_opened_again(
    phantom_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "series"
    shutil.copytree(phantom_dir, folder)
    async with driving(folder) as driver:
        await driver.press("]", "2", "w")
        before = driver.line("status")
        for item in shown_series(driver).slices:
            dataset = pydicom.dcmread(item.instance.path)
            dataset.ContentTime = "111213"
            dataset.save_as(item.instance.path)
        await driver.press("]")
        assert "it changed since it was scanned" in driver.line("status")
        await driver.press("[", "\\", "g", "j", "j", "enter")
        assert driver.line("status") == before
        await driver.press("]")
        assert "slice 25/45" in driver.line("status")
        assert driver.picture() != []


async def test_reading_tells_how_far_it_is_beside_the_scan(
    phantom_dir: Path, held_scan: HeldScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read = threading.Event()

    def slowly(path: Path, progress: Progress) -> Series:
        progress.interval_s = 0.0
        while not may_read.wait(0.01):
            progress.step(7, 20, label="reading")
        return read_beside(path)

    monkeypatch.setattr(handle_series, "read_beside", slowly)
    async with driving(phantom_dir, held=HELD | {"series"}) as driver:
        await driver.until(lambda: driver.desk.progress)
        await driver.until(lambda: "scan: scanning" in driver.desk.scanning.progress)
        assert "reading 7 of 20 files" in driver.line("message")
        assert "scan: scanning" in driver.line("message")
        may_read.set()
        await driver.until(is_shown(driver))
        assert "reading" not in driver.line("message")
        held_scan.end()
        await driver.until(is_over(driver))
        assert "scan" not in driver.line("message")
