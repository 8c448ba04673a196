"""Edits do what they say or refuse with a plain reason; undo gives back exactly what was there."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmtty.contours import edit
from dcmtty.contours.draft import EditState, point_at_mm, point_at_pixel
from dcmtty.contours.edit import AddPoint, CloseContour, ContourRef, NewRoi, StartContour, apply
from dcmtty.contours.history import History
from dcmtty.contours.model import GeometricType, Roi, StructureSet
from dcmtty.errors import InputError
from edit_states import SERIES, content, edits, pixel, triangle
from made_series import empty_set, made_series, sop_uid

CLOSED, OPEN = GeometricType.CLOSED_PLANAR, GeometricType.OPEN_PLANAR
NONPLANAR, POINT = GeometricType.OPEN_NONPLANAR, GeometricType.POINT


def start() -> StructureSet:
    """An approved set with one loaded ROI of two contours."""
    roi = Roi(1, "GTV", (255, 0, 0), "GTV", (triangle(2), replace(triangle(3), origin=1)), origin=1)
    return replace(empty_set(), rois=(roi,), approval_status="APPROVED")


def done(*steps: edit.Edit, at: EditState | None = None) -> EditState:
    """The state after edits."""
    state = at or EditState(start())
    for step in steps:
        state = apply(state, step)
    return state


def square(slice_number: int = 1) -> list[edit.Edit]:
    """Points of a square on a slice."""
    return [AddPoint(pixel(slice_number, c, r)) for c, r in ((2, 3), (8, 3), (8, 9), (2, 9))]


@given(st.lists(edits, max_size=25))
def test_doing_edits_and_undoing_them_all_gives_back_what_was_there(steps: list[edit.Edit]) -> None:
    history = History(EditState(start()))
    first, first_content, contents = history.present, content(history.present), [content(history.present)]
    for step in steps:
        before = history
        try:
            history = history.do(step)
        except InputError:
            assert content(before.present) == contents[-1]
        else:
            contents.append(content(history.present))
    last = history.present
    for expected in reversed(contents[:-1]):
        history = history.undo()
        assert content(history.present) == expected
    assert history.present is first
    assert content(first) == first_content
    for expected in contents[1:]:
        history = history.redo()
        assert content(history.present) == expected
    assert history.present is last


@given(st.lists(st.one_of(edits, st.sampled_from(["undo", "redo"])), max_size=30))
@settings(max_examples=60)
def test_undo_right_after_an_edit_is_the_identity_anywhere_in_a_history(steps: list[edit.Edit | str]) -> None:
    history = History(EditState(start()))
    for step in steps:
        with contextlib.suppress(InputError):
            if isinstance(step, str):
                history = history.undo() if step == "undo" else history.redo()
                continue
            after = history.do(step)
            assert after.undo().present is history.present
            assert after.undo().redo().present is after.present
            history = after


def test_undo_has_no_limit() -> None:
    history = History(EditState(start())).do(StartContour(1, NONPLANAR))
    first = history.present
    for index in range(3000):
        history = history.do(AddPoint(pixel(1 + index % 6, index % 29, index % 31)))
    for _ in range(3000):
        history = history.undo()
    assert history.present is first


def test_undo_and_redo_say_when_there_is_nothing_left() -> None:
    history = History(EditState(start()))
    with pytest.raises(InputError, match="nothing to undo"):
        history.undo()
    with pytest.raises(InputError, match="nothing to redo"):
        history.do(NewRoi("A")).redo()


def test_a_closed_contour_lies_where_its_plane_puts_it_on_the_grid_of_a_micrometre() -> None:
    series = made_series(6, angles=(0.3, -0.5, 1.1))
    plane = series.slices[2].plane
    assert plane is not None
    pixels = [(2.25, 3.5), (8.0, 3.0), (8.125, 9.75)]
    points = [AddPoint(point_at_pixel(series, 3, *at)) for at in pixels]
    state = done(StartContour(1, CLOSED), *points, CloseContour())
    contour = state.structure_set.rois[0].contours[-1]
    assert contour.points_xyz.tolist() == [[round(float(v), 3) for v in xyz] for xyz in plane.patient_xyz(pixels)]
    assert (contour.sop_instance_uid, contour.frame, contour.origin) == (sop_uid(3), 0, -1)
    assert abs(plane.column_row_offset(contour.points_xyz)[:, 2]).max() < 0.001
    assert state.draft is None


def test_closing_by_clicking_the_first_point_again_does_not_repeat_it() -> None:
    state = done(StartContour(1, CLOSED), *square(), AddPoint(pixel(1, 2, 3)), CloseContour())
    assert len(state.structure_set.rois[0].contours[-1].points_xyz) == 4


@pytest.mark.parametrize(
    ("geometric_type", "pixels", "reason"),
    [
        (CLOSED, [(2, 3), (8, 3)], "3 different points"),
        (CLOSED, [(2, 3), (8, 3), (2, 3)], "3 different points"),
        (CLOSED, [(2, 3), (4, 3), (8, 3), (6, 3)], "no area"),
        (CLOSED, [(2, 3), (8, 9), (8, 3), (2, 9)], "crosses itself"),
        (OPEN, [(2, 3)], "2 different points"),
        (NONPLANAR, [(2, 3)], "2 different points"),
    ],
)
def test_what_is_no_contour_is_not_closed_and_the_draft_stays(
    geometric_type: GeometricType, pixels: list[tuple[int, int]], reason: str
) -> None:
    state = done(StartContour(1, geometric_type), *(AddPoint(pixel(1, *at)) for at in pixels))
    with pytest.raises(InputError, match=reason):
        apply(state, CloseContour())
    assert state.draft is not None
    assert len(state.draft.points) == len(pixels)
    assert len(state.structure_set.rois[0].contours) == 2


def test_a_point_ends_at_once_and_the_next_one_is_a_contour_of_its_own() -> None:
    state = done(StartContour(1, POINT), AddPoint(pixel(1, 2, 3)), AddPoint(pixel(4, 5, 6)))
    added = state.structure_set.rois[0].contours[2:]
    assert [contour.geometric_type for contour in added] == [POINT, POINT]
    assert [contour.points_xyz.shape for contour in added] == [(1, 3), (1, 3)]
    assert [contour.sop_instance_uid for contour in added] == [sop_uid(1), sop_uid(4)]
    assert apply(state, CloseContour()).draft is None


def test_a_planar_draft_stays_on_its_slice() -> None:
    state = done(StartContour(1, CLOSED), AddPoint(pixel(2, 2, 3)))
    with pytest.raises(InputError, match="on slice 2, the point on slice 3"):
        apply(state, AddPoint(pixel(3, 2, 3)))


def test_a_nonplanar_line_runs_through_slices_and_names_no_image() -> None:
    points = [AddPoint(pixel(number, 2 + number, 3)) for number in (1, 2, 3)]
    contour = done(StartContour(1, NONPLANAR), *points, CloseContour()).structure_set.rois[0].contours[-1]
    assert (contour.geometric_type, contour.sop_instance_uid) == (NONPLANAR, "")
    assert contour.points_xyz[:, 2].tolist() == [100.0, 103.0, 106.0]


def test_moving_a_point_of_a_loaded_contour_marks_only_what_changed() -> None:
    state = done(edit.MovePoint(0, pixel(2, 1, 2), ContourRef(1, 0)))
    roi = state.structure_set.rois[0]
    assert roi.contours[0].points_xyz[0].tolist() == list(pixel(2, 1, 2).xyz)
    assert (roi.origin, roi.contours[0].origin, roi.contours[1].origin) == (-1, -1, 1)
    assert state.structure_set.approval_status == "UNAPPROVED"
    assert start().rois[0].contours[0].points_xyz.tolist() == triangle(2).points_xyz.tolist()


def test_a_point_of_a_contour_cannot_be_put_on_another_slice() -> None:
    with pytest.raises(InputError, match="not on the slice"):
        done(edit.MovePoint(0, pixel(3, 1, 2), ContourRef(1, 0)))


def test_the_third_point_of_a_closed_contour_cannot_be_deleted() -> None:
    with pytest.raises(InputError, match="3 different points"):
        done(edit.DeletePoint(0, ContourRef(1, 0)))


def test_inserting_and_deleting_a_point_of_a_contour() -> None:
    inserted = done(edit.InsertPoint(1, pixel(2, 6, 1), ContourRef(1, 0)))
    points = inserted.structure_set.rois[0].contours[0].points_xyz
    assert points[1].tolist() == list(pixel(2, 6, 1).xyz)
    again = apply(inserted, edit.DeletePoint(1, ContourRef(1, 0)))
    assert again.structure_set.rois[0].contours[0].points_xyz.tolist() == triangle(2).points_xyz.tolist()


def test_points_of_the_draft_are_inserted_moved_and_deleted() -> None:
    state = done(StartContour(1, CLOSED), *square())
    state = done(edit.InsertPoint(1, pixel(1, 5, 1)), edit.MovePoint(2, pixel(1, 9, 2)), edit.DeletePoint(0), at=state)
    assert state.draft is not None
    assert state.draft.points_column_row.tolist() == [[5, 1], [9, 2], [8, 9], [2, 9]]


def test_an_roi_gets_a_free_number_a_colour_and_needs_a_name_of_its_own() -> None:
    state = done(NewRoi("Lung", "ORGAN"), NewRoi("Heart", color=(1, 2, 3)))
    assert [(roi.number, roi.name) for roi in state.structure_set.rois] == [(1, "GTV"), (2, "Lung"), (3, "Heart")]
    assert state.structure_set.rois[2].color == (1, 2, 3)
    for name, reason in (("Lung", "already"), (" ", "needs a name"), ("x" * 65, "64"), ("a\\b", "backslash")):
        with pytest.raises(InputError, match=reason):
            apply(state, NewRoi(name))
    with pytest.raises(InputError, match="already"):
        apply(state, edit.RenameRoi(1, "Heart"))


def test_import_keeps_free_numbers_renumbers_taken_ones_and_refuses_a_taken_name() -> None:
    rois = (Roi(1, "A", (1, 2, 3), contours=(triangle(1),)), Roi(9, "B", (1, 2, 3)))
    state = done(edit.ImportRois(rois))
    assert [(roi.number, roi.name) for roi in state.structure_set.rois] == [(1, "GTV"), (2, "A"), (9, "B")]
    with pytest.raises(InputError, match="“GTV” already"):
        done(edit.ImportRois((Roi(5, "C", (1, 2, 3)), Roi(6, "GTV", (1, 2, 3)))))


def test_an_roi_whose_contour_is_being_drawn_is_not_deleted() -> None:
    state = done(StartContour(1, CLOSED), AddPoint(pixel(1, 2, 3)))
    with pytest.raises(InputError, match="being drawn"):
        apply(state, edit.DeleteRoi(1))
    assert apply(apply(state, edit.DiscardDraft()), edit.DeleteRoi(1)).structure_set.rois == ()


def test_starting_another_contour_does_not_throw_points_away() -> None:
    state = done(StartContour(1, CLOSED), AddPoint(pixel(1, 2, 3)))
    with pytest.raises(InputError, match="another contour"):
        apply(state, StartContour(1, OPEN))


def test_typed_millimetres_are_checked_against_the_slice_shown() -> None:
    series = made_series(6, angles=(0.3, -0.5, 1.1))
    plane = series.slices[1].plane
    assert plane is not None
    typed = plane.patient_xyz([[4.5, 6.25]])[0]
    point = point_at_mm(series, 2, typed)
    assert [point.column, point.row] == pytest.approx([4.5, 6.25], abs=1e-3)
    with pytest.raises(InputError, match=r"0\.400 mm off slice 2"):
        point_at_mm(series, 2, typed + 0.4 * plane.normal)
    with pytest.raises(InputError, match="finite"):
        point_at_mm(series, 2, [1.0, float("nan"), 2.0])


@pytest.mark.parametrize(("column", "row"), [(-0.6, 3), (29.6, 3), (3, 39.6), (float("nan"), 3)])
def test_a_point_outside_the_image_is_refused(column: float, row: float) -> None:
    with pytest.raises(InputError, match="outside the image"):
        point_at_pixel(SERIES, 1, column, row)


@pytest.mark.parametrize("number", [0, 7])
def test_a_slice_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(InputError, match="no slice"):
        point_at_pixel(SERIES, number, 1, 1)


@pytest.mark.parametrize("label", ["", "x" * 17, "a\\b", "a\x1bb"])
def test_a_label_that_cannot_be_written_is_refused(label: str) -> None:
    with pytest.raises(InputError, match="label"):
        done(edit.SetLabel(label))


def test_every_edit_describes_itself_without_escape_codes() -> None:
    assert edit.RenameRoi(2, "a\x1b[31mb").describe() == "rename ROI 2 to “a\\x1b[31mb”"
    assert edit.AddPoint(pixel(2, 1, 2)).describe() == "add point 1.0, 2.0 on slice 2"
