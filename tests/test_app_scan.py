"""While a scan runs: its list grows, what it found can be looked at but not contoured, and nothing jumps."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app_driver import driving
from dcmtty.dicom.beside import NOT_SCANNED
from dcmtty.dicom.catalog.store import default_path
from dcmtty.dicom.listing import Listing, SeriesEntry
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.screens import series_rows
from dcmtty_tui.screens.scanning import Listed
from dcmtty_tui.screens.series_rows import SeriesKey, SeriesRows
from dcmtty_tui.widgets.row_list import Row, RowList
from held_scans import HELD, HeldScan, held_scan, so_far
from scan_views import TRIANGLE, another_series, cursor_key, is_over, is_shown, shown_series, shown_uid

__all__ = ["held_scan"]


async def test_the_first_series_is_seen_while_the_scan_runs_and_contoured_when_it_is_over(
    phantom_dir: Path, held_scan: HeldScan
) -> None:
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        assert any("CT 45+ axial" in row for row in driver.rows(Pane.SERIES))
        assert "slice 23/45" in driver.line("status")
        assert NOT_SCANNED in driver.line("banner")
        assert "scanning" in driver.line("message")
        await driver.press("f3", *TRIANGLE)
        assert driver.desk.state is None
        assert "the scan of the series has not ended" in driver.line("message")
        shown = driver.desk.viewer.shown
        held_scan.end()
        await driver.until(is_over(driver))
        assert driver.line("banner") == ""
        assert shown is not None
        assert driver.desk.viewer.shown is not None
        assert driver.desk.viewer.shown.picture is shown.picture
        await driver.press(*TRIANGLE, "enter")
        assert "contour 1 of ROI 1 is done" in driver.line("message")


async def test_a_series_that_grew_keeps_slice_window_zoom_and_crosshair(
    phantom_dir: Path, tmp_path: Path, held_scan: HeldScan
) -> None:
    folder = tmp_path / "series"
    shutil.copytree(phantom_dir, folder, ignore=lambda _, names: sorted(names)[:10])
    async with driving(folder, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.press("]", "]")
        await driver.command("window bone")
        await driver.press("+", "5", "l")
        before, uid = driver.line("status").split("|"), shown_uid(driver)
        assert "/35" in driver.line("status")
        shutil.copytree(phantom_dir, folder, dirs_exist_ok=True)
        held_scan.end()
        await driver.until(is_over(driver))
        after = driver.line("status").split("|")
        assert "/45" in driver.line("status")
        assert shown_uid(driver) == uid
        assert [part for part in after if "slice" not in part] == [part for part in before if "slice" not in part]
        assert before[-4:] == after[-4:]


async def test_a_reformatted_view_of_a_series_that_grew_stays_on_the_crosshair(
    phantom_dir: Path, tmp_path: Path, held_scan: HeldScan
) -> None:
    folder = tmp_path / "series"
    shutil.copytree(phantom_dir, folder, ignore=lambda _, names: sorted(names)[:10])
    async with driving(folder, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.press("9", "l", "V")
        place = driver.line("status").split("|")[1]
        shutil.copytree(phantom_dir, folder, dirs_exist_ok=True)
        held_scan.end()
        await driver.until(is_over(driver))
        assert "coronal reformatted" in driver.line("status")
        assert driver.line("status").split("|")[1] == place


async def test_the_cursor_stays_on_its_series_when_rows_come_before_it(
    phantom_dir: Path, tmp_path: Path, held_scan: HeldScan
) -> None:
    early = another_series(tmp_path / "early", phantom_dir, "AAA", "2.25.1", 3)
    late = another_series(tmp_path / "late", phantom_dir, "ZZZ", "2.25.9", 3)
    held_scan.seen = lambda listing: replace(listing, series=listing.series[-1:])
    async with driving(early, phantom_dir, late, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.press("\\", "G")
        key, rows = cursor_key(driver), len(driver.rows(Pane.SERIES))
        assert isinstance(key, SeriesKey)
        assert key.key == "2.25.9"
        held_scan.report()
        await driver.until(lambda: len(driver.rows(Pane.SERIES)) > rows)
        assert cursor_key(driver) == key
        assert shown_series(driver).series_uid == "2.25.9"
        held_scan.end()
        await driver.until(is_over(driver))
        assert cursor_key(driver) == key
        assert (driver.desk.pane, shown_series(driver).series_uid) == (Pane.SERIES, "2.25.9")


async def test_a_series_that_was_opened_meanwhile_stays_when_the_scan_ends(
    phantom_dir: Path, tmp_path: Path, held_scan: HeldScan
) -> None:
    second = another_series(tmp_path / "second", phantom_dir, "ZZZ")
    async with driving(phantom_dir, second, held=HELD) as driver:
        await driver.until(is_shown(driver))
        first = shown_series(driver).series_uid
        await driver.press("G", "enter")
        await driver.until(lambda: shown_series(driver).series_uid != first)
        held_scan.end()
        await driver.until(is_over(driver))
        assert shown_series(driver).series_uid == "2.25.77"
        assert shown_series(driver).numbering_doubt == ""


async def test_what_an_older_scan_says_is_dropped(phantom_dir: Path, tmp_path: Path, held_scan: HeldScan) -> None:
    second = another_series(tmp_path / "second", phantom_dir, "ZZZ")
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        stale = SeriesRows(driver.desk.session.listing)
        shown = shown_series(driver)
        await driver.command(f"open {second}")
        held_scan.end()
        await driver.until(is_over(driver))
        listing = driver.desk.session.listing
        assert [entry.series_uid for entry in listing.series] == ["2.25.77"]
        for rows in (stale, SeriesRows(replace(stale.listing, is_complete=True)), None):
            driver.main.post_message(Listed(driver.desk.scanning.number - 1, rows))
        await driver.settle()
        assert driver.desk.session.listing is listing
        assert "not among what was found" in driver.desk.message
        assert shown_series(driver) is shown


async def test_a_scan_that_fails_leaves_the_list_as_it_is(phantom_dir: Path, tmp_path: Path) -> None:
    async with driving(phantom_dir) as driver:
        rows = driver.rows(Pane.SERIES)
        await driver.command(f"open {tmp_path / 'nowhere'}")
        assert driver.desk.is_error
        assert "nowhere" in driver.line("message")
        assert driver.rows(Pane.SERIES) == rows
        await driver.press("f3", "space")
        assert driver.desk.state is not None


@pytest.mark.parametrize("trouble", ["no folder", "damaged"])
async def test_a_catalog_that_cannot_be_used_is_told_and_stops_nothing(
    phantom_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    if trouble == "no folder":
        cache.write_text("in the way")
    else:
        default_path().parent.mkdir(parents=True)
        default_path().write_bytes(b"no catalog at all" * 1000)
    async with driving(phantom_dir) as driver:
        assert "slice 23/45" in driver.line("status")
        assert "catalog" in driver.line("message")
        assert not driver.desk.is_error
        await driver.press("f3", *TRIANGLE, "enter")
        assert "contour 1 of ROI 1 is done" in driver.line("message")


async def test_a_note_about_the_catalog_stays_among_the_notes(
    phantom_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    cache.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    async with driving(phantom_dir) as driver:
        assert any("catalog" in note for note in driver.desk.notes)
        assert any("seems missing" in note for note in driver.desk.notes)


async def test_a_scan_is_stopped_by_a_key_and_what_it_found_stays(phantom_dir: Path, held_scan: HeldScan) -> None:
    del held_scan
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        assert "stop" in driver.line("footer")
        await driver.press("c")
        driver.held = frozenset()
        await driver.settle()
        assert "the scan was stopped" in driver.line("message")
        assert any("CT 45+" in row for row in driver.rows(Pane.SERIES))
        await driver.press("f3", "space")
        assert driver.desk.state is None
        await driver.press("c")
        assert "nothing is being scanned or read" in driver.line("message")


async def test_leaving_does_not_wait_for_the_scan(phantom_dir: Path, held_scan: HeldScan) -> None:
    del held_scan
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.pilot.press("q")
        await driver.pilot.pause()
        assert driver.app.return_code == 0


async def test_keys_leave_panes_and_do_not_stop_the_scan(phantom_dir: Path, held_scan: HeldScan) -> None:
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.press("\\", "q", "f3", "q")
        assert (driver.desk.mode, driver.desk.pane) == (Mode.BROWSE, Pane.PICTURE)
        assert driver.desk.scanning.is_running
        held_scan.end()
        await driver.until(is_over(driver))


async def test_neither_structure_sets_nor_files_to_send_belong_to_a_series_before_its_scan_is_over(
    phantom_dir: Path, tmp_path: Path, held_scan: HeldScan
) -> None:
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.command(f"structures {tmp_path / 'rs.dcm'}")
        assert "the scan of the series has not ended" in driver.line("message")
        await driver.press("f5")
        assert driver.desk.sending.all_paths() == []
        held_scan.end()
        await driver.until(is_over(driver))
        assert len(driver.desk.sending.all_paths()) == 45


async def test_only_rows_on_screen_are_made_of_a_long_list(
    phantom_dir: Path, monkeypatch: pytest.MonkeyPatch, held_scan: HeldScan
) -> None:
    made: list[object] = []
    whole = series_rows.SeriesRows.__getitem__

    def counting(rows: SeriesRows, index: int) -> object:
        made.append(index)
        return whole(rows, index)

    def many(listing: Listing) -> Listing:
        (one,) = listing.series
        others = (replace(one, series_uid=f"2.25.{number}", patient_id=f"{number:05}") for number in range(5000))
        return replace(listing, series=(*others, one))

    held_scan.seen = many
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(lambda: len(driver.main.query_one("#series", RowList).rows) > 5000)
        monkeypatch.setattr(series_rows.SeriesRows, "__getitem__", counting)
        held_scan.report(many)
        listing = driver.desk.session.listing
        await driver.until(lambda: driver.desk.session.listing is not listing)
        assert 0 < len(made) < 500
        held_scan.end()
        driver.held = frozenset()


def entry_named(key: str) -> SeriesEntry:
    """A series of a list."""
    return SeriesEntry("", "", "1", "", "", key, "", "", "CT", "1", "", 3, 1, 1, "axial", None, None, None)


def test_no_report_takes_the_place_of_the_end_of_a_scan() -> None:
    part = Listed(1, SeriesRows(so_far(Listing((entry_named("1.1"),)))))
    more = Listed(1, SeriesRows(so_far(Listing((entry_named("1.1"), entry_named("1.2"))))))
    end, failure, newer = Listed(1, SeriesRows(Listing())), Listed(1, None), Listed(2, more.rows)
    assert part.can_replace(more)
    assert part.can_replace(end)
    assert not end.can_replace(more)
    assert not failure.can_replace(more)
    assert not end.can_replace(newer)


def test_rows_tell_where_a_series_is_without_making_one() -> None:
    rows = SeriesRows(Listing(tuple(entry_named(f"1.{number}") for number in range(100))))
    place = rows.index_of(SeriesKey("1.42", entry_named("1.42")))
    assert place is not None
    row = rows[place]
    assert isinstance(row, Row)
    assert row.key == SeriesKey("1.42", entry_named("other"))
