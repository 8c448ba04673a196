"""The series pane as rows: patients, studies, series, structure sets, and files that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dcmtty.dicom.model import Archive, Instance, Series, Unreadable
from dcmtty.geometry.orientation import plane_name
from dcmtty.text import visible
from dcmtty_tui import theme
from dcmtty_tui.widgets.row_list import Row


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that only names what follows."""

    name: str


@lru_cache(maxsize=2)
def series_rows(archive: Archive, opened: Series | None) -> tuple[Row, ...]:
    """Return the rows of an archive; the open series is marked. Asked for at every key, so the answer is kept."""
    rows: list[Row] = []
    patient, study = "", ""
    for first, item in _in_order(archive):
        name = f"{visible(first.text('PatientName'), 40)} {visible(first.text('PatientID'), 24)}".strip() or "no name"
        if name != patient:
            rows.append(Row(Heading(f"patient {name}"), name, theme.STRONG))
            patient, study = name, ""
        if first.text("StudyInstanceUID") != study:
            study = first.text("StudyInstanceUID")
            date = first.text("StudyDate")
            shown = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else "no date"
            text = f" study {shown} {visible(first.text('StudyDescription'), 40)}".rstrip()
            rows.append(Row(Heading(f"study {study}"), text, theme.DIM))
        rows.append(_series_row(item, opened) if isinstance(item, Series) else _instance_row(item, archive))
    rows += [Row(item, f"! {visible(item.path.name, 40)}: {item.reason}", theme.STRONG) for item in archive.unreadable]
    return tuple(rows)


def _in_order(archive: Archive) -> Iterable[tuple[Instance, Series | Instance]]:
    entries: list[tuple[Instance, Series | Instance]] = [(series.first, series) for series in archive.series]
    entries += [(instance, instance) for instance in (*archive.structure_sets, *archive.others)]
    groups: dict[tuple[str, str, str], int] = {}
    for instance, _ in entries:
        groups.setdefault(_group(instance), len(groups))
    return sorted(entries, key=lambda entry: groups[_group(entry[0])])


def _group(instance: Instance) -> tuple[str, str, str]:
    return (instance.text("PatientID"), instance.text("PatientName"), instance.text("StudyInstanceUID"))


def series_title(series: Series) -> str:
    """Return modality, number of slices, plane and spacing, e.g. `CT 47 axial 3.27 mm`."""
    plane = series.slices[0].plane
    spacing = f" {series.spacing_mm:.2f} mm" if series.spacing_mm else ""
    name = f" {plane_name(plane.normal)}" if plane is not None else ""
    part = f" {visible(series.part, 24)}" if series.part else ""
    return f"{visible(series.modality, 8)} {len(series.slices)}{name}{spacing}{part}"


def _series_row(series: Series, opened: Series | None) -> Row:
    mark = "*" if opened is not None and opened.key == series.key else " "
    notes = " !" if series.notes or series.build_refusal else ""
    description = visible(series.first.text("SeriesDescription"), 24)
    return Row(series, f"{mark}{series_title(series)}{notes} {description}".rstrip())


def _instance_row(instance: Instance, archive: Archive) -> Row:
    if instance not in archive.structure_sets:
        return Row(
            instance, f" {visible(instance.modality, 12) or 'object'} {visible(instance.path.name, 32)}", theme.DIM
        )
    known = {series.series_uid: series.modality for series in archive.series}
    on = (
        ", ".join(visible(known[uid], 8) for uid in instance.referenced_series_uids if uid in known) or "no series here"
    )
    label = visible(instance.text("StructureSetLabel"), 16) or visible(instance.path.name, 16)
    return Row(instance, f" RS {label} -> {on}")


def describe(key: object) -> str:
    """Return a sentence about the row under the cursor, for the message line."""
    if isinstance(key, Series):
        notes = "; ".join(note.text for note in key.notes)
        return "; ".join(part for part in (series_title(key), key.build_refusal, notes) if part)
    if isinstance(key, Unreadable):
        return f"{visible(key.path)}: {key.reason}"
    if isinstance(key, Instance):
        return visible(key.path)
    return key.name if isinstance(key, Heading) else ""
