"""Point lists as CSV with a header: one point per line, columns in any order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dcmtty.contours import points_raw as raw
from dcmtty.contours.model import GeometricType
from dcmtty.contours.points_raw import (
    PIXEL_FRAMES,
    FrameDeclaration,
    RawContour,
    RawFile,
    RawPoint,
    RawRoi,
    SliceRef,
    Where,
)
from dcmtty.text import visible

COLUMNS = (
    "roi", "number", "color", "interpreted_type", "geometric_type", "contour", "x", "y", "z", "column", "row", "slice",
    "sop_instance_uid", "instance_number", "frame",
)  # fmt: skip
"""All columns that a list may have; any other is refused, since a misspelt one would be passed over."""
_ALIASES = {
    "roi": ("roiname",),
    "number": ("roinumber",),
    "color": ("colour", "roidisplaycolor"),
    "interpreted_type": ("rtroiinterpretedtype",),
    "geometric_type": ("type", "contourgeometrictype"),
    "contour": ("contournumber",),
    "x": ("px", "xmm"),
    "y": ("py", "ymm"),
    "z": ("pz", "zmm"),
    "column": ("col",),
    "slice": ("slicenumber",),
    "sop_instance_uid": ("sopinstance", "sopuid", "referencedsopinstanceuid"),
}
"""Other names that a column may bear, in small letters and without blanks, dashes and underscores."""
_NAMES = {name.replace("_", ""): name for name in COLUMNS} | {
    other: name for name, others in _ALIASES.items() for other in others
}
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
_FORMULA_STARTS = tuple("=+-@＝＋－＠")


@dataclass(frozen=True, slots=True)
class _Head:
    columns: tuple[str, ...]
    line: int


@dataclass(slots=True)
class _Group:
    """Lines of one ROI that follow each other as one contour."""

    key: tuple[str, str]
    line: int
    geometric_type: GeometricType
    may_split: bool
    points: list[RawPoint] = field(default_factory=list[RawPoint])


def read_csv(path: Path, text: str, declaration: FrameDeclaration) -> RawFile:
    """Read a point list with a header line.

    Raises:
        PointsRefused: a line is wrong; nothing of the file is used.
        FrameNotDeclared: the frame of the coordinates is said nowhere.
    """
    rows = _rows(path, text)
    head = _head(path, rows, declaration)
    body = [(line, _cells(Where(path, line), head, cells)) for line, cells in rows]
    for line, cells in body:
        if cells.get("frame"):
            declaration.declare(line, cells["frame"])
        elif "frame" in head.columns:
            raise Where(path, line).refuse("the frame is empty", "give every line its frame")
    frame = declaration.settled()
    axes = _axes(Where(path, head.line), head, pixels=frame in PIXEL_FRAMES)
    if not body:
        raise Where(path, head.line).refuse("there is no point below the header", "check the file")
    return RawFile(path, frame, _rois(path, body, axes))


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and cells; the delimiter is the one that the header uses."""
    header = next((line for line in raw.lines_of(text) if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Where(path, reader.line_num).refuse(f"not CSV, {error}", "check the quotes") from error


def _head(path: Path, rows: Iterator[tuple[int, list[str]]], declaration: FrameDeclaration) -> _Head:
    for line, cells in rows:
        if cells[0].startswith("#"):
            key, colon, value = cells[0][1:].partition(":")
            if colon and key.strip().lower() == "frame":
                declaration.declare(line, value)
            continue
        head = _Head(tuple(_NAMES.get(_BETWEEN_WORDS.sub("", cell).lower(), cell.strip()) for cell in cells), line)
        _check_head(Where(path, line), head)
        return head
    raise Where(path, 0).refuse("no header line", f"name the columns: {', '.join(COLUMNS)}")


def _check_head(where: Where, head: _Head) -> None:
    for index, name in enumerate(head.columns):
        if name not in COLUMNS:
            problem = f"“{visible(name, 40)}” is no column of a point list"
            raise where.refuse(problem, f"use {', '.join(COLUMNS)}")
        if name in head.columns[:index]:
            raise where.refuse(f"column {name} is there twice", "keep one")
    for name in ("roi", "geometric_type"):
        if name not in head.columns:
            raise where.refuse(f"column {name} is missing", "add it to the header and to every line")


def _axes(where: Where, head: _Head, *, pixels: bool) -> tuple[str, ...]:
    axes, others = (("column", "row"), ("x", "y", "z")) if pixels else (("x", "y", "z"), ("column", "row"))
    missing = [name for name in axes if name not in head.columns]
    if missing:
        raise where.refuse(f"column {missing[0]} is missing", f"the frame declared needs {', '.join(axes)}")
    if any(name in head.columns for name in others):
        raise where.refuse("both mm and pixel columns are there", "keep those of the frame declared")
    if pixels and not {"slice", "sop_instance_uid", "instance_number"} & set(head.columns):
        raise where.refuse("nothing says on which slice a pixel is", "add a column slice or sop_instance_uid")
    return axes


def _cells(where: Where, head: _Head, cells: list[str]) -> dict[str, str]:
    if len(cells) != len(head.columns):
        raise where.refuse(
            f"{len(cells)} values for {len(head.columns)} columns (“{visible(' | '.join(cells), 60)}”)",
            "check the separators, and decimals after a point",
        )
    return {name: cell.strip() for name, cell in zip(head.columns, cells, strict=True)}


_REF_COLUMNS = ("slice", "sop_instance_uid", "instance_number")
_Refs = dict[tuple[str, ...], SliceRef]
"""What lines said about their slices, by their own words: long lists say the same again and again."""


def _point(where: Where, cells: dict[str, str], axes: tuple[str, ...], refs: _Refs) -> RawPoint:
    values = tuple([raw.number(where, cells[name], name) for name in axes])
    said = tuple([cells.get(name, "") for name in _REF_COLUMNS])
    if said not in refs:
        refs[said] = _ref(where, *said)
    return RawPoint(where.line, values, refs[said])


def _ref(where: Where, slice_text: str, sop_instance_uid: str, instance_text: str) -> SliceRef:
    return SliceRef(
        raw.integer(where, slice_text, "slice") if slice_text else None,
        sop_instance_uid,
        raw.integer(where, instance_text, "instance_number") if instance_text else None,
    )


def _groups(path: Path, body: list[tuple[int, dict[str, str]]], axes: tuple[str, ...]) -> list[_Group]:
    groups: list[_Group] = []
    refs: _Refs = {}
    seen: set[tuple[str, str]] = set()
    for line, cells in body:
        where = Where(path, line)
        kind = raw.geometric_type(where, cells["geometric_type"])
        point = _point(where, cells, axes, refs)
        key = (cells["roi"], cells.get("contour", ""))
        if not groups or not _continues(groups[-1], key, kind, point):
            if key[1] and key in seen:
                contour = visible(key[1], 20)
                raise where.refuse(f"contour {contour} was left and comes again", "keep its lines together")
            seen.add(key)
            groups.append(_Group(key, line, kind, may_split=not key[1] and point.ref.is_empty))
        elif groups[-1].geometric_type is not kind:
            raise where.refuse(f"{kind} in a contour that began as {groups[-1].geometric_type}", "use one type")
        groups[-1].points.append(point)
    return groups


def _continues(group: _Group, key: tuple[str, str], kind: GeometricType, point: RawPoint) -> bool:
    """Say whether a line belongs to the contour above it; without a contour column, what it says must be the same."""
    if key[1] or key != group.key:
        return key == group.key
    same_slice = kind is GeometricType.OPEN_NONPLANAR or point.ref == group.points[-1].ref
    return kind is group.geometric_type and kind is not GeometricType.POINT and same_slice


def _rois(path: Path, body: list[tuple[int, dict[str, str]]], axes: tuple[str, ...]) -> tuple[RawRoi, ...]:
    contours: dict[str, list[RawContour]] = {}
    for group in _groups(path, body, axes):
        contour = RawContour(group.geometric_type, tuple(group.points), group.may_split)
        contours.setdefault(group.key[0], []).append(contour)
    first: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    for line, cells in body:
        name = cells["roi"]
        lines.setdefault(name, line)
        known = first.setdefault(name, cells)
        for column in ("number", "color", "interpreted_type"):
            if known.get(column, "") != cells.get(column, ""):
                problem = f"{column} “{visible(cells[column], 40)}” differs from “{visible(known[column], 40)}” above"
                raise Where(path, line).refuse(problem, "say the same on all lines of an ROI")
    return tuple(_roi(Where(path, lines[name]), first[name], tuple(found)) for name, found in contours.items())


def _roi(where: Where, cells: dict[str, str], contours: tuple[RawContour, ...]) -> RawRoi:
    number, color = cells.get("number", ""), cells.get("color", "")
    return RawRoi(
        where.line,
        _plain(cells["roi"]),
        contours,
        raw.roi_number(where, raw.integer(where, number, "number")) if number else None,
        raw.color(where, color) if color else None,
        cells.get("interpreted_type", "").upper(),
    )


def _plain(name: str) -> str:
    """Return a name without the apostrophe that an export puts before what a spreadsheet takes for a formula."""
    return name[1:] if name.startswith("'") and name[1:].startswith(_FORMULA_STARTS) else name
