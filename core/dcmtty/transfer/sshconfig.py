"""What the user's ssh configuration says about a host, asked from ssh itself where it is installed."""

from __future__ import annotations

import getpass
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from dcmtty.errors import InputError
from dcmtty.text import visible

_TIMEOUT_S = 20.0
_APPLIED = re.compile(r"^debug1: .* line \d+: Applying options for (.+?)\r?$", re.MULTILINE)
_NOT_IN_PARAMIKO = re.compile(r"^\s*(include|match)\b", re.IGNORECASE | re.MULTILINE)
_CHATTER = ("debug1:", "OpenSSH_", "Pseudo-terminal")
_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
_TOKEN = re.compile(r"%(.)")


@dataclass(frozen=True, slots=True)
class HostSettings:
    """How ssh would connect to a host."""

    hostname: str
    port: int
    user: str
    identity_files: tuple[Path, ...]
    """Those that exist."""
    known_hosts_files: tuple[Path, ...]
    host_key_alias: str
    """The name that known_hosts files use instead of host and port; may be empty."""
    proxy: tuple[str, ...]
    """Command line whose standard input and output are the connection; empty for a plain one."""
    is_named: bool
    """Whether a Host line of the configuration, other than `*`, applies to it."""


def home_folder() -> Path:
    """Return the home folder as the environment has it."""
    return Path(os.environ.get("HOME") or Path.home())


def config_path(given: str | None) -> Path | None:
    """Return the ssh configuration to use, or None when there is none.

    Raises:
        InputError: the one that was given does not exist.
    """
    if given is not None:
        if not os.path.isfile(given):  # noqa: PTH113 - Path.is_file raises on a name that is too long
            raise InputError(f"{visible(given)}: no such ssh configuration", remedy="check --ssh-config")
        return Path(given)
    usual = home_folder() / ".ssh" / "config"
    return usual if usual.is_file() else None


def host_settings(host: str, config: Path | None) -> HostSettings:
    """Return what the ssh configuration says about `host`.

    Raises:
        InputError: ssh does not accept the configuration; without ssh, the configuration has Include or Match.
    """
    ssh = shutil.which("ssh")
    return _from_ssh(ssh, host, config) if ssh else _from_paramiko(host, config)


def _from_ssh(ssh: str, host: str, config: Path | None) -> HostSettings:
    command = [ssh, "-v", "-F", str(config) if config else "none", "-G", "--", host]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{visible(config)}: ssh -G gave no answer", remedy="look for a slow Match exec") from error
    talk = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        said = next((line for line in talk.splitlines() if line and not line.startswith(_CHATTER)), "")
        raise InputError(f"{visible(config)}: ssh refuses it: {visible(said, 200)}", remedy="correct the file")
    values: dict[str, list[str]] = {}
    for line in done.stdout.decode(errors="surrogateescape").splitlines():
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)
    is_named = any(pattern != "*" for pattern in _APPLIED.findall(talk))
    return _settings(host, values, config, ssh, is_named=is_named)


def _from_paramiko(host: str, config: Path | None) -> HostSettings:
    from paramiko import SSHConfig

    text = config.read_text(errors="surrogateescape") if config else ""
    unknown = _NOT_IN_PARAMIKO.search(text)
    if unknown:
        raise InputError(
            f"{visible(config)}: {unknown[1]} is understood by ssh only, and ssh is not installed",
            remedy="install openssh-client, or add the device with: dcmtty devices add",
        )
    parsed = SSHConfig.from_text(text)
    found: Mapping[str, str | list[str]] = dict(parsed.lookup(host))
    values = {key: [value] if isinstance(value, str) else list(value) for key, value in found.items()}
    values.setdefault("identityfile", [f"~/.ssh/{name}" for name in _DEFAULT_KEYS])
    patterns = [pattern for pattern in parsed.get_hostnames() if pattern != "*" and not pattern.startswith("!")]
    return _settings(host, values, config, "", is_named=any(fnmatchcase(host, pattern) for pattern in patterns))


def _settings(
    host: str, values: Mapping[str, Sequence[str]], config: Path | None, ssh: str, *, is_named: bool
) -> HostSettings:
    first = {key: found[0] for key, found in values.items() if found}
    hostname, user = first.get("hostname", host), first.get("user") or getpass.getuser()
    port = int(first.get("port", "22"))
    tokens = {"h": hostname, "p": str(port), "r": user, "n": host, "d": str(home_folder()), "%": "%"}
    identities = (_path(name, tokens) for name in values.get("identityfile", ()))
    listed = f"{first.get('userknownhostsfile', '~/.ssh/known_hosts')} {first.get('globalknownhostsfile', '')}".split()
    return HostSettings(
        hostname=hostname,
        port=port,
        user=user,
        identity_files=tuple(path for path in identities if path and path.is_file()),
        known_hosts_files=tuple(path for path in (_path(name, tokens) for name in listed) if path),
        host_key_alias="" if first.get("hostkeyalias", "none") == "none" else first["hostkeyalias"],
        proxy=_proxy(first, tokens, config, ssh),
        is_named=is_named,
    )


def _path(name: str, tokens: Mapping[str, str]) -> Path | None:
    """Return a path of the configuration; `~` and the home folder of the account are both `$HOME`."""
    if name == "none":
        return None
    expanded = _expanded(name, tokens)
    account_home = pwd.getpwuid(os.getuid()).pw_dir.rstrip("/")
    for prefix in ("~/", f"{account_home}/.ssh/"):
        if expanded.startswith(prefix):
            return home_folder() / (".ssh" if prefix != "~/" else "") / expanded.removeprefix(prefix)
    return Path(expanded)


def _expanded(text: str, tokens: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in tokens:
            raise InputError(f"ssh configuration: {visible(match[0])} is not understood", remedy="write it out")
        return tokens[match[1]]

    return _TOKEN.sub(value, text)


def _proxy(first: Mapping[str, str], tokens: Mapping[str, str], config: Path | None, ssh: str) -> tuple[str, ...]:
    jump, command = first.get("proxyjump", "none"), first.get("proxycommand", "none")
    if command != "none":
        return ("/bin/sh", "-c", f"exec {_expanded(command, tokens)}")
    if jump == "none":
        return ()
    if not ssh:
        raise InputError("ProxyJump needs the ssh program, which is not installed", remedy="install openssh-client")
    *before, last = jump.split(",")
    chain = ["-J", ",".join(before)] if before else []
    forward = f"[{tokens['h']}]:{tokens['p']}"
    return (ssh, "-F", str(config) if config else "none", *chain, "-o", "BatchMode=yes", "-W", forward, "--", last)
