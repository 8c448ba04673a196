"""The grid of the app, by keys alone: rows, columns, sort, filter, groups, going in, writing to a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import events

from app_driver import Driver, driving
from dcmtty.dicom.catalog.store import default_path
from dcmtty.dicom.table.result import Page, TableRow
from dcmtty.text import cell_width
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.widgets.grid_list import CellRow, GridList
from dicom_bytes import CT, image, part10, text
from table_archives import small_file


def archive(folder: Path, files: int = 30) -> Path:
    """Two series of CT, one of them with names that would act on a terminal, and a file that is cut."""
    folder.mkdir()
    for number in range(files):
        series = number % 2
        name = "\x1b[31m[/b]\x9b" if series else "A^B"
        data = small_file(number, series=series, name=name, thickness="1.5" if series else "3")
        (folder / f"{number:04}.dcm").write_bytes(data)
    (folder / "cut.dcm").write_bytes(small_file(1)[:-3])
    return folder


def grid(driver: Driver) -> GridList:
    """The pane."""
    return driver.main.query_one("#grid", GridList)


def cells(driver: Driver) -> list[tuple[str, ...]]:
    """What the rows of the grid say."""
    return [row.cells for row in grid(driver).rows if isinstance(row, CellRow)]


async def command(driver: Driver, line: str) -> None:
    """Paste a command line and enter it."""
    await driver.pilot.press(":")
    driver.main.on_paste(events.Paste(line))
    await driver.press("enter")


def screen(driver: Driver) -> list[str]:
    """The lines of the pane as they are drawn."""
    pane = grid(driver)
    return ["".join(part.text for part in pane.render_line(y)) for y in range(pane.size.height)]


class Watched:
    """A page that remembers how many rows were asked of it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.count, self.query = page.count, page.query
        self.asked: list[int] = []

    def window(self, first: int, count: int) -> Sequence[TableRow]:
        """Return rows."""
        self.asked.append(count)
        return self._page.window(first, count)


async def test_series_are_rows_with_counts_and_f6_shows_them(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await driver.press("f6")
        assert (driver.desk.mode, driver.desk.pane) == (Mode.GRID, Pane.GRID)
        names = [header.name for header in grid(driver).headers]
        assert names[:4] == ["count", "PatientName", "StudyDate", "Modality"]
        assert [(row[0], row[3], row[5]) for row in cells(driver)] == [("15", "CT", "1.5"), ("15", "CT", "3")]
        await driver.press("q")
        assert driver.desk.mode is Mode.BROWSE


async def test_t_goes_from_series_to_studies_to_files(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await driver.press("f6", "t")
        assert [row[0] for row in cells(driver)] == ["30"]
        await driver.press("t")
        assert len(cells(driver)) == 31
        assert grid(driver).title == "Files"
        await command(driver, "rows series")
        assert len(cells(driver)) == 2


async def test_columns_are_typed_and_nested_and_private_ones_are_read(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await command(driver, "rows files")
        await command(
            driver, "columns InstanceNumber,MRAcquisitionType,ROIContourSequence/0/ROINumber,0009,0010,status"
        )
        names = [header.name for header in grid(driver).headers]
        assert names == [
            "path",
            "InstanceNumber",
            "MRAcquisitionType",
            "ROIContourSequence/0/ROINumber",
            "0009,0010",
            "status",
        ]
        assert cells(driver)[3][1:] == ("3", "2D", "", "", "dicom")
        assert cells(driver)[30][1:] == ("", "", "", "", "unreadable")
        await driver.press("$", "x")
        assert [header.name for header in grid(driver).headers] == names[:-1]
        await command(driver, "columns")
        assert [header.name for header in grid(driver).headers][1] == "Modality"


async def test_s_sorts_by_the_column_under_the_cursor_and_numbers_as_numbers(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a", 12)) as driver:
        await command(driver, "rows files")
        await command(driver, "columns InstanceNumber")
        await driver.press("l", "s")
        numbers = [row[1] for row in cells(driver)]
        assert numbers == [*map(str, range(12)), ""]
        assert grid(driver).headers[1].mark == "↑"
        await driver.press("s")
        assert [row[1] for row in cells(driver)] == [*map(str, range(11, -1, -1)), ""]
        await driver.press("s")
        assert driver.desk.grid.view.sort == ()
        await command(driver, "sort -InstanceNumber,path")
        assert cells(driver)[0][1] == "11"


async def test_a_filter_keeps_its_quotes_is_shown_and_taken_back(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await command(driver, "rows files")
        await command(driver, "filter PatientName == 'A^B' and InstanceNumber < 10")
        assert len(cells(driver)) == 5
        assert "filter PatientName == 'A^B'" in grid(driver).title
        await command(driver, 'filter PatientName == "O\'Neil"')
        assert cells(driver) == []
        await driver.press("/")
        assert driver.main.keyboard.entry is not None
        assert driver.main.keyboard.entry.line.text.endswith("O'Neil\"")
        await driver.press("escape")
        await command(driver, "filter")
        assert len(cells(driver)) == 31


@pytest.mark.parametrize("typed", ["Modality ==", "Modality == CT; DROP TABLE file", "(((", "PatientName ~ '('", "'"])
async def test_a_filter_that_is_none_is_refused_and_the_rows_stay(tmp_path: Path, typed: str) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await driver.press("f6")
        await command(driver, f"filter {typed}")
        assert driver.desk.is_error
        assert driver.line("message").startswith(" ! filter:")
        assert len(cells(driver)) == 2


async def test_groups_are_gone_into_and_left_again(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await command(driver, "rows files")
        await command(driver, "group SliceThickness,status")
        assert cells(driver) == [("1.5", "dicom", "15"), ("3", "dicom", "15"), ("", "unreadable", "1")]
        await driver.press("l", "j", "enter")
        assert len(cells(driver)) == 15
        assert (grid(driver).cursor, grid(driver).column) == (0, 0)
        assert "SliceThickness = 3, status = dicom" in grid(driver).title
        await driver.press("q")
        assert len(cells(driver)) == 3
        assert (grid(driver).cursor, grid(driver).column) == (1, 1)
        await driver.press("G", "enter")
        assert [Path(row[0]).name for row in cells(driver)] == ["cut.dcm"]
        await driver.press("escape", "b")
        assert len(cells(driver)) == 31
        assert driver.desk.mode is Mode.GRID


async def test_enter_goes_from_studies_to_series_to_the_picture(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await command(driver, "rows studies")
        await driver.press("enter")
        assert [row[0] for row in cells(driver)] == ["15", "15"]
        await driver.press("j", "enter")
        assert driver.desk.mode is Mode.BROWSE
        series = driver.desk.session.series
        assert series is not None
        assert series.series_uid == "1.2.0"


async def test_enter_on_a_file_shows_its_tags(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await command(driver, "rows files")
        await driver.press("5", "G", "enter")
        assert (driver.desk.mode, driver.desk.pane) == (Mode.BROWSE, Pane.TAGS)
        assert any("InstanceNumber [1] 4" in row for row in driver.rows(Pane.TAGS))


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
async def test_the_grid_is_written_to_a_new_file_and_never_over_another(tmp_path: Path, kind: str) -> None:
    target = tmp_path / f"out.{kind}"
    async with driving(archive(tmp_path / "a")) as driver:
        await command(driver, "rows files")
        await command(driver, "columns InstanceNumber,PatientName,status")
        await command(driver, "filter InstanceNumber < 4 or status == unreadable")
        await command(driver, f"export-grid {target}")
        assert "wrote" in driver.line("message")
        before = target.read_bytes()
        await command(driver, f"export-grid {target}")
        assert driver.desk.is_error
        assert target.read_bytes() == before
    _check_export(target, kind)


def _check_export(target: Path, kind: str) -> None:
    if kind == "csv":
        with target.open(newline="") as stream:
            found = [row[1] for row in csv.reader(stream)]
        assert found == ["InstanceNumber", "0", "1", "2", "3", ""]
    elif kind == "json":
        document = json.loads(target.read_text())
        assert [file["values"]["InstanceNumber"] for file in document["files"]] == [["0"], ["1"], ["2"], ["3"]]
        assert [Path(file["path"]).name for file in document["unreadable"]] == ["cut.dcm"]
    else:
        pq = pytest.importorskip("pyarrow.parquet")
        assert pq.read_table(target).to_pydict()["InstanceNumber"] == [0, 1, 2, 3, None]


async def test_export_says_what_it_needs(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await driver.press("f6")
        await command(driver, "export-grid")
        assert "needs FILE" in driver.line("message")
        await command(driver, f"export-grid {tmp_path}/out.xls")
        assert "must end in" in driver.line("message")
        assert not (tmp_path / "out.xls").exists()


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 36)])
async def test_lines_fill_the_pane_exactly_whatever_is_in_the_cells(tmp_path: Path, size: tuple[int, int]) -> None:
    folder = archive(tmp_path / "a")
    for number, name in enumerate(
        ["王^小东", "נוף^אבג", "e\u0301" * 30, "ｗｉｄｅ" * 20, "\u202eabc", "[bold]x[/bold]"]
    ):
        data = part10(
            text(0x00080005, "CS", "ISO_IR 192")
            + text(0x00080016, "UI", CT)
            + text(0x00080018, "UI", f"9.{number}")
            + text(0x00100010, "PN", name.encode().decode("latin-1"))
            + text(0x0020000E, "UI", "9")
            + image()
        )
        (folder / f"w{number}.dcm").write_bytes(data)
    async with driving(folder, size=size) as driver:
        await command(driver, "rows files")
        await command(
            driver, "columns PatientName,InstanceNumber,Rows,SliceThickness,SOPInstanceUID,Modality,size,mtime"
        )
        for key in ("G", "0", "l", "l", "l", "l", "$"):
            await driver.press(key)
            for line in screen(driver):
                assert cell_width(line) == size[0]
                assert line.isprintable()
            assert f"[{grid(driver).headers[grid(driver).column].name}" in screen(driver)[1]


async def test_numbers_stand_at_the_right_and_the_end_of_a_path_is_kept(tmp_path: Path) -> None:
    archive(tmp_path / ("long" * 20), 12)
    async with driving(tmp_path) as driver:
        await command(driver, "rows files")
        await command(driver, "columns InstanceNumber,Modality")
        lines = screen(driver)[2:14]
        starts = {line.index("CT") for line in lines}
        assert len(starts) == 1
        assert {line[: starts.copy().pop()].rstrip()[-2:].strip() for line in lines} == {*map(str, range(12))}
        assert all(f"{number:04}.dcm" in line for number, line in enumerate(lines))


async def test_a_path_is_shown_below_the_folder_that_was_opened_and_told_in_full(tmp_path: Path) -> None:
    folder = archive(tmp_path / "a")
    async with driving(folder) as driver:
        await command(driver, "rows files")
        await driver.press("j")
        assert cells(driver)[1][0] == "0001.dcm"
        assert driver.line("message").strip() == f"path: {folder}/0001.dcm"


async def test_only_the_rows_in_sight_are_fetched(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a", 900)) as driver:
        await command(driver, "rows files")
        rows = driver.desk.grid.rows
        assert rows is not None
        watched = Watched(rows.page)
        rows.page = watched  # type: ignore[assignment]
        for key in ("G", "g", "pagedown", "4", "5", "0", "G"):
            await driver.press(key)
        assert "450/901" in screen(driver)[0]
        assert sum(watched.asked) <= 3 * 200


async def test_the_whole_of_a_cell_is_on_the_message_line(tmp_path: Path) -> None:
    async with driving(archive(tmp_path / "a")) as driver:
        await driver.press("f6", "l")
        assert driver.line("message").strip() == r"PatientName: \x1b[31m[/b]\x9b"


async def test_before_anything_was_scanned_it_says_so() -> None:
    async with driving() as driver:
        await driver.press("f6")
        assert "nothing was scanned" in driver.line("message")
        await driver.press("enter", "j", "l", "s", "b", "x", "$")
        await command(driver, "filter Modality == CT")


async def test_other_files_are_shown_after_open(tmp_path: Path) -> None:
    other = tmp_path / "b"
    other.mkdir()
    (other / "x.dcm").write_bytes(small_file(7, series=9))
    async with driving(archive(tmp_path / "a")) as driver:
        await driver.press("f6")
        await command(driver, f"open {other}")
        await driver.press("f6")
        assert [row[0] for row in cells(driver)] == ["1"]


async def test_a_file_that_changed_is_shown_as_it_is_after_the_next_scan(tmp_path: Path) -> None:
    folder = archive(tmp_path / "a")
    async with driving(folder) as driver:
        await command(driver, "rows files")
        (folder / "0000.dcm").write_bytes(small_file(77, name="NEW"))
        await command(driver, f"open {folder}")
        await command(driver, "columns PatientName,InstanceNumber")
        assert cells(driver)[0][1:] == ("NEW", "77")
    assert default_path().exists()
