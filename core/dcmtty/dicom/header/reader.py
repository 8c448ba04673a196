"""Chosen attributes of many files, as a library call: the quickest way to ask an archive what it holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from dcmtty.dicom.header.columns import Column, parse_column
from dcmtty.dicom.header.quick import QuickReader

Values = tuple[str, ...] | None
"""Of an attribute; None where it is absent, () where it is empty."""


class HeaderReader:
    """Reads the same attributes of one file after another; each file costs about one small read.

    >>> reader = HeaderReader(["Modality", "0020,0013", "ReferencedFrameOfReferenceSequence/0/FrameOfReferenceUID"])
    >>> modality, number, frame_of_reference = reader.read("slice.dcm")

    It reads up to the last attribute that was asked for and no further, so a file that is cut behind it is not noticed;
    `dcmtty.dicom.headers.read_instance` checks all of a file.
    """

    def __init__(self, attributes: Sequence[str | Column]) -> None:
        """Choose the attributes: keywords, tags (`gggg,eeee`), or paths with items from 0.

        Raises:
            UsageError: one of them is no attribute.
        """
        self.columns = tuple(parse_column(one) if isinstance(one, str) else one for one in attributes)
        direct = [column.path[0] for column in self.columns if len(column.path) == 1]
        nested = frozenset(column.path[0] for column in self.columns if len(column.path) > 1)
        tags = tuple(dict.fromkeys((*direct, *nested)))
        self._at = [tags.index(column.path[0]) for column in self.columns]
        self._is_in_order = self._at == list(range(len(tags)))
        self._quick = QuickReader(tags, nested, whole=False)

    def read(self, path: Path | str) -> tuple[Values, ...]:
        """Return the values of each attribute as text, decoded by Specific Character Set (PS3.5 6.1.2).

        Raises:
            NotDicom: the file is something else.
            TruncatedFile: it ends before all attributes were found.
            InputError: not readable, or refused: nested too deep, too many elements, a deflate bomb.
        """
        found = self.read_quickly(path)
        if found is not None:
            return found
        from dcmtty.dicom.header.thorough import attributes_of

        return attributes_of(Path(path), self.columns)

    def read_quickly(self, path: Path | str) -> tuple[Values, ...] | None:
        """Return the values from one small read; None where the file must be read thoroughly."""
        header = self._quick.read(os.fspath(path), follow=True)
        if header is None:
            return None
        row = cast("list[Values]", header.row)  # as no attribute was asked for as one text
        return tuple(row if self._is_in_order else [row[at] for at in self._at])
