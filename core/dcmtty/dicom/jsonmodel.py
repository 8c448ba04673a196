"""A file as the DICOM JSON Model (PS3.18 F), piece by piece, so that millions of coordinates are never in memory."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from dcmtty.dicom.element import UNDEFINED
from dcmtty.dicom.source import Source
from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, values_of

INLINE_BYTES = 1024
"""Longer binary values become a BulkDataURI, unless they are in a deflated part of the file."""
_WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_PERSON_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NUMBERS = frozenset({"IS", "DS", "US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"})
_NOT_FINITE = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
_WHOLE = re.compile(r"\+?(-?)0*(\d+)")
_DECIMAL = re.compile(r"\+?(-?)0*(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?")
_LONGEST_NUMBER = 4000
"""Longer ones stay text: many readers of JSON, Python among them, refuse them."""
_BASE64_BYTES = 3 << 18
"""Whole groups of three bytes and whole words, so that the pieces are those of the whole."""
_PART_BYTES = 1 << 18
"""Long lists of numbers are read in parts."""


def json_model(tree: TagTree) -> dict[str, Any]:
    """Return the data set as the DICOM JSON Model, whole; see `json_pieces`."""
    model: dict[str, Any] = json.loads("".join(json_pieces(tree)))
    return model


def json_pieces(tree: TagTree) -> Iterator[str]:
    """Yield the data set as the DICOM JSON Model, ASCII; file meta information and group lengths have no place in it.

    Decimal strings keep every digit they have. Long binary values are named by a `file:` URI with offset and length in
    bytes (length -1: up to its delimiter).

    Raises:
        InputError: the file is damaged; half a data set is no data set, so what was yielded is to be thrown away.
    """
    yield from _data_set(tree, [node for node in tree.roots() if node.element.tag >> 16 not in {0, 2}], "\n ")
    yield "\n"
    if tree.damage is not None:
        raise tree.damage


def _data_set(tree: TagTree, nodes: Sequence[TagNode], separator: str) -> Iterator[str]:
    """Yield a data set; the last of elements with one tag stands for all, as in a JSON object it must."""
    by_tag = {node.element.tag: node for node in nodes if not node.error and node.element.tag & 0xFFFF}
    before = "{" + separator
    for tag in sorted(by_tag):
        yield f'{before}"{tag:08X}": '
        yield from _attribute(tree, by_tag[tag])
        before = "," + separator
    yield separator.rstrip(" ") + "}" if by_tag else "{}"


def _attribute(tree: TagTree, node: TagNode) -> Iterator[str]:
    if node.is_sequence:
        before = '{"vr": "SQ", "Value": ['
        for item in tree.children(node):
            if not item.error:
                yield before
                yield from _data_set(tree, tree.children(item), "")
                before = ", "
        yield '{"vr": "SQ"}' if before != ", " else "]}"
        return
    vr = json.dumps(node.vr)
    if not node.element.length:
        yield f'{{"vr": {vr}}}'
    elif node.vr not in STRING_VRS and node.vr not in NUMBER_BYTES:
        yield f'{{"vr": {vr}, '
        yield from _binary(node.scope.source, node)
        yield "}"
    else:
        yield f'{{"vr": {vr}'
        before = ', "Value": ['
        for value in _values(node):
            yield before + _value(value, node.vr)
            before = ", "
        yield "]}" if before == ", " else "}"


def _values(node: TagNode) -> Iterator[str]:
    """Yield the values as text; none where all are empty."""
    element, source, vr = node.element, node.scope.source, node.vr
    if vr not in {"DS", "IS"} or element.length <= _PART_BYTES:
        raw = source.read(element.value_offset, element.length)
        yield from values_of(raw, vr, big=element.encoding.big, encodings=node.scope.encodings)
        return
    left, end = b"", element.value_offset + element.length
    for offset in range(element.value_offset, end, _PART_BYTES):
        whole, _, left = (left + source.read(offset, min(_PART_BYTES, end - offset))).rpartition(b"\\")
        yield from (part.decode("latin-1").strip("\0 ") for part in whole.split(b"\\")) if whole else ()
    yield left.decode("latin-1").strip("\0 ")


def _value(value: str, vr: str) -> str:
    if vr == "PN":
        groups = zip(_PERSON_NAME_GROUPS, value.split("="), strict=False)
        return json.dumps({name: text for name, text in groups if text} or None)
    if not value:
        return "null"
    if vr == "AT":
        return json.dumps(value.replace(",", ""))
    return json_number(value, vr) if vr in _NUMBERS else json.dumps(value)


def json_number(text: str, vr: str) -> str:
    """Return a number as JSON writes it, with all its digits; a string where it is none (PS3.18 F.2.3.1)."""
    if vr in {"FL", "FD"}:
        return _NOT_FINITE.get(text, text)
    if len(text) > _LONGEST_NUMBER:
        return json.dumps(text)
    whole = _WHOLE.fullmatch(text)
    if whole:
        return whole[1] + whole[2]
    found = _DECIMAL.fullmatch(text) if vr == "DS" else None
    if found is None or not (found[2] or found[3]):
        return json.dumps(text)
    sign, digits, fraction, power = found[1], found[2] or "0", found[3], found[4]
    return sign + digits + (f".{fraction}" if fraction else "") + (f"e{power}" if power else "")


def _binary(source: Source, node: TagNode) -> Iterator[str]:
    element = node.element
    if element.length == UNDEFINED or (element.length > INLINE_BYTES and not source.inflated):
        uri = f"{source.path.absolute().as_uri()}?offset={element.value_offset}&length={node.length}"
        yield f'"BulkDataURI": {json.dumps(uri)}'
        return
    size = _WORD_BYTES.get(node.vr, 1)
    is_swapped = element.encoding.big and size > 1 and element.length % size == 0
    end = element.value_offset + element.length
    yield '"InlineBinary": "'
    for offset in range(element.value_offset, end, _BASE64_BYTES):
        raw = source.read(offset, min(_BASE64_BYTES, end - offset))
        if is_swapped:
            raw = b"".join(raw[at : at + size][::-1] for at in range(0, len(raw), size))
        yield base64.b64encode(raw).decode("ascii")
    yield '"'
