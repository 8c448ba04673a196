"""A point list as it was written down, before it becomes contours: every value with the line that it came from."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from dcmtty.contours.model import GeometricType
from dcmtty.contours.roi_edits import HIGHEST_ROI_NUMBER
from dcmtty.errors import FrameNotDeclared, PointsRefused
from dcmtty.text import visible

Frame = Literal["lps-mm", "ras-mm", "pixel-centre", "pixel-corner"]
FRAMES: tuple[Frame, ...] = get_args(Frame)
PIXEL_FRAMES: tuple[Frame, ...] = ("pixel-centre", "pixel-corner")
FARTHEST = 1e6
"""No coordinate of a patient or a picture is larger."""
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_COLOR_HEX = re.compile(r"#([0-9a-fA-F]{6})")


@dataclass(frozen=True, slots=True)
class Where:
    """A line of a file."""

    path: Path
    line: int
    """From 1; 0 for the file as a whole."""

    def refuse(self, problem: str, remedy: str) -> PointsRefused:
        """Return the error that names the line, what is wrong with it and what to do."""
        place = f"{visible(self.path)}:{self.line}" if self.line else visible(self.path)
        return PointsRefused(f"{place}: {problem}", remedy=remedy)


@dataclass(frozen=True, slots=True)
class SliceRef:
    """What a line says about its slice; all that is given must agree."""

    slice_number: int | None = None
    """From 1 in sorted order."""
    sop_instance_uid: str = ""
    instance_number: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the line says nothing."""
        return self.slice_number is None and not self.sop_instance_uid and self.instance_number is None


NO_REF = SliceRef()


@dataclass(frozen=True, slots=True)
class RawPoint:
    """One point: x, y, z in mm, or column, row."""

    line: int
    values: tuple[float, ...]
    ref: SliceRef = NO_REF


@dataclass(frozen=True, slots=True)
class RawContour:
    """Points that are written down as one contour."""

    geometric_type: GeometricType | None
    """None when the file does not say it: told from the points."""
    points: tuple[RawPoint, ...]
    may_split: bool = False
    """Whether nothing separates contours, so that a change of slice starts the next one."""

    @property
    def line(self) -> int:
        """The line of the first point."""
        return self.points[0].line


@dataclass(frozen=True, slots=True)
class RawRoi:
    """One region of one file."""

    line: int
    name: str
    contours: tuple[RawContour, ...]
    number: int | None = None
    color: tuple[int, int, int] | None = None
    interpreted_type: str = ""


@dataclass(frozen=True, slots=True)
class RawFile:
    """Everything of one file."""

    path: Path
    frame: Frame
    rois: tuple[RawRoi, ...]


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text file, as editors count them: `str.splitlines` ends lines at other characters too."""
    return (line.rstrip("\n") for line in io.StringIO(text, newline=None))


def number(where: Where, text: str, name: str) -> float:
    """Return a number exactly as written, in double precision.

    Raises:
        PointsRefused: it is none, not finite, or absurdly large.
    """
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        comma = bool(_DECIMAL_COMMA.fullmatch(text))
        remedy = "write the decimals after a point" if comma else "write a plain number"
        raise where.refuse(f"{name} “{visible(text, 40)}” is not a number", remedy)
    return limited(where, float(text), name)


def limited(where: Where, value: float, name: str) -> float:
    """Return a number that can be a coordinate.

    Raises:
        PointsRefused: it is larger than a million, or not finite.
    """
    if not abs(value) <= FARTHEST:
        raise where.refuse(f"{name} {value} is out of all bounds", "check the units: mm or pixels")
    return value


def integer(where: Where, text: str, name: str) -> int:
    """Return a whole number.

    Raises:
        PointsRefused: it is none.
    """
    text = text.strip()
    if not _INTEGER.fullmatch(text):
        raise where.refuse(f"{name} “{visible(text, 40)}” is not a whole number", "write digits only")
    return int(text)


def geometric_type(where: Where, text: str) -> GeometricType:
    """Return the Contour Geometric Type of a text in any case (PS3.3 C.8.8.6.1).

    Raises:
        PointsRefused: there is no such type.
    """
    try:
        return GeometricType(text.strip().upper())
    except ValueError as error:
        known = ", ".join(GeometricType)
        raise where.refuse(f"“{visible(text, 40)}” is no geometric type", f"use one of {known}") from error


def roi_number(where: Where, value: int) -> int:
    """Return an ROI Number.

    Raises:
        PointsRefused: it is below 1 or no value of IS.
    """
    if not 1 <= value <= HIGHEST_ROI_NUMBER:
        raise where.refuse(f"ROI number {value} is out of range", "count ROIs from 1")
    return value


def color(where: Where, text: str) -> tuple[int, int, int]:
    """Return a display colour written as `#rrggbb` or as three numbers from 0 to 255.

    Raises:
        PointsRefused: it is none.
    """
    found = _COLOR_HEX.fullmatch(text.strip())
    if found:
        value = int(found.group(1), 16)
        return value >> 16, value >> 8 & 255, value & 255
    parts = re.split(r"[\s,;/\\]+", text.strip())
    if len(parts) == 3 and all(part.isascii() and part.isdigit() and int(part[:4]) <= 255 for part in parts):
        return int(parts[0]), int(parts[1]), int(parts[2])
    raise where.refuse(f"“{visible(text, 40)}” is no colour", "write #rrggbb, or red green blue from 0 to 255")


def frame_of(where: Where, text: str) -> Frame:
    """Return the frame that a file names.

    Raises:
        PointsRefused: there is no such frame.
    """
    text = text.strip()
    for frame in FRAMES:
        if text.lower() == frame:
            return frame
    raise where.refuse(f"“{visible(text, 40)}” is no frame", f"use one of {', '.join(FRAMES)}")


@dataclass(slots=True)
class FrameDeclaration:
    """Collects what the option and the file say about the frame; they must say the same."""

    path: Path
    frame: Frame | None
    said_by: str = "--frame"

    def declare(self, line: int, text: str) -> None:
        """Take what a line of the file says.

        Raises:
            PointsRefused: it is no frame, or another one than was said before.
        """
        where = Where(self.path, line)
        frame = frame_of(where, text)
        if self.frame is not None and frame != self.frame:
            raise where.refuse(
                f"frame {frame} contradicts {self.frame} of {self.said_by}", "declare one frame per file"
            )
        self.frame, self.said_by = frame, f"line {line}"

    def settled(self) -> Frame:
        """Return the frame.

        Raises:
            FrameNotDeclared: nothing and nobody said it.
        """
        if self.frame is None:
            raise FrameNotDeclared(
                f"{visible(self.path)}: the frame of the coordinates is not declared",
                remedy=f"begin the file with “# frame: lps-mm”, or give --frame {'|'.join(FRAMES)}",
            )
        return self.frame
