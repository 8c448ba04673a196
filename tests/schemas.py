"""Checks printed JSON against docs/schemas: the part of JSON Schema 2020-12 that those files use, and no more."""

import json
import re
from typing import Any, Final

from checkout import CHECKOUT

_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}
_UNDERSTOOD: Final = frozenset(
    [
        "$schema",
        "$id",
        "title",
        "description",
        "type",
        "const",
        "enum",
        "required",
        "properties",
        "additionalProperties",
        "items",
        "pattern",
        "minimum",
    ]
)


def assert_follows_schema(value: object, name: str) -> None:
    """Fail unless the value follows docs/schemas/NAME.json."""
    schema = json.loads((CHECKOUT / "docs" / "schemas" / f"{name}.json").read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    _check(value, schema, name)


def _is_of(value: object, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and not (kind in {"integer", "number"} and isinstance(value, bool))


def _check(value: Any, schema: dict[str, Any], where: str) -> None:  # noqa: ANN401 - any JSON
    assert not schema.keys() - _UNDERSTOOD, f"{where}: this checker does not know {schema.keys() - _UNDERSTOOD}"
    if "const" in schema:
        assert value == schema["const"], f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r} is none of {schema['enum']}"
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(_is_of(value, kind) for kind in kinds), f"{where}: {value!r} is no {kinds}"
    if "pattern" in schema and isinstance(value, str):
        assert re.search(schema["pattern"], value), f"{where}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema:
        assert value >= schema["minimum"], f"{where}: {value} is less than {schema['minimum']}"
    if isinstance(value, dict):
        _check_object(value, schema, where)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            _check(item, schema["items"], f"{where}[{index}]")


def _check_object(value: dict[str, Any], schema: dict[str, Any], where: str) -> None:
    properties = schema.get("properties", {})
    missing = set(schema.get("required", ())) - value.keys()
    assert not missing, f"{where}: {missing} missing"
    if schema.get("additionalProperties") is False:
        assert not value.keys() - properties.keys(), f"{where}: {value.keys() - properties.keys()} not in the schema"
    for key, item in value.items():
        if key in properties:
            _check(item, properties[key], f"{where}.{key}")
