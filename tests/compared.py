"""What a comparison found, in a form that a test can state beforehand: kinds and paths."""

from __future__ import annotations

from pathlib import Path

from dcmtty.dicom.compare.files import compare_files, told
from dcmtty.dicom.compare.model import DEFAULT_OPTIONS, Kind, Options

Difference = tuple[Kind, tuple[int, ...]]


def differences(a: Path, b: Path, options: Options = DEFAULT_OPTIONS) -> set[Difference]:
    """The differences of two data sets: kind, and the path in A, or in B for what only B has; items from 0."""
    with compare_files(a, b, options) as found:
        leaves = [
            (pair.kind, pair.node.path)
            for _, pair in told(found.data_set)
            if not any(inner.is_different for inner in pair.inside)
        ]
        assert found.counts.different == len(leaves)
        return set(leaves)
