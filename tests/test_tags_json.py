"""The DICOM JSON Model of every real file is pydicom's, apart from differences that are named and explained here."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pydicom
import pydicom.config
import pydicom.data
import pytest

from dcmtty.dicom.jsonmodel import json_model, json_number, json_pieces
from dcmtty.dicom.tags import open_tags
from dcmtty.errors import InputError
from dicom_bytes import IMPLICIT_LE, element, item, part10, sequence, text
from run_cli import cli_command, cli_environment, run_cli

PYDICOM_DATA = Path(pydicom.data.__file__).parent
NO_DICOM = {".py", ".pyc", ".txt", ".gz", ".zip", ".md"}
READ_FURTHER = {"GH179A.dcm", "GH364.dcm"}
"""Where pydicom silently ends inside an element, or reads text as numbers."""
LONGEST_SERIES = 40
SAMPLED = 7
"""Of longer ones, so many files."""
Model = dict[str, Any]


@pytest.fixture(autouse=True)
def unchecked_values() -> Iterator[None]:
    """Let pydicom take values that are too long or of wrong characters, as they are: it would drop them else."""
    settings = pydicom.config.settings
    before = settings.reading_validation_mode
    settings.reading_validation_mode = pydicom.config.IGNORE
    yield
    settings.reading_validation_mode = before


def normal(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Take out what is there or not by taste: group lengths (retired), and values that are nothing but empty.

    An empty value among others is null, says PS3.18 F.2.5; pydicom writes an empty string for text.
    """
    if isinstance(value, dict):
        taken = {key: normal(one) for key, one in value.items() if not (len(key) == 8 and key.endswith("0000"))}
        if isinstance(taken.get("Value"), list):
            taken["Value"] = [None if one in ("", {}) else one for one in taken["Value"]]
        return {key: one for key, one in taken.items() if key != "Value" or any(part is not None for part in one)}
    return [normal(one) for one in value] if isinstance(value, list) else value


def differences(own: Model, said: Model, path: str = "") -> Iterator[tuple[str, Model, Model]]:
    """Yield the attributes that differ, down the sequences."""
    for tag in sorted(own.keys() | said.keys()):
        one, other = own.get(tag, {}), said.get(tag, {})
        if one == other:
            continue
        items, others = one.get("Value", []), other.get("Value", [])
        if one.get("vr") == "SQ" == other.get("vr") and len(items) == len(others):
            for index, (a, b) in enumerate(zip(items, others, strict=True)):
                yield from differences(a, b, f"{path}{tag}/{index}/")
        else:
            yield path + tag, one, other


def reason(one: Model, other: Model, dataset: pydicom.Dataset, path: Path) -> str:
    """Why two attributes may differ; empty when they may not."""
    if one.get("vr") != other.get("vr"):
        return ""
    if "InlineBinary" in other and "BulkDataURI" in one:
        return _bulk(one, other, dataset)
    if "InlineBinary" in other and "InlineBinary" in one and not dataset.original_encoding[1]:
        own, said = (base64.b64decode(model["InlineBinary"]) for model in (one, other))
        swapped = struct.pack(f"<{len(said) // 2}H", *struct.unpack(f">{len(said) // 2}H", said))
        return "pydicom leaves big endian words as they are; PS3.18 F.2.7 wants them little endian" * (own == swapped)
    left = json.dumps(other).replace("\\u001b$)A", "")
    if path.name == "chrGB2312.dcm" and json.loads(left) == one:
        return "pydicom leaves the escape sequence of ISO 2022 IR 58 in the text"
    return ""


def _bulk(one: Model, other: Model, dataset: pydicom.Dataset) -> str:
    """Say that long values are named and not copied, if the name leads to what pydicom copied."""
    where, _, query = one["BulkDataURI"].partition("?")
    offset, length = (int(part.partition("=")[2]) for part in query.split("&"))
    with Path(unquote(where.removeprefix("file://"))).open("rb") as stream:
        stream.seek(offset)
        found = stream.read(length) if length >= 0 else b""
    if length < 0 or dataset.original_encoding[1] is False:
        return "encapsulated, or words in another order: no bytes to compare"
    said = base64.b64decode(other["InlineBinary"])
    return "long values are named by offset and length" * (found == said)


def files_of(folder: Path, most: int = LONGEST_SERIES) -> list[Path]:
    folders = {path.parent for path in folder.rglob("*") if path.is_file() and "LICENSES" not in path.parts}
    found: list[Path] = []
    for one in sorted(folders):
        files = [path for path in sorted(one.iterdir()) if path.is_file() and path.suffix not in NO_DICOM]
        found += files if len(files) <= most else files[:: len(files) // SAMPLED]
    return [path for path in found if path.name not in READ_FURTHER]


def compare(path: Path) -> bool:
    """Compare a file; False when it is damaged or pydicom cannot write it as JSON."""
    try:
        with open_tags(path) as tree:
            own: Model = normal(json_model(tree))
    except InputError:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        try:
            said: Model = normal(json.loads(json.dumps(dataset.to_json_dict())))
        except (NotImplementedError, ValueError, TypeError, AttributeError):
            return False
    unexplained = [
        (place, one, other) for place, one, other in differences(own, said) if not reason(one, other, dataset, path)
    ]
    assert unexplained == [], path
    return True


def test_every_file_of_pydicom_has_the_model_that_pydicom_gives_it() -> None:
    files = files_of(PYDICOM_DATA / "test_files", 1000) + files_of(PYDICOM_DATA / "charset_files")
    assert sum(compare(path) for path in files) >= 130


def test_every_kind_of_real_file_has_the_model_that_pydicom_gives_it(shared_data: Path) -> None:
    assert sum(compare(path) for path in files_of(shared_data)) >= 150


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("1.10", "1.10"),
        ("+00.50", "0.50"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("1E+5", "1e+5"),
        ("-0", "-0"),
        ("0.12345678901234567890", "0.12345678901234567890"),
        ("12345678901234567", "12345678901234567"),
        ("1,5", '"1,5"'),
        (".", '"."'),
        ("abc", '"abc"'),
        ("1e999", "1e999"),
    ],
)
def test_decimal_strings_keep_every_digit(said: str, written: str) -> None:
    assert json_number(said, "DS") == written
    json.loads(written)


@pytest.mark.parametrize(("said", "written"), [("nan", '"NaN"'), ("inf", '"Infinity"'), ("-inf", '"-Infinity"')])
def test_what_json_has_no_number_for_is_a_string(said: str, written: str) -> None:
    assert json_number(said, "FD") == written


def test_long_lists_of_numbers_are_the_same_in_parts(tmp_path: Path) -> None:
    numbers = [f"{index * 0.125:.3f}" for index in range(120_000)]
    raw = "\\".join(numbers).encode()
    path = tmp_path / "a.dcm"
    path.write_bytes(_contour(raw))
    with open_tags(path) as tree:
        whole = "".join(json_pieces(tree))
    assert f'"Value": [{", ".join(numbers)}]' in whole


def _contour(raw: bytes) -> bytes:
    """A file with Contour Data of any length, which explicit VR has no room for."""
    data = element(0x30060050, "DS", raw + b" " * (len(raw) % 2), implicit=True)
    return part10(text(0x00080060, "CS", "RTSTRUCT", implicit=True) + data, IMPLICIT_LE)


def test_a_damaged_file_gives_no_half_of_a_model(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(
        part10(sequence(0x00081140, item(text(0x00080100, "SH", "A"))) + text(0x00100010, "PN", "AB"))[:-1]
    )
    result = run_cli("tags", path, "--format", "json")
    assert (result.code, result.out) == (3, "")


def test_millions_of_coordinates_are_never_in_memory(tmp_path: Path) -> None:
    raw = b"\\".join(b"%.3f" % (index / 7) for index in range(2_000_000))
    path = tmp_path / "a.dcm"
    path.write_bytes(_contour(raw))
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *cli_command("tags", path, "--format", "json")],
        capture_output=True,
        check=True,
        env=cli_environment(),
    )
    ended, kilobytes = map(int, done.stdout.split())
    assert ended == 0
    assert kilobytes < 100_000
