"""Regular expressions whose time grows with the text alone: a typed pattern must not hold up 100,000 rows, or the app.

Python's `re` goes back and tries again, which takes exponential time for `(a+)+$`; nothing can interrupt it. What is
here follows all branches at once (Thompson), remembers what it met, and knows neither references nor look-around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

LONGEST_PATTERN = 256
_MOST_NODES = 500
_DEEPEST = 32
_MOST_REMEMBERED = 20_000
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "w": lambda char: char.isalnum() or char == "_",
    "s": str.isspace,
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}


class PatternError(Exception):
    """A pattern cannot be understood; the message says why and at which character."""


@dataclass(frozen=True, slots=True)
class _Chars:
    """Characters that one place of the pattern accepts, upper and lower case alike."""

    ranges: tuple[tuple[str, str], ...] = ()
    categories: str = ""
    negated: bool = False

    def accepts(self, char: str) -> bool:
        """Say whether the character may stand here."""
        return any(self._has(form) for form in {char, char.lower(), char.upper()}) is not self.negated

    def _has(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) or any(
            _CATEGORIES[name.lower()](char) is name.islower() for name in self.categories
        )


@dataclass(slots=True)
class _Node:
    """One step of the automaton: a set of characters, `^`, `$`, a fork (empty), or the end."""

    what: _Chars | str
    next: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Parsing:
    """Turns a pattern into nodes, from its end to its beginning, so that each knows what follows."""

    text: str
    at: int = 0

    def tree(self, depth: int = 0) -> object:
        """Return alternatives, each a list of parts."""
        if depth > _DEEPEST:
            raise PatternError("parentheses are nested too deep")
        branches: list[list[object]] = [[]]
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.at += 1
                branches.append([])
            else:
                branches[-1].append(self._repeated(self._part(depth)))
        return ("either", branches)

    def _part(self, depth: int) -> object:
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "*+?{":
            raise PatternError(f"nothing to repeat at character {self.at}")
        if char in "^$":
            return char
        return _Chars(negated=True) if char == "." else _Chars(((char, char),))

    def _group(self, depth: int) -> object:
        if self.text.startswith("?", self.at):
            if not self.text.startswith("?:", self.at):
                raise PatternError(f"(?... at character {self.at} is not known here, but for (?:")
            self.at += 2
        inner = self.tree(depth + 1)
        if self.at >= len(self.text):
            raise PatternError("a parenthesis is not closed")
        self.at += 1
        return inner

    def _escape(self) -> _Chars:
        if self.at >= len(self.text):
            raise PatternError("it ends in a backslash")
        char = self.text[self.at]
        self.at += 1
        if char.lower() in _CATEGORIES:
            return _Chars(categories=char)
        if char.isalnum() and char not in _CONTROLS:
            raise PatternError(f"\\{char} at character {self.at - 1} is not known here")
        char = _CONTROLS.get(char, char)
        return _Chars(((char, char),))

    def _class(self) -> _Chars:
        negated = self.text.startswith("^", self.at)
        self.at += negated
        ranges: list[tuple[str, str]] = []
        categories, start = "", self.at
        while self.at < len(self.text) and (self.text[self.at] != "]" or self.at == start):
            first = self._class_member()
            categories += first.categories
            ranges.extend(self._range(first) if first.ranges else ())
        if self.at >= len(self.text):
            raise PatternError("a bracket is not closed")
        self.at += 1
        return _Chars(tuple(ranges), categories, negated)

    def _class_member(self) -> _Chars:
        char = self.text[self.at]
        self.at += 1
        return self._escape() if char == "\\" else _Chars(((char, char),))

    def _range(self, first: _Chars) -> Iterable[tuple[str, str]]:
        low = first.ranges[0][0]
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in {"", "]"}:
            self.at += 1
            last = self._class_member()
            if not last.ranges or last.ranges[0][0] < low:
                raise PatternError(f"a range at character {self.at} goes backwards")
            return [(low, last.ranges[0][0])]
        return [(low, low)]

    def _repeated(self, part: object) -> object:
        while self.at < len(self.text) and self.text[self.at] in "*+?{":
            char = self.text[self.at]
            self.at += 1
            counts = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(char) or self._counts()
            if self.text.startswith("?", self.at):
                self.at += 1  # as little as possible: the same texts match
            part = ("repeat", part, *counts)
        return part

    def _counts(self) -> tuple[int, int | None]:
        inside, brace, rest = self.text[self.at :].partition("}")
        low, comma, high = inside.partition(",")
        if not brace or not low.isdecimal() or (high and not high.isdecimal()) or len(inside) > 9:
            raise PatternError(f"a count {{m,n}} is expected at character {self.at}")
        self.at = len(self.text) - len(rest)
        least, most = int(low), int(high) if high else None if comma else int(low)
        if most is not None and most < least:
            raise PatternError(f"a count at character {self.at} goes backwards")
        return least, most


@dataclass(slots=True)
class Pattern:
    """A pattern, upper and lower case alike; `search` says whether it is anywhere in a text."""

    source: str
    _nodes: list[_Node] = field(default_factory=list)
    _start: int = 0
    _known: dict[tuple[frozenset[int], str], frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.source) > LONGEST_PATTERN:
            raise PatternError(f"it is longer than {LONGEST_PATTERN} characters")
        parsing = _Parsing(self.source)
        tree = parsing.tree()
        if parsing.at < len(self.source):
            raise PatternError(f"a parenthesis at character {parsing.at + 1} was not opened")
        self._start = self._add(tree, self._node("end"))

    def _node(self, what: _Chars | str, *following: int) -> int:
        if len(self._nodes) >= _MOST_NODES:
            raise PatternError("it repeats too much")
        self._nodes.append(_Node(what, list(following)))
        return len(self._nodes) - 1

    def _add(self, part: object, after: int) -> int:
        """Add the nodes of a part that is followed by the node `after`; return the first of them."""
        match part:
            case _Chars() | str():
                return self._node(part, after)
            case ("either", list() as branches):
                return self._node("", *(self._sequence(branch, after) for branch in branches))
            case ("repeat", inner, int() as least, int() | None as most):
                return self._repeat(inner, least, most, after)
            case _:
                raise AssertionError(part)

    def _sequence(self, parts: list[object], after: int) -> int:
        for part in reversed(parts):
            after = self._add(part, after)
        return after

    def _repeat(self, inner: object, least: int, most: int | None, after: int) -> int:
        if least > _MOST_NODES or (most or 0) > _MOST_NODES:
            raise PatternError("it repeats too much")
        if most is None:
            fork = self._node("", after)
            self._nodes[fork].next.insert(0, self._add(inner, fork))
            after = fork
        else:
            end = after
            for _ in range(most - least):
                after = self._node("", self._add(inner, after), end)
        for _ in range(least):
            after = self._add(inner, after)
        return after

    def search(self, text: str) -> bool:
        """Say whether the pattern is anywhere in the text."""
        states = self._closure([self._start], at_start=True, at_end=not text)
        if self._accepts(states):
            return True
        fresh = self._closure([self._start], at_start=False, at_end=False)
        for char in text:
            key = (states, char)
            following = self._known.get(key)
            if following is None:
                following = self._step(states, char) | fresh
                self._remember(key, following)
            states = following
            if self._accepts(states):
                return True
        return self._accepts(self._closure(states, at_start=not text, at_end=True))

    def _accepts(self, states: frozenset[int]) -> bool:
        return 0 in states

    def _remember(self, key: tuple[frozenset[int], str], following: frozenset[int]) -> None:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = following

    def _step(self, states: frozenset[int], char: str) -> frozenset[int]:
        reached: list[int] = []
        for index in states:
            node = self._nodes[index]
            if isinstance(node.what, _Chars) and node.what.accepts(char):
                reached += node.next
        return self._closure(reached, at_start=False, at_end=False)

    def _closure(self, states: Iterable[int], *, at_start: bool, at_end: bool) -> frozenset[int]:
        passed = {"", *("^" if at_start else ""), *("$" if at_end else "")}
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                if self._nodes[index].what in passed:
                    waiting += self._nodes[index].next
        return frozenset(found)


@lru_cache(maxsize=64)
def compiled(source: str) -> Pattern:
    """Return the pattern.

    Raises:
        PatternError: it cannot be understood, or is too large.
    """
    return Pattern(source)
