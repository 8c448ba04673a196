"""The bytes of a value as text, by value representation (PS3.5 6.2): the same text in every encoding."""

from __future__ import annotations

from collections.abc import Sequence
from struct import error, unpack

from dcmtty.dicom.charset import DEFAULT, decoded
from dcmtty.dicom.dictionary import tag_text
from dcmtty.dicom.iso2022 import NAME_DELIMITERS, PLAIN_DELIMITERS, VALUE_DELIMITERS

TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Value representations that Specific Character Set applies to."""
ONE_VALUE_VRS = frozenset({"LT", "ST", "UT", "UR"})
"""Text in which a backslash is a backslash."""
STRING_VRS = TEXT_VRS | {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"}
NUMBER_FORMATS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
NUMBER_BYTES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8, "AT": 4}


def values_of(raw: bytes, vr: str, *, big: bool = False, encodings: Sequence[str] = DEFAULT) -> tuple[str, ...]:
    """Return the values as text; empty for an empty value, and for binary data.

    Numbers read back as the same numbers, 32-bit ones as their double; a binary number cut short is left out.
    """
    if not raw:
        return ()
    if vr in NUMBER_BYTES:
        return _numbers(raw, vr, big=big)
    if vr not in STRING_VRS:
        return ()
    delimiters = NAME_DELIMITERS if vr == "PN" else PLAIN_DELIMITERS if vr in ONE_VALUE_VRS else VALUE_DELIMITERS
    text = decoded(raw, encodings, delimiters) if vr in TEXT_VRS else raw.decode(DEFAULT[0])
    if vr in ONE_VALUE_VRS:
        text = text.rstrip("\0 ")
        return (text,) if text else ()
    if vr in {"DS", "IS", "AE", "UI"}:
        text = text.strip("\0 ")
        parts = text.split("\\")
        if " " in text or "\0" in text:
            parts = [part.strip("\0 ") for part in parts]
    elif vr in {"LO", "SH", "UC", "DA", "TM", "DT"}:
        parts = [part.rstrip("\0 ") for part in text.split("\\")]
    elif vr == "PN":
        parts = [part.rstrip("=") for part in text.rstrip("\0 ").split("\\")]
    else:
        parts = text.rstrip("\0 ").split("\\")
    return tuple(parts) if any(parts) else ()


def comparable(keyword: str, text: str) -> str:
    """Return what of an identifying value counts when images are compared (PS3.5 6.2, 6.2.1).

    Spaces around it never do; of a name, neither do empty components at its end nor the case of letters.
    """
    if keyword != "PatientName":
        return text.strip()
    return "=".join(group.rstrip("^ ") for group in text.split("=")).strip("= ").casefold()


def _numbers(raw: bytes, vr: str, *, big: bool) -> tuple[str, ...]:
    count = len(raw) // NUMBER_BYTES[vr]
    order = ">" if big else "<"
    try:
        if vr == "AT":
            halves = unpack(f"{order}{2 * count}H", raw[: 4 * count])
            pairs = zip(halves[::2], halves[1::2], strict=True)
            return tuple(tag_text(group << 16 | number) for group, number in pairs)
        numbers = unpack(f"{order}{count}{NUMBER_FORMATS[vr]}", raw[: count * NUMBER_BYTES[vr]])
    except error:
        return ()
    return tuple(repr(number) for number in numbers)
