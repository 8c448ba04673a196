"""Carries out a plan on all its devices at the same time, and leaves a receipt for each."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dcmtty.errors import InputError
from dcmtty.integrity.receipts import Receipt, SentFile, make_room_for_receipts, newest_receipt, write_receipt
from dcmtty.progress import Cancelled, Progress
from dcmtty.sources import Sources
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.plan import DevicePlan, Plan
from dcmtty.transfer.upload import DeviceSending, Outcome

_PATIENCE_S = 10.0
"""How long a stopped device may take to tidy up before its connection is cut."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sending came to."""

    outcomes: tuple[Outcome, ...]
    receipts: tuple[Path, ...]


@dataclass(slots=True)
class _Meter:
    """Adds up the bytes of all devices, and tells all of them to stop when one is told."""

    progress: Progress
    total_bytes: int
    done_bytes: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def advance(self, count: int, label: str) -> None:
        with self._lock:
            if self.stop.is_set():
                raise Cancelled
            self.done_bytes += count
            try:
                self.progress.step(min(self.done_bytes, self.total_bytes), self.total_bytes, "bytes", label)
            except Cancelled:
                self.stop.set()
                raise


def execute(
    plan: Plan, connections: Connections, *, progress: Progress | None = None, sources: Sources | None = None
) -> Sent:
    """Send what the plan says, all devices at once; `progress` is called from several threads, one at a time.

    Raises:
        InputError: the plan holds files that must not be sent; nothing was sent.
        WriteFailed: a receipt cannot be written.
        Cancelled: the user stopped it; receipts tell what was done until then.
    """
    if plan.refused:
        device, target = plan.refused[0]
        more = f" (and {len(plan.refused) - 1} more)" if len(plan.refused) > 1 else ""
        raise InputError(f"{device}: {target.file.name} must not be sent{more}: {target.detail}")
    make_room_for_receipts()
    meter = _Meter(progress or Progress(), plan.size_bytes)
    sources = sources or Sources()
    reachable = [device for device in plan.devices if device.error is None]
    started = sources.now()
    sendings = [_sending(device, plan, connections, meter) for device in reachable]
    try:
        _run(sendings, connections, meter)
    finally:
        receipts = tuple(
            write_receipt(_receipt(sending, started, sources.now())) for sending in sendings if sending.outcomes
        )
    return Sent(tuple(outcome for sending in sendings for outcome in sending.outcomes), receipts)


def _sending(device: DevicePlan, plan: Plan, connections: Connections, meter: _Meter) -> DeviceSending:
    before = newest_receipt(device.device)
    left = list(before.left_behind) if before else []
    return DeviceSending(device, connections.get(device.device), plan.rung, meter.advance, left_behind=left)


def _run(sendings: list[DeviceSending], connections: Connections, meter: _Meter) -> None:
    if not sendings:
        return
    with ThreadPoolExecutor(max_workers=len(sendings), thread_name_prefix="send") as pool:
        running: list[Future[None]] = [pool.submit(sending.run) for sending in sendings]
        try:
            wait(running)
        finally:
            if any(not one.done() for one in running):
                meter.stop.set()
                wait(running, timeout=_PATIENCE_S)
                connections.close()
        for one in running:
            one.result()


def _receipt(sending: DeviceSending, started: datetime, finished: datetime) -> Receipt:
    plan = sending.plan
    key = sending.connection.negotiated.host_key
    left = [outcome.left_behind for outcome in sending.outcomes if outcome.left_behind]
    return Receipt(
        device=plan.device,
        host=plan.host,
        port=plan.port,
        host_key_algorithm=key.algorithm,
        host_key_fingerprint=key.fingerprint,
        path=plan.folder,
        started=started,
        finished=finished,
        files=tuple(_sent_file(outcome) for outcome in sending.outcomes),
        left_behind=(*sending.left_behind, *left),
    )


def _sent_file(outcome: Outcome) -> SentFile:
    file = outcome.target.file
    return SentFile(
        local_path=str(Path(file.path).absolute()),
        remote_path=outcome.target.remote_path,
        size_bytes=file.digest.size_bytes,
        md5=file.digest.md5,
        sha256=file.digest.sha256,
        outcome=outcome.sigil,
        verified_by=outcome.verified_by,
        detail=outcome.detail,
    )
