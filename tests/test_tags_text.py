"""The lines of the whole tree are those of its nodes, whichever way they were written."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pydicom.data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcmtty.dicom.tags import open_tags
from dcmtty.dicom.tagtext import line, tree_lines
from dcmtty.errors import InputError
from dicom_bytes import EXPLICIT_LE, IMPLICIT_LE, element, identity, item, nest, part10, sequence, text

PYDICOM_FILES = Path(pydicom.data.__file__).parent


def same_lines(path: Path) -> int:
    """Compare the two ways, damage included; return how many lines there are."""
    with open_tags(path) as tree:
        quick = "\n".join(tree_lines(tree)).split("\n")
        damage = str(tree.damage)
    with open_tags(path) as tree:
        slow = [line(node) for node in tree.walk()]
        assert quick == slow, path
        assert damage == str(tree.damage), path
    return len(quick)


def readable(files: Iterator[Path]) -> Iterator[Path]:
    for path in files:
        if path.is_file():
            try:
                open_tags(path).close()
            except InputError:
                continue
            yield path


def test_every_file_of_pydicom_has_the_lines_of_its_nodes() -> None:
    assert sum(same_lines(path) for path in readable(PYDICOM_FILES.rglob("*.dcm"))) > 8_000


def test_every_kind_of_real_file_has_the_lines_of_its_nodes(shared_data: Path) -> None:
    folders = sorted({path.parent for path in shared_data.rglob("*") if path.is_file()})
    files = (path for folder in folders for path in sorted(folder.iterdir())[:12:2])
    assert sum(same_lines(path) for path in readable(files)) > 10_000


@pytest.mark.parametrize("delimited", [False, True])
@pytest.mark.parametrize("depth", [3, 31, 33])
def test_nests_have_the_lines_of_their_nodes(tmp_path: Path, depth: int, delimited: bool) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(identity() + nest(depth, delimited=delimited) + text(0x00100010, "PN", "A")))
    assert same_lines(path) > depth


VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"A\\B ",
            b"\\",
            b" A",
            b"1.5\\2 ",
            b"1 \\ 2",
            b"A=",
            b"1.2.840.10008.1.2\0",
            b"\x1b-F\xc4",
            b"A" * 600,
            b"1.25\\" * 150,
            b"1.25\\" * 600,
            b"7" * 513 + b" ",
        ]
    ),
)
TAGS = st.sampled_from(
    [0x00080005, 0x00080100, 0x00100010, 0x00280103, 0x00280106, 0x00091001, 0x00090010, 0x3006002A, 0x00041200, 0]
)
VRS = st.sampled_from(["CS", "LO", "PN", "DS", "IS", "UI", "US", "UL", "OB", "UN", "SH", "UT", "AT", "FD", "SQ", "ZZ"])
ELEMENTS = st.builds(
    lambda tag, vr, value, implicit: (tag, vr, value + b" " * (len(value) % 2), implicit),
    TAGS,
    VRS,
    VALUES,
    st.booleans(),
)


@st.composite
def items(draw: st.DrawFn, implicit: bool, depth: int = 0) -> bytes:
    """Items, most of them ordinary, some in the other encoding, some cut."""
    content = b""
    for tag, vr, value, other in draw(st.lists(ELEMENTS, max_size=4)):
        content += element(tag, vr, value, implicit=implicit != (other and draw(st.integers(0, 9)) == 0))
    if depth < 2 and draw(st.booleans()):
        inner = b"".join(draw(st.lists(items(implicit, depth + 1), max_size=2)))
        content += sequence(0x00081140, inner, delimited=draw(st.booleans()), implicit=implicit)
    made = item(content, delimited=draw(st.booleans()))
    return made[: draw(st.integers(0, len(made)))] if draw(st.integers(0, 19)) == 0 else made


@pytest.mark.parametrize("implicit", [False, True])
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_made_items_have_the_lines_of_their_nodes(tmp_path: Path, implicit: bool, data: st.DataObject) -> None:
    made = b"".join(data.draw(st.lists(items(implicit), min_size=1, max_size=4)))
    body = text(0x00080005, "CS", "ISO_IR 100", implicit=implicit)
    body += sequence(0x00081140, made, delimited=data.draw(st.booleans()), implicit=implicit)
    body += element(0x00280010, "US", struct.pack("<H", 4), implicit=implicit)
    path = tmp_path / "a.dcm"
    path.write_bytes(part10(body, IMPLICIT_LE if implicit else EXPLICIT_LE))
    assert same_lines(path) >= 5
