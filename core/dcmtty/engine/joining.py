"""Joins a Dask cluster, or says in one line why that cannot be done.

Dask is imported when it is needed: it is an extra, and it brings an interface of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import socket
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from dcmtty.engine.address import Address
from dcmtty.engine.remote import MAKE, Make, make, other_make
from dcmtty.errors import ConnectError, UsageError
from dcmtty.text import visible

_A = TypeVar("_A")

INSTALL = "install the same version of it on every worker"
LISTENS_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 10.0
WORKERS_WITHIN_S = 30.0
"""Clusters that grow when there is work need some time to begin with."""
_LEAVES_WITHIN_S = 5.0


class Asked(Protocol):
    """What a cluster was asked for; a `distributed.Future`."""

    def __await__(self) -> Generator[Any, None, Any]:
        """Return the result."""
        ...

    def release(self) -> None:
        """Want it no more."""
        ...


class Client(Protocol):
    """A `distributed.Client` as its own loop sees it; its annotations do not say that it is asynchronous there."""

    status: str
    """`running` while there is a connection."""

    def submit(self, function: Callable[..., object], *arguments: object, key: str | None = None, pure: bool) -> Asked:
        """Ask for the result of a function."""
        ...

    def run(self, function: Callable[..., object], *arguments: object, on_error: str) -> Awaitable[dict[str, object]]:
        """Return what a function gives on each worker."""
        ...

    def cancel(self, asked: list[Asked]) -> Awaitable[None]:
        """Want things no more, also where they are waited for."""
        ...

    def nthreads(self) -> Awaitable[dict[str, int]]:
        """Return the threads of each worker."""
        ...

    def close(self, timeout: float) -> None:
        """Leave the cluster."""
        ...


_NOT_UNDERSTOOD = (OSError, MemoryError, RuntimeError, ImportError, ValueError, TypeError, LookupError, AttributeError)
"""What Dask raises over an answer that is none; a length that is a word makes it ask for exabytes."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A connection to a cluster."""

    client: Client
    loop: asyncio.AbstractEventLoop
    """Where the client talks to the scheduler."""

    def start(self, work: Coroutine[Any, Any, _A]) -> Future[_A]:
        """Let the loop do something."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def leave(self) -> None:
        """Close the client, also when its scheduler is gone."""
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self.client.close(timeout=_LEAVES_WITHIN_S)


def join(address: Address) -> tuple[Joined, int]:
    """Return a connection to the cluster, and how many threads its workers have.

    Raises:
        UsageError: Dask is not installed.
        ConnectError: no scheduler or no worker answers, or a worker is of another make.
    """
    _require_dask(address)
    _require_listener(address)
    joined = _joined(address)
    try:
        return joined, _threads(joined, address)
    except BaseException:
        joined.leave()
        raise


def lacks_dcmtty(error: BaseException) -> bool:
    """Whether a worker failed so because it has no dcmtty, or one that is too old."""
    return isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "dcmtty"


def _require_dask(address: Address) -> None:
    """Import Dask, and keep its own logs off the terminal; what they tell is raised here as errors."""
    try:
        importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError(
            f"{address} needs the package {error.name}, which is not installed", remedy="pip install 'dcmtty[dask]'"
        ) from error
    names = [name for name in logging.root.manager.loggerDict if name.startswith(("distributed.", "tornado"))]
    for name in ("distributed", *names):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _require_listener(address: Address) -> None:
    """Ask first without Dask, which tries again and again and does not tell why it fails."""
    try:
        socket.create_connection((address.host, address.port), timeout=LISTENS_WITHIN_S).close()
    except (socket.gaierror, UnicodeError) as error:
        raise ConnectError(f"{address}: no such host", remedy="check the name") from error
    except ConnectionRefusedError as error:
        raise ConnectError(
            f"{address}: nothing listens there", remedy="check the port, or start a scheduler with dask scheduler"
        ) from error
    except TimeoutError as error:
        raise ConnectError(f"{address}: no answer", remedy="check the address and the firewalls between") from error
    except OSError as error:
        reason = visible(error.strerror or error)
        raise ConnectError(f"{address}: {reason}", remedy="check the address and the network") from error


def _joined(address: Address) -> Joined:
    import distributed
    from distributed.security import Security
    from distributed.versions import VersionMismatchWarning

    security = Security()
    url = f"{'tls' if security.require_encryption else 'tcp'}://{address.netloc}"
    with warnings.catch_warnings():
        # Versions are compared here, where it can be said what to do.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        try:
            # The client itself waits for ever for an answer to its first words.
            kind = asyncio.run(asyncio.wait_for(_kind(url, security.get_connection_args("client")), ANSWERS_WITHIN_S))
            if kind != "Scheduler":
                raise ValueError(kind)
            client = distributed.Client(url, timeout=ANSWERS_WITHIN_S, set_as_default=False, name="dcmtty")
        except _NOT_UNDERSTOOD as error:
            raise ConnectError(
                f"{address}: something listens there, but it does not answer as a Dask scheduler of our version",
                remedy="check the port, and that both sides have the same version of distributed",
            ) from error

    async def running_loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    return Joined(cast("Client", client), cast("asyncio.AbstractEventLoop", client.sync(running_loop)))


async def _kind(url: str, options: dict[str, Any]) -> str:
    """Return what listens there calls itself."""
    from distributed.comm.core import connect

    comm = await connect(url, timeout=ANSWERS_WITHIN_S, **options)
    try:
        await comm.write({"op": "identity", "reply": True})
        return str((await comm.read())["type"])
    finally:
        comm.abort()


def _threads(joined: Joined, address: Address) -> int:
    """Return how many threads the workers have, once they said that they are of our make."""
    asked = joined.start(_makes(joined.client))
    try:
        answers, threads = asked.result(2 * WORKERS_WITHIN_S)
    except (OSError, TimeoutError) as error:
        asked.cancel()
        raise ConnectError(f"{address}: no worker answers", remedy="start workers with dask worker") from error
    for where, answer in answers.items():
        _require_make(address, where, answer)
    return threads


async def _makes(client: Client) -> tuple[dict[str, object], int]:
    """Return what each worker says of itself, after the first one is there."""
    if not await client.nthreads():
        # Nothing but work lets some clusters start a worker.
        future = client.submit(int, pure=False)
        try:
            await asyncio.wait_for(_result(future), WORKERS_WITHIN_S)
        finally:
            future.release()
    answers = await client.run(eval, MAKE, on_error="return")
    return answers, sum((await client.nthreads()).values())


async def _result(asked: Asked) -> None:
    await asked


def _require_make(address: Address, where: str, answer: object) -> None:
    if isinstance(answer, ImportError | AttributeError):
        raise ConnectError(f"{address}: worker {where} has no dcmtty, or another version", remedy=INSTALL)
    if not isinstance(answer, tuple):
        raise ConnectError(f"{address}: worker {where} does not answer ({type(answer).__name__})", remedy="restart it")
    if answer != make():
        raise other_make(where, Make(*answer), Make(*make()))
