"""Chosen attributes of one file by its tag tree: for files and attributes that the quick way leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dcmtty.dicom.beginning import begin
from dcmtty.dicom.header.columns import Column
from dcmtty.dicom.source import open_source
from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.dicom.values import values_of

Values = tuple[str, ...] | None
"""Of an attribute; None where it is absent, and () where it is empty or no text can be made of it."""


def attributes_of(path: Path, columns: Sequence[Column], *, follow: bool = True) -> tuple[Values, ...]:
    """Return the values of each column.

    Raises:
        NotDicom: the file is something else.
        TruncatedFile: the file ends before all of the columns were found.
        InputError: not readable, or refused.
    """
    with open_source(path, follow=follow) as source:
        tree = TagTree(begin(source))
        roots = tree.roots()
        return tuple(_values(tree, roots, column.path) for column in columns)


def _values(tree: TagTree, nodes: Sequence[TagNode], path: tuple[int, ...]) -> Values:
    tag, *rest = path
    node = next((node for node in nodes if not node.error and node.element.tag == tag), None)
    if node is None:
        if tree.damage is not None and any(node.error for node in nodes) and not _is_past(nodes, tag):
            raise tree.damage
        return None
    if not rest:
        return _of(node)
    items = tree.children(node) if node.is_sequence else []
    if rest[0] >= len(items) or items[rest[0]].error:
        if items and items[-1].error and tree.damage is not None:
            raise tree.damage
        return None
    return _values(tree, tree.children(items[rest[0]]), tuple(rest[1:]))


def _is_past(nodes: Sequence[TagNode], tag: int) -> bool:
    """Say whether an element was met that stands behind the tag (they are in ascending order, PS3.5 7.1)."""
    return any(not node.error and node.element.tag > tag for node in nodes)


def _of(node: TagNode) -> tuple[str, ...]:
    element = node.element
    if node.has_children or not element.length:
        return ()
    raw = node.scope.source.read(element.value_offset, element.length)
    return values_of(raw, node.vr, big=element.encoding.big, encodings=node.scope.encodings)
