"""What a pair says to a person: its name, its two values with the place in sight where they part, its notes."""

from __future__ import annotations

from dcmtty.dicom.compare.bulk import is_big
from dcmtty.dicom.compare.meaning import LONGEST_TEXT_BYTES
from dcmtty.dicom.compare.model import Kind, Pair, Side
from dcmtty.dicom.dictionary import uid_name
from dcmtty.dicom.element import UNDEFINED, is_encapsulated
from dcmtty.dicom.tagnode import TagNode
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, values_of
from dcmtty.errors import InputError
from dcmtty.text import visible

_BEFORE = 8
"""How many characters of a long text are shown before the one that differs first."""
_HEX_BYTES = 16


def title(pair: Pair) -> str:
    """Return tag, VR and name of an element, or number and identity of an item; safe for a terminal."""
    node = pair.node
    if node.error:
        return "damaged"
    if node.is_item:
        return _item_title(pair)
    vrs = dict.fromkeys(found.vr or "?" for found in (pair.a, pair.b) if found is not None)
    tags = dict.fromkeys(found.tag for found in (pair.a, pair.b) if found is not None)
    return f"{'/'.join(tags)} {'/'.join(vrs)} {name(node)}"


def name(node: TagNode) -> str:
    """Return the keyword, or the name of what has none."""
    return node.keyword or node.name


def _item_title(pair: Pair) -> str:
    numbers = dict.fromkeys(str(found.path[-1] + 1) for found in (pair.a, pair.b) if found is not None)
    number = f"item {'/'.join(numbers)}" if pair.a is not None and pair.b is not None else pair.node.keyword
    return f"{number}, {pair.label}" if pair.label else number


def values(pair: Pair, limit: int) -> tuple[str, str]:
    """Return both values for a screen, each at most `limit` characters, from about where they first differ.

    Empty where there is none; what cannot be read any more is said instead.
    """
    first = pair.finding.first if pair.kind is Kind.CHANGED else -1
    return _value(pair.a, limit, first), _value(pair.b, limit, first)


def _value(node: TagNode | None, limit: int, first: int) -> str:
    if node is None:
        return ""
    try:
        if is_encapsulated(node.element) and not node.error:
            return "compressed"
        shown = node.text(limit) if first < limit - _BEFORE else _from(node, limit, first)
    except InputError as error:
        return visible(error.message, limit)
    return shown if shown or node.has_children or not _is_value(node) else "(empty)"


def _is_value(node: TagNode) -> bool:
    return not node.error and not node.is_item and not node.is_sequence


def _from(node: TagNode, limit: int, first: int) -> str:
    """Return the value from a little before the place where the other one is not the same any more."""
    element = node.element
    if element.length == UNDEFINED:
        return ""
    if node.vr in STRING_VRS and element.length <= LONGEST_TEXT_BYTES:
        return visible("…" + whole_text(node)[max(first - _BEFORE, 0) :], limit)
    if node.vr in NUMBER_BYTES:
        return node.text(limit)
    start = max(first - first % _HEX_BYTES, 0)
    raw = node.scope.source.read(element.value_offset + start, max(min(_HEX_BYTES, element.length - start), 0))
    return f"byte {start}: {raw.hex(' ')} ({element.length} bytes)"


def whole_text(node: TagNode) -> str:
    """Return all values of an element as text, not yet safe for a terminal; empty for binary data."""
    element = node.element
    if element.length == UNDEFINED or element.length > LONGEST_TEXT_BYTES:
        return ""
    raw = node.scope.source.read(element.value_offset, element.length)
    return "\\".join(values_of(raw, node.vr, big=is_big(node), encodings=node.scope.encodings))


def notes(pair: Pair) -> str:
    """Return the notes in one line, with what sequences and items without a partner hold."""
    parts = list(pair.notes)
    if pair.finding.digests is not None:
        parts.append(f"SHA-256 {pair.finding.digests[0][:16]}… in A, {pair.finding.digests[1][:16]}… in B")
    if pair.node.error:
        parts.append(f"{'A' if pair.a is not None else 'B'}: {pair.node.error}")
    return "; ".join(parts)


def side_line(side: Side) -> str:
    """Return what is to be known of a file: path, transfer syntax, size, preamble, warnings; safe for a terminal."""
    syntax = uid_name(side.transfer_syntax_uid) or visible(side.transfer_syntax_uid, 64) or "no transfer syntax"
    parts = [syntax, f"{side.size_bytes} bytes", _PREAMBLES.get(side.preamble, side.preamble)]
    return f"{visible(side.path)}  {', '.join((*parts, *map(visible, side.warnings)))}"


_PREAMBLES = {
    "clean": "empty preamble",
    "none": "no preamble",
    "dual-tiff": "TIFF preamble",
    "executable": "EXECUTABLE preamble",
    "other": "unusual preamble",
}


def summary(counts: tuple[int, int, int, int], written: int, same: int, ignored: int) -> str:
    """Return the counts in words."""
    changed, only_a, only_b, unknown = counts
    parts = [
        (changed, f"{changed} changed"),
        (only_a, f"{only_a} only in A"),
        (only_b, f"{only_b} only in B"),
        (unknown, f"{unknown} beyond damage"),
        (written, f"{written} written otherwise"),
        (ignored, f"{ignored} ignored"),
    ]
    said = [text for count, text in parts if count]
    if not any(counts):
        said.insert(0, "no difference in value")
    return ", ".join([*said, f"{same} the same"])
