"""The grid while a scan runs: what is known so far, said to be incomplete, and all of it when the scan is over."""

from __future__ import annotations

from pathlib import Path

from app_driver import driving
from held_scans import HELD, HeldScan, held_scan
from scan_views import is_over, is_shown
from test_app_grid import cells, grid

__all__ = ["held_scan"]


async def test_rows_are_shown_while_a_scan_runs_and_complete_when_it_is_over(
    phantom_dir: Path, held_scan: HeldScan
) -> None:
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.press("f6")
        assert grid(driver).title == "Series | not all is scanned"
        assert [row[3] for row in cells(driver)] == ["CT"]
        held_scan.end()
        await driver.until(is_over(driver))
        await driver.settle()
        assert grid(driver).title == "Series"
        assert [row[0] for row in cells(driver)] == ["45"]


async def test_what_a_stopped_scan_found_stays_and_nothing_more_is_read(phantom_dir: Path, held_scan: HeldScan) -> None:
    del held_scan
    async with driving(phantom_dir, held=HELD) as driver:
        await driver.until(is_shown(driver))
        await driver.press("f6", "c")
        driver.held = frozenset()
        await driver.settle()
        await driver.press("t")
        assert grid(driver).title == "Studies | not all is scanned"
        assert len(cells(driver)) == 1
