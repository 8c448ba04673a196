"""A folder in which every place that holds words holds hostile ones: values, private creators, names of files."""

from __future__ import annotations

import os
from pathlib import Path

from dicom_bytes import EXPLICIT_LE, IMPLICIT_LE, element, identity, image, item, part10, sequence, text

MARK = "TUFSSw"
ESCAPES = (
    f"\x1b]52;c;{MARK}==\x07\x1b]0;{MARK}\x1b\\\x1bP{MARK}\x1b\\\x1b[31m\x1bc\x9b31m\x9d0;{MARK}\x9c\x90{MARK}\x9c"
    "\u202e\u2066\u200f\ufeff\x08\x08\x7f\r\n\t"
)
MARKUP = ("[/]", "[bold", "[@click=app.quit]x[/]", "[red]x[/red]", "[link=http://x]y[/link]", "\\[/]", "$x {y}")
EVERYTHING = ESCAPES + "".join(MARKUP)
SHORT = "\x1b]52;c;a\x07\x9b1m\u202e[/][b"
"""No longer than 64 characters, as a name in the file system must be."""
_WORDS = (
    (0x00080050, "SH"), (0x00080060, "CS"), (0x00080080, "LO"), (0x00080090, "PN"), (0x00081030, "LO"),
    (0x0008103E, "LO"), (0x00100010, "PN"), (0x00100020, "LO"), (0x00104000, "LT"), (0x0020000D, "UI"),
    (0x0020000E, "UI"), (0x00200010, "SH"), (0x00200013, "IS"), (0x00200052, "UI"),
)  # fmt: skip
"""Attributes that lists, titles and messages show, in the order of their tags."""


def word(tag: int, vr: str, value: str, *, implicit: bool = False) -> bytes:
    """An element of text in UTF-8."""
    raw = value.encode()
    return element(tag, vr, raw + b" " * (len(raw) % 2), implicit=implicit)


def hostile_image(number: int, words: str = EVERYTHING) -> bytes:
    """An image whose every text is hostile."""
    head = text(0x00080005, "CS", "ISO_IR 192") + text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2")
    head += text(0x00080018, "UI", f"1.2.3.{number}")
    body = b"".join(word(tag, vr, words) for tag, vr in _WORDS if tag < 0x00090000)
    private = word(0x00090010, "LO", words) + word(0x00091001, "UN", words) + word(0x00091002, "LO", words)
    after = b"".join(word(tag, vr, words) for tag, vr in _WORDS if tag > 0x00090000)
    window = word(0x00281050, "DS", "40\\80") + word(0x00281051, "DS", "400\\80")
    window += word(0x00281055, "LO", f"{words}\\{words}") + word(0x00281054, "LO", words)
    pixels = image(8, 8, pixels=bytes(range(128)))
    at = pixels.index(b"\xe0\x7f\x10\x00")
    coded = sequence(0x00081140, item(word(0x00080104, "LO", words)))
    return part10(head + body + coded + private + after + pixels[:at] + window + pixels[at:])


def hostile_structure_set() -> bytes:
    """A structure set with hostile names."""
    roi = item(text(0x30060022, "IS", "1") + word(0x30060026, "LO", EVERYTHING) + word(0x30060028, "ST", EVERYTHING))
    data = text(0x00080005, "CS", "ISO_IR 192") + text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.481.3")
    data += text(0x00080018, "UI", "1.2.9") + text(0x00080060, "CS", "RTSTRUCT") + word(0x00100010, "PN", EVERYTHING)
    data += word(0x30060002, "SH", SHORT) + word(0x30060004, "LO", EVERYTHING) + sequence(0x30060020, roi)
    return part10(data)


def hostile_folder(folder: Path) -> Path:
    """Write images, a structure set, another object, a DICOMDIR and files that cannot be read; return the folder."""
    inside = folder / f"images{SHORT.replace('/', '')}"
    inside.mkdir(parents=True)
    for number in (1, 2, 3):
        (inside / f"{number}{SHORT.replace('/', '')}.dcm").write_bytes(hostile_image(number))
    (inside / f"cut{SHORT.replace('/', '')}.dcm").write_bytes(hostile_image(4)[:-5])
    (inside / f"notes{SHORT.replace('/', '')}.dcm").write_text(EVERYTHING)
    (inside / f"link{SHORT.replace('/', '')}.dcm").symlink_to(f"/nowhere/{SHORT}")
    (inside / os.fsdecode(b"\x9b31m\xff.dcm")).write_bytes(hostile_image(5))
    (inside / "\x1b[2Jrs.dcm").write_bytes(hostile_structure_set())
    syntax = part10(identity(), EXPLICIT_LE.replace("1.2.1", "\x1b[1m")) + word(0x00100010, "PN", EVERYTHING)
    (inside / "syntax.dcm").write_bytes(syntax)
    implicit = part10(word(0x00080018, "UI", EVERYTHING, implicit=True), IMPLICIT_LE)
    (inside / "implicit.dcm").write_bytes(implicit)
    names = [item(element(0x00041500, "CS", EVERYTHING.encode()[:200])), item(element(0x00041500, "CS", b"\x1b[1m"))]
    listed = part10(word(0x00041130, "CS", EVERYTHING) + sequence(0x00041220, b"".join(names)))
    directory = listed.replace(b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.1.3.10".ljust(26, b"\0"), 1)
    (folder / "DICOMDIR").write_bytes(directory)
    return inside
