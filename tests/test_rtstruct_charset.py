"""Text in DICOM's character sets: exact both ways, or refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from dcmtty.rtstruct.charset import UTF_8, decode, encode, is_plain
from dcmtty.rtstruct.save import save
from rtstruct_cases import four_types, series_of, write_ct


def pydicom_name(dataset: Dataset) -> str:
    """The patient's name as pydicom reads it, without the escape sequences that it leaves in GB 2312."""
    return str(dataset.PatientName).replace("\x1b$)A", "").rstrip(" =")


@given(st.text())
def test_unicode_goes_both_ways(text: str) -> None:
    raw = encode(text, UTF_8)
    assert raw is None or decode(raw, UTF_8) == text


@given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0xFF)))
def test_latin_1_is_python_latin_1(text: str) -> None:
    assert encode(text, ("ISO_IR 100",)) == text.encode("latin-1")


@pytest.mark.parametrize("terms", [(), ("",), ("ISO_IR 6",)])
def test_only_ascii_fits_where_nothing_is_declared(terms: tuple[str, ...]) -> None:
    assert encode("Nière", terms) is None
    assert decode(b"Ni\xe8re", terms) is None
    assert (encode("Organ", terms), decode(b"Organ", terms)) == (b"Organ", "Organ")


def test_what_does_not_fit_is_not_replaced() -> None:
    assert encode("腎", ("ISO_IR 100",)) is None
    assert decode(b"\xff\xfe", UTF_8) is None
    assert decode(b"\xe4", ("ISO_IR 999",)) is None
    assert not is_plain(b"\x1b$B")


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        (("ISO 2022 IR 6", "ISO 2022 IR 87"), "腎臓 left"),
        (("ISO 2022 IR 6", "ISO 2022 IR 149"), "홍길동 신장"),
        (("GB18030",), "Wang^XiaoDong=王^小东"),
        (("ISO_IR 144",), "Люкceмбypг"),
    ],
)
def test_code_extensions_and_multi_byte_sets_go_both_ways(terms: tuple[str, ...], text: str) -> None:
    raw = encode(text, terms)
    assert raw is not None
    assert decode(raw, terms) == text


@pytest.mark.filterwarnings("ignore:Failed to encode")
def test_names_of_real_files_are_those_that_pydicom_reads(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "charset").iterdir()):
        dataset = dcmread(path, force=True, specific_tags=["PatientName", "SpecificCharacterSet"])
        if "PatientName" not in dataset or "SpecificCharacterSet" not in dataset:
            continue
        declared = dataset.SpecificCharacterSet
        terms = (declared,) if isinstance(declared, str) else tuple(declared)
        raw: object = dataset.get_item("PatientName").value
        if isinstance(raw, bytes):
            text = decode(raw.rstrip(b"\0 "), terms, person_name=True)
            assert text is None or text.rstrip(" =") == pydicom_name(dataset), path
            compared += text is not None
    assert compared > 5


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        (
            ("", "ISO 2022 IR 87"),
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        (
            ("", "ISO 2022 IR 58"),
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
            "Zhang^XiaoDong=张^小东=",
        ),
        (("", "ISO 2022 IR 149"), b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "Hong^Gildong=洪^吉洞"),
    ],
)
def test_the_names_of_the_standard_are_read(terms: tuple[str, ...], raw: bytes, text: str) -> None:
    """The examples of PS3.5 Annexes H and I."""
    assert decode(raw, terms, person_name=True) == text


@pytest.mark.parametrize("first", ["", "ISO_IR 6", "ISO 2022 IR 6"])
def test_eight_bit_text_without_its_escape_sequence_is_not_taken_for_latin_1(first: str) -> None:
    """Re-encoded, it would be another name for good."""
    terms = (first, "ISO 2022 IR 58")
    assert decode(b"Zhang^XiaoDong=\xd5\xc5^\xd0\xa1\xb6\xab", terms, person_name=True) is None


@pytest.mark.filterwarnings("ignore:Failed to encode")
def test_every_real_name_survives_in_a_structure_set(shared_data: Path, tmp_path: Path) -> None:
    compared = 0
    for number, path in enumerate(sorted((shared_data / "charset").iterdir())):
        source = dcmread(path, force=True, specific_tags=["PatientName", "SpecificCharacterSet"])
        if not source.get("PatientName") or "SpecificCharacterSet" not in source:
            continue
        raw = dcmread(path, force=True, specific_tags=["PatientName"]).get_item("PatientName").value
        stand_in = b"X" * len(raw)
        tags = {"SpecificCharacterSet": source.SpecificCharacterSet, "PatientName": stand_in.decode()}
        images = write_ct(tmp_path / str(number), tags=tags)
        for image in images:
            image.write_bytes(image.read_bytes().replace(stand_in, raw))
        series = series_of(images)
        save(tmp_path / f"{number}.dcm", series, four_types(series))
        written = dcmread(tmp_path / f"{number}.dcm")
        assert str(written.PatientName).rstrip(" =") == pydicom_name(source), path
        compared += 1
    assert compared > 10
