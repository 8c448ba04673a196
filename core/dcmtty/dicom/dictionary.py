"""Names and value representations of tags, from pydicom's dictionaries (PS3.6), loaded only when they are needed."""

from __future__ import annotations

import re
from functools import lru_cache

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?\s?([0-9A-Fa-f]{4})\)?")
_MARKS = {0xFFFEE000: "Item", 0xFFFEE00D: "ItemDelimitationItem", 0xFFFEE0DD: "SequenceDelimitationItem"}


def tag_text(tag: int) -> str:
    """Return a tag as `gggg,eeee`."""
    return f"{tag >> 16:04X},{tag & 0xFFFF:04X}"


def is_private(tag: int) -> bool:
    """Say whether the tag belongs to a private group (PS3.5 7.8)."""
    return bool(tag >> 16 & 1)


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> str:
    """Return the value representation of a standard tag, `UN` when it is not in the dictionary.

    Where the dictionary allows several, the first is taken, or `OW` for pixel and look-up data.
    """
    from pydicom.datadict import dictionary_VR

    if tag in _MARKS:
        return ""
    if not tag & 0xFFFF:
        return "UL"
    if is_private(tag):
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    try:
        choices = str(dictionary_VR(tag)).split(" or ")
    except KeyError:
        return "UN"
    return "OW" if "OW" in choices else choices[0]


@lru_cache(maxsize=4096)
def may_be_signed(tag: int) -> bool:
    """Say whether Pixel Representation decides between US and SS (PS3.6, PS3.5 A.1)."""
    from pydicom.datadict import dictionary_VR

    try:
        return "SS" in str(dictionary_VR(tag)).split(" or ")
    except KeyError:
        return False


@lru_cache(maxsize=4096)
def keyword_of(tag: int) -> str:
    """Return the keyword of a standard tag, an empty string when there is none."""
    from pydicom.datadict import keyword_for_tag

    return _MARKS.get(tag) or keyword_for_tag(tag)


@lru_cache(maxsize=4096)
def name_of(tag: int, creator: str = "") -> str:
    """Return the name of a tag; for a private one that of its creator's dictionary, in brackets, when it is known."""
    from pydicom.datadict import dictionary_description, private_dictionary_description

    try:
        if not is_private(tag):
            return "Group Length" if not tag & 0xFFFF else dictionary_description(tag)
        if 0x10 <= tag & 0xFFFF <= 0xFF:
            return "Private Creator"
        return f"[{private_dictionary_description(tag, creator)}]" if creator else "Private"
    except KeyError:
        return "Private" if is_private(tag) else "Unknown"


@lru_cache(maxsize=4096)
def private_vr_of(tag: int, creator: str) -> str:
    """Return the value representation of a private tag by its creator's dictionary, or `UN`."""
    from pydicom.datadict import private_dictionary_VR

    try:
        return str(private_dictionary_VR(tag, creator)).split(" or ", maxsplit=1)[0] if creator else "UN"
    except KeyError:
        return "UN"


def tag_of(text: str) -> int | None:
    """Return the tag that a keyword, `gggg,eeee`, `(gggg,eeee)` or `ggggeeee` names, or None."""
    match = _TAG.fullmatch(text.strip())
    if match:
        return int(match[1], 16) << 16 | int(match[2], 16)
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(text.strip())
