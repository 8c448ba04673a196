"""All edits under one name: what can be done to a structure set, and how it is done."""

from __future__ import annotations

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
from dcmtty.contours.draft import Draft, EditState, SlicePoint, point_at_mm, point_at_pixel
from dcmtty.contours.roi_edits import DeleteRoi, ImportRois, NewRoi, RenameRoi, SetLabel, SetRoiColor, SetRoiType

Edit = (
    StartContour
    | AddPoint
    | InsertPoint
    | MovePoint
    | DeletePoint
    | CloseContour
    | DiscardDraft
    | DeleteContour
    | NewRoi
    | RenameRoi
    | SetRoiType
    | SetRoiColor
    | DeleteRoi
    | ImportRois
    | SetLabel
)
"""Each one describes itself, can be journalled, and makes the next state of a state."""

__all__ = [
    "AddPoint",
    "CloseContour",
    "ContourRef",
    "DeleteContour",
    "DeletePoint",
    "DeleteRoi",
    "DiscardDraft",
    "Draft",
    "Edit",
    "EditState",
    "ImportRois",
    "InsertPoint",
    "MovePoint",
    "NewRoi",
    "RenameRoi",
    "SetLabel",
    "SetRoiColor",
    "SetRoiType",
    "SlicePoint",
    "StartContour",
    "apply",
    "point_at_mm",
    "point_at_pixel",
]


def apply(state: EditState, edit: Edit) -> EditState:
    """Return the state after an edit; the state given stays what it is.

    Raises:
        InputError: the edit cannot be done, with a plain reason.
    """
    return edit.apply(state)
