"""The hosts that an ssh configuration names one by one, for a list to choose from."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path

from dcmtty.errors import InputError, UsageError
from dcmtty.files import read_whole
from dcmtty.transfer.devices import check_name
from dcmtty.transfer.sshconfig import home_folder

_DEEPEST_INCLUDE = 4
_LARGEST_CONFIG_BYTES = 1 << 20


def named_hosts(config: Path | None) -> tuple[str, ...]:
    """Return the names on Host lines that have no wildcard, in order; files of Include lines count too.

    Only for showing: whether and how a host is reached is decided by `sshconfig.host_settings`.
    """
    return tuple(dict.fromkeys(_names(config, 0))) if config is not None else ()


def _names(config: Path, depth: int) -> Iterator[str]:
    if depth > _DEEPEST_INCLUDE:
        return
    try:
        text = read_whole(config, limit_bytes=_LARGEST_CONFIG_BYTES).decode(errors="replace")
    except InputError:
        return
    for line in text.splitlines():
        key, *words = line.replace("=", " ", 1).split() or [""]
        if key.lower() == "host":
            yield from (word for word in (word.strip('"') for word in words) if _is_plain(word))
        elif key.lower() == "include":
            for word in words:
                yield from _included(word.strip('"'), depth)


def _included(pattern: str, depth: int) -> Iterator[str]:
    path = str(home_folder() / pattern.removeprefix("~/")) if pattern.startswith("~/") else pattern
    if not path.startswith("/"):
        path = str(home_folder() / ".ssh" / path)
    for found in sorted(glob.glob(path)):  # noqa: PTH207 - an absolute pattern
        yield from _names(Path(found), depth + 1)


def _is_plain(word: str) -> bool:
    try:
        check_name(word)
    except UsageError:
        return False
    return True
