"""What the journal acknowledged is there again after anything, and what is damaged is never taken for whole."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmtty.contours.draft import EditState
from dcmtty.contours.encoding import Malformed, decode, decode_edit, encode, encode_edit
from dcmtty.contours.history import History
from dcmtty.contours.journal import Journal, list_journals
from dcmtty.contours.journal_format import JournalHeader, header_of, read_journal
from dcmtty.contours.model import StructureSet
from dcmtty.contours.recovery import differences, replay
from dcmtty.errors import InputError, JournalRefused, WriteFailed
from edit_states import SERIES, content, edits
from made_series import empty_set, made_series
from run_cli import cli_environment
from test_edit import start

EDIT = {"kind": "new-roi", "name": "A", "interpreted_type": "", "color": None, "number": 0}


def header() -> JournalHeader:
    """The header of a journal on the made series."""
    return header_of(SERIES, empty_set(), "2030-01-02T03:04:05+00:00", None, "")


def named(index: int) -> dict[str, object]:
    """The event of making the ROI of that number."""
    return {"kind": "do", "edit": {**EDIT, "name": f"ROI {index}"}}


def written(folder: Path, count: int) -> Path:
    """A closed journal with `count` edits, left as a crash would leave it."""
    journal = Journal.create(folder, header(), [named(index) for index in range(count)])
    journal.flush()
    journal.close()
    return journal.path


@given(edits)
def test_every_edit_is_the_same_after_being_written_and_read(edit: object) -> None:
    plain = json.loads(json.dumps(encode_edit(edit)))  # type: ignore[arg-type]
    assert encode_edit(decode_edit(plain)) == plain


def test_a_structure_set_is_the_same_after_being_written_and_read() -> None:
    again = decode(StructureSet, json.loads(json.dumps(encode(start()))))
    assert content(EditState(again)) == content(EditState(start()))


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "no-such"},
        {},
        [],
        None,
        {"kind": "new-roi"},
        {**EDIT, "name": 5},
        {**EDIT, "number": 1.5},
        {**EDIT, "number": True},
        {**EDIT, "color": [1, 2]},
        {**EDIT, "extra": 1},
        {"kind": "import-rois", "rois": [{"number": 1, "name": "A", "color": [1, 2, 3], "contours": [{}]}]},
        {"kind": "start-contour", "roi_number": 1, "geometric_type": "BLOB"},
    ],
)
def test_what_is_no_edit_is_not_taken_for_one(data: object) -> None:
    with pytest.raises(Malformed):
        decode_edit(data)


def test_acknowledged_edits_are_on_disk_in_a_file_for_this_user_alone(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journals", header())
    last = journal.append(named(1))
    journal.flush()
    assert journal.acknowledged >= last
    assert len(read_journal(journal.path).events) == 1
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    journal.close()


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_journal import header, named
from dcmtty.contours.journal import Journal
journal = Journal.create(Path(sys.argv[1]), header())
for index in range(10_000_000):
    journal.append(named(index))
    if index % 7 == 0:
        journal.flush()
        print(index + 1, flush=True)
"""


def test_kill_9_loses_no_acknowledged_edit(tmp_path: Path) -> None:
    tests = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), tests],
        stdout=subprocess.PIPE,
        text=True,
        env=cli_environment(),
    ) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(40)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
        assert process.wait() == -signal.SIGKILL
    (entry,) = list_journals(tmp_path)
    assert entry.state == "offered"
    assert entry.recovered is not None
    names = [json.dumps(event) for event in entry.recovered.events]
    assert len(names) >= acknowledged[-1]
    assert names == [json.dumps(named(index)) for index in range(len(names))]
    assert replay(entry.recovered).edits == len(names)


@pytest.mark.parametrize("cut", [2, 30, 80])
def test_a_torn_last_line_is_dropped_and_the_rest_is_whole(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, 5)
    path.write_bytes(path.read_bytes()[:-cut])
    recovered = read_journal(path)
    assert (len(recovered.events), recovered.complete, recovered.reason) == (4, True, "")


@pytest.mark.parametrize("end", [b"", *(bytes([0x0A ^ 1 << bit]) for bit in range(8)), b"\0\0\0", b" " * 9])
def test_a_last_line_that_lost_its_end_alone_is_damage_and_said(tmp_path: Path, end: bytes) -> None:
    path = written(tmp_path, 5)
    path.write_bytes(path.read_bytes()[:-1] + end)
    recovered = read_journal(path)
    assert (len(recovered.events), recovered.complete) == (4, False)
    assert "line 6 is damaged" in recovered.reason
    assert "line 6 is damaged" in replay(recovered).reason


@given(st.data())
@settings(max_examples=60)
def test_a_flipped_bit_is_found_and_what_came_before_it_is_kept(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = written(tmp_path_factory.mktemp("journals"), 6)
    content_bytes = bytearray(path.read_bytes())
    at = data.draw(st.integers(content_bytes.index(b"\n") + 1, len(content_bytes) - 1))
    line = content_bytes[:at].count(b"\n")
    content_bytes[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content_bytes)
    recovered = read_journal(path)
    assert len(recovered.events) == line - 1
    assert [json.dumps(event) for event in recovered.events] == [json.dumps(named(i)) for i in range(line - 1)]
    assert f"line {line + 1} is damaged" in recovered.reason


def test_damage_in_the_middle_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, 5)
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3].replace(b"ROI 2", b"ROI 9")
    path.write_bytes(b"\n".join(lines))
    recovered = read_journal(path)
    assert (len(recovered.events), recovered.complete) == (2, False)
    assert "line 4 is damaged" in recovered.reason
    assert list_journals(tmp_path)[0].state == "damaged"


def test_lines_cannot_be_taken_out_or_exchanged(tmp_path: Path) -> None:
    path = written(tmp_path, 5)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:3], *lines[4:]]))
    assert len(read_journal(path).events) == 2


@pytest.mark.parametrize("content_bytes", [b"", b"\n", b"{}\n", b"\x00" * 300])
def test_a_journal_without_a_whole_header_is_refused(tmp_path: Path, content_bytes: bytes) -> None:
    path = tmp_path / "a.journal"
    path.write_bytes(content_bytes)
    with pytest.raises(JournalRefused, match="first line is damaged"):
        read_journal(path)
    assert [(entry.state, entry.recovered) for entry in list_journals(tmp_path)] == [("damaged", None)]


def test_a_journal_in_use_is_not_opened_twice(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, header(), [named(1)])
    journal.flush()
    recovered = read_journal(journal.path)
    assert list_journals(tmp_path)[0].state == "in use"
    with pytest.raises(JournalRefused, match="in use"):
        Journal.resume(journal.path, recovered)
    journal.close()
    assert list_journals(tmp_path)[0].state == "offered"


def test_a_journal_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = written(tmp_path, 3)
    path.write_bytes(path.read_bytes() + b'{"sequence":4,"che')
    journal = Journal.resume(path, read_journal(path))
    journal.append(named(3))
    journal.flush()
    journal.close()
    recovered = read_journal(path)
    assert ([event["edit"] for event in recovered.events], recovered.complete) == (
        [named(index)["edit"] for index in range(4)],
        True,
    )


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_journal import header, named
from dcmtty.contours.journal import Journal
from dcmtty.errors import WriteFailed
failures = []
journal = Journal.create(Path(sys.argv[1]), header(), on_failure=failures.append)
journal.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 1000,) * 2)
try:
    for index in range(100):
        journal.append(named(index))
        journal.flush()
except WriteFailed as failure:
    print(journal.acknowledged, len(failures), failure.exit_code)
    print(failure)
journal.append(named(1))
journal.close()
"""


def test_a_full_disk_is_said_once_and_leaves_whole_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
        env=cli_environment(),
    )
    numbers, message = done.stdout.splitlines()
    acknowledged, failures, exit_code = (int(part) for part in numbers.split())
    assert (failures, exit_code) == (1, 7)
    assert message.endswith("edits are not journalled any more: save your work now")
    recovered = read_journal(next(tmp_path.iterdir()))
    assert (len(recovered.events), recovered.complete) == (acknowledged, True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("a file")
    with pytest.raises(WriteFailed, match="journals: not written"):
        Journal.create(tmp_path / "journals", header())


def test_many_threads_may_append(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, header())
    threads = [threading.Thread(target=lambda: [journal.append({"kind": "undo"}) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.flush()
    journal.close()
    assert (len(read_journal(journal.path).events), read_journal(journal.path).complete) == (200, True)


@given(st.lists(st.one_of(edits, st.sampled_from(["undo", "redo"])), max_size=20))
@settings(max_examples=40)
def test_replaying_a_journal_gives_the_same_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[object]
) -> None:
    journal = Journal.create(tmp_path_factory.mktemp("journals"), replace(header(), structure_set=start()))
    history = History(EditState(start()))
    for step in steps:
        try:
            if isinstance(step, str):
                history, event = (history.undo(), "undo") if step == "undo" else (history.redo(), "redo")
                journal.append({"kind": event})
            else:
                history = history.do(step)  # type: ignore[arg-type]
                journal.append({"kind": "do", "edit": encode_edit(step)})  # type: ignore[arg-type]
        except InputError:
            continue
    journal.flush()
    journal.close()
    again = replay(read_journal(journal.path))
    assert not again.reason
    assert content(again.history.present) == content(history.present)
    redone = again.history
    while history.past is not None:
        history, redone = history.undo(), redone.undo()
        assert content(redone.present) == content(history.present)
    assert redone.past is None


def test_an_event_that_cannot_be_done_again_ends_the_replay_and_is_said(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, header(), [named(0), named(0), named(1)])
    journal.flush()
    journal.close()
    again = replay(read_journal(journal.path))
    assert again.edits == 1
    assert "event 2 cannot be done again" in again.reason


def test_images_that_are_not_the_same_are_told_apart() -> None:
    about = header()
    assert differences(about, SERIES) == ""
    assert "not among the images" in differences(about, None)
    assert "Frame of Reference" in differences(about, replace(SERIES, frame_of_reference_uid="9.9"))
    fewer = replace(SERIES, slices=SERIES.slices[1:])
    assert differences(about, fewer) == "1 images are missing and 0 are new"
    turned = replace(SERIES, slices=SERIES.slices[::-1])
    assert differences(about, turned) == "the slices are in another order"
    moved = made_series(6, origin=(-20.0, -35.0, 100.01))
    assert differences(about, moved) == "the image planes lie elsewhere"
    assert "split" in differences(about, replace(SERIES, part="Echo Numbers 2"))
