"""Series made of numbers alone, so that geometry can be tested without a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.model import StructureSet
from dcmtty.dicom.model import FrameGeometry, Instance, Series, Slice
from dcmtty.geometry.plane import Plane, plane_from_header

ROWS, COLUMNS = 40, 30
ROW_SPACING_MM, COLUMN_SPACING_MM, SLICE_STEP_MM = 2.0, 1.5, 3.0
STUDY_UID, SERIES_UID, FRAME_UID = "1.2.3", "1.2.3.4", "1.2.3.5"


def rotation(a: float, b: float, c: float) -> NDArray[np.float64]:
    """The rotation by three angles in radians, shape (3, 3)."""
    turn_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turn_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    turn_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(turn_z @ turn_y @ turn_x, dtype=np.float64)


def sop_uid(slice_number: int) -> str:
    """SOP Instance UID of a slice, counted from 1 in sorted order."""
    return f"{SERIES_UID}.{slice_number}"


def made_slice(number: int, plane: Plane, *, instance_number: int, folder: Path = Path("made")) -> Slice:
    """One single-frame CT slice on a plane."""
    values = {
        "SOPInstanceUID": (sop_uid(number),),
        "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.2",),
        "Modality": ("CT",),
        "InstanceNumber": (str(instance_number),),
    }
    instance = Instance(folder / f"{number}.dcm", 0, 0, "1.2.840.10008.1.2.1", values, (FrameGeometry(plane),))
    return Slice(instance, 1, plane, plane.position_mm)


def made_series(
    count: int = 6,
    *,
    angles: tuple[float, float, float] = (0.0, 0.0, 0.0),
    origin: tuple[float, float, float] = (-20.0, -35.0, 100.0),
    step_mm: float = SLICE_STEP_MM,
    missing: tuple[int, ...] = (),
    folder: Path = Path("made"),
) -> Series:
    """A series of `count` positions, turned by `angles`, without the positions (from 0) in `missing`.

    Instance Numbers run against the sorted order, and slice 1 and 2 share one where there are more than 5 positions.
    """
    turned = rotation(*angles)
    slices: list[Slice] = []
    for position in (index for index in range(count) if index not in missing):
        place = np.asarray(origin) + turned[:, 2] * step_mm * position
        plane = plane_from_header(
            list(place), [*turned[:, 0], *turned[:, 1]], [ROW_SPACING_MM, COLUMN_SPACING_MM], ROWS, COLUMNS
        )
        number = len(slices) + 1
        instance_number = 900 if count > 5 and number <= 2 else 100 - number
        slices.append(made_slice(number, plane, instance_number=instance_number, folder=folder))
    return Series(STUDY_UID, SERIES_UID, FRAME_UID, "CT", tuple(slices), spacing_mm=step_mm)


def empty_set(label: str = "PLAN") -> StructureSet:
    """A structure set without an ROI on the made series."""
    return StructureSet(label, FRAME_UID, SERIES_UID, STUDY_UID)
