"""The list that comes through the catalog says of every folder exactly what `dicom.scan` says, at first and again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom.data
import pytest

from dcmtty.dicom.catalog.scan import scan as catalog_scan
from dcmtty.dicom.catalog.store import open_catalog
from dcmtty.dicom.listing import Counts, Listing
from dcmtty.dicom.model import Archive, Instance, Series
from dcmtty.dicom.scan import scan
from dcmtty.engine.opening import open_engine
from dcmtty.errors import InputError
from dcmtty.geometry.orientation import plane_name

TEST_FILES = Path(pydicom.data.__file__).parent / "test_files"


def listing_of(paths: Sequence[Path], catalog: Path | None = None) -> Listing:
    """What a scan through the catalog lists."""
    with open_catalog(catalog) as opened, open_engine() as engine:
        listing = catalog_scan(paths, engine=engine, catalog=opened, with_files=True)
        assert opened.note == ""
    return listing


def series_facts(series: Series) -> dict[str, object]:
    """What a list must say of a series, from the series itself."""
    first, plane = series.first, series.slices[0].plane
    names = ("PatientName", "PatientID", "StudyDate", "StudyDescription", "SeriesNumber", "SeriesDescription")
    return {
        "key": series.key,
        "part": series.part,
        **{name: first.text(name) for name in names},
        "study": series.study_uid,
        "series": series.series_uid,
        "frame": series.frame_of_reference_uid,
        "modality": series.modality,
        "slices": len(series.slices),
        "size": (int(float(first.text("Rows"))), int(float(first.text("Columns")))),
        "plane": "" if plane is None else plane_name(plane.normal),
        "cosines": None if plane is None else tuple(float(n) for n in (*plane.row_direction, *plane.column_direction)),
        "pixels": None if plane is None else (plane.row_spacing_mm, plane.column_spacing_mm),
        "spacing": series.spacing_mm,
        "notes": series.notes,
        "refusal": series.build_refusal,
        "doubt": series.numbering_doubt,
        "files": tuple(dict.fromkeys(slice_.instance.path for slice_ in series.slices)),
        "first": first.path,
    }


def entry_facts(listing: Listing) -> list[dict[str, object]]:
    """The same, as the list says it."""
    return [
        {
            "key": entry.key,
            "part": entry.part,
            "PatientName": entry.patient_name,
            "PatientID": entry.patient_id,
            "StudyDate": entry.study_date,
            "StudyDescription": entry.study_description,
            "SeriesNumber": entry.series_number,
            "SeriesDescription": entry.series_description,
            "study": entry.study_uid,
            "series": entry.series_uid,
            "frame": entry.frame_of_reference_uid,
            "modality": entry.modality,
            "slices": entry.slice_count,
            "size": (entry.rows, entry.columns),
            "plane": entry.plane,
            "cosines": entry.orientation,
            "pixels": entry.pixel_spacing_mm,
            "spacing": entry.spacing_mm,
            "notes": entry.notes,
            "refusal": entry.build_refusal,
            "doubt": entry.numbering_doubt,
            "files": entry.files,
            "first": entry.first_path,
        }
        for entry in listing.series
    ]


def object_facts(instances: Sequence[Instance]) -> list[tuple[object, ...]]:
    return [
        (
            found.path,
            found.text("PatientName"),
            found.text("PatientID"),
            found.text("StudyInstanceUID"),
            found.text("StudyDate"),
            found.text("SeriesInstanceUID"),
            found.modality,
            found.sop_class_uid or found.text("MediaStorageSOPClassUID"),
            found.sop_instance_uid,
            found.text("StructureSetLabel"),
            found.referenced_series_uids,
            found.warnings,
        )
        for found in instances
    ]


def listed_objects(listing: Listing, kind: str) -> list[tuple[object, ...]]:
    return [
        (
            entry.path,
            entry.patient_name,
            entry.patient_id,
            entry.study_uid,
            entry.study_date,
            entry.series_uid,
            entry.modality,
            entry.sop_class_uid,
            entry.sop_instance_uid,
            entry.label,
            entry.referenced_series_uids,
            entry.warnings,
        )
        for entry in (listing.structure_sets if kind == "structure sets" else listing.others)
    ]


def all_instances(archive: Archive) -> list[Instance]:
    images = {slice_.instance.path: slice_.instance for series in archive.series for slice_ in series.slices}
    others = {found.path: found for found in (*archive.structure_sets, *archive.others)}
    return [found for _, found in sorted({**images, **others}.items())]


def assert_same(listing: Listing, archive: Archive) -> None:
    """Compare everything that both say."""
    assert entry_facts(listing) == [series_facts(series) for series in archive.series]
    assert listed_objects(listing, "structure sets") == object_facts(archive.structure_sets)
    assert listed_objects(listing, "others") == object_facts(archive.others)
    assert listing.unreadable == archive.unreadable
    assert listing.skipped == archive.skipped
    found = all_instances(archive)
    assert listing.warnings == tuple((one.path, text) for one in found for text in one.warnings)
    assert listing.executable == tuple(one.path for one in found if one.preamble == "executable")
    assert listing.is_complete


def scanned(paths: Sequence[Path]) -> Archive | InputError:
    """What `dicom.scan` finds, or why it finds nothing."""
    try:
        return scan(paths)
    except InputError as error:
        return error


def assert_same_twice(paths: Sequence[Path], catalog: Path | None = None) -> None:
    """Compare a first and a second scan; the second reads nothing that was read well."""
    archive = scanned(paths)
    if isinstance(archive, InputError):
        for _ in range(2):
            with pytest.raises(type(archive)) as caught:
                listing_of(paths, catalog)
            assert str(caught.value) == str(archive)
        return
    first = listing_of(paths, catalog)
    assert_same(first, archive)
    again = listing_of(paths, catalog)
    assert_same(again, archive)
    assert again.counts == Counts(unchanged=first.counts.unchanged + first.counts.read + first.counts.moved)


def test_of_the_files_of_pydicom_the_list_is_the_same() -> None:
    assert_same_twice([TEST_FILES])


def test_of_each_folder_of_the_files_of_pydicom_the_list_is_the_same() -> None:
    for folder in sorted(path for path in TEST_FILES.rglob("*") if path.is_dir()):
        assert_same_twice([folder])


def test_of_each_file_of_pydicom_the_list_is_the_same() -> None:
    for path in sorted(path for path in TEST_FILES.rglob("*") if path.is_file()):
        assert_same_twice([path])


def test_of_the_phantom_the_list_is_the_same(phantom_dir: Path) -> None:
    assert_same_twice([phantom_dir])


def test_of_each_folder_of_real_data_the_list_is_the_same(shared_data: Path) -> None:
    assert_same_twice([shared_data])
    for folder in sorted(path for path in shared_data.rglob("*") if path.is_dir()):
        assert_same_twice([folder])
