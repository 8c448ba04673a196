"""`dcmtty devices`: add, list, trust and check the devices that files are sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dcmtty.errors import HostKeyError
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import format_option, no_input_option, ssh_config_option

if TYPE_CHECKING:
    from dcmtty.transfer.devices import Device, HashCommand, Rung
    from dcmtty.transfer.probe import Probe
    from dcmtty.transfer.trust import Offer

LIST_SCHEMA = "dcmtty.devices/1"
CHECK_SCHEMA = "dcmtty.devices-check/1"


@click.group("devices")
def command() -> None:
    """Add, list, trust and check devices."""


@command.command("add")
@click.argument("name")
@click.option("--host", required=True, help="Address, or a Host of the ssh configuration.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port [default: as ssh has it].")
@click.option("--user", default=None, help="Account on the device [default: as ssh has it].")
@click.option("--path", default="", help="Folder that files go to [default: the account's home].")
@click.option("--identity-file", default=None, help="Private key to log in with.")
@click.option("--verify", type=click.Choice(["auto", "command", "read-back"]), default="auto", show_default=True)
@click.option("--hash-command", type=click.Choice(["openssl", "sha256sum", "shasum"]), default=None)
@click.option("--fingerprint", default=None, metavar="SHA256:...", help="Connect now, and pin the key that has it.")
@ssh_config_option
def add(  # noqa: PLR0913, PLR0917 - click passes every option
    name: str,
    host: str,
    port: int | None,
    user: str | None,
    path: str,
    identity_file: str | None,
    verify: Rung,
    hash_command: HashCommand | None,
    fingerprint: str | None,
    ssh_config: str | None,
) -> int:
    """Add a device to devices.toml."""
    from dcmtty.transfer.devices import Device, add_device, device_from
    from dcmtty.transfer.trust import pin_offered

    device = Device(name, host, port, user, path, identity_file, verify, hash_command)
    device_from(name, {key: value for key, value in _values(device).items() if value is not None})
    where = add_device(device)
    diagnostics.note(f"{name} added to {visible(where)}")
    if fingerprint is None:
        diagnostics.note(f"next: dcmtty devices trust {name}")
        return 0
    key = pin_offered(name, fingerprint, ssh_config)
    diagnostics.note(f"{name}: {key.fingerprint} ({visible(key.algorithm)}) pinned")
    return 0


def _values(device: Device) -> dict[str, object]:
    return {
        "host": device.host,
        "port": device.port,
        "user": device.user,
        "path": device.path,
        "identity_file": device.identity_file,
        "verify": device.verify,
        "hash_command": device.hash_command,
    }


@command.command("list")
@format_option(["table", "json"])
def list_(format_: str) -> int:
    """List the devices of devices.toml."""
    from dcmtty.transfer.devices import devices_path, load_devices

    devices = load_devices()
    if format_ == "json":
        listed = [{"name": device.name, **_values(device)} for device in devices.values()]
        output.write_json({"schema": LIST_SCHEMA, "devices": listed})
    elif devices:
        rows = [
            (one.name, one.host, one.port or "", one.user or "", one.path, one.identity_file or "", one.verify)
            for one in devices.values()
        ]
        output.write_table(["name", "host", "port", "user", "path", "identity file", "verify"], rows)
    else:
        diagnostics.note(f"no devices in {visible(devices_path())}; add one: dcmtty devices add NAME --host ADDRESS")
    return 0


@command.command("trust")
@click.argument("name")
@click.option("--fingerprint", default=None, metavar="SHA256:...", help="Pin the key only if it has this fingerprint.")
@ssh_config_option
@no_input_option
def trust(name: str, fingerprint: str | None, ssh_config: str | None, no_input: bool) -> int:  # noqa: FBT001 - click passes flags
    """Show a device's host key and pin it once you have compared it.

    Without a terminal, or with --no-input, --fingerprint is needed.
    """
    from dcmtty.transfer.trust import look, pin_offered

    if fingerprint is None:
        offer = look(name, ssh_config)
        diagnostics.note(f"{offer.key_name} offers {offer.key.fingerprint} ({visible(offer.key.algorithm)})")
        if offer.is_known:
            diagnostics.note("this key is known already")
        fingerprint = _confirmed(name, offer, no_input=no_input)
    key = pin_offered(name, fingerprint, ssh_config)
    diagnostics.note(f"{name}: {key.fingerprint} ({visible(key.algorithm)}) pinned")
    return 0


def _confirmed(name: str, offer: Offer, *, no_input: bool) -> str:
    """Return the fingerprint that the user agrees to.

    Raises:
        HostKeyError: the user does not agree, or cannot be asked.
    """
    facts = {"fingerprint": offer.key.fingerprint, "algorithm": offer.key.algorithm}
    others = [key.fingerprint for key in offer.known if key != offer.key]
    if others:
        diagnostics.warning(f"the key known until now is {', '.join(others)}: THE HOST KEY HAS CHANGED")
    wanted = "type the fingerprint" if others else "type yes, or the fingerprint"
    reply = diagnostics.TerminalPrompter(no_input=no_input).answer(
        f"Compare it with the device's own (ssh-keygen -lf /etc/ssh/ssh_host_..._key.pub there), then {wanted}:"
    )
    if reply is None:
        remedy = f"run: dcmtty devices trust {name} --fingerprint SHA256:..."
        raise HostKeyError(f"{name}: nobody can be asked whether its host key is right", remedy=remedy, **facts)
    if reply == offer.key.fingerprint or (reply.lower() == "yes" and not others):
        return offer.key.fingerprint
    raise HostKeyError(f"{name}: its host key was not confirmed; nothing was pinned", **facts)


@command.command("check")
@click.argument("name")
@format_option(["table", "json"])
@ssh_config_option
@no_input_option
def check(name: str, format_: str, ssh_config: str | None, no_input: bool) -> int:  # noqa: FBT001 - click passes flags
    """Log in, write a small file and remove it again, and say how files would be verified."""
    from dcmtty.transfer.connections import Connections
    from dcmtty.transfer.endpoint import parse_destination
    from dcmtty.transfer.probe import probe

    destination = parse_destination(name)
    with Connections(diagnostics.TerminalPrompter(no_input=no_input), ssh_config) as connections:
        result = probe(connections.get(destination.name), destination.path)
    values = _probe_values(result)
    if format_ == "json":
        output.write_json({"schema": CHECK_SCHEMA, **values})
    else:
        rows = [(key.replace("_", " "), _shown(value)) for key, value in values.items()]
        output.write_table(["what", "found"], rows, widest=200)
    if not result.negotiated.has_strict_exchange:
        diagnostics.warning(f"{name}: its sshd does not know strict key exchange (CVE-2023-48795); update it")
    return 0


def _probe_values(result: Probe) -> dict[str, object]:
    key = result.negotiated.host_key
    return {
        "device": result.device,
        "host": result.host,
        "port": result.port,
        "user": result.user,
        "folder": result.folder,
        "host_key": f"{key.fingerprint} ({key.algorithm})",
        "cipher": result.negotiated.cipher,
        "mac": result.negotiated.mac or "in the cipher",
        "strict_key_exchange": result.negotiated.has_strict_exchange,
        "hash_commands": list(result.hash_commands),
        "verified_by": f"command:{result.hash_commands[0]}" if result.hash_commands else "read-back",
        "replaces_in_one_step": result.can_replace,
        "flushes_to_disk": result.can_flush,
    }


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value)
