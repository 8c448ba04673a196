"""Where each frame of an image lies in the patient, for every way in which DICOM says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dcmtty.dicom.claim import PixelElement, Values, claimed_picture
from dcmtty.dicom.model import FrameGeometry
from dcmtty.errors import InputError
from dcmtty.geometry.plane import Plane, plane_from_header

_RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
_NUCLEAR_MEDICINE = "1.2.840.10008.5.1.4.1.1.20"
_NAMES = {
    "ImagePositionPatient": "Image Position (Patient)",
    "ImageOrientationPatient": "Image Orientation (Patient)",
    "PixelSpacing": "Pixel Spacing",
}
_SAME_COORDINATE_MM = 1e-2


@dataclass(slots=True)
class HeaderParts:
    """What a header says, as it is collected."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict)
    per_frame: list[dict[str, tuple[str, ...]]] = field(default_factory=list)
    detector: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vectors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    referenced_series: list[str] = field(default_factory=list)
    pixels: PixelElement | None = None


def frame_geometries(parts: HeaderParts, name: str) -> tuple[tuple[FrameGeometry, ...], list[str]]:
    """Return one geometry per frame (none when the object has no image), and warnings.

    Raises:
        InputError: the object claims an unbelievable number of frames; `name` stands for it in the message.
    """
    claim = claimed_picture(parts.values, parts.pixels, name)
    warnings = list(claim.warnings)
    if not claim.frames:
        return (), warnings
    rows, columns, number = claim.rows, claim.columns, claim.frames
    if parts.per_frame:
        if len(parts.per_frame) != number:
            warnings.append(f"{len(parts.per_frame)} functional groups for {number} frames")
        return _enhanced(parts, number, rows, columns), warnings
    return _classic(parts, number, rows, columns), warnings


def _geometry(values: Values, rows: int, columns: int, extra: Values | None = None) -> FrameGeometry:
    """Return the plane of Image Position, Image Orientation and Pixel Spacing, or why there is none."""
    for keyword, spoken in _NAMES.items():
        if keyword not in values:
            imager = keyword == "PixelSpacing" and "ImagerPixelSpacing" in values
            reason = f"no {spoken}" + ("; Imager Pixel Spacing is that of the detector" if imager else "")
            return FrameGeometry(None, reason, extra or {})
    try:
        position, orientation, spacing = (_floats(values[keyword]) for keyword in _NAMES)
        return FrameGeometry(plane_from_header(position, orientation, spacing, rows, columns), "", extra or {})
    except ValueError:
        return FrameGeometry(None, "the image plane has values that are no numbers", extra or {})
    except InputError as error:
        return FrameGeometry(None, error.message, extra or {})


def _floats(values: Sequence[str]) -> list[float]:
    if any("_" in value for value in values):
        raise ValueError("no decimal string")  # Python would read 1_0 as ten.
    return [float(value) for value in values]


def _enhanced(parts: HeaderParts, number: int, rows: int, columns: int) -> tuple[FrameGeometry, ...]:
    """Per-frame functional groups over the shared ones (PS3.3 C.7.6.16)."""
    found = [
        _geometry({**parts.shared, **group}, rows, columns, {**parts.shared, **group})
        for group in parts.per_frame[:number]
    ]
    lacking = FrameGeometry(None, "no functional group for this frame")
    return (*found, *[lacking] * (number - len(found)))


def _classic(parts: HeaderParts, number: int, rows: int, columns: int) -> tuple[FrameGeometry, ...]:
    sop_class = parts.values.get("SOPClassUID", ("",))[0]
    if sop_class == _NUCLEAR_MEDICINE:
        return _nuclear(parts, number, rows, columns)
    if "MOSAIC" in parts.values.get("ImageType", ()):
        return (FrameGeometry(None, "a mosaic: many slices side by side in one picture"),) * number
    first = _geometry({**parts.shared, **parts.values}, rows, columns)
    if number == 1:
        return (first,)
    if sop_class == _RT_DOSE and first.plane is not None:
        return _dose(parts, number, first.plane)
    lacking = FrameGeometry(
        None, first.reason or "the frames of a classic multi-frame image have no position of their own"
    )
    return (lacking,) * number


def _dose(parts: HeaderParts, number: int, first: Plane) -> tuple[FrameGeometry, ...]:
    """Grid Frame Offset Vector: offsets along the normal, or patient z of axial planes (PS3.3 C.8.8.3.2)."""
    try:
        offsets = np.array(_floats(parts.vectors.get("GridFrameOffsetVector", ())))
    except ValueError:
        offsets = np.array([])
    lacking = (FrameGeometry(None, "Grid Frame Offset Vector does not fit the frames"),) * number
    if len(offsets) != number or not np.isfinite(offsets).all():
        return lacking
    along = first.normal
    if offsets[0] != 0:
        axial = abs(abs(along[2]) - 1) < 1e-4
        if not axial or abs(offsets[0] - first.origin_xyz[2]) > _SAME_COORDINATE_MM:
            return lacking
        offsets, along = offsets - offsets[0], np.array([0.0, 0.0, 1.0])
    return tuple(FrameGeometry(_moved(first, along * offset)) for offset in offsets)


def _nuclear(parts: HeaderParts, number: int, rows: int, columns: int) -> tuple[FrameGeometry, ...]:
    """Reconstructed tomographs: the detector places the first frame, the others follow its normal (PS3.3 C.8.4.15)."""
    first = _geometry({**parts.values, **parts.detector}, rows, columns)
    image_type = parts.values.get("ImageType", ())
    if first.plane is None or number == 1:
        return (first,) * number
    if len(image_type) < 3 or "RECON" not in image_type[2]:  # value 3, PS3.3 C.8.4.9.1.1
        return (FrameGeometry(None, "the frames are projections, not slices"),) * number
    try:
        step_mm = float(parts.values["SpacingBetweenSlices"][0])
        slices = [int(value) for value in parts.vectors.get("SliceVector", ())] or list(range(1, number + 1))
    except (KeyError, ValueError):
        return (FrameGeometry(None, "no Spacing Between Slices"),) * number
    if len(slices) != number:
        return (FrameGeometry(None, "Slice Vector does not fit the frames"),) * number
    along = first.plane.normal * step_mm
    return tuple(FrameGeometry(_moved(first.plane, along * (index - 1))) for index in slices)


def _moved(plane: Plane, by_xyz: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Plane:
    return plane_from_header(
        list(plane.origin_xyz + by_xyz),
        [*plane.row_direction, *plane.column_direction],
        [plane.row_spacing_mm, plane.column_spacing_mm],
        plane.rows,
        plane.columns,
    )
