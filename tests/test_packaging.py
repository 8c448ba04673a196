"""What is declared about the package agrees with itself: bounds, licences, and what git and the build leave out."""

import re
import subprocess
import tomllib
from typing import Any

import pytest

import dcmtty
from checkout import CHECKOUT
from peers import peer


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The [project] table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return table


def bounds(project: dict[str, Any]) -> dict[str, str]:
    """The lower bound of each dependency by its name, those of the extras that users install among them."""
    extras = project["optional-dependencies"]
    named = [requirement for name in extras if name not in {"test", "dev"} for requirement in extras[name]]
    pairs = (requirement.split(">=") for requirement in (*project["dependencies"], *named))
    return {name: version for name, version in pairs}  # noqa: C416 - the unpacking refuses a requirement of another form


def test_the_tested_lower_bounds_are_the_declared_ones(project: dict[str, Any]) -> None:
    lines = (CHECKOUT / "tests" / "lower-bounds.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert tested == bounds(project)


def test_every_dependency_is_listed_with_its_bound_and_licence(project: dict[str, Any]) -> None:
    text = (CHECKOUT / "docs" / "dependencies.md").read_text()
    rows = dict(re.findall(r"^\| ([\w-]+) \| (\d[\w.]*) \| \S.* \| \S.* \|$", text, flags=re.MULTILINE))
    assert rows == bounds(project)


def test_the_version_is_said_once(project: dict[str, Any]) -> None:
    assert project["version"] == dcmtty.__version__


def test_git_ignores_no_source_file() -> None:
    sources = [str(path) for root in ("core", "tui") for path in (CHECKOUT / root).rglob("*.py")]
    if not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run(
        [peer("git"), "-C", CHECKOUT, "check-ignore", "--no-index", *sources],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 1)
