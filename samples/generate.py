"""Writes the samples: the phantom as CT files and its known shapes as point lists; every run gives the same bytes.

Usage: python samples/generate.py [FOLDER]
"""

import hashlib
import io
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

import thorax

_MOMENT: Final = ("20200101", "120000")
_VERTICES: Final = 48
# Steps of 0.004 column and 0.002 row are whole micrometres here, so both notations name exactly the same point.
_COLUMN_STEPS_PER_PIXEL: Final = 250
_ROW_STEPS_PER_PIXEL: Final = 500


@dataclass(frozen=True, slots=True)
class Vertex:
    """One point, held in whole steps of a column and a row on one of the slice positions."""

    column_steps: int
    row_steps: int
    position: int

    @property
    def patient_xyz(self) -> tuple[str, str, str]:
        """Patient coordinates in mm with three decimals, exact."""
        x_um = thorax.ORIGIN_UM[0] + self.column_steps * thorax.COLUMN_SPACING_UM // _COLUMN_STEPS_PER_PIXEL
        y_um = thorax.ORIGIN_UM[1] + self.row_steps * thorax.ROW_SPACING_UM // _ROW_STEPS_PER_PIXEL
        x, y, z = (f"{value / 1000:.3f}" for value in (x_um, y_um, thorax.slice_z_um(self.position)))
        return x, y, z

    @property
    def column_row_slice(self) -> tuple[str, str, str]:
        """Column and row from 0 at pixel centres, and the slice from 1 in sorted order."""
        number = thorax.positions().index(self.position) + 1
        column, row = self.column_steps / _COLUMN_STEPS_PER_PIXEL, self.row_steps / _ROW_STEPS_PER_PIXEL
        return f"{column:.3f}", f"{row:.3f}", str(number)


@dataclass(frozen=True, slots=True)
class Outline:
    """One contour of a region."""

    geometric_type: str
    vertices: tuple[Vertex, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """One region of interest of the point lists."""

    number: int
    name: str
    interpreted_type: str
    color: tuple[int, int, int]
    outlines: tuple[Outline, ...]


def uid(*parts: object) -> UID:
    """A fixed UID under the root 2.25, derived from `parts` by hash (PS3.5 B.2)."""
    text = "/".join(("dcmtty thorax phantom", *(str(part) for part in parts)))
    return UID(f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])}")


def vertex_at(x_um: float, y_um: float, position: int) -> Vertex:
    """The vertex nearest to a place given in micrometres."""
    column_steps = round((x_um - thorax.ORIGIN_UM[0]) * _COLUMN_STEPS_PER_PIXEL / thorax.COLUMN_SPACING_UM)
    row_steps = round((y_um - thorax.ORIGIN_UM[1]) * _ROW_STEPS_PER_PIXEL / thorax.ROW_SPACING_UM)
    return Vertex(column_steps, row_steps, position)


def nodule_outlines() -> Iterator[Outline]:
    """The circles in which the slices cut the nodule."""
    centre_x, centre_y, centre_z = thorax.NODULE_CENTRE_UM
    for position in thorax.positions():
        squared = thorax.NODULE_RADIUS_UM**2 - (thorax.slice_z_um(position) - centre_z) ** 2
        if squared <= 0:
            continue
        radius = math.sqrt(squared)
        angles = (2 * math.pi * step / _VERTICES for step in range(_VERTICES))
        circle = tuple(
            vertex_at(centre_x + radius * math.cos(angle), centre_y + radius * math.sin(angle), position)
            for angle in angles
        )
        yield Outline("CLOSED_PLANAR", circle)


def regions() -> list[Region]:
    """The known shapes, one region for each geometric type."""
    x, y, _ = thorax.NODULE_CENTRE_UM
    marker = Outline("POINT", (vertex_at(x, y, 32),))
    line = Outline("OPEN_PLANAR", tuple(vertex_at(step * 30_000, 114_000, 10) for step in range(-4, 5)))
    places = ((150_000, -60_000, 26), (126_000, -47_500, 28), (102_000, -35_000, 30), (x, y, 32))
    needle = Outline("OPEN_NONPLANAR", tuple(vertex_at(*place) for place in places))
    return [
        Region(1, "GTV", "GTV", (255, 0, 0), tuple(nodule_outlines())),
        Region(2, "Marker", "MARKER", (0, 255, 0), (marker,)),
        Region(3, "Couch_Top", "SUPPORT", (0, 255, 255), (line,)),
        Region(4, "Needle_Path", "BRACHY_CHANNEL", (255, 255, 0), (needle,)),
    ]


def ct_bytes(position: int) -> bytes:
    """One slice as a file of CT Image Storage (PS3.3 A.3)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = uid("image", position)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid("implementation")
    meta.ImplementationVersionName = "DCMTTY_SAMPLES"
    file = io.BytesIO()
    dataset = FileDataset("", {}, preamble=bytes(128), file_meta=meta)
    _add_subject(dataset)
    _add_series(dataset)
    _add_image(dataset, position)
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _add_subject(dataset: Dataset) -> None:
    date, time = _MOMENT
    dataset.PatientName = "PHANTOM^THORAX"
    dataset.PatientID = "SYNTHETIC-1"
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "O"
    dataset.QualityControlSubject = "YES"
    dataset.StudyInstanceUID = uid("study")
    dataset.StudyDate = date
    dataset.StudyTime = time
    dataset.StudyID = "1"
    dataset.StudyDescription = "Synthetic phantom"
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""


def _add_series(dataset: Dataset) -> None:
    date, time = _MOMENT
    dataset.Modality = "CT"
    dataset.SeriesInstanceUID = uid("series")
    dataset.SeriesNumber = 1
    dataset.SeriesDate = date
    dataset.SeriesTime = time
    dataset.SeriesDescription = "Thorax phantom, one slice missing"
    dataset.BodyPartExamined = "CHEST"
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = uid("frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = "dcmtty"
    dataset.ManufacturerModelName = "samples/generate.py"
    dataset.SoftwareVersions = "1"


def _add_image(dataset: Dataset, position: int) -> None:
    date, time = _MOMENT
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = uid("image", position)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    # 17 has no factor in common with the number of positions, so each number occurs once, in no spatial order.
    dataset.InstanceNumber = position * 17 % thorax.POSITIONS + 1
    dataset.AcquisitionNumber = 1
    dataset.AcquisitionDate = dataset.ContentDate = date
    dataset.AcquisitionTime = dataset.ContentTime = time
    x, y, z = (f"{value / 1000:g}" for value in (*thorax.ORIGIN_UM[:2], thorax.slice_z_um(position)))
    dataset.ImagePositionPatient = [x, y, z]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.SliceLocation = z
    dataset.SliceThickness = f"{thorax.SLICE_STEP_UM / 1000:g}"
    dataset.PixelSpacing = [f"{value / 1000:g}" for value in (thorax.ROW_SPACING_UM, thorax.COLUMN_SPACING_UM)]
    dataset.KVP = "120"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    _add_pixels(dataset, position)


def _add_pixels(dataset: Dataset, position: int) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = thorax.ROWS
    dataset.Columns = thorax.COLUMNS
    dataset.BitsAllocated = 16
    dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1
    dataset.PixelPaddingValue = thorax.PADDING_STORED
    dataset.RescaleIntercept = str(thorax.INTERCEPT_HU)
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "HU"
    dataset.WindowCenter = ["40", "-600"]
    dataset.WindowWidth = ["400", "1500"]
    dataset.WindowCenterWidthExplanation = ["MEDIASTINUM", "LUNG"]
    dataset.PixelData = thorax.stored_pixels(position).astype("<i2").tobytes()


def file_name(position: int) -> str:
    """A name that tells nothing about the place of the slice; every third one has no extension."""
    stem = hashlib.sha256(b"file name %d" % position).hexdigest()[:8]
    return stem if position % 3 == 0 else f"{stem}.dcm"


def csv_text(*, pixels: bool) -> str:
    """All regions as CSV, in patient mm or in columns, rows and slices."""
    axes, frame = ("column,row,slice", "pixel-centre") if pixels else ("x,y,z", "lps-mm")
    lines = [f"# frame: {frame}", f"roi,number,color,interpreted_type,geometric_type,contour,{axes}"]
    for region in regions():
        red, green, blue = region.color
        start = f"{region.name},{region.number},#{red:02x}{green:02x}{blue:02x},{region.interpreted_type}"
        for contour, outline in enumerate(region.outlines, start=1):
            for vertex in outline.vertices:
                place = vertex.column_row_slice if pixels else vertex.patient_xyz
                lines.append(",".join((start, outline.geometric_type, str(contour), *place)))
    return "\n".join(lines) + "\n"


def json_text() -> str:
    """All regions as JSON in patient mm, each planar contour with the image it lies on."""
    rois = [
        {
            "name": region.name,
            "number": region.number,
            "color": list(region.color),
            "interpreted_type": region.interpreted_type,
            "contours": [_json_contour(outline) for outline in region.outlines],
        }
        for region in regions()
    ]
    return json.dumps({"schema": "dcmtty.points/1", "frame": "lps-mm", "rois": rois}, indent=1) + "\n"


def _json_contour(outline: Outline) -> dict[str, object]:
    points = [[float(value) for value in vertex.patient_xyz] for vertex in outline.vertices]
    contour: dict[str, object] = {"geometric_type": outline.geometric_type, "points": points}
    if outline.geometric_type in {"CLOSED_PLANAR", "OPEN_PLANAR"}:
        contour["sop_instance_uid"] = uid("image", outline.vertices[0].position)
    return contour


def paper_texts() -> dict[str, str]:
    """The nodule in the text forms: x, y, z lines, the file with their number, and one DICOM string."""
    rows = [vertex.patient_xyz for outline in nodule_outlines() for vertex in outline.vertices]
    string = "\\".join("\\".join(row) for row in rows)
    return {
        "GTV.txt": "# frame: lps-mm\n" + "".join("\t".join(row) + "\n" for row in rows),
        "GTV.count.txt": f"{len(rows)}\n",
        "GTV.dicom.txt": f"# frame: lps-mm\n{string}\n",
    }


def generate(folder: Path) -> None:
    """Write all samples under `folder`; files of the same names are replaced."""
    images, points = folder / "ct-thorax", folder / "points"
    (points / "paper").mkdir(parents=True, exist_ok=True)
    images.mkdir(exist_ok=True)
    for position in thorax.positions():
        (images / file_name(position)).write_bytes(ct_bytes(position))
    texts = {"contours.csv": csv_text(pixels=False), "contours-pixel.csv": csv_text(pixels=True)}
    texts["contours.json"] = json_text()
    texts.update({f"paper/{name}": text for name, text in paper_texts().items()})
    for name, text in texts.items():
        (points / name).write_text(text, encoding="ascii", newline="\n")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
