"""A table that is asked for, as a value: which rows, which columns, which of them, in what order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dcmtty.dicom.table.columns import COUNT, PATH, PLACE, TableColumn, table_column
from dcmtty.dicom.table.expression import Condition, Every, columns_of

RowKind = Literal["files", "series", "studies"]
ROW_KINDS: tuple[RowKind, ...] = ("files", "series", "studies")

SERIES_UID = table_column("SeriesInstanceUID")
STUDY_UID = table_column("StudyInstanceUID")
_KEYS = {"files": PATH, "series": SERIES_UID, "studies": STUDY_UID}
_PATIENT_ORDER = tuple(table_column(name) for name in ("PatientName", "PatientID", "StudyDate"))
_ORDERS: dict[RowKind, tuple[TableColumn, ...]] = {
    "files": (),
    "series": (*_PATIENT_ORDER, table_column("SeriesNumber")),
    "studies": _PATIENT_ORDER,
}


@dataclass(frozen=True, slots=True)
class TableQuery:
    """What a table shows."""

    columns: tuple[TableColumn, ...]
    rows: RowKind = "files"
    condition: Condition | None = None
    sort: tuple[tuple[TableColumn, bool], ...] = ()
    """Columns, each with whether it goes down; what is missing comes last either way."""
    group: tuple[TableColumn, ...] = ()
    """Rows of the same values in these become one row with their number."""

    as_found: bool = False
    """Whether files come in the order in which they were found where no other order is asked for, not by path."""

    @property
    def shown(self) -> tuple[TableColumn, ...]:
        """All columns of the result: those that say what a row is, then those that were asked for, each once."""
        if self.group:
            first: tuple[TableColumn, ...] = (*self.group, COUNT)
        else:
            key = _KEYS[self.rows]
            first = (key,) if self.rows == "files" else (key, COUNT)
        return tuple(dict.fromkeys((*first, *self.columns)))

    @property
    def needed(self) -> tuple[TableColumn, ...]:
        """Every column that the answer depends on."""
        condition = columns_of(self.condition) if self.condition is not None else ()
        return tuple(dict.fromkeys((*self.shown, *self.group, *condition, *(column for column, _ in self.order))))

    @property
    def is_summary(self) -> bool:
        """Whether a row stands for several files."""
        return self.rows != "files" or bool(self.group)

    @property
    def order(self) -> tuple[tuple[TableColumn, bool], ...]:
        """The columns to sort by, those that go without saying where none was named."""
        if self.sort:
            return self.sort
        if self.group:
            return ((COUNT, True), *((column, False) for column in self.group))
        if self.rows == "files" and self.as_found:
            return ((PLACE, False),)
        return tuple((column, False) for column in _ORDERS[self.rows])

    @property
    def can_stream(self) -> bool:
        """Whether a row can be shown before all files are known."""
        return self.as_found and not self.sort and not self.is_summary

    @property
    def row_condition(self) -> Condition | None:
        """What files, series or studies must fulfil."""
        return self._part(of_groups=False)

    @property
    def group_condition(self) -> Condition | None:
        """What groups must fulfil: comparisons with `count` alone."""
        return self._part(of_groups=True)

    def _part(self, *, of_groups: bool) -> Condition | None:
        condition = self.condition
        if condition is None or not self.group:
            return None if of_groups else condition
        parts = condition.parts if isinstance(condition, Every) else (condition,)
        taken = tuple(part for part in parts if (set(columns_of(part)) == {COUNT}) is of_groups)
        return None if not taken else taken[0] if len(taken) == 1 else Every(taken)
