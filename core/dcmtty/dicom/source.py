"""The bytes of one file, read where they are needed: a few kilobytes of header, never the pictures."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from dcmtty.errors import InputError, TruncatedFile
from dcmtty.files import open_regular, read_error
from dcmtty.text import visible

WINDOW_BYTES = 16 << 10


class Source:
    """Random access to a file or to bytes in memory; with `pread`, so that a file cut meanwhile cannot crash us."""

    __slots__ = (
        "_base",
        "_descriptor",
        "_nonzero_at",
        "_owner",
        "buffer",
        "inflated",
        "mtime_ns",
        "name",
        "path",
        "size",
    )

    def __init__(self, path: Path, size: int, buffer: bytes = b"", descriptor: int | None = None) -> None:
        self.path = path
        self.name = visible(path)
        """The path, safe for a terminal; every message about the bytes starts with it."""
        self.size = size
        self.buffer = buffer
        """The window that is in memory; `index` says where an offset lies in it."""
        self.inflated = False
        """Whether offsets count in the inflated data set and not in the file."""
        self.mtime_ns = 0
        self._base = 0
        self._descriptor = descriptor
        self._owner: Source | None = None
        self._nonzero_at = -1
        """The last byte that is known not to be zero: a flood of zeros must not be looked through again and again."""

    def index(self, offset: int, count: int) -> int:
        """Bring `count` bytes at `offset` (or what is left of them) into `buffer`; return where they start."""
        start = offset - self._base
        if start >= 0 and (start + count <= len(self.buffer) or self._base + len(self.buffer) >= self.size):
            return start
        self.buffer = self._fetch(offset, min(max(count, WINDOW_BYTES), self.size - offset))
        self._base = offset
        return 0

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes at `offset`; the caller has checked `length` against `size`."""
        start = offset - self._base
        if start >= 0 and start + length <= len(self.buffer):
            return self.buffer[start : start + length]
        return self._fetch(offset, length)

    def available(self, offset: int, length: int) -> bytes:
        """Return the bytes at `offset`, as many as there are up to `length`."""
        return self.read(offset, min(length, self.size - offset)) if 0 <= offset < self.size else b""

    def zeros_to_the_end(self, offset: int) -> bool:
        """Say whether nothing but zero bytes follows (padding to a block size)."""
        if offset <= self._nonzero_at:
            return False
        while offset < self.size:
            part = self.read(offset, min(1 << 20, self.size - offset))
            if rest := part.rstrip(b"\0"):
                self._nonzero_at = offset + len(rest) - 1
                return False
            offset += len(part)
        return True

    def _fetch(self, offset: int, length: int) -> bytes:
        if self._descriptor is None:
            raise InputError(f"{self.name}: closed already", remedy="open it again")
        try:
            data = os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise read_error(self.path, error) from error
        if len(data) != length:
            raise TruncatedFile(f"{self.name}: became shorter while it was read", remedy="read it again")
        return data

    def view(self) -> Source:
        """Return a source over the same bytes with its own window, for a walk beside others; close the first one."""
        view = Source(self.path, self.size, self.buffer, self._descriptor)
        view.inflated, view.mtime_ns, view._base, view._owner = self.inflated, self.mtime_ns, self._base, self
        return view

    def close(self) -> None:
        """Give the file back; the window stays usable."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and self._owner is None:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def open_source(path: Path, *, follow: bool = True) -> Source:
    """Open a regular file for reading.

    Raises:
        InputError: not there, not readable, not a regular file, too large.
    """
    descriptor = open_regular(path, follow=follow)
    info = os.fstat(descriptor)
    source = Source(path, info.st_size, descriptor=descriptor)
    source.mtime_ns = info.st_mtime_ns
    return source


def memory_source(data: bytes, name: str = "data") -> Source:
    """Return a source over bytes in memory; `name` stands for the file in messages."""
    return Source(Path(name), len(data), data)
