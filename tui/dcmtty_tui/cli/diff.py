"""`dcmtty diff`: two files element by element, or what varies across the files of a series."""

from __future__ import annotations

from pathlib import Path

import click

from dcmtty.errors import UsageError
from dcmtty_tui.cli import diagnostics
from dcmtty_tui.cli.options import format_option, quiet_option


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Also what is the same, or constant.")
@click.option("--side-by-side", is_flag=True, help="Two columns to the width of the terminal.")
@click.option("--ignore", metavar="K,..", default="", help="Leave out keywords, tags, groups (gggg,*) or private.")
@click.option("--exact", is_flag=True, help="Count the same value in another text, VR or order as a difference, too.")
@click.option("--pixels", is_flag=True, help="Decode pixels whose stored bytes differ; digest those of a series.")
@click.option("--series", "wanted", metavar="UID", help="Of several series: the one whose UID ends so.")
@format_option(["text", "json"])
@quiet_option
def command(  # noqa: PLR0913, PLR0917 - click's signature
    paths: tuple[Path, ...],
    everything: bool,  # noqa: FBT001 - click's signature
    side_by_side: bool,  # noqa: FBT001 - click's signature
    ignore: str,
    exact: bool,  # noqa: FBT001 - click's signature
    pixels: bool,  # noqa: FBT001 - click's signature
    wanted: str | None,
    format_: str,
    quiet: bool,  # noqa: FBT001 - click's signature
) -> int:
    """Compare two files by what their elements mean, or tell which attributes vary across a series.

    PATHS is two files, or a series: a folder, or more than two files. Of two files exit code 0 says that no value of
    the data sets differs, 1 that one does, 3 that a file cannot be read, or not to its end.
    """
    from dcmtty.dicom.compare.ignored import ignoring
    from dcmtty.dicom.compare.model import Options

    options = ignoring(ignore, Options(exact=exact, pixels=pixels))
    progress = diagnostics.progress_bar(quiet=quiet)
    if len(paths) == 2 and not any(path.is_dir() for path in paths):
        from dcmtty_tui.cli.diff_files import Layout, diff_files

        layout = "json" if format_ == "json" else "side-by-side" if side_by_side else "unified"
        return diff_files((paths[0], paths[1]), options, Layout(layout), progress, everything=everything)
    if len(paths) == 1 and not paths[0].is_dir():
        remedy = "name two files, or a folder" if paths[0].exists() else "check the path"
        raise UsageError(f"{paths[0]}: one file has nothing to be compared with", remedy=remedy)
    from dcmtty_tui.cli.diff_series import diff_series

    return diff_series(paths, options, progress, wanted=wanted, everything=everything, as_json=format_ == "json")
