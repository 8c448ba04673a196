"""`dcmtty rtstruct`: structure sets from point lists, and point lists from structure sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from dcmtty.errors import BuildRefused, InputError, UsageError, WriteFailed
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import dry_run_option, format_option, quiet_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcmtty.contours.model import Roi, StructureSet
    from dcmtty.dicom.model import Series
    from dcmtty.rtstruct.save import SaveReport

FRAMES = ("lps-mm", "ras-mm", "pixel-centre", "pixel-corner")
DEFAULT_LABEL = "dcmtty"


class _BuildCommand(click.Command):
    """Lets `--points` take every word up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give each point list its own `--points`."""
        spread: list[str] = []
        listing = False
        for word in args:
            if word.startswith("-") and word != "-":
                listing = word == "--points"
                spread += [] if listing else [word]
            else:
                spread += ["--points", word] if listing else [word]
        return super().parse_args(ctx, spread)


@click.group("rtstruct")
def command() -> None:
    """Build structure sets, export their points."""


@command.command("build", cls=_BuildCommand)
@click.argument("series", nargs=-1, required=True, type=click.Path(readable=False))
@click.option(
    "--points", multiple=True, required=True, type=click.Path(readable=False), help="Point lists, one or more."
)
@click.option("--frame", type=click.Choice(FRAMES), help="What the numbers are, where the files do not say it.")
@click.option("--base", type=click.Path(readable=False), help="Add to this RTSTRUCT; what it holds keeps its bytes.")
@click.option("--label", help=f"Structure Set Label, up to 16 characters [default: {DEFAULT_LABEL}, or the base's].")
@click.option("--series-uid", help="Which series, when SERIES holds several.")
@click.option("--implicit", is_flag=True, help="Write Implicit VR, for contours above 64 kB.")
@click.option(
    "-o", "--output", "target", required=True, type=click.Path(readable=False), help="The RTSTRUCT file to write."
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists (else exit 7).")
@format_option(["table", "json"])
@dry_run_option
@quiet_option
def build(  # noqa: PLR0913 - one argument per option
    series: tuple[str, ...],
    points: tuple[str, ...],
    frame: str | None,
    base: str | None,
    label: str | None,
    series_uid: str | None,
    target: str,
    format_: str,
    *,
    implicit: bool,
    overwrite: bool,
    dry_run: bool,
    quiet: bool,
) -> int:
    """Write an RTSTRUCT of point lists drawn on SERIES, a folder or its files.

    The file is written to a temporary name, read back, every point of a planar contour is projected on its image, and
    only then it gets its name. An existing file is left alone without --overwrite.
    """
    from dcmtty.contours.points import read_points

    path = Path(target)
    _require_free(path, overwrite=overwrite)
    images = _one_series(series, series_uid, quiet=quiet)
    rois = read_points([Path(point) for point in points], images, frame)
    structure_set = _structure_set(images, rois, base, label)
    base_path = None if base is None else Path(base)
    if dry_run:
        from dcmtty.rtstruct.build import build as build_bytes
        from dcmtty.rtstruct.save import report

        built = build_bytes(images, structure_set, base=base_path, implicit=implicit)
        _tell(report(path, structure_set, built), images, structure_set, format_, written=False)
    else:
        from dcmtty.rtstruct.save import save

        saved = save(path, images, structure_set, base=base_path, replace=overwrite, implicit=implicit)
        _tell(saved, images, structure_set, format_, written=True)
    return 0


@command.command("points")
@click.argument("rtstruct", type=click.Path(readable=False))
@click.option("--roi", "numbers", multiple=True, type=int, metavar="NUMBER", help="Only this ROI; may be repeated.")
@click.option(
    "--series",
    "folders",
    multiple=True,
    type=click.Path(readable=False),
    help="The images, to name the slice of a point.",
)
@click.option("--series-uid", help="Which series, when --series holds several.")
@click.option("--frame", type=click.Choice(FRAMES), default="lps-mm", show_default=True, help="What the numbers are.")
@click.option("--raw", is_flag=True, help="Leave formulas in CSV cells as they are.")
@format_option(["csv", "json"])
@quiet_option
def points(
    rtstruct: str,
    numbers: tuple[int, ...],
    folders: tuple[str, ...],
    series_uid: str | None,
    frame: str,
    format_: Literal["csv", "json"],
    *,
    raw: bool,
    quiet: bool,
) -> int:
    """Print the points of an RTSTRUCT, in patient millimetres unless --frame says otherwise."""
    from dcmtty.contours.points import write_points
    from dcmtty.rtstruct.load import load

    images = _one_series(folders, series_uid, quiet=quiet, may_be_refused=True) if folders else None
    loaded = load(Path(rtstruct), images)
    for note in loaded.notes:
        diagnostics.note(f"{visible(rtstruct)}: {note}")
    if loaded.other_frame_of_reference and frame.startswith("pixel"):
        raise InputError(f"{visible(rtstruct)}: in another Frame of Reference than the images", remedy="use lps-mm")
    structure_set = _only(loaded.structure_set, numbers) if numbers else loaded.structure_set
    output.write_text(write_points(structure_set, images, format_, frame=frame, raw=raw))
    return 0


def _only(structure_set: StructureSet, numbers: Sequence[int]) -> StructureSet:
    """Return the structure set with these ROIs alone.

    Raises:
        UsageError: one of them is not in it.
    """
    from dataclasses import replace

    there = [roi.number for roi in structure_set.rois]
    missing = [number for number in numbers if number not in there]
    if missing:
        known = ", ".join(str(number) for number in there) or "none"
        raise UsageError(f"--roi {missing[0]}: the structure set has no such ROI", remedy=f"its ROIs are {known}")
    return replace(structure_set, rois=tuple(roi for roi in structure_set.rois if roi.number in numbers))


def _require_free(path: Path, *, overwrite: bool) -> None:
    """Refuse before any work is done; the write itself never replaces without leave either."""
    from dcmtty.files import is_taken

    if str(path) == "-":
        raise UsageError("a structure set is not written to standard output", remedy="name a file; ./- is one, too")
    taken = is_taken(path)
    if taken and path.is_dir():
        raise WriteFailed(f"{visible(path)}: it is a folder", remedy="name a file")
    if taken and not overwrite:
        raise WriteFailed(f"{visible(path)}: it exists already", remedy="choose another name, or say --overwrite")


def _one_series(paths: Sequence[str], series_uid: str | None, *, quiet: bool, may_be_refused: bool = False) -> Series:
    """Return the one series in the paths that a structure set can be built on.

    Raises:
        InputError: there is none.
        UsageError: there are several, and none was chosen.
    """
    from dcmtty.dicom.scan import scan

    archive = scan([Path(path) for path in paths], diagnostics.progress_bar(quiet=quiet))
    for unreadable in archive.unreadable:
        diagnostics.warning(f"{visible(unreadable.path)}: {unreadable.reason}; left out")
    found = [series for series in archive.series if series_uid in {None, series.series_uid, series.key}]
    usable = [series for series in found if may_be_refused or not series.build_refusal]
    if len(usable) == 1:
        return usable[0]
    if usable:
        names = ", ".join(visible(series.key) for series in usable)
        raise UsageError(f"{len(usable)} series are there: {names}", remedy="choose one with --series-uid")
    if found:
        raise BuildRefused(found[0].build_refusal, remedy="it can be viewed, but no structure set can be built on it")
    what = "no image series" if series_uid is None else f"no image series {visible(series_uid)}"
    raise InputError(f"{what} in {', '.join(visible(path) for path in paths)}", remedy="see dcmtty scan")


def _structure_set(images: Series, rois: tuple[Roi, ...], base: str | None, label: str | None) -> StructureSet:
    from dataclasses import replace

    from dcmtty.contours.model import StructureSet
    from dcmtty.rtstruct.load import load

    if base is None:
        uids = (images.frame_of_reference_uid, images.series_uid, images.study_uid)
        return StructureSet(DEFAULT_LABEL if label is None else label, *uids, rois)
    before = load(Path(base), images).structure_set
    first = before.next_number()
    added = tuple(_renumbered(roi, number) for number, roi in enumerate(rois, first))
    return replace(before, rois=(*before.rois, *added), label=before.label if label is None else label)


def _renumbered(roi: Roi, number: int) -> Roi:
    """Return the ROI under another number; a colour that came with the old number goes with it."""
    from dataclasses import replace

    from dcmtty.contours.roi_edits import color_of

    color = color_of(number) if roi.color == color_of(roi.number) else roi.color
    return replace(roi, number=number, color=color, origin=-1)


def _tell(report: SaveReport, images: Series, structure_set: StructureSet, format_: str, *, written: bool) -> None:
    if format_ == "json":
        output.write_json(_document(report, images, structure_set, written=written))
        return
    for note in _notes(report, images):
        diagnostics.note(note)
    rows = [
        (roi.number, roi.name, roi.interpreted_type, len(roi.contours), sum(len(c.points_xyz) for c in roi.contours))
        for roi in structure_set.rois
    ]
    output.write_table(("number", "name", "type", "contours", "points"), rows)
    done = "written and read back" if written else "not written (dry run)"
    output.write_text(f"{visible(report.path)}: {done}\n")
    if written:
        output.write_text(f"SOP Instance UID {report.sop_instance_uid}\nSHA-256 {report.sha256}\n")


def _notes(report: SaveReport, images: Series) -> list[str]:
    return [*(note.text for note in images.notes), *report.notes]


def _document(report: SaveReport, images: Series, structure_set: StructureSet, *, written: bool) -> dict[str, object]:
    return {
        "schema": "dcmtty.rtstruct-build/1",
        "path": str(report.path),
        "written": written,
        "sop_instance_uid": report.sop_instance_uid if written else None,
        "sha256": report.sha256 if written else None,
        "series_instance_uid": images.series_uid,
        "frame_of_reference_uid": images.frame_of_reference_uid,
        "roi_count": report.rois,
        "contour_count": report.contours,
        "point_count": report.points,
        "rois": [
            {
                "number": roi.number,
                "name": roi.name,
                "interpreted_type": roi.interpreted_type,
                "contours": len(roi.contours),
                "points": sum(len(contour.points_xyz) for contour in roi.contours),
            }
            for roi in structure_set.rois
        ],
        "notes": _notes(report, images),
    }
