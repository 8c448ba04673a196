"""Summaries of series: kept in the catalog, and made anew where the files of a series are not the same any more."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dcmtty.dicom.catalog.members import Member, Ranges, Shown, members
from dcmtty.dicom.catalog.parts import Part, PartFacts, from_document, part_of, to_document
from dcmtty.dicom.catalog.store import Unusable, as_text
from dcmtty.dicom.catalog.uniform import uniform_stack

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.model import Series

_LARGEST = (1 << 63) - 1
_RULES = 1
"""Raised whenever series are put in order, or described, in another way: older summaries then do not count."""
_NAMELESS = re.compile(r"no Series Instance UID \(\d+\)(?:, )?")


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What is known of one series."""

    series_id: int
    fingerprint: str
    parts: Sequence[Part]
    slices: str
    """For each part the rows of its files in order, each once, as JSON; empty where nobody asked."""

    def files(self, part: int) -> list[int]:
        """Return the rows of the files of a part, in the order of the slices."""
        return [int(file_id) for file_id in json.loads(self.slices)[part]]


def fingerprint_of(ranges: Ranges, roots: Sequence[str]) -> str:
    """Return what a summary depends on: the rows, whose ids are never given twice, and the order of several roots."""
    rows = ",".join(f"{first}-{last}" for first, last in ranges)
    return f"{_RULES}:{rows}" + (f":{json.dumps(sorted(roots))}" if len(roots) > 1 else "")


def kept_summary(
    catalog: Catalog, series_id: int, ranges: Ranges, fingerprint: str, *, with_files: bool
) -> Summary | None:
    """Return the summary that the catalog has of a series, None when its files are others.

    Raises:
        Unusable: what is kept is damaged.
    """
    what = "fingerprint, document, slices" if with_files else "fingerprint, document, ''"
    row = catalog.rows(f"SELECT {what} FROM summary WHERE series_id = ?", (series_id,)).fetchone()
    if row is None or row[0] != fingerprint:
        return None
    parts = from_document(row[1])
    if with_files and not _names_all(row[2], len(parts), ranges):
        raise Unusable("a summary in it is damaged")
    return Summary(series_id, fingerprint, parts, row[2])


def _names_all(text: object, part_count: int, ranges: Ranges) -> bool:
    """Say whether the lists of rows are one for each part, and name each row of the series, and no other."""
    try:
        slices = [[int(file_id) for file_id in part] for part in json.loads(as_text(text))]
    except (ValueError, TypeError, RecursionError):
        return False
    named = {file_id for part in slices for file_id in part}
    members = sum(last - first + 1 for first, last in ranges)
    inside = sum(1 for file_id in named if _is_inside(file_id, ranges))
    return len(slices) == part_count and all(slices) and len(named) == inside == members


def _is_inside(file_id: int, ranges: Ranges) -> bool:
    index = bisect_right(ranges, (file_id, _LARGEST)) - 1
    return index >= 0 and file_id <= ranges[index][1]


def keep(catalog: Catalog, made: Sequence[Summary]) -> None:
    """Keep summaries in the catalog."""
    rows = [(one.series_id, one.fingerprint, to_document(one.parts), one.slices) for one in made]
    with catalog.writing():
        catalog.connection.executemany("INSERT OR REPLACE INTO summary VALUES (?, ?, ?, ?)", rows)


def new_summary(catalog: Catalog, series_id: int, ranges: Ranges, fingerprint: str, shown: Shown) -> Summary:
    """Put the files of a series in order.

    Raises:
        Changed: a file that had to be read is no more what its row says.
    """
    stack = uniform_stack(catalog, series_id, ranges, shown)
    if stack is not None:
        facts, least_name = [stack], ""
    else:
        facts, least_name = _general(list(members(catalog, series_id, ranges, shown)))
    slices = json.dumps([list(one.file_ids) for one in facts], separators=(",", ":"))
    return Summary(series_id, fingerprint, [part_of(one, least_name) for one in facts], slices)


def bare_part(series_uid: str, part: str) -> str:
    """Return what a part is without the number that a list gives to series without UID."""
    return part if series_uid else _NAMELESS.sub("", part, count=1)


def _general(found: Sequence[Member]) -> tuple[list[PartFacts], str]:
    from dcmtty.dicom.series import group

    by_path = {member.instance.path: member for member in found}
    in_order = [member.instance for member in sorted(found, key=lambda member: member.instance.path)]
    return [_facts(series, by_path) for series in group(in_order)], in_order[0].path.name


def _facts(series: Series, by_path: dict[Path, Member]) -> PartFacts:
    files = [by_path[path] for path in dict.fromkeys(slice_.instance.path for slice_ in series.slices)]
    return PartFacts(
        first=series.first,
        plane=series.slices[0].plane,
        part=bare_part(series.series_uid, series.part),
        slice_count=len(series.slices),
        spacing_mm=series.spacing_mm,
        notes=series.notes,
        build_refusal=series.build_refusal,
        file_ids=[file.file_id for file in files],
        folder_ids=[file.folder_id for file in files],
    )
