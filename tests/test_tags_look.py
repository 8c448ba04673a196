"""What the tag tree says of a file: labels of items, raw bytes and where they lie, what a preamble points into."""

from __future__ import annotations

import struct
import subprocess
import warnings
import zlib
from pathlib import Path

import pydicom
import pydicom.data
import pytest
from pydicom._uid_dict import UID_dictionary

from dcmtty.dicom.dictionary import uid_name
from dcmtty.dicom.preamble import preamble_state, read_preamble
from dcmtty.dicom.rawbytes import extent, hex_rows
from dcmtty.dicom.taglabel import Labels
from dcmtty.dicom.tagplace import preamble_text
from dcmtty.dicom.tags import TagTree, open_tags
from dcmtty.dicom.tagsearch import find, find_all
from dcmtty.errors import UsageError
from dcmtty.progress import Progress
from dicom_bytes import DEFLATED, element, identity, item, part10, sequence, text
from peers import peer
from run_cli import run_cli

PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"


def write(folder: Path, data: bytes) -> Path:
    path = folder / "a.dcm"
    path.write_bytes(data)
    return path


def labels_in(tree: TagTree, tag: int) -> list[str]:
    """The labels of the items of the first sequence with a tag."""
    labels = Labels(tree)
    node = next(node for node in tree.walk() if node.element.tag == tag and node.is_sequence)
    return [labels.of(one) for one in tree.children(node)]


def test_items_of_a_structure_set_say_roi_contour_and_slice(shared_data: Path) -> None:
    path = shared_data / "ct-rtstruct" / "ibsi-sts-019" / "RTSTRUCT" / "RS_CT.dcm"
    dataset = pydicom.dcmread(path)
    (region,) = dataset.ROIContourSequence
    name = dataset.StructureSetROISequence[0].ROIName
    with open_tags(path) as tree:
        assert labels_in(tree, 0x30060020) == [f"ROINumber 1 {name}"]
        assert labels_in(tree, 0x30060039) == [f"ROI 1 {name}"]
        assert labels_in(tree, 0x30060040) == [
            f"{one.ContourGeometricType} {one.NumberOfContourPoints} points" for one in region.ContourSequence
        ]
        contour = region.ContourSequence[0].ContourImageSequence[0]
        assert labels_in(tree, 0x30060016)[0].startswith("CT Image Storage 1.")
        found = list(find(tree, str(contour.ReferencedSOPInstanceUID)))
        assert found


def test_items_of_per_frame_functional_groups_say_their_frame(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "pixel" / "enhanced").iterdir()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        groups = dataset.get("PerFrameFunctionalGroupsSequence")
        if groups:
            with open_tags(path) as tree:
                assert labels_in(tree, 0x52009230) == [f"frame {number}" for number in range(1, len(groups) + 1)]
            compared += 1
    assert compared


def test_items_of_reports_plans_and_directories_say_what_they_are(shared_data: Path) -> None:
    with open_tags(PYDICOM_FILES / "reportsi.dcm") as tree:
        assert labels_in(tree, 0x0040A043)[0].endswith(")")
        assert labels_in(tree, 0x0040A730)[0].split()[0] in {"HAS", "CODE", "TEXT", "PNAME", "CONTAINER", "UIDREF"}
    with open_tags(PYDICOM_FILES / "rtplan.dcm") as tree:
        dataset = pydicom.dcmread(PYDICOM_FILES / "rtplan.dcm")
        beams = [f"BeamNumber {beam.BeamNumber} {beam.BeamName}" for beam in dataset.BeamSequence]
        assert labels_in(tree, 0x300A00B0) == beams
    directory = next(path for path in (shared_data / "dicomdir").rglob("DICOMDIR"))
    with open_tags(directory) as tree:
        records = pydicom.dcmread(directory).DirectoryRecordSequence
        own = labels_in(tree, 0x00041220)
        assert [label.split()[0] for label in own] == [record.DirectoryRecordType for record in records]


def test_a_label_that_lies_far_is_found_later_and_not_while_drawing(tmp_path: Path) -> None:
    inner = b"".join(item(element(0x30060050, "DS", b"1\\" * 60 + b"1 "), delimited=True) for _ in range(3000))
    region = sequence(0x30060040, inner, delimited=True) + text(0x30060084, "IS", "7")
    names = sequence(0x30060020, item(text(0x30060022, "IS", "7") + text(0x30060026, "LO", "Cord")))
    data = identity() + names + sequence(0x30060039, item(region, delimited=True), delimited=True)
    with open_tags(write(tmp_path, part10(data))) as tree:
        labels = Labels(tree)
        node = tree.children(tree.roots()[-1])[0]
        assert labels.of(node) == ""
        labels.find_missing(Progress())
        assert labels.of(node) == "ROI 7 Cord"


def test_uids_have_the_names_of_the_standard() -> None:
    assert len(UID_dictionary) > 400
    assert all(uid_name(uid) == entry[0] for uid, entry in UID_dictionary.items())
    assert uid_name("1.2.3") == ""


def test_raw_bytes_are_those_of_hexdump(tmp_path: Path) -> None:
    value = bytes(range(256)) + b"\x1b[31m\x9b\xe2\x80\xae tail"
    path = write(tmp_path, part10(identity() + element(0x00420011, "OB", value)))
    with open_tags(path) as tree:
        node = tree.roots()[-1]
        place = extent(node)
        assert path.read_bytes()[place.offset + place.header_bytes :][: place.value_bytes] == value
        own = list(hex_rows(node, limit=10_000))
    done = subprocess.run(
        [peer("hexdump"), "-C", "-v", "-s", str(place.offset), path], capture_output=True, check=True, text=True
    )
    assert own == done.stdout.splitlines()[:-1]


def test_raw_bytes_on_the_command_line_are_bounded_and_safe(tmp_path: Path) -> None:
    value = b"\x1b]0;x\x07" + b"A" * 9000 + b"END!"
    path = write(tmp_path, part10(identity() + element(0x00420011, "OB", value)))
    result = run_cli("tags", path, "--find", "0042,0011", "--hex")
    lines = result.out.splitlines()
    assert result.code == 0
    assert "\x1b" not in result.out
    assert "12 bytes of header, 9010 bytes of value" in lines[1]
    assert len(lines) == 3 + 4096 // 16
    assert lines[-1] == "  4926 more bytes; --from 4096 goes on"
    rest = run_cli("tags", path, "--find", "0042,0011", "--hex", "--from", "9008", "--bytes", "100").out
    assert "END!" in rest
    assert run_cli("tags", path, "--hex").code == 2


def test_offsets_of_a_deflated_file_are_those_of_the_inflated_data_set_and_it_is_said(tmp_path: Path) -> None:
    data = identity() + text(0x00100010, "PN", "A^B")
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    path = write(tmp_path, part10(engine.compress(data) + engine.flush(), DEFLATED))
    with open_tags(path) as tree:
        node = next(node for node in tree.roots() if node.keyword == "PatientName")
        assert data[node.offset :].startswith(b"\x10\x00\x10\x00PN")
        assert "in the inflated data set" in extent(node).text
        assert "in the file" in extent(tree.roots()[0]).text


@pytest.mark.parametrize(
    ("pattern", "keywords"),
    [
        ("/^doe/", ["PatientName"]),
        ("/DOE\\^J.n/", ["PatientName"]),
        ("/^patient.*(id|sex)$/", ["PatientID", "PatientSex"]),
        ("/^\\d+\\.\\d+$/", ["SliceThickness"]),
        ("/", []),
    ],
)
def test_regular_expressions_search_names_and_values(tmp_path: Path, pattern: str, keywords: list[str]) -> None:
    data = text(0x00100010, "PN", "Doe^Jane") + text(0x00100020, "LO", "x") + text(0x00100040, "CS", "F")
    with open_tags(write(tmp_path, part10(identity() + data + text(0x00180050, "DS", "2.5")))) as tree:
        assert [node.keyword for node in find(tree, pattern)] == keywords


def test_an_expression_that_cannot_be_understood_is_refused_in_one_line() -> None:
    result = run_cli("tags", PYDICOM_FILES / "CT_small.dcm", "--find", "/(?=a)/")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    with open_tags(PYDICOM_FILES / "CT_small.dcm") as tree, pytest.raises(UsageError):
        find(tree, "/[/")


def test_matches_come_with_what_they_lie_in_each_once_and_go_round() -> None:
    with open_tags(PYDICOM_FILES / "rtplan.dcm") as tree:
        found = find_all(tree, "BeamLimitingDevice", Progress())
        orders = [node.order for node in found.nodes]
        assert orders == sorted(orders)
        shown = [node.path for node in found.shown]
        assert len(set(shown)) == len(shown)
        assert {path[:length] for path in shown for length in range(1, len(path))} <= set(shown)
        assert found.next(found.nodes[-1].order, 1) == 0
        assert found.next(found.nodes[0].order, -1) == len(found.nodes) - 1
        assert found.has(found.nodes[3])
        assert not found.has(tree.roots()[0])


EXECUTABLES = (
    b"MZ", b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe", b"#!/bin/sh\n", b"PK\x03\x04", b"%PDF-1.4", b"<?php ", b" <script>", b"<HTML>",
)  # fmt: skip


@pytest.mark.parametrize("magic", EXECUTABLES)
def test_every_kind_of_program_is_told_in_the_tree(tmp_path: Path, magic: bytes) -> None:
    path = write(tmp_path, part10(identity(), preamble=magic.ljust(128, b"\0")))
    result = run_cli("tags", path)
    assert result.out.startswith("! preamble: EXECUTABLE")
    assert result.code == 0


@pytest.mark.parametrize(
    ("target", "said"),
    [(64, "in the preamble itself"), (136, "in (0002,0000)"), (-20, "in (0042,0011)"), (1 << 30, "behind the end")],
)
def test_what_a_program_points_into_is_named(tmp_path: Path, target: int, said: str) -> None:
    data = identity() + element(0x00420011, "OB", b"PE\0\0" * 20)
    size = len(part10(data))
    preamble = b"MZ" + bytes(58) + struct.pack("<L", target if target >= 0 else size + target) + bytes(64)
    with open_tags(write(tmp_path, part10(data, preamble=preamble))) as tree:
        found = preamble_text(tree, tree.roots())
    assert said in found
    assert ("MZ (a program for Windows), PE" in found) is (target == -20)


@pytest.mark.parametrize(
    ("directory", "entries", "state"),
    [("inside", 12, "dual-tiff"), ("inside", 0, "other"), ("inside", 60_000, "other"), ("outside", 12, "other")],
)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
def test_a_tiff_has_a_directory_with_a_sane_number_of_entries(
    directory: str, entries: int, state: str, order: str, is_big: bool
) -> None:
    mark = {"<": b"II", ">": b"MM"}[order]
    body = struct.pack(f"{order}{'Q' if is_big else 'H'}", entries) + bytes(20 * 12 + 8)
    offset = 132 if directory == "inside" else 132 + len(body)
    head = struct.pack(f"{order}HHHQ", 43, 8, 0, offset) if is_big else struct.pack(f"{order}HL", 42, offset)
    data = (mark + head).ljust(128, b"\0") + b"DICM" + body
    assert preamble_state(data[:132], len(data), lambda at, count: data[at : at + count]) == state
    if state == "dual-tiff":
        assert read_preamble(data[:132], len(data)).target == offset


def test_real_preambles_are_what_they_are(shared_data: Path) -> None:
    states = {}
    for path in sorted((shared_data / "preamble").iterdir()):
        with open_tags(path) as tree:
            states[path.name] = tree.preamble
    assert states == {"CR-MONO1-10-chest": "none", "CT1_RLE": "other", "GH184.dcm": "other", "mr.dcm": "other"}
    whole = (shared_data / "preamble" / "CT1_RLE").read_bytes()
    directory = struct.unpack_from("<L", whole, 4)[0]
    assert whole.startswith(b"II*\0")
    assert directory > len(whole), "it was a TIFF, too, before its pixels were compressed"
