"""Runs `dcmtty` as a person's shell would: its own process, no terminal, the three streams kept apart."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checkout import CHECKOUT

_ENTRY_POINT = "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class CliResult:
    """What one run of the command line gave."""

    code: int
    """Exit code as a shell shows it: 128 + N when signal N ended the process."""
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.stdout.decode()

    @property
    def err(self) -> str:
        """Standard error as text."""
        return self.stderr.decode()


def cli_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the test, with both source roots importable and `extra` on top."""
    roots = os.pathsep.join((str(CHECKOUT / "core"), str(CHECKOUT / "tui")))
    return {**os.environ, "PYTHONPATH": roots, **(extra or {})}


def cli_command(*arguments: str | Path) -> list[str]:
    """The argument vector that starts `dcmtty` with `arguments`, as the installed script does it."""
    return [sys.executable, "-c", _ENTRY_POINT, *(str(argument) for argument in arguments)]


def run_cli(
    *arguments: str | Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_seconds: float = 120.0,
) -> CliResult:
    """Run `dcmtty ARGUMENTS...` without a terminal and return its exit code and both outputs."""
    done = subprocess.run(
        cli_command(*arguments),
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=cli_environment(env),
        start_new_session=True,
        timeout=timeout_seconds,
    )
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return CliResult(code, done.stdout, done.stderr)
