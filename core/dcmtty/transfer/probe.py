"""Tries out a device as a sending would use it: log in, write a small file, read it back, remove it."""

from __future__ import annotations

import posixpath
import secrets
from dataclasses import dataclass

from dcmtty.errors import ConnectError
from dcmtty.text import visible
from dcmtty.transfer.connection import Connection, Negotiated
from dcmtty.transfer.devices import HashCommand
from dcmtty.transfer.plan import remote_folder
from dcmtty.transfer.proof import working_commands
from dcmtty.transfer.streams import Writer, Writing, read_files
from dcmtty.transfer.wire import StatusError

_TEST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Probe:
    """What a device can do."""

    device: str
    host: str
    port: int
    user: str
    folder: str
    negotiated: Negotiated
    hash_commands: tuple[HashCommand, ...]
    can_replace: bool
    """It renames over an existing file in one step."""
    can_flush: bool
    """It flushes files to its disk when asked."""


def probe(connection: Connection, path: str | None = None) -> Probe:
    """Write a test file into the folder that files would go to, read it back and remove it.

    Raises:
        ConnectError: the folder does not exist, cannot be written, or gives back other bytes.
    """
    settings = connection.endpoint.settings
    folder = remote_folder(connection, path)
    _write_test(connection, folder)
    return Probe(
        device=connection.endpoint.device.name,
        host=settings.hostname,
        port=settings.port,
        user=settings.user,
        folder=folder,
        negotiated=connection.negotiated,
        hash_commands=working_commands(connection),
        can_replace=connection.sftp.can_replace,
        can_flush=b"fsync@openssh.com" in connection.sftp.wire.extensions,
    )


def _write_test(connection: Connection, folder: str) -> None:
    sftp = connection.sftp
    name = connection.endpoint.device.name
    remedy = "check that the folder exists and that this account may write there"
    path = posixpath.join(folder, f".dcmtty-check.{secrets.token_hex(6)}.part")
    data = secrets.token_bytes(_TEST_BYTES)
    handle = sftp.open_new([path])[0]
    if isinstance(handle, StatusError):
        raise ConnectError(f"{name}: {visible(folder)} cannot be written: {handle.message}", remedy=remedy)
    try:
        writing, writer = Writing(handle), Writer(sftp.wire)
        writer.write(writing, data)
        writer.finish([writing])
        if writing.error is not None:
            raise ConnectError(f"{name}: {visible(folder)} cannot be written: {writing.error.message}", remedy=remedy)
        if _read(connection, path) != data:
            raise ConnectError(f"{name}: it gives back other bytes than were written", remedy="check its disk")
    finally:
        error = sftp.remove([path])[0]
    if error is not None:
        raise ConnectError(
            f"{name}: {visible(path)} cannot be removed again: {error.message}", remedy="remove it there"
        )


def _read(connection: Connection, path: str) -> bytes:
    handle = connection.sftp.open_existing([path])[0]
    if isinstance(handle, StatusError):
        raise handle
    pieces = [piece for _, piece in read_files(connection.sftp.wire, [(handle, _TEST_BYTES)])]
    connection.sftp.close([handle])
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))
