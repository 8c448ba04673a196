"""Hashes on a device what the receipts say was sent there: has it changed since?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dcmtty.errors import ConnectError, InputError, VerificationFailed
from dcmtty.integrity.receipts import device_receipts, last_sent
from dcmtty.progress import Progress
from dcmtty.text import visible
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.devices import Rung
from dcmtty.transfer.endpoint import Destination
from dcmtty.transfer.plan import remote_folder
from dcmtty.transfer.proof import Expected, Prover
from dcmtty.transfer.sftp import Sftp
from dcmtty.transfer.wire import NO_SUCH_FILE, StatusError

_GROUP = 64


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What became of one file on a device."""

    sigil: Literal["=", "*", "-", "!"]
    """`=` the same, `*` changed, `-` missing, `!` cannot be read."""
    expected: Expected
    by: str = ""
    detail: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code that this finding stands for."""
        return {"=": 0, "!": ConnectError.exit_code}.get(self.sigil, VerificationFailed.exit_code)


def recheck(
    destination: Destination, connections: Connections, rung: Rung, progress: Progress | None = None
) -> tuple[Rechecked, ...]:
    """Compare what lies at or below the path on the device with the newest receipt of every file there.

    Raises:
        InputError: no receipt says that anything was sent there.
        ConnectError: the device cannot be reached.
    """
    receipts = device_receipts(destination.name)
    connections.endpoint(destination.name)
    if not receipts:
        raise InputError(f"{destination.name}: no receipt of anything sent there", remedy="send something first")
    connection = connections.get(destination.name)
    path = remote_folder(connection, destination.path)
    sent = last_sent(receipts, path)
    if not sent:
        raise InputError(
            f"{destination.name}:{visible(path)}: no receipt of anything sent there", remedy="check the path"
        )
    files = [Expected(file.remote_path, file.size_bytes, file.sha256) for file in sent.values()]
    prover = Prover(connection, rung, connection.endpoint.device.hash_command)
    progress = progress or Progress()
    total_bytes, done_bytes = sum(file.size_bytes for file in files), 0

    def advance(count: int) -> None:
        nonlocal done_bytes
        done_bytes += count
        progress.step(min(done_bytes, total_bytes), total_bytes, "bytes", "verifying")

    sftp = connection.sftp
    groups = (files[start : start + _GROUP] for start in range(0, len(files), _GROUP))
    return tuple(one for group in groups for one in _rechecked(group, sftp, prover, advance))


def _rechecked(
    files: Sequence[Expected], sftp: Sftp, prover: Prover, advance: Callable[[int], None]
) -> Iterator[Rechecked]:
    there = sftp.attributes([file.path for file in files])
    readable = [
        file
        for file, found in zip(files, there, strict=True)
        if not isinstance(found, StatusError) and found.is_regular and found.size_bytes == file.size_bytes
    ]
    proofs = {file.path: proof for file, proof in zip(readable, prover.prove(readable, advance), strict=True)}
    for file, found in zip(files, there, strict=True):
        proof = proofs.get(file.path)
        if isinstance(found, StatusError):
            is_missing = found.code == NO_SUCH_FILE
            yield Rechecked("-" if is_missing else "!", file, "", "missing" if is_missing else found.message)
        elif proof is None:
            yield Rechecked(
                "*", file, "", f"its size is {found.size_bytes}" if found.is_regular else "it is no regular file"
            )
        elif proof.is_same:
            yield Rechecked("=", file, proof.by)
        else:
            yield Rechecked("*" if proof.found else "!", file, proof.by, proof.detail)
