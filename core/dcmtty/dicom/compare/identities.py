"""By which values the items of a sequence may be known, and what their whole content is known by."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial

from dcmtty.dicom.compare.align import Blocks, Identity
from dcmtty.dicom.compare.bulk import is_big
from dcmtty.dicom.dictionary import name_of
from dcmtty.dicom.element import UNDEFINED, Element, is_sequence
from dcmtty.dicom.tagnode import TagNode
from dcmtty.dicom.tags import TagTree
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, values_of
from dcmtty.dicom.walker import Walk
from dcmtty.errors import InputError

_CODE = ((0x00080100,), (0x00080102,))
_PATHS: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((0x30060022,),),  # ROI Number
    ((0x30060084,),),  # Referenced ROI Number
    ((0x30060082,),),  # Observation Number
    ((0x300A00C0,),),  # Beam Number
    ((0x300C0006,),),  # Referenced Beam Number
    ((0x300A0112,),),  # Control Point Index
    ((0x300A0071,),),  # Fraction Group Number
    ((0x300A0012,),),  # Dose Reference Number
    ((0x300A0182,),),  # Patient Setup Number
    ((0x300A0042,),),  # Tolerance Table Number
    ((0x300A0234,),),  # Application Setup Number
    ((0x300A0282,),),  # Channel Number
    ((0x00620004,),),  # Segment Number
    ((0x00081155,),),  # Referenced SOP Instance UID
    ((0x00080018,),),  # SOP Instance UID
    ((0x0020000E,),),  # Series Instance UID
    ((0x0020000D,),),  # Study Instance UID
    ((0x00200052,),),  # Frame of Reference UID
    ((0x00209165,),),  # Dimension Index Pointer
    _CODE,
    ((0x00080119,),),  # Long Code Value
    ((0x00080120,),),  # URN Code Value
    ((0x30060048,),),  # Contour Number
    ((0x30060016, 0x00081155),),  # of the image that a contour lies on
    ((0x00209111, 0x00209157),),  # Dimension Index Values of a frame
)
"""Values that name an item in the objects of PS3.3, the most telling first; of several both together do."""
_LONGEST_IDENTITY_BYTES = 1024
_LONGEST_NUMBER = 64
_DECIMAL_VRS = (frozenset(NUMBER_BYTES) - {"AT"}) | {"DS", "IS"}


def identities(a: TagNode, b: TagNode) -> list[Identity]:
    """Return the identities that the items of two sequences may have, judged by an item of each."""
    tags_a, tags_b = ({element.tag for element in _elements(item)} for item in (a, b))
    found = []
    for paths in _PATHS:
        if all(path[0] in tags_a and path[0] in tags_b for path in paths):
            name = "Code" if paths is _CODE else name_of(paths[0][-1])
            found.append(Identity(name, partial(_identity, paths)))
    return found


def _elements(item: TagNode) -> Iterator[Element]:
    """Yield what is directly in an item, as far as it can be read."""
    walk = Walk.inside(item.scope.source.view(), item.element)
    try:
        while (element := walk.step()) is not None:
            yield element
    except InputError:
        return


def _identity(paths: Sequence[tuple[int, ...]], item: TagNode) -> str:
    values = [_value(item, path) for path in paths]
    return " ".join(values) if values[0] else ""


def _value(item: TagNode, path: tuple[int, ...]) -> str:
    """Return the value at a path of tags, through the first item of each sequence; empty when it is not there."""
    element = next((element for element in _elements(item) if element.tag >= path[0]), None)
    if element is None or element.tag != path[0]:
        return ""
    if len(path) > 1:
        inner = _first_item(item, element)
        return "" if inner is None else _value(inner, path[1:])
    if element.length == UNDEFINED or element.length > _LONGEST_IDENTITY_BYTES:
        return ""
    raw = item.scope.source.read(element.value_offset, element.length)
    return "\\".join(
        value.strip() for value in values_of(raw, element.vr, big=element.encoding.big, encodings=item.scope.encodings)
    )


def _first_item(item: TagNode, element: Element) -> TagNode | None:
    if not is_sequence(element) or not element.length:
        return None
    walk = Walk.inside(item.scope.source.view(), element, as_sequence=True)
    try:
        found = walk.step()
    except InputError:
        return None
    return None if found is None else TagNode(found, item.scope, (*item.path, element.tag, 0), "")


def content_print(tree: TagTree, item: TagNode) -> Hashable:
    """Return a digest of what an item means, the same in every encoding."""
    digest = hashlib.sha256()
    for part in _parts(tree, item):
        digest.update(part)
    return digest.digest()


def _parts(tree: TagTree, item: TagNode) -> Iterator[bytes]:
    blocks = Blocks()
    for node in tree.children(item):
        yield repr(blocks.key(node)).encode()
        if node.is_sequence:
            for inner in tree.children(node):
                yield b"("
                yield from _parts(tree, inner)
                yield b")"
        elif not node.has_children and not node.error:
            yield _normal_value(node)


def _normal_value(node: TagNode) -> bytes:
    element, vr = node.element, node.vr
    raw = node.scope.source.read(element.value_offset, min(element.length, 1 << 20))
    if vr not in STRING_VRS and vr not in NUMBER_BYTES:
        return raw
    values = values_of(raw, vr, big=is_big(node), encodings=node.scope.encodings)
    return "\\".join(_number(value) if vr in _DECIMAL_VRS else value.strip() for value in values).encode()


def _number(text: str) -> str:
    try:
        return str(Decimal(text).normalize()) if len(text) <= _LONGEST_NUMBER else text
    except InvalidOperation:
        return text
