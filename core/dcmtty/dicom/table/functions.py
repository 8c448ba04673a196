"""What SQLite cannot do by itself: several values in one cell, numbers as text, natural order, patterns.

Each function takes what a row holds and never raises for it: an error in one would end the query.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from dcmtty.dicom.table.pattern import compiled

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_WHOLE = re.compile(r"\s*[+-]?\d{1,18}\s*", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_TESTS: dict[str, Callable[[float, float], bool]] = {
    "==": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "==": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
Cell = str | bytes | int | float | None
"""What SQLite can hold."""


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that statements use."""
    for called, count, function in (
        ("dcm_folder", 1, folder),
        ("dcm_name", 1, name),
        ("dcm_join", 1, join),
        ("dcm_sort", 1, sort_key),
        ("dcm_natural", 1, natural_key),
        ("dcm_compare_number", 4, compare_number),
        ("dcm_compare_text", 4, compare_text),
        ("dcm_matches", 3, matches),
    ):
        connection.create_function(called, count, function, deterministic=True)
    connection.create_aggregate("dcm_range", 1, cast("Any", _Range))  # typeshed thinks of whole numbers alone


def text_of(cell: Cell) -> str:
    """Return a cell as text; bytes are the name of a file, whose undecodable bytes become surrogates."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "surrogateescape")
    return "" if cell is None else str(cell)


def folder(path: Cell) -> Cell:
    """Return the folder part of a path."""
    if isinstance(path, bytes):
        return path.rpartition(b"/")[0]
    return path.rpartition("/")[0] if isinstance(path, str) else None


def name(path: Cell) -> Cell:
    """Return the last part of a path."""
    if isinstance(path, bytes):
        return path.rpartition(b"/")[2]
    return path.rpartition("/")[2] if isinstance(path, str) else None


def _safe(text: str) -> str:
    """Return text that SQLite takes back."""
    return text.encode("utf-8", "replace").decode("utf-8")


def join(cell: Cell) -> str | None:
    """Return the values of a JSON array, joined by a backslash; None for none."""
    if not isinstance(cell, str) or not cell:
        return None
    try:
        values = json.loads(cell)
    except ValueError:
        return None
    return _safe("\\".join(str(value) for value in values)) if isinstance(values, list) and values else None


@lru_cache(maxsize=512)
def _number_of(text: str) -> float | None:
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else None


def number(cell: Cell) -> float | None:
    """Return the number that a cell is, None when it is none or several."""
    if isinstance(cell, str):
        return _number_of(cell)
    return cell if isinstance(cell, int | float) else None


class _Range:
    """The aggregate of numbers as `least..greatest`, or the one that they all are; None when one is no number."""

    def __init__(self) -> None:
        self._least: float | None = None
        self._greatest: float = 0
        self._is_all = True

    def step(self, cell: Cell) -> None:
        """Take a cell; a missing one counts for nothing."""
        if cell is None:
            return
        found = number(cell)
        if found is None:
            self._is_all = False
        elif self._least is None:
            self._least = self._greatest = found
        elif found < self._least:
            self._least = found
        elif found > self._greatest:
            self._greatest = found

    def finalize(self) -> str | None:
        """Return the text."""
        least, greatest = self._least, self._greatest
        if least is None or not self._is_all:
            return None
        return _shortest(least) if least == greatest else f"{_shortest(least)}..{_shortest(greatest)}"


def _shortest(value: float) -> str:
    text = repr(value)
    return text.removesuffix(".0")


def _values(cell: Cell, is_several: int) -> list[Cell]:
    if is_several and isinstance(cell, str) and "\\" in cell:
        return [*cell.split("\\")]
    return [cell]


def compare_number(cell: Cell, is_several: int, operator: str, operand: str) -> int:
    """Say whether one of the values is a number that compares so."""
    right = _number_of(operand)
    test = _TESTS[operator]
    if right is None:
        return 0
    return int(any((left := number(value)) is not None and test(left, right) for value in _values(cell, is_several)))


def compare_text(cell: Cell, is_several: int, operator: str, operand: str) -> int:
    """Say whether one of the values compares so; an operand with a backslash is compared with all of them as one."""
    if cell is None:
        return 0
    test = _TEXT_TESTS[operator]
    values = [cell] if "\\" in operand else _values(cell, is_several)
    return int(any(test(text_of(value), operand) for value in values))


def matches(cell: Cell, is_several: int, pattern: str) -> int:
    """Say whether one of the values has the pattern in it."""
    if cell is None:
        return 0
    found = compiled(pattern)
    return int(any(found.search(text_of(value)) for value in _values(cell, is_several)))


def natural_key(cell: Cell) -> str | None:
    """Return text in whose order img2 comes before img10, and upper and lower case stand together."""
    if cell is None:
        return None
    return _safe(_DIGITS.sub(_padded, text_of(cell).casefold()))


def _padded(found: re.Match[str]) -> str:
    digits = found[0].lstrip("0")
    return f"0{len(digits):06}{digits}"


def sort_key(cell: Cell) -> float | str | None:
    """Return what a cell is sorted by: a number (SQLite sorts these first), or text in natural order.

    Of several values the first number counts, so that positions sort by it.
    """
    if isinstance(cell, str):
        found = _number_of(cell.partition("\\")[0])
        return natural_key(cell) if found is None else found
    return cell if isinstance(cell, int | float) else natural_key(cell)
