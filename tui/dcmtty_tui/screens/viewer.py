"""The view that is wanted and the snapshot that is shown; between them stands the reading of pictures."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from dcmtty.contours.draft import EditState
from dcmtty.dicom.model import Series
from dcmtty.dicom.picture import Picture
from dcmtty.dicom.window import Window, default_window
from dcmtty.errors import DcmttyError, InputError
from dcmtty.render.viewport import fit
from dcmtty.session import same_slices, slice_name
from dcmtty_tui.messages import PictureKey
from dcmtty_tui.reading import is_same_file
from dcmtty_tui.reformat import other_view
from dcmtty_tui.term import Terminal
from dcmtty_tui.viewing import Selection, Snapshot, View, take_snapshot

CACHED_BYTES = 256 << 20
"""Pictures kept for going back and forth."""


class Viewer:
    """Holds the wanted view, a cache of pictures and the latest snapshot; draws nothing itself."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.wanted: View | None = None
        self.shown: Snapshot | None = None
        self._pictures: OrderedDict[PictureKey, Picture | DcmttyError] = OrderedDict()

    def open(self, series: Series) -> None:
        """Look at the middle slice of a series."""
        count = len(series.slices)
        self.wanted = View(series, (count + 1) // 2, count)
        self.shown = None

    def keep(self, series: Series) -> bool:
        """Look at another reading of the series: at the same slice, with window, zoom and crosshair as they are.

        A reformatted view of more slices is another picture: it is fitted anew, about the crosshair. False where there
        is no such slice; nothing changed then.
        """
        view = self.wanted
        if view is None or not view.series.slices:
            return False
        if not view.may_edit:
            self.wanted = self._reformatted(view, series)
            return True
        item = view.series.slices[view.slice_number - 1]
        named = [number for number, each in enumerate(series.slices, 1) if slice_name(each) == slice_name(item)]
        same = [number for number in named if is_same_file(series.slices[number - 1].instance, item.instance)]
        found = same or (named if item.instance.sop_instance_uid else [])
        if not found:
            return False
        self.wanted = replace(view, series=series, slice_number=found[0], slice_count=len(series.slices))
        picture = self._pictures.get(view.key)
        if picture is not None and same:
            self.store(self.wanted.key, picture)
        return True

    def _reformatted(self, view: View, series: Series) -> View:
        if same_slices(view.series, series):
            return replace(view, series=series)
        count, picture = len(series.slices), self.shown.picture if self.shown is not None else None
        acquired = replace(
            view, series=series, kind="acquired", slice_number=(count + 1) // 2, slice_count=count, viewport=None
        )
        try:
            return other_view(acquired, picture.plane if picture is not None else None, view.kind)
        except InputError:
            return acquired

    def close(self) -> None:
        """Look at nothing."""
        self.wanted = None
        self.shown = None

    @property
    def settled(self) -> bool:
        """Whether what is shown is of the slice that is wanted, so that an edit acts on what is seen."""
        if self.wanted is None or self.shown is None:
            return self.wanted is None
        return self.shown.view.key == self.wanted.key

    @property
    def picture(self) -> Picture | None:
        """The picture of the wanted view, when it is in the cache."""
        if self.wanted is None:
            return None
        found = self._pictures.get(self.wanted.key)
        return found if isinstance(found, Picture) else None

    @property
    def failure(self) -> DcmttyError | None:
        """Why the picture of the wanted view cannot be read."""
        found = None if self.wanted is None else self._pictures.get(self.wanted.key)
        return found if isinstance(found, DcmttyError) else None

    def missing(self) -> PictureKey | None:
        """Return the key of the picture that must be read, or None."""
        if self.wanted is None or self.wanted.key in self._pictures:
            return None
        return self.wanted.key

    def store(self, key: PictureKey, picture: Picture | DcmttyError) -> None:
        """Keep a picture that was read; the oldest are dropped when there are too many."""
        self._pictures[key] = picture
        self._pictures.move_to_end(key)
        while len(self._pictures) > 1 and self._held_bytes() > CACHED_BYTES:
            self._pictures.popitem(last=False)

    def _held_bytes(self) -> int:
        return sum(int(item.values.nbytes) for item in self._pictures.values() if isinstance(item, Picture))

    def change(self, **values: object) -> None:
        """Want a view that differs in these fields."""
        if self.wanted is not None:
            self.wanted = replace(self.wanted, **values)  # type: ignore[arg-type]

    def window(self, picture: Picture) -> Window:
        """Return the window to show a picture through."""
        chosen = self.wanted.window if self.wanted is not None else None
        return default_window(picture) if chosen is None else chosen

    def compose(
        self, columns: int, rows: int, state: EditState | None, selection: Selection, *, draw_set: bool
    ) -> Snapshot | None:
        """Make the snapshot of the wanted view for a pane of this many cells, or None while its picture is missing."""
        view, picture, failure = self.wanted, self.picture, self.failure
        if view is None or columns < 1 or rows < 1:
            return None
        if failure is not None:
            self.shown = Snapshot(view, None, None, None, state, selection, str(failure))
            return self.shown
        if picture is None:
            return None
        view = self._placed(view, picture, columns, rows)
        window = self.window(picture)
        self.shown = take_snapshot(view, picture, window, state, selection, self.terminal, draw_set=draw_set)
        return self.shown

    def _placed(self, view: View, picture: Picture, columns: int, rows: int) -> View:
        """Return the view with a viewport of the right size, and what the first picture settles: crosshair, window."""
        viewport = view.viewport
        if viewport is None:
            viewport = fit(picture, columns, rows)
            window = view.window or default_window(picture)
            view = replace(view, cursor=_first_cursor(view, picture), window=window)
        elif (viewport.columns, viewport.rows) != (columns, rows):
            viewport = viewport.resized(columns, rows)
        view = replace(view, viewport=viewport)
        self.wanted = view
        return view


def _first_cursor(view: View, picture: Picture) -> tuple[float, float]:
    column, row = float(picture.columns // 2), float(picture.rows // 2)
    if view.anchor_xyz is not None and picture.plane is not None:
        column, row, _ = (float(value) for value in picture.plane.column_row_offset(view.anchor_xyz)[0])
    return float(min(max(round(column), 0), picture.columns - 1)), float(min(max(round(row), 0), picture.rows - 1))
