"""What a large scan finds, small enough to hold for a whole archive: a line for each series, none for its slices."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dcmtty.dicom.model import Note, Unreadable
from dcmtty.versions import next_version


@dataclass(frozen=True, slots=True, eq=False)
class SeriesEntry:
    """A series, or one part of a split one, as a list shows it; its slices are read when it is opened."""

    patient_name: str
    """Like all texts of the header here as decoded, not yet safe for a terminal."""
    patient_id: str
    study_uid: str
    study_date: str
    study_description: str
    series_uid: str
    series_number: str
    series_description: str
    modality: str
    frame_of_reference_uid: str
    part: str
    """As `Series.part`."""
    slice_count: int
    rows: int
    columns: int
    plane: str
    """`axial`, `coronal`, `sagittal`, `oblique`, or empty without a plane."""
    orientation: tuple[float, ...] | None
    """Six direction cosines of the first slice (PS3.3 C.7.6.2.1.1)."""
    pixel_spacing_mm: tuple[float, float] | None
    """Between rows, between columns."""
    spacing_mm: float | None
    notes: tuple[Note, ...] = ()
    build_refusal: str = ""
    numbering_doubt: str = ""
    files: tuple[Path, ...] = ()
    """In the order of the slices; empty while the scan runs, and in a list that was asked for without them."""
    first_path: Path = field(default_factory=Path)
    """Of the first slice."""
    is_complete: bool = True
    """Whether the scan is over; until then the series may grow."""

    @property
    def key(self) -> str:
        """A name that is unique in a listing, the same as `Series.key`."""
        return f"{self.series_uid}/{self.part}" if self.part else self.series_uid


@dataclass(frozen=True, slots=True, eq=False)
class FileEntry:
    """A structure set or another object that is no image."""

    path: Path
    patient_name: str
    patient_id: str
    study_uid: str
    study_date: str
    series_uid: str
    modality: str
    sop_class_uid: str
    """Of the data set, else of the file meta information."""
    sop_instance_uid: str
    label: str = ""
    """Structure Set Label."""
    referenced_series_uids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the files of a scan."""

    unchanged: int = 0
    """As the catalog had them; not opened."""
    read: int = 0
    moved: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Everything that a scan found, sorted by patient, study and series."""

    series: tuple[SeriesEntry, ...] = ()
    structure_sets: tuple[FileEntry, ...] = ()
    others: tuple[FileEntry, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    executable: tuple[Path, ...] = ()
    """Readable files whose preamble looks like a program (PS3.10 7.5)."""
    warnings: tuple[tuple[Path, str], ...] = ()
    skipped: int = 0
    """Files that are plainly something else, among those found in folders."""
    counts: Counts = Counts()
    is_complete: bool = True
    """Whether the scan is over."""
    version: int = field(default_factory=next_version)
