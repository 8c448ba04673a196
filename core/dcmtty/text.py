"""The one place where data from files, servers and users becomes text for a terminal or a table."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BIDI_AND_MARKS = frozenset({*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF})
_LINE_BREAKS = frozenset({0x2028, 0x2029})
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Co"})
_SEEN_FORMATS = frozenset({0xAD, *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD})
"""Format characters that are drawn: the soft hyphen, and signs that stand before a number."""
_OTHER = re.compile(r"[^ -~…]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_FORMULA_STARTS = tuple("=+-@\t\r\0＝＋－＠")


def _escaped(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _shown(match: re.Match[str]) -> str:
    return _escaped(match[0]) if _is_unsafe(match[0]) else match[0]


def _is_unsafe(char: str) -> bool:
    code = ord(char)
    return code in _BIDI_AND_MARKS or code in _LINE_BREAKS or unicodedata.category(char) in _UNSAFE_CATEGORIES


def visible(value: object, limit: int | None = None) -> str:
    r"""Return text in which nothing can act on a terminal: controls, C1, bidi and unassigned become `\x1b` style.

    A backslash stays a backslash (it separates DICOM values). With `limit`, longer text ends in an ellipsis.
    """
    text = value if isinstance(value, str) else str(value)
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return _OTHER.sub(_shown, text)


def cell_width(text: str) -> int:
    """Return how many terminal cells the text takes: wide East Asian characters two, combining marks none.

    Characters are counted one by one, as terminals do that draw an emoji sequence as its parts.
    """
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


@lru_cache(maxsize=8192)
def _char_width(char: str) -> int:
    code = ord(char)
    if 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:
        return 0
    category = unicodedata.category(char)
    if category in {"Mn", "Me"} or (category == "Cf" and code not in _SEEN_FORMATS):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def fit(text: str, width: int) -> str:
    """Return the text padded or cut with an ellipsis to exactly `width` cells."""
    used = cell_width(text)
    if used <= width:
        return text + " " * (width - used)
    out, used = [], 0
    for char in text:
        step = _char_width(char)
        if used + step > width - 1:
            break
        out.append(char)
        used += step
    return "".join(out) + "…" + " " * (width - 1 - used) if width > 0 else ""


def csv_cell(value: object, *, raw: bool = False) -> str:
    """Return one CSV cell, quoted after RFC 4180.

    Without `raw`, what a spreadsheet would take for a formula gets an apostrophe in front (OWASP ASVS 1.2.10).
    """
    text = visible(value)
    if not raw and text.startswith((*_FORMULA_STARTS, "\\x09", "\\x0d", "\\x00")) and not _NUMBER.fullmatch(text):
        text = "'" + text
    if any(char in text for char in ',"\n\r') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text
