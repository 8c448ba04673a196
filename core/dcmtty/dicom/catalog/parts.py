"""What is kept of each part of a series, so that a list of series needs none of its files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from dcmtty.dicom.catalog.store import Unusable
from dcmtty.dicom.listing import SeriesEntry
from dcmtty.dicom.model import Note, NoteKind

if TYPE_CHECKING:
    from dcmtty.dicom.model import Instance
    from dcmtty.geometry.plane import Plane

_KINDS = frozenset(get_args(NoteKind))
_ORDER = ("PatientID", "PatientName", "StudyDate", "StudyInstanceUID")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a series, most often all of it."""

    entry: SeriesEntry
    """Without files, without doubts about the numbering, and without a number where the series has no UID."""
    order: tuple[object, ...]
    """What lists are sorted by, as in `series.group`."""
    first_id: int
    """Row of the first slice's file."""
    folder_ids: tuple[int, ...]
    """Of the folders that its files lie in."""
    least_name: str = ""
    """Of a series without UID, the name of its file that comes first by path: where such series have no other order."""


@dataclass(frozen=True, slots=True, eq=False)
class PartFacts:
    """What is known of a part when it has just been put in order."""

    first: Instance
    plane: Plane | None
    """Of the first slice."""
    part: str
    slice_count: int
    spacing_mm: float | None
    notes: tuple[Note, ...]
    build_refusal: str
    file_ids: Sequence[int]
    """Each once, in the order of the slices."""
    folder_ids: Sequence[int]


def part_of(facts: PartFacts, least_name: str = "") -> Part:
    """Return the part to keep."""
    first, plane = facts.first, facts.plane
    number = first.floats("SeriesNumber")[:1]
    return Part(
        SeriesEntry(
            patient_name=first.text("PatientName"),
            patient_id=first.text("PatientID"),
            study_uid=first.text("StudyInstanceUID"),
            study_date=first.text("StudyDate"),
            study_description=first.text("StudyDescription"),
            series_uid=first.text("SeriesInstanceUID"),
            series_number=first.text("SeriesNumber"),
            series_description=first.text("SeriesDescription"),
            modality=first.modality,
            frame_of_reference_uid=first.text("FrameOfReferenceUID"),
            part=facts.part,
            slice_count=facts.slice_count,
            rows=int(float(first.text("Rows"))),
            columns=int(float(first.text("Columns"))),
            plane=_plane_name(plane),
            orientation=None if plane is None else _cosines(plane),
            pixel_spacing_mm=None if plane is None else (plane.row_spacing_mm, plane.column_spacing_mm),
            spacing_mm=facts.spacing_mm,
            notes=facts.notes,
            build_refusal=facts.build_refusal,
        ),
        (
            *(first.text(keyword) for keyword in _ORDER),
            number[0] if number and math.isfinite(number[0]) else math.inf,
            first.text("SeriesInstanceUID"),
        ),
        facts.file_ids[0],
        tuple(sorted(set(facts.folder_ids))),
        least_name,
    )


def _plane_name(plane: Plane | None) -> str:
    if plane is None:
        return ""
    from dcmtty.geometry.orientation import plane_name

    return plane_name(plane.normal)


def _cosines(plane: Plane) -> tuple[float, ...]:
    return tuple(float(value) for value in (*plane.row_direction, *plane.column_direction))


_TEXTS = (
    "patient_name",
    "patient_id",
    "study_uid",
    "study_date",
    "study_description",
    "series_uid",
    "series_number",
    "series_description",
    "modality",
    "frame_of_reference_uid",
    "part",
    "plane",
    "build_refusal",
)
_NUMBERS = ("slice_count", "rows", "columns")


def to_document(parts: Sequence[Part]) -> str:
    """Return the parts of a series as JSON."""
    return json.dumps([_object(part) for part in parts], separators=(",", ":"))


def _object(part: Part) -> dict[str, Any]:
    entry = part.entry
    return {
        **{name: getattr(entry, name) for name in (*_TEXTS, *_NUMBERS)},
        "orientation": entry.orientation,
        "pixel_spacing_mm": entry.pixel_spacing_mm,
        "spacing_mm": entry.spacing_mm,
        "notes": [(note.kind, note.text, note.slice_number) for note in entry.notes],
        "order": [None if value == math.inf else value for value in part.order],
        "first_id": part.first_id,
        "folder_ids": part.folder_ids,
        "least_name": part.least_name,
    }


def from_document(text: object) -> list[Part]:
    """Return the parts that JSON says.

    Raises:
        Unusable: it is not what `to_document` writes.
    """
    try:
        parts = [_part(found) for found in json.loads(_text(text))]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unusable("a summary in it is damaged") from error
    if not parts:
        raise Unusable("a summary in it is damaged")
    return parts


def _part(found: dict[str, Any]) -> Part:
    orientation, pixel_spacing, spacing = (found[name] for name in ("orientation", "pixel_spacing_mm", "spacing_mm"))
    *order, number, uid = found["order"]
    fields: dict[str, Any] = {name: _text(found[name]) for name in _TEXTS}
    fields |= {name: int(found[name]) for name in _NUMBERS}
    entry = SeriesEntry(
        **fields,
        orientation=None if orientation is None else tuple(float(value) for value in orientation),
        pixel_spacing_mm=None if pixel_spacing is None else (float(pixel_spacing[0]), float(pixel_spacing[1])),
        spacing_mm=None if spacing is None else float(spacing),
        notes=tuple(_note(*note) for note in found["notes"]),
    )
    where = (*(_text(value) for value in order), math.inf if number is None else float(number), _text(uid))
    folder_ids = tuple(int(value) for value in found["folder_ids"])
    return Part(entry, where, int(found["first_id"]), folder_ids, _text(found["least_name"]))


def _note(kind: NoteKind, text: str, slice_number: int) -> Note:
    if kind not in _KINDS:
        raise ValueError(kind)
    return Note(kind, _text(text), int(slice_number))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def numbered(parts: Sequence[Part], shown: Callable[[Part], Path]) -> Iterator[tuple[Part, SeriesEntry]]:
    """Yield the parts in order with their entries, those without Series Instance UID numbered as in `series.group`.

    `shown` returns the path that comes first of a part's series.
    """
    nameless = 0
    for part in sorted(parts, key=lambda part: (part.order, Path() if part.entry.series_uid else shown(part))):
        entry = part.entry
        if not entry.series_uid:
            nameless += 1
            name = f"no Series Instance UID ({nameless})"
            entry = replace(entry, part=f"{name}, {entry.part}" if entry.part else name)
        yield part, entry
