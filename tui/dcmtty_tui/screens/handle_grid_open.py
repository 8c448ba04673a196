"""Opens what a row of the grid names: a series in Browse, the tags of a file."""

from __future__ import annotations

from pathlib import Path

from dcmtty.errors import InputError
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.handle_grid import go_into
from dcmtty_tui.screens.handle_series import read_entry
from dcmtty_tui.screens.handle_tags import redraw
from dcmtty_tui.widgets.row_list import Row


def open_grid_row(desk: Desk, row: Row) -> None:
    """Go into a group or a study, open a series in Browse, or show the tags of a file.

    Raises:
        InputError: the series has no pictures.
    """
    found = go_into(desk, row)
    if found is None:
        return
    what, name = found
    if what == "file":
        _show_tags(desk, Path(name))
        return
    entry = next((one for one in desk.session.listing.series if one.series_uid == name), None)
    if entry is None:
        raise InputError("this series has no pictures to show", remedy="look at its files with t, and at their tags")
    desk.mode = Mode.BROWSE
    desk.pane = Pane.SERIES
    read_entry(desk, entry)


def _show_tags(desk: Desk, path: Path) -> None:
    desk.tags.follow(path)
    desk.tags_pinned = True
    desk.mode, desk.pane = Mode.BROWSE, Pane.TAGS
    redraw(desk)
