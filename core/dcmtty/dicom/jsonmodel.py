"""A file as the DICOM JSON Model (PS3.18 F), made from the tag tree, so that the same bounds hold."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

from dcmtty.dicom.element import UNDEFINED
from dcmtty.dicom.source import Source
from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, values_of

INLINE_BYTES = 1024
"""Longer binary values become a BulkDataURI, unless they are in a deflated part of the file."""
_WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_PERSON_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_WHOLE_NUMBERS = frozenset({"IS", "US", "SS", "UL", "SL", "UV", "SV"})
_NUMBERS = _WHOLE_NUMBERS | {"DS", "FL", "FD"}


def json_model(tree: TagTree) -> dict[str, Any]:
    """Return the data set as the DICOM JSON Model; file meta information and group lengths have no place in it.

    Long binary values are named by a `file:` URI with offset and length in bytes (length -1: up to its delimiter).

    Raises:
        InputError: the file is damaged; half a data set is no data set.
    """
    model = _data_set(tree, [node for node in tree.roots() if node.element.tag >> 16 not in {0, 2}])
    if tree.damage is not None:
        raise tree.damage
    return model


def _data_set(tree: TagTree, nodes: Sequence[TagNode]) -> dict[str, Any]:
    return {
        f"{node.element.tag:08X}": _attribute(tree, node)
        for node in sorted(nodes, key=lambda node: node.element.tag)
        if not node.error and node.element.tag & 0xFFFF
    }


def _attribute(tree: TagTree, node: TagNode) -> dict[str, Any]:
    vr = node.vr
    if node.is_sequence:
        items = [_data_set(tree, tree.children(item)) for item in tree.children(node) if not item.error]
        return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
    if not node.element.length:
        return {"vr": vr}
    if vr not in STRING_VRS and vr not in NUMBER_BYTES:
        return {"vr": vr, **_binary(node.scope.source, node)}
    element = node.element
    raw = node.scope.source.read(element.value_offset, element.length)
    values = values_of(raw, vr, big=element.encoding.big, encodings=node.scope.encodings)
    return {"vr": vr, "Value": [_value(value, vr) for value in values]} if values else {"vr": vr}


def _value(value: str, vr: str) -> Any:  # noqa: ANN401 - JSON has no narrower type
    if vr == "PN":
        groups = zip(_PERSON_NAME_GROUPS, value.split("="), strict=False)
        return {name: text for name, text in groups if text} or None
    if not value:
        return None
    if vr == "AT":
        return value.replace(",", "")
    return _number(value, vr) if vr in _NUMBERS else value


def _number(text: str, vr: str) -> int | float | str:
    """Return the number; the text itself where it is none, or none that JSON has (PS3.18 F.2.3.1)."""
    try:
        if vr in _WHOLE_NUMBERS:
            return int(text)
        number = float(text)
    except ValueError:
        return text
    if math.isfinite(number):
        return number
    return text if vr == "DS" else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]


def _binary(source: Source, node: TagNode) -> dict[str, str]:
    element = node.element
    if element.length == UNDEFINED or (element.length > INLINE_BYTES and not source.inflated):
        where = source.path.absolute().as_uri()
        return {"BulkDataURI": f"{where}?offset={element.value_offset}&length={node.length}"}
    raw = source.read(element.value_offset, element.length)
    size = _WORD_BYTES.get(node.vr, 1)
    if element.encoding.big and size > 1 and len(raw) % size == 0:
        raw = b"".join(raw[at : at + size][::-1] for at in range(0, len(raw), size))
    return {"InlineBinary": base64.b64encode(raw).decode("ascii")}
