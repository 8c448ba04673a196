"""What `dcmtty open` prints without a terminal: the series, one slice, and the next step."""

from __future__ import annotations

import shlex
from pathlib import Path

from dcmtty.dicom.scan import scan
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.scan import exit_code_of, write_tables
from dcmtty_tui.cli.show import print_slice

SIZE = (80, 30)
"""Cells for the picture: fits a page and a log."""


def print_look(paths: list[Path]) -> int:
    """Print the series list, the middle slice of the first series, and what to type next."""
    archive = scan(paths, diagnostics.progress_bar(quiet=True))
    write_tables(archive)
    if archive.series:
        output.write_text("\n")
        print_slice(archive.series[0], SIZE, "half")
        _print_next_step(paths)
    return exit_code_of(paths, archive)


def _print_next_step(paths: list[Path]) -> None:
    named = visible(shlex.join(str(path) for path in paths))
    output.write_text(
        f"\nNext: dcmtty {named} in a terminal opens the app (F3 contours, ? helps); without one: "
        f"dcmtty tags FILE, dcmtty show {named} --slice N, dcmtty rtstruct build {named} --points FILE -o RS.dcm\n"
    )
