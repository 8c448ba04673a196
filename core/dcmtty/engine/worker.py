"""The other side of `process`: does one piece of work after the other in a process of its own, until its input ends."""

from __future__ import annotations

import os
import pickle
import struct
import sys
import threading
import time
from queue import SimpleQueue
from typing import IO

from dcmtty.engine.running import running

LENGTH = struct.Struct("<Q")
READY = b"R"
ANSWER = b"A"
TOLD = b"T"
_TELL_EVERY_S = 0.05


def write_message(stream: IO[bytes], *parts: bytes) -> None:
    """Write one message: its length and its bytes."""
    stream.write(LENGTH.pack(sum(len(part) for part in parts)))
    for part in parts:
        stream.write(part)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """Read one message; None when the other side is gone, even in the middle of it."""
    length = stream.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return None
    count: int = LENGTH.unpack(length)[0]
    message = stream.read(count)
    return message if len(message) == count else None


def _listen(requests: IO[bytes], received: SimpleQueue[bytes]) -> None:
    """Pass on requests; end this process, whatever it does, when whoever started it is gone."""
    while (message := read_message(requests)) is not None:
        received.put(message)
    os._exit(0)


class _Teller:
    """Sends what work tells now and then, all of it by the end."""

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._count = 0
        self._last = time.monotonic()

    def tell(self, count: int) -> None:
        self._count += count
        if time.monotonic() - self._last >= _TELL_EVERY_S:
            self.flush()

    def flush(self) -> None:
        if self._count:
            write_message(self._answers, TOLD, str(self._count).encode())
        self._count, self._last = 0, time.monotonic()


def _serve(received: SimpleQueue[bytes], answers: IO[bytes]) -> None:
    """Answer requests for ever; what work raises ends the process, and the work is done where it can be seen."""
    teller = _Teller(answers)
    while True:
        # Only the process that started this one writes to its input.
        work, item = pickle.loads(received.get())  # noqa: S301
        with running(teller.tell):
            answer = work(item)
        teller.flush()
        write_message(answers, ANSWER, pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))


def main() -> None:
    """Serve on standard input and output; what the work prints goes nowhere."""
    received: SimpleQueue[bytes] = SimpleQueue()
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        try:
            threading.Thread(target=_listen, args=(sys.stdin.buffer, received), daemon=True).start()
            write_message(answers, READY)
            _serve(received, answers)
        finally:
            # The interpreter's own way out aborts while the other thread waits for input.
            os._exit(1)
