"""What varies across the open series as a list: one line for each attribute, all its values on demand."""

from __future__ import annotations

from collections.abc import Sequence

from dcmtty.dicom.compare.trend_words import all_lines, how_line, mark
from dcmtty.dicom.compare.trends import Attribute
from dcmtty.dicom.compare.vary import Variation
from dcmtty.text import fit, visible
from dcmtty_tui import theme
from dcmtty_tui.screens.compare_rows import STACKED_COLUMNS, LazyRows
from dcmtty_tui.widgets.row_list import Row


class SeriesView:
    """A variation as it is looked at."""

    def __init__(self, found: Variation, name: str) -> None:
        self.found = found
        self.only_differences = True
        self._name = name
        self._shown: list[Attribute] = []
        self._headings: list[str] = []
        self._rows: LazyRows | None = None
        self._width = 0
        self._begin()

    def _begin(self) -> None:
        found = self.found
        self._shown = [one for one in found.attributes if one.varies or not self.only_differences]
        count = sum(one.varies for one in found.attributes)
        self._headings = [
            f"{count} of {len(found.attributes)} attributes vary across {len(found.files)} files, slice by slice",
            "* values  # one for each file  / even steps  > uneven steps  - not in all files  = constant",
            *found.notes,
            *(f"! {visible(file.path.name, 60)}: {file.reason}" for file in found.damaged),
        ]
        self._rows = None

    @property
    def title(self) -> str:
        """What it is about."""
        return f"{'Varying' if self.only_differences else 'All'} attributes | {self._name}"

    def toggle_all(self) -> None:
        """Show constant attributes, or leave them out."""
        self.only_differences = not self.only_differences
        self._begin()

    def _attribute(self, index: int) -> Attribute | None:
        at = index - len(self._headings)
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def next_difference(self, index: int, step: int) -> int | None:
        """Return the next attribute that varies, after (or before) a row."""
        places: Sequence[int] = range(index + step, len(self._headings) + len(self._shown) if step > 0 else -1, step)
        return next((at for at in places if (one := self._attribute(at)) is not None and one.varies), None)

    def rows(self, width: int) -> LazyRows:
        """Return the rows for a pane of this many cells."""
        if self._rows is None or width != self._width:
            self._width = width
            headings, shown = list(self._headings), list(self._shown)

            def key(index: int) -> object:
                return headings[index] if index < len(headings) else shown[index - len(headings)].path

            def make(index: int) -> Row:
                if index < len(headings):
                    return Row(key(index), headings[index], theme.STRONG if not index else theme.DIM)
                one = shown[index - len(headings)]
                return Row(key(index), _line(one, width - 1), theme.TEXT if one.varies else theme.DIM)

            self._rows = LazyRows(len(headings) + len(shown), key, make)
        return self._rows

    def describe(self, index: int) -> str:
        """Return name and trend of an attribute."""
        one = self._attribute(index)
        return "" if one is None else f"{one.tag} {one.vr} {one.name}: {how_line(one)}"

    def whole(self, index: int) -> tuple[str, ...]:
        """Return all that is known of an attribute."""
        one = self._attribute(index)
        return () if one is None else tuple(all_lines(one))


def _line(one: Attribute, width: int) -> str:
    tag = f"{one.tag} " if width >= STACKED_COLUMNS else ""
    room = max(width * 2 // 5, 20)
    return f"{fit(f'{mark(one)} {tag}{one.name}', room)} {how_line(one)}"
