"""What every engine can do; callers know no more of it than this."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, Self, TypeVar

from dcmtty.progress import Progress

T = TypeVar("T")
R = TypeVar("R")


def ignore(count: int) -> None:
    """Take what work tells, and do nothing with it."""
    del count


class Engine(Protocol):
    """Maps work over items somewhere; a context manager that ends what it started."""

    is_remote: bool
    """Whether work runs on machines that see the file system in their own way: paths must be absolute, and what a
    worker sees at a path must be compared with what is here."""

    def map(
        self,
        work: Callable[[T], R],
        items: Iterable[T],
        progress: Progress | None = None,
        told: Callable[[int], None] = ignore,
        *,
        is_long: bool = False,
    ) -> Generator[tuple[T, R]]:
        """Yield each item with its answer, as answers get ready: each once, also when a worker dies; close it to stop.

        Args:
            work: a function at the top level of a module, without effects of its own: an item whose worker died is
                done again. What it raises is raised here and ends the map.
            items: drawn in the caller's thread, a bounded number ahead of the answers; picklable.
            progress: asked whether to stop; reporting is left to the caller.
            told: gets, in the caller's thread, what work passes to `running.tell`; negative when work is done again.
            is_long: whether it is known that this takes long, so that no item has to be done in this process first.

        Raises:
            Cancelled: the user stopped the work.
            DcmttyError: the work ended its process again and again.
            ConnectError: the cluster went away.
        """
        ...

    def close(self) -> None:
        """End every process that the engine started, at once; maps that still run raise Cancelled."""
        ...

    def __enter__(self) -> Self:
        """Return the engine."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Close the engine."""
        ...
