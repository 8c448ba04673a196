"""The devices that the user named in `devices.toml`: where they are and how they are verified."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast, get_args

from dcmtty.config import config_folder
from dcmtty.errors import InputError, UsageError
from dcmtty.files import private_folder, read_whole, write_atomic
from dcmtty.text import visible

Rung = Literal["auto", "command", "read-back"]
"""How the bytes on a device are proved: by a hash command there, by reading them back, or the first that works."""
HashCommand = Literal["openssl", "sha256sum", "shasum"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9:][A-Za-z0-9._:%-]{0,254}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+\\-]{0,63}")
_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Device:
    """One device; what is None comes from the ssh configuration."""

    name: str
    host: str
    port: int | None = None
    user: str | None = None
    path: str = ""
    """Folder on the device that files go to; empty for the account's home."""
    identity_file: str | None = None
    verify: Rung = "auto"
    hash_command: HashCommand | None = None
    """The one hash command to use; None tries those that dcmtty knows."""


_KEYS = {field.name for field in fields(Device)} - {"name"}


def devices_path() -> Path:
    """Return the path of `devices.toml`."""
    return config_folder() / "devices.toml"


def load_devices() -> dict[str, Device]:
    """Return the devices by name; none when there is no `devices.toml`.

    Raises:
        InputError: the file is not TOML, or holds a key or value that is not understood.
    """
    path = devices_path()
    return _parsed(read_whole(path, limit_bytes=_LIMIT_BYTES), path) if path.exists() else {}


def _parsed(data: bytes, path: Path) -> dict[str, Device]:
    try:
        document = tomllib.loads(data.decode())
    except ValueError as error:
        raise InputError(f"{visible(path)}: {visible(error)}", remedy="correct it, or move it away") from error
    tables = document.pop("devices", {})
    if document or not isinstance(tables, dict):
        name = next(iter(document), "devices")
        raise InputError(f"{visible(path)}: {visible(name)} is not understood", remedy="use [devices.NAME] tables only")
    try:
        return {name: device_from(name, table) for name, table in tables.items()}
    except UsageError as error:
        raise InputError(f"{visible(path)}: {error.message}", remedy=error.remedy) from error


def device_from(name: str, values: object) -> Device:
    """Return the device of one table.

    Raises:
        UsageError: the name, a key or a value is not understood.
    """
    check_name(name)
    if not isinstance(values, dict):
        raise UsageError(f"device {name} is no table", remedy=f"write [devices.{name}] and its keys below")
    for key, value in values.items():
        if key not in _KEYS:
            raise UsageError(
                f"device {name}: the key {visible(key)} is not known", remedy=f"use {', '.join(sorted(_KEYS))}"
            )
        remedy = _problem(key, value)
        if remedy:
            raise UsageError(f"device {name}: {key} = {visible(value)} is not possible", remedy=remedy)
    if "host" not in values:
        raise UsageError(f"device {name}: no host", remedy='add host = "..."')
    return Device(name=name, **cast("Mapping[str, str]", values))  # type: ignore[arg-type]  # _problem checked each value


def check_name(name: str) -> None:
    """Refuse a device name that could be taken for an option, a path or a port.

    Raises:
        UsageError: the name is none.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{visible(name)}' is not a device name", remedy="use letters, digits, '.', '_' and '-', a letter first"
        )


def is_plain_text(value: str) -> bool:
    """Whether a path or a name has no control character in it and is not empty."""
    return bool(value) and value.isprintable()


def _problem(key: str, value: object) -> str:
    """Return what would be right instead, or nothing when the value is possible."""
    if key == "port":
        is_right = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 0xFFFF
        return "" if is_right else "use a number from 1 to 65535"
    if not isinstance(value, str):
        return "use text in quotes"
    if key in {"host", "user"}:
        pattern = _HOST if key == "host" else _USER
        return "" if pattern.fullmatch(value) else f"use a plain {key} name"
    if key in {"verify", "hash_command"}:
        choices = get_args(Rung if key == "verify" else HashCommand)
        return "" if value in choices else f"use {', '.join(choices)}"
    return "" if is_plain_text(value) or (key == "path" and not value) else "use a path without control characters"


def add_device(device: Device) -> Path:
    """Append the device to `devices.toml`; what stands there, comments too, stays as it is.

    Raises:
        UsageError: a device of this name is there already, or a value is not possible.
    """
    path = devices_path()
    private_folder(path.parent)
    before = read_whole(path, limit_bytes=_LIMIT_BYTES) if path.exists() else b""
    if device.name in (_parsed(before, path) if before else {}):
        raise UsageError(f"device {device.name} is there already", remedy=f"edit {visible(path)}")
    values = {key: getattr(device, key) for key in sorted(_KEYS)}
    defaults = Device(device.name, device.host)
    kept = {key: value for key, value in values.items() if key == "host" or value != getattr(defaults, key)}
    device_from(device.name, kept)
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in kept.items())
    header = f"[devices.{_toml_key(device.name)}]\n"
    gap = b"" if not before else b"\n" if before.endswith(b"\n") else b"\n\n"
    after = before + gap + (header + text).encode()
    if _parsed(after, path).get(device.name) != device:
        raise InputError(f"{visible(path)}: the device cannot be added", remedy="add it by hand")
    write_atomic(path, after, mode=0o600)
    return path


def _toml(value: str | int) -> str:
    """Return a TOML value; a JSON string without control characters is a TOML basic string."""
    return json.dumps(value, ensure_ascii=False)


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
