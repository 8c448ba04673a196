"""Contours on multi-frame images: the frame is named, and the read-back finds its plane in the functional groups."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian

from dcmtty.contours.model import Roi
from dcmtty.dicom.model import Series
from dcmtty.dicom.scan import scan
from dcmtty.errors import VerificationFailed
from dcmtty.rtstruct.build import build
from dcmtty.rtstruct.load import load
from dcmtty.rtstruct.readback import verify
from dcmtty.rtstruct.save import save
from rtstruct_cases import circle, contour_on, set_of

POSITIONS_MM = (0.0, 2.0, 4.0, 8.0, 10.0)
SIZE = 32


def group(**sequences: Dataset) -> Dataset:
    found = Dataset()
    for keyword, item in sequences.items():
        setattr(found, keyword, [item])
    return found


def write_enhanced(path: Path) -> None:
    """An enhanced CT whose frames are stored from top to bottom."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = EnhancedCTImageStorage, "1.2.826.0.1.3680043.8.498.9"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.3.1", "1.2.3.2", "1.2.3.3"
    image.Modality, image.PatientName, image.PatientID = "CT", "Case^Test", "T-1"
    image.Rows, image.Columns, image.NumberOfFrames = SIZE, SIZE, len(POSITIONS_MM)
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    measures, turn = Dataset(), Dataset()
    measures.PixelSpacing, turn.ImageOrientationPatient = [1.5, 0.75], [1, 0, 0, 0, 1, 0]
    image.SharedFunctionalGroupsSequence = [group(PixelMeasuresSequence=measures, PlaneOrientationSequence=turn)]
    frames = []
    for position in reversed(POSITIONS_MM):
        place = Dataset()
        place.ImagePositionPatient = [-10, -20, position]
        frames.append(group(PlanePositionSequence=place))
    image.PerFrameFunctionalGroupsSequence = frames
    image.PixelData = b"\0\0" * SIZE * SIZE * len(POSITIONS_MM)
    image.save_as(path, enforce_file_format=True)


@pytest.fixture
def series(tmp_path: Path) -> Series:
    write_enhanced(tmp_path / "enhanced.dcm")
    (found,) = scan([tmp_path / "enhanced.dcm"]).series
    assert not found.build_refusal
    return found


def test_a_contour_names_its_frame_and_comes_back_on_it(series: Series, tmp_path: Path) -> None:
    rings = tuple(contour_on(series, number, circle(16, 15, 8, 6)) for number in (1, 2, 4))
    path = tmp_path / "rs.dcm"
    save(path, series, set_of(series, Roi(1, "Ring", (1, 2, 3), "", rings)))
    written = dcmread(path)
    study = written.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    (image,) = study.RTReferencedSeriesSequence[0].ContourImageSequence
    assert "ReferencedFrameNumber" not in image
    stored = dcmread(tmp_path / "enhanced.dcm").PerFrameFunctionalGroupsSequence
    for contour in written.ROIContourSequence[0].ContourSequence:
        (named,) = contour.ContourImageSequence
        place = stored[named.ReferencedFrameNumber - 1].PlanePositionSequence[0].ImagePositionPatient
        assert np.allclose(np.array(contour.ContourData, dtype=float)[2::3], float(place[2]))
    loaded = load(path, series).structure_set.rois[0].contours
    assert [(contour.sop_instance_uid, contour.frame) for contour in loaded] == [
        (ring.sop_instance_uid, ring.frame) for ring in rings
    ]


def test_a_wrong_frame_is_refused_by_the_read_back(series: Series, tmp_path: Path) -> None:
    structure_set = set_of(series, Roi(1, "Ring", (1, 2, 3), "", (contour_on(series, 1, circle(16, 15, 8, 6)),)))
    built = build(series, structure_set)
    wrong = dcmread(BytesIO(built.data))
    wrong.ROIContourSequence[0].ContourSequence[0].ContourImageSequence[0].ReferencedFrameNumber = 4
    wrong.save_as(tmp_path / "rs.dcm")
    with pytest.raises(VerificationFailed, match=r"2\.000 mm off"):
        verify(tmp_path / "rs.dcm", series, structure_set, built)
