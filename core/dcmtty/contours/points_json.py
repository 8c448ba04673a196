"""Point lists as JSON (`dcmtty.points/1`); a wrong value is named by its path in the document and its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dcmtty.contours import points_raw as raw
from dcmtty.contours.json_places import Steps, key_of, members, offset, repeated_key
from dcmtty.contours.points_raw import (
    NO_REF,
    PIXEL_FRAMES,
    FrameDeclaration,
    RawContour,
    RawFile,
    RawPoint,
    RawRoi,
    SliceRef,
    Where,
)
from dcmtty.errors import PointsRefused
from dcmtty.text import visible

SCHEMA = "dcmtty.points/1"
_FILE_KEYS = ("schema", "frame", "rois")
_ROI_KEYS = ("name", "number", "color", "interpreted_type", "contours")
_CONTOUR_KEYS = ("geometric_type", "points", "slice", "sop_instance_uid", "instance_number")


class _NotANumber(ValueError):
    """JSON as Python writes it may hold NaN; ours may not."""


class _Repeated(ValueError):
    """Of a key that is there twice, one value would be lost."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len({key_of(key) for key in found}) < len(pairs):
        raise _Repeated
    return found


def _refuse_constant(text: str) -> float:
    raise _NotANumber(text)


@dataclass(frozen=True, slots=True)
class _Document:
    """A document and where in it something stands."""

    path: Path
    text: str
    frame: raw.Frame = "lps-mm"

    def refuse(self, steps: Steps, problem: str, remedy: str) -> PointsRefused:
        """Return the error that names the line and the value's path."""
        name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        return self.where(steps).refuse(f"{visible(name, 80) or 'the document'} {problem}", remedy)

    def where(self, steps: Steps) -> Where:
        """Return the line on which a value starts."""
        return Where(self.path, self.text.count("\n", 0, offset(self.text, steps)) + 1)

    def keys(self, steps: Steps, value: object, known: tuple[str, ...]) -> dict[str, object]:
        """Return an object that holds known keys alone; `geometric type` means `geometric_type`."""
        if not isinstance(value, dict):
            raise self.refuse(steps, "is not an object", "see the schema dcmtty.points/1")
        found = {key_of(str(key)): item for key, item in value.items()}
        for key in found:
            if key not in known:
                raise self.refuse(steps, f"has a key “{visible(key, 40)}”", f"use {', '.join(known)}")
        return found

    def items(self, steps: Steps, value: object) -> list[object]:
        """Return a list."""
        if not isinstance(value, list):
            raise self.refuse(steps, "is not a list", "see the schema dcmtty.points/1")
        return list(value)

    def text_of(self, steps: Steps, value: object) -> str:
        """Return a text; null is empty."""
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.refuse(steps, f"{visible(value, 40)} is not a text", "put it between quotes")
        return value

    def integer(self, steps: Steps, value: object) -> int | None:
        """Return a whole number; null is None."""
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**31):
            raise self.refuse(steps, f"{visible(value, 40)} is not a whole number", "write digits only")
        return value

    def number(self, steps: Steps, value: object) -> float:
        """Return a number that can be a coordinate."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(steps, f"{visible(value, 40)} is not a number", "write a plain number without quotes")
        if not abs(value) <= raw.FARTHEST:
            raise self.refuse(steps, f"{visible(value, 24)} is out of all bounds", "check the units: mm or pixels")
        return float(value)


def read_json(path: Path, text: str, declaration: FrameDeclaration) -> RawFile:
    """Read a `dcmtty.points/1` document.

    Raises:
        PointsRefused: it is no JSON, or a value is wrong; nothing of the file is used.
        FrameNotDeclared: the frame of the coordinates is said nowhere.
    """
    document = _Document(path, text)
    data = document.keys((), _parsed(path, text), _FILE_KEYS)
    if data.get("schema", SCHEMA) != SCHEMA:
        raise document.refuse(("schema",), f"{visible(data['schema'], 40)} is unknown", f"use {SCHEMA}")
    if data.get("frame"):
        declaration.declare(document.where(("frame",)).line, document.text_of(("frame",), data["frame"]))
    document = _Document(path, text, declaration.settled())
    rois = document.items(("rois",), data.get("rois"))
    if not rois:
        raise document.refuse(("rois",), "holds no ROI", "check the file")
    lines = iter(_contour_lines(text))
    return RawFile(path, document.frame, tuple(_roi(document, ("rois", i), roi, lines) for i, roi in enumerate(rois)))


def _contour_lines(text: str) -> Iterator[int]:
    """Yield the line of every contour in the order of the document, in one pass."""
    line = counted = 0
    for _, roi in members(text, offset(text, ("rois",))):
        for key, contours in members(text, roi):
            for _, at in members(text, contours) if key == "contours" else ():
                line, counted = line + text.count("\n", counted, at), at
                yield line + 1


def _parsed(path: Path, text: str) -> object:
    try:
        parsed: object = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise Where(path, error.lineno).refuse(f"not JSON, {error.msg}", "check the brackets and commas") from error
    except _NotANumber as error:
        found = re.search(rf"(?<![\w\"]){re.escape(str(error))}(?![\w\"])", text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        raise Where(path, line).refuse(f"{error} is not a number", "leave the point out, or correct it") from error
    except _Repeated as error:
        key, at = repeated_key(text) or ("", 0)
        line = text.count("\n", 0, at) + 1
        raise Where(path, line).refuse(f"the key “{visible(key, 40)}” is there twice", "keep one") from error
    except RecursionError as error:
        raise Where(path, 0).refuse("not a point list, it is nested too deep", "check the file") from error
    except ValueError as error:
        raise Where(path, 0).refuse("not a point list, a number has thousands of digits", "check the file") from error
    return parsed


def _roi(document: _Document, steps: Steps, value: object, lines: Iterator[int]) -> RawRoi:
    data = document.keys(steps, value, _ROI_KEYS)
    number = document.integer((*steps, "number"), data.get("number"))
    color = data.get("color")
    contours = document.items((*steps, "contours"), data.get("contours", []))
    where = document.where(steps)
    return RawRoi(
        where.line,
        document.text_of((*steps, "name"), data.get("name")),
        tuple(_contour(document, (*steps, "contours", i), item, next(lines)) for i, item in enumerate(contours)),
        raw.roi_number(where, number) if number is not None else None,
        _color(document, (*steps, "color"), color) if color is not None else None,
        document.text_of((*steps, "interpreted_type"), data.get("interpreted_type")).upper(),
    )


def _color(document: _Document, steps: Steps, value: object) -> tuple[int, int, int]:
    if isinstance(value, str):
        return raw.color(document.where(steps), value)
    parts = [document.integer((*steps, i), part) for i, part in enumerate(document.items(steps, value))]
    return raw.color(document.where(steps), " ".join(str(part) for part in parts))


def _contour(document: _Document, steps: Steps, value: object, line: int) -> RawContour:
    data = document.keys(steps, value, _CONTOUR_KEYS)
    points = document.items((*steps, "points"), data.get("points"))
    if not points:
        raise document.refuse(steps, "has no points", "leave the contour out")
    type_text = document.text_of((*steps, "geometric_type"), data.get("geometric_type"))
    kind = raw.geometric_type(Where(document.path, line), type_text)
    ref = SliceRef(
        document.integer((*steps, "slice"), data.get("slice")),
        document.text_of((*steps, "sop_instance_uid"), data.get("sop_instance_uid")),
        document.integer((*steps, "instance_number"), data.get("instance_number")),
    )
    read = [_point(document, (*steps, "points", i), point, ref, line) for i, point in enumerate(points)]
    return RawContour(kind, tuple(read))


def _point(document: _Document, steps: Steps, value: object, ref: SliceRef, line: int) -> RawPoint:
    """Read one point; its line is that of its contour, since counting lines for each of them takes too long."""
    parts = document.items(steps, value)
    pixels = document.frame in PIXEL_FRAMES
    if len(parts) != 3 and not (pixels and len(parts) == 2):
        wanted = "column, row or column, row, slice" if pixels else "x, y, z"
        raise document.refuse(steps, f"has {len(parts)} values", f"write {wanted}")
    if pixels and len(parts) == 3:
        own = document.integer((*steps, 2), parts.pop())
        if ref.slice_number not in {None, own}:
            raise document.refuse(steps, f"says slice {own}, its contour {ref.slice_number}", "say it once")
        ref = SliceRef(own, ref.sop_instance_uid, ref.instance_number)
    values = tuple(document.number((*steps, i), part) for i, part in enumerate(parts))
    return RawPoint(line, values, NO_REF if ref.is_empty else ref)
