"""Encoded DICOM elements cut into pieces and put together again, so that what nobody edited keeps its very bytes.

Every length is checked against what contains it; nothing recurses, so hostile nesting ends in an error, not in a crash.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dcmtty.errors import InputError, TruncatedFile

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
LONGEST_SHORT_VALUE = 65_534
"""Most bytes of a value whose VR has a 16-bit length in Explicit VR (PS3.5 7.1.2)."""

_MAX_DEPTH = 32
_LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})


@dataclass(frozen=True, slots=True)
class Syntax:
    """How elements are encoded."""

    uid: str
    implicit: bool
    little: bool = True
    deflated: bool = False

    @property
    def order(self) -> str:
        """The byte order as `struct` writes it."""
        return "<" if self.little else ">"


IMPLICIT = Syntax(ImplicitVRLittleEndian, implicit=True)
EXPLICIT = Syntax(ExplicitVRLittleEndian, implicit=False)
SYNTAXES: Mapping[str, Syntax] = {
    syntax.uid: syntax
    for syntax in (
        IMPLICIT,
        EXPLICIT,
        Syntax(ExplicitVRBigEndian, implicit=False, little=False),
        Syntax(DeflatedExplicitVRLittleEndian, implicit=False, deflated=True),
    )
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One encoded element: where it stands in the bytes it was cut from, and where its value does."""

    data: bytes
    tag: int
    vr: bytes
    start: int
    value_start: int
    value_end: int
    """Without the delimiter of an undefined length."""
    end: int
    syntax: Syntax
    """How the items inside it are encoded: inside UN that is Implicit VR Little Endian (PS3.5 6.2.2)."""

    @property
    def value(self) -> bytes:
        """The encoded value."""
        return self.data[self.value_start : self.value_end]

    @property
    def encoded(self) -> bytes:
        """The whole element with its header."""
        return self.data[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Item:
    """One encoded item of a sequence."""

    data: bytes
    start: int
    value_start: int
    value_end: int
    end: int
    syntax: Syntax

    @property
    def encoded(self) -> bytes:
        """The whole item with its header and delimiter."""
        return self.data[self.start : self.end]

    def pieces(self) -> dict[int, Piece]:
        """Return the item's elements by tag."""
        return cut(self.data, self.value_start, self.value_end, self.syntax)


@lru_cache(maxsize=1024)
def tag_of(keyword: str) -> int:
    """Return the tag of a keyword of the standard.

    Raises:
        KeyError: it is none.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


@lru_cache(maxsize=1024)
def vr_of(tag: int) -> str:
    """Return the VR of a tag of the standard.

    Raises:
        KeyError: it is none.
    """
    return dictionary_VR(tag)


def cut(data: bytes, start: int, end: int, syntax: Syntax) -> dict[int, Piece]:
    """Cut encoded elements apart, by tag; of a repeated tag the first counts.

    Raises:
        TruncatedFile: a length reaches beyond `end`.
        InputError: nested deeper than 32.
    """
    pieces: dict[int, Piece] = {}
    while start < end:
        piece = _piece(data, start, end, syntax)
        pieces.setdefault(piece.tag, piece)
        start = piece.end
    return pieces


def items(piece: Piece) -> list[Item]:
    """Return the items of a sequence in their order.

    Raises:
        TruncatedFile: a length reaches beyond the sequence.
        InputError: something else than an item stands in it, or it is nested deeper than 32.
    """
    found: list[Item] = []
    at = piece.value_start
    while at < piece.value_end:
        tag, length = _item_header(piece.data, at, piece.value_end, piece.syntax)
        if tag != ITEM:
            name = _name(piece.tag)
            raise InputError(f"sequence {name} holds something that is no item", remedy="use an intact file")
        body = at + 8
        value_end, end = (
            _undefined_end(piece.data, body, piece.value_end, piece.syntax, ITEM_END)
            if length == UNDEFINED
            else _defined_end(body, length, piece.value_end)
        )
        found.append(Item(piece.data, at, body, value_end, end, piece.syntax))
        at = end
    return found


def element(tag: int, vr: str, value: bytes, syntax: Syntax) -> bytes:
    """Return one encoded element with a defined length; the value must have an even length already.

    Raises:
        InputError: the value is too long for its VR in Explicit VR.
    """
    header = struct.pack(f"{syntax.order}HH", tag >> 16, tag & 0xFFFF)
    if syntax.implicit:
        return header + struct.pack(f"{syntax.order}L", len(value)) + value
    if vr.encode() in _LONG_VRS:
        return header + vr.encode() + b"\0\0" + struct.pack(f"{syntax.order}L", len(value)) + value
    if len(value) > LONGEST_SHORT_VALUE:
        raise InputError(f"the value of {_name(tag)} is too long for Explicit VR", remedy="write Implicit VR")
    return header + vr.encode() + struct.pack(f"{syntax.order}H", len(value)) + value


def text_element(keyword: str, text: str | bytes, syntax: Syntax) -> bytes:
    """Return one encoded text element (ASCII, or bytes in the data set's character set), padded to an even length."""
    tag = tag_of(keyword)
    vr = vr_of(tag)
    raw = text if isinstance(text, bytes) else text.encode("ascii")
    if len(raw) % 2:
        raw += b"\0" if vr == "UI" else b" "
    return element(tag, vr, raw, syntax)


def sequence(tag: int, encoded_items: Iterable[bytes], syntax: Syntax) -> bytes:
    """Return one encoded sequence of encoded items."""
    return element(tag, "SQ", b"".join(encoded_items), syntax)


def item(body: bytes, syntax: Syntax) -> bytes:
    """Return one encoded item around encoded elements."""
    return struct.pack(f"{syntax.order}HHL", ITEM >> 16, ITEM & 0xFFFF, len(body)) + body


def joined(elements: Mapping[int, bytes]) -> bytes:
    """Return encoded elements in the order of their tags."""
    return b"".join(elements[tag] for tag in sorted(elements))


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _piece(data: bytes, start: int, end: int, syntax: Syntax) -> Piece:
    tag, vr, length, value_start = _header(data, start, end, syntax)
    inner = IMPLICIT if vr == b"UN" else syntax
    if length == UNDEFINED:
        value_end, after = _undefined_end(data, value_start, end, inner, SEQUENCE_END)
    else:
        value_end, after = _defined_end(value_start, length, end)
    return Piece(data, tag, vr, start, value_start, value_end, after, inner)


def _header(data: bytes, start: int, end: int, syntax: Syntax) -> tuple[int, bytes, int, int]:
    """Return tag, VR (empty in Implicit VR), length and where the value starts."""
    if start + 8 > end:
        raise TruncatedFile(f"the data ends inside an element header at byte {start}", remedy="fetch the file again")
    group, number = struct.unpack_from(f"{syntax.order}HH", data, start)
    tag = group << 16 | number
    if syntax.implicit or group == 0xFFFE:
        return tag, b"", struct.unpack_from(f"{syntax.order}L", data, start + 4)[0], start + 8
    vr = data[start + 4 : start + 6]
    if vr not in _LONG_VRS:
        return tag, vr, struct.unpack_from(f"{syntax.order}H", data, start + 6)[0], start + 8
    if start + 12 > end:
        raise TruncatedFile(f"the data ends inside an element header at byte {start}", remedy="fetch the file again")
    return tag, vr, struct.unpack_from(f"{syntax.order}L", data, start + 8)[0], start + 12


def _item_header(data: bytes, start: int, end: int, syntax: Syntax) -> tuple[int, int]:
    tag, _, length, _ = _header(data, start, end, syntax)
    return tag, length


def _defined_end(value_start: int, length: int, end: int) -> tuple[int, int]:
    if value_start + length > end:
        raise TruncatedFile(
            f"an element at byte {value_start} says {length} bytes, {end - value_start} are there",
            remedy="fetch the file again",
        )
    return value_start + length, value_start + length


def _undefined_end(data: bytes, at: int, end: int, syntax: Syntax, delimiter: int) -> tuple[int, int]:
    """Return where the value ends and where its delimiter does, for a sequence or an item of undefined length."""
    waiting = [(delimiter, syntax)]
    while waiting:
        if len(waiting) > _MAX_DEPTH:
            raise InputError("sequences are nested deeper than 32", remedy="use an intact file")
        wanted, inner = waiting[-1]
        tag, vr, length, value_start = _header(data, at, end, inner)
        if tag == wanted:
            waiting.pop()
            if not waiting:
                return at, value_start
            at = value_start
        elif length == UNDEFINED:
            following = inner if wanted == SEQUENCE_END else (IMPLICIT if vr == b"UN" else inner)
            waiting.append((ITEM_END if tag == ITEM else SEQUENCE_END, following))
            at = value_start
        else:
            at = _defined_end(value_start, length, end)[1]
    raise TruncatedFile("a sequence of undefined length does not end", remedy="fetch the file again")
