"""A table query as one SQL statement over the catalog; what users typed goes in as parameters only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dcmtty.dicom.table.columns import COUNT, PATH, STATUS, TableColumn
from dcmtty.dicom.table.expression import Comparison, Condition, Every, Exists, Not, Same, Some
from dcmtty.dicom.table.query import SERIES_UID, STUDY_UID, TableQuery
from dcmtty.dicom.table.source import REFUSED, SOURCE

Parameter = str | int


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and what its question marks stand for."""

    sql: str
    parameters: tuple[Parameter, ...] = ()


ALL = Statement("1")
"""No condition."""


def select(query: TableQuery) -> Statement:
    """Return the statement whose rows are those of the table, with a cell for each of `query.shown`."""
    inner = _Projection()
    if query.rows == "files":
        if not query.group:
            return _files(query, inner)
        return _summary(query, inner, query.group, where=inner.where(query.row_condition), having=query.group_condition)
    keys = (STUDY_UID, SERIES_UID) if query.rows == "series" else (STUDY_UID,)
    if not query.group:
        return _summary(query, inner, keys, having=query.condition)
    series = TableQuery(tuple(column for column in query.needed if not column.is_count), query.rows)
    level = _summary(series, inner, keys, having=query.row_condition, is_sorted=False)
    return _summary(query, _Projection(series.shown, level), query.group, having=query.group_condition)


@dataclass(slots=True)
class _Projection:
    """The columns that a statement reads, each once, as c0, c1, ... of what stands below it."""

    cells: tuple[TableColumn, ...] = ()
    """The columns of the level below, which are its c0, c1, ..."""
    level: Statement | None = None
    """What stands below; None for the catalog itself."""
    columns: list[TableColumn] = field(default_factory=list)

    def name(self, column: TableColumn) -> str:
        """Return what the column is called."""
        if self.level is not None:
            return f"c{self.cells.index(column)}"
        if column not in self.columns:
            self.columns.append(column)
        return f"c{self.columns.index(column)}"

    def where(self, condition: Condition | None) -> Statement:
        """Return a condition over single rows."""
        return ALL if condition is None else _condition(condition, self, is_summary=False)

    @property
    def below(self) -> Statement:
        """What to select from, once all names were asked for."""
        if self.level is not None:
            return self.level
        found = ", ".join(f"{column.sql} AS c{index}" for index, column in enumerate(self.columns)) or "1"
        parameters = tuple(value for column in self.columns for value in column.parameters)
        sql = f"SELECT {found} FROM {SOURCE} UNION ALL SELECT {found} FROM {REFUSED}"  # noqa: S608 - names of ours and question marks
        return Statement(sql, parameters * 2)


def _files(query: TableQuery, inner: _Projection) -> Statement:
    cells = ", ".join(inner.name(column) for column in query.shown)
    where = inner.where(query.condition)
    order = _order([(f"dcm_sort({inner.name(column)})", goes_down) for column, goes_down in query.order])
    tie = inner.name(PATH)
    below = inner.below
    return Statement(
        f"SELECT {cells} FROM ({below.sql}) WHERE {where.sql} ORDER BY {order}{tie}",  # noqa: S608 - names of ours and question marks
        (*below.parameters, *where.parameters),
    )


def _summary(
    query: TableQuery,
    inner: _Projection,
    keys: Sequence[TableColumn],
    *,
    where: Statement = ALL,
    having: Condition | None = None,
    is_sorted: bool = True,
) -> Statement:
    """Return a statement with a row for each combination of values of the keys."""
    names = [inner.name(column) for column in keys]
    cells = ", ".join(f"{_cell(column, inner)} AS c{index}" for index, column in enumerate(query.shown))
    has = ALL if having is None else _condition(having, inner, is_summary=True)
    order = _order([_sorted_by(column, inner, goes_down=down) for column, down in query.order]) if is_sorted else ""
    by = ", ".join(names)
    if query.rows != "files" and inner.level is None:
        by = f"{names[0]}, coalesce({names[-1]}, {inner.name(PATH)})"
        where = Statement(f"{inner.name(STATUS)} = 'dicom'")
    below = inner.below
    sql = f"SELECT {cells} FROM ({below.sql}) WHERE {where.sql} GROUP BY {by} HAVING {has.sql}"  # noqa: S608 - names of ours and question marks
    if is_sorted:
        sql += f" ORDER BY {order}{by}"
    return Statement(sql, (*below.parameters, *where.parameters, *has.parameters))


def _cell(column: TableColumn, inner: _Projection) -> str:
    """Return what a row of several files shows of a column: the value they share, from..to, or how many values."""
    if column.is_count:
        return "count(*)"
    name = inner.name(column)
    several = f"count(DISTINCT {name}) || ' values'"
    if column.kind != "text":
        several = f"coalesce(dcm_range({name}), {several})"
    return f"CASE count(DISTINCT {name}) WHEN 0 THEN NULL WHEN 1 THEN max({name}) ELSE {several} END"


def _sorted_by(column: TableColumn, inner: _Projection, *, goes_down: bool) -> tuple[str, bool]:
    if column.is_count:
        return "count(*)", goes_down
    least, name = "max" if goes_down else "min", inner.name(column)
    if column.kind == "text":  # the key once for a row of the table, not for each file
        return f"dcm_sort({least}({name}))", goes_down
    return f"{least}(dcm_sort({name}))", goes_down


def _order(keys: Sequence[tuple[str, bool]]) -> str:
    return "".join(f"{key} IS NULL, {key}{' DESC' if goes_down else ''}, " for key, goes_down in keys)


def _condition(condition: Condition, inner: _Projection, *, is_summary: bool) -> Statement:
    """Return a condition; over several files each comparison holds when it holds for one of them."""
    match condition:
        case Not(part):
            found = _condition(part, inner, is_summary=is_summary)
            return Statement(f"NOT ({found.sql})", found.parameters)
        case Every(parts) | Some(parts):
            all_of = [_condition(part, inner, is_summary=is_summary) for part in parts]
            joint = " AND " if isinstance(condition, Every) else " OR "
            sql = "(" + joint.join(f"({part.sql})" for part in all_of) + ")"
            return Statement(sql, tuple(value for part in all_of for value in part.parameters))
        case Same(column, value):
            cell = _cell(column, inner) if is_summary else inner.name(column)
            if value is None:
                return Statement(f"({cell}) IS NULL")
            return Statement(f"CAST(({cell}) AS TEXT) IS ?", (value,))
        case Comparison(column) | Exists(column):
            if is_summary and column is COUNT:
                return _atom(condition, "count(*)")
            atom = _atom(condition, inner.name(column))
            return Statement(f"max({atom.sql})", atom.parameters) if is_summary else atom


def _atom(condition: Comparison | Exists, name: str) -> Statement:
    """Return a comparison of one cell, which is 0 or 1, also where the cell is missing."""
    if isinstance(condition, Exists):
        return Statement(f"{name} IS NOT NULL")
    several, value = int(condition.column.may_be_several), condition.value
    if condition.operator == "~":
        return Statement(f"dcm_matches({name}, {several}, ?)", (value,))
    function = "dcm_compare_number" if condition.is_number else "dcm_compare_text"
    if condition.operator != "==" or condition.is_number or "\\" in value:
        return Statement(f"{function}({name}, {several}, ?, ?)", (condition.operator, value))
    whole = f"coalesce({name} = ?, 0)"
    if not several:
        return Statement(whole, (value,))
    among = f"(instr({name}, '\\') > 0 AND {function}({name}, 1, '==', ?))"
    return Statement(f"coalesce({name} = ? OR {among}, 0)", (value, value))
