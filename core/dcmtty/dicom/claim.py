"""What a header claims about its picture: rows, columns, frames, and whether the pixels suffice for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dcmtty.errors import InputError

MAX_FRAMES = 100_000
_BELIEVED_FRAMES = 4096
"""More are believed only where the pixel data has room for them: each costs memory in every list."""
NO_SOP_UIDS = "no SOP Class or SOP Instance UID; the file may be cut"
"""A warning on an object that does not say what it is."""
Values = Mapping[str, tuple[str, ...]]
"""Keyword to the values of an attribute."""


class PixelElement(NamedTuple):
    """The element that holds the pixels."""

    tag: int
    length: int
    """In bytes; 0 when encapsulated."""
    encapsulated: bool
    room_bytes: int = 0
    """How many bytes its value may take, fragments and all."""


class Claim(NamedTuple):
    """The size of a picture; no frames where there is none."""

    rows: int
    columns: int
    frames: int
    warnings: tuple[str, ...]


def claimed_picture(values: Values, pixels: PixelElement | None, name: str) -> Claim:
    """Return what the values claim.

    Raises:
        InputError: an unbelievable number of frames; `name` stands for the file in the message.
    """
    rows, columns = _count(values, "Rows"), _count(values, "Columns")
    if pixels is None or (not pixels.length and not pixels.encapsulated):
        claims_image = "Rows" in values or "Columns" in values
        warning = "no pixel data although it has rows and columns; stripped, or cut"
        return Claim(rows, columns, 0, (warning,) if claims_image else ())
    if not (rows and columns):
        return Claim(rows, columns, 0, ("pixel data without usable Rows and Columns",))
    warnings: tuple[str, ...] = ()
    number = _count(values, "NumberOfFrames") if "NumberOfFrames" in values else 1
    if not number:
        warnings += ("Number of Frames is not usable; taken as 1",)
        number = 1
    if number > MAX_FRAMES:
        raise InputError(f"{name}: says it has {number} frames", remedy="refused")
    if number > _BELIEVED_FRAMES and number > (room := _most_frames(values, pixels, rows * columns)):
        raise InputError(f"{name}: says it has {number} frames, with room for {room} at the most", remedy="refused")
    if not _pixels_suffice(values, pixels, rows * columns * number):
        warnings += ("Pixel Data is shorter than Rows, Columns and Number of Frames ask for",)
    return Claim(rows, columns, number, warnings)


def _count(values: Values, keyword: str) -> int:
    """Return a positive whole number, 0 when there is none."""
    try:
        number = int(values.get(keyword, ("",))[0])
    except ValueError:
        return 0
    return max(number, 0)


def _pixels_suffice(values: Values, pixels: PixelElement, pixel_count: int) -> bool:
    return pixels.encapsulated or pixels.length * 8 >= pixel_count * _pixel_bits(values)


def _most_frames(values: Values, pixels: PixelElement, pixel_count: int) -> int:
    """Return how many frames fit: each fragment of a compressed one has a head of 8 bytes (PS3.5 A.4)."""
    if pixels.encapsulated:
        return pixels.room_bytes // 8
    return pixels.length * 8 // (pixel_count * _pixel_bits(values))


def _pixel_bits(values: Values) -> int:
    samples = _count(values, "SamplesPerPixel") or 1
    if values.get("PhotometricInterpretation", ("",))[0].startswith("YBR_FULL_422"):
        samples = 2
    return samples * (_count(values, "BitsAllocated") or 1)
