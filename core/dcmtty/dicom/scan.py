"""Files and folders become an archive: series in order, structure sets, and what cannot be read with its reason."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dcmtty.dicom.attributes import MEDIA_DIRECTORY, RT_STRUCTURE_SET
from dcmtty.dicom.dicomdir import read_directory
from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.model import Archive, Instance, Series, Unreadable
from dcmtty.dicom.series import group
from dcmtty.errors import InputError, NotDicom
from dcmtty.files import read_error
from dcmtty.progress import Progress
from dcmtty.text import visible

_DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima"})
"""A file in a folder that is called so and is no DICOM file is told, not skipped."""


def scan(paths: Sequence[Path], progress: Progress | None = None, also: Sequence[int] = ()) -> Archive:
    """Read the headers of files, of everything in folders, and of what a named DICOMDIR lists.

    Symbolic links are followed where they are named, not where they are found in a folder: what lies outside the folder
    stays outside, and is told. Each file counts once, however often it is named. The order of `paths` and of entries in
    folders changes nothing in the result.

    Args:
        paths: files and folders.
        progress: told of every file; may cancel.
        also: further tags whose values every instance is to carry.

    Raises:
        InputError: nothing at all was found, and a named path is missing, unreadable or no DICOM.
    """
    scanning = _Scan(progress or Progress(), tuple(also))
    scanning.collect(paths)
    scanning.read()
    return scanning.archive()


@dataclass(slots=True)
class _Scan:
    """A scan while it runs."""

    progress: Progress
    also: tuple[int, ...]
    files: dict[tuple[int, int], tuple[Path, bool]] = field(default_factory=dict)
    """Device and inode to a path, and whether it was named itself."""
    instances: list[Instance] = field(default_factory=list)
    unreadable: dict[Path, Unreadable] = field(default_factory=dict)
    skipped: int = 0
    first_error: InputError | None = None

    def collect(self, paths: Sequence[Path]) -> None:
        """Find the files."""
        for path in sorted(set(paths)):
            try:
                info = path.stat()
            except (OSError, ValueError) as error:
                self._refuse(path, _stat_error(path, error), named=True)
                continue
            if stat.S_ISDIR(info.st_mode):
                self._collect_folder(path)
            else:
                self.files[info.st_dev, info.st_ino] = (path, True)

    def _collect_folder(self, root: Path) -> None:
        real_root = os.path.realpath(root)
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                self._refuse(folder, read_error(folder, error), named=folder == root)
                continue
            below: list[Path] = []
            for entry in entries:
                try:
                    below += self._collect_entry(folder / entry.name, entry, real_root)
                except OSError as error:
                    self._refuse(folder / entry.name, read_error(folder / entry.name, error), named=False)
            waiting += reversed(below)
            self.progress.step(len(self.files), 0, "files", "looking")

    def _collect_entry(self, path: Path, entry: os.DirEntry[str], real_root: str) -> list[Path]:
        """Take a file into the list; return a folder that is to be looked into."""
        if entry.is_symlink():
            self._link(path, real_root)
        elif entry.is_dir(follow_symlinks=False):
            return [path]
        elif entry.is_file(follow_symlinks=False):
            info = entry.stat(follow_symlinks=False)
            self.files.setdefault((info.st_dev, info.st_ino), (path, False))
        else:
            self.skipped += 1
        return []

    def _link(self, path: Path, real_root: str) -> None:
        """Pass over a link to what the folder holds anyway, and tell of every other."""
        target = os.path.realpath(path)
        if Path(target).is_relative_to(real_root) and os.path.exists(target):  # noqa: PTH110 - a string of realpath
            self.skipped += 1
            return
        error = InputError(
            f"{visible(path)}: a symbolic link out of the folder, not followed", remedy="name its target"
        )
        self._refuse(path, error, named=False)

    def read(self) -> None:
        """Read the header of every file that was found."""
        waiting = sorted(self.files.values())
        total = len(waiting)
        for done, (path, named) in enumerate(waiting, start=1):
            self.progress.step(done - 1, total, "files", "reading")
            for instance in self._read(path, named=named):
                self.instances.append(instance)
                if named and instance.text("MediaStorageSOPClassUID") == MEDIA_DIRECTORY:
                    self._read_directory(path)
        self.progress.step(total, total, "files", "reading")

    def _read(self, path: Path, *, named: bool) -> Iterator[Instance]:
        try:
            yield read_instance(path, self.also, follow=named)
        except NotDicom as error:
            if named or path.suffix.lower() in _DICOM_SUFFIXES:
                self._refuse(path, error, named=named)
            else:
                self.skipped += 1
        except InputError as error:
            self._refuse(path, error, named=named)

    def _read_directory(self, path: Path) -> None:
        """Read what a DICOMDIR lists, but for the files that are read anyway."""
        try:
            directory = read_directory(path)
        except InputError as error:
            self._refuse(path, error, named=False)
            return
        for refused in directory.refused:
            self.unreadable.setdefault(refused.path, refused)
        for file in directory.files:
            try:
                info = file.stat()
            except OSError as error:
                self._refuse(file, read_error(file, error), named=False)
                continue
            if (info.st_dev, info.st_ino) not in self.files:
                self.files[info.st_dev, info.st_ino] = (file, False)
                self.instances.extend(self._read_listed(file))

    def _read_listed(self, path: Path) -> Iterator[Instance]:
        try:
            yield read_instance(path, self.also)
        except InputError as error:
            self._refuse(path, error, named=False)

    def _refuse(self, path: Path, error: InputError, *, named: bool) -> None:
        if named and self.first_error is None:
            self.first_error = error
        reason = error.message.removeprefix(f"{visible(path)}: ")
        self.unreadable.setdefault(path, Unreadable(path, reason))

    def archive(self) -> Archive:
        """Return what was found, sorted.

        Raises:
            InputError: nothing was found, and a named path is to blame.
        """
        if not self.instances and self.first_error is not None and len(self.unreadable) == 1:
            raise self.first_error
        instances = sorted(self.instances, key=lambda instance: instance.path)
        others = [instance for instance in instances if not instance.is_image]
        return Archive(
            series=tuple(_with_doubt(series, others, self.unreadable) for series in group(instances)),
            structure_sets=tuple(instance for instance in others if _is_structure_set(instance)),
            others=tuple(instance for instance in others if not _is_structure_set(instance)),
            unreadable=tuple(sorted(self.unreadable.values(), key=lambda found: found.path)),
            skipped=self.skipped,
        )


def _with_doubt(series: Series, others: Iterable[Instance], unreadable: Iterable[Path]) -> Series:
    """Return the series marked where a file that may belong to it could not be read: its slice numbers may be off."""
    folders = {item.instance.path.parent for item in series.slices}
    beside = sum(1 for path in unreadable if path.parent in folders)
    pictureless = sum(1 for other in others if other.text("SeriesInstanceUID") == series.series_uid)
    count = beside + pictureless
    if not count:
        return series
    what = "1 file beside it cannot be read" if count == 1 else f"{count} files beside it cannot be read"
    return replace(series, numbering_doubt=what)


def _stat_error(path: Path, error: OSError | ValueError) -> InputError:
    if isinstance(error, OSError):
        return read_error(path, error)
    return InputError(f"{visible(path)}: not a possible file name", remedy="check the path")


def _is_structure_set(instance: Instance) -> bool:
    return instance.sop_class_uid == RT_STRUCTURE_SET or (
        not instance.sop_class_uid and instance.modality == "RTSTRUCT"
    )
