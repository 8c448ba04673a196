"""Draws a terminal's screen as PNG: block glyphs as rectangles, so that no seam shows, letters in a monospace font."""

from pathlib import Path
from typing import Final

import pyte
from PIL import Image, ImageDraw, ImageFont

CELL_PX: Final = (10, 20)
"""Width and height of a character cell."""
_TEXT_PX: Final = 16
_FONTS: Final = ("DejaVuSansMono", "NotoSansMono-Regular", "LiberationMono-Regular", "Menlo", "consola")
_DEFAULT: Final = {"fg": "d0d0d0", "bg": "000000"}
_NAMED: Final = {
    "black": "000000",
    "red": "cd0000",
    "green": "00cd00",
    "brown": "cdcd00",
    "blue": "0000ee",
    "magenta": "cd00cd",
    "cyan": "00cdcd",
    "white": "e5e5e5",
}
# Which quarters of the cell a glyph fills: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
_QUARTERS: Final = {"▘": 1, "▝": 2, "▀": 3, "▖": 4, "▌": 5, "▞": 6, "▛": 7, "▗": 8, "▚": 9, "▐": 10, "▜": 11, "▄": 12}
_QUARTERS_REST: Final = {"▙": 13, "▟": 14, "█": 15}
# Which arms a line glyph has from the middle of its cell: 1 left, 2 right, 4 up, 8 down.
_LINES: Final = {"─": 3, "│": 12, "┌": 10, "┐": 9, "└": 6, "┘": 5, "├": 14, "┤": 13, "┬": 11, "┴": 7, "┼": 15}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]


def find_font() -> Font:
    """The first monospace font that this system has, or the one that Pillow brings."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, _TEXT_PX)
        except OSError:
            continue
    return ImageFont.load_default(_TEXT_PX)


def draw(screen: pyte.Screen, font: Font) -> Image.Image:
    """The screen as a picture, without the cursor."""
    width, height = CELL_PX
    image = Image.new("RGB", (screen.columns * width, screen.lines * height))
    canvas = ImageDraw.Draw(image)
    for row in range(screen.lines):
        for column in range(screen.columns):
            _draw_cell(canvas, column * width, row * height, screen.buffer[row][column], font)
    return image


def save(image: Image.Image, path: Path) -> None:
    """Write a picture as a PNG with a palette, the smallest that Pillow makes."""
    colours = len(image.getcolors(1 << 24) or ())
    image.quantize(min(colours, 256), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def _draw_cell(canvas: ImageDraw.ImageDraw, left: int, top: int, cell: pyte.screens.Char, font: Font) -> None:
    front, back = _colour(cell.fg, "fg"), _colour(cell.bg, "bg")
    if cell.reverse:
        front, back = back, front
    width, height = CELL_PX
    canvas.rectangle((left, top, left + width - 1, top + height - 1), fill=back)
    glyph = cell.data
    quarters = _QUARTERS.get(glyph, 0) or _QUARTERS_REST.get(glyph, 0)
    if quarters:
        _draw_quarters(canvas, left, top, quarters, front)
    elif glyph in _LINES:
        _draw_lines(canvas, left, top, _LINES[glyph], front)
    elif glyph.strip():
        place = (left + width / 2, top + height * 0.77)
        if isinstance(font, ImageFont.FreeTypeFont):
            canvas.text(place, glyph, fill=front, font=font, anchor="ms")
        else:
            canvas.text((left, top), glyph, fill=front, font=font)
    if cell.underscore:
        canvas.line((left, top + height - 2, left + width - 1, top + height - 2), fill=front)


def _draw_quarters(canvas: ImageDraw.ImageDraw, left: int, top: int, quarters: int, colour: Colour) -> None:
    width, height = CELL_PX[0] // 2, CELL_PX[1] // 2
    for bit in range(4):
        if quarters >> bit & 1:
            x, y = left + bit % 2 * width, top + bit // 2 * height
            canvas.rectangle((x, y, x + width - 1, y + height - 1), fill=colour)


def _draw_lines(canvas: ImageDraw.ImageDraw, left: int, top: int, arms: int, colour: Colour) -> None:
    width, height = CELL_PX
    x, y = left + width // 2, top + height // 2
    for bit, end in enumerate(((left, y), (left + width - 1, y), (x, top), (x, top + height - 1))):
        if arms >> bit & 1:
            canvas.line(((x, y), end), fill=colour)


def _colour(name: str, ground: str) -> Colour:
    bright = name.removeprefix("bright")
    code = _DEFAULT[ground] if name == "default" else _NAMED.get(bright, bright)
    lift = 60 if bright != name and bright == "black" else 0
    red, green, blue = (min(int(code[at : at + 2], 16) + lift, 255) for at in (0, 2, 4))
    return red, green, blue
