"""Edits of whole ROIs and of the structure set, each a value that can be written to a journal."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import ClassVar

from dcmtty.contours.contour_edits import roi_of
from dcmtty.contours.draft import EditState
from dcmtty.contours.model import COLORS, INTERPRETED_TYPES, Roi, StructureSet, with_roi, without_roi
from dcmtty.errors import InputError
from dcmtty.text import visible
from dcmtty.versions import next_version

LONGEST_ROI_NAME = 64
"""Value representation LO, PS3.5 6.2."""
LONGEST_LABEL = 16
"""Value representation SH, PS3.5 6.2."""
HIGHEST_ROI_NUMBER = 2**31 - 1
"""Value representation IS, PS3.5 6.2."""


def _has_forbidden(text: str) -> bool:
    return any(char == "\\" or unicodedata.category(char) in {"Cc", "Cs"} for char in text)


def name_problem(name: str) -> str:
    """Say why a text cannot be an ROI Name; empty when it can."""
    if not name.strip():
        return "an ROI needs a name"
    if len(name) > LONGEST_ROI_NAME:
        return f"an ROI name has at most {LONGEST_ROI_NAME} characters, this one has {len(name)}"
    return "an ROI name holds no backslash and no control character" if _has_forbidden(name) else ""


def color_problem(color: tuple[int, ...]) -> str:
    """Say why numbers are no display colour; empty when they are."""
    right = len(color) == 3 and all(0 <= part <= 255 for part in color)
    return "" if right else "a colour is three numbers from 0 to 255"


def type_problem(interpreted_type: str) -> str:
    """Say why a text is no RT ROI Interpreted Type (PS3.3 C.8.8.8.1); empty when it is, or when it is empty."""
    known = not interpreted_type or interpreted_type in INTERPRETED_TYPES
    return "" if known else f"{visible(interpreted_type, 32)} is no RT ROI Interpreted Type"


def color_of(number: int) -> tuple[int, int, int]:
    """Return the display colour that a new ROI of this number gets."""
    return COLORS[(number - 1) % len(COLORS)]


def _refuse(problem: str, remedy: str) -> None:
    if problem:
        raise InputError(problem, remedy=remedy)


def _quoted(name: str) -> str:
    return f"“{visible(name, 40)}”"


def _check_free_name(structure_set: StructureSet, name: str, besides: int = 0) -> None:
    _refuse(name_problem(name), "choose another name")
    if any(roi.name == name and roi.number != besides for roi in structure_set.rois):
        raise InputError(f"there is an ROI {_quoted(name)} already", remedy="choose another name")


def _check_no_draft(state: EditState, number: int) -> None:
    if state.draft is not None and state.draft.roi_number == number and state.draft.points:
        raise InputError("a contour of this ROI is being drawn", remedy="close it or discard it first")


def _with(state: EditState, structure_set: StructureSet) -> EditState:
    return replace(state, structure_set=structure_set, version=next_version())


@dataclass(frozen=True, slots=True)
class NewRoi:
    """Make an empty ROI."""

    kind: ClassVar[str] = "new-roi"
    name: str
    interpreted_type: str = ""
    color: tuple[int, int, int] | None = None
    """None means the next colour in turn."""
    number: int = 0
    """0 means the next free number."""

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"new ROI {_quoted(self.name)}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the ROI at the end."""
        structure_set = state.structure_set
        number = self.number or structure_set.next_number()
        color = self.color or color_of(number)
        _check_free_name(structure_set, self.name)
        _refuse(type_problem(self.interpreted_type), "choose one of the list")
        _refuse(color_problem(color), "give red green blue")
        if structure_set.roi(number) is not None or not 0 <= number <= HIGHEST_ROI_NUMBER:
            raise InputError(f"ROI number {number} cannot be used", remedy="leave it out to get a free one")
        return _with(state, with_roi(structure_set, Roi(number, self.name, color, self.interpreted_type)))


@dataclass(frozen=True, slots=True)
class RenameRoi:
    """Give an ROI another name."""

    kind: ClassVar[str] = "rename-roi"
    number: int
    name: str

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"rename ROI {self.number} to {_quoted(self.name)}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the ROI renamed."""
        roi = roi_of(state.structure_set, self.number)
        _check_free_name(state.structure_set, self.name, besides=self.number)
        return _with(state, with_roi(state.structure_set, replace(roi, name=self.name, origin=-1)))


@dataclass(frozen=True, slots=True)
class SetRoiType:
    """Give an ROI another interpreted type."""

    kind: ClassVar[str] = "set-roi-type"
    number: int
    interpreted_type: str

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"type of ROI {self.number}: {visible(self.interpreted_type, 32) or 'none'}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the ROI of another type."""
        roi = roi_of(state.structure_set, self.number)
        _refuse(type_problem(self.interpreted_type), "choose one of the list")
        changed = replace(roi, interpreted_type=self.interpreted_type, origin=-1)
        return _with(state, with_roi(state.structure_set, changed))


@dataclass(frozen=True, slots=True)
class SetRoiColor:
    """Give an ROI another display colour."""

    kind: ClassVar[str] = "set-roi-color"
    number: int
    color: tuple[int, int, int]

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"colour of ROI {self.number}: {' '.join(str(part) for part in self.color)}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the ROI in another colour."""
        roi = roi_of(state.structure_set, self.number)
        _refuse(color_problem(self.color), "give red green blue")
        return _with(state, with_roi(state.structure_set, replace(roi, color=self.color, origin=-1)))


@dataclass(frozen=True, slots=True)
class DeleteRoi:
    """Delete an ROI with all its contours."""

    kind: ClassVar[str] = "delete-roi"
    number: int

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"delete ROI {self.number}"

    def apply(self, state: EditState) -> EditState:
        """Return the state without the ROI."""
        roi_of(state.structure_set, self.number)
        _check_no_draft(state, self.number)
        draft = state.draft if state.draft is not None and state.draft.roi_number != self.number else None
        return replace(_with(state, without_roi(state.structure_set, self.number)), draft=draft)


@dataclass(frozen=True, slots=True, eq=False)
class ImportRois:
    """Add ROIs that were read from point lists, all of them or none."""

    kind: ClassVar[str] = "import-rois"
    rois: tuple[Roi, ...]

    def describe(self) -> str:
        """Return a short text for the status line."""
        contours = sum(len(roi.contours) for roi in self.rois)
        return f"import {len(self.rois)} ROIs with {contours} contours"

    def apply(self, state: EditState) -> EditState:
        """Return the state with the ROIs; a number that is taken becomes the next free one, a name must be free."""
        structure_set = state.structure_set
        if not self.rois:
            raise InputError("there is no ROI to import", remedy="check the point list")
        for roi in self.rois:
            _check_free_name(structure_set, roi.name)
            free = roi.number > 0 and structure_set.roi(roi.number) is None
            number = roi.number if free else structure_set.next_number()
            structure_set = with_roi(structure_set, replace(roi, number=number, origin=-1))
        return _with(state, structure_set)


@dataclass(frozen=True, slots=True)
class SetLabel:
    """Give the structure set another label."""

    kind: ClassVar[str] = "set-label"
    label: str

    def describe(self) -> str:
        """Return a short text for the status line."""
        return f"structure set label {_quoted(self.label)}"

    def apply(self, state: EditState) -> EditState:
        """Return the state with another Structure Set Label (type 1, value representation SH)."""
        if not self.label.strip() or len(self.label) > LONGEST_LABEL or _has_forbidden(self.label):
            raise InputError(
                "a structure set label has 1 to 16 characters, no backslash and no control character",
                remedy="choose a shorter one",
            )
        changed = replace(state.structure_set, label=self.label, approval_status="UNAPPROVED", version=next_version())
        return _with(state, changed)
