"""The tag tree of a file: every element as a node, opened lazily, its value read and decoded when it is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

from dcmtty.dicom.beginning import Beginning, begin
from dcmtty.dicom.charset import codecs_of
from dcmtty.dicom.dictionary import (
    is_private,
    may_be_signed,
    private_vr_of,
    tag_of,
    vr_of,
)
from dcmtty.dicom.element import EXPLICIT_LITTLE, UNDEFINED, Element, is_encapsulated
from dcmtty.dicom.source import open_source
from dcmtty.dicom.tagnode import Scope, TagNode
from dcmtty.dicom.values import values_of
from dcmtty.dicom.walker import Walk, no_sequence
from dcmtty.errors import InputError
from dcmtty.text import visible

__all__ = ["TagNode", "TagTree", "open_tags"]

SEARCHED_CHARACTERS = 65_536
"""How much of a value `TagTree.find` looks at."""
_LONGEST_TERMS_BYTES = 512
_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
_UNKNOWN_VR_BYTES = 0xFFFF
"""Longer UN values stay bytes: they may be anything."""
_TAG_PATTERN = re.compile(r"\(?[0-9A-Fa-f]{4},?\s?[0-9A-Fa-f]{4}\)?")


class TagTree:
    """The elements of one open file; every method may be called from any thread."""

    def __init__(self, beginning: Beginning) -> None:
        self._beginning = beginning
        self.damage: InputError | None = None
        """The first place found so far where the file is damaged."""

    @property
    def preamble(self) -> str:
        """The state of the preamble, as `preamble.preamble_state` names it."""
        return self._beginning.preamble

    @property
    def beginning(self) -> Beginning:
        """Where the data set begins and how it is encoded."""
        return self._beginning

    def roots(self) -> list[TagNode]:
        """Return the elements of the file meta information and of the data set; a last node tells of damage."""
        beginning = self._beginning
        meta = [TagNode(element, Scope(beginning.file), (element.tag,), element.vr) for element in beginning.meta]
        source = beginning.source
        walk = Walk(source.view(), beginning.offset, source.size, beginning.encoding, enter=no_sequence)
        return meta + self._listed(walk, Scope(source), ())

    def children(self, node: TagNode) -> list[TagNode]:
        """Return the items of a sequence, the elements of an item, or the fragments of pixel data."""
        if not node.has_children:
            return []
        if node.is_item:
            return self._listed(Walk.inside(node.scope.source.view(), node.element), node.scope, node.path)
        return self._items(node)

    def find(self, pattern: str) -> Iterator[TagNode]:
        """Yield the elements whose tag, keyword, name or value matches, in file order.

        The pattern is a tag (`0010,0010`, `(0010,0010)`, `00100010`) or part of a keyword, name or value, in any case.
        """
        tag = tag_of(pattern) if _TAG_PATTERN.fullmatch(pattern.strip()) else None
        wanted = pattern.casefold()
        for node in self.walk():
            if node.is_item or node.error:
                continue
            texts = (node.keyword, node.name)
            named = node.element.tag == tag or any(wanted in text.casefold() for text in texts)
            if named or wanted in node.text(SEARCHED_CHARACTERS).casefold():
                yield node

    def walk(self) -> Iterator[TagNode]:
        """Yield every node, each before those below it."""
        waiting = self.roots()[::-1]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(self.children(node)[::-1])

    def close(self) -> None:
        """Close the file; nodes keep what they have, but can no longer read values."""
        self._beginning.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ending: object) -> None:
        self.close()

    def _listed(self, walk: Walk, scope: Scope, path: tuple[int, ...]) -> list[TagNode]:
        """List the elements of a data set."""
        nodes: list[TagNode] = []
        creators: dict[int, str] = {}
        try:
            while (element := walk.step()) is not None:
                scope = _inherited(scope, element)
                nodes.append(_element_node(element, scope, (*path, element.tag), creators))
        except InputError as error:
            nodes.append(self._damaged(error, scope, path, walk.offset))
        return nodes

    def _items(self, node: TagNode) -> list[TagNode]:
        """List the items of a sequence, or the fragments of encapsulated pixel data."""
        nodes: list[TagNode] = []
        offset = node.offset
        try:
            walk = Walk.inside(node.scope.source.view(), node.element, as_sequence=node.is_sequence)
            while (element := walk.step()) is not None:
                nodes.append(TagNode(element, node.scope, (*node.path, len(nodes)), "" if node.is_sequence else "OB"))
                offset = walk.offset
        except InputError as error:
            nodes.append(self._damaged(error, node.scope, node.path, offset))
        return nodes

    def _damaged(self, error: InputError, scope: Scope, path: tuple[int, ...], offset: int) -> TagNode:
        if self.damage is None:
            self.damage = error
        place = Element(0, "", len(path) // 2, offset, offset, 0, EXPLICIT_LITTLE, offset)
        return TagNode(place, scope, (*path, -1), "", error=visible(error.message))


def open_tags(path: Path) -> TagTree:
    """Open the tag tree of a file; close it when it is no longer looked at.

    Raises:
        NotDicom: the file is something else.
        TruncatedFile: not even its file meta information is complete.
        InputError: not readable, or a deflate bomb. Damage further in the file becomes a node and `TagTree.damage`.
    """
    source = open_source(path)
    try:
        return TagTree(begin(source))
    except InputError:
        source.close()
        raise


def _inherited(scope: Scope, element: Element) -> Scope:
    """Return the scope with what this element changes for those behind it."""
    if element.tag == _CHARACTER_SET and element.length <= _LONGEST_TERMS_BYTES:
        terms = values_of(scope.source.read(element.value_offset, element.length), "CS")
        return replace(scope, encodings=codecs_of(tuple(term.strip() for term in terms)))
    if element.tag == _PIXEL_REPRESENTATION and element.length == 2:
        return replace(scope, signed=any(scope.source.read(element.value_offset, 2)))
    return scope


def _element_node(element: Element, scope: Scope, path: tuple[int, ...], creators: dict[int, str]) -> TagNode:
    tag = element.tag
    if not is_private(tag):
        return TagNode(element, scope, path, _standard_vr(element, scope))
    number = tag & 0xFFFF
    if 0x10 <= number <= 0xFF and element.length != UNDEFINED:
        return _creator_node(element, scope, path, creators)
    creator = creators.get(tag >> 8, "")
    vr = element.vr
    if vr == "UN":
        vr = "SQ" if element.length == UNDEFINED else private_vr_of(tag, creator)
    return TagNode(element, scope, path, vr, creator)


def _creator_node(element: Element, scope: Scope, path: tuple[int, ...], creators: dict[int, str]) -> TagNode:
    """Return the node of a private creator, and keep in mind which block it reserves (PS3.5 7.8.1)."""
    if element.length <= _LONGEST_TERMS_BYTES:
        raw = scope.source.read(element.value_offset, element.length)
        creators[element.tag >> 16 << 8 | element.tag & 0xFF] = "".join(
            values_of(raw, "LO", encodings=scope.encodings)[:1]
        )
    return TagNode(element, scope, path, "LO" if element.vr == "UN" else element.vr)


def _standard_vr(element: Element, scope: Scope) -> str:
    vr = element.vr
    if element.encoding.implicit and is_encapsulated(element):
        return "OB"
    if vr == "UN" and (element.length < _UNKNOWN_VR_BYTES or element.length == UNDEFINED):
        vr = vr_of(element.tag)
        vr = "SQ" if vr == "UN" and element.length == UNDEFINED else vr
    if vr == "US" and scope.signed and (element.encoding.implicit or element.vr == "UN") and may_be_signed(element.tag):
        return "SS"
    return vr
