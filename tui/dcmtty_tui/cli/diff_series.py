"""What varies across the files of a series, as text or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dcmtty.dicom.compare.found import files_below
from dcmtty.dicom.compare.model import Options
from dcmtty.dicom.compare.trend_words import how_line, mark
from dcmtty.dicom.compare.trends import Attribute, Numbers
from dcmtty.dicom.compare.vary import Variation, vary
from dcmtty.dicom.dictionary import tag_text
from dcmtty.dicom.model import Unreadable
from dcmtty.errors import InputError, UsageError
from dcmtty.progress import Progress
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output

SCHEMA = "dcmtty.diff-series/1"


def diff_series(
    paths: Sequence[Path], options: Options, progress: Progress, *, wanted: str | None, everything: bool, as_json: bool
) -> int:
    """Tell how the attributes of the files vary; return 0, or 1 when some files cannot be read or are damaged.

    Raises:
        InputError: no file could be read.
        UsageError: not one series has the wanted UID.
    """
    found = files_below(paths)
    is_one = not any(path.is_dir() for path in paths)
    variations = vary(found.files, options, progress, total=len(found.files), is_one=is_one)
    unreadable = (*found.unreadable, *variations.unreadable)
    if not variations.series:
        if unreadable:
            raise InputError(f"{visible(unreadable[0].path)}: {unreadable[0].reason}", remedy="check the path")
        raise InputError(f"{visible(paths[0])}: no DICOM object here", remedy="name a series or its files")
    series = variations.series if wanted is None else (_chosen(variations.series, wanted),)
    if as_json:
        output.write_json(_document(series, unreadable, everything=everything))
    else:
        for number, one in enumerate(series):
            output.write_text("\n" if number else "")
            output.write_lines(_lines(one, everything=everything))
    for file in (*unreadable, *(file for one in series for file in one.damaged)):
        diagnostics.warning(f"{file.path}: {file.reason}")
    return 1 if unreadable or any(one.damaged for one in series) else 0


def _chosen(series: Sequence[Variation], wanted: str) -> Variation:
    chosen = [one for one in series if one.series_uid.endswith(wanted)]
    if len(chosen) != 1:
        raise UsageError(
            f"--series {visible(wanted, 70)!r} names {len(chosen)} of {len(series)} series",
            remedy="give the end of one Series Instance UID, as dcmtty diff FOLDER prints it",
        )
    return chosen[0]


def _told(one: Variation, *, everything: bool) -> list[Attribute]:
    return [attribute for attribute in one.attributes if everything or attribute.varies]


def _lines(one: Variation, *, everything: bool) -> Iterator[str]:
    varying = sum(attribute.varies for attribute in one.attributes)
    name = f"series {visible(one.series_uid, 70)}" if one.series_uid else "files"
    if len(one.files) == 1:
        yield f"{name}: 1 file, nothing to compare it with"
        return
    yield f"{name}: {len(one.files)} by {one.ordered_by}"
    yield f"{varying} of {len(one.attributes)} attributes vary"
    states = ", ".join(f"{count} {state}" for state, count in one.preambles)
    if any(state != "clean" for state, _ in one.preambles):
        yield f"preambles: {states}"
    yield from one.notes
    for attribute in _told(one, everything=everything):
        yield f"{mark(attribute)} {attribute.tag} {attribute.vr or '?'} {attribute.name}  {how_line(attribute)}"


def _document(series: Sequence[Variation], unreadable: Sequence[Unreadable], *, everything: bool) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "series": [_series(one, everything=everything) for one in series],
        "unreadable": [_refused(file) for file in unreadable],
    }


def _refused(file: Unreadable) -> dict[str, str]:
    return {"path": str(file.path), "reason": file.reason}


def _series(one: Variation, *, everything: bool) -> dict[str, Any]:
    return {
        "series_uid": one.series_uid,
        "ordered_by": one.ordered_by,
        "files": [str(path) for path in one.files],
        "preambles": dict(one.preambles),
        "damaged": [_refused(file) for file in one.damaged],
        "notes": list(one.notes),
        "attributes": [_attribute(attribute) for attribute in _told(one, everything=everything)],
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    steps = (tag_text(step) if index % 2 == 0 else str(step + 1) for index, step in enumerate(attribute.path))
    return {
        "path": "/".join(steps),
        "name": attribute.name,
        "creator": visible(attribute.creator),
        "vr": attribute.vr,
        "is_meta": attribute.is_meta,
        "how": str(attribute.how),
        "present": attribute.present,
        "distinct": attribute.distinct,
        "is_capped": attribute.is_capped,
        "is_length_alone": attribute.is_measured,
        "is_rewritten": attribute.is_rewritten,
        "values": [{"value": value.text, "files": value.files} for value in attribute.values],
        "numbers": None if attribute.numbers is None else _numbers(attribute.numbers),
    }


def _numbers(numbers: Numbers) -> dict[str, list[float]]:
    return {
        "first": list(numbers.first),
        "last": list(numbers.last),
        "least": list(numbers.least),
        "most": list(numbers.most),
        "smallest_step": list(numbers.smallest_step),
        "largest_step": list(numbers.largest_step),
    }
