"""Folders are walked and files found, a bounded number at a time; nothing is held in memory for each file."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dcmtty.errors import InputError
from dcmtty.files import read_error
from dcmtty.text import visible

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder(NamedTuple):
    """A folder that files were found in."""

    path: str
    """Absolute, without symbolic links, with a slash at its end."""
    shown: str
    """As the user named it, with a slash at its end."""
    device: int | None = None
    """None where only a file in it was named."""
    inode: int | None = None
    is_whole: bool = False
    """Whether all its files were found."""


class Refused(NamedTuple):
    """Why a path cannot be read."""

    reason: str
    folder: str
    """The folder that it is in, as `Folder.path`."""


class Found(NamedTuple):
    """A regular file, with its state before anything of it is read."""

    place: int
    """Number of the folder."""
    name: str
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    shown: str | None = None
    """The path as the user named it, where it was named itself or is a link's target; else None."""


@dataclass(slots=True)
class Walk:
    """A walk over what the user named, as `dicom.scan` walks: links are followed where they are named, not in folders.

    Each file counts once: those with several links, and those that were named, are remembered by device and inode.
    """

    paths: Sequence[Path]
    folders: list[Folder] = field(default_factory=list)
    """Found since somebody last emptied the list; numbered from 1 in the order found."""
    numbered: int = 0
    refused: dict[Path, Refused] = field(default_factory=dict)
    """What cannot be read."""
    roots: list[str] = field(default_factory=list)
    """The folders that were named, as `Folder.path`."""
    missing: list[str] = field(default_factory=list)
    """What was named and is not there, absolute: a folder or a file."""
    unseen: list[str] = field(default_factory=list)
    """Folders, with a slash at the end, of which not everything was seen."""
    first_error: InputError | None = None
    """Of a path that was named."""
    skipped: int = 0
    _once: set[tuple[int, int]] = field(default_factory=set)
    _visited: set[tuple[int, int]] = field(default_factory=set)
    _named_in: dict[str, int] = field(default_factory=dict)

    def files(self) -> Iterator[Found]:
        """Yield every file once; named ones first."""
        roots: list[Path] = []
        named: dict[tuple[int, int], tuple[Path, os.stat_result]] = {}
        for path in sorted(set(self.paths)):
            try:
                info = path.stat()
            except (OSError, ValueError) as error:
                self.refuse(path, _stat_error(path, error), named=True)
                if isinstance(error, FileNotFoundError):
                    self.missing.append(os.path.realpath(path))
                continue
            if stat.S_ISDIR(info.st_mode):
                roots.append(path)
            elif stat.S_ISREG(info.st_mode):
                named[info.st_dev, info.st_ino] = (path, info)
            else:  # Opening alone acts on some devices.
                irregular = InputError(f"{visible(path)}: not a regular file", remedy="name a regular file")
                self.refuse(path, irregular, named=True)
        for path, info in named.values():
            yield self.named(path, info)
        for root in roots:
            yield from self._tree(root)

    def named(self, path: Path, info: os.stat_result) -> Found:
        """Return a file that was named itself, or by a DICOMDIR; the name may be a link's."""
        folder, name = os.path.split(os.path.realpath(path))
        place = self._named_in.get(folder) or self._number(Folder(_with_slash(folder), ""))
        self._named_in[folder] = place
        self._once.add((info.st_dev, info.st_ino))
        state = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev)
        return Found(place, name, *state, os.fspath(path))

    @property
    def has_named(self) -> bool:
        """Whether a file was named itself."""
        return bool(self._named_in)

    def is_known(self, info: os.stat_result) -> bool:
        """Say whether a file with more than one link, or a named one, was found before."""
        return (info.st_dev, info.st_ino) in self._once

    def refuse(self, path: Path, error: InputError, folder: str = "", *, named: bool = False) -> None:
        """Keep the reason why a path in a folder cannot be read."""
        if named and self.first_error is None:
            self.first_error = error
        reason = error.message.removeprefix(f"{visible(path)}: ")
        self.refused.setdefault(path, Refused(reason, folder or _real_folder(path)))

    def _number(self, folder: Folder) -> int:
        self.folders.append(folder)
        self.numbered += 1
        return self.numbered

    def _tree(self, root: Path) -> Iterator[Found]:
        real_root = os.path.realpath(root)
        waiting = [(_with_slash(real_root), _shown(root))]
        self.roots.append(waiting[0][0])
        while waiting:
            folder, shown = waiting.pop()
            try:
                # Opened by its name alone, so that a link put in its place is not followed.
                descriptor = os.open(folder.rstrip("/") or "/", _FOLDER_FLAGS)
            except OSError as error:
                self.unseen.append(folder)
                path = Path(shown)
                self.refuse(path, read_error(path, error), named=path == root)
                continue
            try:
                info = os.fstat(descriptor)
                if (info.st_dev, info.st_ino) in self._visited:
                    continue
                self._visited.add((info.st_dev, info.st_ino))
                place = self._number(Folder(folder, shown, info.st_dev, info.st_ino, is_whole=True))
                below = yield from self._folder(descriptor, place, shown, folder, real_root)
            finally:
                os.close(descriptor)
            waiting += [(f"{folder}{name}/", f"{shown}{name}/") for name in sorted(below, reverse=True)]

    def _folder(
        self, descriptor: int, place: int, shown: str, folder: str, real_root: str
    ) -> Generator[Found, None, list[str]]:
        """Yield the files of an open folder; return the names of the folders in it."""
        folders: list[str] = []
        linked: list[Found] = []
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    found = self._entry(entry, place, shown, folder, real_root, folders)
                    if found is None:
                        continue
                    if found[1] > 1:
                        linked.append(found[0])
                    else:
                        yield found[0]
        except OSError as error:
            self.unseen.append(folder)
            self.refuse(Path(shown), read_error(Path(shown), error))
        yield from self._first_of_each(linked)
        return folders

    def _entry(
        self, entry: os.DirEntry[str], place: int, shown: str, folder: str, real_root: str, folders: list[str]
    ) -> tuple[Found, int] | None:
        """Return a file and its number of links."""
        name = entry.name
        try:
            if entry.is_file(follow_symlinks=False):
                info = entry.stat(follow_symlinks=False)
                if self._once and (info.st_dev, info.st_ino) in self._once:
                    return None
                state = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev)
                return Found(place, name, *state), info.st_nlink
            if entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                self._other(Path(shown + name), entry, folder, real_root)
        except OSError as error:
            path = Path(shown + name)
            self.refuse(path, read_error(path, error), folder)
        return None

    def _first_of_each(self, linked: list[Found]) -> Iterator[Found]:
        for found in sorted(linked, key=lambda found: found.name):
            key = (found.device, found.inode)
            if key not in self._once:
                self._once.add(key)
                yield found

    def _other(self, path: Path, entry: os.DirEntry[str], folder: str, real_root: str) -> None:
        """Pass over a link to what the folder holds anyway, and whatever is no file; tell of every other link."""
        if entry.is_symlink():
            target = os.path.realpath(folder + entry.name)
            if not (Path(target).is_relative_to(real_root) and os.path.exists(target)):  # noqa: PTH110 - a string
                what = "a symbolic link out of the folder, not followed"
                self.refuse(path, InputError(f"{visible(path)}: {what}", remedy="name its target"), folder)
                return
        self.skipped += 1


def _with_slash(folder: str) -> str:
    return folder if folder.endswith("/") else f"{folder}/"


def _real_folder(path: Path) -> str:
    try:
        return _with_slash(os.path.realpath(path.parent))
    except (OSError, ValueError):
        return ""


def _shown(root: Path) -> str:
    return "" if root == Path() else _with_slash(os.fspath(root))


def _stat_error(path: Path, error: OSError | ValueError) -> InputError:
    if isinstance(error, OSError):
        return read_error(path, error)
    return InputError(f"{visible(path)}: not a possible file name", remedy="check the path")
