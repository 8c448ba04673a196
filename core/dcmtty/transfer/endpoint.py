"""From the name of a device to everything that a connection to it needs: devices.toml first, then the ssh config."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from dcmtty.errors import UsageError
from dcmtty.text import visible
from dcmtty.transfer.devices import Device, check_name, devices_path, is_plain_text, load_devices
from dcmtty.transfer.hostkeys import KnownKeys, host_name, known_keys
from dcmtty.transfer.sshconfig import HostSettings, config_path, home_folder, host_settings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A device, and how to reach it."""

    device: Device
    """With host, port and user filled in."""
    settings: HostSettings
    identity_files: tuple[Path, ...]

    @property
    def key_name(self) -> str:
        """The name of this host in known_hosts files."""
        return self.settings.host_key_alias or host_name(self.settings.hostname, self.settings.port)

    def known_keys(self) -> KnownKeys:
        """Return the host keys known for it."""
        return known_keys(self.key_name, self.settings.known_hosts_files)


@dataclass(frozen=True, slots=True)
class Destination:
    """`DEVICE` or `DEVICE:PATH` as it was given."""

    name: str
    path: str | None
    """None for the device's own folder; below the account's home unless it starts with `/`."""


def parse_destination(text: str) -> Destination:
    """Return the parts of `DEVICE` or `DEVICE:PATH`.

    Raises:
        UsageError: the name or the path is not possible.
    """
    name, _, path = text.partition(":")
    check_name(name)
    if path and not is_plain_text(path):
        raise UsageError(f"{visible(text)}: the path has control characters", remedy="use another folder")
    return Destination(name, path or None)


def find_endpoint(name: str, ssh_config: str | None = None) -> Endpoint:
    """Return the endpoint of a device of devices.toml, or of a Host of the ssh configuration.

    Raises:
        UsageError: neither knows the name.
        InputError: devices.toml or the ssh configuration cannot be understood.
    """
    check_name(name)
    config = config_path(ssh_config)
    device = load_devices().get(name)
    settings = host_settings(device.host if device else name, config)
    if device is None:
        if not settings.is_named:
            raise UsageError(
                f"no device {name} in {visible(devices_path())}, and no Host {name} in the ssh configuration",
                remedy=f"run: dcmtty devices add {name} --host ADDRESS",
            )
        device = Device(name, settings.hostname)
    settings = replace(settings, port=device.port or settings.port, user=device.user or settings.user)
    files = settings.identity_files
    if device.identity_file is not None:
        files = (_own_path(device.identity_file),)
    return Endpoint(replace(device, port=settings.port, user=settings.user), settings, files)


def _own_path(text: str) -> Path:
    return home_folder() / text[2:] if re.match(r"~/", text) else Path(text)
