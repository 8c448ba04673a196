"""The filter language, from text to a tree: `Modality == CT and SliceThickness < 2 and PatientName ~ "smith"`.

docs/grid.md has its grammar. Names become columns here, so that nothing that was typed ever becomes SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dcmtty.dicom.table.columns import TableColumn, table_column
from dcmtty.dicom.table.pattern import PatternError, compiled
from dcmtty.errors import UsageError
from dcmtty.text import visible

LONGEST_EXPRESSION = 4096
MOST_COMPARISONS = 200
DEEPEST = 32

OPERATORS = ("==", "!=", "<=", ">=", "!~", "=", "<", ">", "~")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BLANK = re.compile(r"\s*")
_TAG = r"[0-9A-Fa-f]{4},\s?[0-9A-Fa-f]{4}"
_NAME = re.compile(rf"(({_TAG}|\({_TAG}\))(?=[\s=!<>~)/]|$)|[^\s()'\"=!<>~,/]+|/)+")
_VALUE = re.compile(r"[^\s()'\"=!<>~,]+")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_RESERVED = frozenset({"and", "or", "not", "in", "exists"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column beside a value."""

    column: TableColumn
    operator: str
    """One of `==`, `<`, `<=`, `>`, `>=`, `~`; the negated ones are a Not around them."""
    value: str
    is_number: bool
    """Whether both sides are to be taken as numbers."""


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether a column has a value."""

    column: TableColumn


@dataclass(frozen=True, slots=True)
class Same:
    """Whether a cell as a whole is this text; None for a missing one. Not in the language: for going into a group."""

    column: TableColumn
    value: str | None


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """Conditions that must all hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Conditions of which one must hold."""

    parts: tuple[Condition, ...]


Condition = Comparison | Exists | Same | Not | Every | Some


def parse_filter(text: str) -> Condition:
    """Return the condition that an expression says.

    Raises:
        UsageError: one line that names the place where it cannot be understood, or what is too much.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise UsageError(f"filter: longer than {LONGEST_EXPRESSION} characters", remedy="make it shorter")
    if any(0xD800 <= ord(char) <= 0xDFFF or char == "\0" for char in text):
        raise UsageError("filter: it holds bytes that are no text", remedy="type it again")
    parser = _Parser(text)
    condition = parser.alternatives(0)
    if not parser.is_done():
        raise parser.refusal("'and', 'or' or the end is expected")
    return condition


def columns_of(condition: Condition) -> tuple[TableColumn, ...]:
    """Return the columns that a condition looks at, each once."""
    match condition:
        case Comparison(column) | Exists(column) | Same(column):
            return (column,)
        case Not(part):
            return columns_of(part)
        case Every(parts) | Some(parts):
            return tuple(dict.fromkeys(column for part in parts for column in columns_of(part)))


@dataclass(slots=True)
class _Scanner:
    """A place in an expression, and what stands there."""

    text: str
    at: int = 0
    comparisons: int = 0

    def refusal(self, what: str, at: int | None = None) -> UsageError:
        """Return the error that says what is wrong and where."""
        place = self.at if at is None else at
        before = visible(self.text[max(place - 24, 0) : place].lstrip())
        after = visible(self.text[place : place + 12])
        shown = f"{before}>>>{after}" if after else f"{before}>>>"
        return UsageError(f"filter: {what} at character {place + 1}: {shown}", remedy="for example Modality == CT")

    def is_done(self) -> bool:
        """Say whether nothing is left."""
        self._skip()
        return self.at >= len(self.text)

    def _count(self) -> None:
        self.comparisons += 1
        if self.comparisons > MOST_COMPARISONS:
            raise self.refusal(f"more than {MOST_COMPARISONS} comparisons")

    def _starts_quote(self) -> bool:
        return self.text[self.at : self.at + 1] in {"'", '"'}

    def _tag_follows(self) -> bool:
        self._skip()
        found = _NAME.match(self.text, self.at)
        return found is not None and found[0].startswith("(")

    def _skip(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank is not None else self.at

    def _sign(self, sign: str) -> bool:
        self._skip()
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _word(self, word: str) -> bool:
        self._skip()
        found = _VALUE.match(self.text, self.at)
        if found is None or found[0].lower() != word:
            return False
        self.at = found.end()
        return True


@dataclass(slots=True)
class _Parser(_Scanner):
    """Reads an expression from left to right, each rule of the grammar a method."""

    def alternatives(self, depth: int) -> Condition:
        """Read `a or b or c`."""
        parts = [self._all_of(depth)]
        while self._word("or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _all_of(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise self.refusal(f"more than {DEEPEST} parentheses or 'not' inside each other")
        if self._word("not"):
            return Not(self._one(depth + 1))
        if self._word("exists"):
            return self._exists()
        if not self._tag_follows() and self._sign("("):
            inner = self.alternatives(depth + 1)
            if not self._sign(")"):
                raise self.refusal("a closing parenthesis is expected")
            return inner
        return self._comparison()

    def _exists(self) -> Condition:
        if not self._sign("("):
            raise self.refusal("a parenthesis is expected after 'exists'")
        column = self._column()
        if not self._sign(")"):
            raise self.refusal("a closing parenthesis is expected")
        self._count()
        return Exists(column)

    def _comparison(self) -> Condition:
        column = self._column()
        negated = self._word("not")
        if self._word("in"):
            values = self._list(column)
            found: Condition = values[0] if len(values) == 1 else Some(values)
            return Not(found) if negated else found
        if negated:
            raise self.refusal("'in' is expected after 'not'")
        operator = next((sign for sign in OPERATORS if self._sign(sign)), "")
        if not operator:
            raise self.refusal("an operator (== != < <= > >= ~ !~ in) is expected")
        plain = {"=": "==", "!=": "==", "!~": "~"}.get(operator, operator)
        comparison = self._value(column, plain)
        return Not(comparison) if operator in {"!=", "!~"} else comparison

    def _list(self, column: TableColumn) -> tuple[Condition, ...]:
        if not self._sign("("):
            raise self.refusal("a list such as (CT, MR) is expected")
        values = [self._value(column, "==")]
        while self._sign(","):
            values.append(self._value(column, "=="))
        if not self._sign(")"):
            raise self.refusal("a comma or a closing parenthesis is expected")
        return tuple(values)

    def _value(self, column: TableColumn, operator: str) -> Comparison:
        self._skip()
        start = self.at
        quoted = _QUOTED.match(self.text, start)
        plain = None if quoted else _VALUE.match(self.text, start)
        if quoted is not None:
            self.at = quoted.end()
            mark = quoted[0][0]
            value = quoted[0][1:-1].replace(mark * 2, mark)
        elif plain is not None and plain[0].lower() not in _RESERVED:
            self.at = plain.end()
            value = plain[0]
        else:
            raise self.refusal("the quote is not closed" if self._starts_quote() else "a value is expected")
        self._count()
        if operator == "~":
            self._check_pattern(value, start)
            return Comparison(column, operator, value, is_number=False)
        return Comparison(column, operator, value, self._is_number(column, value, start, is_quoted=bool(quoted)))

    def _is_number(self, column: TableColumn, value: str, start: int, *, is_quoted: bool) -> bool:
        if is_quoted or column.kind == "text":
            return False
        fits = _NUMBER.fullmatch(value) is not None
        if column.kind == "number" and not fits:
            what = f"{visible(column.name, 40)} is a number, and a number (or text in quotes) is expected"
            raise self.refusal(what, start)
        return fits

    def _check_pattern(self, value: str, start: int) -> None:
        try:
            compiled(value)
        except PatternError as error:
            raise self.refusal(f"the pattern cannot be used, {error},", start) from error

    def _column(self) -> TableColumn:
        self._skip()
        found = _NAME.match(self.text, self.at)
        if found is None or found[0].lower() in _RESERVED:
            raise self.refusal("the name of a column is expected")
        try:
            column = table_column(found[0])
        except UsageError as error:
            raise self.refusal(error.message) from error
        self.at = found.end()
        return column
