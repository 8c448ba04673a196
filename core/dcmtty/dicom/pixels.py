"""Frames of DICOM files as pictures: decoded one at a time, rescaled, in colour where they are in colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut

from dcmtty.dicom.decode import Frame, decode_frame
from dcmtty.dicom.model import Slice
from dcmtty.dicom.picture import Picture, valid_values, value_text
from dcmtty.dicom.pixelfile import FOREIGN_ERRORS, PixelFile, open_pixels, quiet
from dcmtty.dicom.rescale import header_spacing, padding_mask, rescale_of, rescaled, table_unit, unit_of, windows_of
from dcmtty.errors import InputError
from dcmtty.text import visible

__all__ = ["Picture", "read_frame", "valid_values", "value_text"]

_COLOR = frozenset({"RGB", "PALETTE COLOR"})
_GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})


def read_frame(slice_: Slice) -> Picture:
    """Decode one frame and make it a picture; nothing is cached.

    Raises:
        NoPixelData: the file has no pixel data.
        InputError: unreadable, damaged, larger than 512 MB decoded, or of a kind that no decoder here reads.
    """
    file = open_pixels(slice_.instance)
    try:
        with quiet():
            frame = decode_frame(file, slice_.frame)
            return _picture(file, frame, slice_)
    except FOREIGN_ERRORS as error:
        raise InputError(
            f"{file.name}: its image attributes contradict its pixels", remedy="the file is damaged"
        ) from error


def _picture(file: PixelFile, frame: Frame, slice_: Slice) -> Picture:
    photometric = frame.photometric_interpretation
    color = photometric in _COLOR
    if not color and not (photometric in _GREY and frame.stored.ndim == 2):
        raise InputError(
            f"{file.name}: colours in {visible(photometric, 20)} are not supported", remedy="convert it first"
        )
    values: NDArray[np.float32] | NDArray[np.uint8]
    padding, unit = None, ""
    if color:
        values = _colors(file, frame)
    else:
        rescale = rescale_of(file, slice_.frame)
        values = rescaled(file, frame.stored, rescale)
        padding = padding_mask(file, frame.stored, frame.container)
        table = table_unit(file)
        unit = unit_of(file, rescale) if table is None else table
    for array in (values, padding):
        if array is not None:
            array.setflags(write=False)
    return Picture(
        values=values,
        unit=unit,
        padding=padding,
        plane=slice_.plane,
        header_spacing=header_spacing(file),
        is_color=color,
        inverted=photometric == "MONOCHROME1",
        windows=() if color else windows_of(file, slice_.frame),
        sop_instance_uid=slice_.instance.sop_instance_uid,
        frame=slice_.frame,
        modality=slice_.instance.modality,
    )


def _colors(file: PixelFile, frame: Frame) -> NDArray[np.uint8]:
    """Return 8-bit RGB; palettes are looked up (PS3.3 C.7.6.3.1.5), deeper samples keep their upper 8 bits."""
    stored = frame.stored
    bits = file.whole_number("BitsStored", 8)
    if frame.photometric_interpretation == "PALETTE COLOR":
        stored = apply_color_lut(stored, file.attributes)
        bits = 16 if stored.dtype.itemsize == 2 and int(stored.max()) > 255 else 8
        stored = stored[..., :3]
    shifted = np.right_shift(stored, max(bits - 8, 0)) if np.issubdtype(stored.dtype, np.integer) else stored
    return np.ascontiguousarray(np.clip(shifted, 0, 255), dtype=np.uint8)
