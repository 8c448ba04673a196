"""How what lies in a sequence is encoded, where it differs from what the sequence lies in (PS3.5 6.2.2)."""

from __future__ import annotations

from dcmtty.dicom.element import IMPLICIT_LITTLE, Element, Encoding, looks_explicit
from dcmtty.dicom.source import Source

_ITEM_ENDS = frozenset({b"\xfe\xff\x0d\xe0", b"\xff\xfe\xe0\x0d"})
_LITTLE_ITEMS = frozenset({b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"})


def item_encoding(source: Source, offset: int, length: int, encoding: Encoding) -> Encoding:
    """Return the encoding of an item's content at `offset`; in an explicit data set it may be implicit.

    That is so inside UN, and by some writers' fault elsewhere.
    """
    if encoding.implicit or length < 6:
        return encoding
    index = source.index(offset, 6)
    head = source.buffer[index : index + 6]
    if len(head) < 6 or looks_explicit(head[4:]) or head[:4] in _ITEM_ENDS:
        return encoding
    return Encoding(implicit=True, big=encoding.big)


def sequence_encoding(source: Source, element: Element) -> Encoding:
    """Return the encoding of a sequence's items; UN of undefined length is implicit little endian anywhere."""
    if element.vr != "UN" or not element.encoding.big:
        return element.encoding
    index = source.index(element.value_offset, 4)
    return IMPLICIT_LITTLE if source.buffer[index : index + 4] in _LITTLE_ITEMS else element.encoding
