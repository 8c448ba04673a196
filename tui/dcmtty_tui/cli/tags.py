"""`dcmtty tags`: the header of one file as a tree of text, as matches, as raw bytes, or as the DICOM JSON Model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcmtty.errors import InputError, UsageError
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import format_option

if TYPE_CHECKING:
    from dcmtty.dicom.tags import TagNode, TagTree

_INDENT = "  "
_LARGEST_BYTES = 1 << 40


@click.command()
@click.argument("file", type=click.Path(readable=False, path_type=Path))
@click.option(
    "--find",
    "pattern",
    metavar="PATTERN",
    help="Only elements with this tag, or with it in keyword, name or value; /.../ is a regular expression.",
)
@click.option("--hex", "as_hex", is_flag=True, help="With --find: also the raw bytes of each match, header and value.")
@click.option(
    "--bytes",
    "limit",
    type=click.IntRange(1, _LARGEST_BYTES),
    default=4096,
    show_default=True,
    help="With --hex: at most so many bytes of each.",
)
@click.option(
    "--from",
    "start",
    type=click.IntRange(0, _LARGEST_BYTES),
    default=0,
    help="With --hex: begin so many bytes behind the beginning of the element.",
)
@format_option(["text", "json"])
def command(file: Path, pattern: str | None, *, as_hex: bool, limit: int, start: int, format_: str) -> int:
    """Print the header of FILE: tag, VR, VM, keyword and value of every element, with its place.

    --format json gives the DICOM JSON Model (PS3.18 F); with --find it gives the matches.
    """
    from dcmtty.dicom.tags import open_tags

    if as_hex and (pattern is None or format_ == "json"):
        raise UsageError("--hex prints the matches of --find as text", remedy="name elements with --find PATTERN")
    with open_tags(file) as tree:
        if pattern is not None:
            found = _write_matches(tree, pattern, as_json=format_ == "json", part=(start, limit) if as_hex else None)
            if not found:
                diagnostics.note(f"nothing matches {pattern!r} in keyword, tag number, name or value")
        elif format_ == "json":
            from dcmtty.dicom.jsonmodel import json_pieces

            output.write_whole(json_pieces(tree))
        else:
            _write_tree(tree)
        if tree.damage is not None:
            raise InputError(tree.damage.message, remedy=tree.damage.remedy)
    return 0


def _write_tree(tree: TagTree) -> None:
    from dcmtty.dicom.tagtext import tree_lines

    if tree.preamble not in {"clean", "none"}:
        from dcmtty.dicom.tagplace import preamble_text

        mark = "! " if tree.preamble == "executable" else ""
        output.write_text(f"{mark}preamble: {preamble_text(tree, tree.roots())}\n")
    output.write_lines(tree_lines(tree))


def _write_matches(tree: TagTree, pattern: str, *, as_json: bool, part: tuple[int, int] | None) -> int:
    """Print what matches, and return how many do."""
    from dcmtty.dicom.tagplace import path_text
    from dcmtty.dicom.tagsearch import find
    from dcmtty.dicom.tagtext import element_text

    if as_json:
        matches = [_match(node, path_text(node.path)) for node in find(tree, pattern)]
        output.write_json({"schema": "dcmtty.tags/1", "matches": matches})
        return len(matches)
    count = 0
    for node in find(tree, pattern):
        output.write_text(f"{path_text(node.path)} {element_text(node).partition(' ')[2]}\n")
        if part is not None:
            output.write_lines(_hex_lines(node, *part))
        count += 1
    return count


def _match(node: TagNode, path: str) -> dict[str, object]:
    return {
        "path": path,
        "tag": node.tag,
        "keyword": node.keyword,
        "name": node.name,
        "vr": node.vr,
        "vm": node.vm,
        "value": node.value,
        "offset": node.offset,
        "length": node.length,
        "inflated": node.scope.source.inflated,
    }


def _hex_lines(node: TagNode, start: int, limit: int) -> Iterator[str]:
    from dcmtty.dicom.rawbytes import available_bytes, extent, hex_rows

    yield f"{_INDENT}{extent(node).text}"
    for row in hex_rows(node, start, limit):
        yield f"{_INDENT}{row}"
    left = available_bytes(node) - start - limit
    if left > 0:
        yield f"{_INDENT}{left} more bytes; --from {start + limit} goes on"
