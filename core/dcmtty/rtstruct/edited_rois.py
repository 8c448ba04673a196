"""The ROIs of an edited RTSTRUCT: items nobody touched stay as they are, the others are changed or made anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dcmtty.contours.model import Contour, Roi
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.compose import Composer, Tree
from dcmtty.rtstruct.document import Document, items_of, terms_of, text_of
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

_LABELS = ("name", "color", "interpreted_type", "generation_algorithm")


@dataclass(slots=True)
class Edits:
    """What is to change in the base, collected ROI by ROI."""

    replaced: dict[str, dict[int, bytes]] = field(default_factory=lambda: {name: {} for name in ROI_SEQUENCES})
    """Items by sequence and ROI Number; empty bytes take an item away."""
    untouched: set[int] = field(default_factory=set)
    kept: dict[int, dict[int, int]] = field(default_factory=dict)
    unchanged: dict[int, frozenset[str]] = field(default_factory=dict)
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
    require_distinct(rois, [roi for roi in changed if _is_renamed(roi, before.get(roi.number))])
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


def _is_renamed(roi: Roi, was: Roi | None) -> bool:
    return was is None or roi.name != was.name


def _labels(roi: Roi) -> tuple[object, ...]:
    return tuple(getattr(roi, label) for label in _LABELS)


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
    roi, number = edited.roi, edited.roi.number
    if edited.was.frame_of_reference_uid not in {"", series.frame_of_reference_uid}:
        raise BuildRefused(f"ROI {number} is in another Frame of Reference", remedy="undo its edits")
    structure, drawn, seen = (_item_of(document, name, number) for name in ROI_SEQUENCES)
    unchanged = _unchanged(edited, drawn, seen)
    require_roi(roi, edits.notes, unchanged)
    contours = _contour_items(edited, drawn, series, composer, edits)
    edits.unchanged[number] = unchanged
    edits.put(
        number,
        _changed(structure, _structure_tree(edited, series, unchanged), composer, without=("ROIVolume",)),
        _with_contours(drawn, _drawn_tree(roi, unchanged), contours, composer),
        _changed(seen, _observation_tree(roi, seen, observation_number, unchanged), composer),
    )


def _unchanged(edited: _Edited, drawn: Item | None, seen: Item | None) -> frozenset[str]:
    """Return which labels keep the bytes of the base; those of an item that the base lacks cannot."""
    missing = {label for label, item in (("color", drawn), ("interpreted_type", seen)) if item is None}
    now, then = edited.roi, edited.was
    return frozenset(label for label in _LABELS if getattr(now, label) == getattr(then, label)) - missing


def _structure_tree(edited: _Edited, series: Series, unchanged: frozenset[str]) -> Tree:
    tree = {"ROINumber": str(edited.roi.number)}
    if not edited.was.frame_of_reference_uid:
        tree["ReferencedFrameOfReferenceUID"] = series.frame_of_reference_uid
    if "name" not in unchanged:
        tree["ROIName"] = edited.roi.name.strip()
    if "generation_algorithm" not in unchanged:
        tree["ROIGenerationAlgorithm"] = edited.roi.generation_algorithm
    return tree


def _drawn_tree(roi: Roi, unchanged: frozenset[str]) -> Tree:
    color = {} if "color" in unchanged else {"ROIDisplayColor": color_text(roi)}
    return {**color, "ReferencedROINumber": str(roi.number)}


def _observation_tree(roi: Roi, seen: Item | None, observation_number: int, unchanged: frozenset[str]) -> Tree:
    if seen is None:
        return observation_tree(roi, observation_number)
    return {} if "interpreted_type" in unchanged else {"RTROIInterpretedType": roi.interpreted_type}


def _with_contours(found: Item | None, tree: Tree, contours: list[bytes], composer: Composer) -> bytes:
    tag = tag_of("ContourSequence")
    drawn = {tag: sequence(tag, contours, composer.syntax)} if contours else {}
    return _changed(found, tree, composer, without=("ContourSequence",), elements=drawn)


def _changed(
    found: Item | None,
    tree: Tree,
    composer: Composer,
    without: tuple[str, ...] = (),
    elements: Mapping[int, bytes] | None = None,
) -> bytes:
    """Return an item of the base with some attributes set and some left out; a new item where the base has none."""
    pieces = {} if found is None else found.pieces()
    composer = replace(composer, character_set=terms_of(pieces, composer.character_set))
    kept = {tag: piece.encoded for tag, piece in pieces.items()}
    for keyword in (*without, "DigitalSignaturesSequence", "MACParametersSequence"):
        kept.pop(tag_of(keyword), None)
    return item(joined({**kept, **composer.elements(tree), **(elements or {})}), composer.syntax)


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
