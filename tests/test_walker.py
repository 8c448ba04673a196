"""The walker goes through every encoding, checks every length, and refuses what has no end."""

from __future__ import annotations

import itertools
import struct
import tracemalloc

import pytest

from dcmtty.dicom.element import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, ITEM, Encoding
from dcmtty.dicom.source import Source, memory_source
from dcmtty.dicom.walker import elements
from dcmtty.errors import InputError, TruncatedFile
from dicom_bytes import (
    UNDEFINED,
    element,
    identity,
    image,
    item,
    mark,
    nest,
    sequence,
    text,
)


def tags(data: bytes, encoding: Encoding = EXPLICIT_LITTLE, **options: int) -> list[tuple[int, int]]:
    """Depth and tag of every element."""
    found = elements(memory_source(data), 0, None, encoding, until=options.get("until"))
    return [(found_one.depth, found_one.tag) for found_one in found]


def content(*, implicit: bool, big: bool, delimited: bool) -> bytes:
    """A data set with a nested sequence, in one encoding."""
    code = item(text(0x00080100, "SH", "A", implicit=implicit, big=big), delimited=delimited, big=big)
    inner = sequence(0x00082218, code, delimited=delimited, implicit=implicit, big=big)
    items = item(inner, delimited=delimited, big=big) * 2 + item(b"", big=big)
    outer = sequence(0x00081140, items, delimited=delimited, implicit=implicit, big=big)
    return identity(implicit=implicit, big=big) + outer + image(implicit=implicit, big=big)


EXPECTED = [
    (0, 0x00080016), (0, 0x00080018), (0, 0x00080060), (0, 0x00081140),
    (1, ITEM), (1, 0x00082218), (2, ITEM), (2, 0x00080100),
    (1, ITEM), (1, 0x00082218), (2, ITEM), (2, 0x00080100), (1, ITEM),
    (0, 0x00280002), (0, 0x00280010), (0, 0x00280011), (0, 0x00280100), (0, 0x00280103), (0, 0x7FE00010),
]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "delimited"),
    list(itertools.product((EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG), (False, True))),
)
def test_every_encoding_gives_the_same_elements(encoding: Encoding, delimited: bool) -> None:
    data = content(implicit=encoding.implicit, big=encoding.big, delimited=delimited)
    assert tags(data, encoding) == EXPECTED


@pytest.mark.parametrize("delimited", [False, True])
@pytest.mark.parametrize("implicit", [False, True])
def test_a_data_set_cut_anywhere_but_between_elements_is_truncated(implicit: bool, delimited: bool) -> None:
    data = content(implicit=implicit, big=False, delimited=delimited)
    encoding = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE
    ends = {
        found.value_offset + found.length
        for found in elements(memory_source(data), 0, None, encoding)
        if found.depth == 0 and found.length != UNDEFINED
    }
    if delimited:
        ends.add(data.index(struct.pack("<HH", 0x0028, 0x0002)))
    for cut in range(1, len(data)):
        if cut in ends:
            tags(data[:cut], encoding)
            continue
        with pytest.raises(TruncatedFile, match=r"byte \d+|delimiter"):
            tags(data[:cut], encoding)


def test_a_truncated_element_is_named_with_tag_and_offset() -> None:
    data = identity() + text(0x00100010, "PN", "A^B")[:-2]
    offset = len(identity())
    with pytest.raises(TruncatedFile) as caught:
        tags(data)
    assert str(caught.value).startswith(f"data: (0010,0010) PatientName at byte {offset} says 4 bytes, the file has 2;")


def test_an_item_that_overruns_its_sequence_is_refused() -> None:
    bad = sequence(0x00081140, mark(0xE000, 100) + text(0x00080100, "SH", "A"))
    with pytest.raises(TruncatedFile, match=r"\(FFFE,E000\) Item at byte \d+ says 100 bytes, \(0008,1140\)"):
        tags(bad + bytes(range(8, 200)))


def test_an_element_that_overruns_its_item_is_refused() -> None:
    overrun = element(0x00080100, "SH", b"AB", length=40)
    with pytest.raises(TruncatedFile, match="says 40 bytes, "):
        tags(sequence(0x00081140, item(overrun)) + text(0x00100010, "PN", "A" * 200))


def test_the_walk_stops_before_the_wanted_tag() -> None:
    data = content(implicit=False, big=False, delimited=False)
    assert tags(data, until=0x00280010)[-1] == (0, 0x00280002)


@pytest.mark.parametrize("delimited", [False, True])
@pytest.mark.parametrize("implicit", [False, True])
def test_nesting_is_walked_to_32_and_refused_beyond(delimited: bool, implicit: bool) -> None:
    encoding = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE
    assert max(tags(nest(31, delimited=delimited, implicit=implicit), encoding))[0] == 31
    for depth in (33, 300, 5000) if implicit or delimited else (33, 300, 2000):
        with pytest.raises(InputError, match="more than 32 deep"):
            tags(nest(depth, delimited=delimited, implicit=implicit), encoding)


def test_a_flood_of_empty_items_is_refused() -> None:
    flood = sequence(0x00081140, item(b"") * 250_000)
    with pytest.raises(InputError, match="more elements than"):
        tags(flood)


def test_a_large_honest_structure_set_is_no_flood() -> None:
    contour = item(element(0x30060050, "DS", b"1.5\\2.5\\3.5 " * 20, implicit=True))
    data = sequence(0x30060040, contour * 120_000, implicit=True)
    found = sum(1 for _ in elements(memory_source(data), 0, None, Encoding(implicit=True, big=False)))
    assert found > 200_000


def test_walking_a_flood_keeps_nothing_in_memory() -> None:
    source = memory_source(sequence(0x00081140, item(b"") * 190_000))
    tracemalloc.start()
    for _ in elements(source):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_fragments_of_encapsulated_pixel_data_are_items_without_elements() -> None:
    data = element(0x7FE00010, "OB", item(b"") + item(b"\xff\xd8\xff\xd9") + mark(0xE0DD), length=UNDEFINED)
    assert tags(data) == [(0, 0x7FE00010), (1, ITEM), (1, ITEM)]
    with pytest.raises(TruncatedFile):
        tags(data[:-9])


def test_un_of_undefined_length_holds_implicit_elements() -> None:
    inside = item(text(0x00080100, "SH", "A", implicit=True), delimited=True)
    data = sequence(0x00091001, inside, delimited=True, vr="UN") + text(0x00100010, "PN", "A")
    assert tags(data) == [(0, 0x00091001), (1, ITEM), (1, 0x00080100), (0, 0x00100010)]


def test_un_of_undefined_length_is_little_endian_in_a_big_endian_file() -> None:
    inside = item(text(0x00080100, "SH", "A", implicit=True), delimited=True) + mark(0xE0DD)
    data = element(0x00091001, "UN", inside, big=True, length=UNDEFINED) + text(0x00100010, "PN", "A", big=True)
    assert tags(data, EXPLICIT_BIG) == [(0, 0x00091001), (1, ITEM), (1, 0x00080100), (0, 0x00100010)]


def test_an_element_where_an_item_must_be_is_refused() -> None:
    with pytest.raises(InputError, match="where an item of"):
        tags(sequence(0x00081140, text(0x00080100, "SH", "ABCD")))


def test_zeros_behind_the_last_element_are_padding_and_other_bytes_are_not() -> None:
    assert tags(identity() + bytes(500)) == EXPECTED[:3]
    with pytest.raises(InputError):
        tags(identity() + b"\x01" * 5)


def test_a_flood_of_zeros_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Source.read
    looked_at: list[int] = []

    def counted(source: Source, offset: int, length: int) -> bytes:
        looked_at.append(length)
        return read(source, offset, length)

    monkeypatch.setattr(Source, "read", counted)
    data = identity() + bytes(400_000) + b"\x01"
    with pytest.raises(InputError):
        tags(data)
    assert sum(looked_at) < 3 * len(data)


@pytest.mark.parametrize("length", [0xFFFFFFFE, 0x80000000, 0x7FFFFFFF])
def test_a_length_of_gigabytes_is_refused_without_reading(length: int) -> None:
    with pytest.raises(TruncatedFile, match=str(length)):
        tags(identity() + element(0x7FE00010, "OW", bytes(20), length=length))
