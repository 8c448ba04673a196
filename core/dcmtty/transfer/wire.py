"""The SFTP wire: requests with numbers, replies in any order, nothing that the server says taken on trust.

Paramiko's own client hides errors on close and what the server offers, and knows no fsync; and it waits for each reply
(draft-ietf-secsh-filexfer-02; extensions as OpenSSH's PROTOCOL has them).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from dcmtty.errors import ConnectError, RemoteRefused
from dcmtty.text import visible


class Kind(IntEnum):
    """The packets that are used."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    REMOVE = 13
    MKDIR = 14
    REALPATH = 16
    STAT = 17
    RENAME = 18
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, UNSUPPORTED = 0, 1, 2, 3, 4, 8

_SAFE_PIECE_BYTES = 32768
"""Every server takes this much in one request; more only where limits@openssh.com says so."""
_LARGEST_PIECE_BYTES = 255 * 1024
_MOST_REPLY_BYTES = 1 << 20
_WORDS = {
    NO_SUCH_FILE: "no such file or folder on the device",
    PERMISSION_DENIED: "no permission on the device",
    UNSUPPORTED: "the device does not offer this operation",
}


class Channel(Protocol):
    """What the protocol needs of its carrier; both may raise OSError."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of the bytes."""

    def recv(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""
        ...


class StatusError(RemoteRefused):
    """The server answered one request with an error status."""

    def __init__(self, code: int, text: str) -> None:
        said = f" ({visible(text, 120)})" if text else ""
        super().__init__(_WORDS.get(code, f"the device failed{said}"))
        self.code = code


def text_field(value: bytes) -> bytes:
    """Return a string as SFTP packs it: its length, its bytes."""
    return struct.pack(">I", len(value)) + value


def path_field(value: str) -> bytes:
    """Return a path as SFTP packs it, undecodable bytes as they were."""
    return text_field(value.encode("utf-8", "surrogateescape"))


@dataclass(slots=True)
class Reply:
    """A reply, read from front to back."""

    kind: int
    data: bytes
    at: int = 0

    def number(self, width: int = 4) -> int:
        """Return the next number, of `width` bytes."""
        if self.at + width > len(self.data):
            raise ConnectError("the device sent an SFTP reply that is cut short", remedy="check its SFTP server")
        self.at += width
        return int.from_bytes(self.data[self.at - width : self.at], "big")

    def text(self) -> bytes:
        """Return the next string."""
        length = self.number()
        if self.at + length > len(self.data):
            raise ConnectError("the device sent an SFTP reply that is cut short", remedy="check its SFTP server")
        self.at += length
        return self.data[self.at - length : self.at]

    @property
    def has_more(self) -> bool:
        """Whether something of the reply has not been read."""
        return self.at < len(self.data)


@dataclass(slots=True)
class Wire:
    """One SFTP session over a channel; used from one thread."""

    channel: Channel
    extensions: dict[bytes, bytes] = field(default_factory=dict)
    """What the server offers beyond the protocol, and in which version."""
    piece_bytes: int = _SAFE_PIECE_BYTES
    """The most that one request reads or writes."""
    _number: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _arrived: dict[int, Reply] = field(default_factory=dict)
    _awaited: set[int] = field(default_factory=set)

    def start(self) -> None:
        """Say hello and learn what the server offers.

        Raises:
            ConnectError: no SFTP server answers.
        """
        self._send(bytes([Kind.INIT]) + struct.pack(">I", 3))
        reply = self._packet()
        if reply.kind != Kind.VERSION:
            raise ConnectError("the device answers, but not with SFTP", remedy="check that the account may use SFTP")
        reply.number()
        while reply.has_more:
            name = reply.text()
            self.extensions[name] = reply.text()
        if b"limits@openssh.com" in self.extensions:
            limits = self.answer(self.request(Kind.EXTENDED, text_field(b"limits@openssh.com")), Kind.EXTENDED_REPLY)
            _, most_read, most_write = limits.number(8), limits.number(8), limits.number(8)
            self.piece_bytes = max(_SAFE_PIECE_BYTES, min(_LARGEST_PIECE_BYTES, most_read, most_write))

    def _send(self, payload: bytes) -> None:
        try:
            self.channel.sendall(struct.pack(">I", len(payload)) + payload)
        except (OSError, EOFError) as error:
            raise _lost(error) from error

    def _packet(self) -> Reply:
        length = int.from_bytes(self._exactly(4), "big")
        if not 1 <= length <= _MOST_REPLY_BYTES:
            raise ConnectError(
                "the device sent something that is not SFTP", remedy="check its login scripts for output"
            )
        data = self._exactly(length)
        return Reply(data[0], data, 1)

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            try:
                piece = self.channel.recv(1 << 18)
            except (OSError, EOFError) as error:
                raise _lost(error) from error
            if not piece:
                raise _lost(None)
            self._buffer += piece
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    def request(self, kind: int, *parts: bytes) -> int:
        """Send a request and return its number, which `answer` takes."""
        self._number = (self._number + 1) & 0xFFFFFFFF
        self._awaited.add(self._number)
        self._send(b"".join((bytes([kind]), struct.pack(">I", self._number), *parts)))
        return self._number

    def _reply(self, number: int) -> Reply:
        while number not in self._arrived:
            reply = self._packet()
            known = reply.number()
            if known not in self._awaited:
                raise ConnectError("the device answers what was not asked", remedy="check its SFTP server")
            self._awaited.discard(known)
            self._arrived[known] = reply
        return self._arrived.pop(number)

    def answer(self, number: int, kind: int) -> Reply:
        """Return the reply to a request, which must be of that kind; `Kind.STATUS` stands for a plain yes.

        Raises:
            StatusError: the server refuses.
        """
        reply = self._reply(number)
        if reply.kind == Kind.STATUS:
            code = reply.number()
            if code != OK:
                raise StatusError(code, reply.text().decode("utf-8", "replace") if reply.has_more else "")
        if reply.kind != kind:
            raise ConnectError("the device sent an SFTP reply of another kind", remedy="check its SFTP server")
        return reply

    def statuses(self, numbers: Sequence[int]) -> list[StatusError | None]:
        """Return None for every request that was granted, and the refusal of the others."""
        results: list[StatusError | None] = []
        for number in numbers:
            try:
                self.answer(number, Kind.STATUS)
                results.append(None)
            except StatusError as error:
                results.append(error)
        return results


def _lost(error: BaseException | None) -> ConnectError:
    reason = "it does not answer any more" if isinstance(error, TimeoutError) else "the connection is gone"
    return ConnectError(reason, remedy="check the device and the network, then send again")
