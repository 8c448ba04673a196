"""Edits go to the ROI, the contour and the slice that the screen names, after undo, deletion and other series too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app_driver import Driver, driving
from dcmtty.contours.draft import EditState

TRIANGLE = ("space", "8", "l", "space", "8", "j", "space")


def state_of(driver: Driver) -> EditState:
    """What stands."""
    assert driver.desk.state is not None
    return driver.desk.state


def contours(driver: Driver) -> dict[int, int]:
    """How many contours each ROI has."""
    return {roi.number: len(roi.contours) for roi in state_of(driver).structure_set.rois}


async def test_a_contour_that_undo_opens_again_is_named_and_ended_in_its_own_roi(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", "A", "A", "1", "R", *TRIANGLE, "enter", "R")
        assert driver.desk.selection.roi_number == 2
        await driver.press("u")
        assert driver.desk.selection.roi_number == 1
        await driver.press("l")
        assert "INSERT 3 points, open | ROI 1 ROI 1 " in driver.line("message")
        await driver.press("enter")
        assert "contour 1 of ROI 1 is done" in driver.line("message")


async def test_points_of_an_open_contour_stay_in_its_roi_whatever_is_chosen(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *TRIANGLE, "enter", "A", "]", *TRIANGLE[:4])
        await driver.press("[", "o")
        assert driver.desk.selection.contour == (1, 0)
        await driver.press("]", "2", "j", "space")
        await driver.press("enter")
        assert "contour 1 of ROI 2 is done" in driver.line("message")
        assert contours(driver) == {1: 1, 2: 1}


@pytest.mark.parametrize("key", ["x", "X", "m"])
async def test_a_contour_on_another_slice_is_not_changed(phantom_dir: Path, key: str) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *TRIANGLE, "space", "enter", "o", "]")
        before = state_of(driver).structure_set.version
        await driver.press(key)
        assert "the contour is on slice 23, shown is slice 24" in driver.line("message")
        assert state_of(driver).structure_set.version == before


async def test_a_point_of_an_open_contour_on_another_slice_is_not_deleted(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *TRIANGLE, "]", "x")
        assert "the contour is on slice 23, shown is slice 24" in driver.line("message")
        draft = state_of(driver).draft
        assert draft is not None
        assert len(draft.points) == 3


async def test_the_roi_that_is_chosen_after_a_deletion_is_named(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", "A", "A", "A")
        await driver.command("delete-roi")
        assert "ROI 2 is chosen now" in driver.line("message")
        assert driver.desk.selection.roi_number == 2


async def test_leaving_is_asked_for_twice_when_no_journal_has_the_edits(
    phantom_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *TRIANGLE, "enter")
        await driver.press("ctrl+q")
        assert "NEITHER SAVED NOR JOURNALLED" in driver.line("message")
        await driver.press("l", "f2", "q")
        assert "NEITHER SAVED NOR JOURNALLED" in driver.line("message")
        assert "journalled, not saved" not in driver.line("title")


async def test_enter_does_not_answer_a_question_that_came_while_something_was_typed(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *TRIANGLE, "enter")
        await driver.command("discard-set")
        await driver.press("enter", "l", "space")
        assert contours(driver) == {1: 1}
        await driver.press("n", "l")
        assert contours(driver) == {1: 1}


async def test_a_series_that_was_opened_again_with_more_files_is_shown_with_them_unless_it_has_contours(
    phantom_dir: Path, tmp_path: Path
) -> None:
    part, whole = tmp_path / "part", tmp_path / "whole"
    shutil.copytree(phantom_dir, whole)
    shutil.copytree(phantom_dir, part, ignore=lambda _, names: sorted(names)[20:])
    for has_contours in (False, True):
        async with driving(part) as driver:
            await driver.press("f3", *(TRIANGLE if has_contours else ()), "f2")
            await driver.command(f"open {whole}")
            await driver.press("\\", "g", "j", "j", "enter")
            if has_contours:
                assert "were drawn when it had other slices" in driver.line("message")
            assert ("CT 20" if has_contours else "CT 45") in driver.line("title")


async def test_nothing_is_undone_on_a_terminal_too_small_to_show_it(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *TRIANGLE, "enter")
        await driver.pilot.resize_terminal(30, 8)
        await driver.press("u")
        assert contours(driver) == {1: 1}
