"""Cells and their text, read back by a terminal emulator that knows nothing of how they were made."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyte.graphics import FG_BG_256

from dcmtty.dicom.picture import Picture
from dcmtty.render.ansi import to_ansi
from dcmtty.render.cells import Cells, Depth, ascii_cells, half_blocks
from dcmtty.render.diff import changed_rows
from dcmtty.render.ramp import ASCII_RAMP, SIXTEEN_SHADES, palette_of_grey, palette_of_rgb, sixteen_of_rgb
from dcmtty.render.scene import Overlay, Scene, compose
from dcmtty.render.viewport import fit
from made_pictures import PLAIN, color_picture, grey_picture

PALETTE = np.array([[int(color[index : index + 2], 16) for index in (0, 2, 4)] for color in FG_BG_256])
DEPTHS: tuple[Depth, ...] = ("truecolor", "256", "16", "none")
ESCAPE = "\x1b"


def scene_of(values: NDArray[np.float64] | NDArray[np.uint8], overlays: tuple[Overlay, ...] = ()) -> Scene:
    """A scene in which a sample is a pixel."""
    picture = color_picture(values) if values.ndim == 3 else grey_picture(values)
    rows, columns = values.shape[:2]
    return compose(picture, fit(picture, columns, rows // 2), PLAIN, overlays=overlays, letters=False)


def noise(rows: int = 20, columns: int = 30, seed: int = 3) -> NDArray[np.float64]:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.float64)


def screen_of(cells: Cells) -> pyte.Screen:
    rows, columns = cells.glyphs.shape
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed("\r\n".join(to_ansi(cells)))
    return screen


def read_back(cells: Cells) -> NDArray[np.int64]:
    """What an emulated terminal shows, RGB (2 x rows, columns, 3)."""
    screen = screen_of(cells)
    rows, columns = cells.glyphs.shape
    out = np.zeros((2 * rows, columns, 3), dtype=np.int64)
    for row in range(rows):
        for column in range(columns):
            cell = screen.buffer[row][column]
            ink, paper = (
                [int(color[index : index + 2], 16) for index in (0, 2, 4)] if color != "default" else [0, 0, 0]
                for color in (cell.fg, cell.bg)
            )
            upper, lower = {"▀": (ink, paper), "▄": (paper, ink), "█": (ink, ink), " ": (paper, paper)}[cell.data]
            out[2 * row, column], out[2 * row + 1, column] = upper, lower
    return out


def test_a_truecolor_terminal_shows_every_sample_exactly() -> None:
    values = noise()
    shown = read_back(half_blocks(scene_of(values), "truecolor"))
    np.testing.assert_array_equal(shown, np.repeat(values[..., np.newaxis], 3, axis=2))


def test_a_256_colour_terminal_shows_the_nearest_of_its_greys() -> None:
    values = np.arange(256).reshape(8, 32).astype(np.float64)
    shown = read_back(half_blocks(scene_of(values), "256"))
    greys = np.array([color[0] for color in PALETTE[16:] if len(set(color)) == 1])
    nearest = np.abs(greys[:, np.newaxis, np.newaxis] - values).min(axis=0)
    assert (shown[..., 0] == shown[..., 1]).all()
    np.testing.assert_array_equal(np.abs(shown[..., 0] - values), nearest)


def test_the_palette_has_thirty_greys_and_they_are_all_used() -> None:
    assert len(set(palette_of_grey().tolist())) == 30


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_colours_become_the_nearest_of_the_palette(seed: int) -> None:
    colors = np.random.default_rng(seed).integers(0, 256, (16, 3)).astype(np.uint8)
    chosen = PALETTE[palette_of_rgb(colors)]
    error = ((chosen - colors) ** 2).sum(axis=1)
    best = ((PALETTE[np.newaxis, 16:] - colors[:, np.newaxis].astype(np.int64)) ** 2).sum(axis=2).min(axis=1)
    # The nearest grey is taken by the mean, which can miss the best by a step of the grey ramp.
    assert (np.sqrt(error) <= np.sqrt(best) + 6).all()


@given(seed=st.integers(0, 10_000), levels=st.integers(1, 5), depth=st.sampled_from(["truecolor", "256"]))
@settings(max_examples=40)
def test_merging_runs_and_swapping_halves_changes_nothing_on_screen(seed: int, levels: int, depth: Depth) -> None:
    chance = np.random.default_rng(seed)
    values = chance.choice([0.0, 95.0, 128.0, 238.0, 255.0][:levels], (8, 12))
    cells = half_blocks(scene_of(values), depth)
    expected = values if depth == "truecolor" else PALETTE[palette_of_grey()[values.astype(int)]][..., 0]
    np.testing.assert_array_equal(read_back(cells)[..., 0], expected)


def test_a_colour_is_sent_only_when_it_changes() -> None:
    lines = to_ansi(half_blocks(scene_of(np.full((4, 50), 128.0)), "256"))
    assert all(line.count(ESCAPE) == 2 for line in lines)
    assert all(line.endswith("\x1b[0m") for line in lines)


@pytest.mark.parametrize("draw", [half_blocks, ascii_cells])
def test_without_colours_there_is_no_escape_sequence_at_all(draw: Callable[[Scene, Depth], Cells]) -> None:
    values = np.dstack([noise(), noise(seed=4), noise(seed=5)]).astype(np.uint8)
    ring = Overlay(np.array([[5.0, 5.0], [15.0, 15.0]]), closed=False, color=(255, 0, 0), markers=True)
    for scene in (scene_of(noise(), overlays=(ring,)), scene_of(values, overlays=(ring,))):
        text = "".join(to_ansi(draw(scene, "none")))
        assert ESCAPE not in text
        assert "x" in text


@pytest.mark.parametrize("depth", DEPTHS)
def test_ascii_is_ascii_and_brighter_is_denser(depth: Depth) -> None:
    values = np.tile(np.linspace(0, 255, 64), (4, 1))
    cells = ascii_cells(scene_of(values), depth)
    glyphs = [chr(code) for code in cells.glyphs[0]]
    fills = [ASCII_RAMP[glyph] for glyph in glyphs]
    assert fills == sorted(fills)
    assert (glyphs[0], glyphs[-1]) == (" ", "@")
    assert "".join(to_ansi(cells)).isascii()


def test_overlays_can_be_told_from_every_density_without_colour() -> None:
    assert not set("oOx+~") & set(ASCII_RAMP)


def test_sixteen_colours_give_thirteen_even_shades_with_plain_codes() -> None:
    values = np.tile(np.linspace(0, 255, 130), (4, 1))
    cells = half_blocks(scene_of(values), "16")
    vga = {0: 0.0, 7: 170.0, 8: 85.0, 15: 255.0}
    fill = {" ": 0.0, "░": 0.25, "▒": 0.5, "▓": 0.75, "█": 1.0}
    shades = [vga[ink] * fill[glyph] + vga[paper] * (1 - fill[glyph]) for glyph, ink, paper in SIXTEEN_SHADES]
    np.testing.assert_allclose(shades, np.linspace(0, 255, 13), atol=1)
    shown = [
        vga[int(ink)] * fill[chr(code)] + vga[int(paper)] * (1 - fill[chr(code)])
        for code, ink, paper in zip(cells.glyphs[0], cells.foreground[0], cells.background[0], strict=True)
    ]
    assert np.abs(np.array(shown) - values[0]).max() <= 255 / 24 + 1
    codes = {int(code) for part in re.findall(r"\x1b\[([0-9;]*)m", "".join(to_ansi(cells))) for code in part.split(";")}
    assert codes <= {0, *range(30, 38), *range(40, 48), *range(90, 98)}


def test_a_contour_keeps_its_half_cell_and_its_colour() -> None:
    line = Overlay(np.array([[4.0, 7.0], [20.0, 7.0]]), closed=False, color=(255, 0, 0))
    scene = scene_of(np.full((20, 30), 128.0), overlays=(line,))
    for depth in ("truecolor", "256"):
        shown = read_back(half_blocks(scene, "truecolor" if depth == "truecolor" else "256"))
        assert (shown[7, 4:21] == (255, 0, 0)).all()
        assert (np.abs(shown[6] - 128) <= 2).all()
    assert sixteen_of_rgb((255, 0, 0)) == 9
    sixteen = half_blocks(scene, "16")
    assert (sixteen.foreground[3, 4:21] == 9).all()
    assert {chr(code) for code in sixteen.glyphs[3, 4:21]} == {"▄"}


def gap_scene(first: int, last: int) -> Scene:
    values = np.zeros((20, 30), dtype=np.float32)
    values[first:last] = np.nan
    return compose(grey_picture(values), fit((20, 30), 30, 10), PLAIN, letters=False)


def test_a_gap_is_dotted_in_every_depth() -> None:
    scene = gap_scene(8, 12)
    for depth in DEPTHS:
        assert {chr(code) for code in half_blocks(scene, depth).glyphs[4:6].ravel()} == {"·"}
        assert {chr(code) for code in ascii_cells(scene, depth).glyphs[4:6].ravel()} == {"~"}


def test_a_gap_of_half_a_cell_is_not_taken_for_air() -> None:
    scene = gap_scene(9, 10)
    shown = read_back(half_blocks(scene, "256"))
    assert (shown[9] == (0, 0, 95)).all()
    assert (shown[8] == 0).all()
    assert {chr(code) for code in half_blocks(scene, "16").glyphs[4]} == {"·"}
    assert {chr(code) for code in ascii_cells(scene, "none").glyphs[4]} == {"~"}


@pytest.mark.parametrize("depth", DEPTHS)
def test_letters_stand_over_the_picture(depth: Depth) -> None:
    picture = grey_picture(np.full((40, 40), 255.0))
    cells = half_blocks(compose(picture, fit(picture, 40, 20), PLAIN), depth)
    assert [chr(cells.glyphs[place]) for place in ((10, 0), (10, 39), (0, 19), (19, 19))] == ["R", "L", "A", "P"]
    assert (cells.foreground[10, 0] == cells.background[10, 0]) == (depth == "none")


def test_only_rows_that_look_different_are_named() -> None:
    first = half_blocks(scene_of(noise()), "256")
    values = noise()
    values[7, 3] = 255 - values[7, 3]
    second = half_blocks(scene_of(values), "256")
    assert changed_rows(first, first) == []
    assert changed_rows(first, half_blocks(scene_of(noise()), "256")) == []
    assert changed_rows(first, second) == [3]
    assert changed_rows(None, first) == list(range(10))
    assert changed_rows(first, half_blocks(scene_of(noise(24)), "256")) == list(range(12))


@given(seed=st.integers(0, 10_000), count=st.integers(0, 6))
@settings(max_examples=30)
def test_sending_the_changed_rows_alone_gives_the_new_screen(seed: int, count: int) -> None:
    chance = np.random.default_rng(seed)
    before = noise(seed=seed)
    after = before.copy()
    after[chance.integers(0, 20, count), chance.integers(0, 30, count)] = 255
    old, new = half_blocks(scene_of(before), "truecolor"), half_blocks(scene_of(after), "truecolor")
    screen = screen_of(old)
    lines = to_ansi(new)
    for row in changed_rows(old, new):
        pyte.Stream(screen).feed(f"\x1b[{row + 1};1H{lines[row]}")
    fresh = screen_of(new)
    for row in range(10):
        assert [screen.buffer[row][column] for column in range(30)] == [
            fresh.buffer[row][column] for column in range(30)
        ]


def test_a_scene_of_another_subdivision_is_refused() -> None:
    picture = grey_picture(noise())
    scene = compose(picture, fit(picture, 10, 10), PLAIN, subdivision=(1, 1))
    with pytest.raises(ValueError, match="samples per cell"):
        half_blocks(scene, "256")


def test_a_full_frame_of_the_phantom_stays_within_its_bytes(phantom_dir: Path) -> None:
    from dcmtty.dicom.pixels import read_frame
    from dcmtty.dicom.scan import scan
    from dcmtty.dicom.window import default_window

    slices = scan([phantom_dir]).series[0].slices
    picture: Picture = read_frame(slices[len(slices) // 2])
    scene = compose(picture, fit(picture, 120, 40), default_window(picture))
    assert len("\n".join(to_ansi(half_blocks(scene, "256"))).encode()) <= 60_000
