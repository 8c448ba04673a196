"""A worker process as its owner sees it: started, given one request at a time, ended."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable

from dcmtty.engine.worker import ANSWER, TOLD, read_message, write_message

# The paths come as arguments: `import dcmtty` itself must find what this process found.
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from dcmtty.engine.worker import main; main()"


class WorkerEnded(Exception):
    """The worker ended before it answered."""

    def __init__(self, returncode: int) -> None:
        super().__init__(returncode)
        self.returncode = returncode
        """Negative: the signal that ended it."""


class WorkerProcess:
    """One worker process; not for two threads at a time, except `kill`."""

    def __init__(self) -> None:
        # A session of its own: Ctrl-C at the terminal is for the process that the user sees, which ends this one.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._is_ready = False

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Return when the worker can take work.

        Raises:
            WorkerEnded: it never will.
        """
        if not self._is_ready:
            self._receive()
        self._is_ready = True

    def do(self, request: bytes, told: Callable[[int], None]) -> bytes:
        """Return the pickled answer to a pickled request; `told` gets what the work tells meanwhile.

        Raises:
            WorkerEnded: it ended before it answered.
        """
        if self._process.stdin is None:
            raise WorkerEnded(self.end())
        try:
            write_message(self._process.stdin, request)
        except OSError as error:
            raise WorkerEnded(self.end()) from error
        while (message := self._receive())[:1] == TOLD:
            told(int(message[1:]))
        if message[:1] != ANSWER:
            raise WorkerEnded(self.end())
        return message[1:]

    def _receive(self) -> bytes:
        message = read_message(self._process.stdout) if self._process.stdout is not None else None
        if message is None:
            raise WorkerEnded(self.end())
        return message

    def kill(self) -> None:
        """Let the process end, also while another thread waits for its answer."""
        self._process.kill()

    def end(self) -> int:
        """Close the pipes, wait for the end, and return how the process ended."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        # With its input closed it ends by itself; its own way of ending is what the caller wants to know.
        return self._process.wait()


def core_count() -> int:
    """Return how many processes can run at once on what this one may use of the machine."""
    available = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return max(1, min(len(available), _quota()))


def _quota() -> int:
    """Return the cores that the container may use (cgroup v2), rounded up."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as stream:  # noqa: PTH123 - a plain read
            most, period = stream.read().split()
        return -(-int(most) // int(period))
    except (OSError, ValueError):
        return 1 << 10
