"""What a journal looks like on disk: one JSON line per event, each with a check that chains it to all before it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from dcmtty.contours.encoding import Malformed, decode, encode
from dcmtty.contours.model import StructureSet
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError, JournalRefused
from dcmtty.files import open_regular, read_whole
from dcmtty.text import visible

SCHEMA = "dcmtty.journal/1"
FIRST_CHECK = "0" * 16
_LINE = re.compile(rb'\{"sequence":(\d{1,18}),"check":"([0-9a-f]{16})","event":(\{.*\})\}')

Event = dict[str, object]
"""`kind` is `header`, `do`, `undo`, `redo` or `saved`."""


@dataclass(frozen=True, slots=True, eq=False)
class JournalHeader:
    """What a session was about, so that it is given back on the same images alone."""

    created: str
    """ISO 8601 with time zone."""
    study_uid: str
    series_uid: str
    part: str
    """Which part of a split series; empty for an unsplit one."""
    frame_of_reference_uid: str
    sop_instance_uids: tuple[str, ...]
    """In sorted order of the slices."""
    geometry_sha256: str
    image_paths: tuple[str, ...]
    """The files of the series, absolute."""
    structure_set: StructureSet
    """As it was before the first edit."""
    base_path: str = ""
    """The RTSTRUCT it was loaded from, absolute; empty for a new one."""
    base_sha256: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """What is left of a journal: everything up to the first line that is not whole."""

    header: JournalHeader
    events: tuple[Event, ...]
    """Without the header."""
    complete: bool
    """False when a line is damaged, not merely cut off at the end: what came before it is here."""
    reason: str = ""
    """What is damaged, in plain words."""
    good_bytes: int = 0
    """Length of the part that is whole."""
    last_check: str = FIRST_CHECK


def geometry_sha256(series: Series) -> str:
    """Return the SHA-256 over the planes of all slices in order."""
    planes = [item.plane.fingerprint() if item.plane is not None else "none" for item in series.slices]
    return hashlib.sha256("\n".join(planes).encode()).hexdigest()


def header_of(
    series: Series, structure_set: StructureSet, created: str, base_path: Path | None, base_sha256: str
) -> JournalHeader:
    """Return the header of a journal that begins now."""
    return JournalHeader(
        created=created,
        study_uid=series.study_uid,
        series_uid=series.series_uid,
        part=series.part,
        frame_of_reference_uid=series.frame_of_reference_uid,
        sop_instance_uids=tuple(item.instance.sop_instance_uid for item in series.slices),
        geometry_sha256=geometry_sha256(series),
        image_paths=tuple(dict.fromkeys(str(item.instance.path.absolute()) for item in series.slices)),
        structure_set=structure_set,
        base_path=str(base_path.absolute()) if base_path is not None else "",
        base_sha256=base_sha256,
    )


def header_event(header: JournalHeader) -> Event:
    """Return the first event of a journal."""
    return {"kind": "header", "schema": SCHEMA, "header": encode(header)}


def line_of(sequence: int, event: Event, previous_check: str) -> tuple[bytes, str]:
    """Return the line of an event, and its check: SHA-256 over the check before it, its number and its text.

    Raises:
        ValueError: the event holds a number that is not finite.
    """
    body = json.dumps(event, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    check = _check(previous_check, sequence, body)
    return b'{"sequence":%d,"check":"%s","event":%s}\n' % (sequence, check.encode(), body), check


def _check(previous: str, sequence: int, body: bytes) -> str:
    return hashlib.sha256(b"%s %d " % (previous.encode(), sequence) + body).hexdigest()[:16]


def read_journal(path: Path) -> Recovered:
    """Read a journal; a last line that a crash cut off was never acknowledged and is dropped without a word.

    Raises:
        JournalRefused: not even the header is whole, or another version wrote it.
        InputError: the file cannot be read.
    """
    data = read_whole(path)
    events, good_bytes, check = _whole_lines(data)
    name = visible(path.name)
    if not events or events[0].get("kind") != "header":
        raise JournalRefused(f"{name}: the journal's first line is damaged", remedy="nothing can be recovered from it")
    if events[0].get("schema") != SCHEMA:
        raise JournalRefused(f"{name}: a journal of another version", remedy=f"use the dcmtty that wrote it ({SCHEMA})")
    try:
        header = decode(JournalHeader, events[0].get("header"))
    except Malformed as error:
        raise JournalRefused(f"{name}: the journal's header is malformed", remedy="nothing can be recovered") from error
    is_torn = _is_torn(data[good_bytes:], len(events), check)
    reason = "" if is_torn else f"line {len(events) + 1} is damaged; what came before it is kept"
    return Recovered(header, tuple(events[1:]), is_torn, reason, good_bytes, check)


def _whole_lines(data: bytes) -> tuple[list[Event], int, str]:
    """Return the events of the lines that are whole, how many bytes they take, and the last check."""
    events: list[Event] = []
    start, check = 0, FIRST_CHECK
    while (end := data.find(b"\n", start)) >= 0:
        body = _body_of(data[start:end], len(events), check)
        if body is None:
            break
        check = _check(check, len(events), body)
        events.append(json.loads(body))
        start = end + 1
    return events, start, check


def _body_of(line: bytes, sequence: int, previous_check: str) -> bytes | None:
    """Return the event's text of a line without its end; None when it is not that whole line."""
    found = _LINE.fullmatch(line)
    if found is None or int(found[1]) != sequence:
        return None
    return found[3] if _check(previous_check, sequence, found[3]).encode() == found[2] else None


def _is_torn(rest: bytes, sequence: int, previous_check: str) -> bool:
    """Say whether what is left is what a crash leaves: nothing, or the beginning of a line.

    A whole line whose end alone is gone was acknowledged and then damaged, as was one with bytes that no line has.
    """
    opening = b'{"sequence":%d,"check":"' % sequence
    whole = rest[: rest.rfind(b"}}") + 2]
    if _body_of(whole, sequence, previous_check) is not None:
        return False
    is_beginning = rest.startswith(opening) or opening.startswith(rest)
    return is_beginning and rest.isascii() and rest.decode("ascii").isprintable()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; empty when it is not there any more."""
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (InputError, OSError):
        return ""
