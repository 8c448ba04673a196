"""Sending from the app: what is chosen, where it goes, what lies there already; and saving over, exporting."""

from __future__ import annotations

import csv
from pathlib import Path

import pydicom

from app_driver import Driver, driving
from dcmtty_tui.actions import Pane
from sshd import Sshd

TRIANGLE = ("p 40 40", "p 60 40", "p 50 60")


async def draw(driver: Driver) -> None:
    """Enter one contour on the slice that is shown."""
    await driver.press("f3")
    for line in TRIANGLE:
        await driver.command(line)
    await driver.press("enter")


async def test_images_keep_the_name_of_their_folder(phantom_dir: Path, sshd: Sshd) -> None:
    sshd.write_device("linac1")
    sshd.pin()
    async with driving(phantom_dir) as driver:
        await driver.press("f5", "enter")
        await driver.press("y")
        assert "45 of 45 files verified" in driver.line("message")
    assert names_in(sshd.folder / "ct-thorax") == names_in(phantom_dir)


def names_in(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


async def test_another_file_there_is_replaced_only_when_asked(phantom_dir: Path, sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("linac1")
    sshd.pin()
    (sshd.folder / "RS.dcm").write_bytes(b"another file")
    target = tmp_path / "RS.dcm"
    async with driving(phantom_dir) as driver:
        await draw(driver)
        await driver.command(f"w {target}")
        await driver.press("f5", "enter")
        assert "r plans to replace" in driver.line("message")
        await driver.press("y")
        assert (sshd.folder / "RS.dcm").read_bytes() == b"another file"
        await driver.press("r")
        assert any("replace" in row for row in driver.rows(Pane.PLAN))
        await driver.press("y")
        assert "1 of 1 files verified" in driver.line("message")
    assert (sshd.folder / "RS.dcm").read_bytes() == target.read_bytes()


async def test_a_file_is_overwritten_only_with_an_exclamation_mark(phantom_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "RS.dcm"
    async with driving(phantom_dir) as driver:
        await draw(driver)
        await driver.command(f"w {target}")
        first = pydicom.dcmread(target).SOPInstanceUID
        await driver.command(f"w {target}")
        assert "it exists already" in driver.line("message")
        await driver.command(f"w! {target}")
        assert "read back and checked" in driver.line("message")
    assert pydicom.dcmread(target).SOPInstanceUID != first


async def test_points_are_exported_in_patient_millimetres(phantom_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "points.csv"
    async with driving(phantom_dir) as driver:
        await draw(driver)
        state = driver.desk.state
        assert state is not None
        expected = state.structure_set.rois[0].contours[0].points_xyz.tolist()
        await driver.command(f"export {target}")
        first, *rows = target.read_text().splitlines()
        assert first == "# frame: lps-mm"
        assert [[float(row[axis]) for axis in "xyz"] for row in csv.DictReader(rows)] == expected
        await driver.command(f"export {target}")
        assert "it exists already" in driver.line("message")


async def test_the_footer_of_contour_mode_names_its_keys_at_80_columns(phantom_dir: Path) -> None:
    async with driving(phantom_dir, size=(80, 24)) as driver:
        await driver.press("f3", "space")
        footer = driver.line("footer")
        for key in ("space", "x", "u", "?", ":"):
            assert f" {key} " in footer
        assert "contour" not in footer
