"""A new RTSTRUCT file, made of nothing but a structure set and its images."""

from __future__ import annotations

from datetime import datetime

from pydicom.uid import RTStructureSetStorage

from dcmtty.contours.model import StructureSet
from dcmtty.dicom.model import Series
from dcmtty.rtstruct import charset
from dcmtty.rtstruct.chain import frame_of_reference_tree, predecessor_tree
from dcmtty.rtstruct.compose import Composer, Tree, texts
from dcmtty.rtstruct.encoded import Syntax, joined
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
from dcmtty.rtstruct.identity import Copied, copied_from
from dcmtty.rtstruct.roi_items import encode_roi, require_distinct
from dcmtty.sources import Sources

_BASIC = frozenset({"", "ISO_IR 6"})


def new_file(series: Series, structure_set: StructureSet, sources: Sources, syntax: Syntax) -> Built:
    """Return the file; identity is copied from the first image, everything else is ours.

    Raises:
        BuildRefused: the images disagree on identity, or an ROI may not be written.
        InputError: an image cannot be read.
    """
    notes: list[str] = []
    require_label(structure_set)
    require_distinct(structure_set.rois, structure_set.rois)
    copied = copied_from(series)
    now = in_timezone(sources.now(), copied.timezone) if copied.timezone else sources.now()
    uid = sources.new_uid()
    tree = _own_attributes(series, structure_set, now, uid, sources.new_uid())
    terms = _character_set(copied, tree, structure_set, notes)
    composer = Composer(syntax, terms)
    elements = {**copied.elements(syntax, terms), **composer.elements(tree)}
    if any(term not in _BASIC for term in terms):
        elements.update(composer.elements({"SpecificCharacterSet": "\\".join(terms)}))
    if structure_set.sop_instance_uid:
        notes.append("written anew, without the file it was loaded from: what is not shown of that one is not in this")
    items = [encode_roi(roi, series, composer, n, notes) for n, roi in enumerate(structure_set.rois, 1)]
    columns = [[roi.structure for roi in items], [roi.contours for roi in items], [roi.observation for roi in items]]
    elements.update(roi_sequences(columns, syntax))
    return Built(file_bytes(joined(elements), uid, syntax), uid, syntax.uid, notes=tuple(notes))


def _own_attributes(series: Series, structure_set: StructureSet, now: datetime, uid: str, series_uid: str) -> Tree:
    tree: Tree = {
        "InstanceCreationDate": date_text(now),
        "InstanceCreationTime": time_text(now),
        "SOPClassUID": RTStructureSetStorage,
        "SOPInstanceUID": uid,
        "TimezoneOffsetFromUTC": now.strftime("%z")[:5],
        "Modality": "RTSTRUCT",
        "SeriesDate": date_text(now),
        "SeriesTime": time_text(now),
        "SeriesInstanceUID": series_uid,
        "SeriesNumber": "1",
        "SeriesDescription": structure_set.label.strip(),
        "OperatorsName": "",
        **equipment(),
        "FrameOfReferenceUID": series.frame_of_reference_uid,
        "PositionReferenceIndicator": series.first.text("PositionReferenceIndicator").strip(),
        "StructureSetLabel": structure_set.label.strip(),
        "StructureSetDate": date_text(now),
        "StructureSetTime": time_text(now),
        "ReferencedFrameOfReferenceSequence": [frame_of_reference_tree(series)],
        "ApprovalStatus": "UNAPPROVED",
    }
    named: Tree = {"StructureSetName": structure_set.name} if structure_set.name else {}
    return {**tree, **named, **predecessor_tree(structure_set.sop_instance_uid)}


def _character_set(copied: Copied, tree: Tree, structure_set: StructureSet, notes: list[str]) -> tuple[str, ...]:
    """Return none for plain ASCII, else ISO_IR 192; the set of the images where their text is not valid in it."""
    if not copied.is_readable:
        notes.append("text of the images is not valid in their character set; it was copied byte for byte")
        return copied.character_set
    own = (*texts(tree), *(roi.name for roi in structure_set.rois))
    return () if copied.is_plain and all(text.isascii() for text in own) else charset.UTF_8
