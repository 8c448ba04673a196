"""What every RTSTRUCT file that we write has around its ROIs: file meta information, equipment, time stamps."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, RTStructureSetStorage

from dcmtty import __version__
from dcmtty.contours.model import StructureSet
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.encoded import Syntax, sequence, tag_of
from dcmtty.text import visible

IMPLEMENTATION_CLASS_UID = "2.25.78475601696515715268998358650617408973"
STRUCTURES, CONTOURS, OBSERVATIONS = (
    tag_of("StructureSetROISequence"),
    tag_of("ROIContourSequence"),
    tag_of("RTROIObservationsSequence"),
)
LONGEST_LABEL = 16
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """An RTSTRUCT file that is ready to be written."""

    data: bytes
    """The whole file with preamble and file meta information."""
    sop_instance_uid: str
    syntax_uid: str
    untouched_rois: frozenset[int] = frozenset()
    """Numbers of the ROIs whose items are those of the base, byte for byte."""
    kept: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    """Of edited ROIs: which contour of the file (from 0) is which contour of the base, byte for byte."""
    unchanged: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Of edited ROIs: which of name, color, interpreted_type and generation_algorithm have the bytes of the base."""
    unreadable: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Contours of the file (from 0) that came from the base and cannot be read; by ROI Number."""
    notes: tuple[str, ...] = ()


def require_match(series: Series, structure_set: StructureSet) -> None:
    """Check that the structure set belongs to the series, and that the series can carry one.

    Raises:
        BuildRefused: it does not, or cannot.
    """
    if series.build_refusal:
        raise BuildRefused(series.build_refusal, remedy="it can be viewed, but no structure set can be built on it")
    if not series.frame_of_reference_uid:
        raise BuildRefused("the images have no Frame of Reference UID", remedy="no structure set can be built on them")
    if structure_set.frame_of_reference_uid != series.frame_of_reference_uid:
        raise BuildRefused(
            f"the structure set is in Frame of Reference {visible(structure_set.frame_of_reference_uid)}, "
            f"the images in {visible(series.frame_of_reference_uid)}",
            remedy="open the series it was drawn on",
        )
    if structure_set.series_uid != series.series_uid:
        raise BuildRefused(
            f"the structure set was drawn on series {visible(structure_set.series_uid)}, "
            f"not on {visible(series.series_uid)}",
            remedy="open the series it was drawn on",
        )


def require_label(structure_set: StructureSet) -> None:
    """Check Structure Set Label and Name.

    Raises:
        BuildRefused: too long, empty where it must not be, or with characters that an LO or SH cannot hold.
    """
    name, label = structure_set.name, structure_set.label.strip()
    if len(name) > LONGEST_NAME or "\\" in name or visible(name) != name:
        raise BuildRefused("the Structure Set Name is too long or has control characters", remedy="change the name")
    if not 1 <= len(label) <= LONGEST_LABEL or "\\" in label or visible(label) != label:
        raise BuildRefused(
            "the Structure Set Label must have 1 to 16 characters without backslash or control characters",
            remedy="change the label",
        )


def roi_sequences(columns: Sequence[Sequence[bytes]], syntax: Syntax) -> dict[int, bytes]:
    """Return the three ROI sequences by tag, made of their encoded items; an empty one is left out."""
    tags = (STRUCTURES, CONTOURS, OBSERVATIONS)
    return {tag: sequence(tag, items, syntax) for tag, items in zip(tags, columns, strict=True) if items}


def equipment() -> dict[str, str]:
    """Return the General Equipment attributes of what we write (PS3.3 C.7.5.1)."""
    return {"Manufacturer": "dcmtty", "ManufacturerModelName": "dcmtty", "SoftwareVersions": __version__}


def in_timezone(moment: datetime, offset: str) -> datetime:
    """Return the moment in the time zone of a Timezone Offset From UTC (`+0900`); unchanged when it is none."""
    try:
        minutes = int(offset[0] + offset[1:3]) * 60 + int(offset[0] + offset[3:5])
    except (ValueError, IndexError):
        return moment
    return moment.astimezone(timezone(timedelta(minutes=minutes)))


def date_text(moment: datetime) -> str:
    """Return a DA value."""
    return moment.strftime("%Y%m%d")


def time_text(moment: datetime) -> str:
    """Return a TM value."""
    return moment.strftime("%H%M%S")


def file_bytes(dataset: bytes, sop_instance_uid: str, syntax: Syntax) -> bytes:
    """Return a whole file: preamble, `DICM`, file meta information (PS3.10 7.1), data set, deflated where need be."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    meta.TransferSyntaxUID = UID(syntax.uid)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = f"DCMTTY_{__version__}"[:16]
    stream = DicomBytesIO()
    write_file_meta_info(stream, meta, enforce_standard=True)
    if syntax.deflated:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        dataset = deflater.compress(dataset) + deflater.flush()
        dataset += b"\0" * (len(dataset) % 2)
    return b"\0" * 128 + b"DICM" + stream.getvalue() + dataset
