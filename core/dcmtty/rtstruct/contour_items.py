"""Contours read from their encoded items: DS text parsed straight from the bytes, nothing moved, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcmtty.contours.model import Contour, GeometricType, frozen_points
from dcmtty.rtstruct.document import items_of, text_of
from dcmtty.rtstruct.ds import LARGEST_MM
from dcmtty.rtstruct.encoded import Item, Piece, tag_of

_CONTOUR_DATA = tag_of("ContourData")


class Unusable(Exception):
    """A contour item that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class ContourItem:
    """One item of Contour Sequence (3006,0040)."""

    contour: Contour
    """Not placed yet: `sop_instance_uid` and `frame` are those that the item names."""
    repeats_first_point: bool
    images: int
    """How many images its Contour Image Sequence names."""


def read_contour(item: Item, index: int) -> ContourItem:
    """Return the contour of an item.

    Raises:
        Unusable: unknown geometric type, or coordinates that are missing, no numbers, or not as many as said.
    """
    pieces = item.pieces()
    kind = _geometric_type(pieces)
    points = _points_xyz(pieces)
    repeats = kind.is_closed and len(points) > 1 and bool((points[0] == points[-1]).all())
    images = items_of(pieces, "ContourImageSequence")
    uid, frame = _image(images[0]) if len(images) == 1 else ("", 0)
    number = _integer(pieces, "ContourNumber") or 0
    contour = Contour(kind, frozen_points(points[:-1] if repeats else points), uid, frame, number, index)
    return ContourItem(contour, repeats, len(images))


def parse_ds(raw: bytes) -> NDArray[np.float64]:
    """Return the numbers of backslash-separated DS text, shape (n,).

    Raises:
        Unusable: one of them is no number, or not finite.
    """
    text = raw.rstrip(b"\0 ")
    if not text:
        return np.empty(0)
    if b"_" in text:
        raise Unusable("a coordinate is no number")
    try:
        values = np.array([*map(float, text.split(b"\\"))])
    except ValueError:
        raise Unusable("a coordinate is no number") from None
    if not (np.abs(values) <= LARGEST_MM).all():
        raise Unusable("a coordinate is not finite, or beyond any patient")
    return values


def _geometric_type(pieces: Mapping[int, Piece]) -> GeometricType:
    text = text_of(pieces, "ContourGeometricType")
    try:
        return GeometricType(text)
    except ValueError:
        raise Unusable("its Contour Geometric Type is none of the standard" if text else "it has no type") from None


def _points_xyz(pieces: Mapping[int, Piece]) -> NDArray[np.float64]:
    piece = pieces.get(_CONTOUR_DATA)
    values = parse_ds(piece.value) if piece is not None else np.empty(0)
    if not values.size:
        raise Unusable("it has no points")
    if values.size % 3:
        raise Unusable("its coordinates are not in threes")
    said = _integer(pieces, "NumberOfContourPoints")
    if said is not None and said != values.size // 3:
        raise Unusable(f"Number of Contour Points says {said}, {values.size // 3} are there")
    return values.reshape(-1, 3)


def _integer(pieces: Mapping[int, Piece], keyword: str) -> int | None:
    """Return an IS value; None when it is absent or no number."""
    try:
        return int(text_of(pieces, keyword))
    except ValueError:
        return None


def _image(item: Item) -> tuple[str, int]:
    """Return SOP Instance UID and frame (0 when not given) of an item of Contour Image Sequence."""
    pieces = item.pieces()
    return text_of(pieces, "ReferencedSOPInstanceUID"), _integer(pieces, "ReferencedFrameNumber") or 0
