"""Areas and shapes of outlines in space, against analytic answers and a plain shoelace."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dcmtty.geometry import polygon
from dcmtty.geometry.plane import plane_from_header
from made_series import rotation

ANGLE = st.floats(-math.pi, math.pi)


def in_space(flat: list[tuple[float, float]], angles: tuple[float, float, float]) -> NDArray[np.float64]:
    """Flat points on a turned and shifted plane."""
    raised = np.array([(x, y, 0.0) for x, y in flat])
    return np.asarray(raised @ rotation(*angles).T + [310.0, -220.0, -900.0])


def shoelace(flat: list[tuple[float, float]]) -> float:
    """The area of a flat polygon, term by term."""
    total = 0.0
    for (x, y), (next_x, next_y) in zip(flat, flat[1:] + flat[:1], strict=True):
        total += x * next_y - next_x * y
    return abs(total) / 2


STAR = [(10 * (1 + i % 2) * math.cos(i * math.pi / 5), 10 * (1 + i % 2) * math.sin(i * math.pi / 5)) for i in range(10)]
KEYHOLE = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 5), (3, 5), (3, 7), (7, 7), (7, 3), (3, 3), (3, 5), (0, 5)]
BOW_TIE = [(0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0)]
CROSSING_AT_A_VERTEX = [(0.0, 0.0), (5.0, 5.0), (10.0, 10.0), (10.0, 0.0), (5.0, 5.0), (0.0, 10.0)]
TWICE_ROUND = [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (1.0, 9.0), (1.0, 1.0), (8.0, 1.0), (8.0, 8.0), (0.0, 8.0)]


@given(ANGLE, ANGLE, ANGLE)
def test_the_area_does_not_depend_on_how_the_plane_is_turned(a: float, b: float, c: float) -> None:
    assert polygon.area_mm2(in_space(STAR, (a, b, c))) == pytest.approx(shoelace(STAR), rel=1e-9)


def test_a_keyhole_leaves_its_hole_out() -> None:
    assert polygon.area_mm2(in_space(list(KEYHOLE), (0.3, 0.2, 0.1))) == pytest.approx(100 - 16)


def test_area_of_a_fine_circle_is_that_of_the_circle() -> None:
    circle = [(7 * math.cos(t), 7 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 4000, endpoint=False)]
    points = in_space(circle, (1.0, -0.4, 2.0))
    assert polygon.area_mm2(points) == pytest.approx(math.pi * 49, rel=1e-5)
    assert polygon.perimeter_mm(points) == pytest.approx(2 * math.pi * 7, rel=1e-5)


def test_an_open_line_is_shorter_than_the_closed_one_by_its_last_side() -> None:
    square = in_space([(0, 0), (4, 0), (4, 4), (0, 4)], (0.1, 0.2, 0.3))
    assert polygon.perimeter_mm(square) == pytest.approx(16)
    assert polygon.perimeter_mm(square, closed=False) == pytest.approx(12)


@pytest.mark.parametrize("flat", [BOW_TIE, CROSSING_AT_A_VERTEX, TWICE_ROUND])
def test_an_outline_that_crosses_itself_is_found(flat: list[tuple[float, float]]) -> None:
    assert polygon.crosses_itself(in_space(flat, (0.7, 0.1, -2.0)))


@pytest.mark.parametrize("flat", [STAR, KEYHOLE, [(0, 0), (5, 0), (0, 5)], KEYHOLE[::-1]])
def test_an_outline_that_only_touches_itself_does_not_cross(flat: list[tuple[float, float]]) -> None:
    assert not polygon.crosses_itself(in_space(list(flat), (0.7, 0.1, -2.0)))


def test_flatness_is_the_distance_of_the_worst_point() -> None:
    points = in_space([(0, 0), (50, 0), (50, 50), (0, 50), (25, 25)], (0.0, 0.0, 0.0))
    points[4, 2] += 0.4
    plane = plane_from_header([310, -220, -900], [1, 0, 0, 0, 1, 0], [1, 1], 60, 60)
    assert polygon.flatness_mm(points, plane) == pytest.approx(0.4)
    assert 0.2 < polygon.flatness_mm(points) <= 0.4
    assert polygon.flatness_mm(points[:4]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("flat", "reason"),
    [
        ([(1, 1)], "has 1"),
        ([(1, 1), (2, 2), (1, 1)], "has 2"),
        ([(0, 0), (1, 1), (2, 2), (9, 9)], "one line"),
        ([(0, 0), (1, 0), (0, 1)], ""),
    ],
)
def test_outlines_that_enclose_nothing_are_named(flat: list[tuple[float, float]], reason: str) -> None:
    found = polygon.degenerate(in_space(flat, (0.4, 0.5, 0.6)))
    assert reason in found
    assert bool(found) == bool(reason)
