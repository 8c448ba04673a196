"""Finds the regular files below paths, in an order that does not depend on the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dcmtty.errors import InputError
from dcmtty.files import read_error
from dcmtty.text import visible


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file that was named, or lies in a folder that was named."""

    path: str
    """As it was given, folder and name joined; undecodable bytes as surrogate escapes."""
    below: str
    """The path from the named folder's own name on, e.g. `series/a.dcm`; the bare name of a file named itself."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a walk over paths found."""

    files: tuple[FoundFile, ...]
    skipped: tuple[str, ...]
    """Symbolic links, FIFOs and devices in folders: they are not followed and not read."""
    errors: tuple[InputError, ...]


def collect(paths: Iterable[str]) -> Collected:
    """Return the regular files of the paths; folders are walked sorted by name, links in them are not followed."""
    files: list[FoundFile] = []
    skipped: list[str] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            is_folder = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - Path would drop a leading ./
        except (OSError, ValueError) as error:
            errors.append(_unreadable(path, error))
            continue
        if is_folder:
            top = os.path.basename(os.path.normpath(path))  # noqa: PTH119 - text in, text out
            _walk(path, "" if top in {".", ".."} else top, files, skipped, errors)
        else:
            files.append(FoundFile(path, os.path.basename(path)))  # noqa: PTH119 - text in, text out
    return Collected(tuple(files), tuple(skipped), tuple(errors))


def _unreadable(path: str, error: OSError | ValueError) -> InputError:
    if isinstance(error, OSError):
        return read_error(Path(path), error)
    return InputError(f"{visible(path)}: not a possible file name", remedy="check the path")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return sorted(found, key=lambda entry: os.fsencode(entry.name))


def _walk(folder: str, below: str, files: list[FoundFile], skipped: list[str], errors: list[InputError]) -> None:
    waiting: list[Iterator[tuple[os.DirEntry[str], str]]] = [_listed(folder, below, errors)]
    while waiting:
        entry, name = next(waiting[-1], (None, ""))
        if entry is None:
            waiting.pop()
        elif entry.is_dir(follow_symlinks=False):
            waiting.append(_listed(entry.path, name, errors))
        elif entry.is_file(follow_symlinks=False):
            files.append(FoundFile(entry.path, name))
        else:
            skipped.append(entry.path)


def _listed(folder: str, below: str, errors: list[InputError]) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        entries = _entries(folder)
    except OSError as error:
        errors.append(read_error(Path(folder), error))
        return iter(())
    return iter([(entry, f"{below}/{entry.name}" if below else entry.name) for entry in entries])
