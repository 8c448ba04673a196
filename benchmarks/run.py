"""Runs every benchmarks/bench_*.py, or those named on the command line, and prints medians and ratios.

Usage: python benchmarks/run.py [--save] [NAME...]     (--save also writes benchmarks/results.json)
"""

import dataclasses
import importlib
import json
import platform
import sys
from pathlib import Path
from typing import Final

from harness import Benchmark, Timing, measure

FOLDER: Final = Path(__file__).resolve().parent


def chosen(names: list[str]) -> list[Benchmark]:
    """The benchmarks of the modules called bench_NAME, or of all modules when no name is given."""
    modules = [f"bench_{name}" for name in names] or sorted(path.stem for path in FOLDER.glob("bench_*.py"))
    found: list[Benchmark] = []
    for module in modules:
        found.extend(importlib.import_module(module).benchmarks())
    return found


def table_row(timing: Timing) -> str:
    """One line of the printed table."""
    own, peer = timing.figure, timing.peer_figure
    return f"{timing.name:<36} {own:>10.1f} {timing.unit} {timing.peer_name:<30} {peer:>10.1f} {timing.ratio:>7.2f}"


def main(arguments: list[str]) -> int:
    """Measure, print, and save when asked."""
    timings: list[Timing] = []
    print(f"{'what':<36} {'':>10}    {'peer':<30} {'':>10} {'ratio':>7}")
    for benchmark in chosen([word for word in arguments if word != "--save"]):
        timings.append(measure(benchmark))
        print(table_row(timings[-1]), flush=True)
    if "--save" in arguments:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
        rows = [{**dataclasses.asdict(timing), "ratio": timing.ratio} for timing in timings]
        (FOLDER / "results.json").write_text(
            json.dumps({**machine, "timings": rows}, indent=1) + "\n", encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
