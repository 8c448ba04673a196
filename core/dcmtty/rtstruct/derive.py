"""An edited RTSTRUCT: what nobody touched keeps its very bytes, transfer syntax and character set."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from dcmtty.contours.model import StructureSet
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.chain import completed, predecessor_tree
from dcmtty.rtstruct.compose import Composer
from dcmtty.rtstruct.document import Document, read_document
from dcmtty.rtstruct.edited_rois import ROI_SEQUENCES, Edits, edits_of, merged, roi_number
from dcmtty.rtstruct.encoded import joined, tag_of
from dcmtty.rtstruct.envelope import (
    Built,
    date_text,
    equipment,
    file_bytes,
    in_timezone,
    require_label,
    roi_sequences,
    time_text,
)
from dcmtty.rtstruct.load import LoadedSet, load_document
from dcmtty.sources import Sources
from dcmtty.text import visible

_DROPPED = (
    "ReviewDate", "ReviewTime", "ReviewerName", "DigitalSignaturesSequence", "MACParametersSequence",
    "InstanceCreatorUID", "StationName", "DeviceSerialNumber", "DeviceUID", "DateOfLastCalibration",
    "TimeOfLastCalibration",
)  # fmt: skip
"""What was true of the base alone: its review, its signatures, the machine that wrote it."""


def derived_file(series: Series, structure_set: StructureSet, base: Path, sources: Sources, *, implicit: bool) -> Built:
    """Return the file of a structure set that was loaded from `base` and edited.

    Raises:
        BuildRefused: the base is another set, or of another series, patient or Frame of Reference; or an edit may not
            be written.
        InputError: the base cannot be read.
    """
    document = read_document(base)
    loaded = load_document(document, series)
    _require_base(document, loaded, structure_set, implicit=implicit)
    if (structure_set.label, structure_set.name) != (loaded.structure_set.label, loaded.structure_set.name):
        require_label(structure_set)
    composer = Composer(document.syntax, document.character_set)
    edits = edits_of(document, loaded, series, structure_set.rois, composer)
    uid = sources.new_uid()
    zone = document.text("TimezoneOffsetFromUTC")
    now = in_timezone(sources.now(), zone) if zone else sources.now()
    elements = _top_level(document, structure_set, series, composer, now, (uid, sources.new_uid()))
    if any(edits.replaced["StructureSetROISequence"].values()):
        piece = document.pieces.get(tag_of("ReferencedFrameOfReferenceSequence"))
        elements[tag_of("ReferencedFrameOfReferenceSequence")] = completed(piece, series, composer)
    elements.update(roi_sequences([merged(document, name, edits) for name in ROI_SEQUENCES], document.syntax))
    return Built(
        file_bytes(joined(elements), uid, document.syntax),
        uid,
        document.syntax.uid,
        frozenset(edits.untouched),
        edits.kept,
        edits.unchanged,
        edits.unreadable,
        (*_base_notes(document, loaded, edits), *edits.notes),
    )


def _require_base(document: Document, loaded: LoadedSet, structure_set: StructureSet, *, implicit: bool) -> None:
    name = visible(document.path)
    if structure_set.sop_instance_uid != document.text("SOPInstanceUID"):
        raise BuildRefused(f"{name}: not the structure set that was loaded", remedy="load it again")
    if loaded.other_series or loaded.other_frame_of_reference:
        raise BuildRefused(
            f"{name}: drawn on another series or in another Frame of Reference",
            remedy="open the series it was drawn on",
        )
    if not loaded.references.frame_of_reference_uids:
        raise BuildRefused(f"{name}: names no Frame of Reference", remedy="build a new set from its points instead")
    if loaded.other_patient:
        raise BuildRefused(f"{name}: its Patient ID is not that of the images", remedy="open the right series")
    if implicit and not document.syntax.implicit:
        raise BuildRefused(f"{name}: Explicit VR, and a base keeps its transfer syntax", remedy="leave out --implicit")
    numbers = [roi_number(item, "ROINumber") for item in document.items("StructureSetROISequence")]
    if None in numbers or len(set(numbers)) < len(numbers):
        raise BuildRefused(
            f"{name}: ROIs without a number, or two with the same", remedy="build a new set from its points instead"
        )
    sequences = {tag_of(keyword) for keyword in (*ROI_SEQUENCES, "ReferencedFrameOfReferenceSequence")}
    if any(piece.vr == b"UN" for piece in document.pieces.values() if piece.tag in sequences):
        raise BuildRefused(f"{name}: its sequences are encoded as UN", remedy="convert it first")


def _top_level(
    document: Document,
    structure_set: StructureSet,
    series: Series,
    composer: Composer,
    now: datetime,
    uids: tuple[str, str],
) -> dict[int, bytes]:
    """Return the base's elements with what a derived set must say of itself."""
    elements = {tag: piece.encoded for tag, piece in document.pieces.items() if tag & 0xFFFF and tag >> 16 != 2}
    for keyword in (*_DROPPED, *ROI_SEQUENCES):
        elements.pop(tag_of(keyword), None)
    own = {
        "SOPInstanceUID": uids[0],
        "SeriesInstanceUID": uids[1],
        "InstanceCreationDate": date_text(now),
        "InstanceCreationTime": time_text(now),
        "SeriesDate": date_text(now),
        "SeriesTime": time_text(now),
        **equipment(),
        "StructureSetDate": date_text(now),
        "StructureSetTime": time_text(now),
        "ApprovalStatus": "UNAPPROVED",
    }
    if structure_set.label != document.text("StructureSetLabel"):
        own["StructureSetLabel"] = structure_set.label.strip()
    if structure_set.name != document.text("StructureSetName"):
        own["StructureSetName"] = structure_set.name
    missing = {"PositionReferenceIndicator": "", "OperatorsName": "", "SeriesNumber": ""}
    missing["FrameOfReferenceUID"] = series.frame_of_reference_uid
    own |= {keyword: text for keyword, text in missing.items() if tag_of(keyword) not in document.pieces}
    return {**elements, **composer.elements({**own, **predecessor_tree(document.text("SOPInstanceUID"))})}


def _base_notes(document: Document, loaded: LoadedSet, edits: Edits) -> Iterable[str]:
    if edits.untouched:
        yield f"kept from the base byte for byte: ROI {', '.join(str(number) for number in sorted(edits.untouched))}"
    yield from loaded.notes
    if tag_of("DigitalSignaturesSequence") in document.pieces:
        yield "the digital signatures of the base were left out: they do not hold for an edited set"
    if document.text("ApprovalStatus") not in {"", "UNAPPROVED"}:
        yield "the base was reviewed; the edited set is UNAPPROVED"
    if not document.has_preamble:
        yield "the base has no preamble and no file meta information; the new file has both"
