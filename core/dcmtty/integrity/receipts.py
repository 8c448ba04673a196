"""Receipts: what was sent to which device, as which bytes, proved how; kept for this user alone."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dcmtty.config import state_folder
from dcmtty.errors import InputError
from dcmtty.files import private_folder, read_whole, write_atomic, write_error
from dcmtty.text import visible

SCHEMA = "dcmtty.receipt/1"
_LIMIT_BYTES = 64 << 20
_VERIFIED = frozenset("=+*")


@dataclass(frozen=True, slots=True)
class SentFile:
    """What became of one file."""

    local_path: str
    remote_path: str
    size_bytes: int
    md5: str
    sha256: str
    outcome: str
    """`+` sent, `*` sent over another, `=` it was there already, `!` failed, `-` not sent, `?` not verified."""
    verified_by: str
    """`command:NAME`, `read-back`, or empty when nothing was proved."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One sending to one device."""

    device: str
    host: str
    port: int
    host_key_algorithm: str
    host_key_fingerprint: str
    path: str
    started: datetime
    finished: datetime
    files: tuple[SentFile, ...]
    left_behind: tuple[str, ...] = ()
    """Temporary files that may still lie on the device."""


def receipts_folder() -> Path:
    """Return the folder of the receipts."""
    return state_folder() / "receipts"


def write_receipt(receipt: Receipt) -> Path:
    """Write the receipt and return its path.

    Raises:
        WriteFailed: it cannot be written.
    """
    folder = private_folder(receipts_folder())
    moment = receipt.started.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path = folder / f"{moment}-{receipt.device}-{secrets.token_hex(4)}.json"
    write_atomic(path, (json.dumps(as_json(receipt), indent=1) + "\n").encode(), mode=0o600, replace=False)
    return path


def as_json(receipt: Receipt) -> dict[str, object]:
    """Return the receipt as an object of the schema `dcmtty.receipt/1`."""
    return {
        "schema": SCHEMA,
        **asdict(receipt),
        "started": receipt.started.isoformat(),
        "finished": receipt.finished.isoformat(),
    }


def read_receipt(path: Path) -> Receipt:
    """Return a receipt.

    Raises:
        InputError: it cannot be read, or is none.
    """
    data = read_whole(path, limit_bytes=_LIMIT_BYTES)
    try:
        receipt = _receipt(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{visible(path)}: not a receipt", remedy="move it out of the folder of receipts") from error
    return receipt


def _receipt(values: dict[str, Any]) -> Receipt:
    if values.pop("schema") != SCHEMA:
        raise ValueError(SCHEMA)
    values |= {key: datetime.fromisoformat(values[key]) for key in ("started", "finished")}
    values["files"] = tuple(SentFile(**file) for file in values["files"])
    values["left_behind"] = tuple(values["left_behind"])
    receipt = Receipt(**values)
    if not all(_is_typed(file) for file in receipt.files):
        raise ValueError(SCHEMA)
    return receipt


def _is_typed(file: SentFile) -> bool:
    """Whether the values of a file in a receipt are of the types that they are declared with."""
    return all(isinstance(getattr(file, item.name), int if item.type == "int" else str) for item in fields(file))


def device_receipts(device: str) -> tuple[Receipt, ...]:
    """Return the receipts of a device, oldest first.

    Raises:
        InputError: one of them cannot be read.
    """
    found = (read_receipt(path) for path in _paths(device))
    return tuple(sorted((one for one in found if one.device == device), key=lambda receipt: receipt.started))


def newest_receipt(device: str) -> Receipt | None:
    """Return the newest receipt of a device.

    Raises:
        InputError: it cannot be read.
    """
    paths = _paths(device)
    return read_receipt(paths[-1]) if paths else None


def _paths(device: str) -> list[Path]:
    """Return the receipts that are named after the device, oldest first; a device's name has no wildcard in it."""
    return sorted(receipts_folder().glob(f"*Z-{device}-????????.json"))


def make_room_for_receipts() -> None:
    """Make the folder of the receipts.

    Raises:
        WriteFailed: no receipt could be written there.
    """
    folder = private_folder(receipts_folder())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise write_error(folder, PermissionError(errno.EACCES, ""))


def last_sent(receipts: Iterable[Receipt], path: str) -> dict[str, SentFile]:
    """Return what lies, after the receipts, at or below `path` on the device, by its path there: the newest counts."""
    below = path.rstrip("/") + "/"
    return {
        file.remote_path: file
        for receipt in receipts
        for file in receipt.files
        if file.outcome in _VERIFIED and (file.remote_path == path or file.remote_path.startswith(below))
    }
