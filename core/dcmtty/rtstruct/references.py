"""Which images and Frames of Reference an RTSTRUCT names, and whether they are those of a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dcmtty.dicom.model import Series
from dcmtty.rtstruct.document import Document, items_of, text_of
from dcmtty.text import visible


@dataclass(frozen=True, slots=True)
class References:
    """UIDs in the order of the file, each once."""

    series_uids: tuple[str, ...]
    """Of RT Referenced Series Sequence."""
    frame_of_reference_uids: tuple[str, ...]
    """Of Referenced Frame of Reference Sequence, the ROIs and the data set itself."""

    def series_uid(self, series: Series | None) -> str:
        """Return the referenced series: the given one if it is among them, else the first, else the given one."""
        known = series.series_uid if series else ""
        return known if known in self.series_uids or not self.series_uids else self.series_uids[0]

    def frame_of_reference_uid(self, series: Series | None) -> str:
        """Return the Frame of Reference: that of the series if it is among them, else the first, else the former."""
        known = series.frame_of_reference_uid if series else ""
        named = self.frame_of_reference_uids
        return known if known in named or not named else named[0]

    def is_other_series(self, series: Series | None) -> bool:
        """Say whether the file names series, and this one is not among them."""
        return series is not None and bool(self.series_uids) and series.series_uid not in self.series_uids

    def is_other_frame_of_reference(self, series: Series | None) -> bool:
        """Say whether the file names Frames of Reference, and that of the series is not among them."""
        named = self.frame_of_reference_uids
        return series is not None and bool(named) and series.frame_of_reference_uid not in named

    def notes(self, series: Series | None) -> Iterable[str]:
        """Yield what a user must know."""
        if not self.frame_of_reference_uids:
            yield "the file names no Frame of Reference, so nothing proves that it belongs to this patient space"
        if not self.series_uids:
            yield "the file names no referenced series; its contours are placed by distance alone"
        if series is None:
            return
        if self.is_other_series(series):
            yield f"drawn on series {visible(self.series_uids[0])}, not on {visible(series.series_uid)}"
        if self.is_other_frame_of_reference(series):
            named = visible(self.frame_of_reference_uids[0])
            yield f"in Frame of Reference {named}, not in {visible(series.frame_of_reference_uid)}: not drawn"


def references(document: Document) -> References:
    """Collect the references of a file."""
    series_uids: dict[str, None] = {}
    frame_uids: dict[str, None] = {}
    for frame in document.items("ReferencedFrameOfReferenceSequence"):
        frame_uids[text_of(frame.pieces(), "FrameOfReferenceUID")] = None
        for study in items_of(frame.pieces(), "RTReferencedStudySequence"):
            for series in items_of(study.pieces(), "RTReferencedSeriesSequence"):
                series_uids[text_of(series.pieces(), "SeriesInstanceUID")] = None
    for roi in document.items("StructureSetROISequence"):
        frame_uids[text_of(roi.pieces(), "ReferencedFrameOfReferenceUID")] = None
    frame_uids[document.text("FrameOfReferenceUID")] = None
    return References(tuple(filter(None, series_uids)), tuple(filter(None, frame_uids)))
