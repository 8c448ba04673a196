"""One look at all the files of a scan, which holds nothing of most of them; and one at what is known so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dcmtty.dicom.catalog.members import Ranges, shown_paths
from dcmtty.dicom.catalog.schema import JOINED
from dcmtty.dicom.catalog.store import as_text
from dcmtty.dicom.listing import Listing, SeriesEntry

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog

_SURVEY = f"""SELECT file.series_id, file.id, found.id, file.status = 'dicom' AND file.kind = 'image',
    file.status = 'foreign' AND found.shown IS NULL, file.warnings <> '[]' OR file.preamble = 'executable'
    FROM {JOINED} ORDER BY file.series_id, file.id"""


@dataclass(slots=True)
class Survey:
    """One look at all files of the last scan."""

    catalog: Catalog
    odd: dict[int, int] = field(default_factory=dict)
    """Rows of files that are no images, or have something to tell, each with its number among the found."""
    skipped: int = 0
    is_whole: bool = True
    """Whether every found file has a row."""

    def series(self) -> Iterator[tuple[int, Ranges]]:
        """Yield each series with its rows, and take notice of everything else."""
        current: int | None = None
        ranges: list[tuple[int, int]] = []
        for series_id, file_id, found_id, is_image, is_skipped, is_odd in self.catalog.rows(_SURVEY):
            if is_odd or not (is_image or is_skipped or file_id is None):
                self.odd.setdefault(file_id, found_id)
            if is_image and file_id is not None:
                if series_id != current:
                    if current is not None:
                        yield current, ranges
                    current, ranges = int(series_id), []
                _extend(ranges, file_id)
            else:
                self.skipped += bool(is_skipped)
                self.is_whole &= file_id is not None
        if current is not None:
            yield current, ranges


def _extend(ranges: list[tuple[int, int]], file_id: int) -> None:
    """Add the next row; a folder that changes while it is read may give a name, and so a row, twice."""
    if ranges and ranges[-1][1] >= file_id - 1:
        ranges[-1] = (ranges[-1][0], file_id)
    else:
        ranges.append((file_id, file_id))


_PARTIAL = f"SELECT series_id, count(*), min(file.id) FROM {JOINED} WHERE series_id IS NOT NULL GROUP BY series_id"
_SHOWN = {
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "study_date": "StudyDate",
    "study_uid": "StudyInstanceUID",
    "study_description": "StudyDescription",
    "series_uid": "SeriesInstanceUID",
    "series_number": "SeriesNumber",
    "series_description": "SeriesDescription",
    "modality": "Modality",
    "frame_of_reference_uid": "FrameOfReferenceUID",
}
_ONE = f"SELECT {', '.join(_SHOWN.values())}, Rows, Columns FROM instance WHERE id = ?"


def partial_listing(catalog: Catalog) -> Listing:
    """Return the series that are known so far, each with the number of its files; neither sorted out nor in parts."""
    entries: list[SeriesEntry] = []
    shown = shown_paths(catalog)
    for _, count, file_id in catalog.rows(_PARTIAL).fetchall():
        *texts, rows, columns = catalog.rows(_ONE, (file_id,)).fetchone()
        first: dict[str, Any] = {
            name: as_text(text).partition("\\")[0] for name, text in zip(_SHOWN, texts, strict=True)
        }
        entries.append(
            SeriesEntry(
                **first,
                part="",
                slice_count=count,
                rows=_number(rows),
                columns=_number(columns),
                plane="",
                orientation=None,
                pixel_spacing_mm=None,
                spacing_mm=None,
                first_path=shown.of_file(file_id),
                is_complete=False,
            )
        )
    entries.sort(key=lambda entry: tuple(getattr(entry, name) for name in _SHOWN))
    return Listing(series=tuple(entries), is_complete=False)


def _number(text: object) -> int:
    try:
        return int(float(as_text(text) or 0))
    except (ValueError, OverflowError):
        return 0
