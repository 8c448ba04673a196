"""Answers that come after the user moved on: nothing is shown, sent or edited for another device, file or mode."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from app_driver import NAMES, Driver, driving
from dcmtty.dicom.model import Slice
from dcmtty.dicom.picture import Picture
from dcmtty.dicom.pixels import read_frame
from dcmtty.progress import Progress
from dcmtty_tui import workers
from dcmtty_tui.actions import Mode, Pane
from sshd import Sshd, SshdFactory


def one_file(phantom_dir: Path) -> Path:
    """A single file of the phantom."""
    return min(phantom_dir.glob("*.dcm"))


async def plan_in_flight(driver: Driver, server: Sshd) -> None:
    """Ask for a plan for the first device, and hold its answer up."""
    server.freeze()
    await driver.pilot.press("f5", "enter")


async def test_a_plan_for_files_that_were_dropped_meanwhile_is_not_shown(phantom_dir: Path, sshd: Sshd) -> None:
    sshd.write_device("linac1")
    sshd.pin()
    async with driving(one_file(phantom_dir)) as driver:
        await plan_in_flight(driver, sshd)
        await driver.pilot.press("\\", "space")
        sshd.thaw()
        await driver.settle()
        assert driver.desk.sending.plan is None
        await driver.press("y")
        assert "there is no plan" in driver.line("message")
    assert list(sshd.folder.iterdir()) == []


async def test_a_plan_for_another_device_is_not_taken_for_the_one_asked_for_last(
    phantom_dir: Path, sshd_factory: SshdFactory
) -> None:
    slow, quick = sshd_factory(), sshd_factory()
    for name, server in (("a-slow", slow), ("b-quick", quick)):
        server.write_device(name)
        server.pin()
    async with driving(one_file(phantom_dir)) as driver:
        await plan_in_flight(driver, slow)
        await driver.pilot.press("j", "enter")
        slow.thaw()
        await driver.settle()
        plan = driver.desk.sending.plan
        assert plan is not None
        assert [device.device for device in plan.devices] == ["b-quick"]
        assert "Plan for b-quick" in driver.desk.sending.plan_title()
        await driver.press("y")
    assert list(slow.folder.iterdir()) == []
    assert len(list(quick.folder.rglob("*.dcm"))) == 1


async def test_verifying_another_device_drops_the_plan(phantom_dir: Path, sshd: Sshd) -> None:
    sshd.write_device("linac1")
    sshd.write_device("other")
    sshd.pin()
    async with driving(one_file(phantom_dir)) as driver:
        await driver.press("f5", "enter")
        assert "Plan for linac1" in driver.desk.sending.plan_title()
        await driver.command("verify other")
        assert "no receipt" in driver.line("message")
        assert driver.desk.sending.plan is None
        assert "Plan for" not in driver.desk.sending.plan_title()


async def test_a_verification_names_the_device_that_was_verified(phantom_dir: Path, sshd: Sshd) -> None:
    sshd.write_device("linac1")
    sshd.write_device("other")
    sshd.pin()
    async with driving(one_file(phantom_dir)) as driver:
        await driver.press("f5", "enter")
        await driver.press("y")
        assert "1 of 1 files verified on linac1" in driver.line("message")
        sshd.freeze()
        await driver.pilot.press("v")
        driver.desk.sending.destination = "other"
        sshd.thaw()
        await driver.settle()
        assert "1 of 1 files on linac1 are what was sent" in driver.line("message")


async def test_nothing_is_begun_on_a_device_while_files_travel(phantom_dir: Path, sshd: Sshd) -> None:
    sshd.write_device("linac1")
    sshd.pin()
    async with driving(one_file(phantom_dir)) as driver:
        await driver.press("f5", "enter")
        sshd.freeze()
        await driver.pilot.press("y", "\\", "enter")
        refused = driver.line("message")
        sshd.thaw()
        await driver.settle()
        assert "a transfer is running" in refused
        assert "1 of 1 files verified on linac1" in driver.line("message")


async def test_a_plan_that_is_made_does_not_take_the_keys_of_another_mode(phantom_dir: Path, sshd: Sshd) -> None:
    sshd.write_device("linac1")
    sshd.pin()
    async with driving(one_file(phantom_dir)) as driver:
        await plan_in_flight(driver, sshd)
        await driver.pilot.press("f3")
        sshd.thaw()
        await driver.settle()
        assert (driver.desk.mode, driver.desk.pane) == (Mode.CONTOUR, Pane.PICTURE)


async def test_q_in_another_mode_does_not_stop_a_transfer(phantom_dir: Path, sshd: Sshd) -> None:
    sshd.write_device("linac1")
    sshd.pin()
    async with driving(one_file(phantom_dir)) as driver:
        await driver.press("f5", "enter")
        sshd.freeze()
        await driver.pilot.press("y", "f3", "q", "q")
        told = driver.line("message")
        sshd.thaw()
        await driver.settle()
        assert "a transfer is running" in told
        assert "1 of 1 files verified" in driver.line("message")


async def test_a_changed_host_key_is_trusted_by_its_fingerprint_alone(
    phantom_dir: Path, sshd_factory: SshdFactory
) -> None:
    before, now = sshd_factory(), sshd_factory()
    now.write_device("linac1")
    now.pin(before.host_key)
    async with driving(one_file(phantom_dir)) as driver:
        await driver.press("f5", "t")
        assert "another key is known" in str(driver.app.screen.query("Static").first().render())
        await driver.type("yes")
        await driver.press("enter")
        assert "not trusted" in driver.line("message")


async def test_a_file_that_became_another_slice_is_not_shown_as_the_one_that_was_scanned(
    phantom_dir: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(phantom_dir, tmp_path / "series")
    async with driving(folder) as driver:
        series = driver.desk.session.series
        assert series is not None
        first, next_one, touched = (series.slices[index].instance.path for index in (0, 23, 24))
        shutil.copyfile(first, next_one)
        touched.touch()
        await driver.press("]")
        assert "it changed since it was scanned" in driver.line("status")
        assert driver.picture() == []
        await driver.press("]")
        assert driver.line("status").startswith(" col 80")
        await driver.press("V")
        assert "it changed since it was scanned" in driver.line("status")


async def test_keys_after_an_edit_that_waits_mean_what_they_mean_after_it(
    phantom_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read = threading.Event()

    def slowly(slice_: Slice) -> Picture:
        may_read.wait()
        return read_frame(slice_)

    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        window = driver.desk.viewer.wanted.window  # type: ignore[union-attr]
        monkeypatch.setattr(workers, "read_acquired", slowly)
        await driver.pilot.press("]", "space", *(NAMES.get(key, key) for key in ":p 40 41"), "enter")
        may_read.set()
        await driver.settle()
        state = driver.desk.state
        assert state is not None
        draft = state.draft
        assert draft is not None
        assert [point.slice_number for point in draft.points] == [24, 24]
        assert (draft.points[1].column, draft.points[1].row) == (40, 41)
        assert driver.desk.viewer.wanted.window == window  # type: ignore[union-attr]


async def test_an_error_that_nobody_foresaw_is_told_and_nothing_waits_for_it(
    phantom_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> object:
        del arguments
        raise MemoryError

    async with driving(phantom_dir) as driver:
        monkeypatch.setattr(workers, "read_acquired", broken)
        await driver.press("f3", "]", "space")
        assert "internal error MemoryError" in driver.line("status")
        assert "no picture" in driver.line("message")

        def work(progress: Progress) -> object:
            progress.step(1, 2)
            raise KeyError("PatientName")

        driver.desk.ui.start_work("import", work)
        await driver.settle()
        assert "internal error KeyError" in driver.line("message")
        assert "PatientName" not in driver.line("message")
        assert driver.desk.progress == ""
