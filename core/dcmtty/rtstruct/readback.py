"""Reads a written RTSTRUCT again, with a parser and arithmetic that the writing does not use, and compares.

Nothing here may import `encoded`, `load`, `ds` or `geometry`: a mistake made there must not be made twice.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import RTStructureSetStorage

from dcmtty.contours.model import Contour, Roi, StructureSet
from dcmtty.dicom.model import Series
from dcmtty.dicom.pixelfile import FOREIGN_ERRORS
from dcmtty.rtstruct.envelope import Built
from dcmtty.rtstruct.readback_base import BaseItems, by_number, raw_value, refused
from dcmtty.rtstruct.readback_planes import IDENTITY, ImageHeaders

GRID_MM = 0.0005 + 1e-9
"""How far a written coordinate may be from the one that was asked for: half a step of the 0.001 mm grid."""
OFF_PLANE_MM = 0.01
_CONTOUR_DATA = 0x30060050
_LONGEST_DS = 16
_META = (
    "FileMetaInformationGroupLength", "FileMetaInformationVersion", "MediaStorageSOPClassUID",
    "MediaStorageSOPInstanceUID", "TransferSyntaxUID", "ImplementationClassUID",
)  # fmt: skip


def verify(path: Path, series: Series, structure_set: StructureSet, built: Built, base: Path | None = None) -> None:
    """Check that a file says exactly what was asked for, on the images as their files are now.

    Items of the base that nobody touched are compared with the base byte for byte, and not with the images.

    Raises:
        VerificationFailed: something differs; the text says what.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _verify(path, series, structure_set, built, base)
        except FOREIGN_ERRORS as error:
            raise refused("it lacks something, or holds something unreadable") from error


def _verify(path: Path, series: Series, structure_set: StructureSet, built: Built, base: Path | None) -> None:
    written = _read(path)
    _check_meta(written, built)
    _check_chain(written, series, strict=base is None)
    images = ImageHeaders({item.instance.sop_instance_uid: item.instance.path for item in series.slices})
    if base is None:
        _check_identity(written, images.header(series.first.sop_instance_uid))
    rois = by_number(written, "StructureSetROISequence", "ROINumber")
    if len(rois) != len(written.StructureSetROISequence) or rois.keys() != {roi.number for roi in structure_set.rois}:
        raise refused("the ROIs are not those that were to be written")
    drawn = by_number(written, "ROIContourSequence", "ReferencedROINumber")
    seen = by_number(written, "RTROIObservationsSequence", "ReferencedROINumber")
    before = BaseItems(base)
    before.check_identity(written)
    for roi in structure_set.rois:
        items = (rois[roi.number], drawn.get(roi.number), seen.get(roi.number))
        if roi.number in built.untouched_rois:
            before.check_untouched(roi.number, items)
        else:
            _check_labels(roi, items, series, built.unchanged.get(roi.number, frozenset()), before)
            _check_contours(roi, items[1], built, images, before)
    _check_references(written, built)


def _read(path: Path) -> Dataset:
    try:
        return dcmread(path)
    except FOREIGN_ERRORS as error:
        raise refused("it cannot be read") from error


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    return list(dataset[keyword].value or ()) if keyword in dataset else []


def _check_meta(written: Dataset, built: Built) -> None:
    meta = written.file_meta
    missing = [keyword for keyword in _META if keyword not in meta]
    if missing:
        raise refused(f"its file meta information lacks {missing[0]}")
    expected = {
        "MediaStorageSOPInstanceUID": built.sop_instance_uid,
        "MediaStorageSOPClassUID": RTStructureSetStorage,
        "TransferSyntaxUID": built.syntax_uid,
    }
    wrong = [keyword for keyword, value in expected.items() if meta[keyword].value != value]
    if wrong or written.SOPInstanceUID != built.sop_instance_uid or written.SOPClassUID != RTStructureSetStorage:
        raise refused(f"{wrong[0] if wrong else 'SOP Instance UID'} is not what it should be")
    if written.Modality != "RTSTRUCT" or written.ApprovalStatus != "UNAPPROVED":
        raise refused("modality or approval is not what it should be")


def _text(dataset: Dataset, keyword: str) -> str:
    """Return a value without the designators of GB 2312 that pydicom leaves in it."""
    return str(dataset.get(keyword) or "").replace("\x1b$)A", "")


def _check_identity(written: Dataset, image: Dataset) -> None:
    for keyword in IDENTITY:
        if _text(written, keyword) != _text(image, keyword):
            raise refused(f"{keyword} is not that of the images")
    if written.SeriesInstanceUID == image.SeriesInstanceUID:
        raise refused("its Series Instance UID is that of the images")


def _check_chain(written: Dataset, series: Series, *, strict: bool) -> None:
    """Follow Frame of Reference, study, series and images; a base may name more than these."""
    wanted = {item.instance.sop_instance_uid for item in series.slices}
    for frame in _items(written, "ReferencedFrameOfReferenceSequence"):
        if frame.FrameOfReferenceUID != series.frame_of_reference_uid:
            continue
        for study in _items(frame, "RTReferencedStudySequence"):
            if strict and study.ReferencedSOPInstanceUID != series.study_uid:
                raise refused("RT Referenced Study Sequence names another study")
            for item in _items(study, "RTReferencedSeriesSequence"):
                named = [image.ReferencedSOPInstanceUID for image in _items(item, "ContourImageSequence")]
                if item.SeriesInstanceUID == series.series_uid and wanted <= set(named):
                    return
    if strict:
        raise refused("its references do not name every image of the series")


def _check_labels(
    roi: Roi,
    items: tuple[Dataset, Dataset | None, Dataset | None],
    series: Series,
    unchanged: frozenset[str],
    before: BaseItems,
) -> None:
    structure, drawn, seen = items
    if drawn is None or seen is None:
        raise refused(f"the contour item or the observation of ROI {roi.number} is missing")
    if structure.get("ReferencedFrameOfReferenceUID") != series.frame_of_reference_uid:
        raise refused(f"the Frame of Reference of ROI {roi.number} differs")
    written: dict[str, Callable[[], object]] = {
        "name": lambda: str(structure.get("ROIName")).strip(),
        "generation_algorithm": lambda: structure.get("ROIGenerationAlgorithm") or "",
        "color": lambda: tuple(int(part) for part in drawn.ROIDisplayColor),
        "interpreted_type": lambda: seen.get("RTROIInterpretedType") or "",
    }
    wanted = {"name": roi.name.strip(), "color": tuple(roi.color)}
    for label, value in written.items():
        if label in unchanged:
            before.check_label(roi.number, items, label)
        elif value() != wanted.get(label, getattr(roi, label)):
            raise refused(f"the {label} of ROI {roi.number} differs")


def _check_contours(roi: Roi, drawn: Dataset | None, built: Built, images: ImageHeaders, before: BaseItems) -> None:
    items = [] if drawn is None else _items(drawn, "ContourSequence")
    if drawn is not None and "ContourSequence" in drawn and not items:
        raise refused(f"ROI {roi.number} has a Contour Sequence without items")
    kept = built.kept.get(roi.number, {})
    unreadable = built.unreadable.get(roi.number, frozenset())
    if len(items) != len(roi.contours) + len(unreadable):
        raise refused(f"ROI {roi.number} has {len(items)} contours, {len(roi.contours)} were to be written")
    asked = iter(roi.contours)
    for index, item in enumerate(items):
        name = f"contour {index + 1} of ROI {roi.number}"
        if index in kept:
            before.check_contour(roi.number, kept[index], item, name)
        if index not in unreadable:
            points = _check_points(item, next(asked), name)
            if index not in kept:
                _check_image(item, points, images, name)


def _check_points(item: Dataset, asked: Contour, name: str) -> NDArray[np.float64]:
    texts = (raw_value(item, _CONTOUR_DATA) or b"").decode("ascii").rstrip(" \0").split("\\")
    if max(map(len, texts)) > _LONGEST_DS:
        raise refused(f"a coordinate of {name} has more than 16 characters")
    if item.ContourGeometricType != asked.geometric_type:
        raise refused(f"the type of {name} differs")
    if len(texts) % 3 or int(item.NumberOfContourPoints) != len(texts) // 3:
        raise refused(f"the number of points of {name} is not what it says")
    points = np.array([float(text) for text in texts]).reshape(-1, 3)
    wanted = np.array(asked.points_xyz, dtype=np.float64)
    if asked.geometric_type.startswith("CLOSED"):
        points, wanted = _opened(points, wanted)
    if len(points) != len(wanted):
        raise refused(f"the number of points of {name} differs")
    if not bool((np.abs(points - wanted) <= GRID_MM).all()):
        raise refused(f"a point of {name} differs")
    return points


def _opened(
    points: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return written and wanted points of a closed contour without what only repeats the first point at the end."""
    while len(points) > len(wanted) and bool((points[-1] == points[0]).all()):
        points = points[:-1]
    while len(wanted) > len(points) and bool((np.abs(wanted[-1] - wanted[0]) <= 2 * GRID_MM).all()):
        wanted = wanted[:-1]
    return points, wanted


def _check_image(item: Dataset, points: NDArray[np.float64], images: ImageHeaders, name: str) -> None:
    """Project every point on the image that the contour names, as that image's file has it now."""
    named = _items(item, "ContourImageSequence")
    if not named:
        if "PLANAR" in item.ContourGeometricType and item.ContourGeometricType != "OPEN_NONPLANAR":
            raise refused(f"{name} is planar and names no image")
        return
    if len(named) != 1:
        raise refused(f"{name} names {len(named)} images")
    frame = int(named[0].get("ReferencedFrameNumber") or 0)
    off_mm = images.distance_mm(named[0].ReferencedSOPInstanceUID, frame, points)
    if not off_mm <= OFF_PLANE_MM:
        raise refused(f"{name} is {off_mm:.3f} mm off the image it names")


def _check_references(written: Dataset, built: Built) -> None:
    """Check that every image that a new contour names is listed with its series."""
    listed = {
        image.ReferencedSOPInstanceUID
        for frame in _items(written, "ReferencedFrameOfReferenceSequence")
        for study in _items(frame, "RTReferencedStudySequence")
        for series in _items(study, "RTReferencedSeriesSequence")
        for image in _items(series, "ContourImageSequence")
    }
    for roi in _items(written, "ROIContourSequence"):
        number = int(roi.ReferencedROINumber)
        if number in built.untouched_rois:
            continue
        for index, contour in enumerate(_items(roi, "ContourSequence")):
            named = {image.ReferencedSOPInstanceUID for image in _items(contour, "ContourImageSequence")}
            if index not in built.kept.get(number, {}) and not named <= listed:
                raise refused(f"contour {index + 1} of ROI {number} names an image that its references lack")
