"""A structure set of 400,000 points: read to arrays, and built to a file, beside plain pydicom."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RTStructureSetStorage

from dcmtty.contours.model import Contour, GeometricType, Roi, StructureSet, frozen_points
from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.rtstruct.build import build
from dcmtty.rtstruct.load import load
from dcmtty.rtstruct.save import save
from harness import Benchmark

ROIS, SLICES, POINTS = 20, 100, 200


def _images(folder: Path) -> Series:
    for number in range(SLICES):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, f"1.2.3.{number + 1}"
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.3", "1.2.4", "1.2.5"
        image.Modality, image.PatientID, image.PatientName = "CT", "BENCH", "BENCH"
        image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 2 * number], [1, 0, 0, 0, 1, 0]
        image.PixelSpacing, image.Rows, image.Columns = [1, 1], 4, 4
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
        image.PixelData = b"\0\0" * 16
        image.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)
    (series,) = scan([folder]).series
    return series


def _structure_set(series: Series) -> StructureSet:
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    rois = []
    for number in range(1, ROIS + 1):
        contours = []
        for item in series.slices:
            radius = 20 + number + np.sin(7 * angle)
            z = np.full(POINTS, item.position_mm or 0.0)
            points = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
            uid = item.instance.sop_instance_uid
            contours.append(Contour(GeometricType.CLOSED_PLANAR, frozen_points(points), uid))
        rois.append(Roi(number, f"ROI {number}", (255, 0, 0), "", tuple(contours)))
    return StructureSet("BENCH", series.frame_of_reference_uid, series.series_uid, series.study_uid, tuple(rois))


def _pydicom_load(path: Path) -> int:
    dataset = dcmread(path)
    arrays = [
        np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        for roi in dataset.ROIContourSequence
        for contour in roi.ContourSequence
    ]
    return len(arrays)


def _pydicom_build(structure_set: StructureSet) -> int:
    """What a plain program does: floats into attributes, and no check of anything."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, "1.2.6"
    dataset.ROIContourSequence = [_pydicom_roi(roi) for roi in structure_set.rois]
    stream = BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.tell()


def _pydicom_roi(roi: Roi) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber = roi.number
    item.ContourSequence = []
    for contour in roi.contours:
        drawn, image = Dataset(), Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = CTImageStorage, contour.sop_instance_uid
        drawn.ContourImageSequence = [image]
        drawn.ContourGeometricType = "CLOSED_PLANAR"
        drawn.NumberOfContourPoints = len(contour.points_xyz)
        drawn.ContourData = [round(value, 3) for value in contour.points_xyz.ravel().tolist()]
        item.ContourSequence.append(drawn)
    return item


def benchmarks() -> list[Benchmark]:
    """Load, build, and the whole save with its read-back."""
    folder = tempfile.TemporaryDirectory(prefix="dcmtty-bench-")
    atexit.register(folder.cleanup)
    root = Path(folder.name)
    (root / "ct").mkdir()
    series = _images(root / "ct")
    structure_set = _structure_set(series)
    path = root / "rs.dcm"
    save(path, series, structure_set)
    naive: Callable[[], object] = partial(_pydicom_build, structure_set)
    write = partial(save, path, series, structure_set, replace=True)
    return [
        Benchmark(
            "load 400k points", partial(load, path, series), "pydicom to arrays", partial(_pydicom_load, path), 3
        ),
        Benchmark("build 400k points", partial(build, series, structure_set), "pydicom, unchecked", naive, 3),
        Benchmark("save 400k points, read back", write, "pydicom, unchecked, not saved", naive, 3),
    ]
