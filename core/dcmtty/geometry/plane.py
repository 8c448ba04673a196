"""The image plane: voxel (column, row) to patient millimetres and back, in one place and in double precision."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcmtty.errors import InputError

ORTHONORMAL_TOLERANCE = 1e-4


def frozen(values: ArrayLike) -> NDArray[np.float64]:
    """Return a read-only copy in double precision."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One image plane in patient space (LPS mm), after the Image Plane Module (PS3.3 C.7.6.2.1.1).

    P = S + X * column_spacing * column + Y * row_spacing * row, integers at pixel centres.
    """

    origin_xyz: NDArray[np.float64]
    """S: Image Position (Patient), the centre of the first pixel, shape (3,)."""
    row_direction: NDArray[np.float64]
    """X: direction in which the column index grows, Image Orientation values 1-3, shape (3,)."""
    column_direction: NDArray[np.float64]
    """Y: direction in which the row index grows, Image Orientation values 4-6, shape (3,)."""
    row_spacing_mm: float
    """Distance between rows: Pixel Spacing value 1."""
    column_spacing_mm: float
    """Distance between columns: Pixel Spacing value 2."""
    rows: int
    columns: int

    @property
    def normal(self) -> NDArray[np.float64]:
        """X x Y: the direction along which slices are sorted, shape (3,)."""
        return np.asarray(np.cross(self.row_direction, self.column_direction), dtype=np.float64)

    @property
    def position_mm(self) -> float:
        """S . (X x Y): where the plane lies along its own normal."""
        return float(self.origin_xyz @ self.normal)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The matrix M of PS3.3 Equation C.7.6.2.1-1: (column, row, 0, 1) to (px, py, pz, 1), shape (4, 4)."""
        matrix = np.eye(4)
        matrix[:3, 0] = self.row_direction * self.column_spacing_mm
        matrix[:3, 1] = self.column_direction * self.row_spacing_mm
        matrix[:3, 2] = self.normal
        matrix[:3, 3] = self.origin_xyz
        return matrix

    def patient_xyz(self, column_row: ArrayLike) -> NDArray[np.float64]:
        """Map pixels, shape (n, 2) as (column, row), to patient coordinates in mm, shape (n, 3)."""
        pixels = np.asarray(column_row, dtype=np.float64).reshape(-1, 2)
        steps = np.stack([self.row_direction * self.column_spacing_mm, self.column_direction * self.row_spacing_mm])
        return self.origin_xyz + pixels @ steps

    def column_row_offset(self, patient_xyz: ArrayLike) -> NDArray[np.float64]:
        """Map patient mm, shape (n, 3), to (column, row, mm off the plane along the normal), shape (n, 3)."""
        relative = np.asarray(patient_xyz, dtype=np.float64).reshape(-1, 3) - self.origin_xyz
        axes = np.stack([self.row_direction, self.column_direction, self.normal], axis=1)
        basis = np.linalg.inv(axes)
        along = relative @ basis.T
        return np.asarray(along / np.array([self.column_spacing_mm, self.row_spacing_mm, 1.0]))

    def same_orientation(self, other: Plane, tolerance: float = 1e-3) -> bool:
        """Say whether two planes are parallel and turned alike (direction cosines within `tolerance`)."""
        return bool(
            np.abs(self.row_direction - other.row_direction).max() <= tolerance
            and np.abs(self.column_direction - other.column_direction).max() <= tolerance
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 of the geometry on a grid of 1e-6, for journals."""
        numbers = [*self.origin_xyz, *self.row_direction, *self.column_direction]
        numbers += [self.row_spacing_mm, self.column_spacing_mm]
        text = " ".join(f"{round(float(value) * 1e6)}" for value in numbers) + f" {self.rows} {self.columns}"
        return hashlib.sha256(text.encode()).hexdigest()


def plane_from_header(
    position: Sequence[float], orientation: Sequence[float], spacing: Sequence[float], rows: int, columns: int
) -> Plane:
    """Make a plane of Image Position, Image Orientation and Pixel Spacing as the header gives them.

    Raises:
        InputError: wrong number of values, not finite, spacing not positive, or directions not orthonormal within 1e-4.
    """
    s, cosines, mm = (np.asarray(values, dtype=np.float64) for values in (position, orientation, spacing))
    if s.shape != (3,) or cosines.shape != (6,) or mm.shape != (2,):
        raise InputError("the image plane is incomplete", remedy="it can be viewed but not contoured")
    if not (np.isfinite(s).all() and np.isfinite(cosines).all() and np.isfinite(mm).all() and (mm > 0).all()):
        raise InputError("the image plane has values that are no numbers", remedy="it can be viewed but not contoured")
    x, y = cosines[:3], cosines[3:]
    lengths_off = max(abs(float(x @ x) ** 0.5 - 1), abs(float(y @ y) ** 0.5 - 1))
    if lengths_off > ORTHONORMAL_TOLERANCE or abs(float(x @ y)) > ORTHONORMAL_TOLERANCE:
        raise InputError("Image Orientation is not orthonormal", remedy="it can be viewed but not contoured")
    return Plane(frozen(s), frozen(x), frozen(y), float(mm[0]), float(mm[1]), int(rows), int(columns))
