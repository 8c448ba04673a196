"""A scan takes any mix of files and folders, hangs on nothing, leaves no folder, and forgets no file."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pydicom
import pydicom.data
import pytest

from dcmtty.dicom.model import Archive
from dcmtty.dicom.scan import scan
from dcmtty.errors import InputError, NotDicom
from dcmtty.progress import Cancelled, Progress, Step
from dicom_bytes import element, identity, image, item, part10, sequence, text

TEST_FILES = Path(pydicom.data.__file__).parent / "test_files"
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


def image_file(path: Path, number: int = 1) -> Path:
    """Write a small CT image."""
    uids = (
        text(0x0020000D, "UI", "1.2")
        + text(0x0020000E, "UI", "1.2.3")
        + text(0x00200013, "IS", str(number))
        + text(0x00200032, "DS", f"0\\0\\{number}")
        + text(0x00200037, "DS", "1\\0\\0\\0\\1\\0")
        + text(0x00200052, "UI", "1.2.5")
    )
    one = text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2") + text(0x00080018, "UI", f"1.2.3.{number}")
    pixels = image().replace(
        element(0x00280100, "US", b"\x10\0"), text(0x00280030, "DS", "1\\1") + element(0x00280100, "US", b"\x10\0")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(part10(one + text(0x00080060, "CS", "CT") + uids + pixels))
    return path


def image_names(archive: Archive) -> list[str]:
    return [slice_.instance.path.name for series in archive.series for slice_ in series.slices]


def reasons(archive: Archive) -> dict[str, str]:
    return {found.path.name: found.reason for found in archive.unreadable}


def test_files_and_folders_with_and_without_extension_are_read(tmp_path: Path) -> None:
    image_file(tmp_path / "a" / "b" / "IM2", 2)
    image_file(tmp_path / "a" / "one.dcm", 1)
    named = image_file(tmp_path / "three", 3)
    archive = scan([tmp_path / "a", named])
    assert image_names(archive) == ["one.dcm", "IM2", "three"]
    assert archive.series[0].build_refusal == ""


def test_the_result_does_not_depend_on_the_order_of_the_paths(tmp_path: Path) -> None:
    paths = [image_file(tmp_path / f"{name}", number) for number, name in enumerate("gacfbd", start=1)]
    expected = image_names(scan(paths))
    assert image_names(scan(paths[::-1])) == expected
    assert image_names(scan([tmp_path])) == expected


def test_a_file_named_twice_counts_once(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm")
    (tmp_path / "link.dcm").symlink_to(path)
    archive = scan([path, tmp_path, tmp_path / "." / "a.dcm", tmp_path / "link.dcm"])
    assert len(image_names(archive)) == 1
    assert not archive.unreadable


def test_other_files_in_a_folder_are_counted_and_not_told(tmp_path: Path) -> None:
    image_file(tmp_path / "a.dcm")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").touch()
    archive = scan([tmp_path])
    assert archive.skipped == 2
    assert not archive.unreadable


def test_a_file_that_is_called_dicom_and_is_none_is_told(tmp_path: Path) -> None:
    image_file(tmp_path / "a.dcm")
    (tmp_path / "b.dcm").write_text("hello")
    assert reasons(scan([tmp_path])) == {"b.dcm": "not a DICOM file"}


def test_a_named_file_that_is_no_dicom_is_told(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm")
    (tmp_path / "notes.txt").write_text("hello")
    assert reasons(scan([path, tmp_path / "notes.txt"])) == {"notes.txt": "not a DICOM file"}
    with pytest.raises(NotDicom, match=r"notes\.txt"):
        scan([tmp_path / "notes.txt"])


def test_a_missing_path_is_told_and_raised_when_there_is_nothing_else(tmp_path: Path) -> None:
    path = image_file(tmp_path / "a.dcm")
    assert "no such file" in reasons(scan([path, tmp_path / "gone"]))["gone"]
    with pytest.raises(InputError, match="no such file"):
        scan([tmp_path / "gone"])


def test_a_broken_file_stays_in_the_list_with_its_reason(tmp_path: Path) -> None:
    whole = image_file(tmp_path / "a.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-5])
    archive = scan([tmp_path])
    assert image_names(archive) == ["a.dcm"]
    assert "(7FE0,0010) PixelData at byte" in reasons(archive)["cut.dcm"]


def test_a_fifo_hangs_nothing(tmp_path: Path) -> None:
    image_file(tmp_path / "in" / "a.dcm")
    os.mkfifo(tmp_path / "in" / "fifo.dcm")
    assert len(image_names(scan([tmp_path / "in"]))) == 1
    assert reasons(scan([tmp_path / "in" / "a.dcm", tmp_path / "in" / "fifo.dcm"]))["fifo.dcm"] == "not a regular file"


def test_a_loop_of_links_ends_and_links_inside_are_passed_over(tmp_path: Path) -> None:
    image_file(tmp_path / "in" / "a.dcm")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "again.dcm").symlink_to("a.dcm")
    archive = scan([tmp_path / "in"])
    assert image_names(archive) == ["a.dcm"]
    assert not archive.unreadable


def test_links_out_of_the_folder_are_told_and_not_followed(tmp_path: Path) -> None:
    outside = image_file(tmp_path / "out" / "secret.dcm", 7)
    image_file(tmp_path / "in" / "a.dcm")
    (tmp_path / "in" / "file.dcm").symlink_to(outside)
    (tmp_path / "in" / "folder").symlink_to(outside.parent)
    (tmp_path / "in" / "nowhere").symlink_to("gone")
    archive = scan([tmp_path / "in"])
    assert image_names(archive) == ["a.dcm"]
    assert set(reasons(archive)) == {"file.dcm", "folder", "nowhere"}
    assert all("symbolic link" in reason for reason in reasons(archive).values())
    assert image_names(scan([tmp_path / "in" / "file.dcm"])) == ["file.dcm"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def ordinary_account() -> Generator[None]:
    """Be no root for a while: root may read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_and_a_folder_without_permission_are_told(open_folder: Path) -> None:
    image_file(open_folder / "a.dcm").chmod(0o644)
    image_file(open_folder / "closed.dcm", 2).chmod(0)
    image_file(open_folder / "shut" / "b.dcm", 3)
    (open_folder / "shut").chmod(0)
    try:
        with ordinary_account():
            archive = scan([open_folder])
    finally:
        (open_folder / "shut").chmod(0o700)
    assert image_names(archive) == ["a.dcm"]
    assert reasons(archive) == dict.fromkeys(("closed.dcm", "shut"), "no permission to read it")


def test_a_name_that_is_no_utf8_is_read_and_shown(tmp_path: Path) -> None:
    image_file(tmp_path / os.fsdecode(b"caf\xe9.dcm"))
    (tmp_path / os.fsdecode(b"cut\xff.dcm")).write_bytes(part10(identity() + image())[:-1])
    archive = scan([tmp_path])
    assert len(image_names(archive)) == 1
    (found,) = archive.unreadable
    assert found.reason.startswith("(7FE0,0010)")


def test_progress_tells_every_file_and_may_cancel(tmp_path: Path) -> None:
    for number in range(1, 6):
        image_file(tmp_path / f"{number}", number)
    steps: list[Step] = []
    scan([tmp_path], Progress(report=steps.append, interval_s=0.0))
    assert (steps[-1].done, steps[-1].total) == (5, 5)
    with pytest.raises(Cancelled):
        scan([tmp_path], Progress(cancelled=lambda: True))


def record(*parts: str, in_use: bool = True) -> bytes:
    """An image record of a DICOMDIR."""
    flag = element(0x00041410, "US", b"\xff\xff" if in_use else b"\0\0")
    return item(flag + text(0x00041430, "CS", "IMAGE") + text(0x00041500, "CS", "\\".join(parts)))


def directory_file(path: Path, *records: bytes) -> Path:
    """Write a DICOMDIR."""
    data = part10(text(0x00041130, "CS", "SET") + sequence(0x00041220, b"".join(records)))
    path.write_bytes(data.replace(b"1.2.840.10008.5.1.4.1.1.2\0", DIRECTORY_CLASS.encode().ljust(26, b"\0"), 1))
    return path


def test_a_dicomdir_opens_what_it_names_in_any_case(tmp_path: Path) -> None:
    image_file(tmp_path / "IMAGES" / "IM1", 1)
    image_file(tmp_path / "images" / "im2", 2)
    image_file(tmp_path / "IMAGES" / "UNLISTED", 9)
    path = directory_file(
        tmp_path / "DICOMDIR", record("IMAGES", "IM1"), record("IMAGES", "IM1"), record("images", "IM2")
    )
    archive = scan([path])
    assert image_names(archive) == ["IM1", "im2"]
    assert not archive.unreadable
    assert [other.path.name for other in archive.others] == ["DICOMDIR"]


def test_a_dicomdir_in_a_folder_is_no_image(tmp_path: Path) -> None:
    image_file(tmp_path / "IM1", 1)
    directory_file(tmp_path / "DICOMDIR", record("GONE"))
    archive = scan([tmp_path])
    assert image_names(archive) == ["IM1"]
    assert not archive.unreadable


def test_a_dicomdir_lists_what_is_missing_and_not_what_is_out_of_use(tmp_path: Path) -> None:
    path = directory_file(tmp_path / "DICOMDIR", record("GONE"), record("OLD", in_use=False))
    assert reasons(scan([path])) == {"GONE": "the DICOMDIR names GONE, which is missing"}


@pytest.mark.parametrize(
    "parts", [("..", "secret.dcm"), ("IMAGES", "..", "..", "secret.dcm"), ("LINK",), ("LINKED", "secret.dcm")]
)
def test_a_dicomdir_never_leads_out_of_its_folder(tmp_path: Path, parts: tuple[str, ...]) -> None:
    secret = image_file(tmp_path / "secret.dcm", 1)
    (tmp_path / "in" / "IMAGES").mkdir(parents=True)
    (tmp_path / "in" / "LINK").symlink_to(secret)
    (tmp_path / "in" / "LINKED").symlink_to(tmp_path)
    archive = scan([directory_file(tmp_path / "in" / "DICOMDIR", record(*parts))])
    assert not archive.series
    (reason,) = reasons(archive).values()
    assert "no path inside its folder" in reason or "leads out of its folder" in reason


def test_an_absolute_path_in_a_dicomdir_is_refused(tmp_path: Path) -> None:
    secret = image_file(tmp_path / "secret.dcm", 1)
    (tmp_path / "in").mkdir()
    archive = scan([directory_file(tmp_path / "in" / "DICOMDIR", record(str(secret)))])
    assert not archive.series
    assert all("no path inside" in reason for reason in reasons(archive).values())


def test_a_real_dicomdir_gives_the_files_that_pydicom_finds() -> None:
    folder = TEST_FILES / "dicomdirtests"
    archive = scan([folder / "DICOMDIR"])
    records = pydicom.dcmread(folder / "DICOMDIR").DirectoryRecordSequence
    expected = {folder.joinpath(*one.ReferencedFileID).resolve() for one in records if "ReferencedFileID" in one}
    found = {slice_.instance.path.resolve() for series in archive.series for slice_ in series.slices}
    assert found == expected
    assert not archive.unreadable


def test_the_sample_series_is_found_with_its_gap(phantom_dir: Path) -> None:
    archive = scan([phantom_dir])
    (series,) = archive.series
    assert [note.kind for note in series.notes] == ["gap"]
    assert series.build_refusal == ""


def test_structure_sets_images_and_others_are_told_apart(tmp_path: Path) -> None:
    for name in ("rtplan.dcm", "CT_small.dcm", "reportsi.dcm"):
        shutil.copy(TEST_FILES / name, tmp_path)
    shutil.copy(TEST_FILES / "rtstruct.dcm", tmp_path / "without extension")
    archive = scan([tmp_path])
    assert image_names(archive) == ["CT_small.dcm"]
    assert [one.path.name for one in archive.structure_sets] == ["without extension"]
    assert [one.path.name for one in archive.others] == ["reportsi.dcm", "rtplan.dcm"]


def test_a_file_that_lies_about_its_class_is_still_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(part10(identity(sop_class="1.2.840.10008.5.1.4.1.1.481.3") + image()))
    archive = scan([tmp_path])
    assert len(archive.series) + len(archive.structure_sets) + len(archive.others) == 1
