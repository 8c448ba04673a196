"""The files of a series that a user names: files as they are, folders with all that is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dcmtty.dicom.model import Unreadable
from dcmtty.files import read_error
from dcmtty.text import visible


class FoundFiles(NamedTuple):
    """What is to be read, and what cannot be looked into."""

    files: tuple[Path, ...]
    """Sorted; each file once."""
    unreadable: tuple[Unreadable, ...]


def files_below(paths: Sequence[Path]) -> FoundFiles:
    """Return the regular files that are named or lie in named folders; links in folders are not followed."""
    files: dict[tuple[int, int], Path] = {}
    unreadable: list[Unreadable] = []
    for path in sorted(set(paths)):
        try:
            info = path.stat()
            if path.is_dir():
                _look_into(path, files, unreadable)
            else:
                files.setdefault((info.st_dev, info.st_ino), path)
        except OSError as error:
            unreadable.append(_refused(path, error))
        except ValueError:
            unreadable.append(Unreadable(path, "not a possible file name"))
    return FoundFiles(tuple(sorted(files.values())), tuple(unreadable))


def _look_into(root: Path, files: dict[tuple[int, int], Path], unreadable: list[Unreadable]) -> None:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            for entry in _entries(folder):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    info = entry.stat(follow_symlinks=False)
                    files.setdefault((info.st_dev, info.st_ino), Path(entry.path))
        except OSError as error:
            unreadable.append(_refused(folder, error))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from sorted(entries, key=lambda entry: entry.name)


def _refused(path: Path, error: OSError) -> Unreadable:
    return Unreadable(path, read_error(path, error).message.removeprefix(f"{visible(path)}: "))
