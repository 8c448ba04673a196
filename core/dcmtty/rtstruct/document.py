"""An RTSTRUCT file taken apart into its encoded elements, with or without a preamble."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import RTStructureSetStorage

from dcmtty.errors import InputError, NotDicom, TruncatedFile
from dcmtty.files import read_whole
from dcmtty.rtstruct import charset
from dcmtty.rtstruct.encoded import EXPLICIT, IMPLICIT, SYNTAXES, Item, Piece, Syntax, cut, items, tag_of
from dcmtty.text import visible

MAX_BYTES = 1 << 30
_PREAMBLE_BYTES = 132
_EXPLICIT_VRS = frozenset({b"UI", b"CS", b"SH", b"UL", b"DA", b"LO", b"OB", b"TM"})


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The data set of one RTSTRUCT file, cut at its top level."""

    path: Path
    syntax: Syntax
    pieces: Mapping[int, Piece]
    """Top-level elements by tag, without file meta information."""
    character_set: tuple[str, ...]
    """Specific Character Set (0008,0005); empty when not given."""
    has_preamble: bool

    def text(self, keyword: str) -> str:
        """Return the value of a top-level text attribute, without padding; empty when absent."""
        return text_of(self.pieces, keyword, self.character_set)

    def items(self, keyword: str) -> list[Item]:
        """Return the items of a top-level sequence; none when it is absent."""
        return items_of(self.pieces, keyword)


def text_of(pieces: Mapping[int, Piece], keyword: str, character_set: tuple[str, ...] = ()) -> str:
    """Return the text of an attribute without padding; bytes that are not valid in the set come out as escapes."""
    piece = pieces.get(tag_of(keyword))
    if piece is None:
        return ""
    raw = piece.value.rstrip(b"\0")
    text = charset.decode(raw, character_set)
    return (raw.decode("ascii", "backslashreplace") if text is None else text).strip(" ")


def items_of(pieces: Mapping[int, Piece], keyword: str) -> list[Item]:
    """Return the items of a sequence; none when it is absent."""
    piece = pieces.get(tag_of(keyword))
    return [] if piece is None else items(piece)


def read_document(path: Path) -> Document:
    """Read an RTSTRUCT file.

    Raises:
        NotDicom: the file is not DICOM.
        InputError: not readable, not an RT Structure Set, or encoded in a way no RTSTRUCT can be.
        TruncatedFile: the file ends inside an element, or a length is wrong.
    """
    name = visible(path)
    data = read_whole(path, limit_bytes=MAX_BYTES)
    has_preamble = data[128:_PREAMBLE_BYTES] == b"DICM"
    try:
        syntax, body = _past_meta(data, _PREAMBLE_BYTES if has_preamble else 0)
        pieces = cut(body, 0, len(body), syntax)
    except TruncatedFile as error:
        if not has_preamble and not _looks_like_dicom(data):
            raise NotDicom(f"{name}: not a DICOM file", remedy="name an RTSTRUCT file") from error
        raise TruncatedFile(f"{name}: {error.message}", remedy=error.remedy) from error
    except InputError as error:
        raise type(error)(f"{name}: {error.message}", remedy=error.remedy) from error
    _require_structure_set(pieces, syntax, name, dicom=has_preamble or _looks_like_dicom(data))
    return Document(path, syntax, pieces, terms_of(pieces), has_preamble)


def _require_structure_set(pieces: Mapping[int, Piece], syntax: Syntax, name: str, *, dicom: bool) -> None:
    if not dicom:
        raise NotDicom(f"{name}: not a DICOM file", remedy="name an RTSTRUCT file")
    if text_of(pieces, "SOPClassUID") != RTStructureSetStorage:
        raise InputError(f"{name}: not an RT Structure Set", remedy="name an RTSTRUCT file")
    if syntax.uid not in SYNTAXES:
        raise InputError(f"{name}: transfer syntax {visible(syntax.uid)} is none for an RTSTRUCT", remedy="convert it")


def terms_of(pieces: Mapping[int, Piece], inherited: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the character set of a data set or an item; an item inherits it unless it has its own (PS3.5 7.5.3)."""
    text = text_of(pieces, "SpecificCharacterSet")
    return tuple(term.strip() for term in text.split("\\")) if text else inherited


def _looks_like_dicom(data: bytes) -> bool:
    return data[:2] in {b"\x02\x00", b"\x08\x00", b"\x00\x08"} and data[2:4] != b"\xff\xff"


def _past_meta(data: bytes, start: int) -> tuple[Syntax, bytes]:
    """Return the transfer syntax and the bytes of the data set, inflated where need be."""
    uid, at = "", start
    while data[at : at + 2] == b"\x02\x00" and at + 8 <= len(data):
        piece = _meta_piece(data, at)
        if piece.tag == 0x00020010:
            uid = piece.value.rstrip(b"\0 ").decode("ascii", "replace")
        at = piece.end
    if not uid:
        return _guessed_syntax(data, at), data[at:]
    syntax = SYNTAXES.get(uid, Syntax(uid, implicit=False))
    return syntax, _inflated(data[at:]) if syntax.deflated else data[at:]


def _meta_piece(data: bytes, at: int) -> Piece:
    """Return the element of group 0002 that starts here."""
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    header = 8
    if data[at + 4 : at + 6] in {b"OB", b"UN"}:
        length, header = int.from_bytes(data[at + 8 : at + 12], "little"), 12
    return next(iter(cut(data, at, min(at + header + length, len(data)), EXPLICIT).values()))


def _guessed_syntax(data: bytes, at: int) -> Syntax:
    """Return the syntax of a data set without file meta information (PS3.10 knows none; Implicit VR is the default)."""
    return EXPLICIT if data[at + 4 : at + 6] in _EXPLICIT_VRS else IMPLICIT


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = inflater.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise TruncatedFile("the deflated data set is damaged", remedy="fetch the file again") from error
    if inflater.unconsumed_tail:
        raise InputError(f"the data set is larger than {MAX_BYTES} bytes", remedy="use a smaller file")
    if not inflater.eof:
        raise TruncatedFile("the deflated data set ends early", remedy="fetch the file again")
    return body
