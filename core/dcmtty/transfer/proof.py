"""Whether a file on a device is what it should be: a hash command there, or its bytes read back and hashed here."""

from __future__ import annotations

import hashlib
import hmac
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dcmtty.errors import ConnectError, RemoteRefused
from dcmtty.transfer.connection import Connection
from dcmtty.transfer.devices import HashCommand, Rung
from dcmtty.transfer.streams import read_files
from dcmtty.transfer.wire import StatusError

READ_BACK = "read-back"

_COMMANDS: dict[HashCommand, str] = {
    "openssl": "openssl dgst -sha256 -r",
    "sha256sum": "sha256sum --",
    "shasum": "shasum -a 256 --",
}
"""In the order of their speed; openssl takes no `--`, and the paths are absolute."""
_NOTHING = hashlib.sha256().hexdigest()
_LINE = re.compile(r"\\?([0-9a-f]{64}) [ *](.+)")
_LONGEST_COMMAND_CHARS = 32_000
_SLOWEST_BYTES_PER_S = 5 << 20
_LEAST_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Expected:
    """A file on a device as it should be."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found."""

    is_same: bool
    found: bool
    """Whether its bytes were hashed at all."""
    by: str
    """`command:NAME` or `read-back`."""
    detail: str = ""
    """What is different; empty when it is the same."""


def working_commands(connection: Connection) -> tuple[HashCommand, ...]:
    """Return every hash command that the device runs for this account, and that hashes nothing rightly."""
    return tuple(_working(connection, None))


def _first_working(connection: Connection, only: HashCommand | None) -> HashCommand | None:
    """Return the fastest hash command that works; a connection is asked once."""
    known = connection.remembered
    if only not in known:
        known[only] = next(_working(connection, only), None)
    return known[only]


def _working(connection: Connection, only: HashCommand | None) -> Iterator[HashCommand]:
    names: Iterable[HashCommand] = [only] if only else _COMMANDS
    for name in names:
        found = dict(_parsed(connection.run(f"{_COMMANDS[name]} /dev/null")))
        if found.get("/dev/null") == _NOTHING:
            yield name


def _ignore(count: int) -> None:
    del count


class Prover:
    """Proves files on one device by the rung that was asked for."""

    def __init__(self, connection: Connection, rung: Rung, only: HashCommand | None = None) -> None:
        self.connection = connection
        self.rung = rung
        self.command: HashCommand | None = _first_working(connection, only) if rung != READ_BACK else None
        if rung == "command" and self.command is None:
            raise ConnectError(
                f"{connection.endpoint.device.name}: it runs none of {', '.join([only] if only else _COMMANDS)}",
                remedy="use --verify read-back",
            )

    @property
    def by(self) -> str:
        """The rung that files will be proved by first."""
        return f"command:{self.command}" if self.command else READ_BACK

    def prove(self, files: Sequence[Expected], advance: Callable[[int], None] = _ignore) -> list[Proof]:
        """Return a proof for each file.

        Raises:
            ConnectError: the connection is lost.
        """
        return self.prove_rest(files, self.ask_command(files), advance)

    def ask_command(self, files: Sequence[Expected]) -> list[Proof | None]:
        """Return what a hash command on the device says of each file; all None where none is used.

        It has a channel of its own, so other files may be written over SFTP meanwhile.
        """
        return self._by_command(files, self.command) if self.command and files else [None] * len(files)

    def prove_rest(
        self, files: Sequence[Expected], said: Sequence[Proof | None], advance: Callable[[int], None] = _ignore
    ) -> list[Proof]:
        """Return a proof for each file: what the command did not confirm is read back.

        A command may look at other files than SFTP does (chroot), so its no is no proof; it stands only where nothing
        but the command was asked for.
        """
        if self.rung == "command":
            return [proof or _not_same(self.by, found=False) for proof in said]
        left = [index for index, proof in enumerate(said) if proof is None or not proof.is_same]
        read = dict(zip(left, self._by_reading([files[index] for index in left], advance), strict=True))
        return [proof if proof and index not in read else read[index] for index, proof in enumerate(said)]

    def _by_command(self, files: Sequence[Expected], name: HashCommand) -> list[Proof | None]:
        found: dict[str, str] = {}
        for group in _groups(files):
            command = f"{_COMMANDS[name]} {' '.join(shlex.quote(file.path) for file in group)}"
            timeout_s = _LEAST_TIMEOUT_S + sum(file.size_bytes for file in group) / _SLOWEST_BYTES_PER_S
            found |= dict(_parsed(self.connection.run(command, timeout_s=timeout_s)))
        by = f"command:{name}"
        return [
            Proof(is_same=True, found=True, by=by)
            if hmac.compare_digest(found.get(file.path, ""), file.sha256)
            else _not_same(by, found=file.path in found)
            for file in files
        ]

    def _by_reading(self, files: Sequence[Expected], advance: Callable[[int], None]) -> list[Proof]:
        sftp = self.connection.sftp
        handles = sftp.open_existing([file.path for file in files])
        errors: dict[int, RemoteRefused] = {
            index: handle for index, handle in enumerate(handles) if isinstance(handle, StatusError)
        }
        opened = [(index, handle) for index, handle in enumerate(handles) if isinstance(handle, bytes)]
        hashes = {index: hashlib.sha256() for index, _ in opened}
        wanted = [(handle, files[index].size_bytes) for index, handle in opened]
        for number, piece in read_files(sftp.wire, wanted):
            index = opened[number][0]
            if isinstance(piece, bytes):
                hashes[index].update(piece)
                advance(len(piece))
            else:
                errors.setdefault(index, piece)
        sftp.close([handle for _, handle in opened])
        return [
            Proof(is_same=False, found=False, by=READ_BACK, detail=errors[index].message)
            if index in errors
            else _compared(hashes[index].hexdigest(), file)
            for index, file in enumerate(files)
        ]


def _compared(found: str, file: Expected) -> Proof:
    is_same = hmac.compare_digest(found, file.sha256)
    return Proof(is_same, found=True, by=READ_BACK, detail="" if is_same else "SHA-256 differs")


def _not_same(by: str, *, found: bool) -> Proof:
    return Proof(
        is_same=False, found=found, by=by, detail="SHA-256 differs" if found else "the command gave no SHA-256"
    )


def _groups(files: Sequence[Expected]) -> Iterator[list[Expected]]:
    """Yield groups whose paths fit on one command line."""
    group: list[Expected] = []
    length = 0
    for file in files:
        cost = len(shlex.quote(file.path)) + 1
        if group and length + cost > _LONGEST_COMMAND_CHARS:
            yield group
            group, length = [], 0
        group.append(file)
        length += cost
    if group:
        yield group


def _parsed(output: str) -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 of every line that is exactly what these commands print."""
    for line in output.splitlines():
        match = _LINE.fullmatch(line)
        if match:
            path = match[2].replace("\\\\", "\\") if line.startswith("\\") else match[2]
            yield path, match[1]
