"""The ROIs of an edited RTSTRUCT: items nobody touched stay as they are, the others are changed or made anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dcmtty.contours.model import Contour, Roi
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.compose import Composer
from dcmtty.rtstruct.document import Document, items_of, text_of
from dcmtty.rtstruct.encoded import Item, item, joined, sequence, tag_of
from dcmtty.rtstruct.load import LoadedSet
from dcmtty.rtstruct.roi_items import (
    color_text,
    encode_contour,
    encode_roi,
    observation_tree,
    require_distinct,
    require_roi,
)

ROI_SEQUENCES = {
    "StructureSetROISequence": "ROINumber",
    "ROIContourSequence": "ReferencedROINumber",
    "RTROIObservationsSequence": "ReferencedROINumber",
}
"""The three sequences of an ROI, and by which attribute an item names it."""


@dataclass(slots=True)
class Edits:
    """What is to change in the base, collected ROI by ROI."""

    replaced: dict[str, dict[int, bytes]] = field(default_factory=lambda: {name: {} for name in ROI_SEQUENCES})
    """Items by sequence and ROI Number; empty bytes take an item away."""
    untouched: set[int] = field(default_factory=set)
    kept: dict[int, dict[int, int]] = field(default_factory=dict)
    unreadable: dict[int, frozenset[int]] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    """ROIs that have nothing of the base."""
    notes: list[str] = field(default_factory=list)

    def put(self, number: int, structure: bytes, contours: bytes, observation: bytes) -> None:
        """Replace, add or (with empty bytes) take away the three items of an ROI."""
        for name, encoded in zip(ROI_SEQUENCES, (structure, contours, observation), strict=True):
            self.replaced[name][number] = encoded


def edits_of(document: Document, loaded: LoadedSet, series: Series, rois: tuple[Roi, ...], composer: Composer) -> Edits:
    """Return what must change in the base so that it holds `rois`.

    Raises:
        BuildRefused: an edited or new ROI may not be written.
    """
    edits = Edits()
    before = {roi.number: roi for roi in loaded.structure_set.rois}
    wanted = {roi.number for roi in rois}
    for number in before.keys() - wanted:
        edits.put(number, b"", b"", b"")
    changed = [roi for roi in rois if not _is_same(roi, before.get(roi.number))]
    require_distinct(rois, changed)
    edits.untouched = wanted - {roi.number for roi in changed}
    unreadable = {number: _unreadable(loaded, number) for number in before}
    edits.unreadable = {number: unreadable[number] for number in edits.untouched if unreadable[number]}
    observation = max((n for n in _numbers(document) if n is not None), default=0)
    for roi in changed:
        was = before.get(roi.number)
        observation += 1
        if was is None or not _descends(roi, was):
            items = encode_roi(roi, series, composer, observation, edits.notes)
            edits.put(roi.number, items.structure, items.contours, items.observation)
            edits.fresh.add(roi.number)
        else:
            _edit_roi(_Edited(roi, was, unreadable[roi.number]), document, series, composer, observation, edits)
    return edits


def _unreadable(loaded: LoadedSet, number: int) -> frozenset[int]:
    return frozenset(skipped.contour - 1 for skipped in loaded.skipped if skipped.roi_number == number)


def _numbers(document: Document) -> Iterable[int | None]:
    return (roi_number(item, "ObservationNumber") for item in document.items("RTROIObservationsSequence"))


def _is_same(roi: Roi, was: Roi | None) -> bool:
    return (
        was is not None
        and _labels(roi) == _labels(was)
        and len(roi.contours) == len(was.contours)
        and all(_is_same_contour(now, then) for now, then in zip(roi.contours, was.contours, strict=True))
    )


def _labels(roi: Roi) -> tuple[object, ...]:
    return roi.name, tuple(roi.color), roi.interpreted_type, roi.generation_algorithm


def _is_same_contour(now: Contour, then: Contour) -> bool:
    return (
        now.geometric_type == then.geometric_type
        and now.points_xyz.shape == then.points_xyz.shape
        and bool((now.points_xyz == then.points_xyz).all())
    )


def _descends(roi: Roi, was: Roi) -> bool:
    """Say whether an ROI is an edited one of the base, not a new one that was given a freed number."""
    return roi.origin == was.number or roi.name == was.name or any(c.origin >= 0 for c in roi.contours)


@dataclass(frozen=True, slots=True)
class _Edited:
    roi: Roi
    was: Roi
    unreadable: frozenset[int]


def _edit_roi(
    edited: _Edited, document: Document, series: Series, composer: Composer, observation_number: int, edits: Edits
) -> None:
    roi, was = edited.roi, edited.was
    require_roi(roi, edits.notes)
    found = {name: _item_of(document, name, roi.number) for name in ROI_SEQUENCES}
    encoded = _contour_items(edited, found["ROIContourSequence"], series, composer, edits)
    structure = {
        "ROINumber": str(roi.number),
        **({"ROIName": roi.name.strip()} if roi.name != was.name else {}),
        **({"ROIGenerationAlgorithm": roi.generation_algorithm} if _labels(roi)[3] != _labels(was)[3] else {}),
    }
    contours = {"ReferencedROINumber": str(roi.number)}
    if roi.color != was.color:
        contours["ROIDisplayColor"] = color_text(roi)
    observation = observation_tree(roi, observation_number)
    if found["RTROIObservationsSequence"] is not None:
        changed = roi.interpreted_type != was.interpreted_type
        observation = {"RTROIInterpretedType": roi.interpreted_type} if changed else {}
    tag = tag_of("ContourSequence")
    drawn = composer.elements(contours) | ({tag: sequence(tag, encoded, composer.syntax)} if encoded else {})
    edits.put(
        roi.number,
        _changed(found["StructureSetROISequence"], composer.elements(structure), composer, without=("ROIVolume",)),
        _changed(found["ROIContourSequence"], drawn, composer, without=("ContourSequence",)),
        _changed(found["RTROIObservationsSequence"], composer.elements(observation), composer),
    )


def _changed(
    found: Item | None, elements: Mapping[int, bytes], composer: Composer, without: tuple[str, ...] = ()
) -> bytes:
    """Return an item of the base with some elements set and some left out; a new item where the base has none."""
    kept = {} if found is None else {tag: piece.encoded for tag, piece in found.pieces().items()}
    for keyword in (*without, "DigitalSignaturesSequence"):
        kept.pop(tag_of(keyword), None)
    return item(joined({**kept, **elements}), composer.syntax)


def _item_of(document: Document, name: str, number: int) -> Item | None:
    return next((found for found in document.items(name) if roi_number(found, ROI_SEQUENCES[name]) == number), None)


def _contour_items(
    edited: _Edited, found: Item | None, series: Series, composer: Composer, edits: Edits
) -> list[bytes]:
    """Return the contour items of an edited ROI: those of the base where nothing changed, then what cannot be read."""
    roi = edited.roi
    base = [] if found is None else items_of(found.pieces(), "ContourSequence")
    if base and base[0].syntax != composer.syntax:
        raise BuildRefused(f"ROI {roi.number}: its contours are encoded as UN in the base", remedy="convert it first")
    before = {contour.origin: contour for contour in edited.was.contours}
    free = max([len(base), *(contour.number for contour in edited.was.contours)]) + 1
    encoded: list[bytes] = []
    kept: dict[int, int] = {}
    for contour in roi.contours:
        then = before.get(contour.origin)
        if then is not None and _is_same_contour(contour, then):
            kept[len(encoded)] = contour.origin
            encoded.append(base[contour.origin].encoded)
        else:
            encoded.append(encode_contour(contour, free, roi, series, composer, edits.notes))
            free += 1
    edits.unreadable[roi.number] = frozenset(range(len(encoded), len(encoded) + len(edited.unreadable)))
    for index in sorted(edited.unreadable):
        kept[len(encoded)] = index
        encoded.append(base[index].encoded)
    edits.kept[roi.number] = kept
    return encoded


def merged(document: Document, name: str, edits: Edits) -> list[bytes]:
    """Return the items of one ROI sequence: in the order of the base, new ones at the end."""
    replaced = edits.replaced[name]
    encoded: list[bytes] = []
    done: set[int] = set()
    for found in document.items(name):
        number = roi_number(found, ROI_SEQUENCES[name])
        if number is None or number not in replaced:
            encoded.append(found.encoded)
        elif number not in done:
            encoded.append(replaced[number])
        elif replaced[number] and number not in edits.fresh:
            encoded.append(found.encoded)
        if number is not None:
            done.add(number)
    encoded += [new for number, new in replaced.items() if number not in done]
    return [item for item in encoded if item]


def roi_number(found: Item, keyword: str) -> int | None:
    """Return a number that an item gives; None when it is absent or none."""
    try:
        return int(text_of(found.pieces(), keyword))
    except ValueError:
        return None
