"""Files that begin like a program: what must be said while one of them is open (PS3.10 7.5 leaves a preamble free)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dcmtty.dicom.model import Series
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.series_rows import programs_text


def program_warning(desk: Desk) -> str:
    """Return the warning about what is open: series, structure set, tags; empty when none of it is like a program."""
    series = desk.session.series
    count, total = _programs(series) if series is not None else (0, 0)
    if count:
        return programs_text(count, total)
    executable = desk.scanning.rows.executable
    others: list[Path | None] = [desk.session.standing.source_path]
    if desk.tags_pinned:
        others.append(desk.tags.path)
    return programs_text(1) if any(path in executable for path in others) else ""


@lru_cache(maxsize=1)
def _programs(series: Series) -> tuple[int, int]:
    """Return how many files of a series begin like a program, and how many there are."""
    files = {item.instance.path: item.instance.preamble for item in series.slices}
    return sum(preamble == "executable" for preamble in files.values()), len(files)
