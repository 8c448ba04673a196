"""The list of what a scan found, as tables, CSV and JSON: series, structure sets, others, what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmtty.dicom.preamble import EXECUTABLE_WARNING
from dcmtty_tui.cli import diagnostics, output

if TYPE_CHECKING:
    from dcmtty.dicom.listing import FileEntry, Listing, SeriesEntry
    from dcmtty.dicom.model import Archive

SCHEMA = "dcmtty.scan/1"
_HEADERS = (
    "patient", "id", "study date", "modality", "slices", "plane", "spacing mm", "description", "part", "notes",
)  # fmt: skip


def exit_code_of(paths: Sequence[Path], listing: Listing | Archive) -> int:
    """Return 3 when a named path is missing or nothing was readable, 1 when something was not, else 0."""
    if not listing.unreadable:
        return 0
    nothing = not (listing.series or listing.structure_sets or listing.others)
    unreadable = {found.path for found in listing.unreadable}
    missing = any(path in unreadable and not path.exists() for path in paths)
    return 3 if nothing or missing else 1


def write_listing(listing: Listing, format_: str, *, raw: bool) -> None:
    """Print the list as `table`, `csv` or `json`."""
    if format_ == "json":
        output.write_json(_document(listing))
    elif format_ == "csv":
        output.write_csv(("kind", *_HEADERS, "series uid", "path"), _csv_rows(listing), raw=raw)
    else:
        write_tables(listing)


def write_tables(listing: Listing) -> None:
    """Print the series, structure sets, other objects and unreadable files."""
    if listing.series:
        output.write_table(_HEADERS, [_row(entry) for entry in listing.series], widest=48)
        refused = [entry for entry in listing.series if entry.build_refusal]
        if refused:
            output.write_text(f"\n{len(refused)} of these can be viewed, but no structure set can be built on them.\n")
    sections: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = [
        (("structure set", "path"), [(item.label, str(item.path)) for item in listing.structure_sets]),
        (("other object", "path"), [(_what(item), str(item.path)) for item in listing.others]),
        (("unreadable", "reason"), [(str(item.path), item.reason) for item in listing.unreadable]),
        (("executable preamble", "path"), [(EXECUTABLE_WARNING, str(path)) for path in listing.executable]),
        (("warning", "path"), [(text, str(path)) for path, text in listing.warnings if text != EXECUTABLE_WARNING]),
    ]
    for headers, rows in sections:
        if rows:
            output.write_text("\n")
            output.write_table(headers, rows, widest=100)
    if listing.skipped:
        diagnostics.note(f"{listing.skipped} files are no DICOM and were passed over")
    if not (listing.series or any(rows for _, rows in sections)):
        diagnostics.note("no DICOM files found")


def _row(entry: SeriesEntry) -> tuple[str, ...]:
    spacing = "" if entry.spacing_mm is None else f"{entry.spacing_mm:.3f}".rstrip("0").rstrip(".")
    return (
        entry.patient_name,
        entry.patient_id,
        entry.study_date,
        entry.modality,
        str(entry.slice_count),
        entry.plane,
        spacing,
        entry.series_description,
        entry.part,
        "; ".join(_note_texts(entry)),
    )


def _note_texts(entry: SeriesEntry) -> list[str]:
    """Return the notes, the many of one kind as a count."""
    texts: list[str] = []
    for kind in dict.fromkeys(note.kind for note in entry.notes):
        notes = [note.text for note in entry.notes if note.kind == kind]
        texts += notes[:1] + ([f"and {len(notes) - 1} more like this"] if len(notes) > 1 else [])
    return texts


def _object_row(item: FileEntry, what: str) -> tuple[str, ...]:
    return (item.patient_name, item.patient_id, item.study_date, item.modality, "", "", "", what, "", "")


def _what(item: FileEntry) -> str:
    from dcmtty.dicom.dictionary import uid_name

    return uid_name(item.sop_class_uid) or item.sop_class_uid or "no SOP Class UID"


def _csv_rows(listing: Listing) -> Iterator[tuple[str, ...]]:
    for entry in listing.series:
        yield ("series", *_row(entry), entry.series_uid, str(entry.first_path.parent))
    for kind, items in (("structure set", listing.structure_sets), ("other", listing.others)):
        for item in items:
            what = item.label if kind == "structure set" else _what(item)
            yield (kind, *_object_row(item, what), item.series_uid, str(item.path))
    empty = ("",) * (len(_HEADERS) - 1)
    for unreadable in listing.unreadable:
        yield ("unreadable", *empty, unreadable.reason, "", str(unreadable.path))
    for path in listing.executable:
        yield ("executable preamble", *empty, EXECUTABLE_WARNING, "", str(path))


def unread(listing: Listing | Archive) -> dict[str, Any]:
    """Return what a JSON document says of files that were not read."""
    return {
        "unreadable": [{"path": str(found.path), "reason": found.reason} for found in listing.unreadable],
        "skipped": listing.skipped,
    }


def _document(listing: Listing) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "series": [_series_object(entry) for entry in listing.series],
        "structure_sets": [_structure_set_object(item) for item in listing.structure_sets],
        "others": [
            {**_identity(item), "sop_class": _what(item), "modality": item.modality, "path": str(item.path)}
            for item in listing.others
        ],
        "executable": [str(path) for path in listing.executable],
        "warnings": [{"path": str(path), "text": text} for path, text in listing.warnings],
        **unread(listing),
    }


def _identity(item: SeriesEntry | FileEntry) -> dict[str, str]:
    return {
        "patient_name": item.patient_name,
        "patient_id": item.patient_id,
        "study_instance_uid": item.study_uid,
        "series_instance_uid": item.series_uid,
    }


def _series_object(entry: SeriesEntry) -> dict[str, Any]:
    return {
        **_identity(entry),
        "part": entry.part,
        "study_date": entry.study_date,
        "series_description": entry.series_description,
        "modality": entry.modality,
        "frame_of_reference_uid": entry.frame_of_reference_uid,
        "slices": entry.slice_count,
        "rows": entry.rows,
        "columns": entry.columns,
        "plane": entry.plane,
        "orientation": None if entry.orientation is None else list(entry.orientation),
        "pixel_spacing_mm": None if entry.pixel_spacing_mm is None else list(entry.pixel_spacing_mm),
        "spacing_mm": entry.spacing_mm,
        "notes": [{"kind": note.kind, "text": note.text, "slice": note.slice_number} for note in entry.notes],
        "build_refusal": entry.build_refusal,
        "files": [str(path) for path in entry.files],
    }


def _structure_set_object(item: FileEntry) -> dict[str, Any]:
    return {
        **_identity(item),
        "label": item.label,
        "sop_instance_uid": item.sop_instance_uid,
        "referenced_series_uids": list(item.referenced_series_uids),
        "path": str(item.path),
    }
