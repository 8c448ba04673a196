"""What a scan found becomes a list: a line for each series, and one for whatever is no series."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmtty.dicom.catalog.found import storable
from dcmtty.dicom.catalog.members import Changed, Shown, shown_paths
from dcmtty.dicom.catalog.parts import Part, numbered
from dcmtty.dicom.catalog.store import Unusable, as_text
from dcmtty.dicom.catalog.summaries import Summary, fingerprint_of, keep, kept_summary, new_summary
from dcmtty.dicom.catalog.survey import Survey
from dcmtty.dicom.listing import FileEntry, Listing, SeriesEntry
from dcmtty.dicom.model import Unreadable

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.catalog.walk import Walk

_TEXTS = (
    "status", "reason", "kind", "preamble", "PatientName", "PatientID", "StudyInstanceUID", "StudyDate",
    "SeriesInstanceUID", "Modality", "SOPClassUID", "MediaStorageSOPClassUID", "SOPInstanceUID", "StructureSetLabel",
)  # fmt: skip
_ODD = f"""SELECT shown_path, folder_id, warnings, referenced_series_uids, {", ".join(_TEXTS)}
    FROM temp.scanned WHERE scan_id = ?"""


@dataclass(slots=True)
class _Odd:
    """Everything but images that have nothing to tell."""

    structure_sets: list[FileEntry] = field(default_factory=list)
    others: list[FileEntry] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    executable: list[Path] = field(default_factory=list)
    warnings: list[tuple[Path, tuple[str, ...]]] = field(default_factory=list)
    unreadable_in: Counter[int] = field(default_factory=Counter)
    """How many files cannot be read in a folder."""
    pictureless: Counter[str] = field(default_factory=Counter)
    """How many objects without a picture have a Series Instance UID."""


def complete_listing(catalog: Catalog, walk: Walk, *, with_files: bool) -> Listing | None:
    """Return the list of everything found; None when files changed meanwhile and must be read again."""
    made: list[Summary] = []
    changed: list[tuple[int]] = []
    listing = None
    with catalog.reading():
        seen, shown = Survey(catalog), shown_paths(catalog)
        summaries = _summaries(catalog, seen, walk, shown, made, changed, with_files=with_files)
        if seen.is_whole and not changed:
            listing = _listing(catalog, walk, seen, summaries, shown, with_files=with_files)
    if changed:
        with catalog.writing():
            catalog.connection.executemany("DELETE FROM file WHERE id = ?", changed)
    if made:
        keep(catalog, made)
    return listing


def _summaries(
    catalog: Catalog,
    seen: Survey,
    walk: Walk,
    shown: Shown,
    made: list[Summary],
    changed: list[tuple[int]],
    *,
    with_files: bool,
) -> list[Summary]:
    """Return the summaries of all series; add to `made` those that are new, and to `changed` rows that are not true."""
    summaries: list[Summary] = []
    for series_id, ranges in seen.series():
        fingerprint = fingerprint_of(ranges, walk.roots)
        summary = kept_summary(catalog, series_id, ranges, fingerprint, with_files=with_files)
        if summary is None:
            try:
                summary = new_summary(catalog, series_id, ranges, fingerprint, shown)
            except Changed as error:
                changed.append((error.file_id,))
                continue
            made.append(summary)
        summaries.append(summary)
    return summaries


def _listing(
    catalog: Catalog, walk: Walk, seen: Survey, summaries: Sequence[Summary], shown: Shown, *, with_files: bool
) -> Listing:
    odd = _Odd()
    for found_id in seen.odd.values():
        _sort_out(catalog.rows(_ODD, (found_id,)).fetchone(), odd)
    for path, refused in walk.refused.items():
        odd.unreadable.append(Unreadable(path, refused.reason))
        odd.unreadable_in[_folder_id(catalog, refused.folder)] += 1
    homes = {id(part): (summary, index) for summary in summaries for index, part in enumerate(summary.parts)}
    entries: list[SeriesEntry] = []
    listed: list[tuple[str, int, int]] = []
    parts = [part for summary in summaries for part in summary.parts]
    for part, entry in numbered(parts, lambda part: shown.path(part.folder_ids[0], part.least_name)):
        summary, index = homes[id(part)]
        ids = summary.files(index) if with_files else ()
        files = tuple(shown.of_file(file_id) for file_id in ids)
        first = files[0] if files else shown.of_file(part.first_id)
        entries.append(replace(entry, first_path=first, files=files, numbering_doubt=_doubt(part, odd)))
        listed.append((entry.key, summary.series_id, index))
    catalog.connection.executemany("INSERT OR REPLACE INTO temp.listed VALUES (?, ?, ?)", listed)
    return Listing(
        series=tuple(entries),
        structure_sets=tuple(sorted(odd.structure_sets, key=lambda entry: entry.path)),
        others=tuple(sorted(odd.others, key=lambda entry: entry.path)),
        unreadable=tuple(sorted(odd.unreadable, key=lambda found: found.path)),
        executable=tuple(sorted(odd.executable)),
        warnings=tuple((path, text) for path, texts in sorted(odd.warnings) for text in texts),
        skipped=walk.skipped + seen.skipped,
    )


def _sort_out(row: Sequence[Any], odd: _Odd) -> None:
    """Put a file where it belongs."""
    path, folder_id = Path(os.fsdecode(row[0])), row[1]
    warnings, referenced = _strings(row[2]), _strings(row[3])
    values: dict[str, str] = dict(zip(_TEXTS, map(as_text, row[4:]), strict=True))
    if values["status"] != "dicom":
        odd.unreadable.append(Unreadable(path, values["reason"]))
        odd.unreadable_in[folder_id] += 1
        return
    if values["preamble"] == "executable":
        odd.executable.append(path)
    if warnings:
        odd.warnings.append((path, warnings))
    if values["kind"] == "image":
        return
    entry = _file_entry(path, values, warnings, referenced)
    odd.pictureless[entry.series_uid] += 1
    (odd.structure_sets if values["kind"] == "structure-set" else odd.others).append(entry)


def _file_entry(
    path: Path, values: dict[str, str], warnings: tuple[str, ...], referenced: tuple[str, ...]
) -> FileEntry:
    first = {keyword: value.partition("\\")[0] for keyword, value in values.items()}
    return FileEntry(
        path=path,
        patient_name=first["PatientName"],
        patient_id=first["PatientID"],
        study_uid=first["StudyInstanceUID"],
        study_date=first["StudyDate"],
        series_uid=first["SeriesInstanceUID"],
        modality=first["Modality"],
        sop_class_uid=first["SOPClassUID"] or first["MediaStorageSOPClassUID"],
        sop_instance_uid=first["SOPInstanceUID"],
        label=first["StructureSetLabel"],
        referenced_series_uids=referenced,
        warnings=warnings,
    )


def _strings(text: object) -> tuple[str, ...]:
    try:
        found = json.loads(as_text(text) or "[]")
        return tuple(as_text(one) for one in found)
    except (ValueError, TypeError, RecursionError) as error:
        raise Unusable("holds values of wrong types") from error


def _folder_id(catalog: Catalog, path: str) -> int:
    row = catalog.rows("SELECT id FROM folder WHERE path = ?", (storable(path),)).fetchone()
    return int(row[0]) if row else -1


def _doubt(part: Part, odd: _Odd) -> str:
    """Return why the numbers of slices may not be those of the whole series, as `dicom.scan` does."""
    beside = sum(odd.unreadable_in[folder_id] for folder_id in part.folder_ids)
    count = beside + odd.pictureless[part.entry.series_uid]
    if not count:
        return ""
    return "1 file beside it cannot be read" if count == 1 else f"{count} files beside it cannot be read"
