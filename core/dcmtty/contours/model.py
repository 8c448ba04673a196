"""Structure sets as frozen values: an edit makes a new one that shares what did not change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcmtty.versions import next_version


class GeometricType(StrEnum):
    """Contour Geometric Type (3006,0042), PS3.3 C.8.8.6.1."""

    POINT = "POINT"
    OPEN_PLANAR = "OPEN_PLANAR"
    OPEN_NONPLANAR = "OPEN_NONPLANAR"
    CLOSED_PLANAR = "CLOSED_PLANAR"
    CLOSEDPLANAR_XOR = "CLOSEDPLANAR_XOR"

    @property
    def is_closed(self) -> bool:
        """Whether the last point joins the first."""
        return self in {GeometricType.CLOSED_PLANAR, GeometricType.CLOSEDPLANAR_XOR}

    @property
    def is_planar(self) -> bool:
        """Whether all points must lie on one image plane."""
        return self is GeometricType.OPEN_PLANAR or self.is_closed


INTERPRETED_TYPES = (
    "EXTERNAL", "PTV", "CTV", "GTV", "TREATED_VOLUME", "IRRAD_VOLUME", "BOLUS", "AVOIDANCE", "ORGAN", "MARKER",
    "REGISTRATION", "ISOCENTER", "CONTRAST_AGENT", "CAVITY", "BRACHY_CHANNEL", "BRACHY_ACCESSORY", "BRACHY_SRC_APP",
    "BRACHY_CHNL_SHLD", "SUPPORT", "FIXATION", "DOSE_REGION", "CONTROL", "DOSE_MEASUREMENT",
)  # fmt: skip
"""RT ROI Interpreted Type (3006,00A4), PS3.3 C.8.8.8.1; empty means none given."""

COLORS = (
    (255, 64, 64), (64, 192, 255), (96, 255, 96), (255, 224, 64), (255, 128, 255), (255, 160, 64), (64, 255, 224),
    (176, 144, 255),
)  # fmt: skip
"""Display colours given to new ROIs in turn."""


def frozen_points(points_xyz: ArrayLike) -> NDArray[np.float64]:
    """Return a read-only copy of points, shape (n, 3), patient mm."""
    array = np.array(points_xyz, dtype=np.float64).reshape(-1, 3)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One contour of an ROI, in patient coordinates."""

    geometric_type: GeometricType
    points_xyz: NDArray[np.float64]
    """Shape (n, 3), LPS mm, read-only; a closed contour does not repeat its first point."""
    sop_instance_uid: str = ""
    """The image that the contour lies on, as matched to the open series; empty when on none."""
    frame: int = 0
    """Frame of a multi-frame image, from 1; 0 for a single-frame image."""
    number: int = 0
    """Contour Number as loaded; 0 when not given."""
    origin: int = -1
    """Index of the contour's item in the file it was loaded from; -1 for one that was drawn, edited or imported."""
    version: int = field(default_factory=next_version)


@dataclass(frozen=True, slots=True, eq=False)
class Roi:
    """One region of interest: an item of Structure Set ROI Sequence with its contours and its observation."""

    number: int
    name: str
    color: tuple[int, int, int]
    interpreted_type: str = ""
    contours: tuple[Contour, ...] = ()
    generation_algorithm: str = "MANUAL"
    origin: int = -1
    """ROI Number in the file it was loaded from, while nothing of it changed; -1 for a new or edited ROI."""
    frame_of_reference_uid: str = ""
    """Referenced Frame of Reference UID of the ROI; empty means that of the structure set."""
    version: int = field(default_factory=next_version)


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """A structure set as it is edited; written as RTSTRUCT by `rtstruct`."""

    label: str
    """Structure Set Label, 1 to 16 characters."""
    frame_of_reference_uid: str
    series_uid: str
    """Series Instance UID of the images it is drawn on."""
    study_uid: str
    rois: tuple[Roi, ...] = ()
    name: str = ""
    approval_status: str = "UNAPPROVED"
    sop_instance_uid: str = ""
    """Of the file it was loaded from; empty for a new one."""
    version: int = field(default_factory=next_version)

    def roi(self, number: int) -> Roi | None:
        """Return the ROI with this number, or None."""
        return next((roi for roi in self.rois if roi.number == number), None)

    def next_number(self) -> int:
        """Return an ROI Number that is free."""
        return max((roi.number for roi in self.rois), default=0) + 1


def with_roi(structure_set: StructureSet, roi: Roi) -> StructureSet:
    """Return a structure set in which the ROI replaces the one of its number, or is added at the end; UNAPPROVED."""
    roi = replace(roi, version=next_version())
    if structure_set.roi(roi.number) is None:
        rois = (*structure_set.rois, roi)
    else:
        rois = tuple(roi if old.number == roi.number else old for old in structure_set.rois)
    return replace(structure_set, rois=rois, approval_status="UNAPPROVED", version=next_version())


def without_roi(structure_set: StructureSet, number: int) -> StructureSet:
    """Return a structure set without the ROI; UNAPPROVED."""
    rois = tuple(roi for roi in structure_set.rois if roi.number != number)
    return replace(structure_set, rois=rois, approval_status="UNAPPROVED", version=next_version())
