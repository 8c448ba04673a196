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
    unit: str = "ms"
    """Of what is compared: the time that the calls take, or, in another unit, the numbers that they return."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The medians of one benchmark."""

    name: str
    figure: float
    peer_name: str
    peer_figure: float
    runs: int
    unit: str

    @property
    def ratio(self) -> float:
        """How many times as much as the peer it took."""
        return self.figure / self.peer_figure


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
        own.append(_figure(benchmark.subject, benchmark.unit))
        others.append(_figure(benchmark.peer, benchmark.unit))
    medians = statistics.median(own), statistics.median(others)
    return Timing(benchmark.name, medians[0], benchmark.peer_name, medians[1], benchmark.runs, benchmark.unit)


def _figure(call: Callable[[], object], unit: str) -> float:
    start = time.perf_counter()
    answer = call()
    if unit == "ms":
        return (time.perf_counter() - start) * 1000
    if not isinstance(answer, int | float):
        raise TypeError(f"no number of {unit}")
    return float(answer)
