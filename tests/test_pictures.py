"""The pictures of the documentation: drawn cell by cell from a real screen, small, and of the size they say."""

import sys
from pathlib import Path

import pyte
import pytest
from PIL import Image

import make_pictures
from picture_drawing import CELL_PX, draw, find_font
from picture_terminal import Terminal


def test_half_blocks_fill_their_halves_without_a_seam() -> None:
    screen = pyte.Screen(2, 2)
    pyte.Stream(screen).feed("\x1b[38;5;196;48;5;21m▀▀\r\n▀▀")
    image = draw(screen, find_font())
    width, height = CELL_PX
    assert image.size == (2 * width, 2 * height)
    upper, lower = (255, 0, 0), (0, 0, 255)
    half = height // 2
    assert {
        image.getpixel((x, y)) for x in range(2 * width) for y in (*range(half), *range(height, height + half))
    } == {upper}
    assert {image.getpixel((x, y)) for x in range(2 * width) for y in range(half, height)} == {lower}


def test_a_terminal_shows_what_the_program_answers_to_keys(tmp_path: Path) -> None:
    with Terminal(40, 5) as terminal:
        terminal.run([sys.executable, "-c", "print('ready'); print(input().upper()); input()"], tmp_path, {})
        terminal.wait("ready")
        terminal.press("slice", "enter", until="SLICE")


def test_a_text_that_never_comes_ends_with_what_is_there(tmp_path: Path) -> None:
    with Terminal(40, 5) as terminal:
        terminal.run([sys.executable, "-c", "print('something else')"], tmp_path, {})
        with pytest.raises(TimeoutError, match="something else"):
            terminal.wait("ready")


@pytest.mark.parametrize("name", make_pictures.SCENES)
def test_every_picture_is_there_and_small(name: str) -> None:
    path = make_pictures.IMAGES / f"{name}.png"
    assert path.stat().st_size < 150_000
    with Image.open(path) as image:
        assert image.size == (make_pictures.COLUMNS * CELL_PX[0], make_pictures.ROWS * CELL_PX[1])
