"""The bytes of an element as they lie in the file: offsets, hexadecimal, and the characters that are printable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dcmtty.dicom.element import UNDEFINED
from dcmtty.dicom.tagnode import TagNode

ROW_BYTES = 16
SHOWN_BYTES = 4096
"""Of a value, where nobody asks for more."""
_READ_BYTES = 1 << 16


class Extent(NamedTuple):
    """Where an element lies, header and value."""

    offset: int
    """Of its tag."""
    header_bytes: int
    value_bytes: int
    """-1 where a delimiter ends it."""
    is_inflated: bool
    """Whether the offset counts in the inflated data set and not in the file."""

    @property
    def text(self) -> str:
        """Where it lies, as a sentence without its end."""
        where = "in the inflated data set" if self.is_inflated else "in the file"
        length = "a value that a delimiter ends" if self.value_bytes < 0 else f"{self.value_bytes} bytes of value"
        return f"offset {self.offset} (0x{self.offset:X}) {where}: {self.header_bytes} bytes of header, {length}"


def extent(node: TagNode) -> Extent:
    """Return where an element lies."""
    element, source = node.element, node.scope.source
    return Extent(element.offset, element.value_offset - element.offset, node.length, source.inflated)


def available_bytes(node: TagNode) -> int:
    """Return how many bytes header and value have.

    Up to the end of what holds it where a delimiter ends it, and to the end of the file behind damage.
    """
    element = node.element
    if node.error:
        return max(node.scope.source.size - element.offset, 0)
    end = element.end if element.length == UNDEFINED else element.value_offset + element.length
    return max(end - element.offset, 0)


def hex_rows(node: TagNode, start: int = 0, limit: int = SHOWN_BYTES) -> Iterator[str]:
    """Yield rows of sixteen bytes of header and value: offset, hexadecimal, printable ASCII.

    Args:
        node: an element, item, fragment or damaged place.
        start: how many bytes of it to pass over.
        limit: how many bytes to show at most.

    Raises:
        InputError: the file cannot be read any more.
    """
    source, first = node.scope.source, node.element.offset
    end = first + min(available_bytes(node), start + limit)
    for part in range(first + start, end, _READ_BYTES):
        data = source.read(part, min(_READ_BYTES, end - part))
        for at in range(0, len(data), ROW_BYTES):
            yield hex_row(part + at, data[at : at + ROW_BYTES])


def hex_row(offset: int, data: bytes) -> str:
    """Return one row: an offset of at least eight digits, up to sixteen bytes, and those that are printable ASCII."""
    digits = data.hex(" ")
    digits = f"{digits[:23]} {digits[23:]}"
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
    return f"{offset:08x}  {digits:<48}  |{text}|"
