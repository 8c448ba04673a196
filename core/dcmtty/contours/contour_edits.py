"""Edits of points and contours, each a value that says what changes and can be written to a journal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.draft import Draft, EditState, SlicePoint, contour_of, shape_problem
from dcmtty.contours.model import Contour, GeometricType, Roi, StructureSet, frozen_points, with_roi
from dcmtty.errors import InputError
from dcmtty.versions import next_version


@dataclass(frozen=True, slots=True)
class ContourRef:
    """Names a closed or ended contour of the structure set."""

    roi_number: int
    index: int
    """Place among the contours of its ROI, from 0."""


def roi_of(structure_set: StructureSet, number: int) -> Roi:
    """Return the ROI of a number.

    Raises:
        InputError: there is none.
    """
    roi = structure_set.roi(number)
    if roi is None:
        raise InputError(f"there is no ROI {number}", remedy="make one, or choose another")
    return roi


def contour_at(structure_set: StructureSet, at: ContourRef) -> tuple[Roi, Contour]:
    """Return a contour and the ROI that it belongs to.

    Raises:
        InputError: there is none.
    """
    roi = roi_of(structure_set, at.roi_number)
    if not 0 <= at.index < len(roi.contours):
        raise InputError(f"ROI {at.roi_number} has no contour {at.index + 1}", remedy="choose another")
    return roi, roi.contours[at.index]


def with_draft(state: EditState, draft: Draft | None) -> EditState:
    """Return the state with another draft."""
    return replace(state, draft=draft, version=next_version())


def _open_draft(state: EditState) -> Draft:
    if state.draft is None:
        raise InputError("no contour is being drawn", remedy="start one first")
    return state.draft


def _with_contours(state: EditState, roi: Roi, contours: tuple[Contour, ...]) -> EditState:
    structure_set = with_roi(state.structure_set, replace(roi, contours=contours, origin=-1))
    return replace(state, structure_set=structure_set, version=next_version())


def _with_points(
    state: EditState, at: ContourRef, points_xyz: NDArray[np.float64], put: SlicePoint | None = None
) -> EditState:
    """Return the state with other points in a contour; `put` is the one that was inserted or moved."""
    roi, old = contour_at(state.structure_set, at)
    problem = shape_problem(old.geometric_type, points_xyz)
    if problem and problem != shape_problem(old.geometric_type, old.points_xyz):
        raise InputError(problem, remedy="delete the contour instead, or choose another place")
    uid, frame = old.sop_instance_uid, old.frame
    if put is not None and (uid, frame) != (put.sop_instance_uid, put.frame):
        uid, frame = (put.sop_instance_uid, put.frame) if old.geometric_type is GeometricType.POINT else ("", 0)
    points = frozen_points(points_xyz)
    new = replace(old, points_xyz=points, sop_instance_uid=uid, frame=frame, origin=-1, version=next_version())
    contours = (*roi.contours[: at.index], new, *roi.contours[at.index + 1 :])
    return _with_contours(state, roi, contours)


def _check_index(index: int, count: int) -> None:
    if not 0 <= index < count:
        raise InputError(f"there is no point {index + 1}", remedy=f"the contour has {count}")


def _check_same_slice(draft: Draft, point: SlicePoint) -> None:
    if draft.geometric_type.is_planar and draft.points and point.slice_number != draft.slice_number:
        raise InputError(
            f"the contour is on slice {draft.slice_number}, the point on slice {point.slice_number}",
            remedy="close the contour first, or go back to its slice",
        )


def _check_same_image(contour: Contour, point: SlicePoint) -> None:
    if contour.geometric_type.is_planar and (point.sop_instance_uid, point.frame) != (
        contour.sop_instance_uid,
        contour.frame,
    ):
        raise InputError("the point is not on the slice of the contour", remedy="go to the slice of the contour")


@dataclass(frozen=True, slots=True)
class StartContour:
    """Begin to draw a contour of an ROI."""

    kind: ClassVar[str] = "start-contour"
    roi_number: int
    geometric_type: GeometricType

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"start {self.geometric_type} of ROI {self.roi_number}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with an empty draft; a draft with points is not thrown away."""
        if state.draft is not None and state.draft.points:
            raise InputError("another contour is being drawn", remedy="close it or discard it first")
        roi = roi_of(state.structure_set, self.roi_number)
        xor = GeometricType.CLOSEDPLANAR_XOR
        others = {contour.geometric_type for contour in roi.contours if contour.geometric_type.is_closed}
        if self.geometric_type.is_closed and others and (self.geometric_type is xor) != (xor in others):
            raise InputError(
                f"{self.geometric_type} cannot be mixed with {others.pop()} in one ROI", remedy="use another ROI"
            )
        return with_draft(state, Draft(self.roi_number, self.geometric_type))


@dataclass(frozen=True, slots=True)
class AddPoint:
    """Put a point at the end of the contour being drawn; a POINT is complete with it."""

    kind: ClassVar[str] = "add-point"
    point: SlicePoint

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"add point {self.point.column:.1f}, {self.point.row:.1f} on slice {self.point.slice_number}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the point; a POINT becomes a contour at once and the draft is empty again."""
        draft = _open_draft(state)
        _check_same_slice(draft, self.point)
        if draft.points and draft.points[-1].xyz == self.point.xyz:
            raise InputError("the last point is there already", remedy="move the crosshair first")
        grown = replace(draft, points=(*draft.points, self.point))
        if draft.geometric_type is not GeometricType.POINT:
            return with_draft(state, grown)
        roi = roi_of(state.structure_set, draft.roi_number)
        ended = _with_contours(state, roi, (*roi.contours, contour_of(grown)))
        return with_draft(ended, replace(draft, points=()))


@dataclass(frozen=True, slots=True)
class InsertPoint:
    """Put a point in front of another one, in the draft or in a contour."""

    kind: ClassVar[str] = "insert-point"
    index: int
    """The new point's place, from 0."""
    point: SlicePoint
    at: ContourRef | None = None
    """None means the contour being drawn."""

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"insert point {self.index + 1} at {self.point.column:.1f}, {self.point.row:.1f}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the point in its place."""
        if self.at is not None:
            contour = contour_at(state.structure_set, self.at)[1]
            _check_same_image(contour, self.point)
            _check_index(self.index, len(contour.points_xyz) + 1)
            points_xyz = np.insert(contour.points_xyz, self.index, self.point.xyz, axis=0)
            return _with_points(state, self.at, points_xyz, self.point)
        draft = _open_draft(state)
        _check_same_slice(draft, self.point)
        _check_index(self.index, len(draft.points) + 1)
        if draft.geometric_type is GeometricType.POINT:
            return AddPoint(self.point).apply(state)
        points = (*draft.points[: self.index], self.point, *draft.points[self.index :])
        return with_draft(state, replace(draft, points=points))


@dataclass(frozen=True, slots=True)
class MovePoint:
    """Move a point of the draft or of a contour."""

    kind: ClassVar[str] = "move-point"
    index: int
    """From 0."""
    point: SlicePoint
    """Where it is afterwards."""
    at: ContourRef | None = None
    """None means the contour being drawn."""

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"move point {self.index + 1} to {self.point.column:.1f}, {self.point.row:.1f}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the point in its new place."""
        if self.at is not None:
            contour = contour_at(state.structure_set, self.at)[1]
            _check_index(self.index, len(contour.points_xyz))
            _check_same_image(contour, self.point)
            points_xyz = contour.points_xyz.copy()
            points_xyz[self.index] = self.point.xyz
            return _with_points(state, self.at, points_xyz, self.point)
        draft = _open_draft(state)
        _check_index(self.index, len(draft.points))
        if len(draft.points) > 1:
            _check_same_slice(draft, self.point)
        points = (*draft.points[: self.index], self.point, *draft.points[self.index + 1 :])
        return with_draft(state, replace(draft, points=points))


@dataclass(frozen=True, slots=True)
class DeletePoint:
    """Take a point out of the draft or of a contour."""

    kind: ClassVar[str] = "delete-point"
    index: int
    """From 0."""
    at: ContourRef | None = None
    """None means the contour being drawn."""

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"delete point {self.index + 1}"

    def apply(self, state: EditState) -> EditState:
        """Return the state without the point."""
        if self.at is not None:
            points = contour_at(state.structure_set, self.at)[1].points_xyz
            _check_index(self.index, len(points))
            return _with_points(state, self.at, np.delete(points, self.index, axis=0))
        draft = _open_draft(state)
        _check_index(self.index, len(draft.points))
        return with_draft(state, replace(draft, points=draft.points[: self.index] + draft.points[self.index + 1 :]))


@dataclass(frozen=True, slots=True)
class CloseContour:
    """Close or end the contour being drawn."""

    kind: ClassVar[str] = "close-contour"

    def describe(self) -> str:
        """Return a short text for the status line."""
        return "close contour"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the contour added to its ROI; refused with the draft kept when it is no contour."""
        draft = _open_draft(state)
        if draft.geometric_type is GeometricType.POINT and not draft.points:
            return with_draft(state, None)
        roi = roi_of(state.structure_set, draft.roi_number)
        ended = _with_contours(state, roi, (*roi.contours, contour_of(draft)))
        return with_draft(ended, None)


@dataclass(frozen=True, slots=True)
class DiscardDraft:
    """Throw away the contour being drawn."""

    kind: ClassVar[str] = "discard-draft"

    def describe(self) -> str:
        """Return a short text for the status line."""
        return "discard the contour being drawn"

    def apply(self, state: EditState) -> EditState:
        """Return the state without a draft."""
        _open_draft(state)
        return with_draft(state, None)


@dataclass(frozen=True, slots=True)
class DeleteContour:
    """Delete a contour of an ROI."""

    kind: ClassVar[str] = "delete-contour"
    at: ContourRef

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"delete contour {self.at.index + 1} of ROI {self.at.roi_number}"

    def apply(self, state: EditState) -> EditState:
        """Return the state without the contour."""
        roi = contour_at(state.structure_set, self.at)[0]
        return _with_contours(state, roi, roi.contours[: self.at.index] + roi.contours[self.at.index + 1 :])
