"""What the tests of editing share: contents of states as plain values, and edits drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

from dcmtty.contours import edit
from dcmtty.contours.draft import EditState, SlicePoint, point_at_pixel
from dcmtty.contours.model import INTERPRETED_TYPES, Contour, GeometricType, Roi, frozen_points
from made_series import COLUMNS, ROWS, made_series, sop_uid

SERIES = made_series(6)


def contour_content(contour: Contour) -> tuple[object, ...]:
    """Everything of a contour but its version."""
    points = contour.points_xyz.tolist()
    return contour.geometric_type, points, contour.sop_instance_uid, contour.frame, contour.number, contour.origin


def roi_content(roi: Roi) -> tuple[object, ...]:
    """Everything of an ROI but its version."""
    contours = [contour_content(contour) for contour in roi.contours]
    rest = roi.interpreted_type, roi.generation_algorithm, roi.origin, roi.frame_of_reference_uid
    return roi.number, roi.name, roi.color, contours, rest


def content(state: EditState) -> tuple[object, ...]:
    """Everything of a state but versions."""
    structure_set = state.structure_set
    head = structure_set.label, structure_set.name, structure_set.approval_status, structure_set.sop_instance_uid
    where = structure_set.frame_of_reference_uid, structure_set.series_uid, structure_set.study_uid
    return head, where, [roi_content(roi) for roi in structure_set.rois], state.draft


def pixel(slice_number: int, column: float, row: float) -> SlicePoint:
    """A point on the made series."""
    return point_at_pixel(SERIES, slice_number, column, row)


def triangle(slice_number: int = 2, shift: float = 0.0) -> Contour:
    """A closed contour on the made series."""
    points = [pixel(slice_number, 3 + shift, 4).xyz, pixel(slice_number, 9, 4).xyz, pixel(slice_number, 6, 12).xyz]
    return Contour(GeometricType.CLOSED_PLANAR, frozen_points(points), sop_uid(slice_number), origin=0)


_numbers = st.integers(0, 4)
_indexes = st.integers(0, 5)
_types = st.sampled_from(list(GeometricType))
_names = st.sampled_from(["A", "B", "C", "", "x" * 65, "back\\slash"])
_colors = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 256))
_points = st.builds(pixel, st.sampled_from([1, 1, 1, 2]), st.integers(0, COLUMNS - 1), st.integers(0, ROWS - 1))
_refs = st.builds(edit.ContourRef, _numbers, _indexes)
_targets = st.one_of(st.none(), _refs)
_imported = st.builds(
    lambda number, name, shift: Roi(number, name, (1, 2, 3), "ORGAN", (triangle(3, shift),)),
    _numbers,
    _names,
    st.floats(0, 2),
)

edits: st.SearchStrategy[edit.Edit] = st.one_of(
    st.builds(edit.StartContour, _numbers, _types),
    st.builds(edit.AddPoint, _points),
    st.builds(edit.AddPoint, _points),
    st.builds(edit.AddPoint, _points),
    st.builds(edit.InsertPoint, _indexes, _points, _targets),
    st.builds(edit.MovePoint, _indexes, _points, _targets),
    st.builds(edit.DeletePoint, _indexes, _targets),
    st.builds(edit.CloseContour),
    st.builds(edit.DiscardDraft),
    st.builds(edit.DeleteContour, _refs),
    st.builds(edit.NewRoi, _names, st.sampled_from(["", "PTV", "no type"]), st.one_of(st.none(), _colors)),
    st.builds(edit.RenameRoi, _numbers, _names),
    st.builds(edit.SetRoiType, _numbers, st.sampled_from([*INTERPRETED_TYPES[:3], "nonsense"])),
    st.builds(edit.SetRoiColor, _numbers, _colors),
    st.builds(edit.DeleteRoi, _numbers),
    st.builds(edit.ImportRois, st.lists(_imported, max_size=2).map(tuple)),
    st.builds(edit.SetLabel, st.sampled_from(["PLAN 2", "", "seventeen letters"])),
)
"""Edits of all kinds; many of them cannot be done, which must change nothing."""
