"""What the library beneath says in its own words: damaged keys, channels that are refused, files that are no UTF-8."""

from __future__ import annotations

from pathlib import Path

import paramiko
import pytest

from dcmtty.errors import AuthenticationFailed, ConnectError
from dcmtty.transfer.authentication import NeverAsk
from dcmtty.transfer.connection import Connection, connect
from dcmtty.transfer.endpoint import find_endpoint
from dcmtty.transfer.hostkeys import HostKey, parse_known_hosts, pin, pins_path
from sshd import Sshd, keygen


class EmptyAnswer:
    """Somebody who presses enter."""

    def secret(self, prompt: str) -> str | None:
        """Return what was typed: nothing."""
        del prompt
        return ""


def connected(server: Sshd) -> Connection:
    """A connection to the server."""
    server.write_device()
    server.pin()
    return connect(find_endpoint("box"), NeverAsk())


def test_a_damaged_private_key_is_a_key_that_cannot_be_used(sshd: Sshd, tmp_path: Path) -> None:
    whole = sshd.user_key.read_bytes()
    lines = whole.splitlines()
    damaged = tmp_path / "key"
    sshd.write_device(identity_file=str(damaged))
    sshd.pin()
    for at in range(0, len(lines[2]), 3):
        middle = lines[2][:at] + (b"A" if lines[2][at : at + 1] != b"A" else b"B") + lines[2][at + 1 :]
        damaged.write_bytes(b"\n".join([*lines[:2], middle, *lines[3:]]) + b"\n")
        with pytest.raises(AuthenticationFailed, match="was not let in"):
            connect(find_endpoint("box"), NeverAsk()).close()


def test_an_empty_passphrase_leaves_the_key_locked(sshd: Sshd, tmp_path: Path) -> None:
    locked = keygen(tmp_path / "locked", passphrase="something")
    sshd.write_device(identity_file=str(locked))
    sshd.pin()
    with pytest.raises(AuthenticationFailed, match="locked by a passphrase"):
        connect(find_endpoint("box"), EmptyAnswer())


def test_a_channel_that_is_not_opened_gives_no_hashes_and_a_lost_one_is_an_error(
    sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> paramiko.Channel:
        del arguments, options
        raise paramiko.SSHException("Timeout opening channel.")

    def drop(transport: paramiko.Transport, **options: object) -> paramiko.Channel:
        transport.close()
        return refuse(**options)

    with connected(sshd) as connection:
        monkeypatch.setattr(paramiko.Transport, "open_session", refuse)
        assert connection.run("sha256sum -- /dev/null") == ""
        monkeypatch.setattr(paramiko.Transport, "open_session", drop)
        with pytest.raises(ConnectError, match="the connection is gone"):
            connection.run("sha256sum -- /dev/null")


def test_a_pin_leaves_lines_in_another_encoding_as_they_are() -> None:
    path = pins_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"# Ger\xe4te im Keller\n")
    pin("box", HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519" + bytes(36)))
    assert path.read_bytes().startswith(b"# Ger\xe4te im Keller\nbox ssh-ed25519 ")
    assert len(parse_known_hosts(path.read_bytes(), "pins")) == 1
