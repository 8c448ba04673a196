"""Tables: sorted as people count, series and studies summed up, groups with counts."""

from __future__ import annotations

import pytest

from catalog_rows import catalog_of, table
from dcmtty.dicom.table.columns import MOST_COLUMNS, table_columns
from dcmtty.dicom.table.expression import Every, Same
from dcmtty.dicom.table.query import ROW_KINDS, RowKind, TableQuery
from dcmtty.dicom.table.result import keep, rows
from dcmtty.errors import UsageError
from dcmtty.progress import Cancelled, Progress


def files_of(column: str, *values: str | None) -> list[dict[str, object]]:
    """Return a file for each value of an attribute."""
    return [{column: value} for value in values]


@pytest.mark.parametrize(
    ("column", "values", "order"),
    [
        ("InstanceNumber", ["10", "9", None, "-3", "2.5"], ["-3", "2.5", "9", "10", None]),
        ("SeriesDescription", ["img10", "IMG2", "img1", None, "7"], ["7", "img1", "IMG2", "img10", None]),
        ("PatientID", ["b", "A", "10", "9x", "9"], ["9", "10", "9x", "A", "b"]),
        ("SOPInstanceUID", ["1.2.10.1", "1.2.9.1", "1.2.9.0.5"], ["1.2.9.0.5", "1.2.9.1", "1.2.10.1"]),
        ("ImagePositionPatient", ["10\\0\\0", "-2.5\\0\\0", "9\\0\\0"], ["-2.5\\0\\0", "9\\0\\0", "10\\0\\0"]),
    ],
)
def test_values_sort_as_people_count_and_missing_ones_last(
    column: str, values: list[str | None], order: list[str | None]
) -> None:
    files = files_of(column, *values)
    assert [value for (value,) in table(files, column, sort=column)] == order
    present = [value for value in order if value is not None]
    missing = [value for value in order if value is None]
    assert [value for (value,) in table(files, column, sort=f"-{column}")] == present[::-1] + missing


def test_rows_without_a_sort_are_in_the_order_of_their_paths() -> None:
    rows = [{"path": path} for path in ("/b", "/a/2", "/a/10", "/A")]
    assert [path for (path,) in table(rows, "path")] == ["/A", "/a/10", "/a/2", "/b"]


def test_several_keys_sort_one_after_the_other() -> None:
    rows = [
        {"Modality": modality, "InstanceNumber": number} for modality in ("MR", "CT") for number in ("2", "10", "1")
    ]
    assert table(rows, "Modality,InstanceNumber", sort="Modality,-InstanceNumber") == [
        ("CT", "10"), ("CT", "2"), ("CT", "1"), ("MR", "10"), ("MR", "2"), ("MR", "1"),
    ]  # fmt: skip


THICK: dict[str, object] = {
    "StudyInstanceUID": "1",
    "SeriesInstanceUID": "1.1",
    "Modality": "CT",
    "SliceThickness": "2.5",
}
THIN: dict[str, object] = {"StudyInstanceUID": "1", "SeriesInstanceUID": "1.2", "Modality": "CT", "SeriesNumber": "9"}
PATIENT_B = {"PatientName": "B", "StudyDate": "20240101"}
PATIENT_A = {"PatientName": "A", "StudyDate": "20230101"}
SERIES: list[dict[str, object]] = [
    *[{**THICK, **PATIENT_B, "SeriesNumber": "10", "InstanceNumber": number} for number in ("1", "2", "10")],
    *[{**THIN, **PATIENT_B, "SliceThickness": value, "SeriesDescription": value} for value in ("1.0", "5")],
    {"StudyInstanceUID": "2", "SeriesInstanceUID": "2.1", "Modality": "MR", **PATIENT_A},
    {"status": "unreadable", "reason": "cut"},
]


def test_a_series_shows_the_value_its_files_share_a_range_or_how_many_values() -> None:
    columns = "SeriesInstanceUID,count,Modality,SliceThickness,InstanceNumber,SeriesDescription,KVP"
    assert table(SERIES, columns, kind="series") == [
        ("2.1", 1, "MR", None, None, None, None),
        ("1.2", 2, "CT", "1..5", None, "2 values", None),
        ("1.1", 3, "CT", "2.5", "1..10", None, None),
    ]


def test_studies_take_their_series_together() -> None:
    assert table(SERIES, "StudyInstanceUID,count,Modality,SeriesInstanceUID,SliceThickness", kind="studies") == [
        ("2", 1, "MR", "2.1", None),
        ("1", 5, "CT", "2 values", "1..5"),
    ]


def test_a_filter_takes_a_series_of_which_one_file_fits_and_shows_the_whole_of_it() -> None:
    assert table(SERIES, "SeriesInstanceUID,count", "SliceThickness < 2", kind="series") == [("1.2", 2)]
    assert table(SERIES, "SeriesInstanceUID,count", "SliceThickness != 5", kind="series") == [("2.1", 1), ("1.1", 3)]
    assert table(SERIES, "SeriesInstanceUID,count", "count > 1 and not count > 2", kind="series") == [("1.2", 2)]


def test_series_without_a_uid_are_a_row_each() -> None:
    rows = [{"Modality": "CT"}, {"Modality": "MR"}]
    assert sorted(table(rows, "Modality,count", kind="series"), key=str) == [("CT", 1), ("MR", 1)]


def test_groups_are_counted_the_largest_first() -> None:
    assert table(SERIES, "", group="Modality") == [("CT", 5), ("MR", 1), (None, 1)]
    assert table(SERIES, "Modality,count,SliceThickness", group="Modality", sort="Modality") == [
        ("CT", 5, "1..5"), ("MR", 1, None), (None, 1, None),
    ]  # fmt: skip
    assert table(SERIES, "", group="Modality,SliceThickness", sort="count,SliceThickness")[0] == ("CT", "1.0", 1)


def test_groups_of_series_count_series() -> None:
    assert table(SERIES, "", group="Modality", kind="series", sort="-count") == [("CT", 2), ("MR", 1)]
    assert table(SERIES, "", "SliceThickness < 2", group="Modality", kind="series") == [("CT", 1)]
    assert table(SERIES, "", group="PatientName", kind="studies", sort="PatientName") == [("A", 1), ("B", 1)]


def test_a_filter_on_the_count_takes_groups() -> None:
    assert table(SERIES, "", "count > 1", group="Modality") == [("CT", 5)]
    assert table(SERIES, "", "count < 3 and Modality == CT", group="SliceThickness") == [("1.0", 1), ("5", 1)]


@pytest.mark.parametrize("text", ["", ",", "Modality,Nope", "size,Modality2"])
def test_a_column_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        table_columns(text)


@pytest.mark.parametrize(
    "text", ["ROIContourSequence", "3006,0039", "PixelData", "ROIContourSequence/0/ContourSequence"]
)
def test_sequences_and_binary_data_are_no_columns(text: str) -> None:
    with pytest.raises(UsageError, match=r"is a sequence|holds no text"):
        table_columns(text)


def test_five_hundred_columns_are_shown_and_more_refused() -> None:
    names = [f"0009,{number:04x}" for number in range(0x1000, 0x1000 + MOST_COLUMNS)]
    assert len(table([{}], ",".join(names))[0]) == MOST_COLUMNS
    assert len(table([{}], ",".join(names), kind="series")[0]) == MOST_COLUMNS
    with pytest.raises(UsageError, match="more than 500 columns"):
        table_columns(",".join([*names, "0011,1000"]))


def test_spellings_of_an_attribute_are_read_once() -> None:
    one, two, three = table_columns("MRAcquisitionType,0018,0023,(0018,0023)")
    assert (one.name, two.name, three.name) == ("MRAcquisitionType", "0018,0023", "(0018,0023)")
    assert one.extra == two.extra == three.extra
    nested = table_columns("3006,0010/0/0020,0052,ReferencedFrameOfReferenceSequence/0/FrameOfReferenceUID")
    assert len({column.extra for column in nested}) == 1


def test_a_page_gives_any_window_of_the_rows() -> None:
    page = keep(
        catalog_of(files_of("InstanceNumber", *map(str, range(1000)))), TableQuery(table_columns("InstanceNumber"))
    )
    assert page.count == 1000
    assert [row[1] for row in page.window(498, 3)] == ["498", "499", "500"]
    assert [row[1] for row in page.window(999, 10)] == ["999"]
    page.close()
    assert page.window(0, 10) == ()


def test_a_query_that_nobody_wants_any_more_ends() -> None:
    connection = catalog_of(files_of("PatientName", *["A" * 60] * 3000))
    query = TableQuery(table_columns("PatientName"), sort=((table_columns("PatientName")[0], False),))
    with pytest.raises(Cancelled):
        keep(connection, query, Progress(cancelled=lambda: True))


@pytest.mark.parametrize("kind", ROW_KINDS)
@pytest.mark.parametrize("group", ["Modality", "SliceThickness", "size", "ImageType", "Modality,PatientName"])
def test_going_into_a_group_gives_as_many_rows_as_its_count_says(kind: RowKind, group: str) -> None:
    files: list[dict[str, object]] = [*SERIES, {"ImageType": "A\\B"}, {"ImageType": "A"}, {"ImageType": "B"}]
    columns = table_columns(group)
    for *values, count in rows(catalog_of(files), TableQuery((), kind, group=columns)):
        texts = [None if value is None else str(value) for value in values]
        condition = Every(tuple(Same(column, text) for column, text in zip(columns, texts, strict=True)))
        assert len(list(rows(catalog_of(files), TableQuery((), kind, condition)))) == count
