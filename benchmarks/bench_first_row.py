"""How long a person waits in the app for the first series of a folder never seen before, however large it is.

Run as a program it prints the times and the most memory, too.
"""

import contextlib
import fcntl
import os
import re
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Final

from harness import Benchmark
from made_archive import temporary_archive

SMALL, MIDDLE, LARGE = 1_000, 20_000, 100_000
_SIZE: Final = struct.pack("HHHH", 36, 120, 0, 0)
_ENTRY_POINT: Final = "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())"
_PATIENCE_S: Final = 600
FIRST_ROW: Final = re.compile(rb"CT \d+\+? axial")
"""The row of a series, as the list has it."""
PICTURE: Final = re.compile(rb"slice \d+/\d+ at")
END: Final = re.compile(rb"[\d,]+ series")


class App:
    """One app on a terminal of its own, in an account of its own that has no catalog yet."""

    def __init__(self, folder: Path) -> None:
        self.account = Path(tempfile.mkdtemp(prefix="dcmtty-bench-account-"))
        self.started = time.perf_counter()
        self._master, terminal = os.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, _SIZE)
        names = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
        account = {name: str(self.account / name.lower()) for name in names}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ENTRY_POINT, str(folder)],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            env={**os.environ, **account, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"},
        )
        os.close(terminal)
        self.written = bytearray()

    def wait_for(self, pattern: re.Pattern[bytes]) -> float:
        """Wait until something is written; return the seconds since the start of the process."""
        while not pattern.search(self.written):
            ready, _, _ = select.select([self._master], [], [], _PATIENCE_S)
            if not ready or self.process.poll() is not None:
                raise SystemExit(f"{pattern.pattern!r} did not come up")
            self.written += os.read(self._master, 65536)
        return time.perf_counter() - self.started

    @property
    def peak_bytes(self) -> int:
        """The most memory that the process ever had in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def close(self) -> None:
        """Kill it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        os.close(self._master)
        shutil.rmtree(self.account, ignore_errors=True)


@contextlib.contextmanager
def app_on(folder: Path) -> Generator[App]:
    """Run the app until the block ends."""
    app = App(folder)
    try:
        yield app
    finally:
        app.close()


def first_row(folder: Path) -> float:
    """Return the seconds until the first series is on screen."""
    with app_on(folder) as app:
        return app.wait_for(FIRST_ROW)


def first_picture(folder: Path) -> float:
    """Return the seconds until a slice of it is on screen."""
    with app_on(folder) as app:
        return app.wait_for(PICTURE)


def whole(folder: Path) -> tuple[float, int]:
    """Return the seconds until the scan is over, and the most memory until then."""
    with app_on(folder) as app:
        return app.wait_for(END), app.peak_bytes


def benchmarks() -> list[Benchmark]:
    """The first row of many files beside that of a few; both are whole processes, from their start."""
    small = temporary_archive(SMALL)
    found = []
    for count in (MIDDLE, LARGE):
        own = partial(first_row, temporary_archive(count))
        found.append(Benchmark(f"first row of {count:,} files", own, f"of {SMALL:,}", partial(first_row, small), 5))
    return found


def main() -> None:
    """Print times and memory."""
    print(f"{'files':>8} {'first row s':>12} {'picture s':>12} {'end s':>12} {'memory MB':>12}")
    for count in (SMALL, MIDDLE, LARGE):
        folder = temporary_archive(count)
        times = [_median(call, folder) for call in (first_row, first_picture)]
        end_s, peak = whole(folder)
        print(f"{count:>8} {times[0]:>12.2f} {times[1]:>12.2f} {end_s:>12.2f} {peak / 2**20:>12.1f}", flush=True)


def _median(call: Callable[[Path], float], folder: Path) -> float:
    return statistics.median(call(folder) for _ in range(3))


if __name__ == "__main__":
    main()
