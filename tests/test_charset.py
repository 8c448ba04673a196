"""Text is decoded as its character set says: as pydicom has it, and where pydicom errs as iconv and dcmdump have it."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import pydicom
import pydicom.data
import pytest

from dcmtty.dicom.charset import codecs_of, decoded
from dcmtty.dicom.iso2022 import NAME_DELIMITERS, VALUE_DELIMITERS
from dcmtty.dicom.tags import open_tags
from dcmtty.dicom.values import TEXT_VRS, values_of
from peers import peer

PYDICOM_CHARSETS = Path(pydicom.data.__file__).parent / "charset_files"
LEFT_ESCAPES = {"chrGB2312.dcm": ("\x1b$)A", "Zhang^XiaoDong=张^小东")}
"""What pydicom leaves in the text, and what the name is."""


def name(raw: bytes, *terms: str) -> str:
    (value,) = values_of(raw, "PN", encodings=codecs_of(terms))
    return value


def compare(path: Path) -> int:
    """Compare the text values of the outermost data set with pydicom's; return how many there are beyond ASCII."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        count = 0
        with open_tags(path) as tree:
            for node in tree.roots():
                if node.vr not in TEXT_VRS or node.element.tag >> 16 == 2:
                    continue
                expected = dataset[node.element.tag]
                texts = [str(one) for one in (expected.value if expected.VM > 1 else [expected.value or ""])]
                said = "\\".join(text.rstrip("=") if node.vr == "PN" else text for text in texts)
                said = said.replace(LEFT_ESCAPES.get(path.name, ("", ""))[0], "")
                assert node.text(10_000) == said, f"{path.name} {node.keyword}"
                count += not said.isascii()
    return count


def test_names_of_real_files_are_those_of_pydicom(shared_data: Path) -> None:
    files = sorted((shared_data / "charset").glob("*.dcm"))
    assert sum(compare(path) for path in files) >= 14
    with open_tags(shared_data / "charset" / "chrGB2312.dcm") as tree:
        (found,) = (node.value for node in tree.roots() if node.keyword == "PatientName")
    assert found == LEFT_ESCAPES["chrGB2312.dcm"][1]


def test_names_of_pydicoms_files_are_those_of_pydicom() -> None:
    assert sum(compare(path) for path in sorted(PYDICOM_CHARSETS.glob("*.dcm"))) >= 14


def test_what_dcmdump_can_convert_it_converts_to_the_same_text(shared_data: Path) -> None:
    program = peer("dcmdump")
    compared = 0
    for path in [*sorted((shared_data / "charset").glob("*.dcm")), *sorted(PYDICOM_CHARSETS.glob("*.dcm"))]:
        done = subprocess.run([program, "-q", "+U8", "+L", "+P", "0010,0010", path], capture_output=True, check=False)
        if done.returncode or not done.stdout.startswith(b"(0010,0010)"):
            continue
        said = done.stdout.decode().partition("[")[2].rpartition("]")[0]
        with open_tags(path) as tree:
            own = [node.value for node in tree.walk() if node.keyword == "PatientName"]
        assert said.rstrip("= ") in own, path.name
        compared += not said.isascii()
    assert compared >= 20


@pytest.mark.parametrize(
    ("term", "codec", "iconv", "text"),
    [
        ("ISO_IR 100", "latin-1", "ISO-8859-1", "Jérôme^Müller"),
        ("ISO_IR 101", "iso8859-2", "ISO-8859-2", "Łukasz^Żółć"),
        ("ISO_IR 109", "iso8859-3", "ISO-8859-3", "Ĝojo^Ħal"),
        ("ISO_IR 110", "iso8859-4", "ISO-8859-4", "Ķēniņš^Ģirts"),
        ("ISO_IR 144", "iso8859-5", "ISO-8859-5", "Люксембург^Ћ"),
        ("ISO_IR 127", "iso8859-6", "ISO-8859-6", "قباني^لنزار"),
        ("ISO_IR 126", "iso8859-7", "ISO-8859-7", "Διονυσιος^Ω"),
        ("ISO_IR 138", "iso8859-8", "ISO-8859-8", "שרון^דבורה"),
        ("ISO_IR 148", "iso8859-9", "ISO-8859-9", "Çavuşoğlu^İlker"),
        ("ISO_IR 166", "tis-620", "TIS-620", "สมชาย^น้ำผึ้ง"),
        ("ISO_IR 203", "iso8859-15", "ISO-8859-15", "Žižka^Œuvre"),
        ("ISO_IR 192", "utf-8", "UTF-8", "山田^太郎=홍길동=شخص"),
        ("GB18030", "gb18030", "GB18030", "王^小东=𠮷"),
        ("GBK", "gbk", "GBK", "王^小東"),
        ("ISO_IR 13", "shift_jis", "SHIFT_JIS", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    ],
)
def test_sets_without_code_extensions(term: str, codec: str, iconv: str, text: str) -> None:
    raw = text.encode(codec)
    converted = subprocess.run([peer("iconv"), "-f", iconv, "-t", "UTF-8"], input=raw, capture_output=True, check=True)
    assert name(raw, term) == converted.stdout.decode() == text


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        (("", "ISO 2022 IR 87"), b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎"),
        (
            ("ISO 2022 IR 13", "ISO 2022 IR 87"),
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
        ),
        (("", "ISO 2022 IR 149"), b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "Hong^Gildong=洪^吉洞"),
        (("", "ISO 2022 IR 58"), b"Wang=\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab", "Wang=王^小东"),
        (("ISO 2022 IR 6", "ISO 2022 IR 100", "ISO 2022 IR 144"), b"\x1b-A\xe9 \x1b-L\xbb\xee", "é Лю"),
        (("ISO 2022 IR 100", "ISO 2022 IR 126"), b"\xc4\x1b-F\xc4^\xc4", "ÄΔ^Ä"),
        (("ISO 2022 IR 13", "ISO 2022 IR 159"), b"\xb1\x1b$(D0!\x1b(J\xb2", "ｱ丂ｲ"),
    ],
    ids=["87", "13+87", "149", "58", "100+144", "back to the first at ^", "159"],
)
def test_code_extensions(terms: tuple[str, ...], raw: bytes, text: str) -> None:
    assert name(raw, *terms) == text


def test_every_pair_is_that_of_the_iso2022_codec_in_both_japanese_sets() -> None:
    for designation, count in ((b"\x1b$B", 6879), (b"\x1b$(D", 6067)):
        pairs = [bytes((row, cell)) for row in range(0x21, 0x7F) for cell in range(0x21, 0x7F)]
        known = 0
        for pair in pairs:
            try:
                said = (designation + pair + b"\x1b(B").decode("iso2022_jp_2")
            except UnicodeDecodeError:
                continue
            own = decoded(designation + pair + b"\x1b(B", codecs_of(("", "ISO 2022 IR 87")), NAME_DELIMITERS)
            assert own == said or {own, said} == {"\\", "＼"}, pair
            known += 1
        assert known == count


def test_a_delimiter_inside_a_pair_is_no_delimiter() -> None:
    raw = "表示^十=ゾ".encode("iso2022_jp")
    assert b"=" in raw.replace(b"^", b"")[:-1]
    assert name(raw, "", "ISO 2022 IR 87") == "表示^十=ゾ"
    assert values_of("表\\示".encode("gb18030"), "LO", encodings=codecs_of(("GB18030",))) == ("表", "示")
    assert values_of("ソ十表".encode("shift_jis"), "LO", encodings=codecs_of(("ISO_IR 13",))) == ("ソ十表",)


def test_the_first_set_holds_again_behind_a_backslash_and_a_line_end() -> None:
    greek = codecs_of(("ISO 2022 IR 100", "ISO 2022 IR 126"))
    assert decoded(b"\x1b-F\xc4\\\xc4", greek, VALUE_DELIMITERS) == "Δ\\Ä"
    assert decoded(b"\x1b-F\xc4\r\n\xc4", greek) == "Δ\r\nÄ"
    assert decoded(b"\x1b-F\xc4\\\xc4", greek) == "Δ\\Δ"


def test_what_means_nothing_is_kept_visible_and_never_raises() -> None:
    japanese = codecs_of(("", "ISO 2022 IR 87"))
    assert decoded(b"a\x1b]0;x\x07", japanese) == "a\x1b]0;x\x07"
    assert decoded(b"\x1b$B;", japanese) == "\ufffd"
    assert decoded(b"\x1b$B\x7f\x7f\x1b(B!", japanese).startswith("\ufffd")
    assert decoded(b"\xff\xfe", codecs_of(("ISO_IR 192",))) == "\ufffd\ufffd"


@pytest.mark.parametrize("term", ["ISO-IR 144", "ISO IR 144", "ISO_2022_IR_144", "ISO 2022 IR 144", "ISO_IR 144"])
def test_misspelt_terms_are_understood(term: str) -> None:
    assert codecs_of((term,)) == ("iso8859_5",)


@pytest.mark.parametrize("term", ["", "nonsense", "zlib", "hex", "ISO_IR 999", "\x1b[31m", "rot13"])
def test_unknown_terms_mean_the_default_repertoire(term: str) -> None:
    assert codecs_of((term,)) == ("latin-1",)
