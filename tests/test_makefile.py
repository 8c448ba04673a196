"""`make` on a machine we do not know: one clear line when Python will not do, and a failed venv is made again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import CHECKOUT
from peers import peer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with nothing but the Makefile and what it reads."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    return tmp_path


def run_make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The outcome of `make ARGUMENTS...` in that folder."""
    return subprocess.run(
        [peer("make"), "--no-print-directory", *arguments], cwd=project, capture_output=True, text=True, check=False
    )


def write_python(project: Path, script: str) -> Path:
    """A stand-in for the interpreter that answers as `script` says."""
    python = project / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return python


def test_an_absent_python_is_named_with_the_remedy(project: Path) -> None:
    done = run_make(project, "PYTHON=/nowhere/python9", "run")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "no '/nowhere/python9' found; say which with: make PYTHON=/path/to/python3"


def test_a_python_that_is_too_old_is_named_with_the_remedy(project: Path) -> None:
    python = write_python(project, f'exec {sys.executable} -c "import sys; sys.version_info = (3, 9); $2"')
    done = run_make(project, f"PYTHON={python}", "run")
    assert done.returncode != 0
    assert done.stderr.startswith(
        f"dcmtty needs Python 3.11 or newer, and {python} is 3.9; say which with: make PYTHON="
    )


def test_a_venv_that_failed_half_way_is_made_again(project: Path) -> None:
    makes_half_a_venv = f'[ "$1" = -m ] || exec {sys.executable} "$@"\nmkdir -p .venv/bin\necho made >>tries\nexit 1'
    python = write_python(project, makes_half_a_venv)
    codes = [run_make(project, f"PYTHON={python}", "run").returncode for _ in range(2)]
    assert 0 not in codes
    assert (project / "tries").read_text() == "made\nmade\n"
