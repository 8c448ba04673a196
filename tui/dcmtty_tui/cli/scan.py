"""`dcmtty scan`: series, structure sets and unreadable files, or chosen attributes of each file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcmtty.errors import UsageError
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import engine_option, format_option, quiet_option
from dcmtty_tui.cli.series_list import SCHEMA, exit_code_of, unread, write_listing

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.listing import Listing
    from dcmtty.dicom.model import Archive, Instance


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path))
@click.option("--columns", metavar="K,..", help="Attributes (keyword or tag) of each file, instead of the series.")
@format_option(["table", "csv", "json"])
@click.option("--raw", is_flag=True, help="CSV cells as they are, even those a spreadsheet takes for a formula.")
@engine_option
@click.option("--catalog", "catalog_path", metavar="FILE", type=click.Path(path_type=Path), help="The catalog to use.")
@click.option("--no-catalog", is_flag=True, help="Read every file, and keep nothing of them.")
@quiet_option
def command(
    *,
    paths: tuple[Path, ...],
    columns: str | None,
    format_: str,
    raw: bool,
    engine: str,
    catalog_path: Path | None,
    no_catalog: bool,
    quiet: bool,
) -> int:
    """List the series in PATHS (files, folders, DICOMDIR): slices in order, gaps, duplicates, what cannot be read.

    What was read is kept in a catalog (docs/catalog.md), for this user alone: a file that did not change since is not
    opened again. Exit code 1 when some files cannot be read, 3 when a path is missing or nothing can be read.
    """
    if columns is not None:
        return _columns(paths, columns, format_, raw=raw, quiet=quiet)
    if catalog_path is not None and no_catalog:
        raise UsageError("--catalog and --no-catalog exclude each other", remedy="leave one of them out")
    with _catalog(catalog_path, no_catalog=no_catalog) as catalog:
        listing = _listing(paths, catalog, engine, with_files=format_ == "json", quiet=quiet)
        if catalog.note:
            diagnostics.note(catalog.note)
    write_listing(listing, format_, raw=raw)
    return exit_code_of(paths, listing)


def _catalog(path: Path | None, *, no_catalog: bool) -> Catalog:
    from dcmtty.dicom.catalog.store import open_catalog, private_catalog

    return private_catalog() if no_catalog else open_catalog(path)


def _listing(paths: tuple[Path, ...], catalog: Catalog, engine: str, *, with_files: bool, quiet: bool) -> Listing:
    from dcmtty.dicom.catalog.scan import scan
    from dcmtty.engine.opening import open_engine

    progress = diagnostics.progress_bar(quiet=quiet)
    with open_engine(engine) as opened:
        return scan(paths, engine=opened, catalog=catalog, progress=progress, with_files=with_files)


def _columns(paths: tuple[Path, ...], columns: str, format_: str, *, raw: bool, quiet: bool) -> int:
    from dcmtty.dicom.scan import scan

    tags = _tags(columns)
    archive = scan(paths, diagnostics.progress_bar(quiet=quiet), tuple(tags.values()))
    _write_columns(archive, tags, format_, raw=raw)
    return exit_code_of(paths, archive)


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
        output.write_json(document | unread(archive))
        return
    cells = [(str(file.path), *("\\".join(file.values.get(key, ())) for key in keys)) for file in files]
    if format_ == "csv":
        output.write_csv(("path", *tags), cells, raw=raw)
    else:
        output.write_table(("path", *tags), cells)
    for unreadable in archive.unreadable:
        diagnostics.warning(f"{unreadable.path}: {unreadable.reason}")
