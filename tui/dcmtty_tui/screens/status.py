"""What the title, the status lines and the strips say, as pure functions of a snapshot."""

from __future__ import annotations

from dcmtty.dicom.model import Series
from dcmtty.dicom.picture import value_text
from dcmtty.geometry.orientation import plane_name, position_text
from dcmtty.render.overlays import contours_by_slice
from dcmtty.text import cell_width, visible
from dcmtty_tui import theme
from dcmtty_tui.actions import Mode
from dcmtty_tui.term import NARROW_COLUMNS, Terminal
from dcmtty_tui.viewing import Snapshot
from dcmtty_tui.widgets.lines import Part, spread

MODE_NAMES = {
    Mode.BROWSE: "Browse",
    Mode.CONTOUR: "Contour",
    Mode.INTEGRITY: "Integrity",
    Mode.SEND: "Send",
    Mode.GRID: "Grid",
    Mode.COMPARE: "Compare",
}


def identity(series: Series) -> str:
    """Return the patient's name and ID as the header gives them, made safe."""
    name = visible(series.first.text("PatientName"), 48) or "(no name)"
    return f"{name}  ID {visible(series.first.text('PatientID'), 32) or '(none)'}"


def title_line(series: Series | None, mode: Mode, width: int, detail: str) -> list[Part]:
    """Return the first line: who, what, and the mode, which keeps its place at the right."""
    who = "dcmtty" if series is None else identity(series)
    left: list[Part] = [(f" {who}", theme.TITLE_STRONG), (f"  {detail}" if detail else "", theme.TITLE)]
    right: list[Part] = []
    for each, name in MODE_NAMES.items():
        right.append((f"[{name}]" if each is mode else f" {name} ", theme.ACTIVE_TAB if each is mode else theme.TITLE))
    if width < NARROW_COLUMNS:
        right = [(f" F2-F{len(MODE_NAMES) + 1} ", theme.TITLE), (f"[{MODE_NAMES[mode]}]", theme.ACTIVE_TAB)]
    return spread(left, right, width, len(who) + 1)


def position_line(snapshot: Snapshot) -> list[Part]:
    """Return pixel, patient mm and value under the crosshair; never dropped."""
    view, picture = snapshot.view, snapshot.picture
    if picture is None:
        return [(f" {visible(snapshot.notice)}", theme.STRONG)]
    column, row = view.cursor
    parts = [f" col {column:.7g} row {row:.7g}" if float(column).is_integer() else f" col {column:.2f} row {row:.2f}"]
    if picture.plane is not None:
        x, y, z = picture.plane.patient_xyz([[column, row]])[0]
        parts.append(f"{x:.2f} {y:.2f} {z:.2f} mm")
    parts.append(value_text(picture, column, row))
    return [(" | ".join(parts), theme.STRONG)]


def view_line(snapshot: Snapshot, terminal: Terminal, width: int) -> list[Part]:
    """Return modality, patient position, slice, view, window and zoom; what does not fit whole is left out."""
    view, window, series = snapshot.view, snapshot.window, snapshot.view.series
    position = visible(series.first.text("PatientPosition"), 6) or "position ?"
    parts = [f" {visible(series.modality, 8)} {position}", slice_text(snapshot), view_name(snapshot)]
    if window is not None:
        parts.append(f"W{window.width:.5g} L{window.center:.5g}{' inverted' if view.inverted else ''}")
    if view.viewport is not None:
        parts.append(f"x{view.viewport.zoom:.1f}" if view.viewport.zoom < 10 else f"x{view.viewport.zoom:.0f}")
    if window is not None and window.name:
        parts.append(visible(window.name, 16))
    parts.append(f"{terminal.glyphs} {terminal.depth}")
    while len(parts) > 3 and cell_width(" | ".join(parts)) > width:
        parts.pop()
    return [(" | ".join(parts), theme.TEXT)]


def slice_text(snapshot: Snapshot) -> str:
    """Return which slice this is, and where it lies along its normal."""
    view, plane = snapshot.view, snapshot.picture.plane if snapshot.picture is not None else None
    where = f" at {position_text(plane.normal, plane.origin_xyz)}" if plane is not None else ""
    return f"slice {view.slice_number}/{view.slice_count}{where}"


def view_name(snapshot: Snapshot) -> str:
    """Return the name of the plane that is shown."""
    plane = snapshot.picture.plane if snapshot.picture is not None else None
    if snapshot.view.kind != "acquired":
        return f"{snapshot.view.kind} reformatted"
    return plane_name(plane.normal) if plane is not None else "no orientation"


def coverage_strip(snapshot: Snapshot, width: int) -> list[list[Part]]:
    """Return which slices have contours: `#` drawn, `.` none, with a mark under the slice that is shown."""
    if snapshot.state is None or width < 4:
        return [[], []]
    series = snapshot.view.series
    by_slice = contours_by_slice(snapshot.state.structure_set, series)
    count = len(series.slices)
    columns = min(width - 2, count)
    drawn = ["."] * columns
    for number in by_slice:
        if number:
            drawn[(number - 1) * columns // count] = "#"
    if not snapshot.view.may_edit:
        return [[(" " + "".join(drawn), theme.TEXT)], []]
    here = (snapshot.view.slice_number - 1) * columns // count
    return [[(" " + "".join(drawn), theme.TEXT)], [(" " + " " * here + "^", theme.KEY)]]
