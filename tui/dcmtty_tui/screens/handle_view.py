"""Handlers of looking: slices, zoom, pan, window, views, crosshair."""

from __future__ import annotations

from dataclasses import replace

from dcmtty.dicom.picture import Picture
from dcmtty.dicom.window import auto_window, choices, parse_window, stepped
from dcmtty.errors import UsageError
from dcmtty.render.viewport import fit
from dcmtty_tui.keymap import Call
from dcmtty_tui.reformat import other_view
from dcmtty_tui.screens.desk import Desk, handles, numbers, whole_numbers
from dcmtty_tui.viewing import View, moved_cursor

ZOOM_STEP = 1.25
PAN_STEP_CELLS = 4


def _view(desk: Desk) -> View:
    if desk.viewer.wanted is None:
        raise UsageError("no series is open", remedy="choose one in the series pane")
    return desk.viewer.wanted


def _picture(desk: Desk) -> Picture:
    """Return the picture on screen (the wanted one may still be on its way)."""
    picture = desk.viewer.picture or (desk.viewer.shown.picture if desk.viewer.shown else None)
    if picture is None:
        raise UsageError("there is no picture here", remedy="go to another slice")
    return picture


def go_to_slice(desk: Desk, number: int) -> None:
    """Want a slice, as near as there is one."""
    view = _view(desk)
    wanted = min(max(number, 1), view.slice_count)
    if wanted == view.slice_number:
        desk.tell("this is the first slice" if number < 1 else "this is the last slice" if number > wanted else "")
    desk.viewer.change(slice_number=wanted)


_SLICE_STEPS = {"slice.previous": -1, "slice.next": 1, "slice.back10": -10, "slice.forward10": 10}


@handles(*_SLICE_STEPS)
def step_slice(desk: Desk, call: Call) -> None:
    """Go on or back by slices."""
    go_to_slice(desk, _view(desk).slice_number + _SLICE_STEPS[call.action.id] * call.times)


@handles("slice.first")
def first_slice(desk: Desk, call: Call) -> None:
    """Go to the first slice, or with a count to that one."""
    go_to_slice(desk, call.times)


@handles("slice.goto")
def goto_slice(desk: Desk, call: Call) -> None:
    """Go to a numbered slice, or to the last."""
    view = _view(desk)
    if call.arguments:
        number = whole_numbers(call, 1)[0]
        if not 1 <= number <= view.slice_count:
            raise UsageError(f"there is no slice {number}", remedy=f"slices run from 1 to {view.slice_count}")
        go_to_slice(desk, number)
    else:
        go_to_slice(desk, call.count or view.slice_count)


@handles("zoom.in", "zoom.out")
def zoom(desk: Desk, call: Call) -> None:
    """Zoom about the crosshair, which keeps its place on screen."""
    view = _view(desk)
    if view.viewport is None:
        return
    if call.arguments:
        factor = numbers(call, 1)[0] / view.viewport.zoom
    else:
        factor = (ZOOM_STEP if call.action.id == "zoom.in" else 1 / ZOOM_STEP) ** call.times
    if not factor > 0:
        raise UsageError("a zoom factor is above 0", remedy="type for example :zoom 2")
    desk.viewer.change(viewport=view.viewport.zoomed(factor, about=view.cursor))


@handles("zoom.fit")
def zoom_fit(desk: Desk, call: Call) -> None:
    """Show the whole slice."""
    del call
    view = _view(desk)
    if view.viewport is not None:
        desk.viewer.change(viewport=fit(_picture(desk), view.viewport.columns, view.viewport.rows))


@handles("center")
def center(desk: Desk, call: Call) -> None:
    """Centre the view on the crosshair."""
    del call
    view = _view(desk)
    if view.viewport is not None:
        desk.viewer.change(viewport=view.viewport.centered(*view.cursor))


_PANS = {"pan.left": (-1, 0), "pan.right": (1, 0), "pan.up": (0, -1), "pan.down": (0, 1)}


@handles(*_PANS)
def pan(desk: Desk, call: Call) -> None:
    """Move the view by cells."""
    view = _view(desk)
    if view.viewport is not None:
        dx, dy = _PANS[call.action.id]
        steps = PAN_STEP_CELLS * call.times
        desk.viewer.change(viewport=view.viewport.panned(dx * steps, dy * steps / 2))


_WINDOW_STEPS = {"window.wider": (0, 1), "window.narrower": (0, -1), "level.up": (1, 0), "level.down": (-1, 0)}


@handles(*_WINDOW_STEPS)
def step_window(desk: Desk, call: Call) -> None:
    """Change width or level by a tenth of the width."""
    center_steps, width_steps = (step * call.times for step in _WINDOW_STEPS[call.action.id])
    window = desk.viewer.window(_picture(desk))
    desk.viewer.change(window=stepped(window, center_steps=center_steps, width_steps=width_steps))


@handles("window.preset")
def preset(desk: Desk, call: Call) -> None:
    """Take the next window on offer, or the one that was typed."""
    picture = _picture(desk)
    if call.arguments:
        desk.viewer.change(window=parse_window(" ".join(call.arguments), picture))
        return
    offered = choices(picture)
    current = desk.viewer.window(picture)
    at = next((index for index, window in enumerate(offered) if window == current), -1)
    window = offered[(at + call.times) % len(offered)]
    desk.viewer.change(window=window)
    desk.tell(f"window {window.name or 'of the header'}: centre {window.center:g}, width {window.width:g}")


@handles("window.auto")
def automatic_window(desk: Desk, call: Call) -> None:
    """Fit the window to the slice."""
    del call
    desk.viewer.change(window=auto_window(_picture(desk)))


@handles("invert")
def invert(desk: Desk, call: Call) -> None:
    """Swap black and white."""
    del call
    desk.viewer.change(inverted=not _view(desk).inverted)


@handles("view")
def change_view(desk: Desk, call: Call) -> None:
    """Go to the next of axial, coronal and sagittal, or to the one that was typed, through the crosshair."""
    wanted = call.arguments[0].lower() if call.arguments else ""
    shown = desk.viewer.shown
    plane = shown.picture.plane if shown is not None and shown.picture is not None else None
    desk.viewer.wanted = other_view(_view(desk), plane, wanted)


@handles("glyphs")
def glyphs(desk: Desk, call: Call) -> None:
    """Change between half blocks and ASCII."""
    del call
    terminal = desk.viewer.terminal
    desk.viewer.terminal = replace(terminal, glyphs="ascii" if terminal.glyphs == "half" else "half")
    desk.tell(f"glyphs: {desk.viewer.terminal.glyphs}")


_MOVES = {"cursor.left": (-1, 0), "cursor.right": (1, 0), "cursor.up": (0, -1), "cursor.down": (0, 1)}


@handles(*_MOVES)
def move_cursor(desk: Desk, call: Call) -> None:
    """Move the crosshair by pixels; the view follows it."""
    dx, dy = _MOVES[call.action.id]
    desk.viewer.wanted = in_sight(moved_cursor(_view(desk), _picture(desk), dx * call.times, dy * call.times))


@handles("cursor.pixel")
def cursor_to_pixel(desk: Desk, call: Call) -> None:
    """Put the crosshair on a pixel."""
    column, row = numbers(call, 2)
    picture = _picture(desk)
    if not (-0.5 <= column <= picture.columns - 0.5 and -0.5 <= row <= picture.rows - 0.5):
        raise UsageError(
            f"column {column:g}, row {row:g} is outside the image",
            remedy=f"columns run from 0 to {picture.columns - 1}, rows from 0 to {picture.rows - 1}",
        )
    desk.viewer.wanted = in_sight(replace(_view(desk), cursor=(column, row)))


def in_sight(view: View) -> View:
    """Return the view moved so that the crosshair is in it."""
    viewport = view.viewport
    if viewport is None:
        return view
    x, y = (float(value) for value in viewport.pixel_to_cell(view.cursor)[0])
    dx = min(x, 0.0) + max(x - (viewport.columns - 1), 0.0)
    dy = min(y, 0.0) + max(y - (viewport.rows - 1), 0.0)
    if not dx and not dy:
        return view
    return replace(view, viewport=viewport.panned(dx, dy))
