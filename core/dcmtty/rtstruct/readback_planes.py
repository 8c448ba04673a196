"""How far points are off an image, computed from the image file's own header and from nothing else in this program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import NuclearMedicineImageStorage

from dcmtty.dicom.pixelfile import FOREIGN_ERRORS
from dcmtty.errors import VerificationFailed
from dcmtty.text import visible

IDENTITY = (
    "StudyInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
)  # fmt: skip
"""What an RTSTRUCT must have in common with its images."""
_KEYWORDS = (
    *IDENTITY, "SOPInstanceUID", "SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient",
    "SOPClassUID", "DetectorInformationSequence", "SpacingBetweenSlices", "SliceVector", "NumberOfFrames",
    "GridFrameOffsetVector", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
)  # fmt: skip

_Triple = tuple[float, float, float]
_PlaneOf = tuple[_Triple, _Triple]


class ImageHeaders:
    """Reads each referenced image once and measures distances to its frames."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths
        self._headers: dict[str, Dataset] = {}
        self._planes: dict[tuple[str, int], _PlaneOf] = {}

    def header(self, sop_instance_uid: str) -> Dataset:
        """Return the header of an image, read from its file.

        Raises:
            VerificationFailed: it is not one of the series, or its file does not hold it any more.
        """
        if sop_instance_uid not in self._headers:
            self._headers[sop_instance_uid] = self._read(sop_instance_uid)
        return self._headers[sop_instance_uid]

    def _read(self, uid: str) -> Dataset:
        path = self._paths.get(uid)
        if path is None:
            raise VerificationFailed(f"image {visible(uid)} is not in the series", remedy="report this")
        try:
            header = dcmread(path, force=True, stop_before_pixels=True, specific_tags=list(_KEYWORDS))
        except FOREIGN_ERRORS as error:
            raise VerificationFailed(f"{visible(path)}: cannot be read again", remedy="check the images") from error
        if header.get("SOPInstanceUID") != uid:
            raise VerificationFailed(f"{visible(path)}: holds another image now", remedy="open the series again")
        return header

    def distance_mm(self, sop_instance_uid: str, frame: int, points: NDArray[np.float64]) -> float:
        """Return the largest distance of the points, shape (n, 3), to a frame (0 or 1 for a single-frame image).

        Raises:
            VerificationFailed: the header gives no plane for the frame.
        """
        key = (sop_instance_uid, frame)
        if key not in self._planes:
            self._planes[key] = _plane(self.header(sop_instance_uid), max(frame, 1), sop_instance_uid)
        start, unit = self._planes[key]
        return float(np.abs((points - np.array(start)) @ np.array(unit)).max())


def _plane(header: Dataset, frame: int, uid: str) -> _PlaneOf:
    """Return a point of the frame's plane and its unit normal (PS3.3 C.7.6.2.1.1)."""
    try:
        position, cosines = _position_and_cosines(header, frame)
        ax, ay, az, bx, by, bz = cosines
        normal = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
        length = math.sqrt(sum(part * part for part in normal))
        unit = (normal[0] / length, normal[1] / length, normal[2] / length)
        moved = _moved(header, frame, unit)
    except FOREIGN_ERRORS as error:
        raise VerificationFailed(
            f"image {visible(uid)} gives no plane for frame {frame}, so nothing can be verified", remedy="report this"
        ) from error
    x, y, z = (start + step for start, step in zip(position, moved, strict=True))
    return (x, y, z), unit


def _position_and_cosines(header: Dataset, frame: int) -> tuple[list[float], list[float]]:
    groups: list[Dataset] = list(header.get("PerFrameFunctionalGroupsSequence") or ())
    shared: list[Dataset] = list(header.get("SharedFunctionalGroupsSequence") or ())
    holders = [groups[frame - 1], *shared] if groups else [header, *shared]
    if header.get("SOPClassUID") == NuclearMedicineImageStorage:
        holders = [*header.get("DetectorInformationSequence", ())[:1], header]
    return (
        _first(holders, "PlanePositionSequence", "ImagePositionPatient"),
        _first(holders, "PlaneOrientationSequence", "ImageOrientationPatient"),
    )


def _first(holders: list[Dataset], macro: str, keyword: str) -> list[float]:
    """Return the attribute of the first holder that has it, itself or in the macro."""
    for holder in holders:
        if keyword in holder:
            return _numbers(holder, keyword)
        if macro in holder:
            return _numbers(holder[macro].value[0], keyword)
    raise KeyError(keyword)


def _numbers(dataset: Dataset, keyword: str) -> list[float]:
    return [float(value) for value in dataset[keyword].value]


def _moved(header: Dataset, frame: int, unit: _Triple) -> _Triple:
    """Return how far a frame is from Image Position, in mm along x, y, z; nothing but for dose and tomographs.

    Grid Frame Offset Vector counts along the normal from 0, or else along z (PS3.3 C.8.8.3.2); Spacing Between Slices
    of Nuclear Medicine counts along the normal by its sign (PS3.3 C.8.4.15).
    """
    along, offset = unit, 0.0
    if header.get("SOPClassUID") == NuclearMedicineImageStorage:
        numbers = header.get("SliceVector") or range(1, frame + 1)
        if int(header.get("NumberOfFrames") or 1) > 1:
            offset = float(header.SpacingBetweenSlices) * (int(numbers[frame - 1]) - 1)
    elif header.get("GridFrameOffsetVector"):
        offsets = [float(value) for value in header.GridFrameOffsetVector]
        offset = offsets[frame - 1] - offsets[0]
        along = unit if offsets[0] == 0 else (0.0, 0.0, 1.0)
    return along[0] * offset, along[1] * offset, along[2] * offset
