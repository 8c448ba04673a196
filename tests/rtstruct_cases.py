"""Series written with pydicom for the tests of RTSTRUCT files, and contours on them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from dcmtty.contours.model import Contour, GeometricType, Roi, StructureSet, frozen_points
from dcmtty.dicom.model import FrameGeometry, Instance, Series, Slice
from dcmtty.geometry.plane import plane_from_header

STUDY_UID, SERIES_UID, FRAME_UID = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2", "1.2.3.4.5.6"
ROWS, COLUMNS = 24, 40


def write_ct(
    folder: Path,
    positions_mm: Sequence[float] = (0.0, 2.5, 5.0, 10.0),
    *,
    orientation: Sequence[float] = (1, 0, 0, 0, 1, 0),
    spacing: tuple[float, float] = (1.5, 0.8),
    origin: Sequence[float] = (-20.0, -30.0, 7.0),
    tags: Mapping[str, object] | None = None,
) -> list[Path]:
    """Write a CT series (rows != columns, anisotropic; by default a slice is missing) and return its files."""
    folder.mkdir(parents=True, exist_ok=True)
    normal = np.cross(orientation[:3], orientation[3:])
    paths = []
    for number, position in enumerate(positions_mm, 1):
        header = _header(number, tags or {})
        place = np.asarray(origin) + normal * position
        header.ImagePositionPatient = [f"{value:.6f}"[:16] for value in place]
        header.ImageOrientationPatient = [f"{value:.12f}"[:16] for value in orientation]
        header.PixelSpacing = list(spacing)
        path = folder / f"ct{number:03d}.dcm"
        header.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _header(number: int, tags: Mapping[str, object]) -> Dataset:
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, f"{SERIES_UID}.{number}"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = STUDY_UID, SERIES_UID, FRAME_UID
    header.PatientName, header.PatientID, header.PatientBirthDate, header.PatientSex = "Case^Test", "T-1", "", "O"
    header.StudyDate, header.StudyTime, header.StudyID = "20240102", "030405", "7"
    header.AccessionNumber, header.ReferringPhysicianName, header.Modality = "", "", "CT"
    header.SeriesNumber, header.InstanceNumber, header.PatientAge = "3", str(number), "050Y"
    header.Rows, header.Columns = ROWS, COLUMNS
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 16, 15, 0
    header.PixelData = b"\0\0" * ROWS * COLUMNS
    for keyword, value in tags.items():
        setattr(header, keyword, value)
    return header


def series_of(paths: Sequence[Path]) -> Series:
    """Make a Series of single-frame images with pydicom alone, in the order of the files."""
    slices = []
    for path in paths:
        header = dcmread(path, stop_before_pixels=True, force=True)
        plane = plane_from_header(
            [float(v) for v in header.ImagePositionPatient],
            [float(v) for v in header.ImageOrientationPatient],
            [float(v) for v in header.PixelSpacing],
            header.Rows,
            header.Columns,
        )
        slices.append(Slice(_instance(path, header, plane_count=1), 1, plane, plane.position_mm))
    slices.sort(key=lambda item: item.position_mm or 0.0)
    first = slices[0].instance
    return Series(
        first.text("StudyInstanceUID"),
        first.text("SeriesInstanceUID"),
        first.text("FrameOfReferenceUID"),
        first.modality,
        tuple(slices),
    )


def _instance(path: Path, header: Dataset, plane_count: int) -> Instance:
    keywords = (
        "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Modality",
        "PatientName", "PatientID", "PatientBirthDate",
    )  # fmt: skip
    values = {word: (str(header[word].value),) for word in keywords if word in header}
    info = path.stat()
    syntax = str(header.file_meta.get("TransferSyntaxUID", ""))
    return Instance(path, info.st_size, info.st_mtime_ns, syntax, values, (FrameGeometry(None),) * plane_count)


def contour_on(
    series: Series, number: int, column_row: ArrayLike, kind: GeometricType = GeometricType.CLOSED_PLANAR
) -> Contour:
    """Make a contour on a slice (from 1) from pixels, shape (n, 2)."""
    item = series.slices[number - 1]
    assert item.plane is not None
    frame = item.frame if len(item.instance.frames) > 1 else 0
    return Contour(kind, frozen_points(item.plane.patient_xyz(column_row)), item.instance.sop_instance_uid, frame)


def circle(
    column: float, row: float, radius_columns: float, radius_rows: float, points: int = 60
) -> NDArray[np.float64]:
    """Points of an ellipse, shape (points, 2), as (column, row)."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([column + radius_columns * np.cos(angle), row + radius_rows * np.sin(angle)], axis=1)


def set_of(series: Series, *rois: Roi, label: str = "TEST") -> StructureSet:
    """Make a structure set on a series."""
    return StructureSet(label, series.frame_of_reference_uid, series.series_uid, series.study_uid, rois)


def four_types(series: Series) -> StructureSet:
    """All four geometric types of the paper, and an ROI without contours."""
    closed = contour_on(series, 2, circle(18, 11, 9, 6))
    closed_again = contour_on(series, 4, circle(19, 10, 7, 5))
    open_line = contour_on(series, 3, [(2, 3), (9.5, 4.25), (12, 20)], GeometricType.OPEN_PLANAR)
    point = contour_on(series, 1, [(7.3, 8.9)], GeometricType.POINT)
    off_point = Contour(GeometricType.POINT, frozen_points([[1.23456, -4.5, 8.0]]))
    needle = Contour(
        GeometricType.OPEN_NONPLANAR, frozen_points([[0.0, 0.0, 7.0], [1.0, 2.0, 11.1], [2.0, 5.0, 19.7772]])
    )
    flat_needle = contour_on(series, 2, [(2, 2), (3, 3)], GeometricType.OPEN_NONPLANAR)
    return set_of(
        series,
        Roi(1, "Organ", (255, 0, 0), "ORGAN", (closed, closed_again)),
        Roi(2, "Line", (0, 255, 0), "", (open_line,)),
        Roi(3, "Markers", (0, 0, 255), "MARKER", (point, off_point)),
        Roi(4, "Needles", (255, 255, 0), "BRACHY_CHANNEL", (needle, flat_needle)),
        Roi(5, "Empty", (1, 2, 3)),
    )
