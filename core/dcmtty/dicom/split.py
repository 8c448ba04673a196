"""How a series whose slices do not form one stack is taken apart, so that each part does."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations

import numpy as np

from dcmtty.dicom.model import Slice
from dcmtty.geometry.orientation import plane_name
from dcmtty.geometry.plane import Plane
from dcmtty.text import visible

MAX_STACKS = 6
"""More orientations, or more picture sizes, are not taken apart: the series is no stack (radial, rotational)."""
_SAME_SPACING_RATIO = 1e-3
_NAME_LIMIT = 40
_SEPARATORS = (
    ("Acquisition Number", ("FrameAcquisitionNumber", "AcquisitionNumber")),
    ("Temporal Position", ("TemporalPositionIndex", "TemporalPositionIdentifier")),
    ("Trigger Time", ("NominalCardiacTriggerDelayTime", "TriggerTime")),
    ("Echo Numbers", ("EchoNumbers",)),
    ("Echo Time", ("EffectiveEchoTime", "EchoTime")),
    ("b-value", ("DiffusionBValue",)),
    ("Image Type", ("FrameType", "ImageType")),
    ("Stack ID", ("StackID",)),
    ("Segment", ("ReferencedSegmentNumber",)),
)
"""What tells slices at one position apart, tried in this order: a name, and the attributes of the frame or instance."""

_Label = tuple[tuple[str, str], ...]

Named = list[tuple[str, list[Slice]]]
"""Parts of a series, each with what it is."""


def by_value(slices: Sequence[Slice], value: Callable[[Slice], Hashable], name: Callable[[int, int], str]) -> Named:
    """Part slices by a value; `name(number, count)` names a part. One part without a name when all are alike."""
    parts: dict[Hashable, list[Slice]] = defaultdict(list)
    for slice_ in slices:
        parts[value(slice_)].append(slice_)
    if len(parts) == 1:
        return [("", list(slices))]
    return [(name(number, len(parts)), parts[key]) for number, key in enumerate(sorted(parts, key=str), start=1)]


def by_orientation(slices: Sequence[Slice]) -> Named | None:
    """Part slices by the orientation of their planes, the largest part first; None when there are too many."""
    stacks = _clusters(slices, lambda one, other: one.same_orientation(other))
    if len(stacks) > MAX_STACKS:
        return None
    stacks.sort(key=lambda stack: -len(stack))
    loose = [slice_ for slice_ in slices if slice_.plane is None]
    names = _numbered([plane_name(_plane(stack[0]).normal) for stack in stacks] + ["no position"] * bool(loose))
    parts = list(zip(names, [*stacks, *([loose] if loose else [])], strict=True))
    return parts if len(parts) > 1 else [("", list(slices))]


def by_grid(slices: Sequence[Slice]) -> Named | None:
    """Part slices with planes by rows, columns and pixel spacing; None when there are too many kinds."""
    if any(slice_.plane is None for slice_ in slices):
        return [("", list(slices))]
    stacks = _clusters(slices, _same_grid)
    if len(stacks) > MAX_STACKS:
        return None
    if len(stacks) == 1:
        return [("", list(slices))]
    stacks.sort(key=lambda stack: -len(stack))
    return list(zip(_numbered([_grid_name(_plane(stack[0])) for stack in stacks]), stacks, strict=True))


def by_attribute(slices: Sequence[Slice], places: Sequence[int]) -> Named:
    """Part slices in order, some of them at one place, by what tells these apart.

    The first attribute, or combination of two or three, is taken that leaves no place with two images in any part;
    where none does, all that are plausible, if at least one part becomes a stack. One part when nothing helps.
    """
    images = [(slice_.instance.sop_instance_uid or str(slice_.instance.path), slice_.frame) for slice_ in slices]
    at_place: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for place, image in zip(places, images, strict=True):
        at_place[place].add(image)
    most = max(len(found) for found in at_place.values())
    if most == 1:
        return [("", list(slices))]
    columns = [(name, labels) for name, keys in _SEPARATORS if len(set(labels := _labels(slices, keys))) > 1]
    for size in (1, 2, 3):
        for chosen in combinations(columns, size):
            joined = _joined(chosen)
            if _is_plausible(joined, most) and all(_is_stack(joined, places, images).values()):
                return _parts(slices, joined)
    ranked = _trigger_ranks(slices, places, most)
    if ranked:
        return _parts(slices, ranked)
    partial = _joined([column for column in columns if len(set(column[1])) <= most])
    if partial and len(set(partial)) <= most and any(_is_stack(partial, places, images).values()):
        return _parts(slices, partial)
    return [("", list(slices))]


def _labels(slices: Sequence[Slice], keywords: Sequence[str]) -> list[str]:
    return ["\\".join(_values(slice_, keywords)) for slice_ in slices]


def _values(slice_: Slice, keywords: Sequence[str]) -> tuple[str, ...]:
    for keyword in keywords:
        values = slice_.geometry.values.get(keyword) or slice_.instance.values.get(keyword)
        if values:
            return values
    return ()


def _joined(columns: Sequence[tuple[str, Sequence[str]]]) -> list[_Label]:
    """Return for each slice the names and values of all columns."""
    rows = zip(*(labels for _, labels in columns), strict=True)
    return [tuple(zip((name for name, _ in columns), row, strict=True)) for row in rows]


def _is_plausible(labels: Sequence[Hashable], most_at_a_place: int) -> bool:
    """Say whether parting does not shred the stack, as a number that counts slices would."""
    count = len(set(labels))
    return count <= most_at_a_place or (count <= max(2 * most_at_a_place, 4) and len(labels) >= 2 * count)


def _is_stack(
    labels: Sequence[_Label], places: Sequence[int], images: Sequence[tuple[str, int]]
) -> dict[Hashable, bool]:
    """Say for each label whether its slices are all at places of their own."""
    found: dict[Hashable, dict[int, set[tuple[str, int]]]] = defaultdict(lambda: defaultdict(set))
    for label, place, image in zip(labels, places, images, strict=True):
        found[label][place].add(image)
    return {label: all(len(there) == 1 for there in by_place.values()) for label, by_place in found.items()}


def _trigger_ranks(slices: Sequence[Slice], places: Sequence[int], most_at_a_place: int) -> list[_Label]:
    """Number the phases of a cine whose trigger times differ a little from slice to slice; empty when it is none."""
    try:
        times = [float(label) for label in _labels(slices, _SEPARATORS[2][1])]
    except ValueError:
        return []
    by_place: dict[int, list[float]] = defaultdict(list)
    for place, time in zip(places, times, strict=True):
        by_place[place].append(time)
    if any(len(set(found)) != most_at_a_place or len(found) != most_at_a_place for found in by_place.values()):
        return []
    ranks = [sorted(by_place[place]).index(time) + 1 for place, time in zip(places, times, strict=True)]
    return [(("Trigger Time", f"{rank} of {most_at_a_place}"),) for rank in ranks]


def _parts(slices: Sequence[Slice], labels: Sequence[_Label]) -> Named:
    parts: dict[_Label, list[Slice]] = defaultdict(list)
    for slice_, label in zip(slices, labels, strict=True):
        parts[label].append(slice_)
    ordered = sorted(parts, key=lambda label: [_natural(value) for _, value in label])
    return list(zip(_numbered([_label_name(label) for label in ordered]), [parts[key] for key in ordered], strict=True))


def _label_name(label: _Label) -> str:
    return ", ".join(f"{name} {visible(value, _NAME_LIMIT)}" if value else f"no {name}" for name, value in label)


def _natural(value: str) -> tuple[int, float, str]:
    try:
        number = float(value)
    except ValueError:
        return (1, 0.0, value)
    return (0, number, value) if np.isfinite(number) else (1, 0.0, value)


def _numbered(names: Sequence[str]) -> list[str]:
    """Make names unique by a number behind repeated ones."""
    count, seen = Counter(names), Counter[str]()
    unique: list[str] = []
    for name in names:
        seen[name] += 1
        unique.append(f"{name} ({seen[name]})" if count[name] > 1 else name)
    return unique


def _clusters(slices: Sequence[Slice], same: Callable[[Plane, Plane], bool]) -> list[list[Slice]]:
    """Collect slices whose planes are like the first plane of a cluster; stops when there are too many."""
    clusters: list[list[Slice]] = []
    for slice_ in slices:
        if slice_.plane is None:
            continue
        home = next((cluster for cluster in clusters if same(_plane(cluster[0]), slice_.plane)), None)
        if home is not None:
            home.append(slice_)
        elif len(clusters) > MAX_STACKS:
            break
        else:
            clusters.append([slice_])
    return clusters


def _plane(slice_: Slice) -> Plane:
    if slice_.plane is None:
        raise TypeError("a slice without a plane")
    return slice_.plane


def _same_grid(one: Plane, other: Plane) -> bool:
    if (one.rows, one.columns) != (other.rows, other.columns):
        return False
    pairs = ((one.row_spacing_mm, other.row_spacing_mm), (one.column_spacing_mm, other.column_spacing_mm))
    return all(abs(first - second) <= _SAME_SPACING_RATIO * first for first, second in pairs)


def _grid_name(plane: Plane) -> str:
    return f"{plane.columns} x {plane.rows} of {plane.column_spacing_mm:g} x {plane.row_spacing_mm:g} mm"
