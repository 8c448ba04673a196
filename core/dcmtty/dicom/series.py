"""Instances become series: slices in order along their normal, parts where one stack is not all, notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dcmtty.dicom.model import Instance, Note, Series, Slice
from dcmtty.dicom.spacing import (
    distance_notes,
    mean_normal,
    places,
    positions_mm,
    repeat_notes,
    same_position_mm,
    shift_note,
    usual_spacing_mm,
)
from dcmtty.dicom.split import Named, by_attribute, by_grid, by_orientation, by_value
from dcmtty.dicom.values import comparable
from dcmtty.geometry.plane import Plane
from dcmtty.text import visible


@dataclass(slots=True)
class _Part:
    """A series, or a part of one, while it is taken apart."""

    slices: list[Slice]
    names: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    refusals: tuple[str, ...] = ()
    is_stack: bool = True


def group(instances: Iterable[Instance]) -> tuple[Series, ...]:
    """Return the image series of the instances, sorted by patient, study and series.

    Slices are sorted by S . (X x Y) of the series' common normal; never by name or Instance Number unless they have no
    plane. A series that is no single stack is parted: by patient, study, kind of object, Frame of Reference,
    orientation, grid, and, where positions repeat, by the first attribute that tells the slices there apart.
    """
    series: dict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in instances:
        if instance.is_image:
            series[_series_key(instance)].append(instance)
    found = [made for members in series.values() for made in _series(sorted(members, key=_file_order))]
    return tuple(_with_own_keys(sorted(found, key=_series_order)))


def _with_own_keys(series: Sequence[Series]) -> Iterator[Series]:
    """Number the series that have no Series Instance UID, so that each can be named."""
    nameless = 0
    for one in series:
        if one.series_uid:
            yield one
            continue
        nameless += 1
        part = f"no Series Instance UID ({nameless})"
        yield replace(one, part=f"{part}, {one.part}" if one.part else part)


def _series_key(instance: Instance) -> tuple[str, ...]:
    uid = instance.text("SeriesInstanceUID")
    if uid:
        return (uid,)
    return ("", instance.text("StudyInstanceUID"), instance.modality, str(instance.path.parent))


def _series_order(series: Series) -> tuple[object, ...]:
    first = series.first
    names = (first.text(keyword) for keyword in ("PatientID", "PatientName", "StudyDate", "StudyInstanceUID"))
    return (*names, _number(first, "SeriesNumber"), series.series_uid)


def _number(instance: Instance, keyword: str) -> float:
    numbers = instance.floats(keyword)
    return numbers[0] if numbers and np.isfinite(numbers[0]) else np.inf


def _file_order(instance: Instance) -> tuple[float, str]:
    return (_number(instance, "InstanceNumber"), str(instance.path))


def _series(members: Sequence[Instance]) -> list[Series]:
    slices = [
        Slice(instance, frame, geometry.plane, None)
        for instance in members
        for frame, geometry in enumerate(instance.frames, start=1)
    ]
    parts = [_Part(slices)]
    for divide in (_by_owner, _by_kind, _by_frame_of_reference, _by_orientation, _by_grid, _by_attribute):
        parts = [smaller for part in parts for smaller in divide(part)]
    return [_finished(part) for part in parts]


def _parted(part: _Part, parts: Named, note: Callable[[str], Note] | None = None, refusal: str = "") -> list[_Part]:
    """Return the parts with what they inherit, and a note on each when there is more than one."""
    if len(parts) == 1:
        return [replace(part, slices=parts[0][1])]
    refusals = (*part.refusals, refusal) if refusal else part.refusals
    return [
        replace(
            part,
            slices=slices,
            names=(*part.names, name),
            notes=(*part.notes, note(name)) if note else part.notes,
            refusals=refusals,
        )
        for name, slices in parts
    ]


def _by_owner(part: _Part) -> list[_Part]:
    parts: list[_Part] = [part]
    for what, keyword in (("patient", "PatientID"), ("study", "StudyInstanceUID")):
        parts = [
            smaller
            for larger in parts
            for smaller in _parted(
                larger,
                by_value(
                    larger.slices,
                    lambda slice_, keyword=keyword: slice_.instance.text(keyword).strip(),  # type: ignore[misc]
                    lambda number, count, what=what: f"{what} {number} of {count}",  # type: ignore[misc]
                ),
                refusal=f"its Series Instance UID is shared by more than one {what}",
            )
        ]
    return parts


def _by_kind(part: _Part) -> list[_Part]:
    def kind(slice_: Slice) -> tuple[str, str]:
        return slice_.instance.modality, slice_.instance.sop_class_uid

    parts = by_value(part.slices, kind, lambda number, count: f"kind {number} of {count}")
    named = [(f"{name}, {visible(slices[0].instance.modality)}" if name else "", slices) for name, slices in parts]
    return _parted(part, named, lambda name: Note("other", f"the series mixes kinds of objects; this is {name}"))


def _by_frame_of_reference(part: _Part) -> list[_Part]:
    parts = by_value(
        part.slices,
        lambda slice_: slice_.instance.text("FrameOfReferenceUID"),
        lambda number, count: f"Frame of Reference {number} of {count}",
    )
    return _parted(
        part, parts, lambda name: Note("other", f"the series has several Frames of Reference; this is {name}")
    )


def _by_orientation(part: _Part) -> list[_Part]:
    parts = by_orientation(part.slices)
    if parts is None:
        note = Note(
            "mixed-orientation", "the slices are not parallel (more than 6 orientations); not sorted by position"
        )
        return [replace(part, notes=(*part.notes, note), refusals=(*part.refusals, note.text), is_stack=False)]
    return _parted(
        part, parts, lambda name: Note("mixed-orientation", f"the series has several orientations; this is {name}")
    )


def _by_grid(part: _Part) -> list[_Part]:
    parts = by_grid(part.slices) if part.is_stack else [("", part.slices)]
    if parts is None:
        note = Note("spacing", "rows, columns or pixel spacing change from slice to slice")
        return [replace(part, notes=(*part.notes, note), refusals=(*part.refusals, note.text))]
    return _parted(part, parts, lambda name: Note("spacing", f"the series has several picture sizes; this is {name}"))


def _by_attribute(part: _Part) -> list[_Part]:
    planes = [slice_.plane for slice_ in part.slices if slice_.plane is not None]
    if not part.is_stack or len(planes) != len(part.slices):
        return [part]
    part = replace(part, slices=_sorted(part.slices, planes))
    positions = [slice_.position_mm or 0.0 for slice_ in part.slices]
    return _parted(part, by_attribute(part.slices, places(positions, same_position_mm(planes))))


def _sorted(slices: Sequence[Slice], planes: Sequence[Plane]) -> list[Slice]:
    """Return the slices with their positions along the common normal, in order; ties keep the order given."""
    positions = positions_mm(_origins(planes), _normal(planes)).tolist()
    placed = [replace(slice_, position_mm=position) for slice_, position in zip(slices, positions, strict=True)]
    return sorted(placed, key=lambda slice_: slice_.position_mm or 0.0)


def _normal(planes: Sequence[Plane]) -> NDArray[np.float64]:
    return mean_normal(np.array([plane.normal for plane in planes]))


def _origins(planes: Sequence[Plane]) -> NDArray[np.float64]:
    return np.array([plane.origin_xyz for plane in planes])


def _finished(part: _Part) -> Series:
    slices, notes, refusals = tuple(part.slices), list(part.notes), list(part.refusals)
    first = slices[0].instance
    planes = [slice_.plane for slice_ in slices if slice_.plane is not None]
    spacing_mm = None
    if part.is_stack and len(planes) == len(slices):
        tolerance_mm = same_position_mm(planes)
        positions = [slice_.position_mm or 0.0 for slice_ in slices]
        spacing_mm = usual_spacing_mm(positions, tolerance_mm)
        notes += distance_notes(positions, spacing_mm, tolerance_mm)
        shift = shift_note(_origins(planes), _normal(planes))
        notes += [shift] if shift else []
    else:
        tolerance_mm = 0.0
    if len(planes) < len(slices):
        notes.append(_no_position(slices))
        refusals.append(notes[-1].text)
    if len({comparable("PatientName", slice_.instance.text("PatientName")) for slice_ in slices}) > 1:
        notes.append(Note("other", "the files of this series give different names of the patient"))
    repeats = repeat_notes(slices, tolerance_mm)
    notes += repeats
    refusals += _repeat_refusal(repeats) + _missing_uids(slices)
    if not first.text("FrameOfReferenceUID"):
        notes.append(Note("no-frame-of-reference", "the images have no Frame of Reference UID"))
        refusals.append(notes[-1].text)
    return Series(
        study_uid=first.text("StudyInstanceUID"),
        series_uid=first.text("SeriesInstanceUID"),
        frame_of_reference_uid=first.text("FrameOfReferenceUID"),
        modality=first.modality,
        slices=slices,
        part=", ".join(part.names),
        notes=tuple(notes),
        build_refusal="; ".join(dict.fromkeys(refusals)),
        spacing_mm=spacing_mm,
    )


def _no_position(slices: Sequence[Slice]) -> Note:
    reason = next(slice_.geometry.reason for slice_ in slices if slice_.plane is None)
    return Note(
        "no-position", f"the slices have no place in the patient: {visible(reason)}; ordered by Instance Number"
    )


def _repeat_refusal(repeats: Sequence[Note]) -> list[str]:
    if not repeats:
        return []
    return [f"positions or images repeat, first at slice {repeats[0].slice_number}, and no attribute tells them apart"]


def _missing_uids(slices: Sequence[Slice]) -> list[str]:
    return [
        f"an image has no {name}"
        for keyword, name in (
            ("StudyInstanceUID", "Study Instance UID"),
            ("SeriesInstanceUID", "Series Instance UID"),
            ("SOPInstanceUID", "SOP Instance UID"),
            ("SOPClassUID", "SOP Class UID"),
        )
        if any(not slice_.instance.text(keyword) for slice_ in slices)
    ]
