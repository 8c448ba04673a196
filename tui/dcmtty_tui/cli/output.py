"""The only writer to standard output."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from itertools import islice

from dcmtty.errors import WriteFailed
from dcmtty.text import cell_width, csv_cell, fit, visible

_JSON_PIECES = 10_000


_SPOOLED_BYTES = 16 << 20
_SPOOLED_PART_BYTES = 1 << 20


class OutputFailed(Exception):
    """Standard output cannot be written, for another reason than a closed pipe."""


class ClosedPipe(Exception):
    """Whoever read standard output went away; not an OSError, because click would turn that into exit code 1."""


def write_text(text: str) -> None:
    """Write text as it is; the caller has made it safe. A terminal that does not read UTF-8 gets ASCII."""
    write_bytes(readable(text, is_terminal=is_terminal()).encode("utf-8", "backslashreplace"))


def readable(text: str, *, is_terminal: bool) -> str:
    """Return the text as the terminal can read it: in ASCII when that is not said to read UTF-8."""
    if text.isascii() or not is_terminal:
        return text
    from dcmtty_tui.term import in_ascii, is_utf8

    return text if is_utf8(os.environ) else in_ascii(text)


def write_bytes(data: bytes) -> None:
    """Write bytes as they are: a list of digests needs the names of files exactly."""
    try:
        sys.stdout.buffer.write(data)
    except BrokenPipeError as error:
        raise ClosedPipe from error
    except OSError as error:
        raise OutputFailed(error.strerror or "write failed") from error


def write_lines(lines: Iterable[str]) -> None:
    """Write lines, each with a newline."""
    for line in lines:
        write_text(line + "\n")


def write_json(value: object) -> None:
    """Write a JSON document, ASCII only, numbers exact; piece by piece, as it may be larger than what it tells of."""
    pieces = json.JSONEncoder(indent=1, ensure_ascii=True, allow_nan=False).iterencode(value)
    while text := "".join(islice(pieces, _JSON_PIECES)):
        write_text(text)
    write_text("\n")


def write_whole(pieces: Iterable[str]) -> None:
    """Write text when all of it is there, so that an error leaves nothing half written; what is long waits on disk.

    Raises:
        WriteFailed: there is no room for it.
    """
    with tempfile.SpooledTemporaryFile(_SPOOLED_BYTES) as spool:
        try:
            for piece in pieces:
                spool.write(piece.encode("ascii"))
            spool.seek(0)
        except OSError as error:
            raise WriteFailed(f"a temporary file: {error.strerror}", remedy="free some space, or set TMPDIR") from error
        while part := spool.read(_SPOOLED_PART_BYTES):
            write_bytes(part)


def write_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, widest: int = 60) -> None:
    """Write aligned columns; cells are made safe and cut at `widest` terminal cells."""
    table = [[visible(cell) for cell in row] for row in rows]
    widths = [
        min(widest, max([cell_width(header), *(cell_width(row[index]) for row in table)]))
        for index, header in enumerate(headers)
    ]
    for row in [list(headers), *table]:
        cells = [fit(cell, width) for cell, width in zip(row, widths, strict=True)]
        write_text("  ".join(cells).rstrip() + "\n")


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[object]], *, raw: bool = False) -> None:
    """Write CSV (RFC 4180) whose cells cannot start a formula unless `raw`."""
    for row in [headers, *rows]:
        write_text(",".join(csv_cell(cell, raw=raw) for cell in row) + "\r\n")


def is_terminal() -> bool:
    """Say whether standard output is a terminal."""
    return sys.stdout.isatty()


def flush() -> None:
    """Push everything out while errors can still be told."""
    try:
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ClosedPipe from error
    except OSError as error:
        raise OutputFailed(error.strerror or "write failed") from error


def abandon() -> None:
    """Give up standard output quietly, so that the interpreter does not complain at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
