"""What `dcmtty open` prints without a terminal: the series, one slice, and the next step."""

from __future__ import annotations

import shlex
from pathlib import Path

from dcmtty.dicom.catalog.load import load_series
from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import open_catalog
from dcmtty.engine.opening import open_engine
from dcmtty.text import visible
from dcmtty_tui.cli import output
from dcmtty_tui.cli.series_list import exit_code_of, write_tables
from dcmtty_tui.cli.show import print_slice

SIZE = (80, 30)
"""Cells for the picture: fits a page and a log."""


def print_look(paths: list[Path]) -> int:
    """Print the series list, the middle slice of the first series, and what to type next."""
    with open_catalog() as catalog, open_engine() as engine:
        listing = scan(paths, engine=engine, catalog=catalog)
        write_tables(listing)
        if listing.series:
            output.write_text("\n")
            print_slice(load_series(listing.series[0], catalog), SIZE, "half")
            _print_next_step(paths)
    return exit_code_of(paths, listing)


def _print_next_step(paths: list[Path]) -> None:
    named = visible(shlex.join(str(path) for path in paths))
    output.write_text(
        f"\nNext: dcmtty {named} in a terminal opens the app (F3 contours, ? helps); without one: "
        f"dcmtty tags FILE, dcmtty show {named} --slice N, dcmtty rtstruct build {named} --points FILE -o RS.dcm\n"
    )
