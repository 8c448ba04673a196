"""Compare mode: files are marked in Browse, differences stand side by side, and what varies across a series is told."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pydicom
import pytest

from app_driver import Driver, driving
from dcmtty.dicom.compare.model import Options
from dcmtty.progress import Progress
from dcmtty.text import cell_width
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.screens.compare_files import FilesView
from dcmtty_tui.screens.compare_series import SeriesView
from dcmtty_tui.screens.comparing import ComparedFiles, compare_work
from dcmtty_tui.screens.help import TextScreen
from dcmtty_tui.widgets.row_list import RowList
from dicom_bytes import identity, item, part10, sequence, text
from dicom_files import image, ramp, save


def pane(driver: Driver) -> RowList:
    return driver.main.query_one(f"#{Pane.COMPARE.value}", RowList)


def current(driver: Driver) -> str:
    row = pane(driver).current
    assert row is not None
    return row.text


@pytest.fixture
def structure_sets(tmp_path: Path) -> tuple[Path, Path]:
    """Two files with sequences: one ROI renamed, one more, and a great one that is the same."""

    def rois(names: dict[int, str]) -> bytes:
        parts = (item(text(0x30060022, "IS", str(n)) + text(0x30060026, "LO", name)) for n, name in names.items())
        return sequence(0x30060020, b"".join(parts))

    same = sequence(0x30060080, b"".join(item(text(0x30060082, "IS", str(n))) for n in range(9000)))
    a, b = tmp_path / "a.dcm", tmp_path / "b.dcm"
    a.write_bytes(part10(identity(sop_class="1.2.840.10008.5.1.4.1.1.481.3") + rois({1: "heart", 2: "lung"}) + same))
    b.write_bytes(
        part10(identity(sop_class="1.2.840.10008.5.1.4.1.1.481.3") + rois({1: "Heart", 2: "lung", 5: "cord"}) + same)
    )
    return a, b


async def test_two_slices_are_marked_in_browse_and_compared(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        first = driver.desk.viewer.shown
        assert first is not None
        await driver.press("m")
        assert "A is " in driver.line("message")
        await driver.press("]", "m")
        assert driver.desk.mode is Mode.COMPARE
        series = first.view.series
        a, b = (
            pydicom.dcmread(series.slices[first.view.slice_number - 1 + step].instance.path, stop_before_pixels=True)
            for step in (0, 1)
        )
        rows = "\n".join(driver.rows(Pane.COMPARE))
        different = {e.keyword for e in a if not e.keyword.startswith("Pixel") and a.get(e.tag) != b.get(e.tag)}
        assert different
        assert all(keyword in rows for keyword in different)
        assert "Manufacturer" not in rows
        await driver.press("d")
        assert "Manufacturer" in "\n".join(driver.rows(Pane.COMPARE))
        await driver.press("d")
        assert "Manufacturer" not in "\n".join(driver.rows(Pane.COMPARE))


async def test_marking_the_same_file_again_forgets_it(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("m", "m")
        assert driver.desk.comparing.marked is None
        assert driver.desk.mode is Mode.BROWSE


async def test_a_series_row_stands_for_its_first_slice_and_a_reformatted_view_for_none(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("V", "m")
        assert "show a slice as it was acquired" in driver.line("message")
        await driver.press("V", "V", "\\")
        rows = driver.rows(Pane.SERIES)
        assert driver.desk.pane is Pane.SERIES
        await driver.press("g", *("j",) * next(index for index, row in enumerate(rows) if row.startswith("*")), "m")
        series = driver.desk.session.series
        assert series is not None
        assert driver.desk.comparing.marked == series.slices[0].instance.path


async def test_keys_go_from_difference_to_difference_and_open_and_close(
    phantom_dir: Path, structure_sets: tuple[Path, Path]
) -> None:
    a, b = structure_sets
    async with driving(phantom_dir) as driver:
        await driver.command(f"diff {a} {b}")
        assert "ROIName" in current(driver)
        assert driver.line("status").splitlines() == [" A heart", " B Heart"]
        assert "3006,0020/1/3006,0026" in driver.line("message")
        await driver.press("n")
        assert current(driver).startswith("+")
        assert "item 3, ROI Number 5" in current(driver)
        await driver.press("n")
        assert "no difference further down" in driver.line("message")
        await driver.press("N", "h")
        assert "item 1" in current(driver)
        await driver.press("h")
        assert not any("ROIName" in row for row in driver.rows(Pane.COMPARE))
        await driver.press("n")
        assert "item 3" in current(driver)
        await driver.press("N", "N")
        assert "no difference further up" in driver.line("message")
        await driver.press("l")
        assert any("ROIName" in row for row in driver.rows(Pane.COMPARE))


async def test_enter_shows_both_values_whole(phantom_dir: Path, tmp_path: Path) -> None:
    long = "x" * 900
    a = save(image(ramp(), ImageComments=long + " one"), tmp_path / "a.dcm")
    b = save(image(ramp(), ImageComments=long + " two"), tmp_path / "b.dcm")
    async with driving(phantom_dir) as driver:
        await driver.command(f"diff {a} {b}")
        assert "x one" in current(driver)
        assert "x two" in current(driver)
        assert "the first that differs is 902" in driver.line("message")
        await driver.press("enter")
        shown = driver.app.screen
        assert isinstance(shown, TextScreen)
        assert long + " one" in str(shown._text)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - what is shown
        await driver.press("q")


async def test_what_is_the_same_in_a_great_sequence_is_read_in_the_background(
    phantom_dir: Path, structure_sets: tuple[Path, Path]
) -> None:
    async with driving(phantom_dir) as driver:
        await driver.command(f"diff {structure_sets[0]} {structure_sets[1]}")
        await driver.press("d", "G")
        assert "RTROIObservationsSequence" in current(driver)
        await driver.press("enter")
        await driver.press("j")
        assert "item 1, Observation Number 0" in current(driver)
        assert len(pane(driver).rows) > 9000
        await driver.press("h", "h")
        assert len(pane(driver).rows) < 100


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 36)])
async def test_rows_fit_and_say_the_difference_at_every_size(
    phantom_dir: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    names = ("山田^太郎=ヤマダ^タロウ=やまだ", "Müller^Jörg")
    paths = [
        save(image(ramp(), SpecificCharacterSet="ISO_IR 192", PatientName=name), tmp_path / f"{n}.dcm")
        for n, name in enumerate(names)
    ]
    async with driving(phantom_dir, size=size) as driver:
        await driver.command(f"diff {paths[0]} {paths[1]}")
        rows = driver.rows(Pane.COMPARE)
        at = next(index for index, row in enumerate(rows) if "PatientName" in row)
        lines = rows[at : at + (3 if size[0] < 72 else 1)]
        assert lines[0].startswith("*")
        assert "山田" in "".join(lines)
        assert "Müller" in "".join(lines)
        assert all(cell_width(line) < size[0] for line in lines)


async def test_what_varies_across_the_open_series_is_told(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("v")
        assert driver.desk.mode is Mode.COMPARE
        view = driver.desk.comparing.view
        assert isinstance(view, SeriesView)
        rows = driver.rows(Pane.COMPARE)
        position = next(row for row in rows if "ImagePositionPatient" in row)
        assert position.startswith(">")
        assert "uneven steps of 0\\0\\4 to 0\\0\\8" in position, "the phantom has a gap"
        assert next(row for row in rows if "InstanceNumber" in row).startswith("#")
        assert not any("Manufacturer" in row for row in rows)
        await driver.press("d")
        assert any(row.startswith("=") and "Manufacturer" in row for row in driver.rows(Pane.COMPARE))
        await driver.press("g", "n", "enter")
        assert isinstance(driver.app.screen, TextScreen)
        await driver.press("q", "q")
        assert str(driver.desk.mode) == "browse"


async def test_an_answer_that_comes_after_another_question_is_dropped(
    phantom_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, plain = save(image(ramp()), tmp_path / "slow.dcm"), save(image(ramp(), KVP="1"), tmp_path / "plain.dcm")
    go_on, begun = threading.Event(), threading.Event()
    late: list[ComparedFiles] = []

    def work(ticket: int, a: Path, b: Path, options: Options, progress: Progress) -> ComparedFiles:
        answer = compare_work(ticket, a, b, options, progress)
        if b == slow:
            late.append(answer)
            begun.set()
            go_on.wait(30)
        return answer

    monkeypatch.setattr("dcmtty_tui.screens.handle_compare.compare_work", work)
    async with driving(phantom_dir) as driver:
        _ask(driver, plain, slow)
        while not begun.is_set():
            await driver.pilot.pause(0.01)
        _ask(driver, slow, plain)
        go_on.set()
        await driver.settle()
        view = driver.desk.comparing.view
        assert isinstance(view, FilesView)
        assert view.found.a.path == slow
        driver.desk.comparing.take(late[0])
        assert driver.desk.comparing.view is view


def _ask(driver: Driver, a: Path, b: Path) -> None:
    from dcmtty_tui.screens.handle_compare import compare

    compare(driver.desk, a, b)


async def test_q_stops_a_comparison_and_nothing_of_it_comes_later(
    phantom_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(image(ramp()), tmp_path / "a.dcm")
    go_on = threading.Event()

    def work(ticket: int, a: Path, b: Path, options: Options, progress: Progress) -> ComparedFiles:
        go_on.wait(30)
        return compare_work(ticket, a, b, options, progress)

    monkeypatch.setattr("dcmtty_tui.screens.handle_compare.compare_work", work)
    async with driving(phantom_dir) as driver:
        _ask(driver, path, path)
        await driver.pilot.press("q")
        go_on.set()
        await driver.settle()
        assert driver.desk.comparing.view is None
        assert "stopped" in driver.line("message")
        assert "Nothing is compared yet" in driver.rows(Pane.COMPARE)[0]


async def test_options_of_the_command_have_keys(phantom_dir: Path, tmp_path: Path) -> None:
    pixels = ramp().astype(np.int16)
    other = pixels.copy()
    other[0, 0] += 3
    a = save(image(pixels, KVP="1.0", StationName="x"), tmp_path / "a.dcm")
    b = save(image(other, KVP="1.00", StationName="y"), tmp_path / "b.dcm")
    async with driving(phantom_dir) as driver:
        await driver.command(f"diff {a} {b}")
        assert not any("KVP" in row for row in driver.rows(Pane.COMPARE))
        await driver.press("e")
        assert any("KVP" in row for row in driver.rows(Pane.COMPARE))
        await driver.press("e")
        await driver.command("ignore StationName,7FE0,0010")
        assert "no difference in value" in "\n".join(driver.rows(Pane.COMPARE))
        await driver.command("ignore")
        await driver.press("p", "n")
        said = driver.line("message") + driver.line("footer")
        assert "decoded pixels differ: 1 of 96 values, by at most 3" in said
        await driver.press("x")
        view = driver.desk.comparing.view
        assert isinstance(view, FilesView)
        assert view.found.a.path == b


async def test_what_cannot_be_compared_is_said_in_a_line(phantom_dir: Path, tmp_path: Path) -> None:
    none = tmp_path / "none.txt"
    none.write_text("hello")
    async with driving(phantom_dir) as driver:
        await driver.press("f7")
        for key in ("d", "n", "l", "h", "enter", "x", "p"):
            await driver.press(key)
            assert "nothing is compared" in driver.line("message") or "no two files" in driver.line("message"), key
        assert "Nothing is compared yet" in driver.rows(Pane.COMPARE)[0]
        for line, said in (
            (f"diff {none}", "not a DICOM file"),
            (f"diff {tmp_path}/gone {none}", "no such file"),
            ("diff", "needs one or two files"),
        ):
            await driver.command(line)
            assert said in driver.line("message")
            assert driver.desk.comparing.view is None


async def test_the_end_of_a_damaged_file_is_said(phantom_dir: Path, tmp_path: Path) -> None:
    a = save(image(ramp()), tmp_path / "a.dcm")
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(a.read_bytes()[:-10])
    async with driving(phantom_dir) as driver:
        await driver.command(f"diff {a} {cut}")
        rows = driver.rows(Pane.COMPARE)
        assert rows[2].startswith("! ")
        assert "PixelData at byte" in rows[2]
        assert any(row.startswith("?") and "PixelData" in row for row in rows)
