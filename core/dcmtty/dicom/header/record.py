"""What a catalog keeps of one file: its attributes as text, what kind of object it is, or why it cannot be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dcmtty.dicom.attributes import ATTRIBUTES
from dcmtty.dicom.dictionary import keyword_of, tag_text
from dcmtty.dicom.header.columns import Column
from dcmtty.dicom.headers import MEDIA_DIRECTORY, read_instance
from dcmtty.dicom.model import Instance
from dcmtty.errors import InputError, NotDicom
from dcmtty.text import visible

STANDARD = (*(attribute.keyword for attribute in ATTRIBUTES.values()), "MediaStorageSOPClassUID")
"""The keywords of a record's values, in order."""

_RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"


class Record(NamedTuple):
    """One file."""

    status: str
    """`dicom`, `unreadable`, or `foreign` for what is plainly no DICOM file."""
    reason: str = ""
    """Why it is unreadable; safe for a terminal."""
    kind: str = ""
    """`image`, `structure-set`, `directory` (a DICOMDIR) or `other`."""
    is_plain: bool = False
    """Whether it is one frame whose values say all there is about its plane."""
    values: tuple[str | None, ...] = ()
    """For each keyword of STANDARD its values, joined by a backslash; None where it is absent or empty."""
    extra: tuple[tuple[str, ...] | None, ...] = ()
    """For each further column its values: None where it is absent, () where it is empty."""
    transfer_syntax_uid: str = ""
    preamble: str = ""
    """As `preamble.preamble_state` names it."""
    frames: int = 0
    pixel_bytes: int = 0
    """Length of Pixel Data; -1 when it is encapsulated, 0 when there is none."""
    warnings: tuple[str, ...] = ()
    referenced_series_uids: tuple[str, ...] = ()
    size_bytes: int = 0
    mtime_ns: int = 0


class Batch(NamedTuple):
    """Files for one piece of work."""

    paths: tuple[str, ...]
    extra: tuple[Column, ...] = ()


def read_records(batch: Batch) -> list[Record]:
    """Return a record for each path, in order."""
    reader = RecordReader(batch.extra)
    return [reader.read(path) for path in batch.paths]


class RecordReader:
    """Reads one file after another; what a file holds never makes it raise."""

    def __init__(self, extra: Sequence[Column] = ()) -> None:
        self._extra = tuple(extra)

    def read(self, path: Path | str, *, follow: bool = False) -> Record:
        """Return the record of a file; a symbolic link is read only when `follow` is set."""
        path = Path(path)
        try:
            instance = read_instance(path, [column.path[0] for column in self._extra], follow=follow)
        except NotDicom as error:
            return Record("foreign", _reason(path, error))
        except InputError as error:
            return Record("unreadable", _reason(path, error))
        return self._of(instance)

    def _of(self, instance: Instance) -> Record:
        values = instance.values
        return Record(
            "dicom",
            kind=_kind(instance),
            is_plain=False,
            values=tuple("\\".join(values[keyword]) if values.get(keyword) else None for keyword in STANDARD),
            extra=tuple(values.get(_key(column)) for column in self._extra),
            transfer_syntax_uid=instance.transfer_syntax_uid,
            preamble=instance.preamble,
            frames=len(instance.frames),
            warnings=instance.warnings,
            referenced_series_uids=instance.referenced_series_uids,
            size_bytes=instance.size_bytes,
            mtime_ns=instance.mtime_ns,
        )


def _key(column: Column) -> str:
    tag = column.path[0]
    return keyword_of(tag) or tag_text(tag)


def _reason(path: Path, error: InputError) -> str:
    return error.message.removeprefix(f"{visible(os.fspath(path))}: ")


def _kind(instance: Instance) -> str:
    if instance.is_image:
        return "image"
    if instance.text("MediaStorageSOPClassUID") == MEDIA_DIRECTORY:
        return "directory"
    is_set = instance.sop_class_uid == _RT_STRUCTURE_SET or (
        not instance.sop_class_uid and instance.modality == "RTSTRUCT"
    )
    return "structure-set" if is_set else "other"
