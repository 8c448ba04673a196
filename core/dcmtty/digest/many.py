"""Digests of many files by an engine: small ones together, large ones alone, in the order in which they were named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dcmtty.digest.file import Digester, FileDigest, Seen
from dcmtty.engine.protocol import Engine
from dcmtty.engine.running import here, tell
from dcmtty.errors import InputError
from dcmtty.files import read_error
from dcmtty.progress import Progress
from dcmtty.text import visible

_PART_BYTES = 8 << 20
_PART_FILES = 256
_LONG_BYTES = 64 << 20
"""More than this takes longer than it takes to start processes."""


class Part(NamedTuple):
    """Files that are digested one after the other."""

    numbers: tuple[int, ...]
    """Places in the list of all files."""
    paths: tuple[bytes, ...]
    """As the file system has them: how names are decoded may differ between machines."""
    seen: tuple[Seen | None, ...]
    """What each file must look like to whoever reads it; None where that is not to be compared."""


class Digested(NamedTuple):
    """A `FileDigest` on its way between processes, where a tuple takes a tenth of the time."""

    md5: str
    sha256: str
    size_bytes: int


class Refused(NamedTuple):
    """Why there is no digest of a file."""

    message: str
    remedy: str


def digest_part(part: Part) -> list[Digested | Refused]:
    """Return the digest of each file, or why there is none."""
    answers: list[Digested | Refused] = []
    with Digester() as digester:
        for name, seen in zip(part.paths, part.seen, strict=True):
            path = Path(os.fsdecode(name))
            try:
                found = digester.digest(path, advance=tell, seen=seen)
            except InputError as error:
                answers.append(_refused(path, error))
            else:
                answers.append(Digested(found.md5, found.sha256, found.size_bytes))
    return answers


def _refused(path: Path, error: InputError) -> Refused:
    reason = error.message.removeprefix(f"{visible(path)}: ")
    if here():
        return Refused(f"{reason} (on {here()})", "see that every worker has the same files at the same paths")
    return Refused(reason, error.remedy)


def digest_many(
    paths: Sequence[str], engine: Engine, progress: Progress | None = None
) -> list[FileDigest | InputError]:
    """Return for each path, in order, the digests of the file there, or why there are none.

    On a cluster a file must have the same size and time of change as here, before and after it was read.

    Raises:
        Cancelled: the user stopped it.
        ConnectError: the cluster went away.
    """
    return _Digesting(paths, engine, progress or Progress()).run()


class _Digesting:
    """One run over a list of files."""

    def __init__(self, paths: Sequence[str], engine: Engine, progress: Progress) -> None:
        self._paths = paths
        self._engine = engine
        self._progress = progress
        self._answers: dict[int, FileDigest | InputError] = {}
        self._seen: dict[int, Seen] = {}
        self._done_bytes = 0
        self._total_bytes = 0

    def run(self) -> list[FileDigest | InputError]:
        for number in range(len(self._paths)):
            self._look_at(number)
        self._total_bytes = sum(seen.size_bytes for seen in self._seen.values())
        is_long = self._total_bytes >= _LONG_BYTES and len(self._seen) > 1
        working = self._engine.map(digest_part, self._parts(), self._progress, self._advance, is_long=is_long)
        for part, answers in working:
            for number, answer in zip(part.numbers, answers, strict=True):
                self._answers[number] = self._checked(number, answer)
        return [self._answers[number] for number in range(len(self._paths))]

    def _look_at(self, number: int) -> None:
        path = self._paths[number]
        try:
            self._seen[number] = Seen.of(os.stat(path))  # noqa: PTH116 - text in
        except OSError as error:
            self._answers[number] = read_error(Path(path), error)
        except ValueError:
            self._answers[number] = InputError(f"{visible(path)}: not a possible file name", remedy="check the path")

    def _parts(self) -> Iterator[Part]:
        """Yield parts of about the same size, after the files that are large by themselves, the largest first."""
        large = [number for number, seen in self._seen.items() if seen.size_bytes >= _LONG_BYTES]
        for number in sorted(large, key=lambda number: self._seen[number].size_bytes, reverse=True):
            yield self._part([number])
        some: list[int] = []
        some_bytes = 0
        for number in sorted(self._seen.keys() - large):
            some.append(number)
            some_bytes += self._seen[number].size_bytes
            if some_bytes >= _PART_BYTES or len(some) == _PART_FILES:
                yield self._part(some)
                some, some_bytes = [], 0
        if some:
            yield self._part(some)

    def _part(self, numbers: Sequence[int]) -> Part:
        names = [self._paths[number] for number in numbers]
        if not self._engine.is_remote:
            return Part(tuple(numbers), tuple(map(os.fsencode, names)), (None,) * len(numbers))
        whole = [os.fsencode(os.path.abspath(name)) for name in names]  # noqa: PTH100 - text in, text out
        return Part(tuple(numbers), tuple(whole), tuple(self._seen[number] for number in numbers))

    def _advance(self, count: int) -> None:
        self._done_bytes += count
        self._progress.step(self._done_bytes, self._total_bytes, "bytes", "digesting")

    def _checked(self, number: int, answer: Digested | Refused) -> FileDigest | InputError:
        """Return the answer, unless the file here is no longer the one that a worker was asked for."""
        if isinstance(answer, Refused):
            return InputError(f"{visible(Path(self._paths[number]))}: {answer.message}", remedy=answer.remedy)
        if self._engine.is_remote:
            path = Path(self._paths[number])
            try:
                seen = Seen.of(os.stat(path))  # noqa: PTH116 - one call for each file
            except OSError as error:
                return read_error(path, error)
            if seen != self._seen[number] or seen.size_bytes != answer.size_bytes:
                return InputError(
                    f"{visible(path)}: it changed while it was read", remedy="digest it again when nothing writes to it"
                )
        return FileDigest(*answer)
