"""Of series odd in every way that `series.group` knows, the catalog's list says exactly what `dicom.scan` says."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dcmtty.dicom.catalog import summaries
from dcmtty.dicom.model import Instance
from instances import CORONAL, SAGITTAL, instance, stack, turned
from test_catalog_same import assert_same_twice, listing_of
from written_series import write_instances

OBLIQUE = turned(0.3, -0.4, 1.2)
EVEN = [3.0 * number for number in range(12)]


def with_values(instances: list[Instance], values: Callable[[int], dict[str, str]]) -> list[Instance]:
    """The instances with further values for each, by its place in the list."""
    return [
        replace(one, values={**one.values, **{key: tuple(text.split("\\")) for key, text in values(index).items()}})
        for index, one in enumerate(instances)
    ]


def sheared(count: int) -> list[Instance]:
    return [instance(number, (0.0, 0.7 * number, 3.0 * number)) for number in range(1, count + 1)]


def without(keyword: str) -> list[Instance]:
    found = stack(EVEN)
    found[3] = replace(found[3], values={key: text for key, text in found[3].values.items() if key != keyword})
    return found


CASES: dict[str, list[Instance]] = {
    "axial": stack(EVEN),
    "oblique": stack(EVEN, OBLIQUE),
    "rounded": stack([round(1.25 * number + 0.0004 * (number % 3), 3) for number in range(40)], SAGITTAL),
    "a gap": stack([0, 3, 6, 9, 15, 18, 21]),
    "several gaps": stack([0, 3, 6, 9, 15, 18, 21, 24, 36, 39, 42, 45, 48, 51]),
    "uneven": stack([0, 3, 6, 9, 13, 17, 21]),
    "changed half way": stack([0, 1, 2, 3, 4, 9, 14, 19, 24]),
    "micro": stack([0.011 * number for number in range(8)]),
    "one slice": stack([5.0]),
    "two slices": stack([5.0, 9.0]),
    "position twice": [*stack(EVEN), instance(90, (-100.0, -120.0, 13.0))],
    "image twice": [*stack(EVEN), replace(stack(EVEN)[4], path=Path("copy.dcm"))],
    "echoes": [*stack(EVEN, EchoNumbers="1"), *stack(EVEN, first=50, EchoNumbers="2")],
    "b-values": [*stack(EVEN, DiffusionBValue="0.0"), *stack(EVEN, first=50, DiffusionBValue="800.0")],
    "phases": with_values(
        [*stack(EVEN[:5]), *stack(EVEN[:5], first=50), *stack(EVEN[:5], first=70)],
        lambda index: {"TriggerTime": str(100 * (index // 5) + index % 5)},
    ),
    "tilted": sheared(9),
    "scouts": [*stack([0.0]), *stack([0.0], CORONAL, 2), *stack([4.0, 8.0], SAGITTAL, 3)],
    "radial": [instance(number, (0, 0, 0), turned(0, 0, number / 3)) for number in range(9)],
    "sizes": [*stack(EVEN), *[instance(70 + n, (0, 0, n), size=(10, 10)) for n in range(3)]],
    "spacings": [*stack(EVEN), *[instance(70 + n, (0, 0, n), spacing=(2.0, 2.0)) for n in range(3)]],
    "frames of reference": [*stack(EVEN), *stack(EVEN, first=40, FrameOfReferenceUID="1.2.3.9")],
    "no frame of reference": stack(EVEN, FrameOfReferenceUID=""),
    "two patients": [*stack(EVEN), *stack([100.0, 103.0], first=40, PatientID="P2")],
    "two studies": [*stack(EVEN), *stack([100.0, 103.0], first=40, StudyInstanceUID="1.2.4")],
    "two names": with_values(stack(EVEN), lambda index: {"PatientName": "A^B" if index % 2 else "A^C"}),
    "one name written in two ways": with_values(stack(EVEN), lambda index: {"PatientName": "A^B" + "^" * (index % 2)}),
    "spaces around an id": with_values(stack(EVEN), lambda index: {"PatientID": " P1" if index % 2 else "P1"}),
    "no place": [instance(number, None) for number in (3, 1, 2)],
    "some without place": [*stack(EVEN), instance(50, None)],
    "kinds": [*stack(EVEN), instance(60, None, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", Modality="OT")],
    "no instance numbers": [replace(one, values={**one.values, "InstanceNumber": ("x",)}) for one in stack(EVEN)],
    "folders": [replace(one, path=Path("ab"[n % 2]) / one.path) for n, one in enumerate(stack(EVEN))],
    "nameless": [
        replace(one, path=Path("ab"[n % 2]) / one.path) for n, one in enumerate(stack(EVEN, SeriesInstanceUID=""))
    ],
    "nameless and parted": [*stack(EVEN, SeriesInstanceUID=""), *stack([0.0, 3.0], CORONAL, 50, SeriesInstanceUID="")],
    "several values": with_values(stack(EVEN), lambda index: {"PatientID": f"P1\\{index}"}),
    "underscores": with_values(stack(EVEN), lambda index: {"SliceLocation": f"1_{index}"}),
    "mosaic": with_values(stack(EVEN), lambda index: {"ImageType": f"ORIGINAL\\PRIMARY\\M\\MOSAIC\\{index}"}),
    **{f"no {keyword}": without(keyword) for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SOPClassUID")},
}


@pytest.mark.parametrize("name", CASES)
def test_of_an_odd_series_the_list_is_the_same(tmp_path: Path, name: str) -> None:
    assert_same_twice([write_instances(tmp_path, CASES[name])])


def mixture(seed: int) -> list[Instance]:
    """Some odd series in one archive, each in a folder of its own, some under the same Series Instance UID."""
    chance = random.Random(seed)
    found: list[Instance] = []
    for index, name in enumerate(chance.sample(sorted(CASES), chance.randint(1, 5))):
        uid = f"1.2.3.{chance.randint(1, 3)}"
        found += [
            replace(
                one,
                path=Path(f"s{index}") / one.path,
                values={
                    **one.values,
                    "SOPInstanceUID": (f"9.{index}.{number}",),
                    "SeriesNumber": (str(chance.randint(1, 3)),),
                    **({"SeriesInstanceUID": (uid,)} if "nameless" not in name else {}),
                },
            )
            for number, one in enumerate(CASES[name])
        ]
    return found


@pytest.mark.parametrize("seed", range(40))
def test_of_a_mixture_of_odd_series_the_list_is_the_same(tmp_path: Path, seed: int) -> None:
    assert_same_twice([write_instances(tmp_path, mixture(seed))])


def test_a_broken_file_beside_a_series_makes_its_numbers_doubtful(tmp_path: Path) -> None:
    folder = write_instances(tmp_path, CASES["folders"])
    whole = min((folder / "a").iterdir())
    (folder / "a" / "cut.dcm").write_bytes(whole.read_bytes()[:-1])
    assert_same_twice([folder])
    (entry,) = listing_of([folder]).series
    assert entry.numbering_doubt == "1 file beside it cannot be read"


UNIFORM = (
    "axial", "oblique", "rounded", "a gap", "several gaps", "uneven", "changed half way", "micro", "tilted", "folders",
    "one slice",
)  # fmt: skip


@pytest.mark.parametrize("name", UNIFORM)
def test_a_uniform_stack_takes_the_quick_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def never(found: object) -> None:
        raise AssertionError(found)

    monkeypatch.setattr(summaries, "_general", never)
    assert_same_twice([write_instances(tmp_path, CASES[name])])
