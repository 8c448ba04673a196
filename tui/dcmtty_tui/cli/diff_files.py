"""Two compared files as text, one under the other or side by side, or as JSON."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from dcmtty.dicom.compare.files import Comparison, compare_files
from dcmtty.dicom.compare.model import MARKS, Counts, Kind, Options, Pair, Side
from dcmtty.dicom.compare.wording import name, notes, side_line, summary, title, values, whole_text
from dcmtty.dicom.dictionary import tag_text
from dcmtty.dicom.tagnode import TagNode
from dcmtty.errors import InputError
from dcmtty.progress import Progress
from dcmtty.text import cell_width, fit, visible
from dcmtty_tui.cli import output

SCHEMA = "dcmtty.diff/1"
_SHOWN_CHARACTERS = 240
_JSON_CHARACTERS = 65_536
_INDENT = "  "
_WIDTH_WITHOUT_TERMINAL = 120
_NARROWEST = 40
Row = tuple[int, Pair]


class Layout(StrEnum):
    """How a comparison is printed."""

    UNIFIED = "unified"
    SIDE_BY_SIDE = "side-by-side"
    JSON = "json"


def diff_files(
    paths: tuple[Path, Path], options: Options, layout: Layout, progress: Progress, *, everything: bool
) -> int:
    """Compare and print; return 0 when no value of the data sets differs, else 1.

    Raises:
        InputError: a file cannot be read; one that is damaged is compared and printed as far as it goes before.
    """
    with compare_files(*paths, options, progress) as found:
        if layout is Layout.JSON:
            output.write_json(_document(found, everything=everything))
        else:
            _write_text(found, layout, everything=everything)
        if found.damage is not None:
            raise InputError(found.damage.message, remedy=found.damage.remedy)
        is_same = found.is_same and not (options.exact and found.meta_counts.different)
        return 0 if is_same else 1


def _rows(found: Comparison, pairs: Sequence[Pair], *, everything: bool) -> Iterator[Row]:
    """Yield what is to be printed with how deep it lies."""
    waiting = [(0, pair) for pair in reversed(pairs)]
    while waiting:
        depth, pair = waiting.pop()
        if everything or pair.is_different:
            yield depth, pair
            inside = found.children(pair) if everything else pair.inside
            waiting += [(depth + 1, inner) for inner in reversed(inside)]


def _sections(found: Comparison, *, everything: bool) -> Iterator[tuple[str, Counts, Iterator[Row]]]:
    """Yield the sections: file meta information when there is something to tell, and the data set."""
    meta = found.all_meta() if everything else found.meta
    if any(everything or pair.is_different for pair in meta):
        yield "file meta information", found.meta_counts, _rows(found, meta, everything=everything)
    data_set = found.all_data_set() if everything else found.data_set
    yield "data set", found.counts, _rows(found, data_set, everything=everything)


def _write_text(found: Comparison, layout: Layout, *, everything: bool) -> None:
    if layout is Layout.UNIFIED:
        lines: Callable[[Row], Iterator[str]] = _unified
        output.write_lines([f"- A {side_line(found.a)}", f"+ B {side_line(found.b)}"])
    else:
        width = max(shutil.get_terminal_size((_WIDTH_WITHOUT_TERMINAL, 24)).columns, _NARROWEST)
        lines = _Columns(width).lines
        output.write_lines(_Columns(width).head(found.a, found.b))
    for name_, counts, rows in _sections(found, everything=everything):
        output.write_text(f"{name_}: {_summary(counts)}\n")
        for row in rows:
            output.write_lines(lines(row))
        if counts.unlisted:
            output.write_text(f"... and {counts.unlisted} more differences\n")


def _summary(counts: Counts) -> str:
    different = (counts.changed, counts.only_a, counts.only_b, counts.unknown)
    return summary(different, counts.written, counts.same, counts.ignored)


def _is_heading(pair: Pair) -> bool:
    """Say whether a pair only leads to what lies in it."""
    return bool(pair.inside) or (pair.kind in {Kind.SAME, Kind.WRITTEN} and pair.has_children)


def _unified(row: Row) -> Iterator[str]:
    depth, pair = row
    indent = _INDENT * depth
    said = notes(pair)
    end = f"  ({said})" if said else ""
    if _is_heading(pair):
        yield f"{'=' if pair.kind is Kind.SAME else ' '} {indent}{title(pair)}{end}"
        return
    mark = MARKS[pair.kind]
    a, b = values(pair, _SHOWN_CHARACTERS)
    if pair.a is None or pair.b is None or pair.kind is Kind.SAME:
        yield f"{mark} {indent}{title(pair)}  {a or b}".rstrip() + end
        return
    yield f"{mark} {indent}{title(pair)}{end}"
    yield f"  {indent}  - {a}"
    yield f"  {indent}  + {b}"


class _Columns:
    """Two columns of values behind one of names, to a width in cells."""

    def __init__(self, width: int) -> None:
        self._name = max(width * 3 // 10, 16)
        self._value = max((width - self._name - 6) // 2, 8)

    def head(self, a: Side, b: Side) -> Iterator[str]:
        """Yield which file is on which side."""
        yield f"A {side_line(a)}"
        yield f"B {side_line(b)}"

    def lines(self, row: Row) -> Iterator[str]:
        """Yield the line of a pair, and its notes."""
        depth, pair = row
        indent = _INDENT * depth
        said = notes(pair)
        if _is_heading(pair):
            mark = "=" if pair.kind is Kind.SAME else " "
            yield f"{mark} {indent}{title(pair)}" + (f"  ({said})" if said else "")
            return
        a, b = (fit(text, self._value) for text in values(pair, self._value))
        yield f"{MARKS[pair.kind]} {fit(indent + _short_title(pair), self._name)}  {a}  {b}".rstrip()
        if said and cell_width(said):
            yield f"  {indent}  ({said})"


def _short_title(pair: Pair) -> str:
    node = pair.node
    return title(pair) if node.is_item or node.error else f"{node.tag} {name(node)}"


def _document(found: Comparison, *, everything: bool) -> dict[str, Any]:
    sections = {
        "meta": (found.all_meta() if everything else found.meta, found.meta_counts),
        "data_set": (found.all_data_set() if everything else found.data_set, found.counts),
    }
    return {
        "schema": SCHEMA,
        "a": _side(found.a),
        "b": _side(found.b),
        "same": found.is_same and found.damage is None,
        **{
            key: {
                "counts": _counts(counts),
                "elements": [_element(pair) for _, pair in _rows(found, pairs, everything=everything)],
            }
            for key, (pairs, counts) in sections.items()
        },
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "path": str(side.path),
        "size_bytes": side.size_bytes,
        "transfer_syntax_uid": side.transfer_syntax_uid,
        "preamble": side.preamble,
        "damage": side.damage or None,
        "warnings": list(side.warnings),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "same": counts.same,
        "written_otherwise": counts.written,
        "changed": counts.changed,
        "only_a": counts.only_a,
        "only_b": counts.only_b,
        "unknown": counts.unknown,
        "ignored": counts.ignored,
        "unlisted": counts.unlisted,
    }


def _element(pair: Pair) -> dict[str, Any]:
    node, digests = pair.node, pair.finding.digests or (None, None)
    return {
        "kind": str(pair.kind),
        "is_container": pair.has_children,
        "keyword": node.keyword,
        "name": node.name,
        "creator": visible(node.creator),
        "matched_by": pair.label,
        "notes": list(pair.notes) + ([node.error] if node.error else []),
        "first_difference": pair.finding.first if pair.finding.first >= 0 else None,
        "a": _value(pair.a, digests[0]),
        "b": _value(pair.b, digests[1]),
    }


def _value(node: TagNode | None, digest: str | None) -> dict[str, Any] | None:
    if node is None:
        return None
    text = "" if node.error or node.has_children else whole_text(node)
    return {
        "path": "/".join(tag_text(step) if index % 2 == 0 else str(step + 1) for index, step in enumerate(node.path)),
        "vr": node.vr,
        "length": node.length,
        "value": text[:_JSON_CHARACTERS],
        "is_cut": len(text) > _JSON_CHARACTERS,
        "sha256": digest,
    }
