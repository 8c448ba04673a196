"""Damages real files on purpose: bytes flipped, cut, spliced; lengths, VRs, tags, items and encodings changed."""

from __future__ import annotations

import contextlib
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pydicom.data

from checkout import SAMPLES
from dcmtty.dicom.beginning import Beginning, begin
from dcmtty.dicom.element import UNDEFINED, Element
from dcmtty.dicom.source import memory_source
from dcmtty.dicom.walker import elements
from dcmtty.errors import InputError
from dicom_bytes import DEFLATED, element, item, mark, sequence
from hostile_files import MAGICS

PYDICOM_FILES = Path(pydicom.data.__file__).parent
LARGEST_BYTES = 60_000
"""Larger files hold more pixels, not more structure."""
MARK = "TUFSSw"
"""Stands in every text that was put into a file, so that it can be found again in what a terminal was sent."""
HOSTILE = (
    f"\x1b]52;c;{MARK}==\x07", f"\x1b]0;{MARK}\x1b\\", f"\x1bP{MARK}\x1b\\", f"\x1b[31m{MARK}", f"\x9b31m{MARK}",
    f"\x9d0;{MARK}\x9c", f"\x90{MARK}\x9c", f"{MARK}\x7f\x08\x08\r", f"[/]{MARK}[bold", f"[@click=app.quit]{MARK}[/]",
    f"\u202e{MARK}", f"\u2066{MARK}", f"=cmd|'{MARK}'!A0", f"../../{MARK}", f"\\..\\{MARK}", f"\0{MARK}", f"{MARK}\n\n",
    f"{MARK}\ufeff", f"{MARK}\U000e0041", "1e999", "nan", "-inf", "9" * 400, "1_0", "\u0661", "", " ", "\\" * 40,
)  # fmt: skip
"""Texts that act on terminals, markup, spreadsheets, paths or numbers."""
_CHARACTER_SETS = (
    "ISO_IR 192", "ISO_IR 100", "ISO_IR 13", "\\ISO 2022 IR 87", "ISO 2022 IR 6\\ISO 2022 IR 149", "GB18030", "GBK",
    "ISO_IR 999", "utf_16", "utf_7", "idna", "punycode", "rot13", "zlib", "undefined", "unicode_escape", "\x1b[31m",
)  # fmt: skip
_SYNTAXES = (
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", DEFLATED, "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.103", "1.2.3", "",
)  # fmt: skip
_LENGTHS = (0, 1, 2, 3, 7, 255, 65534, 65535, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, UNDEFINED)
_VRS = (
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN",
    "SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV", "ZZ", "??", "xx", "\0\0",
)  # fmt: skip
_TAGS = (
    0x00020010, 0x00080005, 0x00080016, 0x00080018, 0x00100010, 0x0020000E, 0x00200032, 0x00200037, 0x00280002,
    0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280030, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
    0x00281050, 0x00283000, 0x00041220, 0x00041500, 0x30060010, 0x30060020, 0x30060039, 0x30060050, 0x52009229,
    0x52009230, 0x7FE00001, 0x7FE00008, 0x7FE00010, 0x00090010, 0x00091001, 0xFFFCFFFC, 0xFFFEE000, 0xFFFEE00D,
    0xFFFEE0DD, 0x00000000, 0xFFFFFFFF,
)  # fmt: skip
_NUMBERS = (0, 1, 2, 8, 12, 16, 32, 64, 255, 4096, 32767, 32768, 65535)
_PREAMBLES = (*MAGICS.values(), b"II*\0\x84\0\0\0", b"MM\0*\xff\xff\xff\xff")


class Mutant(NamedTuple):
    """A damaged file, and how it came about."""

    data: bytes
    story: str
    """The file and the damages, one after the other; the same seed gives the same again."""


class _Parts(NamedTuple):
    """What is known of a file that is still whole enough."""

    beginning: Beginning
    places: list[Element]
    """Elements of the file meta information and of the data set, in file order."""


def seed_files(*folders: Path) -> list[Path]:
    """Return the small files of pydicom, one of the samples, and those of further folders, in a fixed order."""
    found = [path for path in sorted(PYDICOM_FILES.rglob("*")) if path.suffix in {"", ".dcm"}]
    found += sorted((SAMPLES / "ct-thorax").iterdir())[:1]
    for folder in folders:
        found += [path for path in sorted(folder.rglob("*")) if "LICENSES" not in path.parts]
    return [path for path in found if path.is_file() and 132 < path.stat().st_size <= LARGEST_BYTES]


def mutant(path: Path, seed: int, other: Path | None = None) -> Mutant:
    """Return the file damaged one to four times, all decided by the seed; `other` lends pieces."""
    chance = random.Random(seed)
    data = path.read_bytes()
    lent = (other or path).read_bytes()
    story = [f"{path.name} seed {seed}"]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        damage = chance.choice(_DAMAGES)
        changed = damage(data, lent, chance)
        if changed is not None:
            data = changed
            story.append(damage.__name__)
    return Mutant(data, ", ".join(story))


def _parts(data: bytes) -> _Parts | None:
    """Return where the elements lie, as far as the file can be read; None when it cannot."""
    try:
        beginning = begin(memory_source(data))
    except InputError:
        return None
    places = list(beginning.meta)
    if beginning.source.inflated:
        return _Parts(beginning, places)
    with contextlib.suppress(InputError):  # What stands before the damage can be damaged further.
        places.extend(elements(beginning.source, beginning.offset, None, beginning.encoding))
    return _Parts(beginning, places)


def _place(data: bytes, chance: random.Random) -> Element | None:
    parts = _parts(data)
    return chance.choice(parts.places) if parts is not None and parts.places else None


def _replaced(data: bytes, start: int, end: int, new: bytes) -> bytes:
    return data[:start] + new + data[end:]


def _end(place: Element) -> int:
    return place.value_offset + (0 if place.length == UNDEFINED else place.length)


def _with_value(data: bytes, place: Element, value: bytes) -> bytes:
    """Return the data with another value in the place of an element's, and its length changed to fit."""
    if place.length == UNDEFINED or place.is_item:
        return data
    size = 2 if place.value_offset - place.offset == 8 and not place.encoding.implicit else 4
    value = value[: 65534 if size == 2 else None]
    value += b" " * (len(value) % 2)
    said = len(value).to_bytes(size, "big" if place.encoding.big else "little")
    return data[: place.value_offset - size] + said + value + data[_end(place) :]


def flip_bytes(data: bytes, lent: bytes, chance: random.Random) -> bytes:
    """Give some bytes other values, most of them in the header."""
    del lent
    out = bytearray(data)
    most = len(out) if chance.random() < 0.3 else min(len(out), 2500)
    for _ in range(chance.randint(1, 8)):
        out[chance.randrange(most)] = chance.choice((0, 1, 0x1B, 0x5C, 0x7F, 0x9B, 0xFE, 0xFF, chance.randrange(256)))
    return bytes(out)


def cut(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Keep only the beginning."""
    del lent
    return data[: chance.randrange(1, len(data))] if len(data) > 1 else None


def splice(data: bytes, lent: bytes, chance: random.Random) -> bytes:
    """Put a piece of another file somewhere, over what is there or in between."""
    start = chance.randrange(len(lent))
    piece = lent[start : start + chance.choice((1, 2, 8, 64, 1000))]
    at = chance.randrange(len(data) + 1)
    return _replaced(data, at, at + len(piece) * chance.randrange(2), piece)


def change_length(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Let an element say another length than it has."""
    del lent
    if (place := _place(data, chance)) is None:
        return None
    size = 2 if place.value_offset - place.offset == 8 and not place.encoding.implicit and place.vr else 4
    length = chance.choice((*_LENGTHS, place.length ^ 1, place.length + 2, max(place.length - 2, 0)))
    said = (length & (0xFFFF if size == 2 else UNDEFINED)).to_bytes(size, "big" if place.encoding.big else "little")
    return _replaced(data, place.value_offset - size, place.value_offset, said)


def change_vr(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Give an element another VR."""
    del lent
    place = _place(data, chance)
    if place is None or place.encoding.implicit or place.is_item:
        return None
    return _replaced(data, place.offset + 4, place.offset + 6, chance.choice(_VRS).encode())


def change_tag(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Give an element another tag."""
    del lent
    if (place := _place(data, chance)) is None:
        return None
    tag = chance.choice(_TAGS)
    order = ">HH" if place.encoding.big else "<HH"
    return _replaced(data, place.offset, place.offset + 4, struct.pack(order, tag >> 16, tag & 0xFFFF))


def swap_tags(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Exchange the tags of two elements."""
    del lent
    first, second = _place(data, chance), _place(data, chance)
    if first is None or second is None:
        return None
    out = bytearray(data)
    out[first.offset : first.offset + 4] = data[second.offset : second.offset + 4]
    out[second.offset : second.offset + 4] = data[first.offset : first.offset + 4]
    return bytes(out)


def duplicate(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Repeat an element or item, some or many times."""
    del lent
    if (place := _place(data, chance)) is None:
        return None
    piece = data[place.offset : _end(place)]
    count = chance.choice((1, 1, 2, 50, 1000)) if len(piece) < 200 else 1
    return _replaced(data, place.offset, place.offset, piece * count)


def insert_mark(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Put an item or a delimiter between two elements."""
    del lent
    if (place := _place(data, chance)) is None:
        return None
    number, length = chance.choice((0xE000, 0xE00D, 0xE0DD)), chance.choice((0, 0, 8, 0xFFFF, UNDEFINED))
    return _replaced(data, place.offset, place.offset, mark(number, length, big=place.encoding.big))


def insert_sequence(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Put nested sequences between two elements, plain, private or as UN."""
    del lent
    place = _place(data, chance)
    if place is None:
        return None
    delimited, (implicit, big) = chance.random() < 0.5, place.encoding
    vr, tag = chance.choice(("SQ", "SQ", "UN")), chance.choice((0x00081140, 0x00091001, 0x00400275))
    content = b""
    for _ in range(chance.choice((1, 2, 31, 33, 300))):
        content = item(content, delimited=delimited, big=big)
        content = sequence(tag, content, delimited=delimited, implicit=implicit, big=big, vr=vr)
        if len(content) > 60_000:
            break
    return _replaced(data, place.offset, place.offset, content)


def change_value(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Give an element a value that acts on something."""
    del lent
    if (place := _place(data, chance)) is None:
        return None
    text = chance.choice(HOSTILE).encode(chance.choice(("utf-8", "latin-1")), "replace")
    return _with_value(data, place, text * chance.choice((1, 1, 1, 30)))


def change_number(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Give a two-byte element, such as Rows or Bits Stored, another number."""
    del lent
    parts = _parts(data)
    places = [place for place in parts.places if place.length == 2] if parts is not None else []
    if not places:
        return None
    place = chance.choice(places)
    order = ">H" if place.encoding.big else "<H"
    return _replaced(data, place.value_offset, place.value_offset + 2, struct.pack(order, chance.choice(_NUMBERS)))


def change_text(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Change a Transfer Syntax, a Specific Character Set or a Number of Frames."""
    del lent
    kinds = {0x00020010: _SYNTAXES, 0x00080005: _CHARACTER_SETS, 0x00280008: ("0", "2", "99999", "100001", "-1", "x")}
    parts = _parts(data)
    places = [place for place in parts.places if place.tag in kinds] if parts is not None else []
    if not places:
        return None
    place = chance.choice(places)
    return _with_value(data, place, chance.choice(kinds[place.tag]).encode())


def deflate(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Deflate the data set, whole, cut or damaged."""
    del lent
    parts = _parts(data)
    if parts is None or parts.beginning.source.inflated:
        return None
    named = next((place for place in parts.beginning.meta if place.tag == 0x00020010), None)
    if named is None:
        return None
    start = parts.beginning.offset
    engine = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = bytearray(engine.compress(data[start:]) + engine.flush())
    if chance.random() < 0.3:
        packed[chance.randrange(len(packed))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.2:
        del packed[chance.randrange(len(packed)) :]
    return _with_value(data[:start], named, DEFLATED.encode()) + bytes(packed)


def change_preamble(data: bytes, lent: bytes, chance: random.Random) -> bytes | None:
    """Put a program's beginning into the preamble, or take preamble and prefix away."""
    del lent
    if data[128:132] != b"DICM":
        return None
    if chance.random() < 0.2:
        return data[132:]
    return chance.choice(_PREAMBLES).ljust(128, b"\0") + data[128:]


def add_to_the_end(data: bytes, lent: bytes, chance: random.Random) -> bytes:
    """Put zeros, other bytes or an element behind the end."""
    more = (bytes(chance.choice((1, 7, 8, 500))), lent[:99], element(0x00420010, "ST", b"AB"), b"\xff" * 12)
    return data + chance.choice(more)


_DAMAGES: tuple[Callable[[bytes, bytes, random.Random], bytes | None], ...] = (
    flip_bytes, flip_bytes, cut, splice, change_length, change_length, change_vr, change_tag, swap_tags, duplicate,
    insert_mark, insert_sequence, change_value, change_value, change_number, change_text, deflate, change_preamble,
    add_to_the_end,
)  # fmt: skip
