"""The series pane as rows: patients, studies, series, structure sets, and files that cannot be read.

A list of thousands is made in the thread of the scan; the text of a row is made when the row comes on screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from rich.style import Style

from dcmtty.dicom.listing import FileEntry, Listing, SeriesEntry
from dcmtty.dicom.model import Series, Unreadable
from dcmtty.geometry.orientation import plane_name
from dcmtty.text import visible
from dcmtty_tui import theme
from dcmtty_tui.sizes import counted
from dcmtty_tui.widgets.row_list import MadeRows, Row

SERIES_HELP = (
    "What was found. enter opens a series or a structure set; its row is explained below. * is open; 120+ slices were"
    " found so far, the scan goes on (c stops it); EXE begins like a program; ! has notes, or cannot be read."
)
PROGRAM = "EXE"
"""Marks what begins like a program."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that only names what follows: a patient, or a study by its UID."""

    name: str
    study_uid: str = ""
    owner: tuple[str, str] = ("", "")
    """Patient's ID and name as the header gives them."""


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """The row of a series; equal to that of the same series in a later report of the scan."""

    key: str
    entry: SeriesEntry = field(compare=False)
    programs: int = field(default=0, compare=False)
    """How many of its files begin like a program."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """The row of a structure set or another object without a picture."""

    path: Path
    entry: FileEntry = field(compare=False)
    drawn_on: str = field(default="", compare=False)
    """Of a structure set: the modalities of its series, as far as they are in the list."""
    is_structure_set: bool = field(default=False, compare=False)
    is_program: bool = field(default=False, compare=False)


RowKey = Heading | SeriesKey | FileKey | Unreadable


class SeriesRows(MadeRows):
    """The rows of one listing; nothing of it changes."""

    def __init__(self, listing: Listing, programs: Mapping[str, int] | None = None) -> None:
        """Make them; `programs` says how many files of a series begin like a program, by the key of the series."""
        self.listing = listing
        self.executable = frozenset(listing.executable)
        self._opened = ""
        self._keys = tuple(_keys(listing, self.executable, programs or {}))
        self._places: dict[RowKey, int] = {}
        self._series: dict[str, int] = {}
        for index, key in enumerate(self._keys):
            self._places.setdefault(key, index)
            if isinstance(key, SeriesKey):
                self._series.setdefault(key.key, index)

    def marked(self, opened: str) -> SeriesRows:
        """Return the same rows with the series of this key marked as the open one."""
        if opened == self._opened:
            return self
        other = copy(self)
        other._opened = opened  # noqa: SLF001 - of its own class
        return other

    def index_of(self, key: object) -> int | None:
        """Return where the row of a key is, without making any row."""
        return self._places.get(key) if isinstance(key, RowKey) else None

    def place_of(self, key: str) -> int | None:
        """Return where the series of a key is."""
        return self._series.get(key)

    def __len__(self) -> int:
        return len(self._keys)

    def row(self, index: int) -> Row:
        """Make a row."""
        key = self._keys[index]
        if isinstance(key, SeriesKey):
            return _series_row(key, is_open=key.key == self._opened)
        if isinstance(key, FileKey):
            return _file_row(key)
        if isinstance(key, Unreadable):
            return Row(key, f"! {visible(key.path.name, 40)}: {key.reason}", theme.STRONG)
        return Row(key, key.name, theme.DIM if key.name.startswith(" ") else theme.STRONG)


def _keys(listing: Listing, executable: frozenset[Path], programs: Mapping[str, int]) -> Iterator[RowKey]:
    modalities = {series.series_uid: series.modality for series in listing.series}
    structure_sets = frozenset(map(id, listing.structure_sets))
    before: tuple[str, str, str] | None = None
    for item in _in_order(listing):
        group = _group(item)
        if before is None or group[:2] != before[:2]:
            yield Heading(_patient(item), owner=group[:2])
        if group != before:
            yield Heading(_study(item), item.study_uid, group[:2])
        before = group
        if isinstance(item, SeriesEntry):
            yield SeriesKey(item.key, item, programs.get(item.key, 0))
        else:
            found = [visible(modalities[uid], 8) for uid in item.referenced_series_uids if uid in modalities]
            yield FileKey(item.path, item, ", ".join(found), id(item) in structure_sets, item.path in executable)
    yield from listing.unreadable


def _in_order(listing: Listing) -> list[SeriesEntry | FileEntry]:
    """Return everything that can be opened: what belongs to one study together, series first."""
    entries: list[SeriesEntry | FileEntry] = [*listing.series, *listing.structure_sets, *listing.others]
    groups: dict[tuple[str, str, str], int] = {}
    for entry in entries:
        groups.setdefault(_group(entry), len(groups))
    return sorted(entries, key=lambda entry: groups[_group(entry)])


def _group(entry: SeriesEntry | FileEntry) -> tuple[str, str, str]:
    return entry.patient_id, entry.patient_name, entry.study_uid


def _patient(entry: SeriesEntry | FileEntry) -> str:
    return f"{visible(entry.patient_name, 40)} {visible(entry.patient_id, 24)}".strip() or "no name"


def _study(entry: SeriesEntry | FileEntry) -> str:
    date = entry.study_date
    shown = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else "no date"
    description = entry.study_description if isinstance(entry, SeriesEntry) else ""
    return f" study {shown} {visible(description, 40)}".rstrip()


def series_title(series: Series) -> str:
    """Return modality, number of slices, plane and spacing, e.g. `CT 47 axial 3.27 mm`."""
    plane = series.slices[0].plane
    name = plane_name(plane.normal) if plane is not None else ""
    return _title(series.modality, str(len(series.slices)), name, series.spacing_mm, series.part)


def entry_title(entry: SeriesEntry) -> str:
    """Return the same of a line of the list; `12+` slices are those that were found so far."""
    count = f"{entry.slice_count}{'' if entry.is_complete else '+'}"
    return _title(entry.modality, count, entry.plane, entry.spacing_mm, entry.part)


def _title(modality: str, count: str, plane: str, spacing_mm: float | None, part: str) -> str:
    spacing = f" {spacing_mm:.2f} mm" if spacing_mm else ""
    name = f" {plane}" if plane else ""
    return f"{visible(modality, 8)} {count}{name}{spacing}{f' {visible(part, 24)}' if part else ''}"


def _series_row(key: SeriesKey, *, is_open: bool) -> Row:
    entry = key.entry
    mark = "*" if is_open else " "
    notes = " !" if entry.notes or entry.build_refusal else ""
    text = f"{mark}{PROGRAM + ' ' if key.programs else ''}{entry_title(entry)}{notes}"
    return Row(key, f"{text} {visible(entry.series_description, 24)}".rstrip(), *_style(is_program=key.programs > 0))


def _file_row(key: FileKey) -> Row:
    entry, mark = key.entry, f" {PROGRAM}" if key.is_program else ""
    if not key.is_structure_set:
        kind = visible(entry.modality, 12) or "object"
        style = _style(is_program=key.is_program) or (theme.DIM,)
        return Row(key, f"{mark} {kind} {visible(entry.path.name, 32)}", *style)
    label = visible(entry.label, 16) or visible(entry.path.name, 16)
    return Row(key, f"{mark} RS {label} -> {key.drawn_on or 'no series here'}", *_style(is_program=key.is_program))


def _style(*, is_program: bool) -> tuple[Style, ...]:
    return (theme.ERROR,) if is_program else ()


def programs_text(count: int, total: int = 0) -> str:
    """Return the warning about files that begin like a program, of so many if that is known; empty without any."""
    if not count:
        return ""
    which = f"{count} of {counted(total, 'file')}" if total > 1 else counted(count, "file")
    return f"{which} begin{'s' if count == 1 else ''} like a program (executable preamble): never run it"


def path_of(key: object) -> Path | None:
    """Return the file that a row stands for, of a series the first; None where there is none."""
    if isinstance(key, SeriesKey):
        return key.entry.first_path
    return key.path if isinstance(key, FileKey | Unreadable) else None


def describe(key: object) -> str:
    """Return a sentence about the row under the cursor, for the message line."""
    if isinstance(key, SeriesKey):
        entry = key.entry
        warning = programs_text(key.programs)
        notes = "; ".join(note.text for note in entry.notes)
        return "; ".join(part for part in (entry_title(entry), warning, entry.build_refusal, notes) if part)
    if isinstance(key, Unreadable):
        return f"{visible(key.path)}: {key.reason}"
    if isinstance(key, FileKey):
        warning = programs_text(int(key.is_program))
        return "; ".join(part for part in (visible(key.path), warning) if part)
    if isinstance(key, Heading):
        return f"study {visible(key.study_uid)}" if key.name.startswith(" ") else f"patient {key.name}"
    return ""
