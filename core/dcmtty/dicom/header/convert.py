"""The bytes of a wanted attribute as text, with short ways for the values that change from file to file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dcmtty.dicom.values import TEXT_VRS, values_of

Value = str | tuple[str, ...] | None
"""Of an attribute: its values joined by a backslash (None when empty), or as a tuple."""
Convert = Callable[[bytes], Value]

_MOST_KEPT = 10_000
_STRIPPED_BOTH_SIDES = frozenset({"DS", "IS"})
_STRIPPED_BEHIND = frozenset({"UI", "DA", "TM", "DT"})


def joined(values: tuple[str, ...] | None) -> str | None:
    """Return values joined by a backslash; None where there is none."""
    return "\\".join(values) if values else None


def converter(vr: str, encodings: Sequence[str], *, as_text: bool) -> Convert:
    """Return a function that makes of a value's bytes what `values_of` makes of them, in little endian."""
    if as_text and vr in _STRIPPED_BOTH_SIDES | _STRIPPED_BEHIND:
        return _stripped(vr)
    if as_text and vr == "US":
        return _unsigned
    return _Kept(vr, tuple(encodings), as_text=as_text)


class _Kept:
    """Converts, and keeps the answers: most values come again in the next file."""

    __slots__ = ("_as_text", "_encodings", "_kept", "_vr")

    def __init__(self, vr: str, encodings: tuple[str, ...], *, as_text: bool) -> None:
        self._vr = vr
        self._encodings = encodings
        self._as_text = as_text
        self._kept: dict[bytes, Value] = {}

    def __call__(self, raw: bytes) -> Value:
        kept = self._kept
        value = kept.get(raw, kept)
        if value is not kept:
            return value  # type: ignore[return-value]  # not the dictionary, so a value
        values = values_of(raw, self._vr, encodings=self._encodings)
        if len(kept) > _MOST_KEPT:
            kept.clear()
        kept[raw] = made = joined(values) if self._as_text else values
        return made


def _stripped(vr: str) -> Convert:
    is_both = vr in _STRIPPED_BOTH_SIDES

    def convert(raw: bytes) -> Value:
        text = raw.decode("latin-1").strip("\0 ") if is_both else raw.decode("latin-1").rstrip("\0 ")
        if not text or " " in text or "\0" in text or "\\" in text[:1] or "\x1b" in text:
            return joined(values_of(raw, vr))
        return text

    return convert


def _unsigned(raw: bytes) -> Value:
    return str(int.from_bytes(raw, "little")) if len(raw) == 2 else joined(values_of(raw, "US"))


def is_text(vr: str) -> bool:
    """Say whether Specific Character Set applies to the value representation."""
    return vr in TEXT_VRS
