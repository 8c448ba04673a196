"""The process that reads damaged files: a path comes in on a line, what became of it goes out as a line of JSON.

It is a process of its own so that a file may kill it, hang in it or fill its memory, and the test still knows which.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from dcmtty.dicom.compare.files import compare_files
from dcmtty.dicom.compare.model import Kind
from dcmtty.dicom.compare.wording import title, values
from dcmtty.dicom.dicomdir import read_directory
from dcmtty.dicom.header.columns import parse_columns
from dcmtty.dicom.header.reader import HeaderReader
from dcmtty.dicom.header.record import RecordReader, read_thoroughly
from dcmtty.dicom.header.thorough import attributes_of
from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.isolated import decoder
from dcmtty.dicom.jsonmodel import json_pieces
from dcmtty.dicom.model import Archive
from dcmtty.dicom.pixels import read_frame
from dcmtty.dicom.rawbytes import hex_rows
from dcmtty.dicom.scan import scan
from dcmtty.dicom.tags import open_tags
from dcmtty.dicom.tagsearch import find
from dcmtty.errors import DcmttyError
from dcmtty.rtstruct.load import load
from dcmtty.text import visible

CPU_SECONDS = 2.0
"""No file takes longer, in time of the processor, so that a busy machine changes nothing."""
MEMORY_BYTES = 512 << 20
ADDRESS_SPACE_BYTES = 2 << 30
"""Beyond what the process has when it starts; what asks for more fails at once and harms nobody else."""
COLUMNS = parse_columns(
    "PatientName,PatientID,0009,1001,ContentLabel,ROIContourSequence/0/ROINumber,ReferencedImageSequence/1/00081155,"
    "SharedFunctionalGroupsSequence/0/PixelMeasuresSequence/0/00280030,SmallestImagePixelValue,PixelPaddingValue"
)
RECORD_READERS = ((RecordReader(), ()), (RecordReader(COLUMNS), COLUMNS))
HEADER_READER = HeaderReader(COLUMNS)
COMPARED = Path("compared.dcm")
"""They live as long as the process: what they remember of one file must not change what they say of the next."""
STEPS: dict[str, Callable[[Path], object]] = {}


class TooSlow(Exception):
    """The time for one file is used up."""


def step(work: Callable[[Path], object]) -> Callable[[Path], object]:
    """Keep a way of reading files under its name."""
    STEPS[work.__name__] = work
    return work


def must_be_harmless(*texts: str) -> None:
    """Say whether texts may be shown on a terminal as they are."""
    for text in texts:
        bad = [char for char in text if unicodedata.category(char) in {"Cc", "Cs", "Cn"} or visible(char) != char]
        assert not bad, f"acts on a terminal: {text[:80]!a}"


def must_be_one_line(error: DcmttyError) -> None:
    """Check the message of an error."""
    must_be_harmless(str(error))
    assert error.message, "an error without a message"


@step
def header(path: Path) -> None:
    instance = read_instance(path)
    must_be_harmless(*instance.warnings)
    for frame in instance.frames[:1000]:
        must_be_harmless(frame.reason)


@step
def record(path: Path) -> None:
    """The quick way says what the thorough way says, whatever was read before."""
    for reader, extra in RECORD_READERS:
        found = reader.read(path)
        must_be_harmless(found.reason, *found.warnings)
        expected = read_thoroughly(path, extra)
        assert found == expected, differences(found, expected)


@step
def chosen_attributes(path: Path) -> None:
    """Values from one small read are those of the tag tree; where tags are in no order, some may not be found."""
    quick = HEADER_READER.read_quickly(path)
    if quick is not None:
        expected = attributes_of(path, HEADER_READER.columns)
        if not is_in_order(path):
            expected = tuple(None if own is None else value for own, value in zip(quick, expected, strict=True))
        assert quick == expected, differences(quick, expected)
    HEADER_READER.read(path)


def is_in_order(path: Path) -> bool:
    """Say whether the tags of a data set ascend, as they must (PS3.5 7.1)."""
    with open_tags(path) as tree:
        tags = [node.element.tag for node in tree.roots() if not node.error]
    return tags == sorted(tags)


def differences(found: Sequence[object], expected: Sequence[object]) -> str:
    """Say which parts of two tuples differ."""
    pairs = enumerate(zip(found, expected, strict=True))
    return "; ".join(f"[{index}] {own!a:.300} is not {other!a:.300}" for index, (own, other) in pairs if own != other)


@step
def tags(path: Path) -> None:
    with open_tags(path) as tree:
        for node in tree.walk():
            must_be_harmless(node.tag, node.keyword, node.name, node.value, node.error)
            must_be_harmless(*hex_rows(node, limit=64))
            assert node.vm >= -1
            assert node.length >= -1
        for pattern in ("patient", "0010,0010", "/[A-Z]{2}.*1/"):
            must_be_harmless(*(node.value for node in find(tree, pattern)))
        if tree.damage is not None:
            must_be_one_line(tree.damage)


@step
def json_text(path: Path) -> None:
    with open_tags(path) as tree:
        text = "".join(json_pieces(tree))
    assert text.isascii()
    json.loads(text, parse_int=len, parse_constant=must_not_be)


def must_not_be(constant: str) -> None:
    """Refuse NaN and Infinity, which are no JSON."""
    raise AssertionError(constant)


@step
def series(path: Path) -> None:
    archive = scan([path])
    must_be_harmless(*(found.reason for found in archive.unreadable))
    for one in archive.series:
        must_be_harmless(one.build_refusal, one.numbering_doubt, *(note.text for note in one.notes))
    pictures(archive)


def pictures(archive: Archive) -> None:
    """Decode the first frame of every series."""
    for one in archive.series:
        try:
            picture = read_frame(one.slices[0])
        except DcmttyError as error:
            must_be_one_line(error)
            continue
        assert picture.values.size
        must_be_harmless(picture.unit, *(window.name for window in picture.windows))


@step
def structures(path: Path) -> None:
    loaded = load(path)
    must_be_harmless(*loaded.notes, *(skipped.reason for skipped in loaded.skipped))


@step
def comparison(path: Path) -> None:
    """Compare a file with itself, and with the one that was read before."""
    others = (path, COMPARED) if COMPARED.is_file() else (path,)
    for other in others:
        with compare_files(other, path) as found:
            for pair in (*found.meta, *found.data_set):
                must_be_harmless(title(pair), *values(pair, 200), *pair.notes, pair.label)
            kinds = {pair.kind for pair in (*found.meta, *found.data_set)}
            assert other != path or not kinds & {Kind.CHANGED, Kind.ONLY_A, Kind.ONLY_B}, "it differs from itself"
    COMPARED.write_bytes(path.read_bytes())


@step
def directory(path: Path) -> None:
    if b"1.2.840.10008.1.3.10" not in path.read_bytes()[:1000]:
        return
    found = read_directory(path)
    must_be_harmless(*(refused.reason for refused in found.refused))
    root = os.path.realpath(path.parent)
    assert all(Path(os.path.realpath(file)).is_relative_to(root) for file in found.files)


def _children() -> list[int]:
    return [int(number) for number in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def _processor_seconds() -> float:
    """Time of the processor that this process and its helpers have used."""
    ticks = 0
    for process in _children():
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system + ticks / os.sysconf("SC_CLK_TCK")


def _peak_bytes() -> int:
    """Largest resident memory of this process or a helper since `_forget_peak`."""
    peaks = [0]
    for process in ("self", *map(str, _children())):
        found = Path(f"/proc/{process}/status").read_text().partition("VmHWM:")[2]
        peaks.append(int(found.split()[0]) << 10)
    return max(peaks)


def _forget_peak() -> None:
    for process in ("self", *map(str, _children())):
        Path(f"/proc/{process}/clear_refs").write_text("5")


def problems(path: Path) -> Iterator[str]:
    """Read one file in every way; yield what is wrong."""
    _forget_peak()
    for name, work in STEPS.items():
        before = _processor_seconds()
        try:
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            work(path)
        except DcmttyError as error:
            try:
                must_be_one_line(error)
            except AssertionError as wrong:
                yield f"{name}: {wrong}"
        except Exception:  # noqa: BLE001 - any other exception is what the test looks for
            yield f"{name}: {traceback.format_exc(limit=-4)}"
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        used = _processor_seconds() - before
        if used > CPU_SECONDS:
            yield f"{name}: took {used:.1f} s"
    if (peak := _peak_bytes()) > MEMORY_BYTES:
        yield f"took {peak >> 20} MB"


def _too_slow(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise TooSlow


def main() -> None:
    """Answer lines until there are no more."""
    warnings.simplefilter("error")
    signal.signal(signal.SIGPROF, _too_slow)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + ADDRESS_SPACE_BYTES, resource.RLIM_INFINITY))
    for line in sys.stdin:
        found = list(problems(Path(line.rstrip("\n"))))
        sys.stdout.write(json.dumps({"problems": found}) + "\n")
        sys.stdout.flush()
    decoder.close()


if __name__ == "__main__":
    main()
