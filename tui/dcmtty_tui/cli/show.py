"""`dcmtty show`: one slice in block characters or ASCII, or as a PNG file."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcmtty.errors import NoPixelData, UsageError, WriteFailed
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import color_option, quiet_option
from dcmtty_tui.term import Depth, color_depth, is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcmtty.dicom.model import Archive, Series
    from dcmtty.dicom.picture import Picture
    from dcmtty.dicom.voi import Window
    from dcmtty.progress import Progress
    from dcmtty.render.reslice import ViewName
    from dcmtty.render.scene import Overlay
    from dcmtty.render.viewport import Viewport

SMALLEST_SIZE, LARGEST_SIZE = (8, 4), (1000, 500)
_DEFAULT_SIZE = (80, 24)
_LINES_AROUND = 2
"""The header line and the prompt that follows."""


@click.command("show")
@click.argument("path", type=click.Path(readable=False))
@click.option("--slice", "number", type=int, help="Which slice, from 1 in sorted order [default: the middle one].")
@click.option("--view", type=click.Choice(["axial", "coronal", "sagittal"]), help="[default: as acquired]")
@click.option("--window", "window_text", metavar="C/W|PRESET", help="Centre/width, e.g. 40/400, or e.g. lung.")
@click.option("--glyphs", type=click.Choice(["half", "ascii"]), help="[default: half with colours, else ascii]")
@color_option
@click.option("--structures", type=click.Path(readable=False), metavar="RS", help="Draw the contours of this RTSTRUCT.")
@click.option("--size", "size_text", metavar="COLSxROWS", help="Cells for the picture [default: the terminal].")
@click.option(
    "--png",
    "target",
    type=click.Path(readable=False),
    metavar="OUT",
    help="Write the slice as PNG instead; - is stdout.",
)
@click.option("--series", "series_uid", metavar="UID", help="Which series, where there are several.")
@quiet_option
def command(  # noqa: PLR0913 - click passes each option
    *,
    path: str,
    number: int | None,
    view: ViewName | None,
    window_text: str | None,
    glyphs: str | None,
    color: str,
    structures: str | None,
    size_text: str | None,
    target: str | None,
    series_uid: str | None,
    quiet: bool,
) -> int:
    """Print one slice with who, what and where in a line above it, or save it as PNG."""
    from dcmtty.dicom.scan import scan
    from dcmtty.dicom.window import default_window, parse_window

    size = _size(size_text)
    progress = diagnostics.progress_bar(quiet=quiet)
    series = _series(scan([Path(path)], progress), path, series_uid)
    number, count, reformatted = _place(series, view, number)
    picture = _picture(series, reformatted, number, progress)
    window = default_window(picture) if window_text is None else parse_window(window_text, picture)
    overlays = _overlays(structures, series, picture, reformatted, number)
    if target is not None:
        _write_png(target, picture, window, overlays)
        return 0
    depth = _depth(color)
    output.write_text(_header(series, picture, window, number, count, reformatted) + "\n")
    for line in _lines(picture, window, overlays, size, _glyphs(glyphs, depth), depth):
        output.write_bytes(f"{line}\n".encode())  # Half blocks that were asked for go to any terminal.
    return 0


def print_slice(series: Series, size: tuple[int, int], glyphs: str) -> None:
    """Print the middle slice of a series without colours, with its line above it."""
    from dcmtty.dicom.window import default_window

    number, count, _ = _place(series, None, None)
    picture = _picture(series, None, number, diagnostics.progress_bar(quiet=True))
    window = default_window(picture)
    output.write_text(_header(series, picture, window, number, count, None) + "\n")
    output.write_lines(_lines(picture, window, (), size, glyphs, "none"))


def _size(text: str | None) -> tuple[int, int]:
    """Return the cells that the picture may take."""
    if text is None:
        columns, rows = shutil.get_terminal_size(_DEFAULT_SIZE)
        rows -= _LINES_AROUND
    else:
        match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text)
        columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
        too_small = columns < SMALLEST_SIZE[0] or rows < SMALLEST_SIZE[1]
        if too_small or columns > LARGEST_SIZE[0] or rows > LARGEST_SIZE[1]:
            raise UsageError(
                f"'{visible(text, 20)}' is no size", remedy="give COLUMNSxROWS from 8x4 to 1000x500, e.g. 100x40"
            )
    return max(columns, SMALLEST_SIZE[0]), max(rows, SMALLEST_SIZE[1])


def _series(archive: Archive, path: str, series_uid: str | None) -> Series:
    """Return the series that is meant: the named one, or the first."""
    if not archive.series:
        reason = f": {archive.unreadable[0].reason}" if archive.unreadable else ""
        if archive.others or archive.structure_sets:
            reason = reason or ": no pixel data"
        raise NoPixelData(f"{visible(path)}: no image found{reason}", remedy="name a file or folder with images")
    if archive.unreadable:
        diagnostics.note(f"{len(archive.unreadable)} files could not be read; see dcmtty scan")
    if series_uid is None:
        found = archive.series[0]
        if len(archive.series) > 1:
            others = f"1 of {len(archive.series)} series"
            diagnostics.note(f"showing {others}, {_what(found)}; choose with --series {found.key}")
        return found
    matching = [series for series in archive.series if series_uid in {series.key, series.series_uid}]
    if not matching:
        names = ", ".join(f"{series.key} ({_what(series)})" for series in archive.series[:8])
        raise UsageError(f"no image series '{visible(series_uid, 80)}' here", remedy=f"there are {names}")
    if len(matching) > 1:
        parts = ", ".join(f"'{series.key}'" for series in matching[:8])
        diagnostics.note(f"the series is in {len(matching)} parts; showing the first; choose with --series of {parts}")
    return matching[0]


def _what(series: Series) -> str:
    return f"{series.modality or 'no modality'} with {len(series.slices)} slices"


def _place(series: Series, view: ViewName | None, number: int | None) -> tuple[int, int, ViewName | None]:
    """Return the number, how many there are, and the view when it is a reformatted one."""
    from dcmtty.geometry.orientation import plane_name
    from dcmtty.render.reslice import stack_of

    count, reformatted = len(series.slices), None
    first = series.slices[0].plane
    as_acquired = first is not None and plane_name(first.normal).endswith(view or "")
    if view is not None and not as_acquired:
        stack = stack_of([slice_.plane for slice_ in series.slices])
        if view != stack.acquired_view():
            count, reformatted = stack.count(view), view
    wanted = (count + 1) // 2 if number is None else number
    if not 1 <= wanted <= count:
        raise UsageError(f"there is no slice {wanted}", remedy=f"choose 1 to {count}")
    return wanted, count, reformatted


def _picture(series: Series, view: ViewName | None, number: int, progress: Progress) -> Picture:
    from dcmtty.dicom.pixels import read_frame
    from dcmtty.render.reslice import stack_of, volume_view

    if view is None:
        return read_frame(series.slices[number - 1])

    def pictures() -> Iterator[Picture]:
        for index, slice_ in enumerate(series.slices, start=1):
            progress.step(index, len(series.slices), "slices", "reading")
            yield read_frame(slice_)

    return volume_view(stack_of([slice_.plane for slice_ in series.slices]), pictures(), view, number)


def _overlays(
    structures: str | None, series: Series, picture: Picture, view: ViewName | None, number: int
) -> tuple[Overlay, ...]:
    """Return the contours over the picture; what is not drawn is said on standard error."""
    if structures is None:
        return ()
    from dcmtty.render.overlays import crossing_overlays, slice_overlays
    from dcmtty.rtstruct.load import load

    loaded = load(Path(structures), series)
    for note in loaded.notes:
        diagnostics.note(note)
    if loaded.other_patient:
        diagnostics.warning("the structure set is of another patient than the images; nothing of it is drawn")
        return ()
    if loaded.other_frame_of_reference:
        diagnostics.warning("the structure set lies in another Frame of Reference; nothing of it is drawn")
        return ()
    if loaded.other_series:
        diagnostics.warning("the structure set was drawn on another series of the same Frame of Reference")
    if loaded.unplaced:
        diagnostics.note(f"{len(loaded.unplaced)} contours lie on no slice of this series and are not drawn")
    if picture.plane is None:
        diagnostics.note("the slice has no place in the patient; no contour is drawn")
        return ()
    if view is not None:
        found = crossing_overlays(loaded.structure_set, picture.plane)
    else:
        found = slice_overlays(loaded.structure_set, series, number)
    if not found:
        diagnostics.note("no contour meets this slice")
    return found


def _depth(color: str) -> Depth:
    """Return the colours to use; `auto` means none off a terminal and with NO_COLOR."""
    if color in {"truecolor", "256", "16", "none"}:
        chosen: Depth = color  # type: ignore[assignment]
        return chosen
    if color == "never" or (color == "auto" and not output.is_terminal()):
        return "none"
    found = color_depth(os.environ)
    return "256" if color == "always" and found == "none" else found


def _glyphs(glyphs: str | None, depth: Depth) -> str:
    if glyphs is not None:
        return glyphs
    return "half" if depth != "none" and is_utf8(os.environ) else "ascii"


def _header(series: Series, picture: Picture, window: Window, number: int, count: int, view: ViewName | None) -> str:
    """Return the line that says who, what and where."""
    from dcmtty.geometry.orientation import letters, plane_name, position_text

    who = visible(series.first.text("PatientName"), 64) or "(no name)"
    parts = [f"{who}  ID {visible(series.first.text('PatientID'), 64) or '(none)'}"]
    parts.append(visible(series.modality, 16) or "no modality")
    parts.append(f"{'slice' if view is None else view} {number} of {count}")
    plane = picture.plane
    if plane is None:
        parts.append("no position")
    else:
        across = f"{letters(-plane.row_direction)}-{letters(plane.row_direction)}"
        down = f"{letters(-plane.column_direction)}-{letters(plane.column_direction)}"
        parts.append(f"at {position_text(plane.normal, plane.origin_xyz)}")
        parts.append(f"{plane_name(plane.normal)}{' reformatted' if view else ''} {across} {down}")
    if not picture.is_color:
        parts.append(window.label())
    return " | ".join(parts)


def _lines(
    picture: Picture, window: Window, overlays: tuple[Overlay, ...], size: tuple[int, int], glyphs: str, depth: Depth
) -> list[str]:
    from dcmtty.render.cells import ascii_cells, half_blocks, to_ansi
    from dcmtty.render.scene import compose

    scene = compose(picture, _viewport(picture, size), window, overlays=overlays)
    cells = half_blocks(scene, depth) if glyphs == "half" else ascii_cells(scene, depth)
    lines = to_ansi(cells)
    return [line.rstrip() for line in lines] if depth == "none" else lines


def _viewport(picture: Picture, size: tuple[int, int]) -> Viewport:
    """Return the whole picture in as many of the cells as it fills."""
    from math import ceil

    from dcmtty.render.viewport import fit

    view = fit(picture, *size)
    wide, high = view.pixels_per_cell
    columns = min(size[0], max(ceil(picture.columns / wide - 1e-6), SMALLEST_SIZE[0]))
    rows = min(size[1], max(ceil(picture.rows / high - 1e-6), SMALLEST_SIZE[1]))
    return fit(picture, columns, rows)


def _write_png(target: str, picture: Picture, window: Window, overlays: tuple[Overlay, ...]) -> None:
    from dcmtty.files import is_taken, write_atomic
    from dcmtty.render.png import SIGNATURE, png_bytes

    data = png_bytes(picture, window, overlays)
    if target == "-":
        output.write_bytes(data)
        return
    path = Path(target)
    if is_taken(path) and path.exists() and not _starts_with(path, SIGNATURE):
        raise WriteFailed(f"{visible(path)}: it exists and is no PNG file", remedy="choose another name")
    write_atomic(path, data)
    diagnostics.note(f"wrote {visible(path)}")


def _starts_with(path: Path, signature: bytes) -> bool:
    from dcmtty.files import read_error

    try:
        with path.open("rb") as stream:
            return stream.read(len(signature)) == signature
    except OSError as error:
        raise read_error(path, error) from error
