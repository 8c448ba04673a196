"""How long a person waits for the command line to answer at all: a whole process, beside one that imports pydicom."""

import subprocess
import sys
from collections.abc import Sequence
from functools import partial

from harness import Benchmark

_ENTRY_POINT = "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())"


def _run(arguments: Sequence[str]) -> None:
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)


def benchmarks() -> list[Benchmark]:
    """The version and the help, each as its own process."""
    peer = partial(_run, [sys.executable, "-c", "import pydicom"])
    return [
        Benchmark(
            f"dcmtty {option}", partial(_run, [sys.executable, "-c", _ENTRY_POINT, option]), "import pydicom", peer
        )
        for option in ("--version", "--help")
    ]
