"""The devices that can be sent to: those of devices.toml and the hosts of the ssh configuration."""

from __future__ import annotations

from dcmtty.text import visible
from dcmtty.transfer.devices import load_devices
from dcmtty.transfer.hosts import named_hosts
from dcmtty.transfer.sshconfig import config_path


def known_devices(ssh_config: str | None) -> dict[str, str]:
    """Return names and what is known of each.

    Raises:
        InputError: devices.toml cannot be understood, or the ssh configuration that was named does not exist.
    """
    found: dict[str, str] = {}
    for name, device in load_devices().items():
        port = f":{device.port}" if device.port else ""
        found[name] = f"{visible(device.host)}{port} {visible(device.path)}".rstrip()
    for host in named_hosts(config_path(ssh_config)):
        found.setdefault(host, "ssh configuration")
    return found
