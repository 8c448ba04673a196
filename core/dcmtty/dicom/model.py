"""What a scan finds: instances, slices in order, series with their notes, and files that cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dcmtty.versions import next_version

if TYPE_CHECKING:
    from dcmtty.geometry.plane import Plane  # NumPy, which a list of series does without

NoteKind = Literal["gap", "duplicate", "mixed-orientation", "no-position", "no-frame-of-reference", "spacing", "other"]


@dataclass(frozen=True, slots=True, eq=False)
class FrameGeometry:
    """Geometry of one frame; single-frame images have exactly one."""

    plane: Plane | None
    """None when the header gives no usable plane."""
    reason: str = ""
    """Why there is no plane."""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the functional groups of an enhanced multi-frame image say of this frame; they go before the instance's."""


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One readable DICOM file, seen through its header."""

    path: Path
    size_bytes: int
    mtime_ns: int
    transfer_syntax_uid: str
    values: Mapping[str, tuple[str, ...]]
    """Keyword to the values of the top-level attribute as decoded text, e.g. `{"ImageType": ("ORIGINAL", "PRIMARY")}`.

    Not yet safe for a terminal.
    """
    frames: tuple[FrameGeometry, ...] = ()
    """Empty when the object has no image."""
    pixel_bytes: int = 0
    """Length of Pixel Data; -1 when it is encapsulated, 0 when there is none."""
    preamble: str = "clean"
    """`clean`, `none`, `dual-tiff`, `executable` or `other`."""
    referenced_series_uids: tuple[str, ...] = ()
    """Of an RTSTRUCT: the series it was drawn on."""
    warnings: tuple[str, ...] = ()

    def text(self, keyword: str) -> str:
        """Return the first value of the attribute, or an empty string."""
        values = self.values.get(keyword, ())
        return values[0] if values else ""

    def floats(self, keyword: str) -> tuple[float, ...]:
        """Return the values as numbers; empty when one of them is no number."""
        try:
            return tuple(float(value) for value in self.values.get(keyword, ()))
        except ValueError:
            return ()

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID (0008,0016), or empty."""
        return self.text("SOPClassUID")

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID (0008,0018), or empty."""
        return self.text("SOPInstanceUID")

    @property
    def modality(self) -> str:
        """Modality (0008,0060), or empty."""
        return self.text("Modality")

    @property
    def is_image(self) -> bool:
        """Whether the object has rows, columns and pixel data."""
        return bool(self.frames)


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One picture of a series: a frame of an instance, with its place."""

    instance: Instance
    frame: int
    """From 1."""
    plane: Plane | None
    position_mm: float | None
    """S . (X x Y) along the common normal of the series; None without a plane."""

    @property
    def geometry(self) -> FrameGeometry:
        """The geometry of the frame."""
        return self.instance.frames[self.frame - 1]

    def text(self, keyword: str) -> str:
        """Return the first value of the frame's attribute, else the instance's, else an empty string."""
        values = self.geometry.values.get(keyword, ())
        return values[0] if values else self.instance.text(keyword)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a user must know about a series."""

    kind: NoteKind
    text: str
    """One sentence, safe for a terminal."""
    slice_number: int = 0
    """The slice after which a gap comes, or that is a duplicate; 0 for the whole series."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The slices of one series (or of one part of a series that had to be split), in order along the normal."""

    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    modality: str
    slices: tuple[Slice, ...]
    part: str = ""
    """What this part of a split series is, e.g. `Echo Numbers 2`; empty for an unsplit series."""
    notes: tuple[Note, ...] = ()
    build_refusal: str = ""
    """Why no structure set may be built on it; empty when it may."""
    numbering_doubt: str = ""
    """Why slice numbers may not be those of the whole series (a file beside it cannot be read); empty when they are."""
    spacing_mm: float | None = None
    """The usual distance between neighbouring slices, None for one slice."""
    version: int = field(default_factory=next_version)

    @property
    def first(self) -> Instance:
        """The instance that speaks for the patient, study and series attributes."""
        return self.slices[0].instance

    @property
    def key(self) -> str:
        """A name that is unique in an archive."""
        return f"{self.series_uid}/{self.part}" if self.part else self.series_uid


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that stays in the list with the reason why it cannot be read."""

    path: Path
    reason: str
    """Safe for a terminal."""


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """Everything that a scan found, sorted by patient, study and series."""

    series: tuple[Series, ...] = ()
    """Image series."""
    structure_sets: tuple[Instance, ...] = ()
    others: tuple[Instance, ...] = ()
    """Readable objects that are neither images nor structure sets."""
    unreadable: tuple[Unreadable, ...] = ()
    skipped: int = 0
    """Files that are plainly something else (no DICOM at all) among those found in folders."""
    version: int = field(default_factory=next_version)
