"""What a catalog keeps of one file: its attributes as text, what kind of object it is, or why it cannot be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from dcmtty.dicom.attributes import ATTRIBUTES, MEDIA_DIRECTORY, MEDIA_STORAGE_SOP_CLASS, RT_STRUCTURE_SET
from dcmtty.dicom.claim import NO_SOP_UIDS, Claim, PixelElement, claimed_picture
from dcmtty.dicom.header.columns import Column
from dcmtty.dicom.header.convert import Value, joined
from dcmtty.dicom.header.quick import PIXEL_DATA, Header, QuickReader
from dcmtty.dicom.preamble import EXECUTABLE_WARNING
from dcmtty.errors import InputError, NotDicom
from dcmtty.text import visible

if TYPE_CHECKING:
    from dcmtty.dicom.model import Instance

STANDARD = (*(attribute.keyword for attribute in ATTRIBUTES.values()), "MediaStorageSOPClassUID")
"""The keywords of a record's values, in order."""

_AT = {keyword: index for index, keyword in enumerate(STANDARD)}
_SOP_CLASS, _SOP_INSTANCE, _MODALITY = _AT["SOPClassUID"], _AT["SOPInstanceUID"], _AT["Modality"]
_MEDIA_STORAGE = _AT["MediaStorageSOPClassUID"]
_SIZE_KEYWORDS = ("Rows", "Columns", "NumberOfFrames", "BitsAllocated", "SamplesPerPixel", "PhotometricInterpretation")
_SIZE = tuple(_AT[keyword] for keyword in _SIZE_KEYWORDS)
_WIDTH = len(STANDARD)
_ALWAYS_THOROUGH = frozenset({"1.2.840.10008.5.1.4.1.1.20"})
"""Nuclear Medicine: the detector places the frames."""
_PLACED_OTHERWISE = frozenset({0x00540022, 0x30060010, 0x52009229, 0x52009230})
"""Sequences that tell planes of frames or referenced series; files with one take the thorough way."""
_MOST_CLAIMS = 10_000


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
    """For each further column its values; None where it is absent, and None or () where it is empty."""
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
        own = (*ATTRIBUTES, MEDIA_STORAGE_SOP_CLASS)
        direct = (column.path[0] for column in extra if len(column.path) == 1)
        tags = tuple(dict.fromkeys((*own, *direct)))
        nested = frozenset(column.path[0] for column in extra if len(column.path) > 1)
        self._at = [tags.index(column.path[0]) if len(column.path) == 1 else -1 for column in extra]
        self._quick = QuickReader(tags, _PLACED_OTHERWISE | nested, whole=True, texts=len(own))
        self._claims: dict[tuple[object, ...], Claim] = {}

    def read(self, path: Path | str, *, follow: bool = False) -> Record:
        """Return the record of a file; a symbolic link is read only when `follow` is set."""
        return self.read_quickly(path, follow=follow) or read_thoroughly(Path(path), self._extra, follow=follow)

    def read_quickly(self, path: Path | str, *, follow: bool = False) -> Record | None:
        """Return the record of a file from one small read; None where the file must be read thoroughly."""
        header = self._quick.read(os.fspath(path), follow=follow)
        return None if header is None else self._of_header(header)

    def _of_header(self, header: Header) -> Record | None:
        """Return the record of a header, None where more must be read."""
        row = header.row
        if row[_SOP_CLASS] in _ALWAYS_THOROUGH:
            return None
        try:
            claim = self._claim(row, header.pixel_bytes)
        except InputError:
            return None
        warnings = claim.warnings
        if header.preamble == "executable":
            warnings = (EXECUTABLE_WARNING, *warnings)
        kind = "image" if claim.frames else _kind(row)
        if kind != "directory" and not (row[_SOP_CLASS] and row[_SOP_INSTANCE]):
            warnings += (NO_SOP_UIDS,)
        return Record(
            "dicom",
            "",
            kind,
            claim.frames == 1,
            tuple(cast("list[str | None]", row[:_WIDTH])),
            tuple([self._extra_value(row, at) for at in self._at]) if self._at else (),
            header.transfer_syntax_uid,
            header.preamble,
            claim.frames,
            header.pixel_bytes or 0,
            warnings,
            (),
            header.size_bytes,
            header.mtime_ns,
        )

    @staticmethod
    def _extra_value(row: Sequence[Value], at: int) -> tuple[str, ...] | None:
        value = row[at] if at >= 0 else None
        return tuple(value.split("\\")) if isinstance(value, str) else value

    def _claim(self, row: Sequence[Value], pixel_bytes: int | None) -> Claim:
        key = (pixel_bytes, *[row[at] for at in _SIZE])
        claim = self._claims.get(key)
        if claim is None:
            texts = zip(_SIZE_KEYWORDS, key[1:], strict=True)
            values = {keyword: tuple(text.split("\\")) for keyword, text in texts if isinstance(text, str)}
            pixels = None if pixel_bytes is None else PixelElement(PIXEL_DATA, max(pixel_bytes, 0), pixel_bytes < 0)
            if len(self._claims) > _MOST_CLAIMS:
                self._claims.clear()
            self._claims[key] = claim = claimed_picture(values, pixels, "")
        return claim


def _kind(values: Sequence[Value]) -> str:
    """Return what kind of object without a picture it is."""
    if values[_MEDIA_STORAGE] == MEDIA_DIRECTORY:
        return "directory"
    sop_class = values[_SOP_CLASS]
    is_set = sop_class == RT_STRUCTURE_SET or (not sop_class and values[_MODALITY] == "RTSTRUCT")
    return "structure-set" if is_set else "other"


def read_thoroughly(path: Path, extra: Sequence[Column] = (), *, follow: bool = False) -> Record:
    """Return the record of a file as `read_instance` and the tag tree see it."""
    from dcmtty.dicom.header.thorough import attributes_of
    from dcmtty.dicom.headers import read_instance

    try:
        instance = read_instance(path, follow=follow)
        found = attributes_of(path, extra, follow=follow) if extra else ()
    except NotDicom as error:
        return Record("foreign", _reason(path, error))
    except InputError as error:
        return Record("unreadable", _reason(path, error))
    values = tuple(joined(instance.values.get(keyword)) for keyword in STANDARD)
    own = {tag: attribute.keyword for tag, attribute in ATTRIBUTES.items()}
    return Record(
        "dicom",
        kind="image" if instance.is_image else _kind(values),
        is_plain=_is_plain(instance),
        values=values,
        extra=tuple(
            instance.values.get(own[column.path[0]]) if column.path[0] in own and len(column.path) == 1 else value
            for column, value in zip(extra, found, strict=True)
        ),
        transfer_syntax_uid=instance.transfer_syntax_uid,
        preamble=instance.preamble,
        frames=len(instance.frames),
        pixel_bytes=instance.pixel_bytes,
        warnings=instance.warnings,
        referenced_series_uids=instance.referenced_series_uids,
        size_bytes=instance.size_bytes,
        mtime_ns=instance.mtime_ns,
    )


def _is_plain(instance: Instance) -> bool:
    """Say whether the values alone give the plane that the whole header gave."""
    if len(instance.frames) != 1 or instance.frames[0].values:
        return False
    from dcmtty.dicom.frames import HeaderParts, frame_geometries

    pixels = PixelElement(PIXEL_DATA, 0, encapsulated=True)
    (again,), _ = frame_geometries(HeaderParts(values=dict(instance.values), pixels=pixels), "")
    first = instance.frames[0]
    if first.plane is None or again.plane is None:
        return first.plane is again.plane and first.reason == again.reason
    return first.plane.fingerprint() == again.plane.fingerprint()


def _reason(path: Path, error: InputError) -> str:
    return error.message.removeprefix(f"{visible(os.fspath(path))}: ")
