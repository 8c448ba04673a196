"""Instances made of numbers alone, as a scan would give them, odd in the way a test wants."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcmtty.dicom.model import FrameGeometry, Instance
from dcmtty.geometry.plane import plane_from_header
from made_series import rotation

SERIES = "1.2.3.4"
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
Directions = tuple[Sequence[float], Sequence[float]]


def turned(a: float, b: float, c: float) -> Directions:
    """Row and column direction of an axial plane turned by three angles in radians."""
    matrix = rotation(a, b, c)
    return tuple(matrix[:, 0]), tuple(matrix[:, 1])


def instance(
    number: int,
    origin_xyz: Sequence[float] | None,
    directions: Directions = AXIAL,
    *,
    spacing: tuple[float, float] = (0.9, 0.7),
    size: tuple[int, int] = (20, 30),
    name: str = "",
    values: Mapping[str, str] | None = None,
    **more: str,
) -> Instance:
    """One CT image with the plane (none without an origin); `values` and `more` are attributes by keyword."""
    attributes: dict[str, tuple[str, ...]] = {
        "PatientID": ("P1",),
        "StudyInstanceUID": ("1.2.3",),
        "SeriesInstanceUID": (SERIES,),
        "SOPInstanceUID": (f"{SERIES}.{number}",),
        "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.2",),
        "Modality": ("CT",),
        "FrameOfReferenceUID": ("1.2.3.5",),
        "InstanceNumber": (str(number),),
        "Rows": (str(size[0]),),
        "Columns": (str(size[1]),),
    } | {keyword: tuple(value.split("\\")) for keyword, value in {**(values or {}), **more}.items()}
    attributes = {keyword: value for keyword, value in attributes.items() if value != ("",)}
    return Instance(
        Path(name or f"{number:04d}.dcm"), 0, 0, "", attributes, (frame(origin_xyz, directions, spacing, size),)
    )


def frame(
    origin_xyz: Sequence[float] | None,
    directions: Directions = AXIAL,
    spacing: tuple[float, float] = (0.9, 0.7),
    size: tuple[int, int] = (20, 30),
    values: Mapping[str, tuple[str, ...]] | None = None,
) -> FrameGeometry:
    """The geometry of one frame."""
    if origin_xyz is None:
        return FrameGeometry(None, "no Image Position (Patient)", values or {})
    plane = plane_from_header(list(origin_xyz), [*directions[0], *directions[1]], spacing, *size)
    return FrameGeometry(plane, "", values or {})


def normal_of(directions: Directions) -> NDArray[np.float64]:
    """X x Y."""
    return np.cross(directions[0], directions[1])


def stack(
    positions_mm: Sequence[float],
    directions: Directions = AXIAL,
    first: int = 1,
    *,
    seed: int = 0,
    values: Mapping[str, str] | None = None,
    **more: str,
) -> list[Instance]:
    """Images at these positions along the normal; file names and Instance Numbers are shuffled against them."""
    numbers = list(range(first, first + len(positions_mm)))
    random.Random(seed).shuffle(numbers)
    normal, corner = normal_of(directions), np.array([-100.0, -120.0, 7.0])
    return [
        instance(number, list(corner + position * normal), directions, values={**(values or {}), **more})
        for number, position in zip(numbers, positions_mm, strict=True)
    ]
