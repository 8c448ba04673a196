"""Headers of many files: one small read each, and of what is as in the file before, one comparison instead of a walk.

The files of a series differ in a dozen elements. A template keeps the bytes of all others as runs; a run that is the
same byte for byte, at the place where an element begins, holds the same elements and needs no walk. What differs is
walked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dcmtty.dicom.beginning import DEFLATED_UIDS, EXPLICIT_BIG_UID, IMPLICIT_LITTLE_UID
from dcmtty.dicom.charset import codecs_of
from dcmtty.dicom.element import UNDEFINED, looks_explicit
from dcmtty.dicom.header.convert import Convert, Value, converter
from dcmtty.dicom.header.piece import MAX_VALUE_BYTES, Found, PieceWalk, Short, Unusual
from dcmtty.dicom.preamble import PREFIX, PREFIX_END, preamble_state
from dcmtty.dicom.values import values_of
from dcmtty.files import MAX_FILE_BYTES

PIXEL_DATA = 0x7FE00010
_FIRST_PIXEL_DATA = 0x7FE00008
_FIRST_MARK = 0xFFFE0000
_TRANSFER_SYNTAX = 0x00020010
_CHARACTER_SET = 0x00080005
_FIXED = frozenset({_TRANSFER_SYNTAX, _CHARACTER_SET})
"""What decides how others are read: never an element that may differ."""
_SMALLEST_WINDOW_BYTES = 4 << 10
_LARGEST_WINDOW_BYTES = 256 << 10
_MOST_TAIL_BYTES = 4 << 10
_MOST_FRAGMENTS = 10_000
_MOST_TEMPLATES = 4
_SETTLED_HITS = 32
"""After so many files a difference is taken for the start of another series, not for an attribute that varies."""
_CLEAN = bytes(128)
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_PIXEL_VRS = frozenset({b"OB\0\0", b"OW\0\0"})
_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


class Header(NamedTuple):
    """What one file says."""

    row: list[Value]
    """The wanted attributes in order."""
    size_bytes: int
    mtime_ns: int
    preamble: str
    transfer_syntax_uid: str
    pixel_bytes: int | None
    """Length of Pixel Data, -1 when it is encapsulated; None when there is none, or it was not looked for."""


class _Step(NamedTuple):
    """A run of elements that are as in the file before, and the one behind it, which may differ."""

    run: bytes
    run_length: int
    lengths: dict[bytes, int] | None
    """The first eight bytes of that element as met so far, to its whole length; None where these do not tell it."""
    same: bytes
    """Its tag, and its VR where the encoding says it."""
    slot: int
    value: int
    """How many bytes before its value."""
    convert: Convert | None


@dataclass(slots=True)
class _Template:
    """One header taken apart."""

    tags: tuple[int, ...]
    implicit: bool
    transfer_syntax_uid: str
    encodings: tuple[str, ...]
    elements: list[bytes] = field(default_factory=list)
    row: list[Value] = field(default_factory=list)
    varying: set[int] = field(default_factory=set)
    steps: list[_Step] = field(default_factory=list)
    rest: bytes = b""
    hits: int = 0

    @property
    def kind(self) -> tuple[object, ...]:
        """What a header must have in common with this one to be compared with it."""
        return self.tags, self.implicit, self.transfer_syntax_uid, self.encodings


class QuickReader:
    """Reads chosen top-level attributes of one file after another, or steps aside."""

    def __init__(
        self, tags: Sequence[int], refused: frozenset[int] = frozenset(), *, whole: bool, texts: int = 0
    ) -> None:
        """Look for `tags`; of the first `texts` of them the values are joined by a backslash.

        With `whole` it walks on to the end of the file and checks that it is complete. Files with one of the `refused`
        tags are left to the thorough way.
        """
        self._whole = whole
        self._texts = texts
        self._width = len(tags)
        self._stop = _FIRST_PIXEL_DATA if whole else min(max(tags, default=0) + 1, _FIRST_PIXEL_DATA)
        slots = {tag: slot for slot, tag in enumerate(tags)}
        internal = [tag for tag in (_TRANSFER_SYNTAX, _CHARACTER_SET) if tag not in slots]
        self._slots = slots | {tag: self._width + index for index, tag in enumerate(internal)}
        self._walk = PieceWalk(self._slots, refused, self._stop)
        self._templates: list[_Template] = []
        self._window_bytes = 2 * _SMALLEST_WINDOW_BYTES
        self._converters: dict[tuple[int, str, tuple[str, ...]], Convert] = {}
        self._lengths: dict[tuple[bool, bytes], dict[bytes, int]] = {}

    def read(self, path: str, *, follow: bool = False) -> Header | None:
        """Return what a regular file says; None where the thorough way must read it, or say why it cannot be read."""
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
        try:
            descriptor = os.open(path, flags)
        except (OSError, ValueError):
            return None
        try:
            return self._read(descriptor)
        except (Unusual, OSError):
            return None
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int) -> Header | None:
        info = os.fstat(descriptor)
        size = info.st_size
        if not stat.S_ISREG(info.st_mode) or not PREFIX_END < size <= MAX_FILE_BYTES:
            return None
        window = self._window_bytes
        while True:
            data = os.pread(descriptor, window, 0)
            if len(data) != size and len(data) != window:
                return None  # It became shorter while it was read.
            try:
                template, end, row = self._header(data, size)
                break
            except Short:
                if window >= _LARGEST_WINDOW_BYTES:
                    return None
                window *= 4
        preamble = "clean"
        if not data.startswith(_CLEAN):
            preamble = preamble_state(data[:PREFIX_END], size, lambda start, count: os.pread(descriptor, count, start))
        pixel_bytes = None
        if self._whole and end != size:
            pixel_bytes = self._pixels(descriptor, data, end, size, implicit=template.implicit)
        return Header(row, size, info.st_mtime_ns, preamble, template.transfer_syntax_uid, pixel_bytes)

    def _header(self, data: bytes, size: int) -> tuple[_Template, int, list[Value]]:
        """Return the template that fits, where the header ends, and the values.

        Raises:
            Short: more bytes are needed.
            Unusual: the thorough way must read it.
        """
        if data[128:PREFIX_END] != PREFIX:
            raise Unusual
        for index, template in enumerate(self._templates):
            row = template.row.copy()
            end = self._match(template, data, size, row)
            if end:
                template.hits += 1
                if index:
                    self._templates.insert(0, self._templates.pop(index))
                return template, end, row
        return self._learned(data, size)

    def _match(self, template: _Template, data: bytes, size: int, row: list[Value]) -> int:
        """Put what differs from the template into `row` and return where the header ends; 0 where it does not fit."""
        at = PREFIX_END
        for run, run_length, lengths, same, slot, value, convert in template.steps:
            if not data.startswith(run, at):
                return 0
            at += run_length
            if lengths is None:
                length = self._walk.length_at(data, at, size, same, implicit=len(same) == 4)
            else:
                length = lengths.get(data[at : at + 8]) or _length(lengths, data[at : at + 8], same)
            if not length:
                return 0
            if convert is not None:
                row[slot] = convert(data[at + value : at + length])
            at += length
        if not data.startswith(template.rest, at):
            return 0
        at += len(template.rest)
        if at > len(data):
            return 0
        return at if at == size or self._ends_here(data, at) else 0

    def _ends_here(self, data: bytes, at: int) -> bool:
        """Say whether the next element is one that the walk ends before."""
        tag = int.from_bytes(data[at : at + 2], "little") << 16 | int.from_bytes(data[at + 2 : at + 4], "little")
        return self._stop <= tag < _FIRST_MARK and len(data) - at >= 12

    def _learned(self, data: bytes, size: int) -> tuple[_Template, int, list[Value]]:
        """Walk a header, and make a template of it, or better the one that is like it."""
        found, at = self._walk.meta(data, PREFIX_END, size)
        uid = _transfer_syntax(data, found)
        implicit = uid == IMPLICIT_LITTLE_UID
        if at >= size or looks_explicit(data[at + 4 : at + 6]) is implicit:
            raise Unusual
        end = self._walk.data_set(data, at, size, found, implicit=implicit)
        template = _Template(tuple(one.tag for one in found), implicit, uid, _encodings(data, found))
        known = next((one for one in self._templates if one.kind == template.kind), None)
        if known is not None:
            template = known
            self._templates.remove(known)
        elements = [data[one.start : one.end] for one in found]
        if known is not None and known.hits < _SETTLED_HITS:
            triples = enumerate(zip(found, known.elements, elements, strict=True))
            known.varying.update(index for index, (one, old, new) in triples if old != new and one.tag not in _FIXED)
        template.elements, template.hits = elements, 0
        self._take_apart(template, data, found, end)
        self._templates = [template, *self._templates[: _MOST_TEMPLATES - 1]]
        self._window_bytes = -(-(end + 16) // _SMALLEST_WINDOW_BYTES) * _SMALLEST_WINDOW_BYTES
        return template, end, template.row.copy()

    def _take_apart(self, template: _Template, data: bytes, found: Sequence[Found], end: int) -> None:
        """Divide a header into runs and the elements that vary, and read all wanted values of it."""
        template.row = [None] * self._width
        template.steps.clear()
        start = PREFIX_END
        for index, one in enumerate(found):
            convert = None
            if 0 <= one.slot < self._width:
                convert = self._converter(one, template.encodings)
                template.row[one.slot] = convert(data[one.value : one.end])
            if index in template.varying:
                run = data[start : one.start]
                start = one.end
                template.steps.append(
                    self._step(run, data, one, convert, implicit=template.implicit and one.tag >> 16 != 2)
                )
        template.rest = data[start:end]

    def _step(self, run: bytes, data: bytes, one: Found, convert: Convert | None, *, implicit: bool) -> _Step:
        same = data[one.start : one.start + (4 if implicit else 6)]
        lengths = self._lengths.setdefault((implicit, same), {}) if self._walk.is_told(one, implicit=implicit) else None
        return _Step(run, len(run), lengths, same, one.slot, one.value - one.start, convert)

    def _converter(self, one: Found, encodings: tuple[str, ...]) -> Convert:
        key = one.slot, one.vr, encodings
        if key not in self._converters:
            self._converters[key] = converter(one.vr, encodings, as_text=one.slot < self._texts)
        return self._converters[key]

    def _pixels(self, descriptor: int, data: bytes, at: int, size: int, *, implicit: bool) -> int:
        """Return the length of Pixel Data at `at`, -1 for fragments, when the file is complete and ends well."""
        head = data[at : at + 12]
        if not head.startswith(_PIXEL_DATA) or (not implicit and head[4:8] not in _PIXEL_VRS):
            raise Unusual
        value = at + (8 if implicit else 12)
        length = int.from_bytes(head[value - at - 4 : value - at], "little")
        end = value + length
        if length == UNDEFINED:
            end, length = _after_fragments(descriptor, value, size), -1
        left = size - end
        if not 0 <= left <= _MOST_TAIL_BYTES:
            raise Unusual
        if left:
            self._walk.tail(os.pread(descriptor, left, end), left, PIXEL_DATA, implicit=implicit)
        return length


def _length(lengths: dict[bytes, int], head: bytes, same: bytes) -> int:
    """Return the length of an element of this form, and keep it; 0 for another form."""
    if not head.startswith(same) or len(head) < 8:
        return 0
    length = 8 + int.from_bytes(head[len(same) :], "little")
    if length <= MAX_VALUE_BYTES:
        lengths[head] = length
        return length
    return 0


def _transfer_syntax(data: bytes, found: Sequence[Found]) -> str:
    raw = next((data[one.value : one.end] for one in found if one.tag == _TRANSFER_SYNTAX), b"")
    uids = values_of(raw, "UI")
    if len(uids) != 1 or len(raw) > 128 or uids[0] in DEFLATED_UIDS or uids[0] == EXPLICIT_BIG_UID:
        raise Unusual
    return uids[0]


def _encodings(data: bytes, found: Sequence[Found]) -> tuple[str, ...]:
    raw = next((data[one.value : one.end] for one in found if one.tag == _CHARACTER_SET), b"")
    return codecs_of(tuple(term.strip() for term in values_of(raw, "CS")))


def _after_fragments(descriptor: int, at: int, size: int) -> int:
    """Return where encapsulated Pixel Data whose first fragment is at `at` ends (PS3.5 A.4)."""
    for _ in range(_MOST_FRAGMENTS):
        head = os.pread(descriptor, 8, at)
        at += 8
        if head == _SEQUENCE_END:
            return at
        length = int.from_bytes(head[4:], "little")
        if head[:4] != _ITEM or length == UNDEFINED or length > size - at:
            raise Unusual
        at += length
    raise Unusual
