"""The attributes a user asks for: by keyword, by tag, or nested by a path such as `ROIContourSequence/0/ROINumber`."""

from __future__ import annotations

from typing import NamedTuple

from dcmtty.dicom.attributes import ATTRIBUTES
from dcmtty.dicom.dictionary import tag_of
from dcmtty.errors import UsageError

_KNOWN = {attribute.keyword: tag for tag, attribute in ATTRIBUTES.items()}
_DEEPEST = 32


class Column(NamedTuple):
    """One attribute."""

    name: str
    """As the user gave it."""
    path: tuple[int, ...]
    """A tag, or tag, item (from 0), tag, and so on; the last one is the attribute's."""


def parse_column(text: str) -> Column:
    """Return the attribute that a keyword, a tag or a path of them names.

    Raises:
        UsageError: it names none.
    """
    steps = [step.strip() for step in text.split("/")]
    if len(steps) % 2 == 0 or len(steps) > 2 * _DEEPEST:
        raise _no_attribute(text)
    path: list[int] = []
    for index, step in enumerate(steps):
        if index % 2:
            if not (step.isascii() and step.isdigit() and len(step) < 10):
                raise _no_attribute(text)
            path.append(int(step))
            continue
        tag = _KNOWN.get(step) or tag_of(step)
        if tag is None:
            raise _no_attribute(text)
        path.append(tag)
    return Column(text.strip(), tuple(path))


def parse_columns(text: str) -> tuple[Column, ...]:
    """Return the attributes of a list with commas.

    Raises:
        UsageError: one of them is no attribute, or there is none.
    """
    columns = tuple(parse_column(name) for name in column_names(text))
    if not columns:
        raise UsageError("no attribute is named", remedy="use a keyword, e.g. Modality, or ggggeeee")
    return columns


def column_names(text: str) -> list[str]:
    """Return the names in a list with commas; the comma of `gggg,eeee` parts nothing, and a name may begin with `-`."""
    names: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        if names and _is_half_tag(part.partition("/")[0]) and _is_half_tag(names[-1].rpartition("/")[2].lstrip("-(")):
            names[-1] += f",{part}"
        elif part:
            names.append(part)
    return names


def _is_half_tag(text: str) -> bool:
    digits = text.rstrip(")")
    return len(digits) == 4 and all(digit in "0123456789abcdefABCDEF" for digit in digits)


def _no_attribute(text: str) -> UsageError:
    remedy = "use a keyword, e.g. Modality, a tag ggggeeee, or a path such as ROIContourSequence/0/ReferencedROINumber"
    return UsageError(f"--columns: {text!r} is no attribute", remedy=remedy)
