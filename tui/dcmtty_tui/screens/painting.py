"""Draws the whole screen from the desk: one snapshot for picture, status, tags and points."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.style import Style
from textual.screen import Screen
from textual.widget import Widget

from dcmtty.dicom.model import Series
from dcmtty.text import fit, visible
from dcmtty_tui import theme
from dcmtty_tui.actions import ACTIONS, Action, Mode, Pane, for_key
from dcmtty_tui.screens.desk import Desk
from dcmtty_tui.screens.entry import Entry
from dcmtty_tui.screens.handle_compare import paint_compare
from dcmtty_tui.screens.handle_grid import paint_grid
from dcmtty_tui.screens.handle_tags import follow_slice
from dcmtty_tui.screens.keyboard import Keyboard
from dcmtty_tui.screens.layout import arrange
from dcmtty_tui.screens.predicates import reason_against
from dcmtty_tui.screens.programs import program_warning
from dcmtty_tui.screens.scanning import is_unscanned
from dcmtty_tui.screens.series_rows import series_title
from dcmtty_tui.screens.status import coverage_strip, position_line, title_line, view_line
from dcmtty_tui.sizes import counted
from dcmtty_tui.viewing import Snapshot, selected_points
from dcmtty_tui.widgets.lines import Lines, Part
from dcmtty_tui.widgets.row_list import Row, RowList
from dcmtty_tui.widgets.slice_view import SliceView

ALWAYS_IN_FOOTER = ("command", "help")
KEY_NAMES = {"space": "space", "escape": "esc", "shift+tab": "S-tab", "pagedown": "pgdn", "pageup": "pgup"}


def paint(screen: Screen[int], desk: Desk, keyboard: Keyboard) -> None:
    """Bring every widget in line with the desk."""
    _arrange(screen, desk)
    snapshot = _picture(screen, desk)
    width = screen.size.width
    screen.query_one("#title", Lines).set_lines([title_line(_series(desk, snapshot), desk.mode, width, _detail(desk))])
    status: list[list[Part]] = [[], []]
    if snapshot is not None:
        status = [position_line(snapshot), view_line(snapshot, desk.viewer.terminal, width)]
    if desk.mode is Mode.COMPARE:
        status = paint_compare(desk, width)
    screen.query_one("#status", Lines).set_lines(status)
    _banner(screen, desk)
    _lists(screen, desk, snapshot)
    message, last = _bottom(desk, keyboard, width)
    screen.query_one("#message", Lines).set_lines([message])
    screen.query_one("#footer", Lines).set_lines([last])


def _bottom(desk: Desk, keyboard: Keyboard, width: int) -> tuple[list[Part], list[Part]]:
    """Return message line and footer; what is typed, or the rest of a long message, takes the footer's place."""
    entry = keyboard.entry
    if entry is not None:
        return [(f" {entry.prompt}", theme.DIM)], _entry_line(entry, width)
    style = theme.ERROR if desk.is_error else theme.TEXT
    lines = textwrap.wrap(_message(desk), max(width - 2, 10)) or [""]
    digits: list[Part] = [(f"  {keyboard.digits}", theme.KEY)] if keyboard.digits else []
    if len(lines) == 1:
        return [(f" {lines[0]}", style), *digits], footer(desk, width)
    rest = lines[1] if len(lines) == 2 else fit(" ".join(lines[1:]), max(width - 2, 10))
    return [(f" {lines[0]}", style), *digits], [(f" {rest}", style)]


def _series(desk: Desk, snapshot: Snapshot | None) -> Series | None:
    return snapshot.view.series if snapshot is not None else desk.session.series


def _arrange(screen: Screen[int], desk: Desk) -> None:
    places = {place.pane: place for place in arrange(desk.mode, desk.pane, screen.size.width)}
    for pane in Pane:
        widget = screen.query_one(f"#{pane.value}", Widget)
        place = places.get(pane)
        widget.set_class(place is not None, "shown")
        if place is not None:
            widget.styles.width = place.columns or "1fr"
        if isinstance(widget, RowList):
            widget.set_current(is_current=pane is desk.pane)


def _picture(screen: Screen[int], desk: Desk) -> Snapshot | None:
    view = screen.query_one(SliceView)
    if not view.has_class("shown"):
        columns, rows = 80, 20
    else:
        columns, rows = view.size.width, view.size.height
    draw_set = not desk.session.standing.is_hidden
    snapshot = desk.viewer.compose(columns, rows, desk.state, desk.selection, draw_set=draw_set)
    if snapshot is not None:
        view.show(snapshot.cells, snapshot.notice)
    elif desk.viewer.shown is None:
        view.show(None, "reading" if desk.viewer.wanted is not None else "no slice is open")
    return desk.viewer.shown


def _detail(desk: Desk) -> str:
    series = desk.session.series
    if series is None:
        return ""
    if desk.mode is Mode.BROWSE or desk.state is None:
        return series_title(series)
    structure_set = desk.state.structure_set
    standing = desk.session.standing
    kept = "NOT JOURNALLED" if standing.journal_failure else "journalled"
    saved = f"{kept}, not saved" if standing.unsaved else ""
    parts = (visible(structure_set.label, 16), structure_set.approval_status, counted(len(structure_set.rois), "ROI"))
    return f"{series.modality} | {' '.join(parts)} {saved}".rstrip()


def _banner(screen: Screen[int], desk: Desk) -> None:
    standing = desk.session.standing
    failure = standing.journal_failure
    text = f"EDITS ARE NOT JOURNALLED: {failure}" if failure else standing.banner or _doubt(desk)
    text = "; ".join(part for part in (text, program_warning(desk)) if part)
    lines = textwrap.wrap(f"! {text}", max(screen.size.width - 2, 10)) if text else []
    banner = screen.query_one("#banner", Lines)
    banner.set_class(bool(lines), "open")
    banner.styles.height = max(len(lines), 1)
    banner.set_lines([[(f" {line}", Style())] for line in lines])


def _doubt(desk: Desk) -> str:
    series = desk.session.series
    if series is None or not series.numbering_doubt:
        return ""
    if is_unscanned(series):
        return f"{series.numbering_doubt}: only to be looked at, slices may be missing"
    return f"{series.numbering_doubt}: slice numbers may not be those of the whole series"


def _lists(screen: Screen[int], desk: Desk, snapshot: Snapshot | None) -> None:
    strip = screen.query_one("#strip", Lines)
    strip.set_class(desk.mode is Mode.CONTOUR and snapshot is not None and screen.size.height >= 24, "open")
    if desk.mode is Mode.BROWSE:
        title = "Series so far" if desk.scanning.is_running else "Series"
        desk.ui.rows(Pane.SERIES).set_rows(desk.scanning.rows, title)
        if desk.ui.rows(Pane.TAGS).has_class("shown"):
            follow_slice(desk)
    elif desk.mode is Mode.CONTOUR and snapshot is not None:
        strip.set_lines(coverage_strip(snapshot, screen.size.width))
        desk.ui.rows(Pane.ROIS).set_rows(roi_rows(snapshot), "ROIs")
        desk.ui.rows(Pane.POINTS).set_rows(point_rows(snapshot), _points_title(snapshot, desk))
    elif desk.mode in {Mode.INTEGRITY, Mode.SEND}:
        desk.sending.show(desk.ui, desk.mode)
    elif desk.mode is Mode.GRID:
        paint_grid(desk)


def roi_rows(snapshot: Snapshot) -> list[Row]:
    """Return a row for each ROI; the one to draw in is marked."""
    if snapshot.state is None:
        return []
    return [
        Row(
            roi.number,
            f"{'*' if roi.number == snapshot.selection.roi_number else ' '}{roi.number} {visible(roi.name, 24)}"
            f" {roi.interpreted_type} {len(roi.contours)}",
            swatch=Style(color=f"rgb({roi.color[0]},{roi.color[1]},{roi.color[2]})"),
        )
        for roi in snapshot.state.structure_set.rois
    ]


def point_rows(snapshot: Snapshot) -> list[Row]:
    """Return a row for each point of the draft or the selected contour: number, pixel, patient mm."""
    if snapshot.state is None or snapshot.picture is None:
        return []
    points = selected_points(snapshot.state, snapshot.selection)
    plane = snapshot.view.series.slices[snapshot.view.slice_number - 1].plane if snapshot.view.may_edit else None
    rows = []
    for index, (x, y, z) in enumerate(points.tolist()):
        pixel = ""
        if plane is not None:
            column, row, _ = plane.column_row_offset([[x, y, z]])[0]
            pixel = f"{column:6.1f}{row:6.1f}"
        mark = "*" if index == snapshot.selection.point_index else " "
        rows.append(Row(index, f"{mark}{index + 1:<3}{pixel} {x:7.1f}{y:7.1f}{z:8.1f}"))
    return rows


def _points_title(snapshot: Snapshot, desk: Desk) -> str:
    state = snapshot.state
    if state is not None and state.draft is not None and state.draft.points:
        return f"Points of {state.draft.geometric_type}, open"
    if desk.selection.contour_index >= 0:
        return f"Points of contour {desk.selection.contour_index + 1}"
    return "Points"


def _entry_line(entry: Entry, width: int) -> list[Part]:
    """Return the line that is typed, its end in sight, with the cursor as a reversed cell."""
    mark = ":" if entry.kind == "command" else "/" if entry.kind == "find" else ">"
    before, under, after = (visible(part) for part in entry.line.parts)
    return [
        (mark, theme.KEY),
        (before[-max(width - 4, 1) :], theme.STRONG),
        (under, theme.CURSOR),
        (after, theme.STRONG),
    ]


def _message(desk: Desk) -> str:
    if desk.too_small:
        return f"! {desk.too_small}"
    text = desk.message or (_entering(desk) if desk.mode is Mode.CONTOUR else "")
    parts = [f"! {text}" if desk.is_error else text, desk.progress, desk.scanning.progress]
    return visible(" | ".join(part for part in parts if part))


def _entering(desk: Desk) -> str:
    state = desk.state
    draft = state.draft if state is not None else None
    drawn = draft if draft is not None and draft.points else None
    number = drawn.roi_number if drawn is not None else desk.selection.roi_number
    roi = state.structure_set.roi(number) if state is not None else None
    name = f"ROI {roi.number} {roi.name}" if roi is not None else "no ROI yet"
    if drawn is not None:
        return f"INSERT {len(drawn.points)} points, open | {name} {drawn.geometric_type} | enter ends it"
    return f"{name} | next: {desk.geometric_type} | space adds a point"


def footer(desk: Desk, width: int) -> list[Part]:
    """Return the keys that work now, as the registry gives them: those of the mode first, help and command always."""
    here = [
        action
        for action in ACTIONS
        if action.footer and action.keys and desk.mode in action.modes and desk.pane in action.panes
        if for_key(action.keys[0], desk.mode, desk.pane) is action
        if action.id != f"mode.{desk.mode}" and not reason_against(action, desk)
    ]
    always = [action for action in here if action.id in ALWAYS_IN_FOOTER]
    others = sorted((action for action in here if action not in always), key=lambda action: len(action.modes))
    end = _pairs(always)
    room = width - _width(end)
    out: list[Part] = []
    for key, title in _in_twos(_pairs(others)):
        size = _width([key, title])
        if size > room:
            break
        out += [key, title]
        room -= size
    return [*out, *end]


def _pairs(actions: Sequence[Action]) -> list[Part]:
    """Return key and title of each action; actions of one title share it."""
    shown: dict[str, list[str]] = {}
    for action in actions:
        shown.setdefault(action.short or action.title, []).append(KEY_NAMES.get(action.keys[0], action.keys[0]))
    return [
        part
        for title, keys in shown.items()
        for part in ((f" {' '.join(keys)}", theme.KEY), (f" {title.lower()} ", theme.DIM))
    ]


def _in_twos(parts: Sequence[Part]) -> list[tuple[Part, Part]]:
    return list(zip(parts[::2], parts[1::2], strict=True))


def _width(parts: Sequence[Part]) -> int:
    return sum(len(text) for text, _ in parts)
