"""Handlers of contouring: points, contours, ROIs; each edit goes through the session, which journals it."""

from __future__ import annotations

from dataclasses import replace

from dcmtty.contours.contour_edits import (
    AddPoint,
    CloseContour,
    ContourRef,
    DeleteContour,
    DeletePoint,
    DiscardDraft,
    InsertPoint,
    MovePoint,
    StartContour,
)
from dcmtty.contours.draft import EditState, SlicePoint, point_at_mm, point_at_pixel
from dcmtty.contours.edit import Edit
from dcmtty.contours.model import GeometricType
from dcmtty.errors import UsageError
from dcmtty.render.overlays import contours_by_slice
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles, numbers
from dcmtty_tui.screens.handle_roi import choose_standing_roi, current_roi, ensure_set
from dcmtty_tui.viewing import Selection, View, selected_points

TYPE_WORDS = {
    "point": GeometricType.POINT,
    "open": GeometricType.OPEN_PLANAR,
    "nonplanar": GeometricType.OPEN_NONPLANAR,
    "closed": GeometricType.CLOSED_PLANAR,
}


def editable_view(desk: Desk) -> View:
    """Return the view that edits act on.

    Raises:
        UsageError: the view is a reformatted one, its picture cannot be read, or nothing is open.
    """
    view = desk.viewer.wanted
    if view is None:
        raise UsageError("no series is open", remedy="choose one in the series pane")
    if not view.may_edit:
        raise UsageError(
            "contours are edited on the slices themselves", remedy="press V until the view is not reformatted"
        )
    if desk.viewer.failure is not None:
        raise UsageError("this slice has no picture", remedy="edit on a slice that is shown")
    return view


def edit(desk: Desk, change: Edit) -> None:
    """Do an edit and say what it was."""
    desk.session.do(change)
    desk.tell(change.describe())


def state_of(desk: Desk) -> EditState:
    """Return the state that edits change; a structure set is begun when there is none."""
    ensure_set(desk)
    state = desk.state
    if state is None:
        raise UsageError("there is no structure set", remedy="make an ROI first, for example :roi Heart ORGAN")
    return state


def add_point(desk: Desk, point: SlicePoint) -> None:
    """Add a point to the contour being entered, or begin one."""
    begun = state_of(desk).draft
    roi_number, kind = _roi_to_draw_in(desk), desk.geometric_type
    if begun is None or (not begun.points and (begun.geometric_type, begun.roi_number) != (kind, roi_number)):
        edit(desk, StartContour(roi_number, kind))
    draft = desk.state.draft if desk.state else None
    at = desk.selection.point_index
    if draft is not None and 0 <= at < len(draft.points) - 1:
        edit(desk, InsertPoint(at + 1, point))
        desk.selection = replace(desk.selection, point_index=at + 1)
    else:
        edit(desk, AddPoint(point))
        desk.selection = Selection(roi_number)


def _roi_to_draw_in(desk: Desk) -> int:
    """Return the ROI of the contour that is being entered, else the one that is chosen."""
    return _drawn_roi(desk) or current_roi(desk)


def _drawn_roi(desk: Desk) -> int:
    """Return the ROI of the contour that is being entered, 0 when none is."""
    draft = desk.state.draft if desk.state is not None else None
    return draft.roi_number if draft is not None and draft.points else 0


@handles("point.add")
def add_at_cursor(desk: Desk, call: Call) -> None:
    """Add a point at the crosshair."""
    del call
    view = editable_view(desk)
    add_point(desk, point_at_pixel(view.series, view.slice_number, *view.cursor))


@handles("point.pixel")
def add_at_pixel(desk: Desk, call: Call) -> None:
    """Add a point at a typed pixel, columns and rows from 0 at pixel centres."""
    column, row = numbers(call, 2)
    view = editable_view(desk)
    add_point(desk, point_at_pixel(view.series, view.slice_number, column, row))
    desk.viewer.change(cursor=(column, row))


@handles("point.mm")
def add_at_mm(desk: Desk, call: Call) -> None:
    """Add a point at typed patient coordinates (LPS mm)."""
    x, y, z = numbers(call, 3)
    view = editable_view(desk)
    state = desk.state
    kind = state.draft.geometric_type if state is not None and state.draft is not None and state.draft.points else None
    is_planar = (kind or desk.geometric_type).is_planar
    point = point_at_mm(view.series, view.slice_number, (x, y, z), planar=is_planar)
    add_point(desk, point)
    desk.viewer.change(cursor=(point.column, point.row))


def _target(desk: Desk) -> tuple[ContourRef | None, int]:
    """Return which contour (None: the draft) and which point of it the point keys act on."""
    state = state_of(desk)
    points = selected_points(state, desk.selection)
    if not len(points):
        raise UsageError("no point is selected", remedy="add points with space, or select a contour with o")
    at = desk.selection.point_index
    index = at if 0 <= at < len(points) else len(points) - 1
    is_draft = state.draft is not None and bool(state.draft.points)
    ref = None if is_draft else ContourRef(desk.selection.roi_number, desk.selection.contour_index)
    _require_shown(desk, state, ref)
    return ref, index


def _require_shown(desk: Desk, state: EditState, ref: ContourRef | None) -> None:
    """Refuse to change a contour, or the one being entered (None), on another slice than the one that is shown.

    Raises:
        UsageError: it lies on other slices.
    """
    view, draft = editable_view(desk), state.draft
    if ref is None:
        slices = [draft.slice_number] if draft is not None and draft.geometric_type.is_planar else []
    else:
        placed = contours_by_slice(state.structure_set, view.series)
        there = [(number, item.roi.number, item.index) for number, items in placed.items() for item in items]
        slices = [number for number, *at in there if number and at == [ref.roi_number, ref.index]]
    if slices and view.slice_number not in slices:
        raise UsageError(f"the contour is on slice {slices[0]}, shown is slice {view.slice_number}", remedy="go there")


@handles("point.delete")
def delete_point(desk: Desk, call: Call) -> None:
    """Delete the selected point, or the last one."""
    del call
    ref, index = _target(desk)
    edit(desk, DeletePoint(index, ref))
    desk.selection = replace(desk.selection, point_index=index - 1 if desk.selection.point_index > 0 else -1)


@handles("point.move")
def move_point(desk: Desk, call: Call) -> None:
    """Move the selected point to the crosshair."""
    del call
    ref, index = _target(desk)
    view = editable_view(desk)
    edit(desk, MovePoint(index, point_at_pixel(view.series, view.slice_number, *view.cursor), ref))


@handles("point.next", "point.previous")
def next_point(desk: Desk, call: Call) -> None:
    """Select another point and put the crosshair on it."""
    view = editable_view(desk)
    points = selected_points(state_of(desk), desk.selection)
    if not len(points):
        raise UsageError("there is no point to select", remedy="add points with space, or select a contour with o")
    step = call.times if call.action.id == "point.next" else -call.times
    index = (max(desk.selection.point_index, -1 if step > 0 else 0) + step) % len(points)
    desk.selection = replace(desk.selection, point_index=index)
    plane = view.series.slices[view.slice_number - 1].plane
    if plane is not None:
        column, row, _ = (float(value) for value in plane.column_row_offset(points[index])[0])
        desk.viewer.change(cursor=(column, row))
    desk.tell(f"point {index + 1} of {len(points)}")


@handles("contour.close")
def close_contour(desk: Desk, call: Call) -> None:
    """Close the contour being entered, or end an open one."""
    del call
    editable_view(desk)
    number = _roi_to_draw_in(desk)
    edit(desk, CloseContour())
    roi = state_of(desk).structure_set.roi(number)
    if roi is not None:
        desk.tell(f"contour {len(roi.contours)} of ROI {roi.number} is done")
    desk.selection = Selection(number)


@handles("contour.discard")
def discard(desk: Desk, call: Call) -> None:
    """Drop the contour being entered; undo brings it back."""
    del call
    edit(desk, DiscardDraft())
    desk.selection = Selection(desk.selection.roi_number)


@handles("contour.select")
def select_contour(desk: Desk, call: Call) -> None:
    """Select the next contour on this slice."""
    view = editable_view(desk)
    state = desk.state
    placed = contours_by_slice(state.structure_set, view.series).get(view.slice_number, ()) if state is not None else ()
    if not placed:
        raise UsageError("this slice has no contour", remedy="go to one that has; the strip under the ROIs shows them")
    names = [(item.roi.number, item.index) for item in placed]
    current = desk.selection.contour
    at = (names.index(current) + call.times) % len(names) if current in names else 0
    desk.selection = Selection(*names[at])
    item = placed[at]
    desk.tell(f"contour {at + 1} of {len(names)} here: ROI {item.roi.number}, {item.contour.geometric_type}")


@handles("contour.delete")
def delete_contour(desk: Desk, call: Call) -> None:
    """Delete the selected contour."""
    del call
    if desk.selection.contour_index < 0:
        raise UsageError("no contour is selected", remedy="select one with o")
    ref = ContourRef(desk.selection.roi_number, desk.selection.contour_index)
    if desk.state is not None:
        _require_shown(desk, desk.state, ref)
    edit(desk, DeleteContour(ref))
    desk.selection = Selection(desk.selection.roi_number)


@handles("contour.type")
def change_type(desk: Desk, call: Call) -> None:
    """Take the next geometric type, or the one that was typed, for the next contour."""
    kinds = list(TYPE_WORDS.values())
    if call.arguments:
        word = call.arguments[0].lower()
        named = TYPE_WORDS.get(word) or next((kind for kind in kinds if kind.value.lower() == word), None)
        if named is None:
            raise UsageError(
                f"{call.arguments[0]!r} is no geometric type", remedy=f"use one of {', '.join(TYPE_WORDS)}"
            )
        wanted = named
    else:
        at = kinds.index(desk.geometric_type) if desk.geometric_type in kinds else -1
        wanted = kinds[(at + call.times) % len(kinds)]
    state = desk.state
    if state is not None and state.draft is not None and state.draft.points:
        raise UsageError("a contour is being entered", remedy="end it with enter, or drop it with D")
    desk.geometric_type = wanted
    desk.tell(f"the next contour is {wanted}")


@handles("undo")
def undo(desk: Desk, call: Call) -> None:
    """Undo edits; the beginning of an empty contour goes with its first point."""
    for _ in range(call.times):
        text = desk.history.undo_text if desk.history else ""
        desk.session.undo()
        desk.tell(f"undone: {text}")
        _skip_empty_draft(desk, desk.session.undo)
    _forget_selection(desk)


@handles("redo")
def redo(desk: Desk, call: Call) -> None:
    """Do again what was undone."""
    for _ in range(call.times):
        text = desk.history.redo_text if desk.history else ""
        desk.session.redo()
        desk.tell(f"done again: {text}")
        history = desk.history
        if history is not None and history.redo_text and _is_empty_draft(desk):
            desk.session.redo()
    _forget_selection(desk)


def _is_empty_draft(desk: Desk) -> bool:
    state = desk.state
    return state is not None and state.draft is not None and not state.draft.points


def _skip_empty_draft(desk: Desk, undo_once: object) -> None:
    history = desk.history
    if history is not None and _is_empty_draft(desk) and history.undo_text.startswith("start ") and callable(undo_once):
        undo_once()


def _forget_selection(desk: Desk) -> None:
    desk.selection = Selection(_drawn_roi(desk) or desk.selection.roi_number)
    choose_standing_roi(desk)
