"""Small ordinary items as lines of text, from one read each: what `tagtext.line` says of their nodes, much faster."""

from __future__ import annotations

import re
from struct import Struct
from typing import NamedTuple

from dcmtty.dicom.charset import ASCII_ALIKE
from dcmtty.dicom.dictionary import is_private, keyword_of, name_of, tag_text, uid_name, vr_of
from dcmtty.dicom.element import KNOWN_VRS, LONG_VRS, UNDEFINED, Element, Encoding, looks_explicit
from dcmtty.dicom.taglisting import element_node, inherited
from dcmtty.dicom.tagnode import SHOWN_CHARACTERS, Scope, TagNode

INDENT = "  "
_INDENTS = [INDENT * level for level in range(80)]
_DEEPEST = 32
_ITEM, _SEQUENCE_END, _MARKS = 0xE000FFFE, 0xE0DDFFFE, 0xFFFE
"""As little endian words of four bytes, the group in the lower half."""
_END_OF_ITEM = b"\xfe\xff\x0d\xe0"
_BACKSLASH = "\\"
_SCOPE_TAGS = frozenset({0x00080005, 0x00280103})
"""Elements that change how those behind them are read."""
_ONE_VRS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UT"})
_MANY_VRS = frozenset({"CS", "DA", "DS", "DT", "IS", "LO", "SH", "TM"})
_one = re.compile(rb"([!-<>-\[\]-~]+(?: +[!-<>-\[\]-~]+)*)[ \0]*").fullmatch
"""One value that needs no second look: printable ASCII with neither a backslash nor, as in names, an equals sign."""
_many = re.compile(rb"([!-\[\]-~][!-~]*)[ \0]*").fullmatch
"""Values without blanks, of which the first is not empty."""
_head = Struct("<LL").unpack_from
_long = Struct("<L").unpack_from


class Odd(Exception):
    """Something in an item is not ordinary: nodes must tell what it is."""


class Form(NamedTuple):
    """How elements that begin with the same bytes are written."""

    tag: int
    vr: str
    head_bytes: int
    before: str
    """Tag and VR."""
    after: str
    """Keyword or name."""
    has_one: bool
    """Whether one value of printable ASCII is written as it is."""
    has_many: bool
    """Whether several are."""


class _Place(NamedTuple):
    depth: int
    """How many sequences the items lie in."""
    level: int
    """Of indentation, of the items."""
    scope: Scope


def element_text(node: TagNode) -> str:
    """Return tag, VR, VM, keyword or name, and value of an element."""
    return f"{node.tag} {node.vr} {node.vm} {node.keyword or node.name}  {node.value}".rstrip()


class ItemText:
    """Writes one item; `lines` has what was written."""

    __slots__ = ("_data", "_encoding", "_forms", "_implicit", "_start", "lines")

    def __init__(self, data: bytes, start: int, encoding: Encoding, forms: dict[bytes, Form]) -> None:
        """Take the bytes of an item in little endian, and where they begin in the file; `forms` is filled and used."""
        self._data = data
        self._start = start
        self._encoding = encoding
        self._implicit = encoding.implicit
        self._forms = forms
        self.lines: list[str] = []

    def write(self, index: int, depth: int, level: int, scope: Scope) -> None:
        """Write the item.

        Args:
            index: of the item, from 0.
            depth: how many sequences it lies in.
            level: of its indentation.
            scope: of what it lies in.

        Raises:
            Odd: it is not ordinary.
        """
        self._item(0, len(self._data), index, _Place(depth, level, scope))

    def _item(self, at: int, end: int, index: int, place: _Place) -> int:
        """Write the item at an index of the bytes; return where it ends."""
        data, scope = self._data, place.scope
        (length,) = _long(data, at + 4)
        at += 8
        stop = end if length == UNDEFINED else at + length
        if stop > end or scope.encodings[0] not in ASCII_ALIKE or not self._has_this_encoding(at, stop):
            raise Odd
        self.lines.append(f"{_INDENTS[place.level]}item {index + 1}")
        indent = _INDENTS[place.level + 1]
        creators: dict[int, str] = {}
        while at < stop:
            form = self._form(at, stop)
            if form is None:
                if length != UNDEFINED or data[at : at + 4] != _END_OF_ITEM:
                    raise Odd
                return at + 8
            value, size = self._extent(form, at)
            if form.vr == "SQ":
                at = self._sequence(form, value, size, stop, _Place(place.depth, place.level, scope))
                continue
            if value + size > stop:
                raise Odd
            text = _plain(form, data[value : value + size])
            if text is None:
                element = self._element(form, at, stop, place.depth)
                scope = inherited(scope, element) if form.tag in _SCOPE_TAGS else scope
                text = _by_node(element, scope, creators)
            self.lines.append(indent + text)
            at = value + size
        if length == UNDEFINED:
            raise Odd
        return at

    def _has_this_encoding(self, at: int, stop: int) -> bool:
        """Say whether the content of an item begins as elements in this encoding do (see `nested.item_encoding`)."""
        if self._implicit or stop - at < 6:
            return True
        return looks_explicit(self._data[at + 4 : at + 6]) or self._data[at : at + 4] == _END_OF_ITEM

    def _extent(self, form: Form, at: int) -> tuple[int, int]:
        """Return where the value begins, and how long it is."""
        value = at + form.head_bytes
        if self._implicit or form.head_bytes == 12:
            return value, _long(self._data, value - 4)[0]
        return value, self._data[at + 6] + (self._data[at + 7] << 8)

    def _element(self, form: Form, at: int, stop: int, depth: int) -> Element:
        value, size = self._extent(form, at)
        start = self._start
        return Element(form.tag, form.vr, depth, start + at, start + value, size, self._encoding, start + stop)

    def _sequence(self, form: Form, at: int, size: int, stop: int, place: _Place) -> int:
        """Write a sequence whose value is at an index of the bytes; return where it ends."""
        end = stop if size == UNDEFINED else at + size
        if end > stop or place.depth >= _DEEPEST:
            raise Odd
        self.lines.append(f"{_INDENTS[place.level + 1]}{form.before}{1 if size else 0}{form.after}".rstrip())
        inner = _Place(place.depth + 1, place.level + 2, place.scope)
        index = 0
        while at < end:
            if end - at < 8:
                raise Odd
            tag, _ = _head(self._data, at)
            if tag == _SEQUENCE_END and size == UNDEFINED:
                return at + 8
            if tag != _ITEM:
                raise Odd
            at = self._item(at, end, index, inner)
            index += 1
        if size == UNDEFINED:
            raise Odd
        return at

    def _form(self, at: int, stop: int) -> Form | None:
        """Return how the element at an index of the bytes is written, None for a delimiter."""
        key = self._data[at : at + (4 if self._implicit else 6)]
        form = self._forms.get(key)
        if form is None:
            if stop - at < 8:
                raise Odd
            word, _ = _head(self._data, at)
            if word & 0xFFFF == _MARKS:
                return None
            form = self._forms[key] = self._new_form((word & 0xFFFF) << 16 | word >> 16, key[4:].decode("latin-1"))
        if at + form.head_bytes > stop:
            raise Odd
        return form

    def _new_form(self, tag: int, vr: str) -> Form:
        vr = vr_of(tag) if self._implicit else vr
        if vr not in KNOWN_VRS:
            raise Odd
        head_bytes = 12 if vr in LONG_VRS and not self._implicit else 8
        is_plain = not is_private(tag) and tag not in _SCOPE_TAGS
        before, after = f"{tag_text(tag)} {vr} ", f" {keyword_of(tag) or name_of(tag)}  "
        return Form(tag, vr, head_bytes, before, after, is_plain and vr in _ONE_VRS, is_plain and vr in _MANY_VRS)


def _plain(form: Form, raw: bytes) -> str | None:
    """Return the line of an element whose value needs no second look, None for others."""
    if not form.has_one:
        return None
    if not raw:
        return f"{form.before}0{form.after}".rstrip()
    found = _one(raw) if len(raw) <= SHOWN_CHARACTERS else None
    if found:
        value = found[1].decode("ascii")
        name = uid_name(value) if form.vr == "UI" else ""
        return f"{form.before}1{form.after}{value} ({name})" if name else f"{form.before}1{form.after}{value}"
    found = _many(raw) if form.has_many else None
    if not found:
        return None
    value = found[1].decode("ascii")
    shown = value if len(value) <= SHOWN_CHARACTERS else value[: SHOWN_CHARACTERS - 1] + "…"
    return f"{form.before}{value.count(_BACKSLASH) + 1}{form.after}{shown}"


def _by_node(element: Element, scope: Scope, creators: dict[int, str]) -> str:
    node = element_node(element, scope, (element.tag,), creators)
    if node.has_children:
        raise Odd
    return element_text(node)
