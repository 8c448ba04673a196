"""Real Dask clusters for tests: schedulers and workers in processes of their own, none of which outlives its test."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkout import CHECKOUT

_LOCAL_CLUSTER = """
import sys
from distributed import LocalCluster
with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""
_SCHEDULER = """
import asyncio, sys
from distributed import Scheduler
async def main():
    async with Scheduler(host=sys.argv[1], port=0, dashboard=False, **eval(sys.argv[2])) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
_WORKER = """
import asyncio, sys
from distributed import Worker
async def main():
    async with Worker(sys.argv[1], nthreads=1, dashboard=False) as worker:
        print(worker.address, flush=True)
        await worker.finished()
asyncio.run(main())
"""
_SETTINGS = {
    # For so long a scheduler asks a killed worker for its answers before it lets another one do the work again.
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s",
}
_WITHOUT_DCMTTY = 'import sys\nsys.modules["dcmtty"] = None\n'
"""Hides it where it is installed, which an empty path alone does not."""
CORE = str(CHECKOUT / "core")
TESTS = str(CHECKOUT / "tests")


@dataclass(frozen=True, slots=True)
class Started:
    """A process that told its address."""

    process: subprocess.Popen[str]
    address: str
    """As Dask writes it: tcp://HOST:PORT."""

    @property
    def engine(self) -> str:
        """The address as --engine takes it."""
        return "dask://" + self.address.partition("://")[2]


@contextlib.contextmanager
def started(
    program: str,
    *arguments: str,
    python_path: str = CORE,
    settings: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Generator[Started]:
    """Run a program that prints its address first; end it, and whatever it started, afterwards.

    Without a path it finds no dcmtty.
    """
    if not python_path:
        program = _WITHOUT_DCMTTY + program
    scratch = tempfile.TemporaryDirectory(prefix="dcmtty-dask-", ignore_cleanup_errors=True)
    with (
        scratch as temporary,
        subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env={
                **os.environ,
                **_SETTINGS,
                "PYTHONPATH": python_path,
                "DASK_TEMPORARY_DIRECTORY": temporary,
                **(settings or {}),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd=folder,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, "the process of the cluster ended"
            yield Started(process, address)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def scheduler(
    host: str = "127.0.0.1", *, python_path: str = "", settings: Mapping[str, str] | None = None, options: str = "{}"
) -> contextlib.AbstractContextManager[Started]:
    """A scheduler alone; without a path to dcmtty, which it need not have."""
    return started(_SCHEDULER, host, options, python_path=python_path, settings=settings)


def worker(
    of: Started,
    *,
    python_path: str = CORE + os.pathsep + TESTS,
    settings: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> contextlib.AbstractContextManager[Started]:
    """One worker without a nanny: when it is killed nothing starts it again."""
    return started(_WORKER, of.address, python_path=python_path, settings=settings, folder=folder)


@pytest.fixture(scope="session")
def local_cluster() -> Generator[Started]:
    """A LocalCluster of two worker processes, which it starts again when they are killed."""
    with started(_LOCAL_CLUSTER, python_path=os.pathsep.join((CORE, TESTS))) as cluster:
        yield cluster


def other_dcmtty(folder: Path) -> str:
    """A folder to import from that has another version of dcmtty in it."""
    package = folder / "dcmtty"
    package.mkdir()
    (package / "__init__.py").write_text('__version__ = "0.0.1"\n')
    return str(folder)
