"""A stack of plain images put in order by arrays: nearly every series is one, and the general way costs far more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcmtty.dicom.catalog.members import Ranges, Shown, member_rows, members
from dcmtty.dicom.catalog.parts import PartFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.model import Instance

_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "FrameOfReferenceUID")
"""Without one of these nothing can be built on a series; the general way says so."""
_ALIKE = (
    *_NEEDED,
    "PatientID",
    "PatientName",
    "Modality",
    "ImageOrientationPatient",
    "PixelSpacing",
    "Rows",
    "Columns",
)
"""What all images of a uniform stack have, and have alike."""
_SELECT = "SELECT id, folder_id, is_plain, common_id, SOPInstanceUID, ImagePositionPatient FROM file"
_COMMON = f"SELECT {', '.join(_ALIKE)} FROM common WHERE id = ?"


def uniform_stack(catalog: Catalog, series_id: int, ranges: Ranges, shown: Shown) -> PartFacts | None:
    """Return what `series.group` finds of these files, None unless they surely are one stack without repeats.

    One stack they are when everything that takes a series apart is the same text in all of them, each has a position
    of its own, and no image is there twice.
    """
    rows = list(member_rows(catalog, _SELECT, series_id, ranges))
    if any(row[2] != 1 for row in rows) or not _are_single([row[4] for row in rows]) or not _are_alike(catalog, rows):
        return None
    origins = _origins([row[5] for row in rows])
    plane = _instance(catalog, series_id, rows[0][0], shown).frames[0].plane
    if origins is None or plane is None:
        return None
    import numpy as np

    from dcmtty.dicom import spacing

    normal = spacing.mean_normal(np.tile(plane.normal, (len(rows), 1)))
    positions = spacing.positions_mm(origins, normal)
    order = np.argsort(positions, kind="stable")
    in_order: list[float] = positions[order].tolist()
    tolerance_mm = spacing.same_position_mm([plane])
    if spacing.places(in_order, tolerance_mm)[-1] != len(rows) - 1:
        return None
    usual_mm = spacing.usual_spacing_mm(in_order, tolerance_mm)
    notes = spacing.distance_notes(in_order, usual_mm, tolerance_mm)
    shift = spacing.shift_note(origins[order], normal)
    ids: list[int] = [rows[index][0] for index in order]
    first = _instance(catalog, series_id, ids[0], shown)
    return PartFacts(
        first,
        first.frames[0].plane,
        "",
        len(rows),
        usual_mm,
        (*notes, *([shift] if shift else [])),
        "",
        ids,
        [row[1] for row in rows],
    )


def _instance(catalog: Catalog, series_id: int, file_id: int, shown: Shown) -> Instance:
    return next(members(catalog, series_id, [(file_id, file_id)], shown)).instance


def _are_single(uids: Sequence[object]) -> bool:
    """Say whether each image has one SOP Instance UID that no other has."""
    return len(set(uids)) == len(uids) and all(isinstance(uid, str) and uid and "\\" not in uid for uid in uids)


def _are_alike(catalog: Catalog, rows: Sequence[tuple[Any, ...]]) -> bool:
    alike = {catalog.rows(_COMMON, (common_id,)).fetchone() for common_id in {row[3] for row in rows}}
    if len(alike) != 1:
        return False
    (values,) = alike
    return values is not None and all(value and not str(value).startswith("\\") for value in values[: len(_NEEDED)])


def _origins(texts: Sequence[object]) -> NDArray[np.float64] | None:
    """Return the positions, shape (n, 3), None when one of them is none."""
    numbers: list[float] = []
    for text in texts:
        parts = text.split("\\") if isinstance(text, str) else ()
        if len(parts) != 3 or "_" in str(text):
            return None
        try:
            numbers += [float(part) for part in parts]
        except ValueError:
            return None
    import numpy as np

    origins = np.array(numbers).reshape(-1, 3)
    return origins if bool(np.isfinite(origins).all()) else None
