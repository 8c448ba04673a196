"""The main job, end to end on a real CT: by keys only in the app, and by the script of the documentation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app_driver import Driver, driving
from checkout import CHECKOUT
from dcmtty_tui.actions import Pane
from main_job import HAND, HAND_CSV, check_result, series_folder, structures_file
from peers import peer
from run_cli import run_cli
from sshd import Sshd


async def draw_by_hand(driver: Driver) -> None:
    """Enter the contours of HAND with the crosshair and counts."""
    await driver.press("f3")
    await driver.command("roi Hand ORGAN")
    for number, corners in HAND.items():
        await driver.press(*f"{number}G")
        await driver.command(f"at {corners[0][0]} {corners[0][1]}")
        at = corners[0]
        for corner in corners:
            across, down = corner[0] - at[0], corner[1] - at[1]
            keys = f"{abs(across):.0f}{'l' if across > 0 else 'h'}" * bool(across)
            keys += f"{abs(down):.0f}{'j' if down > 0 else 'k'}" * bool(down)
            await driver.press(*keys, "space")
            at = corner
        await driver.press("enter")


async def test_the_whole_job_by_keys_only(shared_data: Path, tmp_path: Path, sshd: Sshd) -> None:
    series, structures = series_folder(shared_data), structures_file(shared_data)
    taken_over, target = tmp_path / "roi1.csv", tmp_path / "RS.dcm"
    taken_over.write_bytes(run_cli("rtstruct", "points", structures, "--roi", "1", "--series", series).stdout)
    sshd.write_device("linac1")
    async with driving(series) as driver:
        assert "47 axial" in "".join(driver.rows(Pane.SERIES))
        await draw_by_hand(driver)
        await driver.command(f"import {taken_over}")
        assert "imported 1 ROI with 15 contours" in driver.line("message")
        await driver.command(f"w {target}")
        assert "read back and checked" in driver.line("message")
        check_result(target, series, structures, tmp_path)
        await driver.press("f4")
        sha256 = sha256_of(target)
        assert f"  SHA-256 {sha256}" in driver.rows(Pane.FILES)
        await send_with_trust(driver, sshd)
        arrived = sshd.folder / "RS.dcm"
        assert arrived.read_bytes() == target.read_bytes()
        await driver.press("v")
        assert "1 of 1 files on linac1 are what was sent" in driver.line("message")
        flip_a_byte(arrived)
        await driver.press("v")
        assert "VERIFICATION FAILED" in driver.line("message")
        assert any(row.startswith("* ") for row in driver.rows(Pane.PLAN))
    assert run_cli("verify", "linac1:", "--no-input").code == 5


async def send_with_trust(driver: Driver, sshd: Sshd) -> None:
    """Plan, meet the unknown host key, trust it by its fingerprint, which makes the plan again, and send."""
    await driver.press("f5", "enter")
    assert "host key" in driver.line("message")
    assert list(sshd.folder.iterdir()) == []
    await driver.press("\\", "t")
    await driver.type(sshd.host_fingerprint)
    await driver.press("enter")
    assert any("host key" in row and "known" in row for row in driver.rows(Pane.PLAN))
    assert "y sends it" in driver.line("message")
    await driver.press("y")
    assert "1 of 1 files verified" in driver.line("message")


def sha256_of(path: Path) -> str:
    """The digest that coreutils gives."""
    return subprocess.run([peer("sha256sum"), path], capture_output=True, text=True, check=True).stdout[:64]


def flip_a_byte(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_the_whole_job_by_the_script_of_the_documentation(shared_data: Path, tmp_path: Path, sshd: Sshd) -> None:
    series, structures = series_folder(shared_data), structures_file(shared_data)
    hand, work = tmp_path / "hand.csv", tmp_path / "work"
    hand.write_text(HAND_CSV)
    work.mkdir()
    sshd.write_device("linac1")
    sshd.pin()
    damage = f"printf 'X' | dd of={sshd.folder / 'RS.dcm'} bs=1 seek=4000 conv=notrunc status=none"
    environment = {
        **os.environ,
        "DCMTTY": f"{sys.executable} -m dcmtty_tui.cli.main",
        "PYTHONPATH": f"{CHECKOUT / 'core'}:{CHECKOUT / 'tui'}",
        "DAMAGE": damage,
    }
    done = subprocess.run(
        [CHECKOUT / "docs" / "main-job.sh", series, structures, hand, "linac1", work],
        env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "noticed: exit code 5" in done.stdout
    check_result(work / "out" / "RS.dcm", series, structures, work)
