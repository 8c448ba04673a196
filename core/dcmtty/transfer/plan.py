"""What a sending will do, found out before anything is sent: files, digests, what lies on the devices already."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dcmtty.digest.collect import FoundFile
from dcmtty.errors import ConnectError, UsageError
from dcmtty.progress import Progress
from dcmtty.text import visible
from dcmtty.transfer.connection import Connection
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.devices import Rung
from dcmtty.transfer.endpoint import Destination
from dcmtty.transfer.hostkeys import HostKey
from dcmtty.transfer.local import LocalFile, local_files
from dcmtty.transfer.proof import Expected, Prover
from dcmtty.transfer.wire import NO_SUCH_FILE, StatusError

_GROUP = 64

State = Literal["new", "same", "replace", "refused"]


@dataclass(frozen=True, slots=True)
class Target:
    """A file and its place on one device."""

    file: LocalFile
    remote_path: str
    state: State
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """What one device will get."""

    device: str
    host: str = ""
    port: int = 0
    host_key: HostKey | None = None
    folder: str = ""
    """Absolute folder on the device."""
    new_folders: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    proved_by: str = ""
    error: ConnectError | None = None
    """Why this device gets nothing: not reachable, host key, authentication."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sending will do."""

    devices: tuple[DevicePlan, ...]
    skipped: tuple[str, ...] = ()
    """Links and special files in folders, which are not sent."""
    rung: Rung | None = None
    """How files are proved; None leaves it to each device."""

    @property
    def refused(self) -> tuple[tuple[str, Target], ...]:
        """Device and file of everything that must not be sent; while there is any, nothing is sent."""
        return tuple(
            (device.device, target) for device in self.devices for target in device.targets if target.state == "refused"
        )

    @property
    def size_bytes(self) -> int:
        """Bytes to send to all devices together."""
        return sum(
            target.file.digest.size_bytes
            for device in self.devices
            for target in device.targets
            if target.state in {"new", "replace"}
        )


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user allows."""

    replace: bool = False
    """Put a file over another one that lies on the device."""
    force: bool = False
    """Send files whose preamble is executable."""
    rung: Rung | None = None


def make_plan(
    paths: Sequence[str | FoundFile],
    destinations: Sequence[Destination],
    connections: Connections,
    wishes: Wishes = Wishes(),
    progress: Progress | None = None,
) -> Plan:
    """Digest the files, connect to the devices, and compare.

    Raises:
        InputError: a path is missing or unreadable, or there is nothing to send.
        UsageError: a device is not known or named twice.
    """
    names = [destination.name for destination in destinations]
    if len(set(names)) != len(names):
        raise UsageError("a device is named twice", remedy="send to one folder of a device at a time")
    for name in names:
        connections.endpoint(name)
    files, skipped = local_files(paths, force=wishes.force, progress=progress or Progress())
    devices = tuple(_device_plan(destination, files, connections, wishes) for destination in destinations)
    return Plan(devices, skipped, wishes.rung)


def _device_plan(
    destination: Destination, files: Sequence[LocalFile], connections: Connections, wishes: Wishes
) -> DevicePlan:
    try:
        connection = connections.get(destination.name)
        return _compared(destination, files, connection, wishes)
    except ConnectError as error:
        return DevicePlan(destination.name, error=error)


def remote_folder(connection: Connection, path: str | None) -> str:
    """Return the absolute folder that `DEVICE:PATH` means: below the account's home unless PATH is absolute.

    Raises:
        UsageError: the path has `..` in it.
    """
    wanted = connection.endpoint.device.path if path is None else path
    if ".." in wanted.split("/"):
        raise UsageError(f"{visible(wanted)}: a path with .. in it", remedy="name the folder itself")
    if not wanted.startswith("/"):
        wanted = posixpath.join(connection.sftp.real_path("."), wanted.removeprefix("~/") if wanted != "~" else "")
    return "/" + posixpath.normpath(wanted).lstrip("/")


def _compared(
    destination: Destination, files: Sequence[LocalFile], connection: Connection, wishes: Wishes
) -> DevicePlan:
    device = connection.endpoint.device
    prover = Prover(connection, wishes.rung or device.verify, device.hash_command)
    folder = remote_folder(connection, destination.path)
    targets: list[Target] = []
    for start in range(0, len(files), _GROUP):
        targets += _targets(files[start : start + _GROUP], folder, connection, prover, wishes)
    settings = connection.endpoint.settings
    return DevicePlan(
        device=destination.name,
        host=settings.hostname,
        port=settings.port,
        host_key=connection.negotiated.host_key,
        folder=folder,
        new_folders=_new_folders(folder, files, connection),
        targets=tuple(targets),
        proved_by=prover.by,
    )


def _new_folders(folder: str, files: Iterable[LocalFile], connection: Connection) -> tuple[str, ...]:
    """Return the folders that must be made, from the top down.

    Raises:
        ConnectError: something else than a folder lies there.
    """
    wanted = {folder}
    for file in files:
        above = posixpath.dirname(file.name)
        wanted.add(posixpath.join(folder, above) if above else folder)
    for path in tuple(wanted):
        while path not in {"/", ""}:
            wanted.add(path)
            path = posixpath.dirname(path)  # noqa: PLW2901 - walks up
    ordered = sorted(wanted - {"/"}, key=lambda path: (path.count("/"), path))
    missing: list[str] = []
    for path, found in zip(ordered, connection.sftp.attributes(ordered, follow=True), strict=True):
        if isinstance(found, StatusError):
            if found.code == NO_SUCH_FILE:
                missing.append(path)
        elif found.mode is not None and not found.is_folder:
            raise ConnectError(f"{visible(path)} on the device is not a folder", remedy="name another folder")
    return tuple(missing)


def _targets(
    files: Sequence[LocalFile], folder: str, connection: Connection, prover: Prover, wishes: Wishes
) -> list[Target]:
    paths = [posixpath.join(folder, file.name) for file in files]
    found = connection.sftp.attributes(paths)
    same_size = [
        Expected(path, file.digest.size_bytes, file.digest.sha256)
        for path, file, there in zip(paths, files, found, strict=True)
        if not isinstance(there, StatusError) and there.is_regular and there.size_bytes == file.digest.size_bytes
    ]
    proofs = dict(zip((one.path for one in same_size), prover.prove(same_size), strict=True))
    targets: list[Target] = []
    for path, file, there in zip(paths, files, found, strict=True):
        proof = proofs.get(path)
        if file.refusal:
            targets.append(Target(file, path, "refused", file.refusal))
        elif isinstance(there, StatusError):
            is_free = there.code == NO_SUCH_FILE
            targets.append(Target(file, path, "new" if is_free else "refused", "" if is_free else there.message))
        elif not there.is_regular:
            targets.append(Target(file, path, "refused", "something that is no regular file lies there"))
        elif proof is not None and proof.is_same:
            targets.append(Target(file, path, "same", proof.by))
        else:
            targets.append(_different(file, path, connection, wishes))
    return targets


def _different(file: LocalFile, path: str, connection: Connection, wishes: Wishes) -> Target:
    if not wishes.replace:
        return Target(file, path, "refused", "another file lies there; use --replace to put this one in its place")
    if not connection.sftp.can_replace:
        return Target(file, path, "refused", "the device cannot replace a file in one step; remove it there first")
    return Target(file, path, "replace")
