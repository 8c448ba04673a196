"""The attributes of a file that lists, planes and series are made of, from one walk over its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcmtty.dicom.attributes import ATTRIBUTES, FRAME_ATTRIBUTES, MEDIA_DIRECTORY, MEDIA_STORAGE_SOP_CLASS
from dcmtty.dicom.beginning import Beginning, begin
from dcmtty.dicom.charset import DEFAULT, codecs_of
from dcmtty.dicom.claim import NO_SOP_UIDS, PixelElement
from dcmtty.dicom.dictionary import keyword_of, tag_text, vr_of
from dcmtty.dicom.element import UNDEFINED, Element, is_sequence, named
from dcmtty.dicom.frames import HeaderParts, frame_geometries
from dcmtty.dicom.model import Instance
from dcmtty.dicom.source import Source, open_source
from dcmtty.dicom.values import values_of
from dcmtty.dicom.walker import Walk

MAX_VALUE_BYTES = 64 << 10
"""Longer values of header attributes are left out, with a warning."""
MAX_VECTOR_BYTES = 1 << 20
"""Longer vectors (one value per frame) are left out."""

_CHARACTER_SET = 0x00080005
_PIXEL_DATA = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_SHARED_GROUPS = 0x52009229
_PER_FRAME_GROUPS = 0x52009230
_PLACING_MACROS = {0x00200032: 0x00209113, 0x00200037: 0x00209116, 0x00280030: 0x00289110}
"""The one functional group macro that each attribute of a frame's plane counts in (PS3.3 C.7.6.16.2)."""
_DETECTORS = 0x00540022
_DETECTOR_TAGS = frozenset({0x00200032, 0x00200037})
_VECTORS = {0x3004000C: ("GridFrameOffsetVector", "DS"), 0x00540080: ("SliceVector", "US")}
_REFERENCED_SERIES = ((0x30060010, 0x30060012, 0x30060014), 0x0020000E)
"""Where an RTSTRUCT names the series it was drawn on (PS3.3 C.8.8.5)."""


def read_instance(path: Path, also: Sequence[int] = (), *, follow: bool = True) -> Instance:
    """Read the header of a file, and check the length of every element in it.

    Args:
        path: a regular file.
        also: further tags of the data set whose values are wanted; private ones are called `gggg,eeee`.
        follow: whether the path may be a symbolic link.

    Raises:
        NotDicom: the file is something else.
        TruncatedFile: the file ends inside an element, or an element does not fit in its sequence.
        InputError: not readable, or refused: nested too deep, too many elements or frames, a deflate bomb.
    """
    with open_source(path, follow=follow) as source:
        beginning = begin(source)
        return _Reading(beginning, frozenset(also)).instance()


@dataclass(slots=True)
class _Reading:
    """What one walk over a header has found so far."""

    beginning: Beginning
    also: frozenset[int]
    parts: HeaderParts = field(default_factory=HeaderParts)
    raw: dict[int, tuple[bytes, Element]] = field(default_factory=dict)
    path: list[int] = field(default_factory=lambda: [0] * 64)
    """The sequence last entered at each depth."""
    warnings: list[str] = field(default_factory=list)

    def instance(self) -> Instance:
        """Walk the data set and return what it says."""
        beginning = self.beginning
        self.warnings.extend(beginning.warnings)
        walk = Walk(beginning.source, beginning.offset, beginning.source.size, beginning.encoding)
        while (element := walk.step()) is not None:
            if element.depth == 0:
                self._top(element)
            else:
                self._nested(element)
        if walk.padding_bytes:
            self.warnings.append(f"{walk.padding_bytes} zero bytes after the last element")
        if walk.stray_items:
            self.warnings.append(f"passed over {walk.stray_items} stray item(s) outside any sequence")
        self._decode()
        return self._made(beginning.file)

    def _top(self, element: Element) -> None:
        tag = element.tag
        if tag in ATTRIBUTES or tag in self.also:
            self._keep(tag, element, MAX_VALUE_BYTES)
        elif tag in _PIXEL_DATA:
            encapsulated = element.length == UNDEFINED
            self.parts.pixels = PixelElement(
                tag, 0 if encapsulated else element.length, encapsulated, element.end - element.value_offset
            )
        elif tag in _VECTORS:
            keyword, vr = _VECTORS[tag]
            if element.length <= MAX_VECTOR_BYTES:
                self.parts.vectors[keyword] = self._values(element, vr)
        elif is_sequence(element):
            self.path[0] = tag

    def _keep(self, tag: int, element: Element, limit_bytes: int) -> None:
        if element.length == UNDEFINED or element.vr == "SQ":
            self.path[0] = tag
        elif element.length > limit_bytes:
            self.warnings.append(f"{named(tag)} has {element.length} bytes and was left out")
        else:
            self.raw[tag] = self._read(element), element

    def _nested(self, element: Element) -> None:
        depth, tag, path = element.depth, element.tag, self.path
        if element.vr == "SQ" or element.length == UNDEFINED:
            path[depth] = tag if not element.is_item else path[depth]
        if element.is_item:
            if depth == 1 and path[0] == _PER_FRAME_GROUPS:
                self.parts.per_frame.append({})
            return
        if depth == 2 and path[0] in {_SHARED_GROUPS, _PER_FRAME_GROUPS} and tag in FRAME_ATTRIBUTES:
            self._frame_attribute(element)
        elif depth == 1 and path[0] == _DETECTORS and tag in _DETECTOR_TAGS:
            self.parts.detector.setdefault(ATTRIBUTES[tag].keyword, self._values(element, ATTRIBUTES[tag].vr))
        elif depth == 3 and tag == _REFERENCED_SERIES[1] and tuple(path[:3]) == _REFERENCED_SERIES[0]:
            self.parts.referenced_series.extend(self._values(element, "UI"))

    def _frame_attribute(self, element: Element) -> None:
        macro = self.path[1]
        if macro >> 16 & 1 or _PLACING_MACROS.get(element.tag, macro) != macro:
            return  # Some writers keep other planes of the same name in private sequences.
        attribute = FRAME_ATTRIBUTES[element.tag]
        if self.path[0] == _SHARED_GROUPS:
            self.parts.shared[attribute.keyword] = self._values(element, attribute.vr)
        elif self.parts.per_frame:
            self.parts.per_frame[-1][attribute.keyword] = self._values(element, attribute.vr)

    def _values(self, element: Element, vr: str) -> tuple[str, ...]:
        if element.length > MAX_VECTOR_BYTES:
            return ()
        used = vr if element.vr in {"UN", ""} else element.vr
        return values_of(self._read(element), used, big=element.encoding.big)

    def _read(self, element: Element) -> bytes:
        return self.beginning.source.read(element.value_offset, element.length)

    def _decode(self) -> None:
        """Turn the kept bytes into text, now that the character set is known."""
        raw_terms = self.raw.get(_CHARACTER_SET)
        terms = values_of(raw_terms[0], "CS") if raw_terms else ()
        encodings = codecs_of(tuple(term.strip() for term in terms)) if terms else DEFAULT
        for tag, (data, element) in self.raw.items():
            known = ATTRIBUTES.get(tag)
            vr = element.vr if element.vr not in {"UN", ""} else known.vr if known else vr_of(tag)
            values = values_of(data, vr, big=element.encoding.big, encodings=encodings)
            if values:
                self.parts.values[known.keyword if known else keyword_of(tag) or tag_text(tag)] = values

    def _made(self, source: Source) -> Instance:
        frames, notes = frame_geometries(self.parts, source.name)
        self.warnings.extend(notes)
        values = self.parts.values
        for element in self.beginning.meta:
            if element.tag == MEDIA_STORAGE_SOP_CLASS and element.length <= MAX_VALUE_BYTES:
                raw = source.read(element.value_offset, element.length)
                values["MediaStorageSOPClassUID"] = values_of(raw, "UI" if element.vr == "UN" else element.vr)
        is_directory = values.get("MediaStorageSOPClassUID") == (MEDIA_DIRECTORY,)
        if not is_directory and not {"SOPClassUID", "SOPInstanceUID"} <= values.keys():
            self.warnings.append(NO_SOP_UIDS)
        return Instance(
            path=source.path,
            size_bytes=source.size,
            mtime_ns=source.mtime_ns,
            transfer_syntax_uid=self.beginning.transfer_syntax_uid,
            values=self.parts.values,
            frames=frames,
            pixel_bytes=_pixel_bytes(self.parts.pixels),
            preamble=self.beginning.preamble,
            referenced_series_uids=tuple(dict.fromkeys(self.parts.referenced_series)),
            warnings=tuple(self.warnings),
        )


def _pixel_bytes(pixels: PixelElement | None) -> int:
    if pixels is None:
        return 0
    return -1 if pixels.encapsulated else pixels.length
