"""How a file begins: preamble, file meta information, and how the data set behind them is encoded (PS3.10 7)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from io import BytesIO

from dcmtty.dicom.dictionary import vr_of
from dcmtty.dicom.element import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    KNOWN_VRS,
    UNDEFINED,
    Element,
    Encoding,
    looks_explicit,
)
from dcmtty.dicom.preamble import EXECUTABLE_WARNING, PREFIX, PREFIX_END, has_prefix, preamble_state
from dcmtty.dicom.source import Source
from dcmtty.dicom.values import values_of
from dcmtty.dicom.walker import Walk
from dcmtty.errors import InputError, NotDicom, TruncatedFile

IMPLICIT_LITTLE_UID = "1.2.840.10008.1.2"
EXPLICIT_BIG_UID = "1.2.840.10008.1.2.2"
DEFLATED_UIDS = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
MAX_INFLATED_BYTES = 512 << 20
MAX_INFLATED_RATIO = 100
_ALWAYS_INFLATED_BYTES = 16 << 20
"""Small files of mostly zeros (masks) deflate better than 1 to 100."""
_PROBED_ELEMENTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """Where the data set of a file begins and how it is read."""

    preamble: str
    """As `preamble.preamble_state` names it."""
    meta: tuple[Element, ...]
    """Elements of group 0002, and of group 0000 where a file has them; offsets count in the file."""
    file: Source
    """The bytes of the file."""
    source: Source
    """The bytes of the data set: the file, or what its deflated part holds."""
    offset: int
    """Of the first element of the data set, in `source`."""
    encoding: Encoding
    transfer_syntax_uid: str
    """Empty when the file does not say."""
    warnings: tuple[str, ...] = ()


def begin(source: Source) -> Beginning:
    """Read the beginning of a file.

    Raises:
        NotDicom: neither a DICM prefix nor a plausible first element.
        TruncatedFile: the file meta information or the deflated data is cut.
        InputError: the deflated data is a bomb, or damaged.
    """
    head = source.read(0, min(PREFIX_END, source.size))
    start = PREFIX_END if has_prefix(head) else len(PREFIX) if head.startswith(PREFIX) else 0
    if not start and not _is_plausible(source):
        raise NotDicom(f"{source.name}: not a DICOM file", remedy="name a DICOM file")
    meta, offset = _meta(source, start)
    if offset >= source.size:
        raise TruncatedFile(f"{source.name}: ends after the file meta information", remedy="get a complete copy")
    uid = _transfer_syntax(source, meta)
    state = preamble_state(head, source.size, source.available)
    warnings: tuple[str, ...] = (EXECUTABLE_WARNING,) if state == "executable" else ()
    data_set = source
    if uid in DEFLATED_UIDS:
        data_set, unused_bytes = _inflated(source, offset)
        offset = 0
        if unused_bytes > 1:
            warnings += (f"{unused_bytes} bytes after the deflated data set",)
    encoding, notes = _encoding(data_set, offset, uid)
    return Beginning(state, meta, source, data_set, offset, encoding, uid, warnings + notes)


def _meta(source: Source, start: int) -> tuple[tuple[Element, ...], int]:
    """Return the elements of groups 0002 and 0000 and where the data set begins; their group length is not believed."""
    found: list[Element] = []
    offset = start
    for group, encoding in ((2, EXPLICIT_LITTLE), (0, IMPLICIT_LITTLE)):
        walk = Walk(source, offset, source.size, encoding)
        while walk.offset < source.size and _group_at(source, walk.offset) == group:
            if group == 0 and not found and walk.offset == offset and not _is_command_set(source, offset):
                break
            if (element := walk.step()) is None:
                break
            found.append(element)
        offset = walk.offset
    return tuple(found), offset


def _group_at(source: Source, offset: int) -> int:
    index = source.index(offset, 2)
    head = source.buffer[index : index + 2]
    return int.from_bytes(head, "little") if len(head) == 2 else -1


def _is_command_set(source: Source, offset: int) -> bool:
    """Say whether a command group length stands there (PS3.7 6.3); padding and big endian data begin with zeros too."""
    index = source.index(offset, 8)
    return source.buffer[index : index + 8] == b"\0\0\0\0\x04\0\0\0"


def _transfer_syntax(source: Source, meta: tuple[Element, ...]) -> str:
    for element in meta:
        if element.tag == 0x00020010 and element.length != UNDEFINED:
            values = values_of(source.read(element.value_offset, min(element.length, 128)), "UI")
            return values[0] if values else ""
    return ""


def _encoding(source: Source, offset: int, uid: str) -> tuple[Encoding, tuple[str, ...]]:
    """Return the encoding that the transfer syntax says, unless the first element shows another one."""
    index = source.index(offset, 8)
    head = source.buffer[index : index + 8]
    if not uid:
        return _guessed(head), ("no Transfer Syntax UID; the encoding was guessed",)
    said = {IMPLICIT_LITTLE_UID: IMPLICIT_LITTLE, EXPLICIT_BIG_UID: EXPLICIT_BIG}.get(uid, EXPLICIT_LITTLE)
    if len(head) < 6 or looks_explicit(head[4:6]) is not said.implicit:
        return said, ()
    found = "explicit" if said.implicit else "implicit"
    note = f"the transfer syntax says otherwise, but the data set is in {found} VR"
    return said._replace(implicit=not said.implicit), (note,)


def _guessed(head: bytes) -> Encoding:
    """Guess from the first element: its VR, and a group that is small in one byte order only."""
    if head[4:6].decode("latin-1") not in KNOWN_VRS:
        return IMPLICIT_LITTLE
    return EXPLICIT_BIG if int.from_bytes(head[:2], "little") >= 0x400 else EXPLICIT_LITTLE


def _is_plausible(source: Source) -> bool:
    """Say whether a file without prefix begins with a few elements of a group that DICOM files begin with."""
    if source.size < 8:
        return False
    head = source.read(0, 8)
    if _is_command_set(source, 0):
        return True
    group = int.from_bytes(head[:2], "little")
    encoding = EXPLICIT_LITTLE if group == 2 else _guessed(head)
    if encoding.big:
        group = int.from_bytes(head[:2], "big")
    if group not in {2, 8} or (encoding.implicit and vr_of(_first_tag(head)) == "UN"):
        return False
    return _begins_well(source, encoding)


def _begins_well(source: Source, encoding: Encoding) -> bool:
    """Say whether the first elements have growing tags and lengths that fit."""
    walk = Walk(source, 0, source.size, encoding)
    last = -1
    try:
        for _ in range(_PROBED_ELEMENTS):
            element = walk.step()
            if element is None or element.depth:
                break
            if element.tag <= last:
                return False
            last = element.tag
    except InputError as error:
        return isinstance(error, TruncatedFile) and last >= 0
    return last >= 0


def _first_tag(head: bytes) -> int:
    return int.from_bytes(head[:2], "little") << 16 | int.from_bytes(head[2:4], "little")


def _inflated(source: Source, offset: int) -> tuple[Source, int]:
    """Inflate the data set (PS3.5 A.5), never beyond the cap; return also how many bytes follow it."""
    deflated_bytes = source.size - offset
    cap = min(MAX_INFLATED_BYTES, max(_ALWAYS_INFLATED_BYTES, MAX_INFLATED_RATIO * deflated_bytes))
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    whole = BytesIO()
    size = 0
    try:
        while not engine.eof and (offset < source.size or engine.unconsumed_tail):
            data = engine.unconsumed_tail or source.read(offset, min(1 << 20, source.size - offset))
            offset += 0 if engine.unconsumed_tail else len(data)
            part = engine.decompress(data, 4 << 20)
            size += len(part)
            if size > cap:
                raise InputError(f"{source.name}: inflates to more than {cap} bytes", remedy="refused as a bomb")
            whole.write(part)
    except zlib.error as error:
        raise InputError(f"{source.name}: the deflated data set is damaged", remedy="get a good copy") from error
    if not engine.eof:
        raise TruncatedFile(f"{source.name}: the deflated data set is cut", remedy="get a complete copy")
    inflated = Source(source.path, size, whole.getvalue())  # shares the buffer: hundreds of megabytes exist once
    inflated.inflated, inflated.mtime_ns = True, source.mtime_ns
    return inflated, len(engine.unused_data) + source.size - offset
