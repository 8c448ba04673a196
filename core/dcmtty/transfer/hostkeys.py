"""Host keys: our own pins, the user's known_hosts files, and the one judgement on a key that a server offers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from dcmtty.config import config_folder
from dcmtty.errors import HostKeyError, InputError
from dcmtty.files import private_folder, read_whole, write_atomic
from dcmtty.text import visible

SSH_PORT = 22
_LIMIT_BYTES = 16 << 20
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key."""

    algorithm: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as `ssh-keygen -l` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return "SHA256:" + digest.rstrip("=")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One line of a known_hosts file."""

    patterns: tuple[str, ...]
    key: HostKey
    is_revoked: bool

    def is_for(self, name: str) -> bool:
        """Whether the line speaks of the host `name` (`host`, or `[host]:port` off port 22)."""
        positive = False
        for pattern in self.patterns:
            if pattern.startswith("|1|"):
                positive |= _is_hashed(pattern, name)
            elif pattern.startswith("!"):
                if fnmatchcase(name.lower(), pattern[1:].lower().replace("[", "[[]")):
                    return False
            else:
                positive |= fnmatchcase(name.lower(), pattern.lower().replace("[", "[[]"))
        return positive


def _is_hashed(pattern: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in pattern[3:].split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


def host_name(host: str, port: int) -> str:
    """Return the name of a host in known_hosts files."""
    return host if port == SSH_PORT else f"[{host}]:{port}"


def is_fingerprint(text: str) -> bool:
    """Whether the text is a whole SHA256 fingerprint."""
    return _FINGERPRINT.fullmatch(text) is not None


def pins_path() -> Path:
    """Return the path of our own known_hosts file."""
    return config_folder() / "known_hosts"


def parse_known_hosts(data: bytes, source: str) -> tuple[KnownKey, ...]:
    """Return the keys of a known_hosts file; certificate authorities and lines that say nothing are left out.

    Raises:
        InputError: a @revoked line that is not understood: leaving it out would accept a revoked key.
    """
    found: list[KnownKey] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if not fields or fields[0].startswith("#") or marker not in {"", "@revoked"}:
            continue
        key = _key(fields[1:])
        if key is not None:
            found.append(KnownKey(tuple(fields[0].split(",")), key, is_revoked=bool(marker)))
        elif marker:
            raise InputError(f"{visible(source)}, line {number}: a @revoked line without a key", remedy="correct it")
    return tuple(found)


def _key(fields: Sequence[str]) -> HostKey | None:
    if len(fields) < 2:
        return None
    try:
        blob = base64.b64decode(fields[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    name = fields[0].encode()
    return HostKey(fields[0], blob) if blob[:4] == len(name).to_bytes(4, "big") and blob[4:].startswith(name) else None


def _read(path: Path) -> tuple[KnownKey, ...]:
    return parse_known_hosts(read_whole(path, limit_bytes=_LIMIT_BYTES), str(path)) if path.is_file() else ()


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """The keys that count for one host: our pins decide; where there are none, the user's files do."""

    name: str
    pinned: tuple[KnownKey, ...]
    from_user: tuple[KnownKey, ...]

    @property
    def accepted(self) -> tuple[HostKey, ...]:
        """The keys that the host may show."""
        pinned = tuple(known.key for known in self.pinned if not known.is_revoked)
        return pinned or tuple(known.key for known in self.from_user if not known.is_revoked)

    def judge(self, offered: HostKey, device: str) -> None:
        """Accept the offered key silently, or refuse it.

        Raises:
            HostKeyError: the key is revoked, unknown, or another than the known one.
        """
        facts = {"fingerprint": offered.fingerprint, "algorithm": offered.algorithm}
        if any(known.is_revoked and known.key.blob == offered.blob for known in (*self.pinned, *self.from_user)):
            raise HostKeyError(
                f"{self.name}: its host key {offered.fingerprint} is REVOKED",
                remedy="do not connect; ask the device's administrator",
                **facts,
            )
        if any(hmac.compare_digest(key.blob, offered.blob) for key in self.accepted):
            return
        if not self.accepted:
            raise HostKeyError(
                f"{self.name}: unknown host key {offered.fingerprint} ({visible(offered.algorithm)})",
                remedy=f"compare it at the device, then run: dcmtty devices trust {device}",
                **facts,
            )
        known_ones = ", ".join(key.fingerprint for key in self.accepted)
        raise HostKeyError(
            f"{self.name}: THE HOST KEY HAS CHANGED to {offered.fingerprint} ({visible(offered.algorithm)}), known is "
            f"{known_ones}; somebody may be listening in",
            remedy=f"ask the device's administrator, and only then run: dcmtty devices trust {device}",
            **facts,
        )


def known_keys(name: str, user_files: Iterable[Path]) -> KnownKeys:
    """Return the keys known for the host `name`, revoked ones included."""
    pinned = tuple(known for known in _read(pins_path()) if known.is_for(name))
    from_user = tuple(known for path in user_files for known in _read(path) if known.is_for(name))
    return KnownKeys(name, pinned, from_user)


def pin(name: str, key: HostKey) -> Path:
    """Write the key as the only one that the host `name` may show; pins of other hosts stay as they are."""
    path = pins_path()
    private_folder(path.parent)
    lines = read_whole(path, limit_bytes=_LIMIT_BYTES).splitlines() if path.exists() else []
    kept = [line for line in lines if line.split()[:1] != [name.encode()]]
    kept.append(f"{name} {key.algorithm} ".encode() + base64.b64encode(key.blob))
    write_atomic(path, b"".join(line + b"\n" for line in kept), mode=0o600)
    return path
