"""A table says of every file what pydicom says of it, nested attributes and private ones included."""

from __future__ import annotations

import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import open_catalog
from dcmtty.dicom.header.columns import parse_column
from dcmtty.dicom.table.columns import STATUS, extras, table_columns
from dcmtty.dicom.table.export import values_of
from dcmtty.dicom.table.functions import text_of
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.result import rows
from dcmtty.dicom.table.source import open_scanned
from dcmtty.engine.opening import open_engine
from pydicom_values import PYDICOM_FILES, expected_values

COLUMNS = (
    "PatientName,PatientID,StudyDate,Modality,InstanceNumber,ImageType,ImagePositionPatient,PixelSpacing,Rows,SliceThickness,"
    "SOPInstanceUID,WindowCenter,MRAcquisitionType,PixelPaddingValue,LossyImageCompressionRatio,0018,0022,0009,0010,0029,0010,"
    "ReferencedFrameOfReferenceSequence/0/FrameOfReferenceUID,ROIContourSequence/1/ContourSequence/0/NumberOfContourPoints,"
    "SharedFunctionalGroupsSequence/0/PixelMeasuresSequence/0/PixelSpacing,StructureSetROISequence/0/3006,0026,"
    "RequestAttributesSequence/0/RequestedProcedureID,ConceptNameCodeSequence/0/CodeMeaning,0008,1140/0/0008,1155"
)  # fmt: skip
ESCAPE = "\x1b$)A"
"""What pydicom leaves in the text where ISO 2022 IR 58 begins; test_charset.py has other witnesses."""
READ_FURTHER = {"GH179A.dcm"}
"""pydicom ends inside an element of this file, without a word; see test_headers."""


def pydicom_value(dataset: Dataset, path: tuple[int, ...]) -> tuple[str, ...]:
    """What pydicom gives for a column, () where there is nothing."""
    if path[0] not in dataset:
        return ()
    found = dataset[path[0]]
    if len(path) == 1:
        return tuple(value.replace(ESCAPE, "") for value in expected_values(found.value))
    items = found.value if found.VR == "SQ" else []
    return pydicom_value(items[path[1]], path[2:]) if path[1] < len(items) else ()


@pytest.mark.parametrize("again", [False, True])
def test_cells_are_the_values_of_pydicom_on_every_file(shared_data: Path, tmp_path: Path, again: bool) -> None:
    query = TableQuery((*table_columns(COLUMNS), STATUS))
    compared = 0
    with open_catalog(tmp_path / "catalog.sqlite") as catalog, open_engine() as engine:
        listings = [
            scan([shared_data, PYDICOM_FILES], engine=engine, catalog=catalog, extra=extras(query.needed))
            for _ in range(1 + again)
        ]
        listing = listings[-1]
        assert (listing.counts.read == 0) is again
        open_scanned(catalog.connection, listing.unreadable)
        for path, *cells, status in rows(catalog.connection, query):
            name = Path(text_of(path))
            if status != "dicom" or name.name in READ_FURTHER:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dataset = pydicom.dcmread(name, force=True)
                for column, cell in zip(query.columns, cells, strict=False):
                    expected = pydicom_value(dataset, parse_column(column.name).path)
                    assert tuple(values_of(column, cell)) == expected, (name, column.name)
            compared += 1
    assert compared > 800
