"""From stored values to what they mean: rescale per frame, Modality LUT, units, padding, windows of the header."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut

from dcmtty.dicom.pixelfile import FOREIGN_ERRORS, PixelFile, StoredArray, drop_huge_values
from dcmtty.dicom.voi import Window, checked_window
from dcmtty.errors import InputError
from dcmtty.text import visible

_UNIT_LENGTH = 16
_NO_UNIT = frozenset({"", "US"})
"""US is `unspecified` (PS3.3 C.11.1.1.2)."""


@dataclass(frozen=True, slots=True)
class Rescale:
    """output = stored x slope + intercept (PS3.3 C.11.1.1.2)."""

    slope: float = 1.0
    intercept: float = 0.0
    rescale_type: str = ""
    given: bool = False


def frame_group(file: PixelFile, frame: int, sequence: str) -> Dataset | None:
    """Return the functional group macro of a frame: its own, else the shared one, else None (PS3.3 C.7.6.16)."""
    per_frame = file.attributes.get("PerFrameFunctionalGroupsSequence") or []
    shared = file.attributes.get("SharedFunctionalGroupsSequence") or []
    own = per_frame[frame - 1 : frame] if frame >= 1 else []
    for groups in (own, shared[:1]):
        for group in groups:
            macro = group.get(sequence)
            if macro:
                found = macro[0]
                if not isinstance(found, Dataset):
                    return None
                drop_huge_values(found)
                return found
    return None


def rescale_of(file: PixelFile, frame: int) -> Rescale:
    """Return slope and intercept of one frame: of its functional groups, else of the top level, else 1 and 0.

    Raises:
        InputError: one of them is no number, or the slope is 0.
    """
    if file.attributes.get("Modality") == "RTDOSE" and "DoseGridScaling" in file.attributes:
        scaling = _number(file, file.attributes, "DoseGridScaling", 1.0)
        return Rescale(scaling, 0.0, _first_text(file.attributes, "DoseUnits"), given=True)
    source = frame_group(file, frame, "PixelValueTransformationSequence")
    if source is None:
        source = file.attributes
    given = "RescaleSlope" in source or "RescaleIntercept" in source
    slope = _number(file, source, "RescaleSlope", 1.0)
    if slope == 0:
        raise InputError(f"{file.name}: Rescale Slope is 0", remedy="its values cannot be told")
    intercept = _number(file, source, "RescaleIntercept", 0.0)
    return Rescale(slope, intercept, _first_text(source, "RescaleType"), given=given)


def _number(file: PixelFile, source: Dataset, keyword: str, default: float) -> float:
    value = source.get(keyword)
    if value is None or value == "":
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{file.name}: {keyword} is no number", remedy="its values cannot be told")
    return number


def unit_of(file: PixelFile, rescale: Rescale) -> str:
    """Return the unit: HU for rescaled CT unless Rescale Type says otherwise, else what the header gives."""
    modality = str(file.attributes.get("Modality") or "")
    kind = "" if rescale.rescale_type in _NO_UNIT else rescale.rescale_type
    if modality == "CT":
        unit = "HU" if rescale.given and not rescale.rescale_type else kind
    else:
        units = _first_text(file.attributes, "Units") if modality in {"PT", "NM"} else ""
        unit = units or ("" if kind == "HU" else kind)
    return visible(unit, _UNIT_LENGTH)


def rescaled(file: PixelFile, stored: StoredArray, rescale: Rescale) -> NDArray[np.float32]:
    """Return the values of one frame, float32, computed in double precision.

    Raises:
        InputError: the Modality LUT is not one plain table.
    """
    if file.attributes.get("ModalityLUTSequence"):
        return _through_table(file, stored)
    if rescale.slope == 1 and rescale.intercept.is_integer() and stored.dtype.itemsize <= 2:
        return stored.astype(np.float32) + np.float32(rescale.intercept)
    return (stored.astype(np.float64) * rescale.slope + rescale.intercept).astype(np.float32)


def _through_table(file: PixelFile, stored: StoredArray) -> NDArray[np.float32]:
    """Apply the Modality LUT (PS3.3 C.11.1.1.1)."""
    remedy = "the picture would show wrong values"
    if len(file.attributes.ModalityLUTSequence) != 1:
        raise InputError(f"{file.name}: more than one Modality LUT", remedy=remedy)
    drop_huge_values(file.attributes.ModalityLUTSequence[0])
    try:
        return np.asarray(apply_modality_lut(stored, file.attributes), dtype=np.float32)
    except FOREIGN_ERRORS as error:
        raise InputError(f"{file.name}: its Modality LUT cannot be applied", remedy=remedy) from error


def table_unit(file: PixelFile) -> str | None:
    """Return Modality LUT Type where a table replaces the rescale, else None."""
    items = file.attributes.get("ModalityLUTSequence")
    if not items:
        return None
    kind = str(items[0].get("ModalityLUTType") or "").strip()
    return "" if kind in _NO_UNIT or kind == "HU" != file.attributes.get("Modality") else visible(kind, _UNIT_LENGTH)


def padding_mask(file: PixelFile, stored: StoredArray, container: StoredArray) -> NDArray[np.bool_] | None:
    """Return where stored values are padding (PS3.3 C.7.5.1.1.2), or None where nowhere.

    The element's VR may have the wrong signedness for the data, so the limits are brought into the stored type first.
    """
    prefix = "" if file.keyword == "PixelData" else "Float"
    limits = [_limit(file, f"{prefix}PixelPadding{end}", stored.dtype) for end in ("Value", "RangeLimit")]
    first = limits[0]
    if first is None:
        return None
    second = first if limits[1] is None else limits[1]
    low, high = min(first, second), max(first, second)
    mask = (stored >= low) & (stored <= high)
    if container is not stored:
        mask |= (container >= low) & (container <= high)
    return mask if mask.any() else None


def _limit(file: PixelFile, keyword: str, dtype: np.dtype[np.integer | np.floating]) -> float | None:
    value = file.attributes.get(keyword)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(np.dtype(f"{dtype.kind}{dtype.itemsize}"))
        span = float(limits.max) - float(limits.min) + 1
        if number > limits.max:
            number -= span
        elif number < limits.min:
            number += span
    return number


def windows_of(file: PixelFile, frame: int) -> tuple[Window, ...]:
    """Return the windows of a frame: Frame VOI LUT, else the top level; what cannot be applied is left out."""
    source = frame_group(file, frame, "FrameVOILUTSequence")
    if source is None:
        source = file.attributes
    centers, widths = _numbers(source, "WindowCenter"), _numbers(source, "WindowWidth")
    names = _several(source.get("WindowCenterWidthExplanation"))
    function = _first_text(source, "VOILUTFunction").upper() or "LINEAR"
    found = []
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        name = visible(str(names[index]).strip(), 32) if index < len(names) else ""
        window = checked_window(center, width, name, function)
        if window is not None:
            found.append(window)
    return tuple(found)


def _several(value: object) -> list[object]:
    if value is None or value == "":
        return []
    if isinstance(value, (str, int, float)):
        return [value]
    return list(value) if isinstance(value, Iterable) else [value]


def _first_text(source: Dataset, keyword: str) -> str:
    """Return the first value; attributes of one value have several in some files."""
    values = _several(source.get(keyword))
    return str(values[0]).strip() if values else ""


def _numbers(source: Dataset, keyword: str) -> list[float]:
    try:
        return [float(str(value)) for value in _several(source.get(keyword))]
    except ValueError:
        return []


def header_spacing(file: PixelFile) -> tuple[float, float]:
    """Return (row, column) spacing of a picture without a plane, so that its aspect is right (PS3.3 C.7.6.3.1.7, 10.7).

    Pixel Aspect Ratio gives a ratio alone; without anything pixels are square.
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"):
        numbers = _numbers(file.attributes, keyword)
        if len(numbers) == 2 and all(math.isfinite(number) and number > 0 for number in numbers):
            return numbers[0], numbers[1]
    return 1.0, 1.0
