"""Binary values compared and digested piece by piece, in the byte order of little endian."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dcmtty.dicom.element import UNDEFINED
from dcmtty.dicom.source import Source
from dcmtty.dicom.tagnode import TagNode
from dcmtty.progress import Progress

PIECE_BYTES = 1 << 20
WORD_BYTES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
"""What is swapped in big endian (PS3.5 7.3)."""


class BytesFinding(NamedTuple):
    """How two runs of bytes stand to each other."""

    is_same: bool
    first: int
    """The first byte that differs, from 0, or where the shorter one ends; -1 when they are the same."""
    digests: tuple[str, str]
    lengths: tuple[int, int]


def compare_bytes(a: Iterator[bytes], b: Iterator[bytes], progress: Progress, label: str = "") -> BytesFinding:
    """Compare two runs of bytes; each is read once and never held as a whole.

    Raises:
        Cancelled: the user stopped it.
    """
    run_a, run_b = _Run(a), _Run(b)
    equal, first = 0, -1
    while not (run_a.is_over and run_b.is_over):
        behind = run_b if run_a.is_over or (run_b.length < run_a.length and not run_b.is_over) else run_a
        behind.pull()
        progress.step(behind.length, 0, "bytes", label)
        if first >= 0:
            run_a.ahead = run_b.ahead = b""
            continue
        common = min(len(run_a.ahead), len(run_b.ahead))
        if run_a.ahead[:common] != run_b.ahead[:common]:
            first = equal + first_difference(run_a.ahead, run_b.ahead)
        elif (run_a.is_over and len(run_b.ahead) > common) or (run_b.is_over and len(run_a.ahead) > common):
            first = equal + common
        equal += common
        run_a.ahead, run_b.ahead = run_a.ahead[common:], run_b.ahead[common:]
    digests = run_a.digest.hexdigest(), run_b.digest.hexdigest()
    return BytesFinding(first < 0, first, digests, (run_a.length, run_b.length))


class _Run:
    """One run of bytes, read as far as the other one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.digest = hashlib.sha256()
        self.length = 0
        self.ahead = b""
        """What was read and not compared yet: a piece at most."""
        self.is_over = False

    def pull(self) -> None:
        """Read the next piece."""
        piece = next(self._pieces, None)
        if piece is None:
            self.is_over = True
            return
        self.digest.update(piece)
        self.length += len(piece)
        self.ahead += piece


def first_difference(a: bytes | str, b: bytes | str) -> int:
    """Return where two texts or runs of bytes first differ: the length of the shorter one if that is how it begins."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def is_big(node: TagNode) -> bool:
    """Say whether a value is in big endian; that of UN never is (PS3.5 6.2.2)."""
    return node.element.encoding.big and node.element.vr != "UN"


def value_pieces(node: TagNode, vr: str = "") -> Iterator[bytes]:
    """Yield the value of an element of known length; the words of big endian are swapped."""
    source, element = node.scope.source, node.element
    size = WORD_BYTES.get(vr, 1) if is_big(node) else 1
    end = element.value_offset + element.length
    for offset in range(element.value_offset, end, PIECE_BYTES):
        piece = source.read(offset, min(PIECE_BYTES, end - offset))
        yield piece if size == 1 else swapped(piece, size)


def range_pieces(source: Source, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` up to `end`."""
    for offset in range(start, end, PIECE_BYTES):
        yield source.read(offset, min(PIECE_BYTES, end - offset))


def fragment_pieces(fragments: Sequence[TagNode]) -> Iterator[bytes]:
    """Yield the fragments of encapsulated pixel data, without the Basic Offset Table (PS3.5 A.4)."""
    for node in fragments[1:]:
        if node.element.length != UNDEFINED and not node.error:
            yield from value_pieces(node)


def same_range(a: Source, start_a: int, end_a: int, b: Source, start_b: int, end_b: int) -> bool:
    """Say whether two ranges hold the same bytes."""
    if end_a - start_a != end_b - start_b:
        return False
    pieces = zip(range_pieces(a, start_a, end_a), range_pieces(b, start_b, end_b), strict=True)
    return all(one == other for one, other in pieces)


def swapped(piece: bytes, size: int) -> bytes:
    """Return the words of a run of bytes, each turned round; what is left over at the end stays."""
    whole = len(piece) - len(piece) % size
    out = bytearray(piece)
    for at in range(size):
        out[at:whole:size] = piece[size - 1 - at : whole : size]
    return bytes(out)
