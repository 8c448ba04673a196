"""The registry of everything the app can do: the only place where a key or a command word is written.

Footer, palette, `?` and docs/keys.md are derived from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Mode(StrEnum):
    """The modes of the app."""

    BROWSE = "browse"
    CONTOUR = "contour"
    INTEGRITY = "integrity"
    SEND = "send"
    GRID = "grid"
    COMPARE = "compare"


class Pane(StrEnum):
    """The parts of the screen that keys can be meant for."""

    PICTURE = "picture"
    SERIES = "series"
    TAGS = "tags"
    ROIS = "rois"
    POINTS = "points"
    FILES = "files"
    DEVICES = "devices"
    PLAN = "plan"
    GRID = "grid"
    COMPARE = "compare"


Need = Literal["", "series", "structure-set", "writable", "draft", "points", "undo", "redo", "plan", "scan"]
"""What must be there before an action makes sense."""

PICTURE_MODES = frozenset({Mode.BROWSE, Mode.CONTOUR})
LIST_PANES = frozenset(Pane) - {Pane.PICTURE}
PICTURE_ONLY = frozenset({Pane.PICTURE})
CONTOUR_ONLY = frozenset({Mode.CONTOUR})
GRID_ONLY = frozenset({Pane.GRID})
COMPARE_ONLY = frozenset({Pane.COMPARE})


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the app can do."""

    id: str
    title: str
    """Two words or so, for the footer."""
    help: str
    """One sentence, for `?`, the palette and the docs."""
    group: str
    keys: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Names on the `:` command line."""
    arguments: str = ""
    """What the words take, e.g. `COLUMN ROW`."""
    modes: frozenset[Mode] = frozenset(Mode)
    panes: frozenset[Pane] = frozenset(Pane)
    needs: Need = ""
    edits: bool = False
    """Waits until the slice it will act on is the one shown."""
    footer: bool = False
    short: str = ""
    """What the footer calls it, where that is shorter than the title."""


def _view(id_: str, title: str, help_: str, *keys: str, **rest: object) -> Action:
    values = {"group": "View", "modes": PICTURE_MODES, "needs": "series", **rest}
    return Action(id_, title, help_, keys=keys, **values)  # type: ignore[arg-type]


def _move(id_: str, title: str, help_: str, *keys: str) -> Action:
    return _view(id_, title, help_, *keys, group="Crosshair", panes=PICTURE_ONLY)


def _row(id_: str, title: str, help_: str, *keys: str, **rest: object) -> Action:
    values = {"group": "Lists", "panes": LIST_PANES, **rest}
    return Action(id_, title, help_, keys=keys, **values)  # type: ignore[arg-type]


def _grid(id_: str, title: str, help_: str, *keys: str, **rest: object) -> Action:
    values = {"group": "Grid", "panes": GRID_ONLY, **rest}
    return Action(id_, title, help_, keys=keys, **values)  # type: ignore[arg-type]


def _compare(id_: str, title: str, help_: str, *keys: str, **rest: object) -> Action:
    values = {"group": "Compare", "modes": frozenset({Mode.COMPARE}), "panes": COMPARE_ONLY, **rest}
    return Action(id_, title, help_, keys=keys, **values)  # type: ignore[arg-type]


def _edit(id_: str, title: str, help_: str, *keys: str, **rest: object) -> Action:
    values = {"group": "Contour", "modes": CONTOUR_ONLY, "needs": "writable", "edits": True, **rest}
    return Action(id_, title, help_, keys=keys, **values)  # type: ignore[arg-type]


_GENERAL = (
    Action("mode.browse", "Browse", "Look at series, slices and tags.", "Modes", ("f2",), ("browse", "b")),
    Action(
        "mode.contour", "Contour", "Enter and edit contours.", "Modes", ("f3",), ("contour", "c"), footer=True
    ),
    Action("mode.integrity", "Integrity", "See the digests of what is open.", "Modes", ("f4",), ("integrity", "i")),
    Action("mode.send", "Send", "Send files to a device and verify them.", "Modes", ("f5",), ("send-mode", "s")),
    Action("mode.grid", "Grid", "Look at files, series or studies as a table.", "Modes", ("f6",), ("grid",)),
    Action("mode.compare", "Compare", "See two files side by side, or what varies across a series.", "Modes", ("f7",), ("compare",)),
    Action("pane.next", "Next pane", "Go to the next pane.", "General", ("\\",), ("pane",)),
    Action("pane.previous", "Previous pane", "Go to the previous pane.", "General", ("|",)),
    Action("command", "Command", "Type a command with arguments.", "General", (":",), footer=True),
    Action("help", "Help", "Explain the focused pane and list its keys.", "General", ("?", "f1"), ("help",), footer=True),
    Action("notes", "Notes", "Show in full what loading, saving or opening had to say.", "General", (), ("notes",)),
    Action("palette", "Palette", "Find an action by its name.", "General", ("ctrl+p",)),
    Action("back", "Back", "Leave the pane or mode; in Browse leave dcmtty.", "General", ("q", "escape")),
    Action("quit", "Quit", "Leave dcmtty; work that is not saved is offered at the next start.", "General", ("ctrl+q",), ("q", "quit")),
    Action("open", "Open", "Open more files or a folder.", "General", (), ("open",), "PATH"),
    Action("scan.stop", "Stop", "Stop the scan or the reading of a series; what was found stays listed.", "General", ("c",), ("stop",), needs="scan", footer=True),
    Action("redraw", "Redraw", "Draw the whole screen again.", "General", ("ctrl+l",)),
)  # fmt: skip

_VIEWING = (
    _view("slice.previous", "Slice", "Go to the previous slice.", "[", footer=True),
    _view("slice.next", "Slice", "Go to the next slice.", "]", footer=True),
    _view("slice.back10", "10 slices back", "Go ten slices back.", "{"),
    _view("slice.forward10", "10 slices on", "Go ten slices on.", "}"),
    _view("slice.first", "First slice", "Go to the first slice.", "g", panes=PICTURE_ONLY),
    _view("slice.goto", "Last slice", "Go to the last slice, or with a count to that slice.", "G", panes=PICTURE_ONLY, words=("slice",), arguments="NUMBER"),
    _view("zoom.in", "Zoom", "Zoom in about the crosshair.", "+", "=", footer=True, words=("zoom",), arguments="FACTOR"),
    _view("zoom.out", "Zoom", "Zoom out.", "-", footer=True),
    _view("zoom.fit", "Fit", "Show the whole slice.", "f", words=("fit",)),
    _view("center", "Centre", "Centre the picture on the crosshair.", "z", panes=PICTURE_ONLY),
    _view("pan.left", "Pan", "Move the view to the left.", "H", "shift+left"),
    _view("pan.down", "Pan", "Move the view down.", "J", "shift+down"),
    _view("pan.up", "Pan", "Move the view up.", "K", "shift+up"),
    _view("pan.right", "Pan", "Move the view to the right.", "L", "shift+right"),
    _view("window.wider", "Window", "Widen the window (lower contrast).", "w", footer=True),
    _view("window.narrower", "Narrower", "Narrow the window (higher contrast).", "W"),
    _view("level.up", "Level", "Raise the level (darker).", "e"),
    _view("level.down", "Level down", "Lower the level (brighter).", "E"),
    _view("window.preset", "Preset", "Take the next window: those of the header, then presets.", "p", words=("window",), arguments="CENTER/WIDTH or NAME"),
    _view("window.auto", "Auto window", "Fit the window to the values of this slice.", "a"),
    _view("invert", "Invert", "Swap black and white.", "I", words=("invert",)),
    _view("view", "View", "Go from axial to coronal to sagittal.", "V", footer=True, words=("view",), arguments="axial|coronal|sagittal"),
    _view("glyphs", "Glyphs", "Change between half blocks and ASCII.", "B"),
)  # fmt: skip

_CROSSHAIR = (
    _move("cursor.left", "Left", "Move the crosshair one column to the left.", "h", "left"),
    _move("cursor.down", "Down", "Move the crosshair one row down.", "j", "down"),
    _move("cursor.up", "Up", "Move the crosshair one row up.", "k", "up"),
    _move("cursor.right", "Right", "Move the crosshair one column to the right.", "l", "right"),
    _view("cursor.pixel", "To pixel", "Put the crosshair on a pixel.", group="Crosshair", words=("at",), arguments="COLUMN ROW"),
)  # fmt: skip

_LISTS = (
    _row("row.down", "Down", "Go down in the list.", "j", "down"),
    _row("row.up", "Up", "Go up in the list.", "k", "up"),
    _row("row.page_down", "Page down", "Go down by a page.", "pagedown"),
    _row("row.page_up", "Page up", "Go up by a page.", "pageup"),
    _row("row.first", "First", "Go to the first row.", "g", "home"),
    _row("row.last", "Last", "Go to the last row, or with a count to that row.", "G", "end"),
    _row("row.open", "Open", "Open or choose what the row names.", "enter", footer=True),
    _row("row.expand", "Expand", "Show what is inside.", "l", "right", panes=frozenset({Pane.TAGS})),
    _row("row.collapse", "Collapse", "Hide what is inside, or go to what it is inside of.", "h", "left", panes=frozenset({Pane.TAGS})),
    Action("tags", "Tags", "Show the tags of what the row names, or of a file.", "Tags", ("t",), ("tags",), "[FILE]", frozenset({Mode.BROWSE}), frozenset({Pane.SERIES}), footer=True),
    Action("find", "Find", "Find a tag, or part of a keyword, name or value; /.../ is a regular expression.", "Tags", ("/",), ("find",), "PATTERN", frozenset({Mode.BROWSE}), footer=True),
    Action("find.next", "Next match", "Go to the next match.", "Tags", ("n",), modes=frozenset({Mode.BROWSE})),
    Action("find.previous", "Previous match", "Go to the previous match.", "Tags", ("N",), modes=frozenset({Mode.BROWSE})),
    Action("find.filter", "Matches only", "Show only what matches, with what it lies in, or everything again.", "Tags", ("F",), ("matches",), modes=frozenset({Mode.BROWSE})),
    Action("tag.go", "Go to tag", "Go to a tag, a keyword, or a path with items counted from 1; to the nearest one where it is not there.", "Tags", (), ("tag",), "TAG|KEYWORD|PATH", frozenset({Mode.BROWSE})),
    Action("tag.hex", "Raw bytes", "Show the bytes of the element, with where it lies in the file.", "Tags", ("x",), ("bytes",), modes=frozenset({Mode.BROWSE}), panes=frozenset({Pane.TAGS}), footer=True),
    Action("tag.copy_value", "Copy value", "Copy the value to the clipboard of the terminal.", "Tags", ("y",), ("copy",), modes=frozenset({Mode.BROWSE}), panes=frozenset({Pane.TAGS}), footer=True, short="copy"),
    Action("tag.copy_path", "Copy path", "Copy the path of the element to the clipboard of the terminal.", "Tags", ("Y",), ("copy-path",), modes=frozenset({Mode.BROWSE}), panes=frozenset({Pane.TAGS})),
)  # fmt: skip

_CONTOURING = (
    _edit("point.add", "Add point", "Add a point at the crosshair to the contour being entered.", "space", panes=PICTURE_ONLY, footer=True, short="add"),
    _edit("point.pixel", "Point", "Add a point at a typed pixel.", words=("p", "point"), arguments="COLUMN ROW"),
    _edit("point.mm", "Point in mm", "Add a point at typed patient coordinates.", words=("mm",), arguments="X Y Z"),
    _edit("point.delete", "Delete point", "Delete the selected point.", "x", needs="points", footer=True, short="delete"),
    _edit("point.move", "Move point", "Move the selected point to the crosshair.", "m", needs="points", panes=PICTURE_ONLY),
    _edit("point.next", "Next point", "Select the next point.", "tab", needs="points", footer=True, short="next", panes=frozenset({Pane.PICTURE, Pane.POINTS, Pane.ROIS})),
    _edit("point.previous", "Previous point", "Select the previous point.", "shift+tab", needs="points", panes=frozenset({Pane.PICTURE, Pane.POINTS, Pane.ROIS})),
    _edit("contour.close", "Close", "Close the contour, or end an open one.", "enter", panes=PICTURE_ONLY, needs="draft", footer=True, words=("close",)),
    _edit("contour.discard", "Discard", "Drop the contour being entered.", "D", needs="draft", words=("discard",)),
    _edit("contour.select", "Contour", "Select the next contour on this slice.", "o", needs="structure-set"),
    _edit("contour.delete", "Delete contour", "Delete the selected contour.", "X", words=("delete-contour",)),
    _edit("contour.type", "Type", "Change the geometric type of the next contour.", "T", words=("geometry",), arguments="point|open|nonplanar|closed"),
    _edit("undo", "Undo", "Undo the last edit.", "u", needs="undo", footer=True, words=("undo",)),
    _edit("redo", "Redo", "Do again what was undone.", "ctrl+r", needs="redo", words=("redo",)),
    _edit("roi.new", "New ROI", "Make an ROI and draw in it.", "A", words=("roi",), arguments="NAME [TYPE [NUMBER]]"),
    _edit("roi.select", "Next ROI", "Draw in the next ROI, or with a count in that ROI.", "R", needs="structure-set", words=("select",), arguments="NUMBER"),
    _edit("roi.name", "Rename", "Rename the current ROI.", words=("name",), arguments="NAME"),
    _edit("roi.type", "ROI type", "Set the interpreted type of the current ROI.", words=("type",), arguments="ORGAN|GTV|..."),
    _edit("roi.color", "Colour", "Set the colour of the current ROI.", words=("color",), arguments="RED GREEN BLUE"),
    _edit("roi.delete", "Delete ROI", "Delete the current ROI with its contours.", words=("delete-roi",)),
    _edit("points.import", "Import", "Import a point list; the frame is needed unless the file declares it.", words=("import",), arguments="FILE [FRAME]"),
    Action("set.label", "Label", "Set the label of the structure set.", "Contour", words=("label",), arguments="LABEL", needs="writable", edits=True),
    Action("set.load", "Load", "Load a structure set and show it.", "Contour", words=("structures", "load"), arguments="FILE", needs="series"),
    Action("set.discard", "Discard set", "Throw the structure set away with its journal, after asking.", "Contour", words=("discard-set",), needs="structure-set", edits=True),
    Action("set.overwrite", "Overwrite", "Save the structure set over a file that exists.", "Contour", words=("w!",), arguments="FILE", modes=PICTURE_MODES, needs="structure-set", edits=True),
    Action("points.export", "Export", "Write the points of all contours to a file, in patient mm.", "Contour", words=("export",), arguments="FILE.csv|FILE.json", needs="structure-set"),
    Action("set.save", "Save", "Save the structure set as RTSTRUCT.", "Contour", ("S", "ctrl+s"), ("w", "save"), "FILE", PICTURE_MODES, needs="structure-set", edits=True, footer=True),
)  # fmt: skip

_SENDING = (
    Action("send.plan", "Plan", "Plan what would be sent to a device.", "Send", words=("send",), arguments="DEVICE[:PATH]"),
    Action("send.toggle", "Choose", "Choose or drop a file for sending.", "Send", ("space",), modes=frozenset({Mode.SEND}), panes=frozenset({Pane.FILES}), footer=True),
    Action("send.go", "Send", "Send what the plan says, and verify it.", "Send", ("y",), ("go",), modes=frozenset({Mode.SEND}), needs="plan", footer=True),
    Action("send.replace", "Replace", "Plan again so that other files of the same names on the device are replaced.", "Send", ("r",), ("replace",), modes=frozenset({Mode.SEND})),
    Action("send.verify", "Verify", "Verify on the device what the receipts say was sent.", "Send", ("v",), ("verify",), "DEVICE[:PATH]", frozenset({Mode.SEND}), footer=True),
    Action("send.trust", "Trust", "See the host key of the device and trust it.", "Send", ("t",), ("trust",), "DEVICE", frozenset({Mode.SEND}), footer=True),
    Action("send.cancel", "Cancel", "Stop the transfer; nothing half-sent is kept as sent.", "Send", ("c",), modes=frozenset({Mode.SEND}), footer=True),
)  # fmt: skip

_GRIDDING = (
    _grid("grid.left", "Column left", "Go to the column on the left.", "h", "left"),
    _grid("grid.right", "Column right", "Go to the column on the right.", "l", "right"),
    _grid("grid.first", "First column", "Go to the first column.", "0"),
    _grid("grid.last", "Last column", "Go to the last column.", "$"),
    _grid("grid.sort", "Sort", "Sort by the column under the cursor; again: downwards; again: not.", "s", footer=True, words=("sort",), arguments="K,-K2"),
    _grid("grid.filter", "Filter", "Show the rows for which an expression holds; without one, all.", "/", footer=True, words=("filter",), arguments="EXPR"),
    _grid("grid.group", "Group", "Count the rows of the same values in the column under the cursor, or show them again.", "b", footer=True, words=("group",), arguments="K,.."),
    _grid("grid.rows", "Rows", "Go from files to series to studies.", "t", footer=True, words=("rows",), arguments="files|series|studies"),
    _grid("grid.columns", "Columns", "Choose columns: keywords, tags or paths; without any, the usual ones.", "C", footer=True, words=("columns",), arguments="K,.."),
    _grid("grid.drop", "Drop column", "Take the column under the cursor away.", "x"),
    _grid("grid.export", "Export grid", "Write all rows of the grid to a new file.", words=("export-grid",), arguments="FILE.csv|FILE.json|FILE.parquet"),
)  # fmt: skip

_COMPARING = (
    Action("compare.mark", "Mark", "Mark this file as A, or compare the marked one with it.", "Compare", ("m",), ("mark",), modes=frozenset({Mode.BROWSE}), footer=True),
    Action("compare.files", "Diff", "Compare two files, or one with the slice that is shown.", "Compare", words=("diff",), arguments="A [B]"),
    Action("compare.series", "Vary", "Tell which attributes vary across the open series.", "Compare", ("v",), ("vary",), modes=frozenset({Mode.BROWSE, Mode.COMPARE}), needs="series"),
    _compare("compare.next", "Difference", "Go to the next difference.", "n", footer=True),
    _compare("compare.previous", "Difference", "Go to the previous difference.", "N", footer=True),
    _compare("compare.only", "Only", "Show only what differs, or everything.", "d", footer=True, words=("only",)),
    _compare("compare.open", "Whole", "Open a sequence or item, or show the values of a row whole.", "enter", footer=True),
    _compare("compare.expand", "Open inside", "Show what is inside a sequence or item.", "l", "right"),
    _compare("compare.collapse", "Close inside", "Hide what is inside, or go to what the row is inside of.", "h", "left"),
    _compare("compare.swap", "Swap", "Change A and B.", "x"),
    _compare("compare.pixels", "Pixels", "Decode both pictures and compare their pixels, where the stored bytes differ.", "p", footer=True),
    _compare("compare.exact", "Exact", "Count the same value in another text, VR or order as a difference, or not.", "e"),
    _compare("compare.ignore", "Ignore", "Leave attributes out: keywords, tags, groups (gggg,*), private; without a list none.", words=("ignore",), arguments="K,.."),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *_GENERAL,
    *_VIEWING,
    *_CROSSHAIR,
    *_LISTS,
    *_CONTOURING,
    *_SENDING,
    *_GRIDDING,
    *_COMPARING,
)
BY_ID = {action.id: action for action in ACTIONS}


def by_word(word: str) -> Action | None:
    """Return the action that a word of the command line names."""
    return next((action for action in ACTIONS if word in action.words), None)


def for_key(key: str, mode: Mode, pane: Pane) -> Action | None:
    """Return the action of a key in a mode and a pane; what is meant for fewer panes goes first."""
    found = [a for a in ACTIONS if key in a.keys and mode in a.modes and pane in a.panes]
    return min(found, key=lambda action: (len(action.panes), len(action.modes)), default=None)
