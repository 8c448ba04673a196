"""Sends a plan: to temporary names, proved there, renamed last; whatever happens, nothing unproved is called sent."""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from dcmtty.errors import ConnectError, InputError, RemoteRefused, VerificationFailed
from dcmtty.files import open_regular, read_error
from dcmtty.progress import Cancelled
from dcmtty.text import visible
from dcmtty.transfer.connection import Connection
from dcmtty.transfer.devices import Rung
from dcmtty.transfer.plan import DevicePlan, Target
from dcmtty.transfer.proof import Expected, Proof, Prover
from dcmtty.transfer.streams import Writer, Writing
from dcmtty.transfer.wire import FAILURE, NO_SUCH_FILE, StatusError

_BATCH_FILES = 32
_BATCH_BYTES = 64 << 20
_POLL_S = 0.5
_PART_NAME = re.compile(r"\.[A-Za-z0-9._-]+\.[0-9a-f]{12}\.part")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file on one device."""

    device: str
    target: Target
    sigil: str
    """`+` sent and proved, `*` the same over another file, `=` it was there already, `!` failed, `-` not sent,
    `?` sent and proved, but whether it bears its name is not known."""
    verified_by: str = ""
    """`command:NAME` or `read-back`; empty when nothing was proved."""
    detail: str = ""
    exit_code: int = 0
    left_behind: str = ""
    """A temporary file that may still lie on the device."""


@dataclass(slots=True)
class _Part:
    """A file on its way."""

    target: Target
    path: str
    number: int
    """From 1, among those that are sent."""
    writing: Writing | None = None
    proved_by: str = ""
    outcome: Outcome | None = None


@dataclass(slots=True)
class DeviceSending:
    """Sends to one device; `outcomes` grows as files are done, and is right whenever `run` ends."""

    plan: DevicePlan
    connection: Connection
    rung: Rung | None
    advance: Callable[[int, str], None]
    """Told the bytes just sent and a label; raises Cancelled to stop."""
    outcomes: list[Outcome] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    """Temporary files of earlier sendings; what is removed is taken out."""
    _parts: list[_Part] = field(default_factory=list)

    def run(self) -> None:
        """Send everything that the plan says.

        Raises:
            Cancelled: the user stopped it; temporary files are removed, outcomes are complete.
        """
        waiting = [target for target in self.plan.targets if target.state in {"new", "replace"}]
        self.outcomes += [
            Outcome(self.plan.device, target, "=", target.detail)
            for target in self.plan.targets
            if target.state == "same"
        ]
        self._parts = [_Part(target, _part_path(target.remote_path), at) for at, target in enumerate(waiting, start=1)]
        detail, code = "not sent", ConnectError.exit_code
        try:
            self._send_all()
        except Cancelled:
            with contextlib.suppress(ConnectError):
                self._remove([part for part in self._parts if part.writing is not None and part.outcome is None])
            raise
        except ConnectError as error:
            detail, code = f"not sent: {error.message}", error.exit_code
            for part in self._parts:
                if part.writing is not None:
                    what = f"not verified: {error.message}"
                    self._end(part, "?" if part.proved_by else "!", what, code, left_behind=part.path)
        finally:
            for part in self._parts:
                self._end(part, "-", detail, code)
            self.outcomes += [part.outcome for part in self._parts if part.outcome is not None]

    def _send_all(self) -> None:
        """Send batch by batch; while one is hashed on the device, the next one travels."""
        device = self.connection.endpoint.device
        prover = Prover(self.connection, self.rung or device.verify, device.hash_command)
        self._clear_away()
        for folder in self.plan.new_folders:
            self._make_folder(folder)
        travelled: tuple[list[_Part], Future[list[Proof | None]]] | None = None
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hash")
        try:
            for batch in _batches(self._parts):
                self._open(batch)
                self._stream(batch)
                sent = [part for part in batch if part.outcome is None]
                asked = pool.submit(prover.ask_command, _expected(sent))
                if travelled is not None:
                    self._settle(*travelled, prover)
                travelled = sent, asked
            if travelled is not None:
                self._settle(*travelled, prover)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _settle(self, parts: Sequence[_Part], asked: Future[list[Proof | None]], prover: Prover) -> None:
        """Prove files that have travelled, and give them their names."""
        while not wait([asked], _POLL_S).done:
            self.advance(0, "verifying")
        proofs = prover.prove_rest(_expected(parts), asked.result(), lambda _: self.advance(0, "verifying"))
        for part, proof in zip(parts, proofs, strict=True):
            if proof.is_same:
                part.proved_by = proof.by
            else:
                detail = f"not what was sent ({proof.by}: {proof.detail}); removed"
                self._end(part, "!", detail, VerificationFailed.exit_code)
        self._remove([part for part in parts if part.outcome is not None])
        self._rename([part for part in parts if part.outcome is None])

    def _clear_away(self) -> None:
        """Remove what earlier sendings left on the device."""
        ours = [path for path in self.left_behind if _PART_NAME.fullmatch(posixpath.basename(path))]
        for path, error in zip(ours, self.connection.sftp.remove(ours), strict=True):
            if error is None or error.code == NO_SUCH_FILE:
                self.left_behind.remove(path)

    def _make_folder(self, path: str) -> None:
        try:
            self.connection.sftp.make_folder(path)
        except StatusError as error:
            found = self.connection.sftp.attributes([path], follow=True)[0]
            if isinstance(found, StatusError) or not found.is_folder:
                raise RemoteRefused(f"the folder {visible(path)} cannot be made: {error.message}") from error

    def _end(self, part: _Part, sigil: str, detail: str, exit_code: int, left_behind: str = "") -> None:
        """Set what became of the file, unless that is settled."""
        if part.outcome is None:
            proved_by = part.proved_by if sigil in "+*?" else ""
            part.outcome = Outcome(self.plan.device, part.target, sigil, proved_by, detail, exit_code, left_behind)

    def _open(self, parts: Sequence[_Part]) -> None:
        for part, handle in zip(parts, self.connection.sftp.open_new([part.path for part in parts]), strict=True):
            if isinstance(handle, bytes):
                part.writing = Writing(handle)
            else:
                self._end(part, "!", f"cannot be written: {handle.message}", handle.exit_code)

    def _stream(self, parts: Sequence[_Part]) -> None:
        """Write the bytes of all files, flush and close them, and give up those that did not go well."""
        writer = Writer(self.connection.sftp.wire)
        for part in parts:
            if part.writing is not None:
                try:
                    self._write(part, part.writing, writer)
                except InputError as error:
                    self._end(part, "!", error.message, error.exit_code)
        writer.finish([part.writing for part in parts if part.writing is not None])
        for part in parts:
            refusal = part.writing.error if part.writing is not None else None
            if refusal is not None:
                hint = ", its disk may be full" if refusal.code == FAILURE else ""
                self._end(part, "!", f"cannot be written: {refusal.message}{hint}", refusal.exit_code)
        self._remove([part for part in parts if part.outcome is not None])

    def _write(self, part: _Part, writing: Writing, writer: Writer) -> None:
        digest, sent_bytes = hashlib.sha256(), 0
        where = f"{self.plan.device} file {part.number} of {len(self._parts)}"
        label = f"{where} {posixpath.basename(part.target.file.name)}"
        for piece in _pieces(Path(part.target.file.path), writer.wire.piece_bytes):
            digest.update(piece)
            if writing.error is None:
                writer.write(writing, piece)
            self.advance(len(piece), label)
            sent_bytes += len(piece)
            if sent_bytes > part.target.file.digest.size_bytes:
                break
        if digest.hexdigest() != part.target.file.digest.sha256:
            self._end(part, "!", "it changed here while it was sent", VerificationFailed.exit_code)

    def _rename(self, parts: Sequence[_Part]) -> None:
        for state in ("new", "replace"):
            group = [part for part in parts if part.target.state == state]
            pairs = [(part.path, part.target.remote_path) for part in group]
            errors = self.connection.sftp.rename(pairs, replace=state == "replace")
            for part, error in zip(group, errors, strict=True):
                if error is not None:
                    detail = f"cannot be renamed, did a file of this name appear meanwhile? ({error.message})"
                    self._end(part, "!", detail, error.exit_code)
        self._remove([part for part in parts if part.outcome is not None])
        renamed = [part for part in parts if part.outcome is None]
        there = self.connection.sftp.attributes([part.target.remote_path for part in renamed])
        for part, found in zip(renamed, there, strict=True):
            if isinstance(found, StatusError):
                self._end(part, "?", f"not verified under its name: {found.message}", found.exit_code)
            elif not found.is_regular or found.size_bytes != part.target.file.digest.size_bytes:
                self._end(part, "!", "another file lies under its name now", VerificationFailed.exit_code)
            else:
                self._end(part, "*" if part.target.state == "replace" else "+", "", 0)

    def _remove(self, parts: Sequence[_Part]) -> None:
        """Remove temporary files; one that stays is named in the outcome."""
        opened = [part for part in parts if part.writing is not None]
        for part, error in zip(opened, self.connection.sftp.remove([part.path for part in opened]), strict=True):
            if error is not None and error.code != NO_SUCH_FILE and part.outcome is not None:
                outcome = part.outcome
                part.outcome = Outcome(
                    outcome.device, outcome.target, outcome.sigil, "", outcome.detail, outcome.exit_code, part.path
                )


def _part_path(path: str) -> str:
    folder, name = posixpath.split(path)
    return posixpath.join(folder, f".{name}.{secrets.token_hex(6)}.part")


def _pieces(path: Path, piece_bytes: int) -> Iterator[bytes]:
    descriptor = open_regular(path)
    try:
        while piece := os.read(descriptor, piece_bytes):
            yield piece
    except OSError as error:
        raise read_error(path, error) from error
    finally:
        os.close(descriptor)


def _expected(parts: Sequence[_Part]) -> list[Expected]:
    digests = [(part.path, part.target.file.digest) for part in parts]
    return [Expected(path, digest.size_bytes, digest.sha256) for path, digest in digests]


def _batches(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Yield groups that travel together: each group costs the same few round trips, however many files it has."""
    batch: list[_Part] = []
    size_bytes = 0
    for part in parts:
        batch.append(part)
        size_bytes += part.target.file.digest.size_bytes
        if len(batch) >= _BATCH_FILES or size_bytes >= _BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch
