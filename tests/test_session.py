"""A session keeps each series' work, journals it as it happens, and gives it back on the same images alone."""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dcmtty.contours.edit import AddPoint, CloseContour, NewRoi, RenameRoi, StartContour, point_at_pixel
from dcmtty.contours.journal import journal_folder
from dcmtty.contours.journal_format import read_journal
from dcmtty.contours.model import GeometricType, Roi
from dcmtty.dicom.model import Archive, Series
from dcmtty.errors import InputError, JournalRefused, WriteFailed
from dcmtty.rtstruct.load import LoadedSet
from dcmtty.rtstruct.references import References
from dcmtty.session import Session, recoverable
from dcmtty.sources import Sources
from edit_states import content
from made_series import empty_set, made_series
from run_cli import run_cli
from schemas import assert_follows_schema

SERIES = made_series(6)
OTHER = replace(made_series(4), series_uid="9.8.7", frame_of_reference_uid=SERIES.frame_of_reference_uid)
ARCHIVE = Archive((SERIES, OTHER))


def begun(series: Series = SERIES) -> Session:
    """A session with an empty structure set."""
    session = Session(sources=Sources(now=lambda: datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)))
    session.open_series(series)
    session.new_structure_set("PLAN")
    return session


def draw(session: Session) -> None:
    """Make an ROI, one closed contour, and two points of the next one."""
    session.do(NewRoi("GTV", "GTV"))
    session.do(StartContour(1, GeometricType.CLOSED_PLANAR))
    for at in ((2, 3), (8, 3), (5, 9)):
        session.do(AddPoint(point_at_pixel(SERIES, 2, *at)))
    session.do(CloseContour())
    session.do(StartContour(1, GeometricType.OPEN_PLANAR))
    session.do(AddPoint(point_at_pixel(SERIES, 3, 1, 1)))


def crashed() -> tuple[Path, tuple[object, ...]]:
    """The journal that a session left behind, and what it had drawn."""
    session = begun()
    draw(session)
    session.undo()
    session.redo()
    session.works.flush()
    assert session.work is not None
    left = content(session.work.state)
    session.close()
    (path,) = journal_folder().iterdir()
    return path, left


def loaded(*, other_series: bool = False, other_frame_of_reference: bool = False) -> LoadedSet:
    """A structure set as it comes from a file."""
    structure_set = replace(empty_set(), rois=(Roi(1, "Heart", (1, 2, 3), origin=1),), sop_instance_uid="1.9")
    references = References((SERIES.series_uid,), (SERIES.frame_of_reference_uid,))
    return LoadedSet(
        Path("RS.dcm"),
        structure_set,
        references,
        other_series=other_series,
        other_frame_of_reference=other_frame_of_reference,
    )


def test_everything_comes_back_with_its_history() -> None:
    path, left = crashed()
    session = Session()
    assert [entry.path for entry in recoverable()] == [path]
    assert session.recover(path, ARCHIVE.series) == ()
    assert session.work is not None
    assert content(session.work.state) == left
    assert (session.standing.read_only, session.series, session.standing.unsaved) == ("", SERIES, True)
    for _ in range(8):
        session.undo()
    with pytest.raises(InputError, match="nothing to undo"):
        session.undo()
    session.redo()
    session.works.flush()
    assert read_journal(path).events[-1] == {"kind": "redo"}
    session.close()


def test_nothing_is_offered_after_all_was_saved_or_when_nothing_was_edited(tmp_path: Path) -> None:
    idle = begun()
    idle.close()
    session = begun()
    session.do(NewRoi("GTV"))
    session.saved(tmp_path / "RS.dcm", session.mark())
    assert not session.standing.unsaved
    session.works.flush()
    assert recoverable() == ()
    session.close()
    assert list(journal_folder().iterdir()) == []


def test_work_after_a_save_is_offered_again(tmp_path: Path) -> None:
    session = begun()
    session.do(NewRoi("GTV"))
    session.saved(tmp_path / "RS.dcm", session.mark())
    session.do(NewRoi("Heart"))
    session.close()
    (entry,) = recoverable()
    session = Session()
    session.recover(entry.path, ARCHIVE.series)
    unsaved = [session.standing.unsaved]
    session.undo()
    assert [*unsaved, session.standing.unsaved] == [True, False]
    session.close()
    assert recoverable() == ()


def test_an_edit_made_while_saving_is_not_taken_for_saved(tmp_path: Path) -> None:
    session = begun()
    session.do(NewRoi("GTV"))
    mark = session.mark()
    session.do(NewRoi("Heart"))
    session.saved(tmp_path / "RS.dcm", mark)
    assert session.standing.unsaved
    session.close()
    assert len(recoverable()) == 1


def test_journals_are_for_this_user_alone() -> None:
    path, _ = crashed()
    folders = (path.parent, path.parent.parent)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_process_does_not_get_a_session_in_use() -> None:
    session = begun()
    session.do(NewRoi("GTV"))
    session.works.flush()
    (path,) = journal_folder().iterdir()
    assert recoverable() == ()
    with pytest.raises(JournalRefused, match="in use"):
        Session().recover(path, ARCHIVE.series)
    session.close()


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (Archive((OTHER,)), "not among the images"),
        (Archive((replace(SERIES, frame_of_reference_uid="7.7"),)), "Frame of Reference UID is another"),
        (Archive((replace(SERIES, slices=SERIES.slices[:-1]),)), "1 images are missing"),
        (Archive((made_series(6, origin=(0, 0, 0)),)), "planes lie elsewhere"),
    ],
)
def test_other_images_give_the_work_back_read_only_with_the_reason(archive: Archive, said: str) -> None:
    path, left = crashed()
    before = path.read_bytes()
    session = Session()
    session.recover(path, archive.series)
    assert session.work is not None
    assert content(session.work.state) == left
    assert said in session.standing.read_only
    assert session.standing.banner
    for change in (NewRoi("X"), RenameRoi(1, "Y")):
        with pytest.raises(InputError, match="read-only"):
            session.do(change)
    session.close()
    assert path.read_bytes() == before
    assert len(recoverable()) == 1


def test_a_damaged_journal_gives_what_came_before_and_is_kept_aside() -> None:
    path, _ = crashed()
    lines = path.read_bytes().split(b"\n")
    lines[4] = lines[4].replace(b"add-point", b"add-joint")
    path.write_bytes(b"\n".join(lines))
    session = Session()
    (note,) = session.recover(path, ARCHIVE.series)
    assert "line 5 is damaged" in note
    assert session.work is not None
    assert session.work.state.draft is not None
    assert len(session.work.state.draft.points) == 1
    session.do(AddPoint(point_at_pixel(SERIES, 2, 9, 9)))
    session.close()
    assert path.with_name(path.name + ".damaged").read_bytes() == b"\n".join(lines)
    (entry,) = recoverable()
    assert entry.recovered is not None
    assert (len(entry.recovered.events), entry.recovered.complete) == (4, True)


def test_each_series_keeps_its_own_structure_set() -> None:
    session = begun()
    session.do(NewRoi("GTV"))
    session.open_series(OTHER)
    assert session.work is not None
    assert "drawn on series" in session.standing.banner
    assert SERIES.series_uid in session.standing.banner
    assert OTHER.series_uid in session.standing.banner
    with pytest.raises(InputError, match="another series"):
        session.do(NewRoi("Heart"))
    session.new_structure_set("OTHER")
    session.do(NewRoi("Heart"))
    assert [series.key for series in session.works.unsaved] == [SERIES.key, OTHER.key]
    session.open_series(SERIES)
    assert session.work is not None
    assert [roi.name for roi in session.work.state.structure_set.rois] == ["GTV"]
    assert session.standing.banner == ""
    session.close()
    assert len(recoverable()) == 2


def test_a_structure_set_of_another_frame_of_reference_is_hidden_and_named() -> None:
    session = begun()
    session.open_series(replace(OTHER, frame_of_reference_uid="5.5"))
    assert session.standing.is_hidden
    assert "5.5" in session.standing.banner
    assert SERIES.frame_of_reference_uid in session.standing.banner
    session.close()


def test_a_point_of_another_series_is_refused() -> None:
    session = begun()
    session.do(NewRoi("GTV"))
    session.do(StartContour(1, GeometricType.POINT))
    point = replace(point_at_pixel(SERIES, 1, 1, 1), sop_instance_uid="6.6.6")
    with pytest.raises(InputError, match="another series"):
        session.do(AddPoint(point))
    session.close()


def test_unsaved_work_is_not_replaced() -> None:
    session = begun()
    session.do(NewRoi("GTV"))
    with pytest.raises(InputError, match="not saved"):
        session.new_structure_set("NEW")
    session.discard()
    assert session.work is None
    assert list(journal_folder().iterdir()) == []


def test_a_series_that_nothing_may_be_built_on_is_not_contoured() -> None:
    session = Session()
    session.open_series(replace(SERIES, build_refusal="positions repeat"))
    with pytest.raises(InputError, match="positions repeat"):
        session.new_structure_set("PLAN")


def test_a_loaded_set_remembers_its_file_until_another_is_there(tmp_path: Path) -> None:
    path = tmp_path / "RS.dcm"
    path.write_bytes(b"as loaded")
    session = Session()
    session.open_series(SERIES)
    session.adopt(loaded(), path)
    assert (session.standing.source_path, session.standing.unsaved) == (path, False)
    session.do(RenameRoi(1, "Heart 2"))
    session.close()
    (entry,) = recoverable()
    session = Session()
    assert session.recover(entry.path, ARCHIVE.series) == ()
    assert session.standing.source_path == path
    session.close()
    path.write_bytes(b"another one")
    session = Session()
    (note,) = session.recover(entry.path, ARCHIVE.series)
    assert "gone or changed" in note
    assert session.standing.source_path is None
    session.close()


@pytest.mark.parametrize("changes", [{"other_series": True}, {"other_frame_of_reference": True}])
def test_a_loaded_set_of_other_images_is_read_only(tmp_path: Path, changes: dict[str, bool]) -> None:
    session = Session()
    session.open_series(SERIES)
    session.adopt(loaded(**changes), tmp_path / "RS.dcm")
    with pytest.raises(InputError, match="read-only: the structure set"):
        session.do(NewRoi("X"))


def test_edits_go_on_when_the_journal_cannot_be_written_and_it_is_said() -> None:
    folder = journal_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    told: list[WriteFailed] = []
    session = Session(on_journal_failure=told.append)
    session.open_series(SERIES)
    session.new_structure_set("PLAN")
    session.do(NewRoi("GTV"))
    session.do(NewRoi("Heart"))
    assert len(told) == 1
    assert "edits are not journalled" in session.standing.journal_failure
    assert session.work is not None
    assert len(session.work.state.structure_set.rois) == 2


def test_a_later_scan_of_the_same_files_does_not_end_the_work() -> None:
    session = begun()
    session.do(NewRoi("GTV"))
    session.open_series(made_series(6))
    assert session.standing.read_only == ""
    session.do(NewRoi("Heart"))
    session.close()


def test_the_command_lists_what_is_left_behind() -> None:
    path, _ = crashed()
    shutil.copy(path, path.with_name("0.journal"))
    (path.parent / "1.journal").write_bytes(b"nothing")
    table = run_cli("recover", "--list")
    assert table.code == 0
    assert [line.split()[:1] for line in table.out.splitlines()][1:] == [["1"], ["0"], [path.stem]]
    assert "2030-01-02T03:04:05+00:00  offered  8" in table.out
    found = run_cli("recover", "--list", "--format", "json")
    assert found.code == 0
    document = json.loads(found.out)
    assert_follows_schema(document, "recover")
    assert [entry["state"] for entry in document["journals"]] == ["damaged", "offered", "offered"]
    assert document["journals"][1]["edits"] == 8
    assert document["journals"][1]["series_instance_uid"] == SERIES.series_uid


def test_the_command_without_a_terminal_says_what_to_do() -> None:
    done = run_cli("recover")
    assert (done.code, done.out) == (2, "")
    assert "dcmtty recover --list" in done.err
    assert run_cli("recover", "--list").code == 0
