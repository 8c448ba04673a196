"""Browsing: what is always on screen, tags and search, views, windows, and structure sets of other series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from app_driver import Driver, driving
from dcmtty_tui.actions import ACTIONS, Mode, Pane
from dcmtty_tui.screens.desk import HANDLERS
from dcmtty_tui.screens.help import TextScreen
from dcmtty_tui.viewing import take_snapshot
from dcmtty_tui.widgets.slice_view import SliceView
from main_job import structures_file


def slice_file(driver: Driver) -> Path:
    shown = driver.desk.viewer.shown
    assert shown is not None
    return shown.view.series.slices[shown.view.slice_number - 1].instance.path


def test_every_action_has_a_handler_and_every_handler_an_action() -> None:
    assert set(HANDLERS) == {action.id for action in ACTIONS}


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_who_what_and_where_are_on_screen_in_every_size(phantom_dir: Path, size: tuple[int, int]) -> None:
    async with driving(phantom_dir, size=size) as driver:
        await driver.press(*"5l", *"3j")
        header = pydicom.dcmread(slice_file(driver), stop_before_pixels=True)
        column, row = 85, 63
        x, y, z = (float(value) for value in header.ImagePositionPatient)
        x, y = x + column * float(header.PixelSpacing[1]), y + row * float(header.PixelSpacing[0])
        assert f"col {column} row {row} | {x:.2f} {y:.2f} {z:.2f} mm | " in driver.line("status")
        stored = int(pydicom.dcmread(slice_file(driver)).pixel_array[row, column])
        value = stored * float(header.RescaleSlope) + float(header.RescaleIntercept)
        assert f"| {value:g} HU" in driver.line("status")
        assert f"CT HFS | slice 23/45 at z {z:.2f} mm" in driver.line("status")
        assert str(header.PatientName) in driver.line("title")
        assert str(header.PatientID) in driver.line("title")
        picture = "\n".join(driver.picture())
        assert all(letter in picture for letter in "RLAP")


async def test_picture_status_and_tags_are_always_of_one_slice(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        for keys in ("]", *("]",) * 7, "{", "G", "g"):
            await driver.pilot.press(*keys)
            await driver.settle()
            header = pydicom.dcmread(slice_file(driver), stop_before_pixels=True)
            assert f"at z {float(header.ImagePositionPatient[2]):.2f} mm" in driver.line("status")
            assert any(str(header.SOPInstanceUID) in row for row in driver.rows(Pane.TAGS))


async def test_letters_come_from_the_orientation_of_a_sagittal_series(shared_data: Path) -> None:
    async with driving(shared_data / "mr-series" / "dcmqa-sagittal-HFP") as driver:
        lines = driver.picture()
        assert "H" in lines[0]
        assert "F" in lines[-1]
        middle = lines[len(lines) // 2]
        assert middle.startswith("A")
        assert middle.endswith("P")


async def test_the_circle_of_a_phantom_is_round_in_cells(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        view = driver.desk.viewer.shown
        assert view is not None
        assert view.view.viewport is not None
        across, down = view.view.viewport.mm_per_cell
        assert down == pytest.approx(2 * across)


async def test_tags_are_searched_by_keyword_number_and_value(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        for pattern in ("PixelSpacing", "0028,0030", "00280030"):
            await driver.press("/")
            await driver.type(pattern)
            await driver.press("enter")
            row = driver.main.query_one("#tags").current  # type: ignore[attr-defined]
            assert row is not None
            assert "0028,0030" in row.text
        await driver.command("find MONOCHROME2")
        assert "match 1 of 1" in driver.line("message")
        await driver.command("find UID")
        first = driver.line("message")
        await driver.press("n")
        second = driver.line("message")
        await driver.press("N")
        assert driver.line("message") == first != second


async def test_sequences_open_and_close(shared_data: Path) -> None:
    async with driving(shared_data / "ct-rtstruct" / "ibsi-sts-019" / "CT") as driver:
        await driver.command("find DeidentificationMethodCodeSequence")
        closed = len(driver.rows(Pane.TAGS))
        await driver.press("l")
        opened = len(driver.rows(Pane.TAGS))
        await driver.press("h")
        assert opened > closed == len(driver.rows(Pane.TAGS))


async def test_windows_go_round_and_can_be_typed(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.command("window lung")
        assert "W1500 L-600" in driver.line("status")
        await driver.command("window 50/350")
        assert "W350 L50" in driver.line("status")
        before = driver.line("status")
        await driver.press("w", "e")
        assert driver.line("status") != before
        await driver.press("I")
        assert "inverted" in driver.line("status")
        await driver.command("window nonsense")
        assert driver.desk.is_error


async def test_views_go_through_the_crosshair(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.command("at 90 70")
        shown = driver.desk.viewer.shown
        assert shown is not None
        assert shown.picture is not None
        assert shown.picture.plane is not None
        before = shown.picture.plane.patient_xyz([[90, 70]])[0]
        for name in ("coronal", "sagittal", "axial"):
            await driver.press("V")
            shown = driver.desk.viewer.shown
            assert shown is not None
            assert shown.picture is not None
            assert shown.picture.plane is not None
            assert name in driver.line("status")
            at = shown.picture.plane.patient_xyz([shown.view.cursor])[0]
            assert np.abs(at - before).max() <= 4.0


async def test_a_structure_set_on_another_series_shows_a_banner_with_both(shared_data: Path) -> None:
    folder = shared_data / "ct-rtstruct" / "ibsi-sts-019"
    async with driving(folder / "MR_T1") as driver:
        await driver.command(f"structures {structures_file(shared_data)}")
        state = driver.desk.state
        assert state is not None
        assert driver.main.query_one("#banner").has_class("open")
        banner = driver.line("banner").replace("\n", "").replace(" ", "")
        series = driver.desk.session.series
        assert series is not None
        same_frame = state.structure_set.frame_of_reference_uid == series.frame_of_reference_uid
        ours = state.structure_set.series_uid if same_frame else state.structure_set.frame_of_reference_uid
        theirs = series.series_uid if same_frame else series.frame_of_reference_uid
        assert ours in banner
        assert theirs in banner
        await driver.press("f3", "space")
        assert driver.desk.is_error


async def test_a_structure_set_in_another_frame_of_reference_is_not_drawn(shared_data: Path, phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.command(f"structures {structures_file(shared_data)}")
        assert "NOT DRAWN" in driver.line("banner").upper()
        shown = driver.desk.viewer.shown
        assert shown is not None
        assert shown.picture is not None
        assert shown.window is not None
        terminal = driver.desk.viewer.terminal
        bare = take_snapshot(shown.view, shown.picture, shown.window, None, shown.selection, terminal)
        assert shown.cells is not None
        assert bare.cells is not None
        for name in ("glyphs", "foreground", "background"):
            np.testing.assert_array_equal(getattr(shown.cells, name), getattr(bare.cells, name))


async def test_panes_are_reached_and_left_by_one_key(phantom_dir: Path) -> None:
    async with driving(phantom_dir, size=(80, 24)) as driver:
        assert driver.desk.pane is Pane.PICTURE
        seen = []
        for _ in range(3):
            await driver.press("\\")
            seen.append(driver.desk.pane)
        assert seen == [Pane.SERIES, Pane.TAGS, Pane.PICTURE]
        await driver.press("\\", "q")
        assert driver.desk.pane is Pane.PICTURE
        assert driver.desk.mode is Mode.BROWSE


async def test_the_picture_keeps_60_by_18_beside_a_pane_at_80_by_24(phantom_dir: Path) -> None:
    async with driving(phantom_dir, size=(80, 24)) as driver:
        await driver.press("\\")
        size = driver.main.query_one(SliceView).size
        assert size.width >= 60
        assert size.height >= 18


async def test_help_names_the_focused_pane_and_its_keys(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("\\", "\\", "?")
        assert isinstance(driver.app.screen, TextScreen)
        await driver.press("q")
        assert driver.app.screen_stack == [driver.main]


async def test_the_palette_runs_an_action(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("ctrl+p")
        await driver.pilot.press(*"Invert")
        await driver.pilot.pause(0.5)
        await driver.press("enter")
        await driver.settle()
        assert "inverted" in driver.line("status")


async def test_a_terminal_that_became_too_small_says_so_and_refuses_edits(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        await driver.pilot.resize_terminal(30, 8)
        await driver.settle()
        assert "30x8" in driver.line("message")
        await driver.press("space")
        assert driver.desk.state is None
        await driver.pilot.resize_terminal(100, 30)
        await driver.settle()
        await driver.press("space")
        assert driver.desk.state is not None


async def test_of_several_series_a_ct_is_shown_first(shared_data: Path) -> None:
    async with driving(shared_data / "ct-rtstruct" / "ibsi-sts-019") as driver:
        assert len(driver.desk.session.listing.series) == 3
        series = driver.desk.session.series
        assert series is not None
        assert series.modality == "CT"
        assert driver.desk.pane is Pane.SERIES


async def test_a_search_in_a_reformatted_view_says_why_there_are_no_tags(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("V")
        await driver.command("find Spacing")
        assert "no one file" in driver.line("message")
