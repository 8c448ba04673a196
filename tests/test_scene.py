"""What a scene holds: averages, background, letters, lines at half a cell, and whose slice it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from dcmtty.dicom.picture import Picture
from dcmtty.render.drawing import CURSOR, EMPHASISED, LINE, VERTEX
from dcmtty.render.scene import Overlay, Scene, compose
from dcmtty.render.viewport import fit
from made_pictures import PLAIN, color_picture, grey_picture, plane

RED, GREEN = (255, 0, 0), (0, 255, 0)
coordinates = st.floats(-1e4, 1e4)


def flat(rows: int = 40, columns: int = 40, level: float = 100.0) -> Picture:
    return grey_picture(np.full((rows, columns), level))


def overlay(points: ArrayLike, *, closed: bool = False, markers: bool = False, emphasis: bool = False) -> Overlay:
    return Overlay(np.asarray(points, dtype=np.float64), closed, RED, markers=markers, emphasis=emphasis)


def drawn(*overlays: Overlay, cursor: tuple[float, float] | None = None) -> Scene:
    """A scene of 40 x 40 pixels in which a sample is a pixel."""
    picture = flat()
    return compose(picture, fit(picture, 40, 20), PLAIN, overlays=overlays, cursor=cursor, letters=False)


def painted(scene: Scene) -> set[tuple[int, int]]:
    return {(int(column), int(row)) for row, column in np.argwhere(scene.paint >= 0)}


def test_a_smaller_picture_is_the_average_of_what_is_seen() -> None:
    values = np.random.default_rng(1).uniform(-100, 400, (60, 80)).astype(np.float32)
    picture = grey_picture(values)
    scene = compose(picture, fit(picture, 20, 15 // 2 + 1).resized(20, 8), PLAIN, letters=False)
    seen = np.clip(values, 0, 255)
    blocks = seen[:56].reshape(14, 4, 20, 4).mean(axis=(1, 3))
    # Eight rows of cells are 16 samples of 4 pixels; the picture's 15 lie half a sample lower.
    lower = seen[2:58].reshape(14, 4, 20, 4).mean(axis=(1, 3))
    assert blocks.shape == lower.shape
    np.testing.assert_allclose(scene.levels[1:15], lower, atol=0.51)


def test_at_its_own_size_every_sample_is_its_pixel() -> None:
    values = np.random.default_rng(2).integers(0, 256, (40, 40))
    picture = grey_picture(values)
    np.testing.assert_array_equal(compose(picture, fit(picture, 40, 20), PLAIN, letters=False).levels, values)


def test_a_little_enlarged_it_is_interpolated_and_much_enlarged_pixels_are_rectangles() -> None:
    picture = grey_picture([[0, 200], [0, 200]])
    soft = np.unique(compose(picture, fit(picture, 4, 2), PLAIN, letters=False).levels)
    sharp = np.unique(compose(picture, fit(picture, 40, 20), PLAIN, letters=False).levels)
    assert soft.tolist() == [0, 50, 150, 200]
    assert sharp.tolist() == [0, 200]


def test_colour_pictures_are_averaged_by_channel() -> None:
    picture = color_picture(np.tile(np.array([[[0, 10, 200], [100, 30, 0]]]), (8, 4, 1)))
    scene = compose(picture, fit(picture, 4, 2), PLAIN)
    assert scene.is_color
    assert (scene.levels == (50, 20, 100)).all()
    assert scene.labels == ()


def test_padding_and_what_lies_outside_are_background_even_when_inverted() -> None:
    mask = np.zeros((40, 40), dtype=np.bool_)
    mask[:, :10] = True
    picture = grey_picture(np.full((40, 40), 30.0), padding=mask)
    scene = compose(picture, fit(picture, 60, 20), PLAIN, inverted=True, letters=False)
    assert not scene.inside[:, :20].any()
    assert not scene.levels[:, :20].any()
    assert (scene.levels[:, 20:50] == 225).all()
    assert not scene.inside[:, 50:].any()


def test_padding_does_not_bleed_into_its_neighbours() -> None:
    values = np.full((40, 40), 200.0)
    mask = np.zeros((40, 40), dtype=np.bool_)
    values[:, ::4], mask[:, ::4] = -3000, True
    picture = grey_picture(values, padding=mask)
    scene = compose(picture, fit(picture, 10, 5), PLAIN, letters=False)
    assert (scene.levels == 200).all()


def test_a_gap_is_told_from_what_is_black() -> None:
    values = np.zeros((40, 40), dtype=np.float32)
    values[10:20] = np.nan
    scene = compose(grey_picture(values), fit((40, 40), 40, 20), PLAIN, letters=False)
    assert scene.gap[10:20].all()
    assert not scene.gap[:10].any()
    assert not scene.gap[20:].any()


@pytest.mark.parametrize(
    ("orientation", "left_right_top_bottom"),
    [
        ((1, 0, 0, 0, 1, 0), "RLAP"),
        ((-1, 0, 0, 0, -1, 0), "LRPA"),
        ((1, 0, 0, 0, 0, -1), "RLHF"),
        ((0, 1, 0, 0, 0, -1), "APHF"),
        ((0, -1, 0, 0, 0, 1), "PAFH"),
    ],
)
def test_the_letters_at_the_edges_come_from_the_direction_cosines(
    orientation: tuple[float, ...], left_right_top_bottom: str
) -> None:
    picture = Picture(np.zeros((40, 40), dtype=np.float32), plane=plane(40, 40, orientation=orientation))
    labels = compose(picture, fit(picture, 41, 21), PLAIN).labels
    left, right, top, bottom = labels
    assert "".join(label.text for label in labels) == left_right_top_bottom
    assert (left.cell_column, left.cell_row) == (0, 10)
    assert (right.cell_column, right.cell_row) == (40, 10)
    assert (top.cell_column, top.cell_row) == (20, 0)
    assert (bottom.cell_column, bottom.cell_row) == (20, 20)


def test_an_oblique_plane_has_letters_of_every_direction_and_none_outside_the_view() -> None:
    turned = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)
    picture = Picture(np.zeros((40, 40), dtype=np.float32), plane=plane(40, 40, orientation=turned))
    labels = compose(picture, fit(picture, 40, 20), PLAIN).labels
    assert [label.text for label in labels] == ["RA", "LP", "H", "F"]
    assert labels[1].cell_column == 38


def test_without_a_plane_there_are_no_letters() -> None:
    picture = Picture(np.zeros((40, 40), dtype=np.float32))
    assert compose(picture, fit(picture, 40, 20), PLAIN).labels == ()


def test_a_scene_names_the_slice_it_was_made_of() -> None:
    picture = flat()
    scene = compose(picture, fit(picture, 40, 20), PLAIN)
    assert (scene.sop_instance_uid, scene.frame, scene.picture_version) == ("1.2.3", 1, picture.version)


def test_a_line_passes_its_pixels_without_holes() -> None:
    assert painted(drawn(overlay([(5, 5), (9, 5)]))) == {(column, 5) for column in range(5, 10)}
    steep = painted(drawn(overlay([(3, 2), (6, 30)])))
    assert {row for _, row in steep} == set(range(2, 31))


def test_a_closed_line_joins_its_ends_and_an_open_one_does_not() -> None:
    corner = [(5, 5), (15, 5), (15, 15)]
    assert (10, 10) not in painted(drawn(overlay(corner)))
    assert (10, 10) in painted(drawn(overlay(corner, closed=True)))


def test_lines_are_drawn_at_half_a_cell() -> None:
    scene = drawn(overlay([(5, 7), (9, 7)]))
    assert (scene.paint[7, 5:10] == 0xFF0000).all()
    assert not (scene.paint[6] >= 0).any()


@given(points=st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=12), closed=st.booleans())
def test_clipping_paints_what_an_unclipped_line_would(points: list[tuple[float, float]], *, closed: bool) -> None:
    seen = painted(drawn(overlay(points, closed=closed)))
    assert seen <= near_line(points, closed=closed, distance=1.01)
    assert near_line(points, closed=closed, distance=0.05) <= grown(seen)


def near_line(points: list[tuple[float, float]], *, closed: bool, distance: float) -> set[tuple[int, int]]:
    """Every sample whose middle is at most this far from the line."""
    rows, columns = np.mgrid[0:40, 0:40]
    near: NDArray[np.bool_] = np.zeros((40, 40), dtype=np.bool_)
    ends = [*points[1:], points[0]] if closed else points[1:]
    for (x1, y1), (x2, y2) in zip(points, ends, strict=False):
        length = max((x2 - x1) ** 2 + (y2 - y1) ** 2, 1e-12)
        share = np.clip(((columns - x1) * (x2 - x1) + (rows - y1) * (y2 - y1)) / length, 0, 1)
        near |= np.hypot(columns - x1 - share * (x2 - x1), rows - y1 - share * (y2 - y1)) <= distance
    return {(int(column), int(row)) for row, column in np.argwhere(near)}


def grown(cells: set[tuple[int, int]]) -> set[tuple[int, int]]:
    steps = (-1, 0, 1)
    return {(column + dx, row + dy) for column, row in cells for dx in steps for dy in steps}


def test_a_line_from_far_outside_costs_only_what_is_seen() -> None:
    scene = drawn(overlay([(-1e9, 20), (1e9, 20)]))
    assert painted(scene) == {(column, 20) for column in range(40)}


def test_one_point_is_a_cross_with_its_middle_marked() -> None:
    scene = drawn(overlay([(20, 20)]))
    assert scene.mark[20, 20] == VERTEX
    assert {(20, 18), (20, 22), (18, 20), (22, 20)} <= painted(scene)


def test_vertices_are_marked_where_wanted_and_emphasised_lines_lie_above() -> None:
    scene = drawn(overlay([(5, 5), (9, 5)], markers=True, emphasis=True), overlay([(2, 5), (30, 5)]))
    assert scene.mark[5, 5] == scene.mark[5, 9] == VERTEX
    assert scene.mark[5, 7] == EMPHASISED
    assert scene.mark[5, 20] == LINE


def test_points_that_are_no_numbers_draw_nothing() -> None:
    assert not painted(drawn(overlay([(np.nan, 4), (np.inf, 5)])))


def test_the_crosshair_marks_its_pixel_and_leaves_the_neighbours_free() -> None:
    scene = drawn(cursor=(20.0, 21.0))
    assert scene.mark[21, 20] == CURSOR
    assert scene.cursor_cell == (20, 10)
    assert (scene.mark[20, 19:22] == 0).all()
    assert scene.mark[21, 23] == CURSOR


def test_a_label_stands_right_of_its_line_and_is_safe() -> None:
    named = Overlay(np.array([[5.0, 12.0], [9.0, 30.0]]), closed=False, color=GREEN, label="a\x1b[2J")
    label = compose(flat(), fit((40, 40), 40, 20), PLAIN, overlays=(named,), letters=False).labels[0]
    assert label.cell_column == 10
    assert label.text == r"a\x1b[2J"


def test_a_name_stands_once_by_the_line_that_reaches_furthest_right() -> None:
    lines = tuple(
        Overlay(np.array([[5.0, row], [end, row]]), closed=False, color=GREEN, label="GTV")
        for row, end in ((30.0, 9.0), (8.0, 15.0), (20.0, 12.0))
    )
    labels = compose(flat(), fit((40, 40), 40, 20), PLAIN, overlays=lines, letters=False).labels
    assert [(label.text, label.cell_column, label.cell_row) for label in labels] == [("GTV", 16, 4)]


def test_the_arms_of_the_crosshair_do_not_hide_a_line() -> None:
    scene = drawn(overlay([(0, 20), (39, 20)]), cursor=(20.0, 20.0))
    assert scene.mark[20, 20] == CURSOR
    assert (np.delete(scene.mark[20], 20) == LINE).all()
