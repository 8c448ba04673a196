"""Work for engines in tests: at the top level of a module, so that a worker process can import it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from dcmtty.engine.running import here, tell


def double(number: int) -> int:
    """Twice the number."""
    return 2 * number


def double_slowly(number: int) -> int:
    """Twice the number, after a hundredth of a second."""
    time.sleep(0.01)
    return 2 * number


def process_of(number: int) -> int:
    """The process that does this work."""
    del number
    time.sleep(0.005)
    return os.getpid()


def place_of(number: int) -> str:
    """Where the engine says that this work is done."""
    del number
    return here()


def heavy_modules(number: int) -> list[str]:
    """What is imported where the work is done, of what costs much."""
    del number
    time.sleep(0.005)
    return sorted({"numpy", "pydicom", "textual", "click", "paramiko"} & set(sys.modules))


def killed_while_marked(mark: str) -> int:
    """End this process with SIGKILL as long as there is a file called so in the marks, which goes away with it."""
    for path in sorted(Path(mark).parent.glob(f"{Path(mark).name}.*")):
        path.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def crash(number: int) -> int:
    """End this process as a fault in a C library does."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return number


def fail_at_forty(number: int) -> int:
    """Raise for one number."""
    if number == 40:
        raise ValueError("forty")
    return number


def leave_at_forty(number: int) -> int:
    """End the process for one number, but only where no test runs."""
    if number == 40 and "pytest" not in sys.modules:
        os._exit(7)
    return number


def tell_ten_times(number: int) -> int:
    """Tell ten ones, slowly enough to be heard."""
    for _ in range(10):
        tell(1)
        time.sleep(0.01)
    return number


def until_told_to_stop(folder: str) -> str:
    """Mark the beginning, then go on until somebody makes a file called stop, or for a minute."""
    (Path(folder) / f"begun.{os.getpid()}").touch()
    end = time.monotonic() + 60
    while not (Path(folder) / "stop").exists() and time.monotonic() < end:
        tell(0)
        time.sleep(0.01)
    (Path(folder) / f"ended.{os.getpid()}").touch()
    return folder


def large_answer(size_bytes: int) -> bytes:
    """As many bytes."""
    return b"x" * size_bytes


def text_of(path: str) -> str:
    """What a file holds."""
    return Path(path).read_text(encoding="utf-8")


def fail_as_a_disk(number: int) -> int:
    """Raise what a full disk gives."""
    raise OSError(28, "no space left", str(number))


def output_of(command: list[str], folder: Path) -> bytes:
    """What a program writes that must succeed."""
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
