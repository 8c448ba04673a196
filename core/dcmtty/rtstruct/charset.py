"""Text in the character set of a data set, strictly: what cannot be read or written without loss is said to be so."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

from pydicom.charset import convert_encodings, decode_bytes, encode_string, python_encoding

UTF_8 = ("ISO_IR 192",)
ESCAPE = 0x1B
GB2312_DESIGNATOR = "\x1b$)A"
"""Python's codec of ISO 2022 IR 58, which pydicom leaves the escape sequences to, does not take them away."""
_ASCII = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
_DELIMITERS = frozenset(b"\\\r\n\t\f")
_NAME_DELIMITERS = _DELIMITERS | frozenset(b"^=")


def is_plain(raw: bytes) -> bool:
    """Say whether the bytes mean the same in every character set of DICOM: ASCII without code extensions."""
    return raw.isascii() and ESCAPE not in raw


def decode(raw: bytes, terms: Sequence[str], *, person_name: bool = False) -> str | None:
    """Return the text of bytes in a Specific Character Set (0008,0005), or None when they are not valid in it.

    In a person's name `^` and `=` too end a code extension (PS3.5 6.1.2.5.3).
    """
    if is_plain(raw):
        return raw.decode("ascii")
    encodings = _encodings(terms)
    delimiters = _NAME_DELIMITERS if person_name else _DELIMITERS
    if encodings is None or _is_undesignated(raw, terms, delimiters):
        return None
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            text = decode_bytes(raw, encodings, set(delimiters))
        except (UnicodeError, LookupError, ValueError):
            return None
    text = text.replace(GB2312_DESIGNATOR, "")
    return None if complaints or chr(ESCAPE) in text else text


def encode(text: str, terms: Sequence[str]) -> bytes | None:
    """Return a text that is no person's name in a Specific Character Set, or None when it cannot be without loss."""
    if chr(ESCAPE) in text:
        return None
    if text.isascii():
        return text.encode("ascii")
    encodings = _encodings(terms)
    if encodings is None:
        return None
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            raw = encode_string(text, encodings)
        except (UnicodeError, LookupError, ValueError):
            return None
    return raw if not complaints and decode(raw, terms) == text else None


def _encodings(terms: Sequence[str]) -> list[str] | None:
    """Return Python's names of the sets; None where only ASCII is declared or a term is not one of the standard."""
    named = [term.strip() for term in terms]
    if not any(term not in _ASCII for term in named):
        return None
    if any(term not in python_encoding for term in named):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert_encodings(named)


def _is_undesignated(raw: bytes, terms: Sequence[str], delimiters: frozenset[int]) -> bool:
    """Say whether 8-bit text stands where only ASCII is; pydicom would take it for Latin-1."""
    if terms[0].strip() not in _ASCII:
        return False
    parts = re.split(b"[" + re.escape(bytes(delimiters)) + b"]", raw)
    return not all(part.partition(bytes([ESCAPE]))[0].isascii() for part in parts)
