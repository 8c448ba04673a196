"""What varies across a series is told with how: constant, one per file, in steps, a few values, not in all files."""

from __future__ import annotations

import json
import tracemalloc
import warnings
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

import dcmtty.dicom.compare.slots as slots_module
from dcmtty.dicom.beginning import Beginning, begin
from dcmtty.dicom.compare.model import Options
from dcmtty.dicom.compare.trends import Attribute, How
from dcmtty.dicom.compare.vary import Variation, vary
from dcmtty.dicom.source import Source
from dcmtty.progress import Cancelled, Progress
from dicom_bytes import element, identity, item, part10, sequence, text
from dicom_files import image, ramp, save
from run_cli import run_cli
from schemas import assert_follows_schema

COUNT = 12


def one_slice(number: int, **attributes: object) -> Dataset:
    values: dict[str, object] = {
        "SOPInstanceUID": f"1.2.3.{number}",
        "InstanceNumber": str(number),
        "ImagePositionPatient": ["-10", "20", f"{-100 + 2.5 * number:g}"],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
        **attributes,
    }
    return image(ramp(), **values)


@pytest.fixture
def series(tmp_path: Path) -> tuple[Path, ...]:
    """Twelve slices whose file names are not in their order, in three transfer syntaxes."""
    syntaxes = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
    paths = []
    for number in range(1, COUNT + 1):
        attributes: dict[str, Any] = {
            "XRayTubeCurrent": str(200 + 10 * (number % 3)),
            "KVP": ("120", "120.0", "+120")[number % 3],
            "TriggerTime": str(number * number),
            "LossyImageCompression": "00",
        }
        if number in {3, 4}:
            attributes["StationName"] = "there"
        dataset = one_slice(number, **attributes)
        syntax = syntaxes[number % 3]
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").byteswap().tobytes()
        paths.append(save(dataset, tmp_path / f"{(number * 5) % COUNT:02}.dcm", syntax))
    return tuple(sorted(paths))


def varied(paths: tuple[Path, ...], **options: Any) -> Variation:  # noqa: ANN401 - those of vary
    (found,) = vary(paths, **options).series
    return found


def by_keyword(found: Variation) -> dict[str, Attribute]:
    return {attribute.name: attribute for attribute in found.attributes if not attribute.is_meta}


def test_every_way_to_vary_has_its_name(series: tuple[Path, ...]) -> None:
    found = varied(series)
    by_name = by_keyword(found)
    how = {name: one.how for name, one in by_name.items() if one.varies}
    assert how == {
        "SOPInstanceUID": How.UNIQUE,
        "StationName": How.CONSTANT,
        "TriggerTime": How.MONOTONIC,
        "XRayTubeCurrent": How.VALUES,
        "InstanceNumber": How.STEPS,
        "ImagePositionPatient": How.STEPS,
    }
    assert by_name["StationName"].present == 2
    assert by_name["KVP"].how is How.CONSTANT
    assert by_name["KVP"].is_rewritten
    assert not by_name["Rows"].varies
    assert [value.files for value in by_name["XRayTubeCurrent"].values] == [4, 4, 4]


def test_steps_are_judged_in_the_order_of_positions_not_of_names(series: tuple[Path, ...]) -> None:
    found = varied(series)
    assert found.ordered_by == "position"
    assert [int(pydicom.dcmread(path).InstanceNumber) for path in found.files] == list(range(1, COUNT + 1))
    numbers = by_keyword(found)["ImagePositionPatient"].numbers
    assert numbers is not None
    assert numbers.first == (-10.0, 20.0, -97.5)
    assert numbers.last == (-10.0, 20.0, -70.0)
    assert numbers.smallest_step == numbers.largest_step == (0.0, 0.0, 2.5)


def test_the_same_counts_come_from_pydicom(shared_data: Path) -> None:
    paths = tuple(sorted((shared_data / "ct-rtstruct" / "ibsi-sts-018" / "CT").iterdir()))
    expected: dict[int, set[str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in paths:
            for one in pydicom.dcmread(path, stop_before_pixels=True):
                if one.VR != "SQ":
                    expected.setdefault(int(one.tag), set()).add(str(one.value))
    found = varied(paths)
    counts = {one.path[0]: one.distinct for one in found.attributes if len(one.path) == 1 and one.vr != "SQ"}
    assert {tag: len(values) for tag, values in expected.items()} == {tag: counts[tag] for tag in expected}
    for path in (paths[0], paths[-1]):
        uid = str(pydicom.dcmread(path).SOPInstanceUID)
        assert uid in {value.text for value in by_keyword(found)["SOPInstanceUID"].values}


def test_items_are_told_by_their_path_and_their_number(tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        items = b"".join(item(text(0x00081155, "UI", f"1.2.{number}.{index}")) for index in range(1 + number % 2))
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(part10(identity() + sequence(0x00081140, items, delimited=bool(number % 2))))
        paths.append(path)
    by_name = by_keyword(varied(tuple(paths), is_one=True))
    assert [(value.text, value.files) for value in by_name["ReferencedImageSequence"].values] == [("1", 2), ("2", 2)]
    assert by_name["ReferencedImageSequence/1/ReferencedSOPInstanceUID"].how is How.UNIQUE
    assert by_name["ReferencedImageSequence/2/ReferencedSOPInstanceUID"].present == 2


def test_private_attributes_are_told_by_creator_whatever_their_block(tmp_path: Path) -> None:
    paths = []
    for number, block in enumerate((0x10, 0x11, 0x10)):
        data = text(0x00090000 | block, "LO", "ACME") + text(0x00090000 | block << 8 | 1, "LO", "same")
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(part10(identity() + data))
        paths.append(path)
    assert not [one for one in varied(tuple(paths), is_one=True).attributes if one.varies]


def test_long_values_are_measured_or_digested(tmp_path: Path) -> None:
    paths = [save(one_slice(n, SOPInstanceUID="1.2.3", SpectroscopyData=None), tmp_path / f"{n}.dcm") for n in range(3)]
    for path, fill in zip(paths, b"\0\0\1", strict=True):
        path.write_bytes(part10(identity() + element(0x7FE00010, "OW", bytes([fill]) * 200_000)))
    measured = by_keyword(varied(tuple(paths), is_one=True))["PixelData"]
    assert (measured.varies, measured.is_measured) == (False, True)
    digested = by_keyword(varied(tuple(paths), is_one=True, options=Options(pixels=True)))["PixelData"]
    assert (digested.how, digested.distinct, digested.is_measured) == (How.VALUES, 2, False)


def test_files_that_are_damaged_or_nothing_are_told(series: tuple[Path, ...], tmp_path: Path) -> None:
    cut, none = tmp_path / "cut.dcm", tmp_path / "none.dcm"
    cut.write_bytes(series[0].read_bytes()[:-4])
    none.write_bytes(b"hello")
    found = vary([*series, cut, none, tmp_path / "gone"])
    assert [file.path for file in found.series[0].damaged] == [cut]
    assert [file.path for file in found.unreadable] == [tmp_path / "gone"]
    assert found.skipped == 1


def test_distinct_values_are_capped_and_that_is_told(series: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "MOST_VALUES", 5)
    found = varied(series)
    assert any(one.is_capped for one in found.attributes)
    assert any("more distinct values than are told apart" in note for note in found.notes)
    monkeypatch.setattr(slots_module, "MOST_SLOTS", 5)
    assert any("more attributes than are told apart" in note for note in varied(series).notes)


def test_memory_does_not_grow_with_what_files_hold(tmp_path: Path) -> None:
    path = tmp_path / "big.dcm"
    items = b"".join(item(text(0x00081155, "UI", f"1.{n}")) for n in range(60_000))
    path.write_bytes(part10(identity() + sequence(0x00081140, items)))
    tracemalloc.start()
    found = varied((path,))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 128 << 20
    assert any("more attributes" in note for note in found.notes)


def test_most_files_of_a_series_are_not_walked(phantom_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[Path] = []

    def counted(source: Source) -> Beginning:
        walked.append(source.path)
        return begin(source)

    monkeypatch.setattr("dcmtty.dicom.compare.vary.begin", counted)
    files = tuple(sorted(phantom_dir.iterdir()))
    found = varied(files)
    assert len(found.files) == len(files)
    assert len(walked) < len(files) / 3


def told(found: Variation) -> list[tuple[object, ...]]:
    return [
        (one.path, one.vr, one.how, one.present, one.distinct, one.is_capped, one.is_measured, one.values, one.numbers)
        for one in found.attributes
    ]


def both_ways(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Variation, Variation]:
    """The variation as it is told, and as it is told when every file is walked."""
    quick = varied(tuple(paths), is_one=True)
    with monkeypatch.context() as patch:
        patch.setattr("dcmtty.dicom.compare.gather._MOST_MISSED", -1)
        return quick, varied(tuple(paths), is_one=True)


@pytest.mark.parametrize(
    "folder",
    [
        "ct-rtstruct/ibsi-sts-018/CT",
        "ct-rtstruct/ibsi-sts-025/RTSTRUCT",
        "mr-series/dcmqa-sagittal-HFP",
        "charset",
        "broken",
    ],
)
def test_files_that_are_like_the_one_before_count_as_if_they_were_walked(
    shared_data: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted(path for path in (shared_data / folder).iterdir() if path.is_file())
    quick, walked = both_ways(paths, monkeypatch)
    assert told(quick) == told(walked)
    assert (quick.files, quick.preambles, quick.notes) == (walked.files, walked.preambles, walked.notes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False))
def test_changed_bytes_are_found_in_files_that_are_like_the_one_before(
    tmp_path: Path, phantom_dir: Path, monkeypatch: pytest.MonkeyPatch, random: Random
) -> None:
    paths = []
    for number, whole in enumerate(sorted(phantom_dir.iterdir())[:8]):
        changed = bytearray(whole.read_bytes())
        header_bytes = changed.index(b"\xe0\x7f\x10\x00")
        for _ in range(random.choice((0, 0, 1, 2))):
            changed[random.randrange(header_bytes)] = random.randrange(256)
        if not random.randrange(6):
            del changed[random.randrange(len(changed)) :]
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(changed)
        paths.append(path)
    quick = vary(paths, is_one=True)
    with monkeypatch.context() as patch:
        patch.setattr("dcmtty.dicom.compare.gather._MOST_MISSED", -1)
        walked = vary(paths, is_one=True)
    assert [told(one) for one in quick.series] == [told(one) for one in walked.series]
    assert [one.damaged for one in quick.series] == [one.damaged for one in walked.series]
    assert (quick.unreadable, quick.skipped) == (walked.unreadable, walked.skipped)


def test_files_with_very_many_elements_are_walked_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmtty.dicom.compare.gather._TRACED_ELEMENTS", 2)
    paths = []
    for number in range(5):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(part10(identity() + text(0x00200013, "IS", str(number))))
        paths.append(path)
    by_name = by_keyword(varied(tuple(paths), is_one=True))
    assert {one.present for one in by_name.values()} == {5}
    monkeypatch.setattr("dcmtty.dicom.compare.vary.MOST_ELEMENTS", 3)
    found = varied(tuple(paths), is_one=True)
    assert [file.reason for file in found.damaged] == ["more than 3 elements"] * 5


def test_it_can_be_cancelled(series: tuple[Path, ...]) -> None:
    calls: list[int] = []

    def cancelled() -> bool:
        calls.append(1)
        return len(calls) > 3

    with pytest.raises(Cancelled):
        vary(series, progress=Progress(cancelled=cancelled))


def test_the_command_prints_what_varies(series: tuple[Path, ...]) -> None:
    result = run_cli("diff", series[0].parent)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "series 1.2.3: 12 by position"
    assert "/ 0020,0032 DS ImagePositionPatient  -10\\20\\-97.5 to -10\\20\\-70 by 0\\0\\2.5" in lines
    (current,) = [line for line in lines if "XRayTubeCurrent" in line]
    assert current.startswith("* 0018,1151 IS XRayTubeCurrent  3 values: ")
    assert sorted(current.partition("values: ")[2].split(", ")) == ["200 (4x)", "210 (4x)", "220 (4x)"]
    assert "- 0008,1010 SH StationName  in 2 of 12 files: there" in lines
    assert not any("Rows" in line for line in lines)
    assert any("Rows" in line for line in run_cli("diff", "--all", series[0].parent).out.splitlines())


def test_the_document_of_a_series_follows_its_schema(series: tuple[Path, ...]) -> None:
    for arguments in ((series[0].parent,), series[:3], (series[0].parent, "--all", "--pixels")):
        result = run_cli("diff", "--format", "json", *arguments)
        assert result.code == 0
        assert_follows_schema(json.loads(result.out), "diff-series")


def test_one_of_several_series_is_named_by_the_end_of_its_uid(series: tuple[Path, ...]) -> None:
    for number in range(3):
        save(one_slice(number, SeriesInstanceUID="1.2.77"), series[0].parent / f"other{number}.dcm")
    out = run_cli("diff", series[0].parent).out
    assert "series 1.2.3: 12" in out
    assert "series 1.2.77: 3" in out
    assert "1.2.3" not in run_cli("diff", series[0].parent, "--series", "77").out.splitlines()[0]
    assert run_cli("diff", series[0].parent, "--series", "5").code == 2
