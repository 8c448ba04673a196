"""Work on a Dask cluster that somebody else runs, over storage that all its workers and this machine share."""

from __future__ import annotations

import asyncio
import pickle
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Self, TypeVar

from dcmtty.engine.address import Address
from dcmtty.engine.joining import INSTALL, join, lacks_dcmtty
from dcmtty.engine.protocol import ignore
from dcmtty.engine.remote import CALL, pack
from dcmtty.errors import ConnectError
from dcmtty.progress import Cancelled, Progress

T = TypeVar("T")
R = TypeVar("R")
_Handle = Future[tuple[bytes, int]]

_AHEAD = 3
"""Items on their way for each thread of the cluster, so that none waits for the next."""
_POLL_S = 0.05
LOOK_EVERY_S = 2.0
_SILENT_FOR_S = 30.0
WITHOUT_WORKERS_FOR_S = 60.0


class DaskEngine:
    """A cluster; its own loop talks to the scheduler, and what comes of it is taken in the caller's thread."""

    is_remote = True

    def __init__(self, address: Address) -> None:
        """Connect.

        Raises:
            ConnectError: no scheduler or no worker answers, or a worker is of another make.
        """
        self._address = address
        self._joined, self._threads = join(address)
        self._lost: ConnectError | None = None
        self._is_closed = False
        self._watching = self._joined.start(self._watch())

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the engine."""
        self.close()

    def map(
        self,
        work: Callable[[T], R],
        items: Iterable[T],
        progress: Progress | None = None,
        told: Callable[[int], None] = ignore,
        *,
        is_long: bool = False,
    ) -> Generator[tuple[T, R]]:
        """Yield each item with its answer; see `Engine.map`."""
        del is_long
        source = iter(items)
        answers: SimpleQueue[tuple[T, _Handle]] = SimpleQueue()
        outstanding: set[_Handle] = set()
        is_drained = False
        try:
            while True:
                self._check(progress)
                while not is_drained and len(outstanding) < _AHEAD * self._threads and answers.empty():
                    is_drained = not self._send_next(work, source, outstanding, answers)
                    self._check(progress)
                if not outstanding:
                    return
                try:
                    item, handle = answers.get(timeout=_POLL_S)
                except Empty:
                    continue
                outstanding.discard(handle)
                answer, count = self._outcome(handle)
                told(count)
                yield item, pickle.loads(answer)  # noqa: S301 - the cluster is trusted, see docs/engines.md
        finally:
            for handle in outstanding:
                handle.cancel()

    def _send_next(
        self,
        work: Callable[[T], R],
        source: Iterator[T],
        outstanding: set[_Handle],
        answers: SimpleQueue[tuple[T, _Handle]],
    ) -> bool:
        """Send the next item on its way; return whether there was one."""
        for item in source:
            handle = self._joined.start(self._one(pack((work, item))))
            outstanding.add(handle)
            handle.add_done_callback(partial(_deliver, answers, item))
            return True
        return False

    async def _one(self, request: bytes) -> tuple[bytes, int]:
        """Return the answer to one request; when this is cancelled the scheduler forgets the request."""
        # A key of its own for each item: a cluster takes work with the same key for the same work, even after the
        # file behind it changed.
        client = self._joined.client
        future = client.submit(eval, CALL, {"request": request}, key=f"dcmtty-{uuid.uuid4().hex}", pure=False)
        try:
            answer: tuple[bytes, int] = await future
        finally:
            future.release()
        return answer

    def _outcome(self, handle: _Handle) -> tuple[bytes, int]:
        """Return the answer.

        Raises:
            ConnectError: the cluster lost it, and not the work that raised something.
        """
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker

        if self._is_closed:
            raise Cancelled
        error = None if handle.cancelled() else handle.exception()
        if handle.cancelled() or isinstance(error, CancelledError | CommClosedError):
            raise self._gone() from error
        if isinstance(error, ImportError) and lacks_dcmtty(error):
            raise ConnectError(f"{self._address}: a worker without dcmtty", remedy=INSTALL) from error
        if isinstance(error, KilledWorker):
            raise ConnectError(
                f"{self._address}: several workers ended over the same work",
                remedy="look into the logs of the workers, and at their memory limit",
            ) from error
        return handle.result()

    def _gone(self) -> ConnectError:
        return self._lost or ConnectError(
            f"{self._address}: the scheduler went away", remedy="see that it runs, then start again"
        )

    def _check(self, progress: Progress | None) -> None:
        if self._is_closed or (progress is not None and progress.cancelled()):
            raise Cancelled
        if self._lost is not None:
            raise self._lost

    async def _watch(self) -> None:
        """Keep count of the workers, and notice when there are none for long or the scheduler is silent."""
        seen = time.monotonic()
        while True:
            try:
                threads = await asyncio.wait_for(self._joined.client.nthreads(), _SILENT_FOR_S)
            except (OSError, TimeoutError):
                self._lost = ConnectError(
                    f"{self._address}: the scheduler does not answer any more",
                    remedy="see that it runs, then start again",
                )
                return
            if threads:
                seen, self._threads = time.monotonic(), sum(threads.values())
            elif time.monotonic() - seen > WITHOUT_WORKERS_FOR_S:
                self._lost = ConnectError(
                    f"{self._address}: the cluster has no worker any more", remedy="start workers, then start again"
                )
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        """Leave the cluster; it forgets what was asked of it."""
        self._is_closed = True
        self._watching.cancel()
        self._joined.leave()


def _deliver(answers: SimpleQueue[tuple[T, _Handle]], item: T, handle: _Handle) -> None:
    answers.put((item, handle))
