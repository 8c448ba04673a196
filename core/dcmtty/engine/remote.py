"""What runs on a worker of a cluster: one piece of work, provided that the worker is of the same make as the client."""

from __future__ import annotations

import pickle
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from dcmtty import __version__
from dcmtty.engine.running import running
from dcmtty.errors import ConnectError

if TYPE_CHECKING:
    from distributed import Worker

_LOOK_EVERY_S = 0.2

# As text, since the scheduler unpickles what it passes on: thus only hosts that do the work need dcmtty, and one that
# lacks it, or has another Python, says so in words.
CALL = "__import__('dcmtty.engine.remote', fromlist=['call']).call(request)"
MAKE = "__import__('dcmtty.engine.remote', fromlist=['make']).make()"


class Unwanted(Exception):
    """The scheduler took the work back while it was done."""


class Make(NamedTuple):
    """What must be the same on both sides for answers to mean the same."""

    dcmtty: str
    python: str

    def __str__(self) -> str:
        return f"dcmtty {self.dcmtty} on Python {self.python}"


def make() -> tuple[str, str]:
    """Return the make of this process."""
    return __version__, ".".join(str(part) for part in sys.version_info[:2])


def other_make(where: str, theirs: Make, ours: Make) -> ConnectError:
    """Return the error that a worker is of another make."""
    return ConnectError(f"worker {where} has {theirs}, not {ours}", remedy="install the same versions on every worker")


def pack(request: tuple[Any, Any]) -> bytes:
    """Return what `call` takes for a function and its argument."""
    return pickle.dumps((make(), pickle.dumps(request, pickle.HIGHEST_PROTOCOL)), pickle.HIGHEST_PROTOCOL)


def call(request: bytes) -> tuple[bytes, int]:
    """Do the work in a request; return the pickled answer, and the sum of what the work told.

    Raises:
        ConnectError: the client is of another make, so that the answer might mean something else there.
        Unwanted: nobody waits for the answer any more; only work that tells how far it is learns that.
    """
    from distributed import get_worker

    # A worker of a cluster does whatever its clients send; that is what it is for.
    theirs, inner = pickle.loads(request)  # noqa: S301
    worker = get_worker()
    where = str(worker.address)
    if tuple(theirs) != make():
        raise other_make(where, Make(*make()), Make(*theirs))
    work, item = pickle.loads(inner)  # noqa: S301
    wanted = _Wanted(worker)
    with running(wanted.tell, f"worker {where}"):
        answer = work(item)
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL), wanted.told


class _Wanted:
    """Counts what work tells, and looks now and then whether the scheduler still wants the work."""

    def __init__(self, worker: Worker) -> None:
        self.told = 0
        self._worker = worker
        self._key = worker.get_current_task()
        self._looked = time.monotonic()

    def tell(self, count: int) -> None:
        self.told += count
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            task = self._worker.state.tasks.get(self._key)
            if task is None or task.state not in {"executing", "long-running"}:
                raise Unwanted
