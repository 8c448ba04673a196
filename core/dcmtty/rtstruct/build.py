"""A structure set becomes the bytes of an RTSTRUCT file, with the complete UID chain of its images (PS3.3 A.19)."""

from __future__ import annotations

from pathlib import Path

from dcmtty.contours.model import StructureSet
from dcmtty.dicom.model import Series
from dcmtty.rtstruct.derive import derived_file
from dcmtty.rtstruct.encoded import EXPLICIT, IMPLICIT
from dcmtty.rtstruct.envelope import Built, require_match
from dcmtty.rtstruct.fresh import new_file
from dcmtty.sources import Sources


def build(
    series: Series,
    structure_set: StructureSet,
    *,
    sources: Sources | None = None,
    base: Path | None = None,
    implicit: bool = False,
) -> Built:
    """Return the file for a structure set drawn on a series; with `base`, what nobody edited keeps its bytes.

    Raises:
        BuildRefused: the series, the structure set or the base is not such that a conformant file can be written.
        InputError: an image or the base cannot be read.
    """
    sources = sources or Sources()
    require_match(series, structure_set)
    if base is not None:
        return derived_file(series, structure_set, base, sources, implicit=implicit)
    return new_file(series, structure_set, sources, IMPLICIT if implicit else EXPLICIT)
