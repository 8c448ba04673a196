"""Contouring by keys alone: points, counts, undo, types, typed coordinates; and that edits wait for their slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import UID

from app_driver import Driver, driving
from dcmtty.contours.model import GeometricType
from dcmtty.progress import Progress
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.screens import handle_series
from dcmtty_tui.viewing import Selection

SQUARE = ("space", *"10l", "space", *"8j", "space", *"10h", "space")


def points_of(driver: Driver, roi: int = 1, contour: int = 0) -> np.ndarray:
    state = driver.desk.state
    assert state is not None
    found = state.structure_set.roi(roi)
    assert found is not None
    return found.contours[contour].points_xyz


async def test_a_contour_is_entered_with_counts_and_closed_with_enter(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *SQUARE, "enter")
        plane = driver.desk.viewer.shown.view.series.slices[22].plane  # type: ignore[union-attr]
        assert plane is not None
        columns_rows = [(80, 60), (90, 60), (90, 68), (80, 68)]
        spacing = np.array([plane.column_spacing_mm, plane.row_spacing_mm])
        expected = [plane.origin_xyz[:2] + np.array(pixel) * spacing for pixel in columns_rows]
        np.testing.assert_allclose(points_of(driver)[:, :2], expected, atol=5e-4)
        assert "contour 1 of ROI 1 is done" in driver.line("message")


async def test_undo_and_redo_go_all_the_way(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *SQUARE, "enter")
        before = points_of(driver)
        await driver.press(*"99", "u")
        state = driver.desk.state
        assert state is not None
        assert state.structure_set.rois == ()
        await driver.press(*"99", "ctrl+r")
        np.testing.assert_array_equal(points_of(driver), before)


async def test_one_undo_takes_back_the_first_point_with_the_contour_it_began(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.command("roi Heart ORGAN")
        await driver.press("f3", "space", "u")
        state = driver.desk.state
        assert state is not None
        assert state.draft is None


async def test_an_edit_waits_for_the_slice_it_will_act_on(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        await driver.pilot.press("]", "space", "]", "space")
        await driver.settle()
        state = driver.desk.state
        assert state is not None
        assert state.draft is not None
        assert [point.slice_number for point in state.draft.points] == [24]
        assert "slice 24, the point on slice 25" in driver.line("message")


@pytest.mark.parametrize(
    ("word", "kind", "count"),
    [
        ("point", GeometricType.POINT, 1),
        ("open", GeometricType.OPEN_PLANAR, 2),
        ("nonplanar", GeometricType.OPEN_NONPLANAR, 3),
        ("closed", GeometricType.CLOSED_PLANAR, 3),
    ],
)
async def test_all_four_types_can_be_entered(phantom_dir: Path, word: str, kind: GeometricType, count: int) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        await driver.command(f"geometry {word}")
        places = ["p 40 40", "p 60.5 40", "p 50 55.25"][:count]
        for place in places:
            await driver.command(place)
        if kind is not GeometricType.POINT:
            await driver.press("enter")
        state = driver.desk.state
        assert state is not None
        contour = state.structure_set.rois[0].contours[0]
        assert (contour.geometric_type, len(contour.points_xyz)) == (kind, count)


async def test_typed_millimetres_are_kept_as_typed(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        z = float(driver.desk.viewer.shown.view.series.slices[22].plane.origin_xyz[2])  # type: ignore[union-attr]
        await driver.command(f"mm -34.2 10 {z}")
        state = driver.desk.state
        assert state is not None
        assert state.draft is not None
        assert state.draft.points[0].xyz == (-34.2, 10.0, z)


async def test_a_point_off_the_slice_is_refused_with_its_distance(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        await driver.command("mm 0 0 0")
        assert "mm off slice 23" in driver.line("message")
        assert driver.desk.state is None or driver.desk.state.draft is None or not driver.desk.state.draft.points


async def test_a_degenerate_contour_is_refused_and_stays_open(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", "space", *"5l", "space", "enter")
        state = driver.desk.state
        assert state is not None
        assert state.draft is not None
        assert len(state.draft.points) == 2
        assert driver.desk.is_error


async def test_points_are_selected_moved_and_deleted(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", *SQUARE, "enter", "o", "tab", "tab", *"5l", "m")
        moved = points_of(driver)
        await driver.press("x")
        assert len(points_of(driver)) == 3
        await driver.press("u")
        np.testing.assert_array_equal(points_of(driver), moved)
        plane = driver.desk.viewer.shown.view.series.slices[22].plane  # type: ignore[union-attr]
        assert plane is not None
        column = float(plane.column_row_offset(moved[1])[0][0])
        assert column == pytest.approx(95, abs=1e-3)


async def test_the_contour_is_drawn_over_the_slice(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        before = driver.main.query_one("#picture").cells  # type: ignore[attr-defined]
        await driver.press(*SQUARE, "enter")
        after = driver.main.query_one("#picture").cells  # type: ignore[attr-defined]
        assert (before.foreground != after.foreground).any() or (before.background != after.background).any()


async def test_a_burst_of_keys_keeps_its_order(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.type(":c")
        await driver.pilot.press("enter", ":", *"at", "space", *"50", "space", *"40", "enter", "space", *"3l", "space")
        await driver.settle()
        state = driver.desk.state
        assert state is not None
        assert state.draft is not None
        assert [(point.column, point.row) for point in state.draft.points] == [(50, 40), (53, 40)]


async def test_every_mode_has_a_word(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        for word, mode in (("c", Mode.CONTOUR), ("i", Mode.INTEGRITY), ("s", Mode.SEND), ("b", Mode.BROWSE)):
            await driver.command(word)
            assert driver.desk.mode is mode


async def test_rois_have_name_number_colour_and_type(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        await driver.command("roi Left lung ORGAN 7")
        await driver.command("color 10 20 30")
        await driver.command("type AVOIDANCE")
        await driver.command("name Lung L")
        state = driver.desk.state
        assert state is not None
        roi = state.structure_set.rois[0]
        assert (roi.number, roi.name, roi.color, roi.interpreted_type) == (7, "Lung L", (10, 20, 30), "AVOIDANCE")
        assert any("Lung L" in row for row in driver.rows(Pane.ROIS))


async def test_reformatted_views_refuse_points(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", "V", "space")
        assert "on the slices themselves" in driver.line("message")


def another_series(folder: Path, phantom_dir: Path) -> Path:
    """The phantom again as a second series of its study, in the same Frame of Reference."""
    folder.mkdir()
    for path in sorted(phantom_dir.glob("*.dcm")):
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID = UID("2.25.77")
        dataset.SeriesNumber = int(dataset.SeriesNumber or 0) + 1
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.77.{dataset.InstanceNumber}")
        dataset.save_as(folder / path.name)
    return folder


async def test_on_a_second_series_a_point_begins_a_set_of_its_own(phantom_dir: Path, tmp_path: Path) -> None:
    async with driving(phantom_dir, another_series(tmp_path / "second", phantom_dir)) as driver:
        session = driver.desk.session
        reader = driver.desk.scanning.reader
        assert reader is not None
        first, second = (reader.read(entry, Progress()) for entry in session.listing.series)
        handle_series.open_series(driver.desk, first)
        await driver.press("f3", *SQUARE, "enter")
        before = points_of(driver)
        handle_series.open_series(driver.desk, second)
        await driver.press("f2", "f3")
        assert first.series_uid in driver.line("banner").replace("\n", "")
        await driver.press("o")
        for key in ("x", "X", "tab"):
            await driver.press(key)
            assert "another series" in driver.line("message")
        await driver.command("delete-roi")
        assert "another series" in driver.line("message")
        assert session.work is not None
        assert session.work.series is first
        await driver.press("space")
        state = driver.desk.state
        assert state is not None
        assert state.structure_set.series_uid == second.series_uid
        assert driver.desk.selection == Selection(1)
        assert not driver.main.query_one("#banner").has_class("open")
        handle_series.open_series(driver.desk, first)
        np.testing.assert_array_equal(points_of(driver), before)
        assert session.works.unsaved == (first, second)


async def test_a_structure_set_is_thrown_away_only_after_asking(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3", "space")
        await driver.command("discard-set")
        await driver.press("n")
        assert driver.desk.state is not None
        await driver.command("discard-set")
        await driver.press("y")
        assert driver.desk.state is None
