"""What an attribute does over the files of a series, in words safe for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from dcmtty.dicom.compare.trends import Attribute, How, Numbers
from dcmtty.text import visible

TREND_MARKS = {How.CONSTANT: "=", How.STEPS: "/", How.MONOTONIC: ">", How.UNIQUE: "#", How.VALUES: "*"}
"""One character for each way to vary, so that no meaning hangs on a colour."""
PARTIAL_MARK = "-"
_SHOWN_VALUES = 6
_SHOWN_CHARACTERS = 64
_MANY = 8
"""Of more distinct numbers the range is told instead of the values."""


def mark(attribute: Attribute) -> str:
    """Return the mark of an attribute: that some files lack it goes before how it varies."""
    return PARTIAL_MARK if attribute.present < attribute.files else TREND_MARKS[attribute.how]


def how_line(attribute: Attribute) -> str:
    """Return in one line how the attribute varies."""
    said = _said(attribute)
    if attribute.is_rewritten:
        said += f" (written in {attribute.distinct} ways)"
    if attribute.present < attribute.files:
        said = f"in {attribute.present} of {attribute.files} files: {said}"
    return f"items: {said}" if attribute.vr == "SQ" else said


def _said(attribute: Attribute) -> str:
    how, numbers = attribute.how, attribute.numbers
    if how is How.CONSTANT:
        return _shown(attribute.values[0].text)
    if how is How.STEPS and numbers is not None:
        return f"{_tuple(numbers.first)} to {_tuple(numbers.last)} by {_step(numbers)}"
    if how is How.MONOTONIC and numbers is not None:
        least, most = _tuple(numbers.smallest_step), _tuple(numbers.largest_step)
        return f"{_tuple(numbers.first)} to {_tuple(numbers.last)}, uneven steps of {least} to {most}"
    more = "+" if attribute.is_capped else ""
    if how is How.UNIQUE and numbers is None:
        return f"another value in each file, e.g. {_shown(attribute.values[0].text)}"
    if numbers is not None and attribute.distinct > _MANY:
        count = "another value in each file" if how is How.UNIQUE else f"{attribute.distinct}{more} values"
        return f"{count}, from {_tuple(numbers.least)} to {_tuple(numbers.most)}"
    listed = ", ".join(f"{_shown(value.text)} ({value.files}x)" for value in attribute.values[:_SHOWN_VALUES])
    rest = ", ..." if attribute.distinct > _SHOWN_VALUES else ""
    return f"{attribute.distinct}{more} values: {listed}{rest}"


def _step(numbers: Numbers) -> str:
    """Return the step, as a range where rounding makes it one."""
    parts = []
    for smallest, largest in zip(numbers.smallest_step, numbers.largest_step, strict=True):
        low, high = f"{smallest:.6g}", f"{largest:.6g}"
        parts.append(low if low == high or abs(largest - smallest) < 1e-6 else f"{low}..{high}")
    return "\\".join(parts)


def _tuple(numbers: tuple[float, ...]) -> str:
    return "\\".join(f"{number:.10g}" for number in numbers)


def _shown(text: str) -> str:
    return visible(text, _SHOWN_CHARACTERS) if text else "(empty)"


def all_lines(attribute: Attribute) -> Iterator[str]:
    """Yield everything that is known of an attribute, a line for each value that is told."""
    yield how_line(attribute)
    numbers = attribute.numbers
    if numbers is not None:
        yield f"from {_tuple(numbers.least)} to {_tuple(numbers.most)}"
    if numbers is not None and numbers.smallest_step:
        yield f"steps from file to file: {_tuple(numbers.smallest_step)} to {_tuple(numbers.largest_step)}"
    more = "at least " if attribute.is_capped else ""
    yield f"in {attribute.present} of {attribute.files} files, {more}{attribute.distinct} different values"
    for value in attribute.values:
        yield f"{value.files}x {visible(value.text, 256) or '(empty)'}"
    if attribute.distinct > len(attribute.values):
        yield f"... and {attribute.distinct - len(attribute.values)} more"
