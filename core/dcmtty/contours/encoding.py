"""Frozen values as plain JSON and back, driven by their own type hints, so that a journal forgets no field."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from dcmtty.contours.edit import Edit
from dcmtty.contours.model import frozen_points

_T = TypeVar("_T")
_NOT_WRITTEN = "version"
_EDITS: dict[str, type[Edit]] = {kind.kind: kind for kind in get_args(Edit)}


class Malformed(ValueError):
    """Plain data that are not what the type asks for."""


def encode(value: object) -> object:
    """Return a value as dicts, lists, texts and numbers; versions are left out, since they number one process alone."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (item.name for item in dataclasses.fields(value) if item.name != _NOT_WRITTEN)
        return {name: encode(getattr(value, name)) for name in names}
    return value


def decode(kind: type[_T], data: object) -> _T:
    """Return the value of a dataclass that plain data describe; fields that are missing keep their defaults.

    Raises:
        Malformed: the data do not fit the type.
    """
    value = _decoded(kind, data)
    if not isinstance(value, kind):
        raise Malformed(kind.__name__)
    return value


def encode_edit(edit: Edit) -> dict[str, object]:
    """Return an edit as plain data with its kind."""
    fields = encode(edit)
    return {"kind": edit.kind, **(fields if isinstance(fields, dict) else {})}


def decode_edit(data: object) -> Edit:
    """Return the edit that plain data describe.

    Raises:
        Malformed: the kind is unknown, or the data do not fit it.
    """
    kind = _EDITS.get(str(data.get("kind"))) if isinstance(data, Mapping) else None
    if kind is None or not isinstance(data, Mapping):
        raise Malformed("edit of an unknown kind")
    return decode(kind, {key: value for key, value in data.items() if key != "kind"})


@lru_cache(maxsize=64)
def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = (item.name for item in dataclasses.fields(kind))
    return {name: hints[name] for name in names if name != _NOT_WRITTEN}


def _decoded(kind: Any, data: object) -> object:  # noqa: ANN401 - a type hint is no type
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        options = [option for option in get_args(kind) if option is not type(None)]
        return None if data is None else _decoded(options[0], data)
    if origin is tuple:
        return _tuple(get_args(kind), data)
    if origin is np.ndarray:
        return _points(data)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _dataclass(kind, data)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if not isinstance(data, str) or data not in list(kind):
            raise Malformed(kind.__name__)
        return kind(data)
    return _scalar(kind, data)


def _scalar(kind: Any, data: object) -> object:  # noqa: ANN401 - a type hint is no type
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if kind not in {int, str, bool} or type(data) is not kind:
        raise Malformed(f"{type(data).__name__} for {kind}")
    return data


def _tuple(hints: Sequence[Any], data: object) -> tuple[object, ...]:
    if not isinstance(data, list):
        raise Malformed("list")
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_decoded(hints[0], item) for item in data)
    if len(data) != len(hints):
        raise Malformed("length of a list")
    return tuple(_decoded(hint, item) for hint, item in zip(hints, data, strict=True))


def _points(data: object) -> object:
    try:
        array = np.array(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise Malformed("points") from error
    if (array.size and (array.ndim != 2 or array.shape[1] != 3)) or not np.isfinite(array).all():
        raise Malformed("points")
    return frozen_points(array)


def _dataclass(kind: type[Any], data: object) -> object:
    hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable, whatever its stub says
    if not isinstance(data, dict) or not set(data) <= set(hints):
        raise Malformed(kind.__name__)
    values = {str(name): _decoded(hints[str(name)], item) for name, item in data.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise Malformed(kind.__name__) from error
