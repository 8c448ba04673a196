"""The files that a DICOMDIR names (PS3.3 F, PS3.10 8), found by ourselves and never outside its own folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dcmtty.dicom.beginning import begin
from dcmtty.dicom.element import UNDEFINED, Element
from dcmtty.dicom.model import Unreadable
from dcmtty.dicom.source import Source, open_source
from dcmtty.dicom.values import values_of
from dcmtty.dicom.walker import Walk
from dcmtty.text import visible

_RECORDS = 0x00041220
_IN_USE = 0x00041410
_FILE_ID = 0x00041500
_MAX_ID_BYTES = 8 * 256
_VERSION_SUFFIXES = ("", ";1", ".", ".;1")
"""What ISO 9660 may add to a name, and some drivers leave there."""


@dataclass(frozen=True, slots=True)
class Directory:
    """What a DICOMDIR names."""

    files: tuple[Path, ...]
    """Each once, in the order of the records."""
    refused: tuple[Unreadable, ...]
    """References that are missing, or that lead out of the folder."""


def read_directory(path: Path) -> Directory:
    """Return the files that the DICOMDIR names.

    Raises:
        InputError: it cannot be read, is no DICOM file, or is cut.
    """
    root, folders = path.parent, _Folders()
    files: dict[Path, None] = {}
    refused: dict[tuple[str, ...], Unreadable] = {}
    for parts in _file_ids(path):
        found = _resolved(root, parts, folders)
        if isinstance(found, Path):
            files[found] = None
        else:
            refused[parts] = Unreadable(root / "/".join(parts).lstrip("/"), found)
    return Directory(tuple(files), tuple(refused.values()))


def _file_ids(path: Path) -> list[tuple[str, ...]]:
    """Return the components of each Referenced File ID of the records in use."""
    found: list[tuple[str, ...]] = []
    with open_source(path) as source:
        beginning = begin(source)
        walk = Walk(beginning.source, beginning.offset, beginning.source.size, beginning.encoding)
        inside, in_use = False, True
        while (element := walk.step()) is not None:
            if element.depth == 0:
                inside = element.tag == _RECORDS
            elif not inside or element.depth != 1:
                continue
            elif element.is_item:
                in_use = True
            elif element.tag == _IN_USE and element.length == 2:
                in_use = any(_raw(beginning.source, element))
            elif element.tag == _FILE_ID and in_use and 0 < element.length < UNDEFINED:
                found.append(values_of(_raw(beginning.source, element), "CS"))
    return [parts for parts in found if parts]


def _raw(source: Source, element: Element) -> bytes:
    return source.read(element.value_offset, min(element.length, _MAX_ID_BYTES))


def _resolved(root: Path, parts: tuple[str, ...], folders: _Folders) -> Path | str:
    """Return the file, or why it is refused."""
    shown = visible("/".join(parts))
    if any(part.strip() in {"", ".", ".."} or "/" in part or "\0" in part for part in parts):
        return f"the DICOMDIR names {shown}, which is no path inside its folder"
    found = root
    for part in parts:
        entry = folders.entry(found, part.strip())
        if entry is None:
            return f"the DICOMDIR names {shown}, which is missing"
        found = entry
    inside = Path(os.path.realpath(root))
    if not Path(os.path.realpath(found)).is_relative_to(inside):
        return f"the DICOMDIR names {shown}, a symbolic link that leads out of its folder"
    return found


class _Folders:
    """The names in folders, each folder listed once: a DICOMDIR may name a hundred thousand missing files."""

    def __init__(self) -> None:
        self._names: dict[Path, dict[str, str]] = {}

    def entry(self, folder: Path, name: str) -> Path | None:
        """Return the entry of that name, in any case and with an ISO 9660 version number or not."""
        if folder not in self._names:
            self._names[folder] = self._listed(folder)
        names = self._names[folder]
        wanted = [name + suffix for suffix in _VERSION_SUFFIXES]
        found = next((names[one] for one in (*wanted, *map(str.casefold, wanted)) if one in names), None)
        return None if found is None else folder / found

    @staticmethod
    def _listed(folder: Path) -> dict[str, str]:
        """Return the entries by their names and, where none is called so, by their names in small letters."""
        try:
            entries = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208 - names alone are wanted
        except OSError:
            return {}
        return {entry.casefold(): entry for entry in entries} | {entry: entry for entry in entries}
