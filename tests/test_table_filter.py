"""The filter language: what it says yes to, and where it says it cannot be understood."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_rows import table
from dcmtty.dicom.table.expression import (
    DEEPEST,
    LONGEST_EXPRESSION,
    MOST_COMPARISONS,
    Comparison,
    Every,
    Exists,
    Not,
    Some,
    parse_filter,
)
from dcmtty.dicom.table.query import ROW_KINDS, RowKind
from dcmtty.errors import UsageError

FILES: list[dict[str, object]] = [
    {"Modality": "CT", "SliceThickness": "2.0", "PatientName": "SMITH^ANNA", "KVP": "120", "0009,1001": ["7"]},
    {"Modality": "CT", "SliceThickness": "10", "PatientName": "O'NEIL^B", "ImageType": "ORIGINAL\\PRIMARY\\AXIAL"},
    {"Modality": "MR", "SliceThickness": "1.5", "PatientName": "Blacksmith", "StudyDate": "20240102",
     "0009,1001": ["x", "12"]},
    {"PatientName": 'D"Q', "ImageType": "DERIVED\\SECONDARY", "SliceThickness": "broken", "StudyDate": "20191231"},
    {"status": "unreadable", "reason": "cut off", "kind": "", "frames": 0},
]  # fmt: skip


def found(filter_: str) -> list[int]:
    """Return the numbers of the files that a filter takes."""
    return [int(str(name).removesuffix(".dcm")) for (name,) in table(FILES, "name", filter_)]


@pytest.mark.parametrize(
    ("filter_", "numbers"),
    [
        ("Modality == CT", [0, 1]),
        ("Modality = 'CT'", [0, 1]),
        ("Modality == ct", []),
        ("Modality != CT", [2, 3, 4]),
        ("not Modality == CT", [2, 3, 4]),
        ("Modality in (CT, MR)", [0, 1, 2]),
        ("Modality not in (CT)", [2, 3, 4]),
        ("0008,0060 == MR", [2]),
        ("(0008,0060) == MR", [2]),
        ("((0008,0060) == MR)", [2]),
        ("00080060 == MR", [2]),
        ("SliceThickness == 2", [0]),
        ("SliceThickness == 2.00", [0]),
        ("SliceThickness == '2.0'", [0]),
        ("SliceThickness == '2'", []),
        ("SliceThickness < 10", [0, 2]),
        ("SliceThickness >= 1.5e0", [0, 1, 2]),
        ("SliceThickness == 'broken'", [3]),
        ("StudyDate >= 20200101", [2]),
        ("StudyDate < 20200101", [3]),
        ("PatientName ~ smith", [0, 2]),
        ("PatientName ~ '^smith'", [0]),
        ("PatientName !~ smith", [1, 3, 4]),
        ('PatientName == "O\'NEIL^B"', [1]),
        ("PatientName == 'O''NEIL^B'", [1]),
        ("PatientName == 'D\"Q'", [3]),
        ("ImageType == AXIAL", [1]),
        ("ImageType == 'ORIGINAL\\PRIMARY\\AXIAL'", [1]),
        ("ImageType == 'ORIGINAL\\PRIMARY'", []),
        ("ImageType != AXIAL", [0, 2, 3, 4]),
        ("ImageType ~ '^sec'", [3]),
        ("exists(KVP)", [0]),
        ("not exists(Modality)", [3, 4]),
        ("0009,1001 > 9", [2]),
        ("0009,1001 == x", [2]),
        ("0009,1001 < 8", [0]),
        ("exists(0009,1001)", [0, 2]),
        ("Modality == CT and SliceThickness < 5 or Modality == MR", [0, 2]),
        ("Modality == CT and (SliceThickness < 5 or exists(ImageType))", [0, 1]),
        ("NOT Modality == CT AND exists(StudyDate)", [2, 3]),
        ("status == unreadable", [4]),
        ("reason ~ 'cut'", [4]),
        ("frames == 1", [0, 1, 2, 3]),
        ("size > 999 and count == 1", [0, 1, 2, 3, 4]),
        ("mtime >= 2023-11-14 and mtime < 2023-11-15", [0, 1, 2, 3, 4]),
        ("path == /d/002.dcm", [2]),
    ],
)
def test_a_filter_takes_these_files(filter_: str, numbers: list[int]) -> None:
    assert found(filter_) == numbers


@pytest.mark.parametrize("text", ["'; DROP TABLE instance; --", 'x" OR 1=1', "') OR ('1'='1", "%", "_", "?1", ":a"])
def test_sql_in_a_value_is_a_value(text: str) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    assert found(f"PatientName == {quoted}") == []
    files = [{"PatientName": text}, {"PatientName": "other"}]
    assert table(files, "name", f"PatientName == {quoted}") == [("000.dcm",)]
    assert len(found(f"PatientName != {quoted}")) == len(FILES)


@pytest.mark.parametrize(
    ("filter_", "place"),
    [
        ("", "character 1"),
        ("Modality", "character 9: Modality>>>"),
        ("Modality ==", "character 12"),
        ("Modality == CT MR", "character 16: Modality == CT >>>MR"),
        ("Modality == 'CT", "character 13"),
        ("(Modality == CT", "character 16"),
        ("Modality == CT)", "character 15"),
        ("Modality == and", "character 13"),
        ("and", "character 1"),
        ("Modality in CT", "character 13"),
        ("Modality in (CT", "character 16"),
        ("exists Modality", "character 8"),
        ("exists(Modality", "character 16"),
        ("Nonsense == 1", "'Nonsense' is no attribute at character 1"),
        ("Rows < many", "Rows is a number"),
        ("PatientName ~ '('", "the pattern cannot be used"),
        ("1 == 1; DROP TABLE file", "'1' is no attribute"),
        ("Modality == CT; DROP", "character 17"),
        ("Rows not == 3", "character 10"),
        ("\x1b[31m == 3", "\\x1b"),
    ],
)
def test_an_error_is_one_line_that_points_at_the_place(filter_: str, place: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_filter(filter_)
    assert place in str(error.value)
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)


def test_what_is_too_long_too_deep_or_too_much_is_refused() -> None:
    parse_filter("(" * DEEPEST + "Rows == 1" + ")" * DEEPEST)
    for text in (
        "(" * (DEEPEST + 1) + "Rows == 1" + ")" * (DEEPEST + 1),
        "not " * (DEEPEST + 1) + "Rows == 1",
        "(" * 4000,
        " or ".join(["Rows == 1"] * (MOST_COMPARISONS + 1)),
        "Rows == 1" + " " * LONGEST_EXPRESSION,
        f"Rows in ({','.join('1' * 1 for _ in range(MOST_COMPARISONS + 1))})",
        "PatientName == \udcff",
        "PatientName == '\0'",
    ):
        with pytest.raises(UsageError):
            parse_filter(text)
    assert found(" or ".join(["Rows == 1"] * (MOST_COMPARISONS - 1) + ["Modality == MR"])) == [2]


LEAVES = st.sampled_from(
    [
        "Modality == CT",
        "Modality == MR",
        "SliceThickness < 2",
        "exists(KVP)",
        "ImageType == AXIAL",
        "PatientName ~ smith",
    ]
)
TREES = st.recursive(
    LEAVES.map(lambda leaf: ("leaf", leaf)),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=6,
)


def _text(tree: tuple[object, ...]) -> str:
    match tree:
        case ("leaf", str() as leaf):
            return leaf
        case ("not", tuple() as inner):
            return f"not ({_text(inner)})"
        case (str() as word, tuple() as left, tuple() as right):
            return f"({_text(left)}) {word} ({_text(right)})"
        case _:
            raise AssertionError(tree)


def _expected(tree: tuple[object, ...]) -> set[int]:
    match tree:
        case ("leaf", str() as leaf):
            return set(found(leaf))
        case ("not", tuple() as inner):
            return set(range(len(FILES))) - _expected(inner)
        case (str() as word, tuple() as left, tuple() as right):
            return _expected(left) & _expected(right) if word == "and" else _expected(left) | _expected(right)
        case _:
            raise AssertionError(tree)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_and_or_not_are_those_of_sets_also_where_values_are_missing(tree: tuple[object, ...]) -> None:
    assert set(found(_text(tree))) == _expected(tree)


COLUMN_NAMES = (
    "PatientName",
    "SliceThickness",
    "0009,1001",
    "size",
    "path",
    "mtime",
    "ROIContourSequence/0/ROINumber",
    "count",
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(COLUMN_NAMES),
    st.sampled_from(("==", "!=", "<", ">=", "~", "!~")),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.sampled_from(ROW_KINDS),
    st.sampled_from(("", "Modality", "SliceThickness,0009,1001")),
)
def test_any_text_in_quotes_is_looked_for_and_nothing_else(
    column: str, sign: str, value: str, kind: RowKind, group: str
) -> None:
    quoted = '"' + value.replace('"', '""') + '"'
    try:
        parse_filter(f"{column} {sign} {quoted}")
    except UsageError:
        assert sign in {"~", "!~"}
        return
    taken, left = (table(FILES, "", f"{before} {column} {sign} {quoted}", kind=kind) for before in ("", "not"))
    assert len(taken) + len(left) == len(table(FILES, "", kind=kind))
    table(FILES, "", f"{column} {sign} {quoted}", kind=kind, group=group)


WORDS = (
    "Modality", "(", ")", "and", "or", "not", "==", "~", "'", '"', ",", "in", "exists", "0008,0060", "/0/", "1.5", "\\",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_text_is_a_condition_or_one_refusal(text: str) -> None:
    try:
        condition: object = parse_filter(text)
    except UsageError as error:
        condition = error
    if isinstance(condition, UsageError):
        assert len(str(condition).splitlines()) == 1
    else:
        assert isinstance(condition, Comparison | Exists | Not | Every | Some)
