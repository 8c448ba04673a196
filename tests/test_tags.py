"""The tag tree says of every element what pydicom says, opens lazily, and shows nothing that acts on a terminal."""

from __future__ import annotations

import base64
import json
import struct
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pydicom
import pydicom.data
import pytest
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dcmtty.dicom.jsonmodel import json_model
from dcmtty.dicom.tags import TagNode, TagTree, open_tags
from dcmtty.dicom.tagsearch import find
from dcmtty.errors import InputError, NotDicom
from dicom_bytes import EXPLICIT_BE, element, identity, image, item, nest, part10, sequence, text

PYDICOM_FILES = Path(pydicom.data.__file__).parent
READ_FURTHER = {"GH179A.dcm", "GH364.dcm"}
"""Where pydicom silently ends inside an element, or cannot name its own elements."""
AMBIGUOUS = {"US or SS", "US or OW", "US or SS or OW", "OB or OW"}


def written(folder: Path, data: bytes, name: str = "a.dcm") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def nodes(path: Path) -> list[TagNode]:
    with open_tags(path) as tree:
        return list(tree.walk())


def named(path: Path, keyword: str) -> TagNode:
    """The first element with the keyword, its tree left open."""
    return next(node for node in open_tags(path).walk() if node.keyword == keyword)


def compare(tree: TagTree, found: Iterable[TagNode], dataset: Dataset, path: Path) -> int:
    """Compare nodes with pydicom's elements, down the sequences; return how many were compared."""
    own = {node.element.tag: node for node in found if node.error == ""}
    assert set(own) == {int(tag) for tag in dataset.keys()}, path  # noqa: SIM118 - a Dataset iterates over its elements
    count = 0
    for expected in dataset:
        node = own[int(expected.tag)]
        count += 1
        place = f"{path.name} {expected.tag}"
        if expected.VR not in AMBIGUOUS:
            assert node.vr == expected.VR, place
        assert node.keyword == (expected.keyword or keyword_for_tag(expected.tag)), place
        if isinstance(expected.value, Sequence):
            items = tree.children(node)
            assert len(items) == len(expected.value), place
            for number, (one, inner) in enumerate(zip(items, expected.value, strict=True), start=1):
                assert one.keyword == f"item {number}"
                count += compare(tree, tree.children(one), inner, path)
        elif node.vr not in {"OB", "OW", "UN", "OF", "OD", "OL"} and str(expected.VR) not in AMBIGUOUS:
            assert node.vm == (0 if expected.is_empty else expected.VM), place
    return count


@pytest.fixture(scope="module", params=["pydicom", "shared"])
def real_files(request: pytest.FixtureRequest) -> list[Path]:
    """Readable real files, no series of more than three."""
    if request.param == "pydicom":
        files = [*(PYDICOM_FILES / "test_files").glob("*.dcm"), *(PYDICOM_FILES / "charset_files").glob("*.dcm")]
    else:
        folder: Path = request.getfixturevalue("shared_data")
        folders = {path.parent for path in folder.rglob("*") if path.is_file() and "LICENSES" not in path.parts}
        files = [path for one in sorted(folders) for path in sorted(one.iterdir())[:25:4] if path.is_file()]
    return [path for path in files if path.name not in READ_FURTHER]


def is_comparable(tree: TagTree, dataset: Dataset) -> bool:
    """Say whether the file is whole and pydicom can name every element of it."""
    if any(node.error for node in tree.walk()):
        return False
    try:
        str(dataset)
    except (NotImplementedError, ValueError, TypeError, RecursionError, AttributeError):
        return False
    return True


def test_every_element_is_that_of_pydicom(real_files: list[Path]) -> None:
    compared = 0
    for path in real_files:
        try:
            tree = open_tags(path)
        except InputError:
            continue
        with tree, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, force=True)
            if is_comparable(tree, dataset):
                roots = [node for node in tree.roots() if node.element.tag >> 16 != 2]
                compared += compare(tree, roots, dataset, path)
    assert compared > 3000


def test_values_names_and_uids_are_shown(phantom_dir: Path) -> None:
    path = min(phantom_dir.iterdir())
    dataset = pydicom.dcmread(path)
    node = named(path, "SOPClassUID")
    assert node.value == "1.2.840.10008.5.1.4.1.1.2 (CT Image Storage)"
    assert (node.tag, node.vr, node.vm, node.name) == ("0008,0016", "UI", 1, "SOP Class UID")
    assert named(path, "ImageType").value == "\\".join(dataset.ImageType)
    assert named(path, "ImageOrientationPatient").vm == 6
    assert named(path, "Rows").value == str(dataset.Rows)
    assert named(path, "TransferSyntaxUID").value.endswith("(Explicit VR Little Endian)")


def test_private_elements_have_the_names_of_their_creators() -> None:
    found = {node.tag: node for node in nodes(PYDICOM_FILES / "test_files" / "CT_small.dcm")}
    dataset = pydicom.dcmread(PYDICOM_FILES / "test_files" / "CT_small.dcm")
    assert found["0009,0010"].name == "Private Creator"
    assert found["0009,1001"].name == dataset[0x0009, 0x1001].name
    assert found["0009,1001"].name.startswith("[")


def test_the_offset_is_where_the_tag_stands_in_the_file() -> None:
    path = PYDICOM_FILES / "test_files" / "MR_small.dcm"
    data = path.read_bytes()
    for node in nodes(path):
        group, number = struct.unpack_from("<HH", data, node.offset)
        assert f"{group:04X},{number:04X}" == node.tag


def test_values_in_other_character_sets_are_decoded() -> None:
    path = PYDICOM_FILES / "charset_files" / "chrH31.dcm"
    expected = str(pydicom.dcmread(path).PatientName)
    assert named(path, "PatientName").value == expected
    assert "山田" in expected


def test_the_character_set_of_an_item_holds_in_that_item_only(tmp_path: Path) -> None:
    greek = item(text(0x00080005, "CS", "ISO_IR 126") + element(0x00100010, "PN", b"\xc4\xe9"))
    latin = item(element(0x00100010, "PN", b"\xc4\xe9"))
    data = text(0x00080005, "CS", "ISO_IR 100") + sequence(0x00081140, greek + latin)
    values = [node.value for node in nodes(written(tmp_path, part10(data))) if node.keyword == "PatientName"]
    assert values == ["Δι", "Äé"]


def test_escape_codes_and_markup_are_shown_not_sent(tmp_path: Path) -> None:
    nasty = "\x1b]0;owned\x07\x9b31m[/]"
    path = written(
        tmp_path, part10(element(0x00100010, "PN", nasty.encode("latin-1") + b" ") + text(0x00091010, "LO", "x"))
    )
    assert named(path, "PatientName").value == "\\x1b]0;owned\\x07\\x9b31m[/]"
    assert all(ord(char) >= 32 and ord(char) not in range(127, 160) for node in nodes(path) for char in node.value)


def test_long_values_are_cut_and_counted_without_being_read_whole(tmp_path: Path) -> None:
    count = 700_000
    path = written(
        tmp_path, part10(element(0x30060050, "DS", b"1\\" * count + b"1 ", implicit=True), "1.2.840.10008.1.2")
    )
    node = named(path, "ContourData")
    assert node.vm == count + 1
    assert len(node.value) <= 512
    assert node.value.endswith("…")


def test_binary_values_are_shown_as_hex_with_their_length(tmp_path: Path) -> None:
    path = written(tmp_path, part10(identity() + element(0x00420011, "OB", bytes(range(100)))))
    assert named(path, "EncapsulatedDocument").value == "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f … (100 bytes)"


def test_a_sequence_of_10000_items_is_listed_without_opening_them(tmp_path: Path) -> None:
    items = item(text(0x00080100, "SH", "A")) * 10_000
    path = written(tmp_path, part10(sequence(0x00081140, items)))
    with open_tags(path) as tree:
        (root,) = [node for node in tree.roots() if node.keyword == "ReferencedImageSequence"]
        children = tree.children(root)
        assert len(children) == 10_000
        assert children[-1].keyword == "item 10000"
        assert [node.value for node in tree.children(children[-1])] == ["A"]


@pytest.mark.parametrize("delimited", [False, True])
@pytest.mark.parametrize("depth", [31, 33, 300, 5000])
def test_a_deep_nest_ends_in_a_node_that_says_so(tmp_path: Path, depth: int, delimited: bool) -> None:
    if depth == 5000 and not delimited:
        depth = 2000
    path = written(tmp_path, part10(identity() + nest(depth, delimited=delimited) + text(0x00100010, "PN", "A")))
    with open_tags(path) as tree:
        found = list(tree.walk())
    errors = [node for node in found if node.error]
    assert bool(errors) is (depth > 32)
    assert all("more than 32 deep" in node.value for node in errors)
    assert max(node.depth for node in found) <= 66


def test_what_stands_before_the_damage_is_listed_and_the_damage_named(tmp_path: Path) -> None:
    data = part10(identity() + text(0x00100010, "PN", "ABCD"))[:-2]
    with open_tags(written(tmp_path, data)) as tree:
        roots = tree.roots()
        assert tree.damage is not None
        assert "(0010,0010) PatientName at byte" in str(tree.damage)
    assert [node.keyword for node in roots[-4:-1]] == ["SOPClassUID", "SOPInstanceUID", "Modality"]
    assert roots[-1].error


@pytest.mark.parametrize(
    "pattern", ["0010,0010", "(0010,0010)", "00100010", "patientname", "PATIENTN", "doe^j", "Patient's n"]
)
def test_find_takes_a_tag_a_keyword_a_name_or_a_value(tmp_path: Path, pattern: str) -> None:
    path = written(tmp_path, part10(identity() + text(0x00100010, "PN", "Doe^Jane") + image()))
    with open_tags(path) as tree:
        assert [node.keyword for node in find(tree, pattern)] == ["PatientName"]


def test_find_looks_into_sequences(tmp_path: Path) -> None:
    inner = sequence(0x00082218, item(text(0x00080100, "SH", "T-A0100")))
    path = written(tmp_path, part10(sequence(0x00081140, item(b"") + item(inner))))
    with open_tags(path) as tree:
        (node,) = find(tree, "t-a01")
    assert node.path == (0x00081140, 1, 0x00082218, 0, 0x00080100)
    assert node.depth == 4


def test_pixel_representation_decides_between_us_and_ss(tmp_path: Path) -> None:
    for representation, expected in ((1, "-2000"), (0, "63536")):
        data = element(0x00280103, "US", struct.pack("<H", representation), implicit=True)
        data += element(0x00280120, "US", struct.pack("<h", -2000), implicit=True)
        path = written(tmp_path, part10(text(0x00080060, "CS", "CT", implicit=True) + data, "1.2.840.10008.1.2"))
        assert named(path, "PixelPaddingValue").value == expected


def test_what_is_no_dicom_has_no_tree(tmp_path: Path) -> None:
    with pytest.raises(NotDicom):
        open_tags(written(tmp_path, b"hello"))


def normal(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Take out of pydicom's JSON what PS3.18 F leaves out: group lengths, empty values, empty name groups."""
    if isinstance(value, dict):
        taken = {key: normal(one) for key, one in value.items() if not (len(key) == 8 and key.endswith("0000"))}
        return {key: one for key, one in taken.items() if key != "Value" or one not in ([], [None], [""])}
    if isinstance(value, list):
        return [normal(one) for one in value]
    return value


JSON_FILES = (
    "CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "rtplan.dcm", "reportsi.dcm", "rtstruct.dcm",
    "liver_expb_1frame.dcm", "nested_priv_SQ.dcm", "UN_sequence.dcm", "test-SR.dcm", "image_dfl.dcm",
)  # fmt: skip


@pytest.mark.parametrize("name", JSON_FILES)
def test_the_json_model_is_that_of_pydicom(name: str) -> None:
    path = PYDICOM_FILES / "test_files" / name
    with open_tags(path) as tree:
        model = json_model(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        expected = normal(dataset.to_json_dict())
    json.dumps(model, allow_nan=False)
    assert list(model) == sorted(expected)
    for tag, attribute in model.items():
        if "BulkDataURI" in attribute:
            assert expected[tag]["InlineBinary"]
        elif "InlineBinary" not in attribute or "bigendian" not in name:
            assert normal(attribute) == expected[tag], tag


def test_bulk_data_is_named_by_offset_and_length(tmp_path: Path) -> None:
    pixels = bytes(range(256)) * 16
    path = written(tmp_path, part10(identity() + image(32, 64, pixels=pixels)))
    with open_tags(path) as tree:
        uri = json_model(tree)["7FE00010"]["BulkDataURI"]
    where, _, query = uri.partition("?")
    offset, length = (int(part.split("=")[1]) for part in query.split("&"))
    assert where == path.as_uri()
    assert path.read_bytes()[offset : offset + length] == pixels


def test_inline_words_of_a_big_endian_file_are_little_endian(tmp_path: Path) -> None:
    data = identity(big=True) + image(1, 2, big=True, pixels=b"\x01\x02\x03\x04")
    with open_tags(written(tmp_path, part10(data, EXPLICIT_BE))) as tree:
        assert base64.b64decode(json_model(tree)["7FE00010"]["InlineBinary"]) == b"\x02\x01\x04\x03"


def test_half_a_data_set_has_no_json_model(tmp_path: Path) -> None:
    with open_tags(written(tmp_path, part10(identity() + image())[:-3])) as tree, pytest.raises(InputError):
        json_model(tree)


def test_a_uid_with_blanks_around_it_is_the_uid_without_them_as_in_pydicom(tmp_path: Path) -> None:
    path = written(tmp_path, part10(element(0x00080018, "UI", b" 1.2.3 \0") + element(0x00081150, "UI", b" 1.2\\ 1.3")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        expected = (str(dataset.SOPInstanceUID), "\\".join(map(str, dataset.ReferencedSOPClassUID)))
    assert (named(path, "SOPInstanceUID").value, named(path, "ReferencedSOPClassUID").value) == expected
    assert expected == ("1.2.3", "1.2\\1.3")
