"""What is looked at and how, as frozen values: the view that is wanted, and the snapshot that is shown.

Picture, overlay and status are parts of one Snapshot, so nothing on screen is ever of another slice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.draft import EditState
from dcmtty.dicom.model import Series
from dcmtty.dicom.picture import Picture
from dcmtty.dicom.window import Window
from dcmtty.render.cells import Cells, ascii_cells, half_blocks
from dcmtty.render.overlays import SELECTED_COLOR, crossing_overlays, draft_overlay, point_overlay, slice_overlays
from dcmtty.render.scene import Overlay, compose
from dcmtty.render.viewport import Viewport
from dcmtty_tui.messages import PictureKey
from dcmtty_tui.term import Terminal

ViewKind = Literal["acquired", "axial", "coronal", "sagittal"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What edit keys act on besides the draft."""

    roi_number: int = 0
    contour_index: int = -1
    """-1 while no finished contour is selected."""
    point_index: int = -1
    """-1 means the last point."""

    @property
    def contour(self) -> tuple[int, int] | None:
        """(ROI Number, contour index) of the selected contour, or None."""
        return (self.roi_number, self.contour_index) if self.contour_index >= 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How a series is looked at."""

    series: Series
    slice_number: int
    """From 1, in the order of this view."""
    slice_count: int
    kind: ViewKind = "acquired"
    cursor: tuple[float, float] = (0.0, 0.0)
    """(column, row) of the picture, from 0 at pixel centres."""
    viewport: Viewport | None = None
    """None means: fit the picture to the pane."""
    anchor_xyz: tuple[float, float, float] | None = None
    """Patient mm to put the crosshair on when the picture is first shown; None means its middle."""
    window: Window | None = None
    """None means: the picture's own."""
    inverted: bool = False

    @property
    def key(self) -> PictureKey:
        """The picture that this view shows."""
        return PictureKey(self.series.version, self.kind, self.slice_number)

    @property
    def may_edit(self) -> bool:
        """Contours are edited on the slices themselves, not on reformatted views."""
        return self.kind == "acquired"


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everything that one frame of the screen shows, made at one time of one slice."""

    view: View
    picture: Picture | None
    cells: Cells | None
    window: Window | None
    state: EditState | None
    selection: Selection
    notice: str = ""
    """Why there is no picture."""


def overlays_of(
    view: View, picture: Picture, state: EditState | None, selection: Selection, *, draw_set: bool
) -> tuple[Overlay, ...]:
    """Return the lines over a picture: every ROI's contours, the contour being entered, the selected point."""
    if state is None or picture.plane is None or not draw_set:
        return ()
    if not view.may_edit:
        return crossing_overlays(state.structure_set, picture.plane)
    lines = list(slice_overlays(state.structure_set, view.series, view.slice_number, selection.contour))
    draft = state.draft
    if draft is not None and draft.slice_number == view.slice_number:
        roi = state.structure_set.roi(draft.roi_number)
        drawn = draft_overlay(draft, picture.plane, roi.color if roi else SELECTED_COLOR)
        lines += [drawn] if drawn else []
    points = selected_points(state, selection)
    if selection.point_index >= 0 and selection.point_index < len(points):
        lines.append(point_overlay(points[selection.point_index], picture.plane))
    return tuple(lines)


def selected_points(state: EditState, selection: Selection) -> NDArray[np.float64]:
    """Return the points that point keys act on, patient mm, (n, 3): of the draft, else of the selected contour."""
    if state.draft is not None and state.draft.points:
        return state.draft.points_xyz
    roi = state.structure_set.roi(selection.roi_number)
    if roi is not None and 0 <= selection.contour_index < len(roi.contours):
        return roi.contours[selection.contour_index].points_xyz
    return np.empty((0, 3))


def take_snapshot(
    view: View,
    picture: Picture,
    window: Window,
    state: EditState | None,
    selection: Selection,
    terminal: Terminal,
    *,
    draw_set: bool = True,
) -> Snapshot:
    """Compute one frame; `view.viewport` must be set."""
    if view.viewport is None:
        raise ValueError("a snapshot needs a viewport")
    overlays = overlays_of(view, picture, state, selection, draw_set=draw_set)
    scene = compose(
        picture, view.viewport, window, inverted=view.inverted, overlays=overlays, cursor=view.cursor, letters=True
    )
    draw = half_blocks if terminal.glyphs == "half" else ascii_cells
    return Snapshot(view, picture, draw(scene, terminal.depth), window, state, selection)


def moved_cursor(view: View, picture: Picture, columns: float, rows: float) -> View:
    """Return the view with the crosshair moved by pixels, kept inside the picture; between pixels it stays between."""
    column = min(max(view.cursor[0] + columns, 0.0), picture.columns - 1.0)
    row = min(max(view.cursor[1] + rows, 0.0), picture.rows - 1.0)
    return replace(view, cursor=(column, row))
