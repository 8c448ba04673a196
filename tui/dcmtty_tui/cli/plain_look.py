"""What `dcmtty open` prints without a terminal: the series, one slice, and the next step."""

from __future__ import annotations

from pathlib import Path

from dcmtty.dicom.scan import scan
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.scan import write_tables
from dcmtty_tui.cli.show import print_slice


def print_look(paths: list[Path]) -> int:
    """Print the series list, the middle slice of the first series, and what to type next."""
    archive = scan(paths, diagnostics.progress_bar(quiet=True))
    write_tables(archive)
    if archive.series:
        output.write_text("\n")
        print_slice(archive.series[0])
    named = " ".join(str(path) for path in paths)
    output.write_text(f"\nNext: run dcmtty {named} in a terminal, or dcmtty show {named} --slice 1\n")
    return 0
