"""A connection to a device: host key judged before anything of ours is told, time limits on every wait."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Self

import paramiko

from dcmtty.errors import ConnectError, DcmttyError, RemoteRefused
from dcmtty.text import visible
from dcmtty.transfer.authentication import Credentials, Prompter
from dcmtty.transfer.devices import HashCommand
from dcmtty.transfer.endpoint import Endpoint
from dcmtty.transfer.hostkeys import HostKey
from dcmtty.transfer.sftp import Sftp
from dcmtty.transfer.wire import Wire

CONNECT_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 60.0
_KEEPALIVE_S = 15
_WINDOW_BYTES = 8 << 20
_MOST_OUTPUT_BYTES = 4 << 20

logging.getLogger("paramiko").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both sides agreed on."""

    cipher: str
    mac: str
    host_key: HostKey
    has_strict_exchange: bool
    """Both sides guard against Terrapin (CVE-2023-48795); the ciphers that it needs are never used here."""


class _Judge(paramiko.MissingHostKeyPolicy):
    """Every key is unknown to Paramiko, so every key comes here."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Accept the key silently, or raise HostKeyError."""
        del client, hostname
        self.endpoint.known_keys().judge(HostKey(key.get_name(), key.asbytes()), self.endpoint.device.name)


@dataclass(slots=True)
class Connection:
    """An authenticated connection; close it, or use it with `with`."""

    endpoint: Endpoint
    client: paramiko.SSHClient
    negotiated: Negotiated
    carrier: socket.socket
    proxy: subprocess.Popen[bytes] | None = None
    remembered: dict[HashCommand | None, HashCommand | None] = field(default_factory=dict)
    """Which hash command works, by the one that was asked for (None: any)."""
    _sftp: Sftp | None = field(default=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; never raises."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self.client.close()
        _end(self.carrier, self.proxy)

    @property
    def is_alive(self) -> bool:
        """Whether the connection stands, as far as is known."""
        transport = self.client.get_transport()
        return transport is not None and transport.is_active()

    @property
    def sftp(self) -> Sftp:
        """The SFTP session, opened when it is first used.

        Raises:
            ConnectError: the account may not use SFTP.
        """
        if self._sftp is None:
            with _named(self.endpoint, "the device does not offer SFTP to this account"):
                channel = self._channel()
                channel.invoke_subsystem("sftp")
                wire = Wire(channel)
                wire.start()
            self._sftp = Sftp(wire)
        return self._sftp

    def _channel(self) -> paramiko.Channel:
        transport = self.client.get_transport()
        if transport is None or not transport.is_active():
            raise ConnectError("the connection is gone", remedy="check the device and the network, then send again")
        channel = transport.open_session(window_size=_WINDOW_BYTES, timeout=ANSWER_TIMEOUT_S)
        channel.settimeout(ANSWER_TIMEOUT_S)
        return channel

    def run(self, command: str, *, timeout_s: float = ANSWER_TIMEOUT_S) -> str:
        """Run a command on the device and return what it prints; nothing when it is not allowed.

        Raises:
            ConnectError: the connection is lost.
        """
        try:
            channel = self._channel()
        except (paramiko.SSHException, OSError, EOFError) as error:
            if not self.is_alive:
                raise ConnectError("the connection is gone", remedy="check the device, then try again") from error
            return ""
        with contextlib.closing(channel):
            channel.settimeout(timeout_s)
            try:
                channel.exec_command(command)
                channel.shutdown_write()
                return _all_of(channel, time.monotonic() + timeout_s).decode("utf-8", "surrogateescape")
            except (paramiko.SSHException, OSError, EOFError) as error:
                if not self.is_alive:
                    raise ConnectError("the connection is gone", remedy="check the device, then try again") from error
                return ""


def _all_of(channel: paramiko.Channel, deadline: float) -> bytes:
    output = bytearray()
    while piece := channel.recv(1 << 16):
        output += piece
        if len(output) > _MOST_OUTPUT_BYTES or time.monotonic() > deadline:
            return b""
    return bytes(output)


def connect(endpoint: Endpoint, ask: Prompter) -> Connection:
    """Connect, judge the host key, and only then authenticate.

    Raises:
        HostKeyError: the host key is unknown, changed or revoked.
        AuthenticationFailed: nothing that we have is accepted.
        ConnectError: the device cannot be reached, or does not speak SSH as we do.
    """
    settings = endpoint.settings
    accepted = [key.algorithm for key in endpoint.known_keys().accepted]
    carrier, proxy = _carrier(endpoint)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Judge(endpoint))

    def make_transport(sock: Any, /, **options: Any) -> paramiko.Transport:  # noqa: ANN401 - Paramiko's factory signature
        del options
        return _transport(sock, accepted)

    is_connected = False
    try:
        with _named(endpoint, "it does not speak SSH as we do"):
            client.connect(
                settings.hostname,
                settings.port,
                sock=carrier,
                timeout=CONNECT_TIMEOUT_S,
                banner_timeout=CONNECT_TIMEOUT_S,
                auth_timeout=ANSWER_TIMEOUT_S,
                channel_timeout=ANSWER_TIMEOUT_S,
                transport_factory=make_transport,
                auth_strategy=Credentials(settings.user, endpoint.key_name, endpoint.identity_files, ask),
            )
            transport = client.get_transport()
            if transport is None:
                raise ConnectError("the connection is gone", remedy="check the device, then try again")
            transport.set_keepalive(_KEEPALIVE_S)
            negotiated = _negotiated(transport)
        is_connected = True
    finally:
        if not is_connected:
            client.close()
            _end(carrier, proxy)
    return Connection(endpoint, client, negotiated, carrier, proxy)


def offered_key(endpoint: Endpoint) -> HostKey:
    """Return the host key that the device shows now; nothing of ours is told to it.

    Raises:
        ConnectError: the device cannot be reached, or does not speak SSH as we do.
    """
    carrier, proxy = _carrier(endpoint)
    try:
        with _named(endpoint, "it does not speak SSH as we do"):
            transport = _transport(carrier, [])
            try:
                transport.start_client(timeout=CONNECT_TIMEOUT_S)
                key = transport.get_remote_server_key()
            finally:
                transport.close()
            return HostKey(key.get_name(), key.asbytes())
    finally:
        _end(carrier, proxy)


def _transport(sock: socket.socket, accepted: list[str]) -> paramiko.Transport:
    """Return a transport that offers no CBC, no SHA-1, no MD5, AES-GCM first, and the key types that we know first."""
    disabled = {"pubkeys": ["ssh-rsa", "ssh-dss"]}
    transport = paramiko.Transport(sock, default_window_size=_WINDOW_BYTES, disabled_algorithms=disabled)
    transport.banner_timeout = CONNECT_TIMEOUT_S
    options = transport.get_security_options()
    ciphers = [name for name in options.ciphers if "cbc" not in name and name.startswith("aes")]
    options.ciphers = sorted(ciphers, key=lambda name: "gcm" not in name)
    options.digests = [name for name in options.digests if name.startswith("hmac-sha2-")]
    options.kex = [name for name in options.kex if not name.endswith("sha1")]
    keys = [name for name in options.key_types if name not in {"ssh-rsa", "ssh-dss"}]
    known = {"rsa-sha2-512" if name == "ssh-rsa" else name for name in accepted}
    options.key_types = sorted(keys, key=lambda name: name not in known)
    return transport


def _negotiated(transport: paramiko.Transport) -> Negotiated:
    key = transport.get_remote_server_key()
    cipher = str(getattr(transport, "local_cipher", ""))
    mac = "" if "gcm" in cipher else str(getattr(transport, "local_mac", ""))
    is_strict = bool(getattr(transport, "agreed_on_strict_kex", False))
    return Negotiated(cipher, mac, HostKey(key.get_name(), key.asbytes()), is_strict)


def _carrier(endpoint: Endpoint) -> tuple[socket.socket, subprocess.Popen[bytes] | None]:
    """Return the socket that carries the connection, and the process behind it when the configuration names a proxy."""
    settings = endpoint.settings
    name = endpoint.device.name
    try:
        if settings.proxy:
            ours, theirs = socket.socketpair()
            with theirs:
                end = theirs.fileno()
                return ours, subprocess.Popen(settings.proxy, stdin=end, stdout=end, start_new_session=True)
        return socket.create_connection((settings.hostname, settings.port), CONNECT_TIMEOUT_S), None
    except (OSError, UnicodeError) as error:
        raise ConnectError(
            f"{name}: {visible(settings.hostname)} port {settings.port} cannot be reached: {_reason(error)}",
            remedy="check host and port, and that the device is on",
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, socket.gaierror | UnicodeError):
        return "the name is not known"
    return os.strerror(number).lower() if number else visible(error, 120)


def _end(carrier: socket.socket, proxy: subprocess.Popen[bytes] | None) -> None:
    carrier.close()
    if proxy is not None:
        proxy.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            proxy.wait(5)


@contextlib.contextmanager
def _named(endpoint: Endpoint, otherwise: str) -> Generator[None]:
    """Turn Paramiko's and the system's errors into ours, with the device's name in front."""
    name = endpoint.device.name
    try:
        yield
    except RemoteRefused:
        raise
    except ConnectError as error:
        if type(error) is not ConnectError:
            raise
        raise ConnectError(f"{name}: {error.message}", remedy=error.remedy) from error
    except DcmttyError:
        raise
    except paramiko.SSHException as error:
        detail = visible(error, 120)
        raise ConnectError(f"{name}: {otherwise} ({detail})", remedy="look into the device's log of sshd") from error
    except (OSError, EOFError) as error:
        raise ConnectError(
            f"{name}: the connection broke off ({_reason(error)})", remedy="check the device and the network"
        ) from error
