"""The view: pixels to cells and back, millimetres kept, the point under the cursor kept."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dcmtty.render.scene import compose
from dcmtty.render.viewport import Viewport, fit
from made_pictures import PLAIN, grey_picture, plane

sizes = st.integers(1, 700)
spacings = st.floats(0.05, 12)
panes = st.integers(1, 240)


@st.composite
def viewports(draw: st.DrawFn) -> Viewport:
    image = plane(draw(sizes), draw(sizes), draw(spacings), draw(spacings))
    view = fit(image, draw(panes), draw(panes), draw(st.sampled_from([1.8, 2.0, 2.3])))
    view = view.zoomed(draw(st.floats(0.3, 40)))
    return view.centered(draw(st.floats(-50, 750)), draw(st.floats(-50, 750)))


points = st.tuples(st.floats(-300, 1000), st.floats(-300, 1000))


@given(view=viewports(), point=points, subdivision=st.sampled_from([(1, 1), (1, 2), (2, 2), (2, 3), (2, 4)]))
def test_pixels_and_cells_are_inverse(view: Viewport, point: tuple[float, float], subdivision: tuple[int, int]) -> None:
    there = view.pixel_to_sample(point, subdivision)
    np.testing.assert_allclose(view.sample_to_pixel(there, subdivision)[0], point, atol=1e-8)
    np.testing.assert_allclose(view.cell_to_pixel(view.pixel_to_cell(point))[0], point, atol=1e-8)


@given(view=viewports())
def test_a_millimetre_is_as_high_as_it_is_wide(view: Viewport) -> None:
    a, b, c = view.pixel_to_cell(
        [(0, 0), (1 / view.column_spacing_mm, 0), (0, 1 / view.row_spacing_mm)],
    )
    np.testing.assert_allclose((b - a)[0], (c - a)[1] * view.cell_aspect, rtol=1e-9)


@given(view=viewports(), draw=st.data())
def test_the_pixel_in_the_middle_of_a_cell_is_found_in_that_cell(view: Viewport, draw: st.DataObject) -> None:
    cell = draw.draw(st.integers(0, view.columns - 1)), draw.draw(st.integers(0, view.rows - 1))
    assert view.cell_of(*view.pixel_at(*cell)) == cell


@given(view=viewports(), factor=st.floats(1, 8), share=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_zooming_in_keeps_the_point_under_the_cursor(view: Viewport, factor: float, share: tuple[float, float]) -> None:
    about = share[0] * (view.image_columns - 1), share[1] * (view.image_rows - 1)
    before = view.pixel_to_cell(about)[0]
    np.testing.assert_allclose(view.zoomed(factor, about).pixel_to_cell(about)[0], before, atol=1e-6)


@given(view=viewports(), dx=st.integers(-5, 5), dy=st.integers(-5, 5))
def test_panning_moves_by_whole_cells_until_the_edge_of_the_picture(view: Viewport, dx: int, dy: int) -> None:
    moved = view.panned(dx, dy)
    middle = view.cell_to_pixel([view.columns / 2 + dx, view.rows / 2 + dy])[0]
    if 0 <= middle[0] <= view.image_columns - 1 and 0 <= middle[1] <= view.image_rows - 1:
        np.testing.assert_allclose(moved.pixel_to_cell(middle)[0], [view.columns / 2, view.rows / 2], atol=1e-6)
    assert -0.5 <= moved.center_column <= view.image_columns - 0.5
    assert -0.5 <= moved.center_row <= view.image_rows - 0.5


@given(image=st.tuples(sizes, sizes, spacings, spacings), pane=st.tuples(panes, panes))
def test_a_fitted_picture_is_whole_and_touches_two_edges(
    image: tuple[int, int, float, float], pane: tuple[int, int]
) -> None:
    rows, columns, row_mm, column_mm = image
    view = fit(plane(rows, columns, row_mm, column_mm), *pane)
    first, last = view.pixel_to_cell([(-0.5, -0.5), (columns - 0.5, rows - 0.5)])
    assert (first >= -1e-6).all()
    assert (last <= np.array(pane) + 1e-6).all()
    assert np.isclose(last - first, pane, rtol=1e-9).any()


def test_a_circle_in_millimetres_is_a_circle_of_samples() -> None:
    row_mm, column_mm, radius_mm = 2.5, 0.8, 60.0
    rows, columns = 80, 250
    row, column = np.mgrid[0:rows, 0:columns]
    distance = np.hypot((row - (rows - 1) / 2) * row_mm, (column - (columns - 1) / 2) * column_mm)
    picture = grey_picture(np.where(distance <= radius_mm, 255, 0), row_mm, column_mm)
    view = fit(picture, 100, 50)
    shown = compose(picture, view, PLAIN, letters=False).levels > 127
    across, down = shown.any(axis=0).sum(), shown.any(axis=1).sum()
    # A half-block sample is as high as it is wide, so the two diameters are equal in samples.
    assert abs(int(across) - int(down)) <= 2
    diameter = 2 * radius_mm / view.mm_per_cell[0]
    assert abs(across - diameter) <= 2
    assert abs(shown.sum() / (np.pi * diameter**2 / 4) - 1) < 0.03


def test_a_picture_of_another_pane_keeps_its_zoom_and_middle() -> None:
    view = fit(plane(100, 100), 80, 24).zoomed(3).centered(20, 30)
    moved = view.resized(200, 60)
    assert (moved.zoom, moved.center_column, moved.center_row) == (3, 20, 30)
