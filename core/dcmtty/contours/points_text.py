"""The text forms of the paper: lines of x, y, z, one DICOM string with backslashes, and a file with the count."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from dcmtty.contours import points_raw as raw
from dcmtty.contours.model import GeometricType
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
from dcmtty.text import visible

_HEADERS = ("frame", "roi", "geometric_type", "number", "color", "interpreted_type", "slice", "sop_instance_uid")
_COUNT = re.compile(r"[0-9]{1,9}")
COUNT_SUFFIXES = (".count.txt", "_count.txt", ".count")
"""Beside `heart.txt`, its companion is `heart.count.txt`, `heart_count.txt` or `heart.count`."""


@dataclass(slots=True)
class _Reader:
    """Reads lines; a blank line ends a contour."""

    path: Path
    declaration: FrameDeclaration
    headers: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    blocks: list[list[RawPoint]] = field(default_factory=lambda: [[]])
    strings: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Lines with backslashes, each a contour data string."""

    def take(self, line: int, text: str) -> None:
        """Take one line."""
        stripped = text.strip()
        if stripped.startswith("#"):
            self._header(line, stripped[1:])
        elif not stripped:
            self.blocks.append([])
        elif "\\" in stripped:
            self._string(Where(self.path, line), stripped)
        else:
            self.blocks[-1].append(self._point(Where(self.path, line), stripped.split()))

    def _header(self, line: int, text: str) -> None:
        key, colon, value = text.partition(":")
        key = key.strip().lower().replace(" ", "_").replace("-", "_")
        if not colon or key not in _HEADERS:
            return
        if key == "frame":
            self.declaration.declare(line, value)
        elif self.headers.get(key, (0, value.strip()))[1] != value.strip():
            raise Where(self.path, line).refuse(f"{key} is said twice", "write one ROI per file")
        else:
            self.headers[key] = (line, value.strip())

    def _point(self, where: Where, parts: list[str]) -> RawPoint:
        pixels = self.declaration.settled() in PIXEL_FRAMES
        if len(parts) != 3 and not (pixels and len(parts) == 2):
            wanted = "column row slice" if pixels else "x y z"
            problem = f"{len(parts)} values in “{visible(' '.join(parts), 60)}”"
            raise where.refuse(problem, f"write {wanted} between tabs or blanks")
        if not pixels:
            values = tuple(raw.number(where, part, name) for part, name in zip(parts, "xyz", strict=True))
            return RawPoint(where.line, values, self._ref(None))
        values = tuple(raw.number(where, part, name) for part, name in zip(parts[:2], ("column", "row"), strict=True))
        return RawPoint(where.line, values, self._ref(raw.integer(where, parts[2], "slice") if parts[2:] else None))

    def _ref(self, slice_number: int | None) -> SliceRef:
        line, text = self.headers.get("slice", (0, ""))
        declared = raw.integer(Where(self.path, line), text, "slice") if text else None
        if slice_number is not None and declared is not None and slice_number != declared:
            raise Where(self.path, line).refuse(f"slice {declared} contradicts {slice_number} below", "say it once")
        ref = SliceRef(
            declared if slice_number is None else slice_number, self.headers.get("sop_instance_uid", (0, ""))[1]
        )
        return NO_REF if ref.is_empty else ref

    def _string(self, where: Where, text: str) -> None:
        values = text.split("\\")
        if len(values) % 3:
            raise where.refuse(
                f"{len(values)} values between backslashes, not a multiple of 3", "write x\\y\\z for each point"
            )
        block = [self._point(where, list(values[i : i + 3])) for i in range(0, len(values), 3)]
        self.blocks += [block, []]


def read_text(path: Path, text: str, declaration: FrameDeclaration, counts: tuple[Path, str] | None) -> RawFile:
    """Read lines of coordinates or DICOM strings; the ROI is named after the file unless `# roi:` names it.

    `counts` is the companion file and what is in it: the number of all points, or of each contour in order.

    Raises:
        PointsRefused: a line is wrong, or the count is another one; nothing of the file is used.
        FrameNotDeclared: the frame of the coordinates is said nowhere.
    """
    reader = _Reader(path, declaration)
    for line, content in enumerate(raw.lines_of(text), 1):
        reader.take(line, content)
    blocks = [block for block in reader.blocks if block]
    if not blocks:
        raise Where(path, 0).refuse("there is no point in it", "check the file")
    frame = declaration.settled()
    if counts is not None:
        blocks = _checked(path, blocks, counts)
    return RawFile(path, frame, (_roi(path, reader, blocks),))


def _roi(path: Path, reader: _Reader, blocks: list[list[RawPoint]]) -> RawRoi:
    def said(key: str) -> tuple[Where, str]:
        line, text = reader.headers.get(key, (0, ""))
        return Where(path, line), text

    kind = raw.geometric_type(*said("geometric_type")) if said("geometric_type")[1] else None
    if kind is GeometricType.POINT:
        blocks = [[point] for block in blocks for point in block]
    name_where, name = said("roi")
    number_where, number = said("number")
    return RawRoi(
        name_where.line or blocks[0][0].line,
        name or name_of(path),
        tuple(RawContour(kind, tuple(block), may_split=True) for block in blocks),
        raw.roi_number(number_where, raw.integer(number_where, number, "number")) if number else None,
        raw.color(*said("color")) if said("color")[1] else None,
        said("interpreted_type")[1].upper(),
    )


def name_of(path: Path) -> str:
    """Return the ROI name that a file name gives: `GTV` for `GTV.txt` and for `GTV.dicom.txt`."""
    stem = path.name.rpartition(".")[0] or path.name
    return stem[: -len(".dicom")] if stem.lower().endswith(".dicom") else stem


def companion_of(path: Path) -> Path | None:
    """Return the file beside a point list that holds its number of points, or None."""
    stem = path.name.rpartition(".")[0] or path.name
    names = [name + suffix for name in dict.fromkeys((stem, name_of(path))) for suffix in COUNT_SUFFIXES]
    beside = (path.with_name(name) for name in names)
    # Path.is_file raises where a name is too long to be one; this says no.
    return next((one for one in beside if os.path.isfile(one)), None)  # noqa: PTH113


def _checked(path: Path, blocks: list[list[RawPoint]], counts: tuple[Path, str]) -> list[list[RawPoint]]:
    """Compare the points with the companion file; counts of single contours also say where contours end."""
    expected = _counts(*counts)
    total = sum(len(block) for block in blocks)
    companion = visible(counts[0].name)
    if sum(expected) != total:
        problem = f"{total} points, but {companion} says {sum(expected)}"
        raise Where(path, 0).refuse(problem, "points are missing or doubled: export both files again")
    lengths = [len(block) for block in blocks]
    if len(expected) == 1 or lengths == expected:
        return blocks
    if len(blocks) > 1:
        problem = f"contours of {_listed(lengths)} points, but {companion} says {_listed(expected)}"
        raise Where(path, 0).refuse(problem, "export both files again")
    points = iter(blocks[0])
    return [[next(points) for _ in range(count)] for count in expected]


def _listed(counts: list[int]) -> str:
    return ", ".join(str(count) for count in counts[:8]) + (", …" if len(counts) > 8 else "")


def _counts(path: Path, text: str) -> list[int]:
    counts: list[int] = []
    for line, content in enumerate(raw.lines_of(text), 1):
        for part in content.partition("#")[0].split():
            if not _COUNT.fullmatch(part) or int(part) == 0:
                problem = f"“{visible(part, 40)}” is not a number of points"
                raise Where(path, line).refuse(problem, "write digits only")
            counts.append(int(part))
    if not counts:
        raise Where(path, 0).refuse("no number of points in it", "write it, or remove the file")
    return counts
