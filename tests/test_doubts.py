"""What must not be trusted is not used: slice numbers beside an unreadable file, structure sets of other patients."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest

from app_driver import driving
from checkout import SAMPLES
from dcmtty.contours.model import GeometricType
from main_job import series_folder, structures_file
from run_cli import run_cli

BY_NUMBER = "# frame: pixel-centre\nroi,geometric_type,contour,column,row,slice\n" + "".join(
    f"R,CLOSED_PLANAR,1,{column},{row},20\n" for column, row in ((30, 30), (60, 30), (60, 60))
)


@pytest.fixture
def damaged(phantom_dir: Path, tmp_path: Path) -> Path:
    """The phantom with one image cut short."""
    folder = tmp_path / "ct"
    shutil.copytree(phantom_dir, folder)
    victim = min(folder.iterdir())
    victim.write_bytes(victim.read_bytes()[:20000])
    return folder


@pytest.fixture
def by_number(tmp_path: Path) -> Path:
    path = tmp_path / "by-number.csv"
    path.write_text(BY_NUMBER)
    return path


def test_slice_numbers_are_refused_where_a_file_cannot_be_read(damaged: Path, by_number: Path, tmp_path: Path) -> None:
    target = tmp_path / "rs.dcm"
    done = run_cli("rtstruct", "build", damaged, "--points", by_number, "-o", target)
    assert (done.code, target.exists()) == (3, False)
    assert "slice 20 is not certain: 1 file beside it cannot be read" in done.err


def test_slice_numbers_are_refused_where_an_image_lost_its_pixels(
    phantom_dir: Path, by_number: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ct"
    shutil.copytree(phantom_dir, folder)
    victim = min(folder.iterdir())
    dataset = pydicom.dcmread(victim)
    del dataset.PixelData
    dataset.save_as(victim)
    done = run_cli("rtstruct", "build", folder, "--points", by_number, "-o", tmp_path / "rs.dcm")
    assert done.code == 3


def test_patient_coordinates_may_still_be_built_on(damaged: Path, tmp_path: Path) -> None:
    points = SAMPLES / "points" / "contours.csv"
    done = run_cli("rtstruct", "build", damaged, "--points", points, "-o", tmp_path / "rs.dcm")
    assert done.code in {0, 3}
    assert "cannot be read" in done.err or "No such" in done.err or "left out" in done.err


async def test_the_app_says_so_and_refuses_to_import_by_slice(damaged: Path, by_number: Path) -> None:
    async with driving(damaged) as driver:
        assert "1 file beside it cannot be read" in driver.line("banner")
        await driver.press("f3")
        await driver.command(f"import {by_number}")
        assert "slice 20 is not certain" in driver.line("message")


@pytest.fixture
def other_patient(shared_data: Path, tmp_path: Path) -> Path:
    path = tmp_path / "other.dcm"
    dataset = pydicom.dcmread(structures_file(shared_data))
    dataset.PatientID = "SOMEBODY-ELSE"
    dataset.save_as(path)
    return path


async def test_a_set_of_another_patient_is_neither_drawn_nor_edited(shared_data: Path, other_patient: Path) -> None:
    async with driving(series_folder(shared_data)) as driver:
        await driver.command(f"structures {other_patient}")
        assert "another patient" in driver.line("banner")
        assert "SOMEBODY" not in driver.line("banner")
        assert "GTV" not in "\n".join(driver.picture())
        await driver.press("f3", "space")
        assert driver.desk.is_error


def test_show_does_not_draw_a_set_of_another_patient(shared_data: Path, other_patient: Path) -> None:
    series = series_folder(shared_data)
    bare = run_cli("show", series, "--slice", "24", "--color", "none")
    done = run_cli("show", series, "--slice", "24", "--color", "none", "--structures", other_patient)
    assert done.stdout == bare.stdout
    assert "another patient" in done.err


async def test_a_point_between_slices_keeps_its_coordinates(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        await driver.command("geometry point")
        await driver.command("mm -30.123 10 -719.25")
        state = driver.desk.state
        assert state is not None
        contour = state.structure_set.rois[0].contours[0]
        assert contour.geometric_type is GeometricType.POINT
        assert contour.points_xyz.tolist() == [[-30.123, 10.0, -719.25]]
        assert contour.sop_instance_uid == ""
