"""What the tag pane shows: the tree of one file, or only what was searched for in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dcmtty.dicom.tagjump import Jump, jump
from dcmtty.dicom.tags import TagNode, open_tags
from dcmtty.dicom.tagsearch import Matches, find_all
from dcmtty.errors import DcmttyError
from dcmtty.progress import Cancelled, Progress
from dcmtty_tui import theme
from dcmtty_tui.screens.tag_rows import MatchRows, NodePath, NodeRows, TreeRows, note_row
from dcmtty_tui.screens.tag_tree import AT_ONCE_S, Later, OpenTree, until
from dcmtty_tui.widgets.row_list import Row

TAGS_HELP = """\
The header of the slice or object: tag, VR, keyword, [how many values], value. l or enter opens a sequence or an item, \
h closes it or goes to what it is inside of. Items say what they are about: a frame, an ROI, a code, a reference.
/ finds a tag (0028,0010), or part of a keyword, name or value; /re/ is a regular expression, upper and lower case \
alike. n and N go on, F shows only what matches. :tag goes to a tag, a keyword or a path.
x shows raw bytes and where they lie; y and Y copy value and path through the terminal (OSC 52).
Large sequences are listed in the background, and searched there; q stops that."""
COUNTED_BYTES = 1 << 20
Work = Callable[[Progress], object]


class TagBrowser:
    """Follows the file of the slice that is shown; what is open and what is searched for live on from file to file."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.pattern = ""
        self.matches: Matches | None = None
        self.is_filtered = False
        """Whether only what matches is shown."""
        self.open_tree: OpenTree | None = None
        self.question = 0
        """Number of the latest search or jump; answers to earlier ones are dropped."""
        self.is_waiting = False
        """Whether a search or a jump goes on in the background; keys wait for its answer."""
        self.goal: NodePath | None = None
        """Where to go as soon as it is listed."""
        self._expanded: set[NodePath] = set()
        self._rows: Sequence[Row] | None = None
        self._error = ""

    def follow(self, path: Path | None) -> bool:
        """Show the tags of another file; false when it is the same one."""
        if path == self.path:
            return False
        self.stop()
        self.path, self.open_tree, self.matches, self._rows, self._error = path, None, None, None, ""
        if path is not None:
            try:
                self.open_tree = OpenTree(open_tags(path))
            except DcmttyError as error:
                self._error = str(error)
            else:
                self.open_tree.open_again(self._expanded)
        return True

    def changed(self) -> None:
        """Make the rows again when they are asked for."""
        self._rows = None

    def rows(self) -> Sequence[Row]:
        """Return the rows; the same object as before when nothing changed."""
        if self._rows is None:
            shown = self.open_tree
            if shown is None:
                self._rows = (note_row(self._error, strong=True),) if self._error else ()
            elif self.is_filtered and self.matches is not None:
                self._rows = MatchRows(self.matches.shown, (), self._row)
            else:
                self._rows = TreeRows(shown.root, shown.head, self._row)
        return self._rows

    def _row(self, node: TagNode, is_open: bool) -> Row:  # noqa: FBT001 - one of two drawings
        is_match = self.matches is not None and self.matches.has(node)
        style = theme.KEY if is_match else theme.STRONG if node.error else theme.TEXT
        try:
            label = "" if self.open_tree is None else self.open_tree.labels.of(node)
            return Row(node, _line(node, label, is_open=is_open), style)
        except DcmttyError as error:
            return Row(node, f"{'  ' * node.depth}! {node.tag} {error}", theme.STRONG)

    @property
    def is_unfinished(self) -> bool:
        """Whether there is work for the background."""
        return self.open_tree is not None and self.open_tree.is_unfinished

    def expand(self, node: TagNode) -> bool:
        """Show what is inside a node, in the whole tree; false when there is nothing or it is shown already."""
        if self.open_tree is None or not node.has_children:
            return False
        was_filtered, self.is_filtered, self.open_tree.is_halted = self.is_filtered, False, False
        self.open_tree.open_around(node.path)
        shown = self.open_tree.open(node.path)
        if shown:
            self._expanded.add(node.path)
        if shown or was_filtered:
            self._rows = None
        return shown or was_filtered

    def collapse(self, node: TagNode) -> NodePath | None:
        """Hide what is inside a node, or return the path of the node it is inside of."""
        if self.is_filtered or self.open_tree is None or not self.open_tree.close(node.path):
            return node.path[:-1] or None
        self._expanded.discard(node.path)
        self._rows = None
        return node.path

    def index_of(self, path: NodePath) -> int | None:
        """Return the row of a path in the whole tree, opening what it lies in; None while it is not listed."""
        shown = self.open_tree
        if shown is None:
            return None
        self.is_filtered, self._rows = False, None
        shown.open_around(path)
        self._expanded |= {path[:length] for length in range(1, len(path))}
        found = shown.find(path)
        return None if found is None else self.row_of(found[0].nodes[found[1]])

    def row_of(self, node: TagNode) -> int | None:
        """Return the row of a node among what is shown."""
        rows = self.rows()
        return rows.index_of(node) if isinstance(rows, NodeRows) else None

    def search(self, pattern: str) -> Work | None:
        """Search; return the work for the background when it takes longer, whose answer is for `answer`.

        Raises:
            UsageError: the pattern cannot be understood.
        """
        self.stop()
        self.pattern, self.matches, self.is_filtered, self._rows = pattern, None, False, None
        if self.open_tree is None:
            return None
        tree, number = self.open_tree.tree, self.question
        deadline = time.monotonic() + AT_ONCE_S
        try:
            self.matches = find_all(tree, pattern, Progress(cancelled=lambda: time.monotonic() > deadline))
        except Cancelled:
            self.is_waiting = True
            return lambda progress: (number, find_all(tree, pattern, progress))
        return None

    def jump(self, text: str) -> Jump | Work | None:
        """Return where a typed tag or path leads, or the work that finds it; None without a file.

        Raises:
            UsageError: it is neither a tag nor a keyword.
        """
        self.stop()
        if self.open_tree is None:
            return None
        tree, number = self.open_tree.tree, self.question
        try:
            return jump(tree, text, until(AT_ONCE_S))
        except Later:
            self.is_waiting = True
            size = tree.beginning.source.size
            return lambda progress: (number, jump(tree, text, lambda at: progress.step(at, size, "bytes", "listing")))

    def is_answer(self, number: int) -> bool:
        """Take note of the answer to a question; false when nobody waits for it any more."""
        if number != self.question:
            return False
        self.is_waiting = False
        return True

    def stop(self) -> None:
        """Wait for no answer any more."""
        self.is_waiting, self.goal = False, None
        self.question += 1

    def toggle_filter(self) -> bool:
        """Show only what matches, or everything again; false when nothing matches."""
        if self.matches is None or not self.matches.nodes:
            return False
        self.is_filtered, self._rows = not self.is_filtered, None
        return True


def title(tags: TagBrowser) -> str:
    """Return what is shown, for the head of the pane."""
    if tags.is_filtered and tags.matches is not None:
        return f"Tags: {len(tags.matches.nodes)} matches only"
    return "Tags: not all listed yet" if tags.is_unfinished else "Tags"


def _count(node: TagNode) -> str:
    """Return how many values it has in brackets, or an ellipsis where counting them means reading megabytes."""
    if node.has_children:
        return ""
    return " […]" if node.length > COUNTED_BYTES else f" [{node.vm}]"


def _line(node: TagNode, label: str, *, is_open: bool) -> str:
    """Return a row whose value stands last, so that text from right to left moves nothing before it."""
    mark = ("v" if is_open else ">") if node.has_children else " "
    start = f"{'  ' * node.depth}{mark}"
    if node.error:
        return f"{start}! {node.error}"
    if node.is_item:
        return f"{start} {node.keyword}  {label or node.value}".rstrip()
    return f"{start} {node.tag} {node.vr:<2} {node.keyword or node.name}{_count(node)} {node.value}".rstrip()
