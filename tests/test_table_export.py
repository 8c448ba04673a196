"""Tables as files: CSV that csv reads and no spreadsheet obeys, JSON by its schema, Parquet with types."""

from __future__ import annotations

import csv
import gc
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_rows import catalog_of
from dcmtty.dicom.table.columns import sort_columns, table_columns
from dcmtty.dicom.table.export import CsvSink, JsonSink
from dcmtty.dicom.table.parquet import ParquetSink
from dcmtty.dicom.table.query import RowKind, TableQuery
from dcmtty.dicom.table.result import rows
from dcmtty.files import writing_atomic
from dcmtty.text import csv_cell
from schemas import assert_follows_schema

NASTY = [
    '=cmd|"/c calc"!A1',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\tTAB",
    "a,b",
    'q"q',
    "line\nbreak",
    "\x1b[31m",
    " pad ",
    "[/]",
    "Ü日本",
]


def file_of(number: int, name: str) -> dict[str, object]:
    """One file of the table."""
    return {
        "PatientName": name,
        "SeriesInstanceUID": "1.1",
        "SliceThickness": f"{number}.5",
        "InstanceNumber": str(number),
        "ImagePositionPatient": f"1\\2\\{number}",
        "ImageType": "ORIGINAL\\PRIMARY",
    }


FILES: list[dict[str, object]] = [
    *(file_of(number, name) for number, name in enumerate(NASTY)),
    {"InstanceNumber": "many", "SliceThickness": "1\\2"},
]


def exported(query: TableQuery, *, raw: bool = False) -> list[list[str]]:
    """The cells that Python's csv finds."""
    out = io.BytesIO()
    sink = CsvSink(out.write, query, raw=raw)
    sink.rows(rows(catalog_of(FILES), query))
    sink.end({})
    text = out.getvalue().decode()
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_is_read_back_cell_by_cell_and_no_cell_is_a_formula() -> None:
    table = exported(TableQuery(table_columns("PatientName,InstanceNumber")))
    assert table[0] == ["path", "PatientName", "InstanceNumber"]
    names = [row[1] for row in table[1:]]
    assert len(names) == len(FILES)
    assert not any(name.startswith(tuple("=+-@\t\r")) for name in names)
    assert names[0] == "'" + NASTY[0]
    assert "\x1b" not in "".join(names)
    assert [row[2] for row in table[1:]][:3] == ["0", "1", "2"]


def test_raw_csv_has_the_text_as_it_is_but_for_what_acts_on_a_terminal() -> None:
    names = [row[1] for row in exported(TableQuery(table_columns("PatientName")), raw=True)[1:]]
    assert names[:4] == NASTY[:4]
    assert "\x1b" not in "".join(names)


def document(query: TableQuery, tail: Mapping[str, object]) -> dict[str, object]:
    """The document that a JSON parser finds."""
    out = io.BytesIO()
    sink = JsonSink(out.write, query)
    sink.rows(rows(catalog_of(FILES), query))
    sink.end(tail)
    assert out.getvalue().isascii()
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def test_json_of_files_keeps_its_shape() -> None:
    tail = {"unreadable": [{"path": "/d/x", "reason": "cut"}], "skipped": 2}
    found = document(TableQuery(table_columns("PatientName,ImageType,KVP")), tail)
    assert_follows_schema(found, "scan")
    files = found["files"]
    assert isinstance(files, list)
    assert [file["values"]["PatientName"] for file in files[:-1]] == [[name] for name in NASTY]
    assert files[0]["values"]["ImageType"] == ["ORIGINAL", "PRIMARY"]
    assert files[0]["values"]["KVP"] == []
    assert found["unreadable"] == tail["unreadable"]


@pytest.mark.parametrize(("kind", "group"), [("series", ""), ("studies", ""), ("files", "Modality"), ("series", "KVP")])
def test_json_of_series_studies_and_groups_follows_its_schema(kind: RowKind, group: str) -> None:
    query = TableQuery(table_columns("InstanceNumber"), kind, group=table_columns(group) if group else ())
    found = document(query, {"unreadable": [], "skipped": 0})
    assert_follows_schema(found, "table")
    items = found["items"]
    assert isinstance(items, list)
    assert all(isinstance(item["count"], int) for item in items)


def test_an_empty_table_is_a_whole_document() -> None:
    out = io.BytesIO()
    sink = JsonSink(out.write, TableQuery(table_columns("KVP")))
    sink.end({"unreadable": [], "skipped": 0})
    assert json.loads(out.getvalue())["files"] == []


def parquet(path: Path, query: TableQuery, files: Sequence[Mapping[str, object]]) -> ParquetSink:
    """Write a Parquet file."""
    with writing_atomic(path) as stream:
        sink = ParquetSink(stream.write, query)
        sink.rows(rows(catalog_of(files), query))
        sink.end({})
    return sink


def test_parquet_has_numbers_as_numbers_and_several_values_as_lists(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    query = TableQuery(
        table_columns("PatientName,InstanceNumber,SliceThickness,ImagePositionPatient,ImageType,size,KVP,0009,1001"),
        sort=sort_columns("path"),
    )
    sink = parquet(tmp_path / "a.parquet", query, FILES)
    table = pq.read_table(tmp_path / "a.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "path": "string",
        "PatientName": "string",
        "InstanceNumber": "int64",
        "SliceThickness": "double",
        "ImagePositionPatient": "list<element: double>",
        "ImageType": "list<element: string>",
        "size": "int64",
        "KVP": "double",
        "0009,1001": "string",
    }
    found = table.to_pydict()
    assert found["PatientName"] == [*NASTY, None]
    assert found["InstanceNumber"] == [*range(len(NASTY)), None]
    assert found["SliceThickness"][:2] == [0.5, 1.5]
    assert found["ImagePositionPatient"][3] == [1.0, 2.0, 3.0]
    assert found["ImageType"][0] == ["ORIGINAL", "PRIMARY"]
    assert sink.left_out == {"InstanceNumber": 1, "SliceThickness": 1}


def test_parquet_of_series_has_ranges_as_numbers(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    query = TableQuery(table_columns("InstanceNumber,PatientName"), "series")
    parquet(tmp_path / "a.parquet", query, FILES[:-1])
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert row == {
        "SeriesInstanceUID": "1.1",
        "count": len(NASTY),
        "InstanceNumber": f"0..{len(NASTY) - 1}",
        "InstanceNumber_min": 0.0,
        "InstanceNumber_max": float(len(NASTY) - 1),
        "PatientName": f"{len(NASTY)} values",
    }


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=4))
def test_plain_cells_are_written_as_all_others_are(values: list[str]) -> None:
    out = io.BytesIO()
    query = TableQuery(table_columns(",".join(["PatientName", "PatientID", "StudyID", "Modality"][: len(values)])))
    sink = CsvSink(out.write, query)
    sink.rows([("p", *values)])
    assert out.getvalue().decode().split("\r\n", 1)[1] == ",".join(csv_cell(cell) for cell in ("p", *values)) + "\r\n"


def test_half_a_parquet_file_never_looks_whole() -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    query = TableQuery(table_columns("PatientName"))
    out = io.BytesIO()
    sink = ParquetSink(out.write, query)
    assert out.getvalue() == b""
    sink.rows(rows(catalog_of(FILES), query))
    del sink
    gc.collect()
    assert out.getvalue().startswith(b"PAR1")
    with pytest.raises(ValueError, match="magic bytes"):
        pq.read_table(io.BytesIO(out.getvalue()))
