"""Attributes by keyword become encoded elements in one character set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dcmtty.errors import BuildRefused
from dcmtty.rtstruct import charset
from dcmtty.rtstruct.encoded import LONGEST_SHORT_VALUE, Syntax, item, joined, sequence, tag_of, text_element, vr_of

Tree: TypeAlias = Mapping[str, "str | bytes | Sequence[Tree]"]
"""Keyword to text, to bytes that are a value already, or to the items of a sequence."""

_CHARSET_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


@dataclass(frozen=True, slots=True)
class Composer:
    """Encodes attributes in one transfer syntax and one character set."""

    syntax: Syntax
    character_set: tuple[str, ...] = ()

    def elements(self, tree: Tree) -> dict[int, bytes]:
        """Return each attribute encoded, by tag.

        Raises:
            BuildRefused: a text does not fit the character set.
        """
        return {tag_of(keyword): self._element(keyword, value) for keyword, value in tree.items()}

    def item(self, tree: Tree) -> bytes:
        """Return one encoded sequence item."""
        return item(joined(self.elements(tree)), self.syntax)

    def _element(self, keyword: str, value: str | bytes | Sequence[Tree]) -> bytes:
        if isinstance(value, bytes):
            return text_element(keyword, value, self.syntax)
        if isinstance(value, str):
            return text_element(keyword, self._encoded(keyword, value), self.syntax)
        return sequence(tag_of(keyword), (self.item(tree) for tree in value), self.syntax)

    def _encoded(self, keyword: str, text: str) -> bytes:
        terms = self.character_set if vr_of(tag_of(keyword)) in _CHARSET_VRS else ()
        raw = charset.encode(text, terms)
        if raw is None:
            name = "\\".join(terms) or "ISO_IR 6 (ASCII)"
            raise BuildRefused(f"{keyword}: the text does not fit the character set {name}", remedy="use ASCII letters")
        if len(raw) > LONGEST_SHORT_VALUE:
            raise BuildRefused(f"{keyword}: the text is too long", remedy="shorten it")
        return raw


def texts(tree: Tree) -> Iterator[str]:
    """Yield every text in a tree."""
    for value in tree.values():
        if isinstance(value, str):
            yield value
        elif not isinstance(value, bytes):
            for inner in value:
                yield from texts(inner)
