"""The quick way of reading headers says what the thorough way and pydicom say, or leaves the file to the thorough."""

from __future__ import annotations

import os
import random
import warnings
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dcmtty.dicom.attributes import ATTRIBUTES
from dcmtty.dicom.header.columns import parse_column, parse_columns
from dcmtty.dicom.header.quick import QuickReader
from dcmtty.dicom.header.reader import HeaderReader
from dcmtty.dicom.header.record import STANDARD, RecordReader, read_thoroughly
from dcmtty.errors import DcmttyError, InputError, NotDicom, TruncatedFile, UsageError
from dicom_bytes import EXPLICIT_LE, IMPLICIT_LE, element, identity, image, item, part10, sequence, text
from pydicom_values import PYDICOM_FILES, expected_values, files_in

READ_FURTHER = {"GH179A.dcm"}
"""pydicom ends inside an element of this file, without a word; see test_headers."""
TWELVE = (
    "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality", "InstanceNumber",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "SliceThickness",
)  # fmt: skip
NESTED = (
    "ReferencedFrameOfReferenceSequence/0/FrameOfReferenceUID",
    "ROIContourSequence/1/ContourSequence/0/NumberOfContourPoints",
    "StructureSetROISequence/0/ROIName",
    "SharedFunctionalGroupsSequence/0/PixelMeasuresSequence/0/PixelSpacing",
    "RequestAttributesSequence/0/RequestedProcedureID",
    "ConceptNameCodeSequence/0/CodeMeaning",
)
ODD = (
    "PerformedProcedureStepDescription",
    "SmallestImagePixelValue",
    "PixelPaddingValue",
    "LossyImageCompressionRatio",
)


def pydicom_value(dataset: Dataset, path: tuple[int, ...]) -> tuple[str, ...] | None:
    """What pydicom gives for a column: None where it is absent, () where it is empty."""
    if path[0] not in dataset:
        return None
    found = dataset[path[0]]
    if len(path) == 1:
        return expected_values(found.value)
    items = found.value if found.VR == "SQ" else []
    return pydicom_value(items[path[1]], path[2:]) if path[1] < len(items) else None


def same_as_pydicom(reader: HeaderReader, path: Path) -> bool:
    """Compare all columns; False where we refuse the file."""
    try:
        own = reader.read(path)
    except InputError:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        expected = tuple(pydicom_value(dataset, column.path) for column in reader.columns)
    assert own == expected, path
    return True


def every_file(shared_data: Path) -> list[Path]:
    found = [*files_in(PYDICOM_FILES), *files_in(shared_data)]
    return [path for path in found if path.name not in READ_FURTHER and "LICENSES" not in path.parts]


def test_twelve_attributes_are_those_of_pydicom_on_every_file(shared_data: Path) -> None:
    reader = HeaderReader(TWELVE)
    read = [path for path in every_file(shared_data) if same_as_pydicom(reader, path)]
    assert len(read) > 800


def test_nested_and_odd_attributes_are_those_of_pydicom_on_every_file(shared_data: Path) -> None:
    reader = HeaderReader([*NESTED, *ODD, "0008,0016"])
    read = [path for path in every_file(shared_data) if same_as_pydicom(reader, path)]
    assert len(read) > 800


def test_records_are_those_of_the_thorough_way_on_every_file(shared_data: Path) -> None:
    files = every_file(shared_data)
    random.Random(3).shuffle(files)
    reader = RecordReader()
    quick = 0
    for path in files * 2:
        quick += reader.read_quickly(path) is not None
        own, expected = reader.read(path), read_thoroughly(path)
        assert own == expected, path
    assert quick > 2 * 800


def ct(number: int, *, implicit: bool, series: str = "1.2.3", more: bytes = b"") -> bytes:
    """One of the files of a series, with values of many lengths."""

    def short(tag: int, vr: str, value: str) -> bytes:
        return text(tag, vr, value, implicit=implicit)

    related = item(short(0x00081155, "UI", "1.2." + "9" * (number % 5 + 1)), delimited=number % 2 == 0)
    body = (
        short(0x00080005, "CS", "ISO_IR 100")
        + short(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2")
        + short(0x00080018, "UI", f"1.2.3.{number}")
        + short(0x00080060, "CS", "CT")
        + sequence(0x00081140, related, delimited=number % 3 == 0, implicit=implicit)
        + short(0x00100010, "PN", "Müller^A")
        + short(0x0020000E, "UI", series)
        + short(0x00200013, "IS", str(number))
        + short(0x00200032, "DS", f"-1.5\\2\\{number * 2.5}")
        + more
        + image(implicit=implicit)
    )
    return part10(body, IMPLICIT_LE if implicit else EXPLICIT_LE)


def archive(folder: Path, files: list[bytes]) -> list[Path]:
    paths = [folder / f"{index:04}" for index in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    return paths


@pytest.mark.parametrize("implicit", [False, True])
def test_files_of_a_series_go_the_quick_way_and_each_has_its_own_values(tmp_path: Path, *, implicit: bool) -> None:
    series = ["1.2.3"] * 60 + ["1.2.33"] * 60 + ["1.2.3"] * 20
    paths = archive(tmp_path, [ct(n, implicit=implicit, series=uid) for n, uid in enumerate(series)])
    reader = HeaderReader(
        ["SOPInstanceUID", "SeriesInstanceUID", "InstanceNumber", "ImagePositionPatient", "PatientName"]
    )
    for n, path in enumerate(paths):
        expected = ((f"1.2.3.{n}",), (series[n],), (str(n),), ("-1.5", "2", str(n * 2.5)), ("Müller^A",))
        assert reader.read_quickly(path) == reader.read(path) == expected


def test_a_file_in_another_character_set_is_not_read_by_the_template_of_the_last_one(tmp_path: Path) -> None:
    first = ct(1, implicit=False)
    greek = first.replace(b"ISO_IR 100", b"ISO_IR 126")
    paths = archive(tmp_path, [first, first, greek, first, greek])
    reader = HeaderReader(["PatientName"])
    latin, other = (("Müller^A",),), (("M\u03ccller^A",),)
    assert [reader.read(path) for path in paths] == [latin, latin, other, latin, other]


def test_a_file_in_another_transfer_syntax_is_not_read_by_the_template_of_the_last_one(tmp_path: Path) -> None:
    lying = ct(1, implicit=False).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0")
    paths = archive(tmp_path, [ct(1, implicit=False), ct(1, implicit=False), lying])
    reader = RecordReader()
    assert [reader.read(path) for path in paths] == [read_thoroughly(path) for path in paths]


def test_attributes_beyond_the_first_read_are_found(tmp_path: Path) -> None:
    private = element(0x00210010, "LO", b"MAKER ") + element(0x00211001, "OB", bytes(60_000))
    paths = archive(tmp_path, [ct(n, implicit=False, more=private) for n in range(1, 4)])
    reader = HeaderReader(["InstanceNumber", "Rows"])
    assert all(reader.read_quickly(path) for path in paths)
    assert [reader.read(path)[0] for path in paths] == [("1",), ("2",), ("3",)]
    assert all(reader.read(path)[1] for path in paths)


def test_tags_out_of_order_are_found_all_the_same(tmp_path: Path) -> None:
    data = part10(identity() + text(0x00200013, "IS", "7") + text(0x00100020, "LO", "late") + image())
    (path,) = archive(tmp_path, [data])
    assert HeaderReader(["PatientID", "InstanceNumber", "Rows"]).read(path)[:2] == (("late",), ("7",))
    assert RecordReader().read(path) == read_thoroughly(path)


def test_a_cut_file_is_never_complete_whatever_was_read_before(tmp_path: Path) -> None:
    whole = ct(5, implicit=False)
    reader = RecordReader()
    for path in archive(tmp_path, [ct(n, implicit=False) for n in range(5)]):
        assert reader.read(path).status == "dicom"
    path = tmp_path / "cut"
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        record = reader.read(path)
        assert record == read_thoroughly(path), end
        assert record.kind != "image" or record.warnings, end


MUTATED = [
    ct(3, implicit=False), ct(3, implicit=True),
    *[(PYDICOM_FILES / "test_files" / name).read_bytes()[:6000] for name in ("CT_small.dcm", "MR_small.dcm")],
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    which=st.integers(0, len(MUTATED) - 1),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.binary(min_size=1, max_size=4)), max_size=4),
    cut=st.integers(0, 40),
)
def test_a_damaged_file_is_what_the_thorough_way_says_it_is(
    tmp_path_factory: pytest.TempPathFactory, which: int, changes: list[tuple[int, bytes]], cut: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = MUTATED[which]
    data = bytearray(whole)
    for at, new in changes:
        data[at : at + len(new)] = new
    damaged, good = folder / "damaged", folder / "good"
    good.write_bytes(whole)
    damaged.write_bytes(bytes(data[: len(data) - cut]))
    reader = RecordReader()
    for path in (good, damaged, good, damaged):
        own, expected = reader.read(path), read_thoroughly(path)
        assert own == expected


def test_what_is_no_regular_file_is_refused_and_blocks_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(PYDICOM_FILES / "test_files" / "CT_small.dcm")
    reader = RecordReader()
    assert [reader.read(tmp_path / name).status for name in ("fifo", "missing", "link")] == ["unreadable"] * 3
    assert reader.read(tmp_path / "link", follow=True).status == "dicom"
    with pytest.raises(InputError):
        HeaderReader(["Rows"]).read(tmp_path / "fifo")
    (tmp_path / "text").write_text("no DICOM at all " * 40)
    with pytest.raises(NotDicom):
        HeaderReader(["Rows"]).read(tmp_path / "text")


def test_a_header_that_ends_before_the_wanted_attribute_is_an_error(tmp_path: Path) -> None:
    whole = ct(1, implicit=False)
    path = tmp_path / "cut"
    path.write_bytes(whole[: whole.index(b"1.2.3.1") + 30])
    assert HeaderReader(["SOPInstanceUID"]).read(path) == (("1.2.3.1",),)
    with pytest.raises(TruncatedFile):
        HeaderReader(["SOPInstanceUID", "Rows"]).read(path)


def test_columns_are_keywords_tags_and_paths() -> None:
    columns = parse_columns("Modality, 0008,0018,(0020,000E),ROIContourSequence/0/3006,0084 ,00100020")
    assert [column.path for column in columns] == [
        (0x00080060,), (0x00080018,), (0x0020000E,), (0x30060039, 0, 0x30060084), (0x00100020,),
    ]  # fmt: skip
    for wrong in (
        "",
        "NoSuchThing",
        "A/0",
        "ROIContourSequence/x/ROIName",
        "ROIContourSequence/0/",
        "/" * 400,
        "Rows/0/Nope",
    ):
        with pytest.raises(UsageError):
            parse_columns(wrong) if wrong == "" else parse_column(wrong)


def test_standard_keywords_are_those_of_the_attributes() -> None:
    assert STANDARD[:-1] == tuple(attribute.keyword for attribute in ATTRIBUTES.values())


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_private_attributes_are_those_of_pydicom(tmp_path: Path, syntax: UID) -> None:
    dataset = pydicom.dcmread(PYDICOM_FILES / "test_files" / "CT_small.dcm")
    block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x1F, "SL", 7)
    dataset.file_meta.TransferSyntaxUID = syntax
    path = tmp_path / "a.dcm"
    pydicom.dcmwrite(path, dataset, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    tag = block.get_tag(0x1F)
    assert HeaderReader([f"{tag.group:04X},{tag.element:04X}"]).read(path) == (("7",),)


def test_without_the_attributes_nothing_is_read_twice(tmp_path: Path) -> None:
    (path,) = archive(tmp_path, [ct(1, implicit=False)])
    header = QuickReader((0x00080060,), whole=False).read(str(path))
    assert header is not None
    assert (header.row, header.pixel_bytes, header.size_bytes) == ([("CT",)], None, path.stat().st_size)


def test_errors_are_ours(tmp_path: Path) -> None:
    for name in ("\0", "x" * 300):
        with pytest.raises(DcmttyError):
            HeaderReader(["Rows"]).read(tmp_path / name)


def test_the_example_of_the_docs_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[1]
    text = (root / "docs" / "headers.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(root)
    exec(compile(code, "headers.md", "exec"), {})  # noqa: S102 - the documentation's own code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list((root / "samples" / "ct-thorax").iterdir()))
    assert "('SYNTHETIC-1',)" in lines[0]
    assert lines[0].endswith("('4',) None")
