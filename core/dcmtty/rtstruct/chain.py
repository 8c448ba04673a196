"""The UID chain of an RTSTRUCT: Frame of Reference, study, series and every image of it (PS3.3 C.8.8.5)."""

from __future__ import annotations

from collections.abc import Callable

from pydicom.uid import RTStructureSetStorage

from dcmtty.dicom.model import Instance, Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.compose import Composer, Tree
from dcmtty.rtstruct.document import text_of
from dcmtty.rtstruct.encoded import Item, Piece, item, items, joined, sequence, tag_of

DETACHED_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"
"""Retired SOP class by which RT Referenced Study Sequence names a study."""


def frame_of_reference_tree(series: Series) -> Tree:
    """Return an item of Referenced Frame of Reference Sequence."""
    return {
        "FrameOfReferenceUID": series.frame_of_reference_uid,
        "RTReferencedStudySequence": [study_tree(series)],
    }


def study_tree(series: Series) -> Tree:
    """Return an item of RT Referenced Study Sequence."""
    return {
        "ReferencedSOPClassUID": DETACHED_STUDY_MANAGEMENT,
        "ReferencedSOPInstanceUID": series.study_uid,
        "RTReferencedSeriesSequence": [series_tree(series)],
    }


def series_tree(series: Series) -> Tree:
    """Return an item of RT Referenced Series Sequence."""
    return {
        "SeriesInstanceUID": series.series_uid,
        "ContourImageSequence": [image_tree(instance) for instance in images(series)],
    }


def image_tree(instance: Instance) -> Tree:
    """Return an item of Contour Image Sequence that names a whole image, all frames of it."""
    return {"ReferencedSOPClassUID": instance.sop_class_uid, "ReferencedSOPInstanceUID": instance.sop_instance_uid}


def images(series: Series) -> list[Instance]:
    """Return the images of a series, each once, in the order of the slices."""
    return list({item.instance.sop_instance_uid: item.instance for item in series.slices}.values())


def predecessor_tree(sop_instance_uid: str) -> Tree:
    """Return Predecessor Structure Set Sequence for the set that this one was made from; nothing when there is none."""
    if not sop_instance_uid:
        return {}
    item = {"ReferencedSOPClassUID": RTStructureSetStorage, "ReferencedSOPInstanceUID": sop_instance_uid}
    return {"PredecessorStructureSetSequence": [item]}


def completed(piece: Piece | None, series: Series, composer: Composer) -> bytes:
    """Return Referenced Frame of Reference Sequence, encoded, in which every image of the series is named.

    What the sequence names already stays as it is, also images that the series does not have.
    """
    tag = tag_of("ReferencedFrameOfReferenceSequence")
    return _with_item(
        piece,
        tag,
        lambda item: text_of(item.pieces(), "FrameOfReferenceUID") == series.frame_of_reference_uid,
        lambda item: _frame_item(item, series, composer),
        composer,
    )


def _with_item(
    piece: Piece | None,
    tag: int,
    is_it: Callable[[Item], bool],
    make: Callable[[Item | None], bytes],
    composer: Composer,
) -> bytes:
    """Return a sequence in which the first item that fits is made anew, or a new one is added at the end."""
    found = [] if piece is None else items(piece)
    if found and found[0].syntax != composer.syntax:
        raise BuildRefused("the base encodes its references as UN", remedy="convert it first")
    fitting = next((item for item in found if is_it(item)), None)
    encoded = [make(item) if item is fitting else item.encoded for item in found]
    return sequence(tag, encoded if fitting is not None else [*encoded, make(None)], composer.syntax)


def _frame_item(found: Item | None, series: Series, composer: Composer) -> bytes:
    if found is None:
        return composer.item(frame_of_reference_tree(series))
    return _remade(
        found,
        "RTReferencedStudySequence",
        lambda item: any(_is_series(inner, series) for inner in _inner(item, "RTReferencedSeriesSequence")),
        lambda item: _study_item(item, series, composer),
        composer,
    )


def _study_item(found: Item | None, series: Series, composer: Composer) -> bytes:
    if found is None:
        return composer.item(study_tree(series))
    return _remade(
        found,
        "RTReferencedSeriesSequence",
        lambda item: _is_series(item, series),
        lambda item: _series_item(item, series, composer),
        composer,
    )


def _series_item(found: Item | None, series: Series, composer: Composer) -> bytes:
    if found is None:
        return composer.item(series_tree(series))
    pieces = found.pieces()
    listed = _inner(found, "ContourImageSequence")
    known = {text_of(image.pieces(), "ReferencedSOPInstanceUID") for image in listed}
    missing = [image for image in images(series) if image.sop_instance_uid not in known]
    encoded = [*(image.encoded for image in listed), *(composer.item(image_tree(image)) for image in missing)]
    tag = tag_of("ContourImageSequence")
    elements = {number: piece.encoded for number, piece in pieces.items()}
    elements[tag] = sequence(tag, encoded, composer.syntax)
    return item(joined(elements), composer.syntax)


def _remade(
    found: Item, keyword: str, is_it: Callable[[Item], bool], make: Callable[[Item | None], bytes], composer: Composer
) -> bytes:
    pieces = found.pieces()
    elements = {number: piece.encoded for number, piece in pieces.items()}
    elements[tag_of(keyword)] = _with_item(pieces.get(tag_of(keyword)), tag_of(keyword), is_it, make, composer)
    return item(joined(elements), composer.syntax)


def _inner(found: Item, keyword: str) -> list[Item]:
    piece = found.pieces().get(tag_of(keyword))
    return [] if piece is None else items(piece)


def _is_series(found: Item, series: Series) -> bool:
    return text_of(found.pieces(), "SeriesInstanceUID") == series.series_uid
