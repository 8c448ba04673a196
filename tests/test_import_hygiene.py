"""What an import loads, seen in its own process: the library knows no interface, the command line starts light."""

import os
import pkgutil
import subprocess
import sys

import pytest

from checkout import CHECKOUT

INTERFACE = {"click", "dcmtty_tui", "rich", "textual"}
HEAVY = {"PIL", "cryptography", "gdcm", "numpy", "paramiko", "pydicom", "rich", "shapely", "textual"}


def loaded_after(statement: str) -> set[str]:
    """The top-level modules in a fresh interpreter after `statement`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(CHECKOUT / "core"), str(CHECKOUT / "tui")))}
    script = (
        f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return set(done.stderr.splitlines()[-1].split())


def library_modules() -> list[str]:
    """The name of every module of the library."""
    return [module.name for module in pkgutil.walk_packages([str(CHECKOUT / "core")]) if module.name != "dcmtty"]


def test_no_module_of_the_library_loads_an_interface() -> None:
    modules = library_modules()
    assert "dcmtty.errors" in modules
    assert not loaded_after(f"import {', '.join(modules)}") & INTERFACE


def test_importing_the_library_itself_loads_nothing_heavy() -> None:
    assert not loaded_after("import dcmtty") & HEAVY


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(option: str) -> None:
    statement = f"from dcmtty_tui.cli.main import exit_code\nassert exit_code([{option!r}]) == 0"
    assert not loaded_after(statement) & HEAVY


def test_no_command_loads_textual() -> None:
    statement = (
        "from dcmtty_tui.cli.main import COMMANDS, exit_code\n"
        "for name in COMMANDS:\n    assert exit_code([name, '--help']) == 0, name"
    )
    assert "textual" not in loaded_after(statement)
