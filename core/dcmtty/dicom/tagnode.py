"""A node of the tag tree: an element, item, fragment or damaged place; its value is read when it is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from dcmtty.dicom.charset import DEFAULT
from dcmtty.dicom.dictionary import is_private, keyword_of, name_of, tag_text
from dcmtty.dicom.display import count_values, plain_value, shown_value
from dcmtty.dicom.element import ITEM, UNDEFINED, Element, is_encapsulated, is_sequence
from dcmtty.dicom.source import Source
from dcmtty.text import visible

SHOWN_CHARACTERS = 512
"""Longer values are cut in `TagNode.value`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a data set hands down to the items in it."""

    source: Source
    encodings: tuple[str, ...] = DEFAULT
    signed: bool = False
    """Pixel Representation, which decides between US and SS where the file does not."""


@dataclass(frozen=True, slots=True, eq=False)
class TagNode:
    """One element, one item of a sequence, one fragment of pixel data, or the place where the file is damaged."""

    element: Element
    scope: Scope = field(repr=False)
    path: tuple[int, ...]
    """Tags and item indexes (from 0) in turn, from the top; the last one is the node's own."""
    vr: str
    """Of the file, or of the dictionary where the file says none or UN; empty for items."""
    creator: str = ""
    """Of a private element: its private creator."""
    error: str = ""
    """Of the place where the file is damaged: what is wrong; the node has nothing else to say."""

    @property
    def is_item(self) -> bool:
        """Whether it is an item or a fragment and no element."""
        return self.element.tag == ITEM and not self.error

    @property
    def tag(self) -> str:
        """`gggg,eeee`; empty for a damaged place."""
        return "" if self.error else tag_text(self.element.tag)

    @property
    def keyword(self) -> str:
        """The keyword of PS3.6, empty for private and unknown elements; `item 1` for items."""
        if self.error or self.is_item:
            return "" if self.error else f"item {self.path[-1] + 1}"
        return "" if is_private(self.element.tag) else keyword_of(self.element.tag)

    @property
    def name(self) -> str:
        """The name of PS3.6, or of the private creator's dictionary in brackets."""
        if self.error or self.is_item:
            return "damaged" if self.error else self.keyword
        return visible(name_of(self.element.tag, self.creator))

    @property
    def length(self) -> int:
        """In bytes, -1 when a delimiter ends the value."""
        return -1 if self.element.length == UNDEFINED else self.element.length

    @property
    def offset(self) -> int:
        """Of the tag, in the file, or in the inflated data set of a deflated file."""
        return self.element.offset

    @property
    def depth(self) -> int:
        """How many levels down the tree: 0 for the elements of the data set, 1 for their items."""
        return len(self.path) - 1

    @property
    def is_sequence(self) -> bool:
        """Whether it holds items with elements."""
        return not self.error and not self.is_item and (self.vr == "SQ" or is_sequence(self.element))

    @property
    def has_children(self) -> bool:
        """Whether there may be nodes below it."""
        return bool(self.element.length) and (
            self.is_sequence or is_encapsulated(self.element) or (self.is_item and not self._is_fragment)
        )

    @property
    def _is_fragment(self) -> bool:
        return self.vr == "OB" and self.is_item

    @property
    def vm(self) -> int:
        """How many values it has; 1 for a sequence, 0 when empty."""
        if self.error or self.is_item:
            return 0
        if self.has_children:
            return 1
        return count_values(self.scope.source, self.element, self.vr, self.scope.encodings)

    @property
    def value(self) -> str:
        """The value for a screen: safe, cut at SHOWN_CHARACTERS, bytes as hex, UIDs with their names."""
        return self.text(SHOWN_CHARACTERS)

    @property
    def order(self) -> tuple[bool, int]:
        """Where it stands in the file, for comparison; two elements have the same one only in a damaged file."""
        return self.scope.source.inflated, self.element.offset

    def plain(self, limit: int) -> str:
        """Return the value as `text` does, but UIDs and tags without names, and bytes as hex alone."""
        if self.error or self.has_children or (self.is_item and not self._is_fragment):
            return ""
        return plain_value(self.scope.source, self.element, self.vr, self.scope.encodings, limit)

    def text(self, limit: int) -> str:
        """Return the value for a screen, cut at `limit` characters."""
        if self.error:
            return self.error
        if self.has_children or (self.is_item and not self._is_fragment):
            return ""
        return shown_value(self.scope.source, self.element, self.vr, self.scope.encodings, limit)
