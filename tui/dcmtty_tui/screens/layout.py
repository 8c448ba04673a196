"""Which panes stand on the screen: a pure function of mode, focused pane and width."""

from __future__ import annotations

from dataclasses import dataclass

from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.term import NARROW_COLUMNS

PANES: dict[Mode, tuple[Pane, ...]] = {
    Mode.BROWSE: (Pane.PICTURE, Pane.SERIES, Pane.TAGS),
    Mode.CONTOUR: (Pane.PICTURE, Pane.ROIS, Pane.POINTS),
    Mode.INTEGRITY: (Pane.FILES,),
    Mode.SEND: (Pane.DEVICES, Pane.FILES, Pane.PLAN),
    Mode.GRID: (Pane.GRID,),
    Mode.COMPARE: (Pane.COMPARE,),
}
"""The panes of each mode, in the order in which the backslash key goes round them."""

LEFT = frozenset({Pane.SERIES, Pane.ROIS, Pane.DEVICES})
SIDE_COLUMNS = 30
RIGHT_COLUMNS = 40
SMALLEST_PICTURE_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pane stands; a width of 0 takes what is left."""

    pane: Pane
    columns: int


def arrange(mode: Mode, focused: Pane, width: int) -> tuple[Place, ...]:
    """Return the panes to show, from left to right."""
    panes = PANES[mode]
    if width < NARROW_COLUMNS:
        return _narrow(mode, focused, width)
    places = [Place(pane, _wide_columns(pane, focused, width)) for pane in panes]
    return tuple(sorted(places, key=lambda place: (place.pane not in LEFT, place.pane is not panes[0])))


def _wide_columns(pane: Pane, focused: Pane, width: int) -> int:
    if pane in LEFT:
        return SIDE_COLUMNS
    if pane is Pane.TAGS:
        return max(width // 2 - 10, RIGHT_COLUMNS) if focused is Pane.TAGS else RIGHT_COLUMNS
    return RIGHT_COLUMNS if pane is Pane.POINTS else 0


def _narrow(mode: Mode, focused: Pane, width: int) -> tuple[Place, ...]:
    if Pane.PICTURE not in PANES[mode] or focused is Pane.TAGS or focused is Pane.PICTURE:
        return (Place(focused, 0),)
    side = width - SMALLEST_PICTURE_COLUMNS
    if side < 16:
        return (Place(focused, 0),)
    places = (Place(focused, side), Place(Pane.PICTURE, 0))
    return places if focused in LEFT else places[::-1]


def next_pane(mode: Mode, focused: Pane, step: int) -> Pane:
    """Return the pane that the backslash key goes to."""
    panes = PANES[mode]
    if focused not in panes:
        return panes[0]
    return panes[(panes.index(focused) + step) % len(panes)]
