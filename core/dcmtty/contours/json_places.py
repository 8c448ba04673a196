"""Where in a JSON document a value stands, so that a wrong one can be named by its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecoder

Steps = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""
_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^,\]}\s]+")
_MARK = re.compile(r"[\"\[\]{}]")
_DECODER = JSONDecoder()


def key_of(text: str) -> str:
    """Return a key as it is compared: `Geometric Type` is `geometric_type`."""
    return text.strip().lower().replace(" ", "_")


def offset(text: str, steps: Steps) -> int:
    """Return where the value at a path of a well-formed document starts, or the last part of the path that is there."""
    at = _skip(text, 0)
    for step in steps:
        found = next((place for key, place in members(text, at) if key == step), None)
        if found is None:
            return at
        at = found
    return at


def members(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """Yield key or index, and offset, of what the list or object that starts at `at` holds."""
    opening, at, index = text[at : at + 1], _skip(text, at + 1), 0
    while opening and opening in "[{" and at < len(text) and text[at] not in "]}":
        key: str | int = index
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            key = key_of(str(name))
            at = _skip(text, _skip(text, at) + 1)
        yield key, at
        at = _skip(text, _end(text, at))
        at = _skip(text, at + 1) if text[at] == "," else at
        index += 1


def repeated_key(text: str) -> tuple[str, int] | None:
    """Return a key that an object of a well-formed document has twice, and where its second value starts."""
    waiting = [_skip(text, 0)]
    while waiting:
        at = waiting.pop()
        seen: set[str | int] = set()
        for key, place in members(text, at):
            if key in seen:
                return str(key), place
            seen.add(key)
            waiting.append(place)
    return None


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _end(text: str, at: int) -> int:
    """Return the offset behind the value that starts at `at`."""
    if text[at] == '"':
        return _DECODER.raw_decode(text, at)[1]
    if text[at] not in "[{":
        found = _SCALAR.match(text, at)
        return found.end() if found else at + 1
    depth, mark = 0, _MARK.search(text, at)
    while mark is not None:
        at = _end(text, mark.start()) if mark.group() == '"' else mark.end()
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark.group(), 0)
        if depth == 0:
            break
        mark = _MARK.search(text, at)
    return at
