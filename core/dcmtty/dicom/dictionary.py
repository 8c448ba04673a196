"""Names and value representations of tags, from pydicom's dictionaries (PS3.6), loaded only when they are needed."""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?\s?([0-9A-Fa-f]{4})\)?")
_MARKS = {0xFFFEE000: "Item", 0xFFFEE00D: "ItemDelimitationItem", 0xFFFEE0DD: "SequenceDelimitationItem"}


@cache
def _table(module: str, name: str) -> Any:  # noqa: ANN401 - pydicom's tables have types of their own
    """Return a table of pydicom; its module is loaded alone: pydicom's import takes longer than most commands."""
    package = find_spec("pydicom")
    loaded = sys.modules.get(f"pydicom.{module}")
    if loaded is None and package is not None:
        spec = PathFinder.find_spec(module, package.submodule_search_locations)
        if spec is not None and spec.loader is not None:
            loaded = module_from_spec(spec)
            spec.loader.exec_module(loaded)
    return getattr(loaded or import_module(f"pydicom.{module}"), name)


@cache
def _repeaters() -> list[tuple[int, int, tuple[str, ...]]]:
    """Return the repeating groups of PS3.6 as mask, value under the mask, and entry."""
    return [
        (int("".join("F0"[char == "x"] for char in key), 16), int(key.replace("x", "0"), 16), entry)
        for key, entry in _table("_dicom_dict", "RepeatersDictionary").items()
    ]


@lru_cache(maxsize=4096)
def _entry(tag: int) -> tuple[str, ...] | None:
    """Return VR, VM, name, whether retired, and keyword of a standard tag, or None."""
    entry: tuple[str, ...] | None = _table("_dicom_dict", "DicomDictionary").get(tag)
    if entry is None and not is_private(tag):
        entry = next((found for mask, value, found in _repeaters() if tag & mask == value), None)
    return entry


@lru_cache(maxsize=4096)
def _private_entry(tag: int, creator: str) -> tuple[str, ...] | None:
    """Return VR, VM, name and whether retired from the dictionary of a private creator, or None."""
    entries = _table("_private_dict", "private_dictionaries").get(creator, {})
    group, number = f"{tag >> 16:04X}", f"{tag & 0xFFFF:04X}"
    keys = (group + number, f"{group}xx{number[2:]}", f"{group[:2]}xxxx{number[2:]}")
    return next((entries[key] for key in keys if key in entries), None)


def tag_text(tag: int) -> str:
    """Return a tag as `gggg,eeee`."""
    return f"{tag >> 16:04X},{tag & 0xFFFF:04X}"


def is_private(tag: int) -> bool:
    """Say whether the tag belongs to a private group (PS3.5 7.8)."""
    return bool(tag >> 16 & 1)


@lru_cache(maxsize=4096)
def vr_of(tag: int) -> str:
    """Return the value representation of a standard tag, `UN` when it is not in the dictionary.

    Where the dictionary allows several, the first is taken, or `OW` for pixel and look-up data.
    """
    if tag in _MARKS:
        return ""
    if not tag & 0xFFFF:
        return "UL"
    if is_private(tag):
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    entry = _entry(tag)
    if entry is None:
        return "UN"
    choices = entry[0].split(" or ")
    return "OW" if "OW" in choices else choices[0]


@lru_cache(maxsize=4096)
def may_be_signed(tag: int) -> bool:
    """Say whether Pixel Representation decides between US and SS (PS3.6, PS3.5 A.1)."""
    entry = _entry(tag)
    return entry is not None and "SS" in entry[0].split(" or ")


@lru_cache(maxsize=4096)
def keyword_of(tag: int) -> str:
    """Return the keyword of a standard tag, an empty string when there is none."""
    if tag in _MARKS:
        return _MARKS[tag]
    entry = _entry(tag)
    return "" if entry is None else entry[4]


@lru_cache(maxsize=4096)
def name_of(tag: int, creator: str = "") -> str:
    """Return the name of a tag; for a private one that of its creator's dictionary, in brackets, when it is known."""
    if not is_private(tag):
        entry = _entry(tag)
        return "Group Length" if not tag & 0xFFFF else "Unknown" if entry is None else entry[2]
    if 0x10 <= tag & 0xFFFF <= 0xFF:
        return "Private Creator"
    found = _private_entry(tag, creator)
    return "Private" if found is None else f"[{found[2]}]"


@lru_cache(maxsize=4096)
def private_vr_of(tag: int, creator: str) -> str:
    """Return the value representation of a private tag by its creator's dictionary, or `UN`."""
    found = _private_entry(tag, creator)
    return "UN" if found is None else found[0].split(" or ", maxsplit=1)[0]


@lru_cache(maxsize=4096)
def uid_name(uid: str) -> str:
    """Return the name of a UID of PS3.6 Annex A, or an empty string."""
    entry = _table("_uid_dict", "UID_dictionary").get(uid)
    return "" if entry is None else str(entry[0])


@cache
def _keywords() -> dict[str, int]:
    table = _table("_dicom_dict", "DicomDictionary")
    return {entry[4]: tag for tag, entry in table.items()}


def tag_of(text: str) -> int | None:
    """Return the tag that a keyword, `gggg,eeee`, `(gggg,eeee)` or `ggggeeee` names, or None."""
    match = _TAG.fullmatch(text.strip())
    if match:
        return int(match[1], 16) << 16 | int(match[2], 16)
    return _keywords().get(text.strip()) if text.strip() else None
