"""Who we are to a device: the keys of the configuration, then a password if somebody can be asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import paramiko
from paramiko.auth_strategy import AuthResult, AuthSource, AuthStrategy
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, PasswordRequiredException

from dcmtty.errors import AuthenticationFailed
from dcmtty.text import visible

_MOST_KEYS = 5
"""Servers close the connection after six attempts by default (MaxAuthTries)."""
_PASSWORD_ATTEMPTS = 3
_KEY_CLASSES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class Prompter(Protocol):
    """Whoever can ask the user."""

    def secret(self, prompt: str) -> str | None:
        """Return what was typed without echo, or None when nobody can be asked."""


class NeverAsk:
    """Asks nobody."""

    def secret(self, prompt: str) -> str | None:
        """Return None."""
        del prompt
        return None


class Credentials(AuthStrategy):
    """Offers the identity files, then a password; the agent and keys that nobody named are left alone."""

    def __init__(self, user: str, host: str, identity_files: tuple[Path, ...], ask: Prompter) -> None:
        super().__init__(ssh_config=paramiko.SSHConfig())
        self.user = user
        self.host = host
        self.identity_files = identity_files
        self.ask = ask
        self.tried: list[str] = []

    def get_sources(self) -> Iterator[AuthSource]:
        """Yield nothing: what is offered next depends on what the server said last, so `authenticate` decides."""
        yield from ()

    def authenticate(self, transport: paramiko.Transport) -> AuthResult:
        """Try one after the other until the server is satisfied.

        Raises:
            AuthenticationFailed: nothing that we have is accepted.
        """
        try:
            is_in = self._by_keys(transport) or self._by_password(transport)
        except (paramiko.SSHException, EOFError) as error:
            raise AuthenticationFailed(
                f"{self.host}: it broke off the login of {visible(self.user)} ({visible(error, 120)})",
                remedy="look into the device's log of sshd",
            ) from error
        if not is_in:
            tried = ", ".join(self.tried) or "no key found"
            raise AuthenticationFailed(
                f"{self.host}: {visible(self.user)} was not let in (tried: {tried})",
                remedy="check user and identity_file in devices.toml, or User and IdentityFile in the ssh config",
            )
        return AuthResult(strategy=self)

    def _by_keys(self, transport: paramiko.Transport) -> bool:
        for path in self.identity_files[:_MOST_KEYS]:
            key = self._key(path)
            if key is None:
                continue
            self.tried.append(f"key {visible(path.name)}")
            try:
                if not transport.auth_publickey(self.user, key):
                    return True
            except BadAuthenticationType:
                return False
            except AuthenticationException:
                continue
        return False

    def _by_password(self, transport: paramiko.Transport) -> bool:
        for _ in range(_PASSWORD_ATTEMPTS):
            password = self.ask.secret(f"Password of {self.user} on {self.host}:")
            if password is None:
                return False
            self.tried.append("password")
            try:
                return not transport.auth_password(self.user, password)
            except BadAuthenticationType:
                self.tried[-1] = "password (not allowed there)"
                return False
            except AuthenticationException:
                continue
        return False

    def _key(self, path: Path) -> paramiko.PKey | None:
        """Return the private key of the file, its passphrase asked for when it has one; None when it cannot be used."""
        try:
            return _first(lambda key_class: key_class.from_private_key_file(str(path)))
        except PasswordRequiredException:
            passphrase = self.ask.secret(f"Passphrase of {path}:")
        except OSError:
            self.tried.append(f"key {visible(path.name)} (not readable)")
            return None
        if not passphrase:
            self.tried.append(f"key {visible(path.name)} (locked by a passphrase)")
            return None
        key = _first(lambda key_class: key_class.from_private_key_file(str(path), passphrase))
        if key is None:
            self.tried.append(f"key {visible(path.name)} (wrong passphrase)")
        return key


def _first(load: Callable[[type[paramiko.PKey]], paramiko.PKey]) -> paramiko.PKey | None:
    """Return the key as the first kind of key that it is.

    Raises:
        PasswordRequiredException: it is encrypted and no passphrase was given.
    """
    for key_class in _KEY_CLASSES:
        try:
            return load(key_class)
        except PasswordRequiredException:
            raise
        except (
            paramiko.SSHException,
            ValueError,
            IndexError,
            AssertionError,
        ):  # Paramiko asserts on damaged Ed25519 keys
            continue
    return None
