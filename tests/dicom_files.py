"""Small DICOM image files written with pydicom, and slices of any file on disk."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.model import Slice
from dcmtty.dicom.picture import Picture
from dcmtty.dicom.pixels import read_frame


def slice_of(path: Path, frame: int = 1) -> Slice:
    """The slice that is one frame of a file, through our own header reader."""
    instance = read_instance(path)
    plane = instance.frames[frame - 1].plane if 0 < frame <= len(instance.frames) else None
    return Slice(instance, frame, plane, plane.position_mm if plane else None)


def picture_of(path: Path, frame: int = 1) -> Picture:
    """The picture of one frame of a file."""
    return read_frame(slice_of(path, frame))


def image(pixels: NDArray[Any], **attributes: object) -> Dataset:
    """An image object of these stored pixels, (rows, columns) or (frames, rows, columns); attributes are added."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.3.4"
    dataset.Modality, dataset.SeriesInstanceUID, dataset.StudyInstanceUID = "CT", "1.2.3", "1.2"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    if pixels.ndim == 3:
        dataset.NumberOfFrames = pixels.shape[0]
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    bits = pixels.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def save(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian, *, preamble: bool = True) -> Path:
    """Write an object as a DICOM file, or as a bare data set without preamble and meta information."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if preamble:
            dataset.file_meta = FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = UID(syntax)
            dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        else:
            pydicom.dcmwrite(path, dataset, implicit_vr=True, little_endian=True)
    return path


def ramp(rows: int = 8, columns: int = 12, dtype: str = "<i2") -> NDArray[Any]:
    """Stored values 0, 1, 2... over a picture that is not square."""
    return np.arange(rows * columns).reshape(rows, columns).astype(dtype)
