"""MD5 and SHA-256 of whole files in one pass, so that a series is read once and both algorithms run at MD5's pace."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from dcmtty.errors import InputError
from dcmtty.files import open_regular, read_error
from dcmtty.text import visible

_BUFFER_BYTES = 1 << 20
_WORTH_A_THREAD_BYTES = 64 << 10
"""Below this, handing a buffer to the second thread costs more than hashing it here."""


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Both digests of one file, in lower-case hexadecimal."""

    md5: str
    sha256: str
    size_bytes: int


class Seen(NamedTuple):
    """What tells whether a file is still the one that somebody looked at, and the same for two machines."""

    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, info: os.stat_result) -> Self:
        """Return what is seen of a file."""
        return cls(info.st_size, info.st_mtime_ns)

    def agrees_with(self, other: Self) -> bool:
        """Whether both may be of the same file; some ways of sharing files keep only whole seconds or 100 ns."""
        if self.size_bytes != other.size_bytes:
            return False
        for unit_ns in (1_000_000_000, 1_000, 100):
            if self.mtime_ns % unit_ns == 0 or other.mtime_ns % unit_ns == 0:
                return self.mtime_ns // unit_ns == other.mtime_ns // unit_ns
        return self.mtime_ns == other.mtime_ns


def _ignore(count: int) -> None:
    del count


class Digester:
    """Digests files one after the other over one reused buffer; hashlib lets both algorithms run at the same time."""

    def __init__(self) -> None:
        self._view = memoryview(bytearray(_BUFFER_BYTES))
        self._second = ThreadPoolExecutor(max_workers=1, thread_name_prefix="md5")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._second.shutdown()

    def digest(
        self,
        path: Path,
        *,
        follow: bool = True,
        advance: Callable[[int], None] = _ignore,
        seen: Seen | None = None,
    ) -> FileDigest:
        """Return the digests of a regular file; `advance` is told the number of bytes of every piece read.

        Raises:
            InputError: not readable, not regular, written to while it was read, or not what was `seen` of it.
        """
        descriptor = open_regular(path, follow=follow)
        try:
            before = os.fstat(descriptor)
            if seen is not None and not seen.agrees_with(Seen.of(before)):
                raise InputError(f"{visible(path)}: another size or time of change than where it was listed")
            result = self.digest_descriptor(descriptor, most_bytes=before.st_size, advance=advance)
            after = os.fstat(descriptor)
        except OSError as error:
            raise read_error(path, error) from error
        finally:
            os.close(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or (
            result.size_bytes != after.st_size
        ):
            raise InputError(
                f"{visible(path)}: it changed while it was read", remedy="digest it again when nothing writes to it"
            )
        return result

    def digest_descriptor(
        self, descriptor: int, *, most_bytes: int | None = None, advance: Callable[[int], None] = _ignore
    ) -> FileDigest:
        """Return the digests of everything that can be read from an open file, a pipe too.

        Past `most_bytes` it stops: a file that grows as fast as it is read has no end.
        """
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        size_bytes = 0
        while count := os.readv(descriptor, [self._view]):
            piece = self._view[:count]
            if count >= _WORTH_A_THREAD_BYTES:
                pending = self._second.submit(md5.update, piece)
                sha256.update(piece)
                pending.result()
            else:
                md5.update(piece)
                sha256.update(piece)
            size_bytes += count
            advance(count)
            if most_bytes is not None and size_bytes > most_bytes:
                break
        return FileDigest(md5.hexdigest(), sha256.hexdigest(), size_bytes)


def digest_file(path: Path, *, follow: bool = True) -> FileDigest:
    """Return MD5, SHA-256 and size of one regular file, read once.

    Raises:
        InputError: not readable, not regular, or written to while it was read.
    """
    with Digester() as digester:
        return digester.digest(path, follow=follow)
