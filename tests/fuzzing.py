"""Gives damaged files to the reading process, waits for its word, and names the damage when it dies or hangs."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from checkout import CHECKOUT
from mutations import Mutant
from run_cli import cli_environment

PATIENCE_S = 60.0
"""The process itself stops at 2 s of processor time; this is for what hangs without using any."""


class Reader:
    """One reading process at a time; it is started again when a file ended it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, mutant: Mutant) -> list[str]:
        """Return what is wrong with the way a damaged file was read; the file stays in the folder then."""
        path = self._folder / "mutant.dcm"
        path.write_bytes(mutant.data)
        found = self._ask(path)
        if found:
            kept = self._folder / f"kept-{len(list(self._folder.iterdir()))}.dcm"
            path.rename(kept)
            found = [f"{kept} ({mutant.story}): {problem}" for problem in found]
        return found

    def _ask(self, path: Path) -> list[str]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(os.fsencode(path) + b"\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
        line = process.stdout.readline() if ready else b""
        if not line:
            self.close()
            return ["the reading process " + (f"ended with {process.returncode}" if ready else "hangs")]
        problems: list[str] = json.loads(line)["problems"]
        return problems

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            roots = os.pathsep.join((cli_environment()["PYTHONPATH"], str(CHECKOUT / "tests")))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fuzz_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=cli_environment({"PYTHONPATH": roots}),
                cwd=self._folder,
            )
        return self._process

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.wait()


@contextmanager
def reading(folder: Path) -> Generator[Reader]:
    """Keep a reading process for a while."""
    reader = Reader(folder)
    try:
        yield reader
    finally:
        reader.close()
