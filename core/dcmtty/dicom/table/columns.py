"""What a table can show of a file: any attribute, and a few names for what the catalog knows beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dcmtty.dicom.attributes import ATTRIBUTES
from dcmtty.dicom.header.columns import Column, column_names, parse_column
from dcmtty.dicom.header.record import STANDARD
from dcmtty.errors import UsageError
from dcmtty.text import visible

MOST_COLUMNS = 500
"""SQLite knows no more than 2000 in a row, and as many parameters again."""

Kind = Literal["number", "text", "unknown"]
"""How values compare: as numbers, as text, or (a private attribute) as numbers where they are some."""

_NUMBERS = frozenset({"DS", "IS", "FL", "FD", "US", "UL", "SS", "SL", "UV", "SV"})
_WHOLE = frozenset({"IS", "US", "UL", "SS", "SL", "UV", "SV"})
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
"""Their values are no text, and are not read."""
_NEVER_SEVERAL = frozenset({"LT", "ST", "UT", "UR"})
"""In these a backslash is a character like any other (PS3.5 6.2)."""
_BY_TAG = {tag: attribute for tag, attribute in ATTRIBUTES.items() if attribute.keyword in STANDARD}
_META = {0x00020002: "MediaStorageSOPClassUID", 0x00020010: "TransferSyntaxUID"}


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table of files."""

    name: str
    """As the user gave it."""
    sql: str
    """An expression over the files of `source.SOURCE`: fixed text and question marks, nothing that a user typed."""
    parameters: tuple[str, ...] = ()
    """For the question marks of `sql`."""
    kind: Kind = "text"
    is_whole: bool = False
    """Whether its numbers are whole."""
    may_be_several: bool = True
    """Whether a backslash in a value parts two."""
    extra: Column | None = None
    """What a scan must read for it; None for what every scan reads."""
    tag: int = 0
    """Of an attribute; 0 for the other names."""
    is_count: bool = False
    """Whether it is the number of files of a row."""


def _pseudo(name: str, sql: str, kind: Kind = "text") -> TableColumn:
    return TableColumn(name, sql, kind=kind, is_whole=kind == "number", may_be_several=False)


COUNT = TableColumn("count", "1", kind="number", is_whole=True, may_be_several=False, is_count=True)
PATH = _pseudo("path", "path")
STATUS = _pseudo("status", "status")
REASON = _pseudo("reason", "nullif(reason, '')")

PLACE = _pseudo("place", "place", "number")
"""In which order files were found; not for users."""

PSEUDO = {
    column.name: column
    for column in (
        PATH,
        _pseudo("name", "dcm_name(path)"),
        _pseudo("folder", "dcm_folder(path)"),
        _pseudo("size", "size_bytes", "number"),
        _pseudo("mtime", "strftime('%Y-%m-%dT%H:%M:%SZ', mtime_ns / 1000000000, 'unixepoch')"),
        STATUS,
        REASON,
        _pseudo("kind", "nullif(kind, '')"),
        _pseudo("preamble", "nullif(preamble, '')"),
        _pseudo("frames", "CASE WHEN status = 'dicom' THEN frames END", "number"),
        _pseudo("pixels", "CASE WHEN status = 'dicom' THEN pixel_bytes END", "number"),
        TableColumn("warnings", "dcm_join(warnings)", may_be_several=False),
        COUNT,
    )
}
"""Names that are no attributes; no keyword begins with a small letter, so none is hidden by them."""


@lru_cache(maxsize=1024)
def table_column(name: str) -> TableColumn:
    """Return the column that a keyword, a tag, a path of them or one of PSEUDO names.

    Raises:
        UsageError: it names none.
    """
    known = PSEUDO.get(name.strip())
    if known is not None:
        return known
    try:
        column = parse_column(name)
    except UsageError as error:
        raise UsageError(f"{visible(name.strip(), 60)!r} is no attribute", remedy=error.remedy) from error
    vr = _vr(column.path[-1])
    if vr == "SQ":
        remedy = f"name an attribute inside of it, such as {visible(column.name, 60)}/0/0008,0100"
        raise UsageError(f"{visible(column.name, 60)!r} is a sequence", remedy=remedy)
    if vr in _BINARY:
        raise UsageError(f"{visible(column.name, 60)!r} holds no text or numbers", remedy="see it with dcmtty tags")
    return _attribute(column, vr)


def table_columns(text: str) -> tuple[TableColumn, ...]:
    """Return the columns of a list with commas; the comma of `gggg,eeee` parts nothing.

    Raises:
        UsageError: one of them is no column, or there is none.
    """
    names = column_names(text)
    if len(names) > MOST_COLUMNS:
        raise UsageError(f"more than {MOST_COLUMNS} columns", remedy="name fewer")
    found = tuple(table_column(name) for name in names)
    if not found:
        raise UsageError("no column is named", remedy="use a keyword, e.g. Modality, or ggggeeee")
    return found


def sort_columns(text: str) -> tuple[tuple[TableColumn, bool], ...]:
    """Return the columns to sort by, each with whether it goes down (`-StudyDate`).

    Raises:
        UsageError: one of them is no column, or there is none.
    """
    names = column_names(text)
    if len(names) > MOST_COLUMNS:
        raise UsageError(f"more than {MOST_COLUMNS} columns", remedy="name fewer")
    if not names:
        raise UsageError("nothing to sort by is named", remedy="name a column, e.g. StudyDate or -StudyDate")
    return tuple((table_column(name.removeprefix("-")), name.startswith("-")) for name in names)


def extras(columns: Iterable[TableColumn]) -> tuple[Column, ...]:
    """Return what a scan must read beyond what every scan reads, each once."""
    return tuple(dict.fromkeys(column.extra for column in columns if column.extra is not None))


def _attribute(column: Column, vr: str) -> TableColumn:
    tag = column.path[-1]
    if len(column.path) == 1:
        if tag in _META:
            name = "nullif(transfer_syntax_uid, '')" if tag == 0x00020010 else _META[tag]
            return TableColumn(column.name, name, tag=tag)
        known = _BY_TAG.get(tag)
        if known is not None:
            return TableColumn(
                column.name, f'"{known.keyword}"', kind=_kind(known.vr), is_whole=known.vr in _WHOLE, tag=tag
            )
    key = _key(column.path)
    where = f'$."{key}"'
    return TableColumn(
        column.name,
        _EXTRA,
        (where, f"{where}[0]", where),
        _kind(vr),
        vr in _WHOLE,
        vr not in _NEVER_SEVERAL,
        Column(key, column.path),
        tag,
    )


_EXTRA = "CASE json_array_length(extra, ?) WHEN 1 THEN json_extract(extra, ?) ELSE dcm_join(json_extract(extra, ?)) END"
"""Values joined by a backslash as in the other columns; the common case of one value without leaving SQLite."""


def _key(path: Sequence[int]) -> str:
    """Return the one name of an attribute in the catalog, however it was written: `Sequence/0/Keyword`, `gggg,eeee`."""
    from dcmtty.dicom.dictionary import keyword_of, tag_text

    return "/".join(str(step) if index % 2 else keyword_of(step) or tag_text(step) for index, step in enumerate(path))


def _vr(tag: int) -> str:
    known = ATTRIBUTES.get(tag)
    if known is not None:
        return known.vr
    from dcmtty.dicom.dictionary import vr_of

    return vr_of(tag)


def _kind(vr: str) -> Kind:
    if vr in _NUMBERS:
        return "number"
    return "unknown" if vr == "UN" else "text"


def names_of(columns: Sequence[TableColumn]) -> tuple[str, ...]:
    """Return the names of columns as they were given."""
    return tuple(column.name for column in columns)
