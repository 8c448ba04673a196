"""The raw bytes of an element on a screen of their own: rows are read when they are looked at."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult

from dcmtty.dicom.rawbytes import ROW_BYTES, available_bytes, extent, hex_rows
from dcmtty.dicom.tagnode import TagNode
from dcmtty.errors import InputError
from dcmtty_tui import theme
from dcmtty_tui.screens.closing import ClosingScreen
from dcmtty_tui.widgets.lines import Lines
from dcmtty_tui.widgets.row_list import MadeRows, Row, RowList

_STEPS = {"j": 1, "down": 1, "k": -1, "up": -1}
_PAGES = {"pagedown": 1, "space": 1, "pageup": -1}


class ByteRows(MadeRows):
    """Header and value of an element, sixteen bytes to a row."""

    def __init__(self, node: TagNode) -> None:
        self._node = node
        self._count = -(-available_bytes(node) // ROW_BYTES)

    def __len__(self) -> int:
        return self._count

    def row(self, index: int) -> Row:
        """Read a row, or say why it cannot be read."""
        try:
            return Row(index, next(hex_rows(self._node, index * ROW_BYTES, ROW_BYTES)))
        except InputError as error:
            return Row(index, str(error), theme.STRONG)


class BytesScreen(ClosingScreen[None]):
    """Shows the bytes of an element; q, esc, enter or x closes it."""

    DEFAULT_CSS = "BytesScreen { layout: vertical; background: #000000; }"

    def __init__(self, title: str, node: TagNode) -> None:
        super().__init__()
        self._title = title
        self._node = node

    def compose(self) -> ComposeResult:
        """Show where the element lies, then its bytes."""
        yield Lines(background=theme.TITLE, id="bytes-title")
        yield RowList(extent(self._node).text, "", id="bytes")
        yield Lines(id="bytes-keys")

    def on_mount(self) -> None:
        """Fill the lines."""
        self.query_one("#bytes-title", Lines).set_lines([[(f" {self._title}", theme.TITLE_STRONG)]])
        keys = [(" j k pgdn pgup g G", theme.KEY), (" move ", theme.DIM), (" q", theme.KEY), (" close ", theme.DIM)]
        self.query_one("#bytes-keys", Lines).set_lines([keys])
        rows = self.query_one("#bytes", RowList)
        rows.set_current(is_current=True)
        rows.set_rows(ByteRows(self._node))

    def on_key(self, event: events.Key) -> None:
        """Move, or close."""
        rows = self.query_one("#bytes", RowList)
        key = event.character if event.character is not None and event.character.isprintable() else event.key
        key = "space" if key == " " else key
        if key in {"q", "escape", "enter", "ctrl+j", "x"}:
            self.dismiss()
        elif key in _STEPS:
            rows.move(_STEPS[key])
        elif key in _PAGES:
            rows.move(_PAGES[key] * rows.visible_rows)
        elif key in {"g", "home"}:
            rows.go(0)
        elif key in {"G", "end"}:
            rows.go(len(rows.rows) - 1)
        event.stop()
        event.prevent_default()
