"""`dcmtty scan`: series, structure sets and unreadable files, or a table of chosen attributes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcmtty.errors import UsageError
from dcmtty_tui.cli import diagnostics
from dcmtty_tui.cli.options import engine_option, format_option, quiet_option
from dcmtty_tui.cli.series_list import exit_code_of, write_listing
from dcmtty_tui.cli.table import FORMATS, TableRequest, table_options, write_table

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.listing import Counts, Listing


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path))
@table_options
@format_option(FORMATS)
@click.option("--raw", is_flag=True, help="CSV cells as they are, even those a spreadsheet takes for a formula.")
@engine_option
@click.option("--catalog", "catalog_path", metavar="FILE", type=click.Path(path_type=Path), help="The catalog to use.")
@click.option("--no-catalog", is_flag=True, help="Read every file, and keep nothing of them.")
@quiet_option
def command(
    *,
    paths: tuple[Path, ...],
    format_: str,
    raw: bool,
    engine: str,
    catalog_path: Path | None,
    no_catalog: bool,
    quiet: bool,
    **table: Any,  # noqa: ANN401 - the fields of TableRequest
) -> int:
    """List the series in PATHS (files, folders, DICOMDIR): slices in order, gaps, duplicates, what cannot be read.

    With --columns, --rows, --filter, --sort or --group: a table of files, series or studies instead (docs/grid.md).
    What was read is kept in a catalog (docs/catalog.md), for this user alone: a file that did not change since is not
    opened again. Exit code 1 when some files cannot be read, 3 when a path is missing or nothing can be read.
    """
    request = TableRequest(**table)
    request.check(format_)
    if catalog_path is not None and no_catalog:
        raise UsageError("--catalog and --no-catalog exclude each other", remedy="leave one of them out")
    with _catalog(catalog_path, no_catalog=no_catalog) as catalog:
        if request.is_wanted:
            listing = write_table(request, paths, catalog, engine, format_=format_, raw=raw, quiet=quiet)
        else:
            listing = _listing(paths, catalog, engine, with_files=format_ == "json", quiet=quiet)
        if catalog.note:
            diagnostics.note(catalog.note)
        _tell_changes(listing.counts)
    if not request.is_wanted:
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


def _tell_changes(counts: Counts) -> None:
    """Say what changed since the last scan; nothing where there was none, or nothing changed."""
    changes = {"new or changed": counts.read, "moved": counts.moved, "gone": counts.deleted}
    told = [f"{count} {word}" for word, count in changes.items() if count]
    if told and counts.unchanged + counts.moved + counts.deleted:
        diagnostics.note(f"files since the last scan: {', '.join(told)}, {counts.unchanged} unchanged")
