"""Code extensions: text that changes its character set by escape sequences (PS3.5 6.1.2.4, ISO/IEC 2022)."""

from __future__ import annotations

import re
from typing import NamedTuple

ESCAPE = b"\x1b"
PLAIN_DELIMITERS = b"\t\n\f\r"
"""Controls behind which the first set of a data set holds again."""
VALUE_DELIMITERS = PLAIN_DELIMITERS + b"\\"
NAME_DELIMITERS = VALUE_DELIMITERS + b"^="


class _State(NamedTuple):
    """Which sets the bytes below and above 80 mean."""

    low: str
    """`ascii`, or the codec in whose pairs the bytes below 80 are read with their high bit set."""
    high: str
    """A codec that has ASCII below 80."""


_JIS_X_0208, _JIS_X_0212 = "jis_x_0208", "jis_x_0212"
_LOW = {
    b"(B": "ascii",
    b"(J": "ascii",
    b"$B": _JIS_X_0208,
    b"$@": _JIS_X_0208,
    b"$(B": _JIS_X_0208,
    b"$(D": _JIS_X_0212,
}
_HIGH = {
    b")I": "shift_jis",
    b"-A": "latin-1",
    b"-B": "iso8859_2",
    b"-C": "iso8859_3",
    b"-D": "iso8859_4",
    b"-F": "iso8859_7",
    b"-G": "iso8859_6",
    b"-H": "iso8859_8",
    b"-L": "iso8859_5",
    b"-M": "iso8859_9",
    b"-T": "iso8859_11",
    b"-b": "iso8859_15",
    b"$)A": "gb2312",
    b"$)C": "euc_kr",
}
_SEQUENCE = re.compile(rb"\x1b(\$?[()-][@-~]|\$[@-~])")
_JAPANESE = frozenset({"iso2022_jp", "iso2022_jp_2"})
"""Codecs that stand for sets of pairs below 80, which nothing above 80 belongs to."""
_PAIR = 2
_FIRST_OF_PAIR = 0x21
_HIGH_BIT = 0x80


def decoded_with_escapes(raw: bytes, first: str, delimiters: bytes) -> str:
    """Decode text that has escape sequences; those that designate nothing known stay in it.

    A set that Specific Character Set does not name is taken all the same: its escape sequence says what it is.

    Args:
        raw: the bytes.
        first: the codec that holds at the beginning and again behind each delimiter.
        delimiters: single bytes, never looked for inside pairs.
    """
    begin = state = _State("ascii", "latin-1" if first in _JAPANESE else first)
    out: list[str] = []
    for part in _parts(raw):
        designated = _designated(part, state)
        if designated is not None:
            state = designated
        elif state.low == "ascii":
            text, state = _single(part, state, begin, delimiters)
            out.append(text)
        else:
            text, state = _pairs(part, state, begin, delimiters)
            out.append(text)
    return "".join(out)


def _parts(raw: bytes) -> list[bytes]:
    """Return escape sequences and what stands between them, in turn."""
    parts: list[bytes] = []
    at = 0
    for match in _SEQUENCE.finditer(raw):
        parts += [raw[at : match.start()], match[0]]
        at = match.end()
    return [part for part in (*parts, raw[at:]) if part]


def _designated(part: bytes, state: _State) -> _State | None:
    """Return what holds behind an escape sequence, or None for text and unknown sequences."""
    if not part.startswith(ESCAPE):
        return None
    code = part[1:]
    if code in _LOW:
        return state._replace(low=_LOW[code])
    return state._replace(high=_HIGH[code]) if code in _HIGH else None


def _single(part: bytes, state: _State, begin: _State, delimiters: bytes) -> tuple[str, _State]:
    """Decode text whose low bytes are ASCII: up to a delimiter in the set that holds, behind it in the first one."""
    if state == begin:
        return part.decode(state.high, errors="replace"), state
    at = next((at for at, byte in enumerate(part) if byte in delimiters), len(part))
    text = part[:at].decode(state.high, errors="replace")
    return (text, state) if at == len(part) else (text + part[at:].decode(begin.high, errors="replace"), begin)


def _pairs(part: bytes, state: _State, begin: _State, delimiters: bytes) -> tuple[str, _State]:
    """Decode text whose low bytes come in pairs; a control, or half a pair that is a delimiter, ends it."""
    out: list[str] = []
    at = 0
    while at < len(part):
        pair = part[at : at + _PAIR]
        if pair[0] in delimiters and (pair[0] < _FIRST_OF_PAIR or len(pair) < _PAIR):
            return "".join((*out, part[at:].decode(begin.high, errors="replace"))), begin
        if _FIRST_OF_PAIR <= pair[0] < _HIGH_BIT:
            out.append(_character(pair, state.low))
            at += _PAIR
        else:
            out.append(pair[:1].decode(state.high, errors="replace"))
            at += 1
    return "".join(out), state


def _character(pair: bytes, low: str) -> str:
    """Decode a pair of JIS X 0208 or JIS X 0212 as EUC-JP has it."""
    high = bytes(byte | _HIGH_BIT for byte in pair)
    return (b"\x8f" + high if low == _JIS_X_0212 else high).decode("euc_jp", errors="replace")
