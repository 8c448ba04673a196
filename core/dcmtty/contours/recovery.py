"""From a journal back to the work: its events are done again, and the images are compared with those it was about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dcmtty.contours.draft import EditState
from dcmtty.contours.encoding import Malformed, decode_edit
from dcmtty.contours.history import History
from dcmtty.contours.journal import JournalEntry, list_journals
from dcmtty.contours.journal_format import Event, JournalHeader, Recovered, file_sha256, geometry_sha256
from dcmtty.contours.model import StructureSet
from dcmtty.dicom.listing import SeriesEntry
from dcmtty.dicom.model import Series
from dcmtty.errors import InputError

Named = TypeVar("Named", Series, SeriesEntry)


@dataclass(frozen=True, slots=True)
class Base:
    """The file that a structure set was loaded from, so that another file under its name is noticed."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What the events of a journal give."""

    history: History
    edits: int
    """How many edits stand, i.e. were done and not undone."""
    events: tuple[Event, ...]
    """Those that could be done again."""
    saved: StructureSet
    """The structure set as it was saved last, or as it was at the beginning."""
    reason: str = ""
    """Why some events could not be done again; empty when all were."""

    @property
    def is_saved(self) -> bool:
        """Whether the work as it stands is in a file."""
        present = self.history.present
        drawing = present.draft is not None and bool(present.draft.points)
        return not drawing and present.structure_set is self.saved


def replay(recovered: Recovered) -> Replay:
    """Do everything again that a journal holds, as far as it goes."""
    start = recovered.header.structure_set
    history, saved = History(EditState(start)), start
    done: list[Event] = []
    reason = recovered.reason
    for event in recovered.events:
        try:
            if event.get("kind") == "saved":
                saved = history.present.structure_set if event.get("is_present") is True else saved
            else:
                history = _again(history, event)
        except (InputError, Malformed) as error:
            reason = f"event {len(done) + 1} cannot be done again ({error}); what came before it is kept"
            break
        done.append(event)
    return Replay(history, _depth(history), tuple(done), saved, reason)


def _again(history: History, event: Event) -> History:
    kind = event.get("kind")
    if kind == "undo":
        return history.undo()
    if kind == "redo":
        return history.redo()
    if kind != "do":
        raise Malformed("an event of an unknown kind")
    return history.do(decode_edit(event.get("edit")))


def _depth(history: History) -> int:
    depth, link = 0, history.past
    while link is not None:
        depth, link = depth + 1, link[0]
    return depth


def find_series(header: JournalHeader, among: Iterable[Named]) -> Named | None:
    """Return the series, or the line of a list, that a journal was about, by its UID and its part."""
    held = [series for series in among if series.series_uid == header.series_uid]
    return next((series for series in held if series.part == header.part), held[0] if held else None)


def differences(header: JournalHeader, series: Series | None) -> str:
    """Say how the images differ from those of a journal, in plain words; empty when they do not."""
    if series is None:
        return f"series {header.series_uid} is not among the images opened"
    found: list[str] = []
    if series.part != header.part:
        found.append(f"the series was split as “{header.part or 'one'}” and is now “{series.part or 'one'}”")
    if series.frame_of_reference_uid != header.frame_of_reference_uid:
        found.append("the Frame of Reference UID is another one")
    uids = tuple(item.instance.sop_instance_uid for item in series.slices)
    if uids != header.sop_instance_uids:
        missing, extra = len(set(header.sop_instance_uids) - set(uids)), len(set(uids) - set(header.sop_instance_uids))
        others = f"{missing} images are missing and {extra} are new"
        found.append(others if missing or extra else "the slices are in another order")
    elif geometry_sha256(series) != header.geometry_sha256:
        found.append("the image planes lie elsewhere")
    return ", ".join(found)


def base_left(header: JournalHeader) -> tuple[Base | None, str]:
    """Return the file that the structure set was loaded from, or a sentence that says that it is no longer the same."""
    if not header.base_path:
        return None, ""
    path = Path(header.base_path)
    if file_sha256(path) == header.base_sha256:
        return Base(path, header.base_sha256), ""
    return None, "the structure set it was loaded from is gone or changed: it is saved as a new one"


def left_behind(folder: Path) -> tuple[JournalEntry, ...]:
    """Return the journals of a folder whose edits are in no file, also those in use or damaged; the oldest first."""
    entries = list_journals(folder)
    return tuple(entry for entry in entries if entry.recovered is None or not replay(entry.recovered).is_saved)


def offered(folder: Path) -> tuple[JournalEntry, ...]:
    """Return the journals that can be taken up: with edits that are in no file, and nobody works with them."""
    return tuple(entry for entry in left_behind(folder) if entry.state != "in use" and entry.recovered is not None)
