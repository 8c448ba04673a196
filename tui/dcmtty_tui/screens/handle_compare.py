"""Handlers of Compare mode: which files, what is shown of them, and going from difference to difference."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from dcmtty.dicom.compare.ignored import ignoring
from dcmtty.dicom.compare.model import Options, Pair
from dcmtty.dicom.model import Unreadable
from dcmtty.errors import InputError, UsageError
from dcmtty.progress import Progress
from dcmtty.text import visible
from dcmtty_tui import theme
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.compare_files import FilesView
from dcmtty_tui.screens.compare_series import SeriesView
from dcmtty_tui.screens.comparing import HINTS, CompareAnswer, ReadInside, compare_work, vary_work
from dcmtty_tui.screens.desk import Desk, handles, typed_path
from dcmtty_tui.screens.series_rows import FileKey, SeriesKey
from dcmtty_tui.widgets.lines import Part
from dcmtty_tui.widgets.row_list import Row

_READ_AT_ONCE_BYTES = 128 << 10
"""What lies in a shorter sequence is read while the key is handled."""


@handles("mode.compare")
def enter(desk: Desk, call: Call) -> None:
    """Look at what was compared last."""
    del call
    desk.mode, desk.pane = Mode.COMPARE, Pane.COMPARE


@handles("compare.mark")
def mark(desk: Desk, call: Call) -> None:
    """Mark the file that is looked at as A, or compare the marked one with it."""
    del call
    path, state = _looked_at(desk), desk.comparing
    if state.marked is None:
        state.marked = path
        desk.tell(f"A is {visible(path.name, 60)}; m on another file compares it, m here again forgets it")
    elif state.marked == path:
        state.marked = None
        desk.tell("nothing is marked any more")
    else:
        a, state.marked = state.marked, None
        compare(desk, a, path)


def _looked_at(desk: Desk) -> Path:
    """Return the file of the row, or of the slice that is shown.

    Raises:
        UsageError: there is none.
    """
    row = desk.ui.rows(Pane.SERIES).current if desk.pane is Pane.SERIES else None
    if row is not None:
        return _file_of(row.key)
    if desk.pane is Pane.TAGS and desk.tags.path is not None:
        return desk.tags.path
    shown = desk.viewer.wanted
    if shown is None or not shown.may_edit:
        raise UsageError("no file is shown", remedy="show a slice as it was acquired, or go to the series pane")
    return shown.series.slices[shown.slice_number - 1].instance.path


def _file_of(key: object) -> Path:
    match key:
        case SeriesKey():
            return key.entry.first_path
        case FileKey() | Unreadable():
            return key.path
        case _:
            pass
    raise UsageError("this row is no file", remedy="go to a series, a structure set or another object")


@handles("compare.files")
def compare_typed(desk: Desk, call: Call) -> None:
    """Compare the files that were typed; one alone with the slice that is shown."""
    paths = [typed_path(argument) for argument in call.arguments]
    if len(paths) not in {1, 2}:
        raise UsageError(":diff needs one or two files", remedy="type :diff A B, or :diff B for the slice and B")
    a, b = paths if len(paths) == 2 else (desk.comparing.marked or _looked_at(desk), paths[0])
    compare(desk, a, b)


def compare(desk: Desk, a: Path, b: Path, options: Options | None = None) -> None:
    """Compare two files in the background and show them in Compare mode."""
    state = desk.comparing
    desk.mode, desk.pane = Mode.COMPARE, Pane.COMPARE
    state.files = (a, b)
    ticket = state.begin(f"{visible(a.name, 40)} with {visible(b.name, 40)}")
    work = partial(compare_work, ticket, a, b, options or state.options)
    desk.ui.start_work("compare", work)


@handles("compare.series")
def vary_series(desk: Desk, call: Call) -> None:
    """Tell what varies across the series that is open."""
    del call
    view = desk.viewer.wanted
    if view is None:
        raise UsageError("no series is open", remedy="open one in Browse")
    series = view.series
    files = tuple(dict.fromkeys(item.instance.path for item in series.slices))
    description = visible(series.first.text("SeriesDescription"), 40)
    name = f"{visible(series.modality, 8)} {description}".strip()
    desk.mode, desk.pane = Mode.COMPARE, Pane.COMPARE
    ticket = desk.comparing.begin(f"{len(files)} files")
    desk.ui.start_work("compare", partial(vary_work, ticket, name, files, desk.comparing.options))


def answered(desk: Desk, answer: CompareAnswer) -> None:
    """Take what was compared in the background, unless something else was asked for meanwhile."""
    state = desk.comparing
    if isinstance(answer, ReadInside):
        if answer.ticket == state.ticket and isinstance(state.view, FilesView):
            index = state.view.tree.keep(answer.pair, answer.inside)
            if index is not None:
                state.view.tree.open(index)
        return
    if not state.take(answer):
        return
    rows = desk.ui.rows(Pane.COMPARE)
    _show(desk)
    rows.go(0)
    _step(desk, 1, quiet=True)


def failed(desk: Desk) -> None:
    """Wait no more."""
    desk.comparing.end()


def _view(desk: Desk) -> FilesView | SeriesView:
    view = desk.comparing.view
    if view is None:
        waiting = desk.comparing.waiting
        raise UsageError(f"still comparing {waiting}" if waiting else "nothing is compared yet", remedy="see F7")
    return view


def _files(desk: Desk) -> FilesView | None:
    view = _view(desk)
    return view if isinstance(view, FilesView) else None


def _place(desk: Desk) -> int:
    """Return the line under the cursor."""
    view, cursor = _view(desk), desk.ui.rows(Pane.COMPARE).cursor
    return view.line_of(cursor) if isinstance(view, FilesView) else cursor


def _go(desk: Desk, index: int) -> None:
    _show(desk)
    view = _view(desk)
    desk.ui.rows(Pane.COMPARE).go(view.row_of(index) if isinstance(view, FilesView) else index)
    describe(desk)


def describe(desk: Desk) -> None:
    """Say what the row under the cursor is about."""
    if desk.comparing.view is not None:
        desk.tell(_view(desk).describe(_place(desk)))


@handles("compare.only")
def toggle(desk: Desk, call: Call) -> None:
    """Show everything, or only the differences."""
    del call
    view = _view(desk)
    view.toggle_all()
    _show(desk)
    desk.tell("only what differs" if view.only_differences else "everything")


@handles("compare.next", "compare.previous")
def next_difference(desk: Desk, call: Call) -> None:
    """Go to another difference."""
    for _ in range(min(call.times, 1000)):
        if not _step(desk, 1 if call.action.id == "compare.next" else -1):
            break


def _step(desk: Desk, step: int, *, quiet: bool = False) -> bool:
    found = _view(desk).next_difference(_place(desk), step)
    if found is not None:
        _go(desk, found)
    elif not quiet:
        desk.tell("no difference further down" if step > 0 else "no difference further up")
    return found is not None


@handles("compare.expand")
def expand(desk: Desk, call: Call) -> None:
    """Show what is inside a sequence or an item."""
    del call
    view = _files(desk)
    if view is not None:
        _expand(desk, view, _place(desk))


def _expand(desk: Desk, view: FilesView, index: int) -> None:
    pair = view.tree.needs_reading(index)
    if pair is None:
        view.tree.open(index)
        _go(desk, index)
        return
    work = partial(_inside, desk.comparing.ticket, view, pair)
    sizes = [node.length for node in (pair.a, pair.b) if node is not None]
    if all(0 <= size <= _READ_AT_ONCE_BYTES for size in sizes):
        answered(desk, work(Progress()))
        _go(desk, index)
    else:
        desk.ui.start_work("compare-inside", work)


def _inside(ticket: int, view: FilesView, pair: Pair, progress: Progress) -> ReadInside:
    del progress
    return ReadInside(ticket, pair, view.found.children(pair))


@handles("compare.collapse")
def collapse(desk: Desk, call: Call) -> None:
    """Hide what is inside, or go to what it is inside of."""
    del call
    view = _files(desk)
    if view is not None:
        _go(desk, view.tree.close(_place(desk)))


@handles("compare.open")
def open_row(desk: Desk, call: Call) -> None:
    """Open a sequence or an item, or show both values whole."""
    del call
    view, index = _view(desk), _place(desk)
    if isinstance(view, FilesView) and view.tree.lines[index].is_container:
        if view.tree.lines[index].is_open:
            _go(desk, view.tree.close(index))
        else:
            _expand(desk, view, index)
        return
    desk.ui.open_text(view.describe(index) or "Nothing here", view.whole(index))


@handles("compare.swap")
def swap(desk: Desk, call: Call) -> None:
    """Compare again with the sides changed."""
    del call
    a, b = _compared(desk)
    compare(desk, b, a)


@handles("compare.pixels")
def pixels(desk: Desk, call: Call) -> None:
    """Compare again, with pixels decoded whose stored bytes differ."""
    del call
    a, b = _compared(desk)
    compare(desk, a, b, desk.comparing.decoding())


@handles("compare.exact")
def exact(desk: Desk, call: Call) -> None:
    """Compare again, with the same value written otherwise as a difference, or not."""
    del call
    state = desk.comparing
    state.options = replace(state.options, exact=not state.options.exact)
    compare(desk, *_compared(desk))
    desk.tell("another text, VR or order is a difference, too" if state.options.exact else "values count by meaning")


@handles("compare.ignore")
def ignore(desk: Desk, call: Call) -> None:
    """Compare again without some attributes; without a list, with all of them."""
    options = replace(desk.comparing.options, ignore=frozenset(), ignore_groups=frozenset(), ignore_private=False)
    desk.comparing.options = ignoring(",".join(call.arguments), options)
    if desk.comparing.files is not None:
        compare(desk, *_compared(desk))
    desk.tell("these are left out from now on" if call.arguments else "nothing is left out")


def _compared(desk: Desk) -> tuple[Path, Path]:
    if desk.comparing.files is None:
        raise UsageError("no two files are compared", remedy="mark them with m in Browse, or type :diff A B")
    return desk.comparing.files


def paint_compare(desk: Desk, width: int) -> list[list[Part]]:
    """Bring the pane in line with what is compared; return the two lines below it, the values under the cursor."""
    _show(desk)
    view = desk.comparing.view
    if not isinstance(view, FilesView):
        return [[], []]
    try:
        a, b = view.both(_place(desk), width)
    except InputError as error:
        a, b = visible(error.message), ""
    return [[(a, theme.STRONG)], [(b, theme.STRONG)]]


def _show(desk: Desk) -> None:
    rows, state = desk.ui.rows(Pane.COMPARE), desk.comparing
    if state.view is not None:
        rows.set_rows(state.view.rows(max(rows.size.width, 1)), state.view.title)
    elif state.waiting and desk.ui.is_working("compare"):
        rows.set_rows((Row("waiting", f" comparing {state.waiting}"),), "Compare")
    else:
        marked = state.marked
        more = () if marked is None else (Row("marked", f" A is {visible(marked)}"),)
        rows.set_rows((*HINTS, *more), "Compare")
