"""Text values decoded through Specific Character Set (PS3.5 6.1.2), without a warning for what cannot be decoded."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache

DEFAULT = ("iso8859",)
_PLAIN = {"": "iso8859", "ISO_IR 6": "iso8859", "ISO_IR 100": "latin_1", "ISO_IR 192": "UTF8"}
"""The sets of nearly every file, so that they need no library."""
_ESCAPE = b"\x1b"
_PARTS = re.compile(b"(^[^\x1b]+|[\x1b][^\x1b]*)")
_RESETS = re.compile(rb"[\r\n\t\f]")
_MISSPELT_PLAIN = re.compile(r"ISO[^_]IR")
_MISSPELT_EXTENSION = re.compile(r"(?=ISO.2022.IR.)(?!ISO 2022 IR )")
_ALONE = frozenset({"ISO_IR 192", "GBK", "GB18030"})
"""Sets that know no code extensions (PS3.3 C.12.1.1.2)."""


@lru_cache(maxsize=64)
def codecs_of(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return Python's codecs for the values of Specific Character Set; the default repertoire for unknown ones."""
    if not terms:
        return DEFAULT
    names = [term if term or index else "ISO_IR 6" for index, term in enumerate(terms)]
    if names[0] in _ALONE:
        return (_codec(names[0]),)
    return tuple(_codec(name) for index, name in enumerate(names) if index == 0 or name not in _ALONE)


def _codec(term: str) -> str:
    if term in _PLAIN:
        return _PLAIN[term]
    from pydicom.charset import python_encoding

    for spelling in (term, _respelt(term)):
        if spelling in python_encoding:
            return python_encoding[spelling]
    try:
        codecs.lookup(term)
    except (LookupError, ValueError):
        return DEFAULT[0]
    return term if isinstance(_try(term), str) else DEFAULT[0]


def _try(name: str) -> object:
    """Return what the codec makes of a byte; codecs that do not decode text are no character sets."""
    try:
        return b"A".decode(name, errors="replace")
    except (LookupError, ValueError):
        return None


def _respelt(term: str) -> str:
    if _MISSPELT_PLAIN.match(term):
        return "ISO_IR" + term[6:]
    return "ISO 2022 IR " + term[12:] if _MISSPELT_EXTENSION.match(term) else term


def decoded(raw: bytes, encodings: Sequence[str]) -> str:
    """Return the text of an encoded value; bytes that mean nothing become U+FFFD."""
    if _ESCAPE not in raw:
        return raw.decode(encodings[0], errors="replace")
    return "".join(_decoded_part(part, encodings) for part in _PARTS.findall(raw))


def _decoded_part(part: bytes, encodings: Sequence[str]) -> str:
    """Decode a part that begins with an escape sequence, or has none (PS3.5 6.1.2.5)."""
    if not part.startswith(_ESCAPE):
        return part.decode(encodings[0], errors="replace")
    from pydicom.charset import CODES_TO_ENCODINGS, default_encoding, handled_encodings

    length = 4 if part.startswith((b"\x1b$(", b"\x1b$)")) else 3
    encoding = CODES_TO_ENCODINGS.get(part[:length], "")
    if not encoding or (encoding not in encodings and encoding != default_encoding):
        return part.decode(encodings[0], errors="replace")
    try:
        if encoding in handled_encodings:
            return part.decode(encoding)
        rest = part[length:]
        reset = _RESETS.search(rest)
        cut = reset.start() if reset else len(rest)
        return rest[:cut].decode(encoding) + rest[cut:].decode(encodings[0])
    except UnicodeError:
        return part.decode(encodings[0], errors="replace")
