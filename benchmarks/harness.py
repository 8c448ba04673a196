"""Times a thing of dcmtty and its peer in turn, in the same run, so that a slow machine slows both."""

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One thing to time and what it is compared with."""

    name: str
    subject: Callable[[], object]
    peer_name: str
    peer: Callable[[], object]
    runs: int = 7


@dataclass(frozen=True, slots=True)
class Timing:
    """The medians of one benchmark."""

    name: str
    seconds: float
    peer_name: str
    peer_seconds: float
    runs: int

    @property
    def ratio(self) -> float:
        """How many times as long as the peer it took."""
        return self.seconds / self.peer_seconds


def program(name: str) -> str:
    """Return the path of a peer program; python-gdcm's slow wrappers beside this Python do not count."""
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(folder for folder in os.get_exec_path() if folder != own)
    found = shutil.which(name, path=path)
    if found is None:
        raise SystemExit(f"{name} is not installed; see benchmarks/install_peers.sh")
    return found


def measure(benchmark: Benchmark) -> Timing:
    """Warm both up once, then run them alternately and take the medians."""
    benchmark.subject()
    benchmark.peer()
    own: list[float] = []
    others: list[float] = []
    for _ in range(benchmark.runs):
        own.append(_seconds(benchmark.subject))
        others.append(_seconds(benchmark.peer))
    return Timing(
        benchmark.name, statistics.median(own), benchmark.peer_name, statistics.median(others), benchmark.runs
    )


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
