"""Hostile files cost what they must and no more: memory, time, and never more than one plain error."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dcmtty.dicom.dicomdir import read_directory
from dcmtty.dicom.header.record import RecordReader
from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.jsonmodel import json_model, json_pieces
from dcmtty.dicom.scan import scan
from dcmtty.dicom.tags import open_tags
from dcmtty.errors import InputError
from dicom_bytes import EXPLICIT_LE, IMPLICIT_LE, element, identity, image, item, part10, sequence, text
from dicom_files import picture_of
from hostile_files import (
    MAGICS,
    compressed,
    deflated_zeros,
    flood_of_frame_groups,
    flood_of_items,
    flood_of_private_elements,
    flood_of_values,
    jpeg,
    rle,
    whole_identity,
    with_preamble,
)
from run_cli import cli_environment, run_cli
from test_catalog_same import listing_of
from test_scan import directory_file, image_file, image_names, reasons, record

PEAK_BYTES = 50 << 20


@contextmanager
def small_memory(limit_bytes: int = PEAK_BYTES) -> Generator[None]:
    """Fail where more memory is taken than this, be it for a moment."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit_bytes, f"{peak >> 20} MB"


def written(folder: Path, data: bytes, name: str = "a.dcm") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def strange_nest(depth: int, *, vr: str, tag: int, implicit: bool, delimited: bool) -> bytes:
    """Sequences in sequences that are private, or UN, or both."""
    content = text(0x00080100, "SH", "CODE", implicit=implicit)
    for _ in range(depth):
        content = sequence(tag, item(content, delimited=delimited), delimited=delimited, implicit=implicit, vr=vr)
    return content


@pytest.mark.parametrize(
    ("vr", "tag", "implicit", "delimited"),
    [
        ("SQ", 0x00091001, False, False),
        ("SQ", 0x00091001, False, True),
        ("UN", 0x00091001, True, True),
        ("UN", 0x00091001, False, True),
        ("UN", 0x00081140, True, True),
        ("SQ", 0x00081140, True, False),
    ],
)
def test_private_and_unknown_sequences_nest_no_deeper_than_others(
    tmp_path: Path, vr: str, tag: int, implicit: bool, delimited: bool
) -> None:
    syntax = IMPLICIT_LE if implicit else EXPLICIT_LE
    for depth in (31, 33, 300, 5000 if delimited or implicit else 2000):
        nest = strange_nest(depth, vr=vr, tag=tag, implicit=implicit, delimited=delimited)
        path = written(tmp_path, part10(identity(implicit=implicit) + nest, syntax))
        found = RecordReader().read(path)
        with open_tags(path) as tree:
            nodes = list(tree.walk())
        assert any(node.error for node in nodes) is (depth > 32)
        assert max(node.depth for node in nodes) <= 66
        if depth == 31:
            assert read_instance(path).modality == "CT"
            assert found.status == "dicom"
            continue
        with pytest.raises(InputError, match="more than 32 deep"):
            read_instance(path)
        assert (found.status, "more than 32 deep" in found.reason) == ("unreadable", True)


def look(path: Path) -> None:
    """Read a file as a list and a tag tree do."""
    RecordReader().read(path)
    scan([path])
    with open_tags(path) as tree:
        for node in tree.roots():
            assert len(node.value) <= 600
            assert node.vm >= 0


def memory_of_a_scan(path: Path) -> int:
    """How many bytes the reading of one file takes beyond what a process that reads files has anyway."""
    script = (
        "import sys; from pathlib import Path; from dcmtty.dicom.scan import scan\n"
        "def peak(): return int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) << 10\n"
        "small, large = map(Path, sys.argv[1:]); scan([small]); before = peak(); scan([large]); print(peak() - before)"
    )
    small = image_file(path.with_name("small"))
    done = subprocess.run(
        [sys.executable, "-c", script, small, path], capture_output=True, check=True, text=True, env=cli_environment()
    )
    return int(done.stdout)


@pytest.mark.parametrize("flood", [flood_of_items, flood_of_private_elements, flood_of_frame_groups])
def test_a_flood_of_small_elements_is_read_in_little_memory(tmp_path: Path, flood: Callable[[], bytes]) -> None:
    assert memory_of_a_scan(written(tmp_path, flood())) < PEAK_BYTES


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x30060050, "DS"), (0x00100010, "PN"), (0x00281050, "DS"), (0x00281055, "LO"), (0x00280010, "US"),
        (0x00200032, "DS"), (0x3004000C, "DS"), (0x00080005, "CS"), (0x00091001, "UN"), (0x00080008, "CS"),
    ],
)  # fmt: skip
def test_two_megabytes_of_values_are_read_in_less_than_50(tmp_path: Path, tag: int, vr: str) -> None:
    path = written(tmp_path, flood_of_values(tag, vr))
    with small_memory():
        look(path)


@pytest.mark.parametrize("encapsulated", [False, True])
def test_frames_that_the_file_has_no_room_for_are_not_believed(tmp_path: Path, encapsulated: bool) -> None:
    data = compressed(4, 6, bytes(64)) if encapsulated else part10(whole_identity() + image())
    at = data.index(b"\x28\0\x10\0US")
    for number, is_believed in ((4096, True), (99_999, False)):
        path = written(tmp_path, data[:at] + text(0x00280008, "IS", str(number)) + data[at:])
        assert (RecordReader().read(path).frames == number) is is_believed
        if not is_believed:
            with pytest.raises(InputError, match=r"99999 frames, with room for \d{1,2} at the most"):
                read_instance(path)


@pytest.mark.parametrize("tag", [0x00281050, 0x00281051, 0x00281052, 0x00280030, 0x00280120, 0x00280002])
def test_a_picture_is_shown_in_little_memory_whatever_its_attributes_hold(tmp_path: Path, tag: int) -> None:
    path = written(tmp_path, flood_of_values(tag))
    read_instance(path)
    with small_memory():
        try:
            assert picture_of(path).values.shape == (4, 6)
        except InputError as error:
            assert tag == 0x00280002, error  # noqa: PT017 - the others are left out and the picture shown


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (rle(65535, 65535), "needs more than 512 MB"),
        (jpeg(65535, 65535), "needs more than 512 MB"),
        (rle(16383, 16384), "no frame of that size"),
        (jpeg(16384, 32767), "cannot be decoded"),
        (compressed(4, 6, bytes(64), offsets=bytes(4 << 20)), "Basic Offset Table"),
    ],
)
def test_a_frame_that_cannot_be_as_large_as_it_says_takes_no_memory(tmp_path: Path, data: bytes, says: str) -> None:
    path = written(tmp_path, data)
    with small_memory(), pytest.raises(InputError, match=says):
        picture_of(path)


def test_a_deflate_bomb_is_given_up_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = written(tmp_path, deflated_zeros(200 << 20))
    with small_memory(), pytest.raises(InputError, match="refused as a bomb"):
        read_instance(path)


def test_an_inflated_data_set_is_kept_once(tmp_path: Path) -> None:
    path = written(tmp_path, deflated_zeros(15 << 20))
    with small_memory(32 << 20):
        assert read_instance(path).modality == "CT"


def calls_of(monkeypatch: pytest.MonkeyPatch, name: str) -> list[object]:
    """What a function of `os` is called with from now on."""
    found: list[object] = []
    real = getattr(os, name)

    def counting(path: object, *more: object, **named: object) -> object:
        found.append(path)
        return real(path, *more, **named)

    monkeypatch.setattr(os, name, counting)
    return found


@pytest.mark.parametrize("words", [["scan"], ["tags"], ["show"], ["digest"], ["open"]], ids=lambda words: words[0])
def test_what_is_no_file_is_told_at_once(tmp_path: Path, words: list[str]) -> None:
    os.mkfifo(tmp_path / "fifo.dcm")
    (tmp_path / "loop.dcm").symlink_to("loop.dcm")
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(os.fspath(tmp_path / "socket.dcm"))
        for path in (tmp_path / "fifo.dcm", tmp_path / "socket.dcm", tmp_path / "loop.dcm", Path("/dev/zero")):
            done = run_cli(*words, path, timeout_seconds=30)
            assert done.code == 3, done.err
            assert done.stdout == b""
            assert done.err.count("\n") == 1
            assert path.name in done.err


def test_a_named_device_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening acts on some: it starts a watchdog, winds a tape, or wakes who waits for the other end of a FIFO."""
    fifo = tmp_path / "fifo.dcm"
    os.mkfifo(fifo)
    opened = calls_of(monkeypatch, "open")
    for path in (fifo, Path("/dev/null")):
        for read in (read_instance, open_tags, lambda path: scan([path]), lambda path: listing_of([path])):
            with pytest.raises(InputError, match="not a regular file"):
                read(path)
    assert not {os.fspath(fifo), "/dev/null"} & set(map(str, opened))
    assert read_instance(image_file(tmp_path / "a.dcm")).is_image
    assert opened


def test_a_file_that_becomes_a_fifo_after_it_was_listed_hangs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_file(tmp_path / "in" / "a.dcm")
    victim = image_file(tmp_path / "in" / "b.dcm", 2)
    real_open = os.open

    def swapping_open(path: str | Path, flags: int, *more: int) -> int:
        """Exchange the file at the last moment before it is opened."""
        if Path(path) == victim and victim.is_file():
            victim.unlink()
            os.mkfifo(victim)
        return real_open(path, flags, *more)

    monkeypatch.setattr(os, "open", swapping_open)
    archive = scan([tmp_path / "in"])
    assert image_names(archive) == ["a.dcm"]
    assert reasons(archive) == {"b.dcm": "not a regular file"}


def test_a_dicomdir_that_names_what_is_no_file_hangs_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "FIFO")
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "LOOP").symlink_to("LOOP")
    image_file(tmp_path / "IM1")
    names = ("FIFO", "FOLDER", "LOOP", "IM1", "X" * 300, "A\0B")
    archive = scan([directory_file(tmp_path / "DICOMDIR", *map(record, names))])
    assert image_names(archive) == ["IM1"]
    assert len(archive.unreadable) == 5
    assert reasons(archive)["FIFO"] == "not a regular file"


@pytest.mark.parametrize(
    "name", ["..\\..\\secret.dcm", "\\etc\\passwd", "IMAGES\\..\\..\\secret.dcm", "C:\\secret.dcm"]
)
def test_a_backslash_in_a_dicomdir_parts_names_and_leads_nowhere(tmp_path: Path, name: str) -> None:
    image_file(tmp_path / "secret.dcm")
    (tmp_path / "in" / "IMAGES").mkdir(parents=True)
    found = read_directory(directory_file(tmp_path / "in" / "DICOMDIR", record(name)))
    assert not found.files
    assert len(found.refused) == 1


def test_a_dicomdir_of_a_hundred_thousand_missing_files_lists_its_folder_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = calls_of(monkeypatch, "listdir")
    records = (item(text(0x00041500, "CS", f"X{number}")) for number in range(90_000))
    found = read_directory(directory_file(tmp_path / "DICOMDIR", *records))
    assert len(found.refused) == 90_000
    assert len(listed) == 1


@pytest.mark.parametrize("name", MAGICS)
def test_a_preamble_that_some_program_runs_is_told(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, with_preamble(MAGICS[name]))
    instance = read_instance(path)
    assert instance.preamble == "executable"
    assert RecordReader().read(path).preamble == "executable"
    assert any("program" in warning for warning in instance.warnings)


def test_the_same_bytes_elsewhere_are_no_program(tmp_path: Path) -> None:
    planted = element(0x00104000, "LT", b"#!/bin/sh\necho planted \n")
    assert read_instance(written(tmp_path, part10(whole_identity() + planted))).preamble == "clean"


@pytest.mark.parametrize(
    "codec", ["punycode", "unicode_escape", "raw_unicode_escape", "idna", "rot13", "zlib", "undefined"]
)
def test_a_codec_that_is_no_character_set_is_not_used(tmp_path: Path, codec: str) -> None:
    named = text(0x00080005, "CS", codec) + identity() + element(0x00100010, "PN", b"-\\k-\xb4\\x1b ")
    path = written(tmp_path, part10(named))
    assert read_instance(path).values["PatientName"] == ("-", "k-\xb4", "x1b")
    assert RecordReader().read(path).status == "dicom"


def test_a_file_that_ends_behind_its_meta_information_is_cut(tmp_path: Path) -> None:
    for syntax in (EXPLICIT_LE, IMPLICIT_LE):
        found = RecordReader().read(written(tmp_path, part10(b"", syntax)))
        assert (found.status, found.reason) == ("unreadable", "ends after the file meta information")


def test_a_number_of_ten_thousand_digits_is_text_in_json(tmp_path: Path) -> None:
    digits = "9" * 10_000
    path = written(tmp_path, part10(identity() + element(0x00200013, "IS", digits.encode())))
    with open_tags(path) as tree:
        assert json_model(tree)["00200013"]["Value"] == [digits]


def test_the_json_of_a_large_inflated_value_is_written_in_pieces(tmp_path: Path) -> None:
    path = written(tmp_path, deflated_zeros(15 << 20))
    with open_tags(path) as tree, small_memory(4 << 20):
        length = max(len(piece) for piece in json_pieces(tree))
    assert length <= 2 << 20
    with open_tags(path) as tree:
        assert base64.b64decode(json_model(tree)["00420011"]["InlineBinary"]) == bytes(15 << 20)
