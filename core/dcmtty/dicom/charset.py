"""Text values decoded through Specific Character Set (PS3.5 6.1.2), without a warning for what cannot be decoded."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from functools import lru_cache

from dcmtty.dicom.iso2022 import ESCAPE, PLAIN_DELIMITERS, decoded_with_escapes

DEFAULT = ("latin-1",)
_CODECS = {
    "": "latin-1",
    "ISO_IR 6": "latin-1",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 58": "gb2312",
    "ISO_IR 87": "iso2022_jp",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 149": "euc_kr",
    "ISO_IR 159": "iso2022_jp_2",
    "ISO_IR 166": "iso8859_11",
    "ISO_IR 192": "utf-8",
    "ISO_IR 203": "iso8859_15",
    "GB18030": "GB18030",
    "GBK": "GBK",
}
"""Python's codecs by defined term (PS3.3 C.12.1.1.2); those with code extensions are called `ISO 2022 IR` there."""
ASCII_ALIKE = frozenset(_CODECS.values())
"""Codecs in which bytes below 80 are ASCII, as far as no escape sequence says otherwise."""
_SPELLING = re.compile(r"ISO[ _-]?(?:2022[ _-]?)?(?:IR)?[ _-]?(\d+)")
"""Terms as they are, and as some writers spell them: `ISO-IR 100`, `ISO_2022_IR_87`, `ISO 2022 58`."""
_ALONE = frozenset({"utf-8", "GB18030", "GBK"})
"""Sets that know no code extensions."""
_NO_CHARACTER_SETS = frozenset({"punycode", "unicode-escape", "raw-unicode-escape"})
"""Codecs of Python that make text of text; some raise and warn whatever they are told about errors."""


@lru_cache(maxsize=64)
def codecs_of(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return Python's codecs for the values of Specific Character Set; the default repertoire for unknown ones."""
    if not terms:
        return DEFAULT
    first, *others = map(_codec, terms)
    if first in _ALONE:
        return (first,)
    return (first, *(codec for codec in others if codec not in _ALONE))


def _codec(term: str) -> str:
    spelled = _SPELLING.fullmatch(term)
    known = _CODECS.get(f"ISO_IR {spelled[1]}" if spelled else term.removeprefix("ISO 2022 "))
    if known is not None:
        return known
    try:
        name = codecs.lookup(term).name
    except (LookupError, ValueError):
        return DEFAULT[0]
    return term if name not in _NO_CHARACTER_SETS and isinstance(_try(term), str) else DEFAULT[0]


def _try(name: str) -> object:
    """Return what the codec makes of a byte; codecs that do not decode text are no character sets."""
    try:
        return b"A".decode(name, errors="replace")
    except (LookupError, ValueError):
        return None


def decoded(raw: bytes, encodings: Sequence[str], delimiters: bytes = PLAIN_DELIMITERS) -> str:
    """Return the text of an encoded value; bytes that mean nothing become U+FFFD.

    Args:
        raw: the bytes of the value.
        encodings: as `codecs_of` gives them.
        delimiters: behind which the first set holds again (PS3.5 6.1.2.5.3): with a backslash where it separates
            values, with `^` and `=` in names.
    """
    first = encodings[0]
    if ESCAPE not in raw or first in _ALONE:
        return raw.decode(first, errors="replace")
    return decoded_with_escapes(raw, first, delimiters)
