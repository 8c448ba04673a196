"""Work on a Dask cluster that somebody else runs, over storage that all its workers and this machine share."""

from __future__ import annotations

import asyncio
import pickle
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, Self, TypeVar

from dcmtty.engine.address import Address
from dcmtty.engine.joining import INSTALL, Asked, join, lacks_dcmtty
from dcmtty.engine.protocol import ignore
from dcmtty.engine.remote import CALL, Unwanted, pack
from dcmtty.errors import ConnectError
from dcmtty.progress import Cancelled, Progress

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 3
"""Items on their way for each thread of the cluster, so that none waits for the next."""
_POLL_S = 0.05
LOOK_EVERY_S = 2.0
_SILENT_FOR_S = 30.0
WITHOUT_WORKERS_FOR_S = 60.0
_ATTEMPTS = 4


@dataclass(slots=True, eq=False)
class _Sent(Generic[T]):
    """An item on its way."""

    item: T
    handle: Future[tuple[bytes, int]] = field(default_factory=Future, init=False)
    asked: Asked | None = field(default=None, init=False)
    is_wanted: bool = field(default=True, init=False)


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
        answers: SimpleQueue[_Sent[T]] = SimpleQueue()
        outstanding: set[_Sent[T]] = set()
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
                    sent = answers.get(timeout=_POLL_S)
                except Empty:
                    continue
                outstanding.discard(sent)
                answer, count = self._outcome(sent.handle)
                told(count)
                yield sent.item, pickle.loads(answer)  # noqa: S301 - the cluster is trusted, see docs/engines.md
        finally:
            if outstanding and not self._is_closed:
                self._joined.start(self._forget(list(outstanding)))

    def _send_next(
        self,
        work: Callable[[T], R],
        source: Iterator[T],
        outstanding: set[_Sent[T]],
        answers: SimpleQueue[_Sent[T]],
    ) -> bool:
        """Send the next item on its way; return whether there was one."""
        for item in source:
            sent = _Sent(item)
            sent.handle = self._joined.start(self._answer(sent, pack((work, item))))
            outstanding.add(sent)
            sent.handle.add_done_callback(partial(_deliver, answers, sent))
            return True
        return False

    async def _answer(self, sent: _Sent[T], request: bytes) -> tuple[bytes, int]:
        """Return the answer to one request; ask again when the cluster forgot it, as it does when it is restarted."""
        client = self._joined.client
        for attempt in range(_ATTEMPTS):
            # A key of its own each time: a cluster takes work with the same key for the same work, even after the
            # file behind it changed.
            key = f"dcmtty-{uuid.uuid4().hex}"
            sent.asked = client.submit(eval, CALL, {"request": request}, key=key, pure=False)
            try:
                answer: tuple[bytes, int] = await sent.asked
            except (CancelledError, Unwanted):
                if not sent.is_wanted or client.status != "running" or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return answer
            finally:
                sent.asked.release()
        raise self._gone()

    async def _forget(self, sent: list[_Sent[T]]) -> None:
        """Let the scheduler drop what was sent; what waits for it here ends by that, and must not be cancelled itself.

        Requests that wait at the same time fetch their answers together, and would all be cancelled with one.
        """
        for one in sent:
            one.is_wanted = False
        await self._joined.client.cancel([one.asked for one in sent if one.asked is not None])

    def _outcome(self, handle: Future[tuple[bytes, int]]) -> tuple[bytes, int]:
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


def _deliver(answers: SimpleQueue[_Sent[T]], sent: _Sent[T], handle: Future[tuple[bytes, int]]) -> None:
    del handle
    answers.put(sent)
