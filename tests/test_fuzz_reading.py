"""Whatever was done to a file, reading it ends soon, in little memory, in an answer or in one plain error.

The same files each time, unless more are asked for: DCMTTY_FUZZ_FILES and DCMTTY_FUZZ_EXAMPLES set how many,
DCMTTY_FUZZ_SEED another beginning. A failure names the file and the seed, which `mutations.mutant` makes again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicom_bytes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, UNDEFINED, element, mark, part10
from fuzzing import Reader, reading
from mutations import HOSTILE, Mutant, mutant, seed_files
from test_catalog_same import assert_same_twice

FILES = int(os.environ.get("DCMTTY_FUZZ_FILES", "300"))
EXAMPLES = int(os.environ.get("DCMTTY_FUZZ_EXAMPLES", "100"))
SEED = int(os.environ.get("DCMTTY_FUZZ_SEED", "1"))
FOLDERS = max(FILES // 10, 1)
IN_A_ROW = 6
"""Files made of the same one are read one after the other, as those of a series are."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Generator[Reader]:
    """One reading process for all tests: what it remembers must not change what it says."""
    with reading(tmp_path_factory.mktemp("damaged")) as made:
        yield made


def problems_with(reader: Reader, files: list[Path], count: int) -> list[str]:
    """Damage files and read them."""
    found: list[str] = []
    for first in range(SEED, SEED + count, IN_A_ROW):
        chance = random.Random(first)
        path, other = chance.choice(files), chance.choice(files)
        for seed in range(first, min(first + IN_A_ROW, SEED + count)):
            found += reader.read(mutant(path, seed, other))
    return found


def test_small_files_as_they_are_pass(reader: Reader) -> None:
    for path in seed_files()[::5]:
        assert reader.read(Mutant(path.read_bytes(), path.name)) == []


def test_damaged_files_of_pydicom_are_read_or_refused_in_one_plain_line(reader: Reader) -> None:
    assert problems_with(reader, seed_files(), FILES) == []


def test_damaged_real_files_are_read_or_refused_in_one_plain_line(reader: Reader, shared_data: Path) -> None:
    own = set(seed_files())
    assert problems_with(reader, [path for path in seed_files(shared_data) if path not in own], FILES) == []


@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(seed_files()), seed=st.integers(0, 1 << 40))
def test_any_seed_will_do(reader: Reader, path: Path, seed: int) -> None:
    assert reader.read(mutant(path, seed)) == []


TAGS = st.sampled_from(
    (
        0x00020010, 0x00080005, 0x00080016, 0x00080018, 0x00080060, 0x00081140, 0x00090010, 0x00091001, 0x00100010,
        0x0020000E, 0x00200032, 0x00280008, 0x00280010, 0x00280011, 0x00280030, 0x00280100, 0x30060039, 0x30060050,
        0x00041220, 0x00041500, 0x52009229, 0x52009230, 0x00209113, 0x7FE00010, 0xFFFCFFFC, 0,
    )
)  # fmt: skip
VRS = st.sampled_from(["SQ", "UN", "LO", "PN", "DS", "IS", "US", "UL", "UI", "CS", "AT", "FD", "OB", "OW", "UT", "ZZ"])
VALUES = st.one_of(
    st.binary(max_size=24),
    st.sampled_from([text.encode("utf-8", "replace") for text in HOSTILE]),
    st.sampled_from([b"\1\0", b"\xff\xff", b"1\\2\\3 ", b"1.2.840.10008.5.1.4.1.1.2\0", b"ISO_IR 192", b"RTSTRUCT"]),
)
LENGTHS = st.none() | st.sampled_from([0, 1, 7, 65535, 0x7FFFFFFF, 0xFFFFFFFE, UNDEFINED])


@st.composite
def data_sets(draw: st.DrawFn, *, implicit: bool, big: bool, depth: int = 0) -> bytes:
    """Elements in any order, with sequences in them, some of which lie about their length."""
    out = b""
    for _ in range(draw(st.integers(0, 5))):
        tag, vr = draw(TAGS), draw(VRS)
        lie = draw(LENGTHS) if draw(st.booleans()) else None
        if depth < 4 and draw(st.integers(0, 2)) == 0:
            inner = draw(data_sets(implicit=implicit, big=big, depth=depth + 1))
            ended = draw(st.booleans())
            said = UNDEFINED if ended else len(inner)
            content = mark(0xE000, said, big=big) + inner + (mark(0xE00D, big=big) if ended else b"")
            content += mark(0xE0DD, big=big) if draw(st.booleans()) else b""
            vr = draw(st.sampled_from(["SQ", "SQ", "UN", "OB"]))
        else:
            content = draw(VALUES)
        most = None if implicit or vr in {"SQ", "UN", "OB", "OW", "UT"} else 0xFFFF
        length = lie if lie is None or most is None else min(lie, most)
        out += element(tag, vr, content, implicit=implicit, big=big, length=length)
    return out


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), syntax=st.sampled_from([EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE]))
def test_files_made_of_anything_are_read_or_refused_in_one_plain_line(
    reader: Reader, data: st.DataObject, syntax: str
) -> None:
    content = data.draw(data_sets(implicit=syntax == IMPLICIT_LE, big=syntax == EXPLICIT_BE))
    head = data.draw(st.sampled_from([part10(b"", syntax), b""]))
    assert reader.read(Mutant(head + content, "made of anything")) == []


def test_the_list_of_a_folder_with_damaged_files_is_that_of_the_thorough_scan(
    tmp_path: Path, phantom_dir: Path
) -> None:
    files = seed_files()
    for number in range(FOLDERS):
        chance = random.Random(SEED + number)
        folder = tmp_path / str(number)
        folder.mkdir()
        for slice_ in chance.sample(sorted(phantom_dir.glob("*.dcm")), 8):
            damaged = mutant(slice_, chance.randrange(1 << 40), chance.choice(files))
            whole = chance.random() < 0.5
            (folder / slice_.name).write_bytes(slice_.read_bytes() if whole else damaged.data)
        for path in chance.sample(files, 4):
            (folder / path.name).write_bytes(mutant(path, chance.randrange(1 << 40)).data)
        assert_same_twice([folder], tmp_path / "catalog.sqlite")
