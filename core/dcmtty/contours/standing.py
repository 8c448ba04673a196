"""How a structure set stands to the series that is shown: what the screen must say, and what it must not draw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dcmtty.contours.model import StructureSet
from dcmtty.contours.work import Work
from dcmtty.dicom.model import Series
from dcmtty.text import visible

OTHER_PATIENT = "the structure set is of another patient than the images"


@dataclass(frozen=True, slots=True)
class Standing:
    """True of one moment; everything is empty where there is no structure set."""

    read_only: str = ""
    """Why it may not be changed here; empty when it may."""
    is_elsewhere: bool = False
    """Whether it may be changed, but on its own series alone: one of its own can be begun on the series shown."""
    is_hidden: bool = False
    """Whether it must not be drawn on the series that is shown: another Frame of Reference."""
    banner: str = ""
    """What must stay on screen: that it belongs elsewhere, naming both, or why it is read-only."""
    unsaved: bool = False
    """Whether it has edits that no file has."""
    source_path: Path | None = None
    """The file that it was loaded from, as long as it is the same file: the base of a save."""
    journal_failure: str = ""
    """Why its edits are not journalled any more; empty while they are."""


def standing_of(work: Work | None, shown: Series | None) -> Standing:
    """Return how a work stands to the series that is shown."""
    if work is None:
        return Standing()
    structure_set = work.state.structure_set
    is_hidden = _is_hidden(structure_set, shown) or work.read_only == OTHER_PATIENT
    is_elsewhere = not work.read_only and not work.is_on(shown)
    belongs = _belongs_elsewhere(structure_set, shown)
    failure = work.journal.failure
    if work.read_only == OTHER_PATIENT:
        belongs = f"not drawn: {OTHER_PATIENT}"
    return Standing(
        read_only="the structure set was drawn on another series" if is_elsewhere else work.read_only,
        is_elsewhere=is_elsewhere,
        is_hidden=is_hidden,
        banner=belongs or (f"read-only: {work.read_only}" if work.read_only else ""),
        unsaved=work.unsaved,
        source_path=work.base.path if work.base is not None else None,
        journal_failure=str(failure) if failure is not None else "",
    )


def _is_hidden(structure_set: StructureSet, shown: Series | None) -> bool:
    return shown is not None and structure_set.frame_of_reference_uid != shown.frame_of_reference_uid


def _belongs_elsewhere(structure_set: StructureSet, shown: Series | None) -> str:
    """Say where the structure set belongs and what is shown instead; empty when that is the same."""
    if shown is None:
        return ""
    if _is_hidden(structure_set, shown):
        ours, theirs = visible(structure_set.frame_of_reference_uid, 64), visible(shown.frame_of_reference_uid, 64)
        return f"not drawn: the structure set is in Frame of Reference {ours}, the images are in {theirs}"
    if structure_set.series_uid != shown.series_uid:
        ours, theirs = visible(structure_set.series_uid, 64), visible(shown.series_uid, 64)
        return f"the structure set was drawn on series {ours}, shown is {theirs}"
    return ""
