"""Whether two values mean the same: numbers as numbers, text as it is read, bytes as bytes (PS3.5 6.2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple

from dcmtty.dicom.compare.bulk import compare_bytes, first_difference, is_big, same_range, value_pieces
from dcmtty.dicom.compare.model import PLAIN, Finding, Kind
from dcmtty.dicom.tagnode import TagNode
from dcmtty.dicom.values import NUMBER_BYTES, STRING_VRS, TEXT_VRS, values_of
from dcmtty.progress import Progress
from dcmtty.text import visible

LONGEST_TEXT_BYTES = 4 << 20
"""Longer text is compared as bytes."""
_LONGEST_NUMBER_BYTES = 64 << 10
_PIECE_BYTES = 64 << 10
_DIGESTED_BYTES = 64
"""Shorter binary values are told whole."""
_NUMERIC_VRS = frozenset(NUMBER_BYTES) - {"AT"} | {"DS", "IS"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?")
_LONGEST_NUMBER = 64
_SEEN_AT_ONCE = 6
"""Of more values the first one that differs is told with its text."""
_SHOWN_CHARACTERS = 24
_SEEN_CHARACTERS = 64
"""Of longer text it is told where it first differs."""


class _Place(NamedTuple):
    """Where two lists of values first differ."""

    number: int
    """From 1."""
    a: str
    b: str


_NOWHERE = _Place(0, "", "")


class _NoNumbers(Exception):
    """A value of a numeric VR is too long to be a list of numbers."""


def compare_values(a: TagNode, b: TagNode, progress: Progress) -> Finding:
    """Compare two values that are neither sequences nor encapsulated pixel data.

    Raises:
        InputError: a file became shorter meanwhile.
        Cancelled: the user stopped it.
    """
    vr_a, vr_b = _read_as(a, b), _read_as(b, a)
    notes = () if a.vr == b.vr else (f"VR {a.vr or '?'} in A, {b.vr or '?'} in B",)
    same = PLAIN if not notes else Finding(Kind.WRITTEN, notes)
    if _is_same_range(a, b, vr_a, vr_b):
        return same
    finding = _compared(a, b, vr_a, vr_b, progress)
    if finding.kind is Kind.SAME:
        return same
    return finding._replace(notes=(*finding.notes, *notes))


def _read_as(node: TagNode, other: TagNode) -> str:
    """Return the VR to read a value by: where this file says none, what the other one says goes before dictionaries."""
    return other.vr if _is_guessed(node) and not _is_guessed(other) and other.vr != "SQ" else node.vr


def _is_guessed(node: TagNode) -> bool:
    return node.element.encoding.implicit or node.element.vr in {"UN", ""}


def _is_same_range(a: TagNode, b: TagNode, vr_a: str, vr_b: str) -> bool:
    """Say whether the bytes are the same and mean the same."""
    if vr_a != vr_b or is_big(a) != is_big(b):
        return False
    if vr_a in TEXT_VRS and a.scope.encodings != b.scope.encodings:
        return False
    start_a, start_b = a.element.value_offset, b.element.value_offset
    end_a, end_b = start_a + a.element.length, start_b + b.element.length
    return same_range(a.scope.source, start_a, end_a, b.scope.source, start_b, end_b)


def _compared(a: TagNode, b: TagNode, vr_a: str, vr_b: str, progress: Progress) -> Finding:
    if not (a.element.length or b.element.length):
        return PLAIN
    if not a.element.length or not b.element.length:
        return _one_is_empty(a, b, vr_a, vr_b)
    if vr_a in _NUMERIC_VRS and vr_b in _NUMERIC_VRS:
        try:
            return _numbers(a, b, vr_a, vr_b, progress)
        except _NoNumbers:
            return _bytes(a, b, "", "", progress)
    texts = STRING_VRS | {"AT"}
    if vr_a in texts and vr_b in texts and max(a.element.length, b.element.length) <= LONGEST_TEXT_BYTES:
        return _texts(_values(a, vr_a), _values(b, vr_b), "PN" in {vr_a, vr_b})
    return _bytes(a, b, vr_a, vr_b, progress)


def _one_is_empty(a: TagNode, b: TagNode, vr_a: str, vr_b: str) -> Finding:
    """Compare an empty value with another; blanks alone are empty, too."""
    node, vr = (a, vr_a) if a.element.length else (b, vr_b)
    if vr in STRING_VRS and node.element.length <= LONGEST_TEXT_BYTES and not any(_values(node, vr)):
        return PLAIN
    return Finding(Kind.CHANGED, (f"empty in {'B' if node is a else 'A'}",))


def _values(node: TagNode, vr: str) -> tuple[str, ...]:
    element = node.element
    raw = node.scope.source.read(element.value_offset, element.length)
    return values_of(raw, vr, big=is_big(node), encodings=node.scope.encodings)


def _texts(a: tuple[str, ...], b: tuple[str, ...], is_name: bool) -> Finding:  # noqa: FBT001 - one of two meanings
    if a == b:
        return PLAIN
    normal_a, normal_b = (tuple(_normal(value, is_name=is_name) for value in values) for values in (a, b))
    if normal_a == normal_b:
        return Finding(Kind.WRITTEN, ("the same text, written otherwise",))
    text_a, text_b = "\\".join(a), "\\".join(b)
    first = first_difference(text_a, text_b)
    notes = _how_many(normal_a, normal_b)
    if max(len(text_a), len(text_b)) > _SEEN_CHARACTERS:
        notes += (f"{len(text_a)} characters in A, {len(text_b)} in B, the first that differs is {first + 1}",)
    return Finding(Kind.CHANGED, notes, first)


def _normal(text: str, *, is_name: bool) -> str:
    """Return text without what never counts: blanks around it, and empty components at the end of a name."""
    text = unicodedata.normalize("NFC", text).strip()
    return "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=") if is_name else text


def _numbers(a: TagNode, b: TagNode, vr_a: str, vr_b: str, progress: Progress) -> Finding:
    count_a = count_b = different = place = 0
    is_rewritten = False
    first = _NOWHERE
    for x, y in zip_longest(_number_texts(a, vr_a), _number_texts(b, vr_b)):
        count_a += x is not None
        count_b += y is not None
        if x == y or (x is not None and y is not None and same_number(x, y, is_same_vr=vr_a == vr_b)):
            is_rewritten = is_rewritten or x != y
            place += 0 if different or x is None else len(x) + 1
            continue
        if not different:
            first = _Place(max(count_a, count_b), x or "", y or "")
        different += 1
        if not different % 4096:
            progress.step(0, 0, "bytes", "comparing")
    if not different:
        return Finding(Kind.WRITTEN, ("the same number, other text",)) if is_rewritten else PLAIN
    place += first_difference(first.a, first.b)
    return Finding(Kind.CHANGED, _counted(count_a, count_b, different, first), place)


def same_number(x: str, y: str, *, is_same_vr: bool = True) -> bool:
    """Say whether two texts are the same number, exactly; between VRs, as double precision has it."""
    if max(len(x), len(y)) > _LONGEST_NUMBER or not (_NUMBER.fullmatch(x) and _NUMBER.fullmatch(y)):
        return False
    return Decimal(x) == Decimal(y) or (not is_same_vr and float(x) == float(y))


def _number_texts(node: TagNode, vr: str) -> Iterator[str]:
    """Yield the numbers as text, a piece of the value at a time."""
    element, source = node.element, node.scope.source
    end, tail = element.value_offset + element.length, b""
    for offset in range(element.value_offset, end, _PIECE_BYTES):
        raw = source.read(offset, min(_PIECE_BYTES, end - offset))
        if vr in NUMBER_BYTES:
            yield from values_of(raw, vr, big=is_big(node))
            continue
        parts = (tail + raw).split(b"\\")
        tail = parts.pop()
        if len(tail) > _LONGEST_NUMBER_BYTES:
            raise _NoNumbers
        for part in parts:
            yield part.decode("latin-1").strip("\0 ")
    if vr not in NUMBER_BYTES:
        yield tail.decode("latin-1").strip("\0 ")


def _how_many(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    same = [x == y for x, y in zip(a, b, strict=False)]
    number = same.index(False) if False in same else len(same)
    first = _Place(number + 1, "".join(a[number : number + 1]), "".join(b[number : number + 1]))
    return _counted(len(a), len(b), max(len(a), len(b)) - sum(same), first)


def _counted(count_a: int, count_b: int, different: int, first: _Place) -> tuple[str, ...]:
    """Say how many of several values differ, and which is the first, with its text where a line may not show it."""
    count = max(count_a, count_b)
    if count < 2:
        return ()
    shown = (visible(text, _SHOWN_CHARACTERS) or "none" for text in (first.a, first.b))
    texts = f" ({' / '.join(shown)})" if count > _SEEN_AT_ONCE else ""
    if count_a != count_b:
        return (f"{count_a} values in A, {count_b} in B, the first that differs is value {first.number}{texts}",)
    return (f"{different} of {count} values differ, the first is value {first.number}{texts}",)


def _bytes(a: TagNode, b: TagNode, vr_a: str, vr_b: str, progress: Progress) -> Finding:
    pieces_a = value_pieces(a, vr_a)
    pieces_b = value_pieces(b, vr_b)
    found = compare_bytes(pieces_a, pieces_b, progress, a.keyword)
    if found.is_same:
        return PLAIN
    digests = found.digests if max(found.lengths) > _DIGESTED_BYTES else None
    return Finding(Kind.CHANGED, (f"the first byte that differs is byte {found.first}",), found.first, digests)
