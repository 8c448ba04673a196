"""Compares what was not edited with the set it came from, through pydicom and not through the code that copied it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement

from dcmtty.dicom.pixelfile import FOREIGN_ERRORS
from dcmtty.errors import VerificationFailed
from dcmtty.text import visible

_IDENTITY = (0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x0020000D, 0x00200010, 0x00080020, 0x00080030, 0x00080050)
"""Patient's Name, ID, Birth Date, Sex; Study Instance UID, ID, Date, Time; Accession Number."""
_LABELS = {
    "name": (0, 0x30060026),
    "generation_algorithm": (0, 0x30060036),
    "color": (1, 0x3006002A),
    "interpreted_type": (2, 0x300600A4),
}
"""In which of the three items of an ROI a label stands, and its tag."""


class BaseItems:
    """The items of the set that was edited."""

    def __init__(self, path: Path | None) -> None:
        dataset = self._dataset = Dataset() if path is None else _read(path)
        self._contours = by_number(dataset, "ROIContourSequence", "ReferencedROINumber")
        self._items = (
            by_number(dataset, "StructureSetROISequence", "ROINumber"),
            self._contours,
            by_number(dataset, "RTROIObservationsSequence", "ReferencedROINumber"),
        )

    def check_identity(self, written: Dataset) -> None:
        """Check that patient and study are those of the base.

        Raises:
            VerificationFailed: they are not.
        """
        for tag in _IDENTITY:
            if tag in self._dataset and not (tag in written and _same_element(self._dataset, written, tag)):
                raise refused(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is not that of the base")

    def check_label(self, number: int, items: Sequence[Dataset | None], label: str) -> None:
        """Check that a label that nobody edited has the value of the base.

        Raises:
            VerificationFailed: it has not.
        """
        place, tag = _LABELS[label]
        then, now = self._items[place].get(number), items[place]
        if then is None or now is None or (tag in then) != (tag in now):
            raise refused(f"the {label} of ROI {number} was not edited and differs from the base")
        if tag in then and not _same_element(then, now, tag):
            raise refused(f"the {label} of ROI {number} was not edited and differs from the base")

    def check_untouched(self, number: int, items: Sequence[Dataset | None]) -> None:
        """Check that the three items of an ROI are those of the base.

        Raises:
            VerificationFailed: they are not.
        """
        for found, now in zip(self._items, items, strict=True):
            if not _same(found.get(number), now):
                raise refused(f"ROI {number} was not edited and differs from the base")

    def check_contour(self, number: int, index: int, item: Dataset, name: str) -> None:
        """Check that a contour is that of the base.

        Raises:
            VerificationFailed: it is not.
        """
        if not _same(self._contours[number].ContourSequence[index], item):
            raise refused(f"{name} was not edited and differs from the base")


def refused(what: str) -> VerificationFailed:
    """Return the error of a file that was written and must not be kept."""
    return VerificationFailed(f"the written RTSTRUCT was not accepted: {what}", remedy="nothing was kept; report this")


def by_number(dataset: Dataset, keyword: str, number: str) -> dict[int, Dataset]:
    """Return the first item of each ROI Number in a sequence."""
    found: dict[int, Dataset] = {}
    for item in dataset.get(keyword) or ():
        try:
            found.setdefault(int(item[number].value), item)
        except (KeyError, TypeError, ValueError):
            continue
    return found


def raw_value(dataset: Dataset, tag: int) -> bytes | None:
    """Return a value as it is encoded; None when pydicom has decoded it already."""
    found: object = dataset.get_item(tag, keep_deferred=True)
    return bytes(found.value or b"") if isinstance(found, RawDataElement) else None


def _read(path: Path) -> Dataset:
    try:
        return dcmread(path, force=True)
    except FOREIGN_ERRORS as error:
        raise VerificationFailed(f"{visible(path)}: cannot be read again", remedy="check the base") from error


def _same(first: Dataset | None, second: Dataset | None) -> bool:
    """Say whether two items hold the same elements with the same encoded values."""
    if first is None or second is None:
        return first is second
    tags = sorted(first.keys())
    return tags == sorted(second.keys()) and all(_same_element(first, second, tag) for tag in tags)


def _same_element(first: Dataset, second: Dataset, tag: int) -> bool:
    ours, theirs = raw_value(first, tag), raw_value(second, tag)
    if ours is not None and theirs is not None:
        return ours == theirs
    one, other = first[tag], second[tag]
    if one.VR != "SQ" or other.VR != "SQ":
        return bool(one.value == other.value)
    pairs = list(zip(one.value, other.value, strict=False))
    return len(one.value) == len(other.value) and all(_same(a, b) for a, b in pairs)
