"""Which part of a picture the screen shows: pixels to terminal cells and back, physically right in millimetres."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcmtty.dicom.picture import Picture
from dcmtty.geometry.plane import Plane

SMALLEST_ZOOM = 0.25
FEWEST_PIXELS_SHOWN = 2.0
"""No closer than this many pixels across the view."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """A view of `columns` x `rows` cells on a picture; compares by value.

    Cell coordinates are continuous, (0, 0) the upper left corner of the first cell. Pixel coordinates are (column,
    row) with integers at pixel centres.
    """

    columns: int
    rows: int
    image_columns: int
    image_rows: int
    column_spacing_mm: float
    row_spacing_mm: float
    zoom: float
    """1 shows the whole picture as large as it fits."""
    center_column: float
    center_row: float
    cell_aspect: float = 2.0
    """Height of a cell divided by its width."""

    @property
    def mm_per_cell(self) -> tuple[float, float]:
        """How many millimetres of the patient a cell is wide and high."""
        wide = self.image_columns * self.column_spacing_mm / self.columns
        high = self.image_rows * self.row_spacing_mm / (self.rows * self.cell_aspect)
        width_mm = max(wide, high) / self.zoom
        return width_mm, width_mm * self.cell_aspect

    @property
    def pixels_per_cell(self) -> tuple[float, float]:
        """How many columns and rows of the picture a cell covers."""
        width_mm, height_mm = self.mm_per_cell
        return width_mm / self.column_spacing_mm, height_mm / self.row_spacing_mm

    def cell_to_pixel(self, x_y: ArrayLike) -> NDArray[np.float64]:
        """Map cell coordinates, shape (n, 2) as (x, y), to pixels, shape (n, 2) as (column, row)."""
        cells = np.asarray(x_y, dtype=np.float64).reshape(-1, 2)
        middle = np.array([self.columns, self.rows], dtype=np.float64) / 2
        center = np.array([self.center_column, self.center_row])
        return np.asarray(center + (cells - middle) * np.array(self.pixels_per_cell), dtype=np.float64)

    def pixel_to_cell(self, column_row: ArrayLike) -> NDArray[np.float64]:
        """Map pixels, shape (n, 2) as (column, row), to cell coordinates, shape (n, 2) as (x, y)."""
        pixels = np.asarray(column_row, dtype=np.float64).reshape(-1, 2)
        middle = np.array([self.columns, self.rows], dtype=np.float64) / 2
        center = np.array([self.center_column, self.center_row])
        return np.asarray(middle + (pixels - center) / np.array(self.pixels_per_cell), dtype=np.float64)

    def sample_to_pixel(self, x_y: ArrayLike, subdivision: tuple[int, int] = (1, 2)) -> NDArray[np.float64]:
        """Map continuous sample coordinates to pixels; a cell holds `subdivision` samples across and down."""
        return self.cell_to_pixel(np.asarray(x_y, dtype=np.float64).reshape(-1, 2) / np.array(subdivision))

    def pixel_to_sample(self, column_row: ArrayLike, subdivision: tuple[int, int] = (1, 2)) -> NDArray[np.float64]:
        """Map pixels to continuous sample coordinates, the inverse of `sample_to_pixel`."""
        return np.asarray(self.pixel_to_cell(column_row) * np.array(subdivision), dtype=np.float64)

    def pixel_at(self, cell_column: int, cell_row: int) -> tuple[float, float]:
        """Return the pixel coordinates under the middle of a cell."""
        column, row = self.cell_to_pixel([cell_column + 0.5, cell_row + 0.5])[0]
        return float(column), float(row)

    def cell_of(self, column: float, row: float) -> tuple[int, int] | None:
        """Return (cell column, cell row) that holds a pixel coordinate, or None outside the view."""
        x, y = np.floor(self.pixel_to_cell([column, row])[0])
        return (int(x), int(y)) if 0 <= x < self.columns and 0 <= y < self.rows else None

    def zoomed(self, factor: float, about: tuple[float, float] | None = None) -> Viewport:
        """Return the view `factor` times closer; the pixel `about` (column, row) stays where it is on the screen.

        Only when that would put the middle of the view outside the picture does the point move.
        """
        pixels_across = self.pixels_per_cell[0] * self.columns * self.zoom
        largest = max(pixels_across / FEWEST_PIXELS_SHOWN, SMALLEST_ZOOM)
        zoom = min(max(self.zoom * factor, SMALLEST_ZOOM), largest)
        actual = zoom / self.zoom
        column, row = about if about is not None else (self.center_column, self.center_row)
        center = column + (self.center_column - column) / actual, row + (self.center_row - row) / actual
        return replace(self, zoom=zoom).centered(*center)

    def panned(self, dx_cells: float, dy_cells: float) -> Viewport:
        """Return the view moved right and down by cells; its middle stays on the picture."""
        wide, high = self.pixels_per_cell
        return self.centered(self.center_column + dx_cells * wide, self.center_row + dy_cells * high)

    def centered(self, column: float, row: float) -> Viewport:
        """Return the view with this pixel in the middle, or the nearest one of the picture."""
        return replace(
            self,
            center_column=min(max(column, -0.5), self.image_columns - 0.5),
            center_row=min(max(row, -0.5), self.image_rows - 0.5),
        )

    def resized(self, columns: int, rows: int) -> Viewport:
        """Return the view on a pane of another size, same zoom and middle."""
        return replace(self, columns=max(columns, 1), rows=max(rows, 1))


def fit(source: Plane | Picture | tuple[int, int], columns: int, rows: int, cell_aspect: float = 2.0) -> Viewport:
    """Return the view of the whole picture on a pane of `columns` x `rows` cells.

    `source` is a plane, a picture, or (rows, columns) of a picture without a plane, whose pixels count as square.
    """
    if isinstance(source, tuple):
        image_rows, image_columns, spacing = source[0], source[1], (1.0, 1.0)
    elif isinstance(source, Plane):
        image_rows, image_columns = source.rows, source.columns
        spacing = (source.row_spacing_mm, source.column_spacing_mm)
    else:
        image_rows, image_columns, spacing = source.rows, source.columns, source.spacing_mm
    return Viewport(
        columns=max(columns, 1),
        rows=max(rows, 1),
        image_columns=image_columns,
        image_rows=image_rows,
        column_spacing_mm=spacing[1],
        row_spacing_mm=spacing[0],
        zoom=1.0,
        center_column=(image_columns - 1) / 2,
        center_row=(image_rows - 1) / 2,
        cell_aspect=cell_aspect,
    )
