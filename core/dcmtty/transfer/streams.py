"""Bytes to and from a device with many requests in flight, so that a slow line stays full."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dcmtty.errors import ConnectError
from dcmtty.transfer.wire import EOF, Kind, StatusError, Wire, text_field

_WINDOW_BYTES = 4 << 20


@dataclass(slots=True)
class Writing:
    """A file that is being written: its handle and the first thing that went wrong with it."""

    handle: bytes
    offset: int = 0
    error: StatusError | None = None


@dataclass(slots=True)
class Writer:
    """Writes files one after the other without waiting for the answers."""

    wire: Wire
    _writes: deque[tuple[int, Writing, int]] = field(default_factory=deque)
    _writes_bytes: int = 0

    def write(self, file: Writing, piece: bytes) -> None:
        """Send one piece (at most `piece_bytes`) and go on; a refusal is kept in `file.error`."""
        number = self.wire.request(
            Kind.WRITE, text_field(file.handle), struct.pack(">Q", file.offset), text_field(piece)
        )
        file.offset += len(piece)
        self._writes.append((number, file, len(piece)))
        self._writes_bytes += len(piece)
        while self._writes_bytes > _WINDOW_BYTES:
            self._settle_one()

    def settle(self) -> None:
        """Wait until the server has answered every write."""
        while self._writes:
            self._settle_one()

    def _settle_one(self) -> None:
        number, file, count = self._writes.popleft()
        self._writes_bytes -= count
        error = self.wire.statuses([number])[0]
        file.error = file.error or error

    def finish(self, files: Sequence[Writing]) -> None:
        """Flush files to the device's disk where it offers that, and close them; a refusal is kept in `file.error`."""
        self.settle()
        if b"fsync@openssh.com" in self.wire.extensions:
            name = text_field(b"fsync@openssh.com")
            numbers = [self.wire.request(Kind.EXTENDED, name, text_field(file.handle)) for file in files]
            for file, error in zip(files, self.wire.statuses(numbers), strict=True):
                file.error = file.error or error
        for file, error in zip(files, self._closed(files), strict=True):
            file.error = file.error or error

    def _closed(self, files: Sequence[Writing]) -> list[StatusError | None]:
        return self.wire.statuses([self.wire.request(Kind.CLOSE, text_field(file.handle)) for file in files])


def read_files(wire: Wire, files: Sequence[tuple[bytes, int]]) -> Iterator[tuple[int, bytes | StatusError]]:
    """Yield (index, bytes) in order for every (handle, size in bytes) given, at most one byte more than the size.

    The size is the caller's; a file that is longer shows in the additional byte, a shorter one in what is missing.
    """
    waiting: deque[tuple[int, int, int, int]] = deque()
    pending = (
        (index, offset, min(wire.piece_bytes, size + 1 - offset))
        for index, (_, size) in enumerate(files)
        for offset in range(0, size + 1, wire.piece_bytes)
    )
    in_flight = 0
    for index, offset, length in pending:
        number = wire.request(Kind.READ, text_field(files[index][0]), struct.pack(">QI", offset, length))
        waiting.append((number, index, offset, length))
        in_flight += length
        while in_flight > _WINDOW_BYTES:
            in_flight -= waiting[0][3]
            yield from _piece(wire, files, waiting.popleft())
    while waiting:
        yield from _piece(wire, files, waiting.popleft())


def _piece(
    wire: Wire, files: Sequence[tuple[bytes, int]], asked: tuple[int, int, int, int]
) -> Iterator[tuple[int, bytes | StatusError]]:
    """Yield the answer to one read, and read on where the server gave less than was asked for."""
    number, index, offset, length = asked
    while length > 0:
        try:
            data = wire.answer(number, Kind.DATA).text()
        except StatusError as error:
            if error.code != EOF:
                yield index, error
            return
        if not data or len(data) > length:
            raise ConnectError("the device sent another amount of data than asked for", remedy="check its server")
        yield index, data
        offset, length = offset + len(data), length - len(data)
        if length > 0:
            number = wire.request(Kind.READ, text_field(files[index][0]), struct.pack(">QI", offset, length))
