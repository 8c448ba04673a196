"""`dcmtty tags`: the header of one file as a tree of text, as matches, or as the DICOM JSON Model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcmtty.errors import InputError
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import format_option

if TYPE_CHECKING:
    from dcmtty.dicom.tags import TagNode, TagTree

_INDENT = "  "


@click.command()
@click.argument("file", type=click.Path(readable=False, path_type=Path))
@click.option("--find", "pattern", metavar="PATTERN", help="Only elements with this tag, or in keyword, name or value.")
@format_option(["text", "json"])
def command(file: Path, pattern: str | None, format_: str) -> int:
    """Print the header of FILE: tag, VR, VM, keyword and value of every element, with its place.

    --format json gives the DICOM JSON Model (PS3.18 F); with --find it gives the matches.
    """
    from dcmtty.dicom.tags import open_tags

    with open_tags(file) as tree:
        if pattern is not None:
            found = _write_matches(tree, pattern, as_json=format_ == "json")
            if not found:
                diagnostics.note(f"nothing matches {pattern!r} in keyword, tag number, name or value")
        elif format_ == "json":
            from dcmtty.dicom.jsonmodel import json_model

            output.write_json(json_model(tree))
        else:
            output.write_lines(_line(node) for node in tree.walk())
        if tree.damage is not None:
            raise InputError(tree.damage.message, remedy=tree.damage.remedy)
    return 0


def _line(node: TagNode) -> str:
    indent = _INDENT * node.depth
    if node.error:
        return f"{indent}! {node.error}"
    if node.is_item:
        return f"{indent}{node.keyword}" + (f"  {node.value}" if node.value else "")
    return f"{indent}{_text(node)}"


def _text(node: TagNode) -> str:
    return f"{node.tag} {node.vr} {node.vm} {node.keyword or node.name}  {node.value}".rstrip()


def _place(node: TagNode) -> str:
    """Return the path from the top: tags, and items counted from 1."""
    steps = (
        f"{step >> 16:04X},{step & 0xFFFF:04X}" if index % 2 == 0 else str(step + 1) for index, step in _steps(node)
    )
    return "/".join(steps)


def _steps(node: TagNode) -> Iterator[tuple[int, int]]:
    return enumerate(node.path)


def _write_matches(tree: TagTree, pattern: str, *, as_json: bool) -> int:
    """Print what matches, and return how many do."""
    if not as_json:
        count = 0
        for node in tree.find(pattern):
            output.write_text(f"{_place(node)} {_text(node).partition(' ')[2]}\n")
            count += 1
        return count
    matches = [
        {
            "path": _place(node),
            "tag": node.tag,
            "keyword": node.keyword,
            "name": node.name,
            "vr": node.vr,
            "vm": node.vm,
            "value": node.value,
            "offset": node.offset,
            "length": node.length,
        }
        for node in tree.find(pattern)
    ]
    output.write_json({"schema": "dcmtty.tags/1", "matches": matches})
    return len(matches)
