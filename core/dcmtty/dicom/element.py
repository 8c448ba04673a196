"""One element of a data set as the walker sees it: where it lies and how it is encoded (PS3.5 7)."""

from __future__ import annotations

from typing import NamedTuple

from dcmtty.dicom.dictionary import keyword_of, tag_text

UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD

LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""Explicit VRs with two reserved bytes and a length of four (PS3.5 7.1.2)."""
KNOWN_VRS = LONG_VRS | frozenset(
    "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split(),  # noqa: SIM905 - read as a list of words
)


class Encoding(NamedTuple):
    """How elements are encoded (PS3.5 7.1, 7.3)."""

    implicit: bool
    big: bool


IMPLICIT_LITTLE = Encoding(implicit=True, big=False)
EXPLICIT_LITTLE = Encoding(implicit=False, big=False)
EXPLICIT_BIG = Encoding(implicit=False, big=True)


class Element(NamedTuple):
    """Where one element, or one item of a sequence, lies; its value is read from the source when it is wanted."""

    tag: int
    vr: str
    """Two letters; of the dictionary where the encoding is implicit; empty for items and fragments."""
    depth: int
    """How many sequences it lies in."""
    offset: int
    """Of its tag."""
    value_offset: int
    length: int
    """In bytes, or UNDEFINED when a delimiter ends it."""
    encoding: Encoding
    """Of the element; of its content for an item."""
    end: int
    """Where the container that holds it ends at the latest."""

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a sequence or a fragment of encapsulated pixel data."""
        return self.tag == ITEM


def named(tag: int) -> str:
    """Return a tag with its keyword for a message, e.g. `(7FE0,0010) PixelData`."""
    return f"({tag_text(tag)}) {keyword_of(tag)}".rstrip()


def is_sequence(element: Element) -> bool:
    """Say whether the element holds items with elements."""
    return element.vr == "SQ" or (element.length == UNDEFINED and not is_encapsulated(element))


def is_encapsulated(element: Element) -> bool:
    """Say whether the element holds fragments of encapsulated pixel data (PS3.5 A.4)."""
    return element.length == UNDEFINED and (
        element.vr in {"OB", "OW", "OD", "OF", "OL", "OV"} or (element.tag >> 16 == 0x7FE0 and element.vr != "SQ")
    )


def holds_items(element: Element) -> bool:
    """Say whether items or fragments lie in the element."""
    return element.vr == "SQ" or element.length == UNDEFINED


def looks_explicit(two_bytes: bytes) -> bool:
    """Say whether the two bytes after a tag are letters, as a VR has them."""
    return len(two_bytes) == 2 and all(0x40 < byte < 0x5B for byte in two_bytes)
