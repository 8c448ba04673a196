"""Values as a person reads them: safe for a terminal, cut to a length, bytes as hex, UIDs with their names."""

from __future__ import annotations

from collections.abc import Sequence

from dcmtty.dicom.dictionary import keyword_of, uid_name
from dcmtty.dicom.element import UNDEFINED, Element
from dcmtty.dicom.source import Source
from dcmtty.dicom.values import NUMBER_BYTES, ONE_VALUE_VRS, STRING_VRS, TEXT_VRS, values_of
from dcmtty.text import visible

_NAMED_VRS = frozenset({"UI", "AT"})
HEX_BYTES = 16
"""How many bytes of a binary value are shown."""
_BYTES_PER_CHARACTER = 8
"""The longest character in any set, with its escape sequence."""
_BYTES_PER_OTHER = 2
"""Of strings in the default repertoire, padded ones included; what is cut off is told by an ellipsis."""
_COUNTED_BYTES = 1 << 20


def shown_value(source: Source, element: Element, vr: str, encodings: Sequence[str], limit: int) -> str:
    """Return the value as text of at most `limit` characters, values separated by a backslash."""
    if not element.length or element.length == UNDEFINED:
        return ""
    if vr not in STRING_VRS and vr not in NUMBER_BYTES:
        return _hex(source, element)
    return _joined(source, element, vr, encodings, limit, named=True)


def _joined(source: Source, element: Element, vr: str, encodings: Sequence[str], limit: int, *, named: bool) -> str:
    size = NUMBER_BYTES.get(vr, 1)
    wanted = limit * max(_BYTES_PER_CHARACTER if vr in TEXT_VRS else _BYTES_PER_OTHER, size)
    raw = source.read(element.value_offset, min(element.length, wanted - wanted % size))
    values = values_of(raw, vr, big=element.encoding.big, encodings=encodings)
    if named and vr in _NAMED_VRS:
        values = tuple(_with_name(value, vr) for value in values)
    text = "\\".join(values)
    if len(raw) < element.length and len(text) <= limit:
        text = text[: limit - 1] + "…"
    return visible(text, limit)


def plain_value(source: Source, element: Element, vr: str, encodings: Sequence[str], limit: int) -> str:
    """Return the value without names of UIDs and tags, as text of at most `limit` characters; bytes as hex."""
    if not element.length or element.length == UNDEFINED:
        return ""
    if vr in STRING_VRS or vr in NUMBER_BYTES:
        return _joined(source, element, vr, encodings, limit, named=False)
    return visible(source.read(element.value_offset, min(element.length, limit)).hex(" "), limit)


def _hex(source: Source, element: Element) -> str:
    raw = source.read(element.value_offset, min(element.length, HEX_BYTES))
    more = " …" if element.length > len(raw) else ""
    return f"{raw.hex(' ')}{more} ({element.length} bytes)"


def _with_name(value: str, vr: str) -> str:
    if vr == "UI":
        name = uid_name(value)
        return f"{value} ({name})" if name else value
    if vr == "AT":
        name = keyword_of(int(value.replace(",", ""), 16))
        return f"{value} ({name})" if name else value
    return value


def count_values(source: Source, element: Element, vr: str, encodings: Sequence[str]) -> int:
    """Return the value multiplicity without making the values (PS3.5 6.4)."""
    length = element.length
    if not length:
        return 0
    if vr in NUMBER_BYTES:
        return length // NUMBER_BYTES[vr]
    if vr not in STRING_VRS or length == UNDEFINED:
        return 1
    if vr in TEXT_VRS and length <= _COUNTED_BYTES:
        return len(values_of(source.read(element.value_offset, length), vr, encodings=encodings))
    if vr in ONE_VALUE_VRS:
        return 1
    offsets = range(element.value_offset, element.value_offset + length, _COUNTED_BYTES)
    end = element.value_offset + length
    return 1 + sum(source.read(offset, min(_COUNTED_BYTES, end - offset)).count(b"\\") for offset in offsets)
