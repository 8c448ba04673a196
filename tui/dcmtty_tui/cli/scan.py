"""`dcmtty scan`: series, structure sets and unreadable files, or chosen attributes of each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcmtty.errors import UsageError
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import format_option, quiet_option

if TYPE_CHECKING:
    from dcmtty.dicom.model import Archive, Instance, Series

SCHEMA = "dcmtty.scan/1"
_HEADERS = (
    "patient", "id", "study date", "modality", "slices", "plane", "spacing mm", "description", "part", "notes",
)  # fmt: skip


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path))
@click.option("--columns", metavar="K,..", help="Attributes (keyword or tag) of each file, instead of the series.")
@format_option(["table", "csv", "json"])
@click.option("--raw", is_flag=True, help="CSV cells as they are, even those a spreadsheet takes for a formula.")
@click.option("--engine", type=click.Choice(["local"]), default="local", show_default=True, help="Where the work runs.")
@quiet_option
def command(paths: tuple[Path, ...], columns: str | None, format_: str, raw: bool, engine: str, quiet: bool) -> int:  # noqa: FBT001 - click's signature
    """List the series in PATHS (files, folders, DICOMDIR): slices in order, gaps, duplicates, what cannot be read.

    Exit code 1 when some files cannot be read, 3 when a path is missing or nothing can be read.
    """
    del engine
    from dcmtty.dicom.scan import scan

    tags = _tags(columns) if columns is not None else {}
    archive = scan(paths, diagnostics.progress_bar(quiet=quiet), tuple(tags.values()))
    if columns is not None:
        _write_columns(archive, tags, format_, raw=raw)
    elif format_ == "json":
        output.write_json(_document(archive))
    elif format_ == "csv":
        output.write_csv(("kind", *_HEADERS, "series uid", "path"), _csv_rows(archive), raw=raw)
    else:
        write_tables(archive)
    return exit_code_of(paths, archive)


def exit_code_of(paths: Sequence[Path], archive: Archive) -> int:
    """Return 3 when a named path is missing or nothing was readable, 1 when something was not, else 0."""
    if not archive.unreadable:
        return 0
    nothing = not (archive.series or archive.structure_sets or archive.others)
    unreadable = {found.path for found in archive.unreadable}
    missing = any(path in unreadable and not path.exists() for path in paths)
    return 3 if nothing or missing else 1


def _tags(columns: str) -> dict[str, int]:
    """Return the tags of the wanted columns by the names they were given."""
    from dcmtty.dicom.dictionary import tag_of

    tags: dict[str, int] = {}
    for name in _column_names(columns):
        tag = tag_of(name)
        if tag is None:
            raise UsageError(f"--columns: {name!r} is no attribute", remedy="use a keyword, e.g. Modality, or ggggeeee")
        tags[name] = tag
    if not tags:
        raise UsageError("--columns names no attribute", remedy="use a keyword, e.g. Modality, or ggggeeee")
    return tags


def _column_names(columns: str) -> list[str]:
    """Split at commas, but not inside `gggg,eeee`."""
    names: list[str] = []
    for part in (part.strip() for part in columns.split(",")):
        if names and _is_half_tag(part) and _is_half_tag(names[-1].lstrip("(")):
            names[-1] += f",{part}"
        elif part:
            names.append(part)
    return names


def _is_half_tag(text: str) -> bool:
    digits = text.rstrip(")")
    return len(digits) == 4 and all(digit in "0123456789abcdefABCDEF" for digit in digits)


def _instances(archive: Archive) -> list[Instance]:
    """Return every readable file once, by path."""
    found = {slice_.instance.path: slice_.instance for series in archive.series for slice_ in series.slices}
    found |= {instance.path: instance for instance in (*archive.structure_sets, *archive.others)}
    return [found[path] for path in sorted(found)]


def _write_columns(archive: Archive, tags: dict[str, int], format_: str, *, raw: bool) -> None:
    from dcmtty.dicom.dictionary import keyword_of, tag_text

    keys = [keyword_of(tag) or tag_text(tag) for tag in tags.values()]
    files = _instances(archive)
    if format_ == "json":
        rows = [
            {
                "path": str(file.path),
                "values": dict(zip(tags, [list(file.values.get(key, ())) for key in keys], strict=True)),
            }
            for file in files
        ]
        document: dict[str, Any] = {"schema": SCHEMA, "columns": list(tags), "files": rows}
        output.write_json(document | _unread(archive))
        return
    cells = [(str(file.path), *("\\".join(file.values.get(key, ())) for key in keys)) for file in files]
    if format_ == "csv":
        output.write_csv(("path", *tags), cells, raw=raw)
    else:
        output.write_table(("path", *tags), cells)
    _note_unread(archive)


def _plane(series: Series) -> str:
    from dcmtty.geometry.orientation import plane_name

    plane = series.slices[0].plane
    return plane_name(plane.normal) if plane is not None else ""


def _row(series: Series) -> tuple[str, ...]:
    first = series.first
    spacing = "" if series.spacing_mm is None else f"{series.spacing_mm:.3f}".rstrip("0").rstrip(".")
    return (
        first.text("PatientName"),
        first.text("PatientID"),
        first.text("StudyDate"),
        series.modality,
        str(len(series.slices)),
        _plane(series),
        spacing,
        first.text("SeriesDescription"),
        series.part,
        "; ".join(_note_texts(series)),
    )


def _note_texts(series: Series) -> list[str]:
    """Return the notes, the many of one kind as a count."""
    texts: list[str] = []
    for kind in dict.fromkeys(note.kind for note in series.notes):
        notes = [note.text for note in series.notes if note.kind == kind]
        texts += notes[:1] + ([f"and {len(notes) - 1} more like this"] if len(notes) > 1 else [])
    return texts


def _object_row(instance: Instance, what: str) -> tuple[str, ...]:
    names = ("PatientName", "PatientID", "StudyDate")
    return (*(instance.text(name) for name in names), instance.modality, "", "", "", what, "", "")


def _what(instance: Instance) -> str:
    from dcmtty.dicom.dictionary import uid_name

    uid = instance.sop_class_uid or instance.text("MediaStorageSOPClassUID")
    return uid_name(uid) or uid or "no SOP Class UID"


def _csv_rows(archive: Archive) -> Iterator[tuple[str, ...]]:
    for series in archive.series:
        yield ("series", *_row(series), series.series_uid, str(series.first.path.parent))
    for kind, instances in (("structure set", archive.structure_sets), ("other", archive.others)):
        for instance in instances:
            what = instance.text("StructureSetLabel") if kind == "structure set" else _what(instance)
            yield (kind, *_object_row(instance, what), instance.text("SeriesInstanceUID"), str(instance.path))
    for unreadable in archive.unreadable:
        yield ("unreadable", *("",) * (len(_HEADERS) - 1), unreadable.reason, "", str(unreadable.path))


def write_tables(archive: Archive) -> None:
    """Print the series, structure sets, other objects and unreadable files of an archive."""
    if archive.series:
        output.write_table(_HEADERS, [_row(series) for series in archive.series], widest=48)
        refused = [series for series in archive.series if series.build_refusal]
        if refused:
            output.write_text(f"\n{len(refused)} of these can be viewed, but no structure set can be built on them.\n")
    sections: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = [
        (
            ("structure set", "path"),
            [(item.text("StructureSetLabel"), str(item.path)) for item in archive.structure_sets],
        ),
        (("other object", "path"), [(_what(item), str(item.path)) for item in archive.others]),
        (("unreadable", "reason"), [(str(item.path), item.reason) for item in archive.unreadable]),
        (("warning", "path"), [(text, str(path)) for path, text in _warnings(archive)]),
    ]
    for headers, rows in sections:
        if rows:
            output.write_text("\n")
            output.write_table(headers, rows, widest=100)
    if archive.skipped:
        diagnostics.note(f"{archive.skipped} files are no DICOM and were passed over")
    if not (archive.series or any(rows for _, rows in sections)):
        diagnostics.note("no DICOM files found")


def _warnings(archive: Archive) -> list[tuple[Path, str]]:
    return [(instance.path, text) for instance in _instances(archive) for text in instance.warnings]


def _note_unread(archive: Archive) -> None:
    for unreadable in archive.unreadable:
        diagnostics.warning(f"{unreadable.path}: {unreadable.reason}")


def _unread(archive: Archive) -> dict[str, Any]:
    return {
        "unreadable": [{"path": str(found.path), "reason": found.reason} for found in archive.unreadable],
        "skipped": archive.skipped,
    }


def _document(archive: Archive) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "series": [_series_object(series) for series in archive.series],
        "structure_sets": [_structure_set_object(instance) for instance in archive.structure_sets],
        "others": [
            {
                **_identity(instance),
                "sop_class": _what(instance),
                "modality": instance.modality,
                "path": str(instance.path),
            }
            for instance in archive.others
        ],
        "warnings": [{"path": str(path), "text": text} for path, text in _warnings(archive)],
        **_unread(archive),
    }


def _identity(instance: Instance) -> dict[str, str]:
    return {
        "patient_name": instance.text("PatientName"),
        "patient_id": instance.text("PatientID"),
        "study_instance_uid": instance.text("StudyInstanceUID"),
        "series_instance_uid": instance.text("SeriesInstanceUID"),
    }


def _series_object(series: Series) -> dict[str, Any]:
    plane = series.slices[0].plane
    cosines = None if plane is None else [float(value) for value in (*plane.row_direction, *plane.column_direction)]
    files = dict.fromkeys(str(slice_.instance.path) for slice_ in series.slices)
    first = series.first
    return {
        **_identity(first),
        "part": series.part,
        "study_date": first.text("StudyDate"),
        "series_description": first.text("SeriesDescription"),
        "modality": series.modality,
        "frame_of_reference_uid": series.frame_of_reference_uid,
        "slices": len(series.slices),
        "rows": int(float(first.text("Rows"))),
        "columns": int(float(first.text("Columns"))),
        "plane": _plane(series),
        "orientation": cosines,
        "pixel_spacing_mm": None if plane is None else [plane.row_spacing_mm, plane.column_spacing_mm],
        "spacing_mm": series.spacing_mm,
        "notes": [{"kind": note.kind, "text": note.text, "slice": note.slice_number} for note in series.notes],
        "build_refusal": series.build_refusal,
        "files": list(files),
    }


def _structure_set_object(instance: Instance) -> dict[str, Any]:
    return {
        **_identity(instance),
        "label": instance.text("StructureSetLabel"),
        "sop_instance_uid": instance.sop_instance_uid,
        "referenced_series_uids": list(instance.referenced_series_uids),
        "path": str(instance.path),
    }
