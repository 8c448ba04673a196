"""What lies beside an image is read in a moment, to be looked at alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest

from dcmtty.dicom.beside import NOT_SCANNED, read_beside
from dcmtty.dicom.scan import scan
from dcmtty.errors import InputError
from dcmtty.progress import Cancelled, Progress
from dcmtty.session import Session


@pytest.fixture
def folder(phantom_dir: Path, tmp_path: Path) -> Path:
    """Some slices of the phantom, and files of other kinds."""
    found = tmp_path / "series"
    shutil.copytree(phantom_dir, found, ignore=lambda _, names: sorted(names)[9:])
    other = pydicom.dcmread(min(found.iterdir()))
    other.SeriesInstanceUID = "2.25.5"
    other.save_as(found / "other.dcm")
    (found / "note.txt").write_text("no image")
    (found / "torn.dcm").write_bytes(min(phantom_dir.glob("*.dcm")).read_bytes()[:400])
    (found / "link.dcm").symlink_to(sorted(phantom_dir.glob("*.dcm"))[20])
    return found


def test_the_slices_beside_an_image_are_those_of_a_scan(folder: Path) -> None:
    path = sorted(folder.glob("*.dcm"))[4]
    expected = next(series for series in scan([folder]).series if len(series.slices) == 9)
    found = read_beside(path, longest_s=60)
    assert [item.instance.path for item in found.slices] == [item.instance.path for item in expected.slices]
    assert found.series_uid == expected.series_uid


def test_it_is_to_be_looked_at_alone(folder: Path) -> None:
    found = read_beside(min(folder.glob("*.dcm")))
    assert (found.build_refusal, found.numbering_doubt) == (NOT_SCANNED, NOT_SCANNED)
    session = Session()
    session.open_series(found)
    with pytest.raises(InputError, match=NOT_SCANNED):
        session.new_structure_set("PLAN")


def test_the_image_itself_is_there_when_there_is_no_time_for_others(folder: Path) -> None:
    path = sorted(folder.glob("*.dcm"))[3]
    found = read_beside(path, longest_s=-1)
    assert [item.instance.path for item in found.slices] == [path]


def test_the_nearest_names_are_read_first(folder: Path) -> None:
    paths = sorted(folder.glob("*.dcm"))
    ticks = iter(range(100))
    found = read_beside(paths[4], Progress(clock=lambda: float(next(ticks))), longest_s=5)
    read = {paths.index(item.instance.path) for item in found.slices}
    assert 4 in read
    assert 1 < len(read) < 9
    assert max(read) - min(read) == len(read) - 1


def test_what_is_no_image_is_refused(phantom_dir: Path, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(min(phantom_dir.glob("*.dcm")))
    del dataset.PixelData
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(InputError, match="not an image"):
        read_beside(tmp_path / "a.dcm")


def test_it_stops_when_it_is_cancelled(folder: Path) -> None:
    with pytest.raises(Cancelled):
        read_beside(min(folder.glob("*.dcm")), Progress(cancelled=lambda: True))
