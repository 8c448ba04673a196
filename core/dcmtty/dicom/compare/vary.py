"""Which attributes vary across the files of a series, and how: one pass over the headers, each file read once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcmtty.dicom.beginning import begin
from dcmtty.dicom.compare.gather import Gatherer, goes_into
from dcmtty.dicom.compare.model import DEFAULT_OPTIONS, Options
from dcmtty.dicom.compare.slots import Budget
from dcmtty.dicom.compare.trends import Attribute, attributes_of, order_of
from dcmtty.dicom.element import Element
from dcmtty.dicom.model import Unreadable
from dcmtty.dicom.source import Source, open_source
from dcmtty.dicom.walker import Walk
from dcmtty.errors import InputError, NotDicom
from dcmtty.progress import Progress
from dcmtty.text import visible

MOST_ELEMENTS = 500_000
"""Of one file; what comes behind is told as damage is."""
_MEDIA_DIRECTORY = b"1.2.840.10008.1.3.10"
_SERIES, _STUDY = 0x0020000E, 0x0020000D
_LONGEST_UID_BYTES = 128


@dataclass(frozen=True, slots=True, eq=False)
class Variation:
    """How the attributes of the files of one series vary."""

    series_uid: str
    """Not yet safe for a terminal; empty where the files have none."""
    files: tuple[Path, ...]
    """In the order in which progressions are judged."""
    ordered_by: str
    """`position`, `Instance Number`, `file name` or `given`."""
    attributes: tuple[Attribute, ...]
    """In the order of tags; the file meta information first."""
    preambles: tuple[tuple[str, int], ...]
    """The states of preambles, and how many files have each."""
    damaged: tuple[Unreadable, ...] = ()
    """Files that could be read in part; what could be read of them counts."""
    notes: tuple[str, ...] = ()
    """What the variation does not tell; safe for a terminal."""


@dataclass(frozen=True, slots=True, eq=False)
class Variations:
    """What was found in a set of files."""

    series: tuple[Variation, ...]
    unreadable: tuple[Unreadable, ...] = ()
    skipped: int = 0
    """Files that are no DICOM object."""


@dataclass(slots=True)
class _Series:
    """One series while its files are read."""

    gatherer: Gatherer
    files: list[Path] = field(default_factory=list)
    preambles: dict[str, int] = field(default_factory=dict)
    preamble: str = ""
    """Of the file that was walked last."""
    damaged: list[Unreadable] = field(default_factory=list)


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    series: dict[str, _Series] = field(default_factory=dict)
    last: _Series | None = None
    """The series of the latest file."""


def vary(
    paths: Iterable[Path],
    options: Options = DEFAULT_OPTIONS,
    progress: Progress | None = None,
    *,
    total: int = 0,
    is_one: bool = False,
    is_ordered: bool = False,
) -> Variations:
    """Read files once each and tell, series by series, how their attributes vary.

    Args:
        paths: the files; each is opened when its turn comes.
        options: what is left out, and whether long values are digested instead of measured.
        progress: told of every file; may cancel.
        total: how many files there are, for the progress.
        is_one: whether the files are to be taken for one series, whatever they say.
        is_ordered: whether the files come in the order in which steps are to be judged.

    Raises:
        Cancelled: the user stopped it.
    """
    progress = progress or Progress()
    found = _Found()
    unreadable: list[Unreadable] = []
    skipped = 0
    budget = Budget()
    for done, path in enumerate(paths):
        progress.step(done, max(total, done), "files", "comparing")
        try:
            with open_source(path) as source:
                skipped += not _take(source, found, Gatherer(budget, options), is_one=is_one)
        except NotDicom:
            skipped += 1
        except InputError as error:
            unreadable.append(_refused(path, error))
    series = [_variation(uid, one, is_ordered=is_ordered) for uid, one in found.series.items()]
    progress.step(total, total, "files", "comparing")
    return Variations(tuple(series), tuple(unreadable), skipped)


def _refused(path: Path, error: InputError) -> Unreadable:
    return Unreadable(path, error.message.removeprefix(f"{visible(path)}: "))


def _take(source: Source, found: _Found, fresh: Gatherer, *, is_one: bool) -> bool:
    """Take one file into the series it belongs to; false for a media directory, which belongs to none."""
    last = found.last
    if last is not None and last.gatherer.take_like_last(source):
        last.files.append(source.path)
        last.preambles[last.preamble] += 1
        return True
    beginning = begin(source)
    meta = beginning.meta
    if any(element.tag == 0x00020002 and _raw(source, element) == _MEDIA_DIRECTORY for element in meta):
        return False
    data_set = beginning.source
    walk = Walk(data_set, beginning.offset, data_set.size, beginning.encoding, enter=goes_into)
    elements, damage = _walked(walk)
    uid = "" if is_one else _series_uid(data_set, elements)
    series = found.last = found.series.setdefault(uid, _Series(fresh))
    end = -1 if damage is not None or walk.padding_bytes or walk.stray_items else walk.offset
    series.gatherer.take(source, meta, data_set, elements, walk.offset, is_plain=end == source.size)
    series.files.append(source.path)
    series.preamble = beginning.preamble
    series.preambles[beginning.preamble] = series.preambles.get(beginning.preamble, 0) + 1
    if damage is not None:
        series.damaged.append(_refused(source.path, damage))
    return True


def _walked(walk: Walk) -> tuple[list[Element], InputError | None]:
    """Return the elements of a data set, and why there may be more."""
    elements: list[Element] = []
    try:
        while (element := walk.step()) is not None:
            elements.append(element)
            if len(elements) >= MOST_ELEMENTS:
                name = walk.source.name
                return elements, InputError(f"{name}: more than {MOST_ELEMENTS} elements", remedy="not read further")
    except InputError as error:
        return elements, error
    return elements, None


def _series_uid(source: Source, elements: Sequence[Element]) -> str:
    """Return the Series Instance UID of a data set, or else its Study Instance UID."""
    uid = ""
    for element in elements:
        if element.tag > _SERIES and not element.depth:
            break
        if not element.depth and element.tag in {_SERIES, _STUDY}:
            uid = _raw(source, element).decode("latin-1")
    return uid


def _raw(source: Source, element: Element) -> bytes:
    if element.length > _LONGEST_UID_BYTES:
        return b""
    return source.read(element.value_offset, element.length).rstrip(b"\0 ")


def _variation(uid: str, series: _Series, *, is_ordered: bool) -> Variation:
    gatherer, files = series.gatherer, series.files
    gatherer.settle()
    order, ordered_by = (list(range(len(files))), "given") if is_ordered else order_of(gatherer, files)
    attributes = attributes_of(gatherer, order)
    notes = []
    if gatherer.budget.left_out:
        notes.append("there are more attributes than are told apart; those of further items were left out")
    if any(one.is_capped for one in attributes):
        notes.append("there are more distinct values than are told apart; counts with + say at least so many")
    if any(one.is_measured for one in attributes):
        notes.append("long values, as those of pixels, were compared by their length alone")
    return Variation(
        uid,
        tuple(files[index] for index in order),
        ordered_by,
        attributes,
        tuple(sorted(series.preambles.items())),
        tuple(series.damaged),
        tuple(notes),
    )
