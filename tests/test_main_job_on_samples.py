"""The script of the documentation on the samples alone, so that it runs wherever the checkout does."""

import os
import shlex
import subprocess
from pathlib import Path

import pydicom

from checkout import CHECKOUT, SAMPLES
from peers import peer
from run_cli import cli_command, cli_environment, run_cli
from sshd import Sshd

HAND = "# frame: pixel-centre\nroi,geometric_type,contour,column,row,slice\n" + "".join(
    f"Hand,CLOSED_PLANAR,1,{column},{row},20\n" for column, row in ((40, 40), (60, 40), (60, 70), (40, 70))
)


def test_the_script_does_the_whole_job_on_the_samples(phantom_dir: Path, tmp_path: Path, sshd: Sshd) -> None:
    structures, hand, work = tmp_path / "drawn.dcm", tmp_path / "hand.csv", tmp_path / "work"
    hand.write_text(HAND)
    work.mkdir()
    points = SAMPLES / "points" / "contours.csv"
    built = run_cli("rtstruct", "build", phantom_dir, "--points", points, "-o", structures)
    assert built.code == 0, built.err
    sshd.write_device("linac1")
    sshd.pin()
    # The script splits $DCMTTY at blanks and runs the words, so the entry point is wrapped in a file.
    program = tmp_path / "dcmtty"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(cli_command())} "$@"\n')
    program.chmod(0o755)
    damage = f"printf X | dd of={sshd.folder / 'RS.dcm'} bs=1 seek=900 conv=notrunc status=none"
    done = subprocess.run(
        ["sh", CHECKOUT / "docs" / "main-job.sh", phantom_dir, structures, hand, "linac1", work],
        env={**os.environ, **cli_environment(), "DCMTTY": str(program), "DAMAGE": damage},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "noticed: exit code 5" in done.stdout
    (result,) = work.rglob("RS.dcm")
    names = [item.ROIName for item in pydicom.dcmread(result).StructureSetROISequence]
    assert sorted(names) == ["GTV", "Hand"]
    checked = subprocess.run([peer("dciodvfy"), result], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "RTStructureSet\n")
