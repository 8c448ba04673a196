"""An RTSTRUCT file as a structure set: joined by ROI Number, placed by distance, tolerant of what others leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dcmtty.contours.model import COLORS, Contour, GeometricType, Roi, StructureSet
from dcmtty.contours.placement import place
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError
from dcmtty.rtstruct.contour_items import Unusable, read_contour
from dcmtty.rtstruct.document import Document, items_of, read_document, terms_of, text_of
from dcmtty.rtstruct.encoded import Piece, tag_of
from dcmtty.rtstruct.references import References, references
from dcmtty.text import visible


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A contour that lies on no slice of the series; it keeps its coordinates and is not drawn."""

    roi_number: int
    contour: int
    """From 1, in the order of the file."""
    distance_mm: float
    """Largest distance of a point to the nearest slice; infinite where that says nothing."""
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A contour that could not be read; an edited set saved on this file keeps its bytes."""

    roi_number: int
    contour: int
    """From 1, in the order of the file."""
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class LoadedSet:
    """What a file gave."""

    path: Path
    structure_set: StructureSet
    references: References
    """The series and Frames of Reference that the file names."""
    unplaced: tuple[Unplaced, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the user, safe for a terminal."""
    other_series: bool = False
    """It was drawn on another series than the open one."""
    other_patient: bool = False
    """Its Patient ID is another one than that of the images: it must not be drawn on them."""
    other_frame_of_reference: bool = False
    """It lies in another Frame of Reference than the open series: it must not be drawn on it."""


def load(path: Path, series: Series | None = None) -> LoadedSet:
    """Read an RTSTRUCT file; with a series, find the slice of each contour by its distance, never moving a point.

    Without a series each contour keeps the image reference that the file gives it. A contour that cannot be read is
    skipped and said so; sequences that other programs leave out are not missed.

    Raises:
        NotDicom: the file is not DICOM.
        InputError: not readable, not an RT Structure Set, or its sequences are damaged.
        TruncatedFile: the file ends inside an element, or a length is wrong.
    """
    try:
        return load_document(read_document(path), series)
    except InputError as error:
        if str(visible(path)) in error.message:
            raise
        raise type(error)(f"{visible(path)}: {error.message}", remedy=error.remedy) from error


def load_document(document: Document, series: Series | None) -> LoadedSet:
    """Return what `load` returns, for a file that was read already.

    Raises:
        InputError: its sequences are damaged.
    """
    named = references(document)
    reader = _Reader(document, named, series)
    rois = reader.rois()
    return LoadedSet(
        document.path,
        StructureSet(
            label=document.text("StructureSetLabel"),
            frame_of_reference_uid=named.frame_of_reference_uid(series),
            series_uid=named.series_uid(series),
            study_uid=document.text("StudyInstanceUID"),
            rois=rois,
            name=document.text("StructureSetName"),
            approval_status=document.text("ApprovalStatus") or "UNAPPROVED",
            sop_instance_uid=document.text("SOPInstanceUID"),
        ),
        named,
        tuple(reader.unplaced),
        tuple(reader.skipped),
        tuple(reader.all_notes()),
        other_patient=series is not None and is_other_patient(document, series),
        other_series=named.is_other_series(series),
        other_frame_of_reference=named.is_other_frame_of_reference(series),
    )


def is_other_patient(document: Document, series: Series) -> bool:
    """Say whether a structure set and images both name a patient, and not the same one."""
    ours, theirs = series.first.text("PatientID").strip(), document.text("PatientID").strip()
    return bool(ours and theirs) and ours != theirs


class _Reader:
    """Reads the ROIs of one document and remembers what a user must know."""

    def __init__(self, document: Document, named: References, series: Series | None) -> None:
        self.document = document
        self.named = named
        self.series = series
        self.unplaced: list[Unplaced] = []
        self.skipped: list[Skipped] = []
        self.notes: list[str] = []
        self.strays: Counter[str] = Counter()
        self.images = frozenset(item.instance.sop_instance_uid for item in series.slices) if series else frozenset()

    def rois(self) -> tuple[Roi, ...]:
        """Return the ROIs in the order of Structure Set ROI Sequence."""
        contours = self._by_number("ROIContourSequence", "Referenced ROI Number")
        observations = self._by_number("RTROIObservationsSequence", "Referenced ROI Number")
        found: dict[int, Roi] = {}
        for item in self.document.items("StructureSetROISequence"):
            pieces = item.pieces()
            number = self._number(pieces, "ROINumber", "an ROI")
            if number is None:
                continue
            if number in found:
                self.notes.append(f"ROI Number {number} is given twice; only the first is shown")
                continue
            found[number] = self._roi(number, pieces, contours.get(number), observations.get(number), len(found))
        self._tell_of_equal_names(found.values())
        for dangling in sorted((contours.keys() | observations.keys()) - found.keys()):
            self.notes.append(f"contours or observations name ROI Number {dangling}, which is not in the set")
        return tuple(found.values())

    def _tell_of_equal_names(self, rois: Iterable[Roi]) -> None:
        numbers: dict[str, list[str]] = {}
        for roi in rois:
            numbers.setdefault(roi.name, []).append(str(roi.number))
        self.notes += [f"ROIs {' and '.join(same)} have the same name" for same in numbers.values() if len(same) > 1]

    def _roi(
        self,
        number: int,
        pieces: Mapping[int, Piece],
        contour_pieces: Mapping[int, Piece] | None,
        observation: Mapping[int, Piece] | None,
        position: int,
    ) -> Roi:
        terms = terms_of(pieces, self.document.character_set)
        frame_of_reference = text_of(pieces, "ReferencedFrameOfReferenceUID")
        return Roi(
            number=number,
            name=text_of(pieces, "ROIName", terms),
            color=_color(contour_pieces or {}, COLORS[position % len(COLORS)]),
            interpreted_type=text_of(observation or {}, "RTROIInterpretedType"),
            contours=tuple(self._contours(number, contour_pieces or {}, frame_of_reference)),
            generation_algorithm=text_of(pieces, "ROIGenerationAlgorithm"),
            origin=number,
            frame_of_reference_uid=frame_of_reference,
        )

    def _contours(self, number: int, pieces: Mapping[int, Piece], frame_of_reference: str) -> Iterable[Contour]:
        for index, item in enumerate(items_of(pieces, "ContourSequence")):
            try:
                read = read_contour(item, index)
            except Unusable as why:
                self.skipped.append(Skipped(number, index + 1, str(why)))
                continue
            if read.repeats_first_point:
                self.strays["repeat their first point at the end, which is left out here"] += 1
            if read.images > 1:
                self.strays["name several images"] += 1
            if self.series is None:
                yield read.contour
            else:
                yield self._placed(number, read.contour, frame_of_reference, self.series)

    def _placed(self, number: int, contour: Contour, frame_of_reference: str, series: Series) -> Contour:
        if self.named.is_other_frame_of_reference(series):
            return replace(contour, sop_instance_uid="", frame=0)
        if frame_of_reference and frame_of_reference != series.frame_of_reference_uid:
            self._set_aside(number, contour, float("inf"), "its ROI is in another Frame of Reference")
            return replace(contour, sop_instance_uid="", frame=0)
        placement = place(contour.points_xyz, series, sop_instance_uid=contour.sop_instance_uid)
        if contour.sop_instance_uid and contour.sop_instance_uid not in self.images:
            self.strays["name an image that is not in this series; only their distance can place them"] += 1
        elif placement.slice_number and contour.sop_instance_uid not in {"", placement.sop_instance_uid}:
            self.strays["lie on another slice than the one they name"] += 1
        if placement.slice_number is None and contour.geometric_type is not GeometricType.OPEN_NONPLANAR:
            self._set_aside(number, contour, placement.distance_mm, placement.reason)
        return replace(contour, sop_instance_uid=placement.sop_instance_uid, frame=placement.frame)

    def _set_aside(self, number: int, contour: Contour, distance_mm: float, reason: str) -> None:
        self.unplaced.append(Unplaced(number, contour.origin + 1, distance_mm, reason))

    def _by_number(self, sequence: str, what: str) -> dict[int, Mapping[int, Piece]]:
        found: dict[int, Mapping[int, Piece]] = {}
        for item in self.document.items(sequence):
            pieces = item.pieces()
            number = self._number(pieces, "ReferencedROINumber", f"an item with {what}")
            if number in found:
                self.notes.append(f"ROI Number {number} has two items of {sequence}; only the first is shown")
            elif number is not None:
                found[number] = pieces
        return found

    def _number(self, pieces: Mapping[int, Piece], keyword: str, what: str) -> int | None:
        try:
            return int(text_of(pieces, keyword))
        except ValueError:
            self.notes.append(f"{what} has no readable number and is not shown")
            return None

    def all_notes(self) -> Iterable[str]:
        """Yield everything that a user must know, the gravest first."""
        if tag_of("StructureSetROISequence") not in self.document.pieces:
            yield "the file has no Structure Set ROI Sequence: it holds no ROI, or it was cut"
        yield from self.notes
        yield from self.named.notes(self.series)
        for what, count in self.strays.items():
            yield f"of the contours, {count} {what}"
        if self.skipped:
            first = self.skipped[0]
            more = f", and {len(self.skipped) - 1} more" if len(self.skipped) > 1 else ""
            yield f"not readable: contour {first.contour} of ROI {first.roi_number} ({first.reason}){more}"
        if self.unplaced:
            yield f"of the contours, {len(self.unplaced)} lie on no slice of this series and are not drawn"


def _color(pieces: Mapping[int, Piece], default: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return ROI Display Color, or the default when it is absent or not three numbers of 0 to 255."""
    try:
        red, green, blue = (int(text) for text in text_of(pieces, "ROIDisplayColor").split("\\"))
    except ValueError:
        return default
    return (red, green, blue) if all(0 <= part <= 255 for part in (red, green, blue)) else default
