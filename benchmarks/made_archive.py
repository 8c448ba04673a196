"""Makes archives of CT files as large as a benchmark wants: real headers, pixel data that takes no room on the disk."""

import atexit
import os
import shutil
import struct
import tempfile
from pathlib import Path
from typing import Final

ROWS: Final = 512
PIXEL_BYTES: Final = ROWS * ROWS * 2
_EXPLICIT, _IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
_CT_CLASS: Final = "1.2.840.10008.5.1.4.1.1.2"
_ROOT: Final = "1.2.826.0.1.3680043.10.999"
_LONG_VRS: Final = frozenset({"OB", "OW", "SQ", "UN", "UT"})
_INSTANCE, _NUMBER, _PLACE, _TIME, _CURRENT = b"@INSTAN@", b"@NUM@@", b"@PLACE@@", b"@TIMES@@@@", b"@MA@"
"""What differs from slice to slice, as wide as what takes its place."""

Value = str | bytes | int | list["Row"]
Row = tuple[int, str, Value]
"""Tag, value representation, and value: text, bytes, a number, or the elements of one item."""


def temporary_archive(files: int, *, per_series: int = 200, flat: bool = False) -> Path:
    """Return a folder with that many files, removed when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="dcmtty-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make_archive(folder, files, per_series=per_series, flat=flat)
    return folder


def make_archive(folder: Path, files: int, *, per_series: int = 200, flat: bool = False) -> None:
    """Write CT files of 512 x 512, `per_series` to a series; every second series is in implicit VR.

    Each series has a folder of its own, unless all of them are to lie in one.
    """
    for series in range(-(-files // per_series)):
        home = folder if flat else folder / f"patient{series // 4:04}" / f"series{series:05}"
        home.mkdir(parents=True, exist_ok=True)
        head = _template(series)
        for number in range(1, min(per_series, files - series * per_series) + 1):
            _write(home / f"CT{series:05}.{number:05}.dcm", _slice(head, number))


def _write(path: Path, head: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(descriptor, head)
        os.ftruncate(descriptor, len(head) + PIXEL_BYTES)
    finally:
        os.close(descriptor)


def _slice(head: bytes, number: int) -> bytes:
    return (
        head.replace(_INSTANCE, b"%08d" % (10_000_000 + number))
        .replace(_NUMBER, b"%-6d" % number)
        .replace(_PLACE, b"%-8.2f" % (-600 + 2.5 * number))
        .replace(_TIME, b"%010.3f" % (90_000 + number * 0.5))
        .replace(_CURRENT, b"%-4d" % (100 + number % 50))
    )


def _template(series: int) -> bytes:
    """Everything before the pixels of a series' files."""
    implicit = bool(series % 2)
    meta: list[Row] = [
        (0x00020001, "OB", b"\0\1"),
        (0x00020002, "UI", _CT_CLASS),
        (0x00020003, "UI", _instance_uid(series)),
        (0x00020010, "UI", _IMPLICIT if implicit else _EXPLICIT),
        (0x00020012, "UI", f"{_ROOT}.9"),
        (0x00020013, "SH", "BENCH_1"),
    ]
    rows: list[Row] = [*_identity(series), *_patient(series), *_acquisition(series), *_image(series)]
    head = b"".join(_element(row, implicit=False) for row in meta)
    data_set = b"".join(_element(row, implicit=implicit) for row in sorted(rows, key=lambda row: row[0]))
    start = struct.pack("<HHL", 0x7FE0, 0x10, PIXEL_BYTES)
    if not implicit:
        start = struct.pack("<HH2sHL", 0x7FE0, 0x10, b"OW", 0, PIXEL_BYTES)
    length = _element((0x00020000, "UL", len(head)), implicit=False)
    return bytes(128) + b"DICM" + length + head + data_set + start


def _instance_uid(series: int) -> str:
    return f"{_ROOT}.4.{series + 1}.{_INSTANCE.decode()}"


def _element(row: Row, *, implicit: bool) -> bytes:
    tag, vr, value = row
    raw = _encoded(vr, value, implicit=implicit)
    numbers = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return numbers + struct.pack("<L", len(raw)) + raw
    if vr in _LONG_VRS:
        return numbers + vr.encode() + b"\0\0" + struct.pack("<L", len(raw)) + raw
    return numbers + vr.encode() + struct.pack("<H", len(raw)) + raw


def _encoded(vr: str, value: Value, *, implicit: bool) -> bytes:
    if isinstance(value, int):
        return struct.pack("<L" if vr == "UL" else "<H", value)
    if isinstance(value, list):
        content = b"".join(_element(row, implicit=implicit) for row in value)
        return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
    raw = value.encode() if isinstance(value, str) else value
    return raw + (b"\0" if vr in {"UI", "OB", "UN"} else b" ") * (len(raw) % 2)


def _code(value: str, scheme: str, meaning: str) -> list[Row]:
    return [(0x00080100, "SH", value), (0x00080102, "SH", scheme), (0x00080104, "LO", meaning)]


def _identity(series: int) -> list[Row]:
    referenced: list[Row] = [
        (0x00081150, "UI", _CT_CLASS),
        (0x00081155, "UI", f"{_ROOT}.5.{series + 1}"),
        (0x0040A170, "SQ", _code("121311", "DCM", "Localizer")),
    ]
    return [
        (0x00080005, "CS", "ISO_IR 100"),
        (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI"),
        (0x00080012, "DA", "20240311"),
        (0x00080013, "TM", _TIME),
        (0x00080016, "UI", _CT_CLASS),
        (0x00080018, "UI", _instance_uid(series)),
        (0x00080020, "DA", "20240311"),
        (0x00080021, "DA", "20240311"),
        (0x00080022, "DA", "20240311"),
        (0x00080023, "DA", "20240311"),
        (0x00080030, "TM", "085512.123000"),
        (0x00080031, "TM", "090211.456000"),
        (0x00080032, "TM", _TIME),
        (0x00080033, "TM", _TIME),
        (0x00080050, "SH", f"ACC{series // 4:06}"),
        (0x00080060, "CS", "CT"),
        (0x00080070, "LO", "MADE CORP"),
        (0x00080080, "LO", "BENCHMARK CLINIC"),
        (0x00080081, "ST", "1 LONG STREET, TOWN"),
        (0x00080090, "PN", "REFERRER^A"),
        (0x00081010, "SH", "CT01"),
        (0x00081030, "LO", "THORAX WITH CONTRAST"),
        (0x0008103E, "LO", f"AX 2.5 B{30 + series % 40}f"),
        (0x00081040, "LO", "RADIOLOGY"),
        (0x00081050, "PN", "PERFORMER^B"),
        (0x00081070, "PN", "OPERATOR^C"),
        (0x00081090, "LO", "SCANNER 64"),
        (0x00081110, "SQ", referenced[:2]),
        (0x00081140, "SQ", referenced),
        (0x00082112, "SQ", referenced[:2]),
        (0x00090010, "LO", "MADE CORP HEADER"),
        (0x00091001, "LO", "private text that says little"),
        (0x00091002, "UN", bytes(range(96))),
        (0x00091010, "UN", b"0.5"),
    ]


def _patient(series: int) -> list[Row]:
    patient = series // 4
    return [
        (0x00100010, "PN", f"BENCH^PATIENT{patient:04}"),
        (0x00100020, "LO", f"ID{patient:06}"),
        (0x00100030, "DA", "19600102"),
        (0x00100040, "CS", "O"),
        (0x00101010, "AS", "064Y"),
        (0x00101020, "DS", "1.75"),
        (0x00101030, "DS", "75"),
        (0x00104000, "LT", "made for measuring"),
        (0x0020000D, "UI", f"{_ROOT}.2.{patient + 1}"),
        (0x0020000E, "UI", f"{_ROOT}.3.{series + 1}"),
        (0x00200010, "SH", f"ST{patient:04}"),
        (0x00200011, "IS", str(series % 4 + 1)),
        (0x00200012, "IS", "2"),
        (0x00200013, "IS", _NUMBER),
        (0x00200032, "DS", b"-250\\-250\\" + _PLACE),
        (0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
        (0x00200052, "UI", f"{_ROOT}.6.{patient + 1}"),
        (0x00201040, "LO", ""),
        (0x00201041, "DS", _PLACE),
        (0x00204000, "LT", "as acquired"),
    ]


def _acquisition(series: int) -> list[Row]:
    return [
        (0x00180010, "LO", "AGENT 300"),
        (0x00180015, "CS", "CHEST"),
        (0x00180022, "CS", "HELICAL MODE"),
        (0x00180050, "DS", "2.5"),
        (0x00180060, "DS", "120"),
        (0x00180090, "DS", "500"),
        (0x00181000, "LO", "4711"),
        (0x00181020, "LO", "syngo VB20"),
        (0x00181030, "LO", "THORAX_ROUTINE"),
        (0x00181100, "DS", "500"),
        (0x00181110, "DS", "1040"),
        (0x00181111, "DS", "570"),
        (0x00181120, "DS", "0"),
        (0x00181130, "DS", "162.5"),
        (0x00181140, "CS", "CW"),
        (0x00181150, "IS", "500"),
        (0x00181151, "IS", _CURRENT),
        (0x00181152, "IS", "98"),
        (0x00181160, "SH", "BODY FILTER"),
        (0x00181170, "IS", "52"),
        (0x00181190, "DS", "0.7"),
        (0x00181200, "DA", "20240301"),
        (0x00181201, "TM", "061500"),
        (0x00181210, "SH", f"B{30 + series % 40}f"),
        (0x00185100, "CS", "HFS"),
        (0x00190010, "LO", "MADE CORP ACQUISITION"),
        (0x00191001, "DS", "17.25"),
        (0x00191002, "UN", bytes(64)),
        (0x00191003, "LO", "spiral"),
        (0x00290010, "LO", "MADE CORP CSA"),
        (0x00291010, "OB", bytes(range(256)) * 2),
        (0x00321060, "LO", "CT THORAX"),
        (0x00400244, "DA", "20240311"),
        (0x00400245, "TM", "085500"),
        (0x00400253, "SH", f"PPS{series:06}"),
        (0x00400254, "LO", "CT THORAX"),
        (0x00400275, "SQ", [(0x00400007, "LO", "CT THORAX"), (0x00400008, "SQ", _code("CTTH", "L", "CT thorax"))]),
        (0x00400321, "SQ", _code("1", "L", "one")),
    ]


def _image(series: int) -> list[Row]:
    spacing = f"{0.7 + series % 7 * 0.03125}"
    return [
        (0x00280002, "US", 1),
        (0x00280004, "CS", "MONOCHROME2"),
        (0x00280010, "US", ROWS),
        (0x00280011, "US", ROWS),
        (0x00280030, "DS", f"{spacing}\\{spacing}"),
        (0x00280100, "US", 16),
        (0x00280101, "US", 12),
        (0x00280102, "US", 11),
        (0x00280103, "US", 0),
        (0x00280106, "US", 0),
        (0x00280107, "US", 4095),
        (0x00281050, "DS", "40\\-600"),
        (0x00281051, "DS", "400\\1500"),
        (0x00281052, "DS", "-1024"),
        (0x00281053, "DS", "1"),
        (0x00281055, "LO", "WINDOW1\\WINDOW2"),
        (0x00281054, "LO", "HU"),
    ]
