"""The tag pane: large sequences, search in the background, jumps, raw bytes, clipboard, damage, programs in files."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from app_driver import Driver, driving
from dcmtty.dicom.tags import TagTree
from dcmtty.dicom.tagsearch import Matches
from dcmtty.progress import Progress
from dcmtty_tui.actions import Pane
from dcmtty_tui.screens import tag_browser, tag_tree
from dcmtty_tui.screens.raw_bytes import BytesScreen
from dcmtty_tui.widgets.row_list import Row, RowList
from dicom_bytes import element, identity, image, item, part10, sequence, text
from pty_app import on_terminal

REPORT = "1.2.840.10008.5.1.4.1.1.88.11"


def write(path: Path, data_set: bytes, preamble: bytes = bytes(128)) -> Path:
    path.write_bytes(part10(data_set, preamble=preamble))
    return path


def report(content: bytes = b"") -> bytes:
    """An object without a picture, so that enter on its row shows its tags; content of group 0040 comes last."""
    return identity(sop_class=REPORT, modality="SR") + text(0x00100010, "PN", "A^B") + content


def tags(driver: Driver) -> RowList:
    return driver.main.query_one("#tags", RowList)


def current(driver: Driver) -> str:
    row = tags(driver).current
    assert row is not None
    return row.text.strip()


def codes(count: int, padding: bytes = b"", *, delimited: bool = False) -> bytes:
    contents = (
        text(0x00080100, "SH", f"C{number}") + padding + text(0x00080104, "LO", f"meaning {number}")
        for number in range(1, count + 1)
    )
    made = b"".join(item(content, delimited=delimited) for content in contents)
    return sequence(0x0040A730, made, delimited=True)


async def open_tags_of(driver: Driver, path: Path) -> None:
    await driver.command(f"tags {path}")
    assert driver.desk.pane is Pane.TAGS


@pytest.mark.parametrize("delimited", [False, True])
async def test_a_hundred_thousand_items_are_listed_and_only_those_on_screen_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delimited: bool
) -> None:
    monkeypatch.setattr(tag_tree, "AT_ONCE_S", 0.0)  # everything goes through the background
    padding = text(0x00080102, "SH", "x" * 80)
    path = write(tmp_path / "a.dcm", report(codes(100_000, padding, delimited=delimited)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.press("G", "l")
        assert len(tags(driver).rows) > 100_000
        await driver.press("G")
        assert current(driver) == "> item 100000  meaning 100000 (C100000)"
        made = tags(driver).rows._made  # type: ignore[attr-defined]  # noqa: SLF001
        assert len(made) < 200
        await driver.press("h")
        assert "ContentSequence" in current(driver)
        await driver.press("h")
        assert len(tags(driver).rows) < 20


async def test_keys_typed_ahead_of_a_search_in_the_background_act_on_what_it_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_browser, "AT_ONCE_S", 0.0)
    path = write(tmp_path / "a.dcm", report(codes(3000)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.pilot.press("/", *"meaning", "space", *"29", "enter", "n", "n", "l", "y")
        await driver.settle()
        assert current(driver).endswith("meaning 291")
        assert "12 bytes" not in driver.line("message")
        assert "meaning 291" in driver.line("message")


async def test_q_stops_a_search_and_what_was_typed_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(tree: TagTree, pattern: str, progress: Progress) -> Matches:
        del tree, pattern
        while True:
            progress.step(0)

    monkeypatch.setattr(tag_browser, "find_all", endless)
    path = write(tmp_path / "a.dcm", report(codes(20)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.pilot.press("/", *"C19", "enter", "n", "j")
        assert driver.desk.tags.is_waiting
        await driver.pilot.press("q")
        await driver.settle()
        assert driver.desk.tags.matches is None
        assert driver.desk.pane is Pane.TAGS
        assert not driver.desk.tags.is_waiting


async def test_only_matches_are_shown_with_what_they_lie_in_and_everything_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", report(codes(50)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.command("find /C1[05]$/")
        await driver.press("F")
        shown = [row.split("  [")[0].strip() for row in driver.rows(Pane.TAGS)]
        assert [re.sub(r"^[>v] ", "", row) for row in shown] == [
            "0040,A730 SQ ContentSequence",
            "item 10  meaning 10 (C10)",
            "0008,0100 SH CodeValue [1] C10",
            "item 15  meaning 15 (C15)",
            "0008,0100 SH CodeValue [1] C15",
        ]
        assert tags(driver).title == "Tags: 2 matches only"
        await driver.press("n")
        assert current(driver).endswith("C15")
        await driver.press("F")
        assert current(driver).endswith("C15")
        assert len(driver.rows(Pane.TAGS)) > 50


async def test_a_hostile_expression_over_a_hostile_value_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", report(element(0x0040A160, "UT", b"a" * 60_000 + b"! ")))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.command("find /(a+)+(a|a)*$/")
        assert "nothing matches" in driver.line("message")
        await driver.command("find /(/")
        assert driver.desk.is_error
        assert "parenthesis" in driver.line("message")


JUMPS = (
    ("0010,0010", "0010,0010 PN PatientName", "Patient's Name"),
    ("PatientName", "0010,0010 PN PatientName", "Patient's Name"),
    ("0028,0010", "0040,A730 SQ ContentSequence", "(0028,0010) Rows is not there; (0040,A730)"),
    ("ContentSequence/3/CodeMeaning", "0008,0104 LO CodeMeaning [1] meaning 3", "Code Meaning"),
    ("0040,A730/99", "item 7  meaning 7 (C7)", "there is no item 99; item 7 is the nearest"),
    ("FFFF,FFFF", "0040,A730", "nearest"),
    ("PatientName/1", "0010,0010", "nothing is inside"),
)


async def test_a_typed_tag_is_gone_to_or_the_nearest_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", report(codes(7)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        for typed, at, said in JUMPS:
            await driver.command(f"tag {typed}")
            assert at in current(driver), typed
            assert said in driver.line("message"), typed
        await driver.command("tag nonsense")
        assert "neither a tag nor a keyword" in driver.line("message")


async def test_raw_bytes_say_where_they_lie_and_go_to_their_end(tmp_path: Path) -> None:
    value = bytes(range(256)) * 300
    path = write(tmp_path / "a.dcm", report(element(0x00420011, "OB", value)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.press("G", "x")
        shown = driver.app.screen
        assert isinstance(shown, BytesScreen)
        rows = shown.query_one("#bytes", RowList)
        offset = path.read_bytes().index(b"\x42\x00\x11\x00OB")
        assert f"offset {offset} (0x{offset:X}) in the file: 12 bytes of header, 76800 bytes of value" in rows.title
        assert rows.rows[0].text.startswith(f"{offset:08x}  42 00 11 00 4f 42 00 00  00 2c 01 00 00 01 02 03")
        await driver.press("G")
        assert rows.cursor == len(rows.rows) - 1
        await driver.press("q")
        assert driver.app.screen is driver.main


async def test_damage_and_programs_are_rows_of_the_tree(tmp_path: Path) -> None:
    whole = report(element(0x0040A160, "UT", b"text of the report"))
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(part10(whole)[:-6])
    program = write(tmp_path / "program.dcm", whole, b"MZ" + bytes(58) + (140).to_bytes(4, "little") + bytes(64))
    async with driving(program) as driver:
        await open_tags_of(driver, program)
        assert driver.rows(Pane.TAGS)[0].startswith("! preamble: EXECUTABLE")
        assert "points to byte 140, in (0002,0000)" in driver.rows(Pane.TAGS)[0]
        await open_tags_of(driver, cut)
        assert driver.rows(Pane.TAGS)[0].strip() == "preamble: clean (all zero)"
        assert "(0040,A160) TextValue at byte" in driver.rows(Pane.TAGS)[-1]
        assert any("PatientName" in row for row in driver.rows(Pane.TAGS))
        await driver.press("G", "x")
        shown = driver.app.screen
        assert isinstance(shown, BytesScreen)
        assert shown.query_one("#bytes", RowList).rows[0].text.split()[1:5] == ["40", "00", "60", "a1"]


async def test_a_file_that_is_cut_while_it_is_looked_at_says_so_in_its_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", report(codes(3000)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.press("G")
        with path.open("r+b") as stream:
            stream.truncate(1000)
        await driver.press("l", "G", "l", "j", "j", "x", "q", "h", "n", "y")
        await driver.command("find C2999")
        assert "became shorter" in "".join(
            [*driver.rows(Pane.TAGS)[-3:], driver.line("message"), driver.line("footer")]
        )


async def test_what_is_too_long_for_terminals_is_not_copied(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", report(element(0x0040A160, "UT", b"x" * 80_000)))
    async with driving(path) as driver:
        await open_tags_of(driver, path)
        await driver.press("G", "y")
        assert "not copied" in driver.line("message")
        assert driver.app.clipboard == ""
        await driver.press("Y")
        assert driver.app.clipboard == "0040,A160"


def test_a_hostile_value_is_copied_as_base64_of_text_that_cannot_act(tmp_path: Path) -> None:
    hostile = b"\x1b]52;c;AAAA\x07\x1b[31m\nrm -rf"
    write(tmp_path / "a.dcm", report(element(0x0040A160, "UT", hostile)))
    with on_terminal(tmp_path / "a.dcm", size=(100, 30)) as app:
        app.wait_for("SR")
        app.press(f":tags {tmp_path / 'a.dcm'}\r")
        app.wait_for("TextValue")
        app.press("G", "y")
        app.wait_for("sent the value")
        sent = re.findall(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", app.text)
        assert [base64.b64decode(one).decode() for one in sent] == ["\\x1b]52;c;AAAA\\x07\\x1b[31m\\x0arm -rf"]
        assert app.text.count("\x1b]52") == 1
        app.press("Y")
        app.wait_for("sent the path")
        assert base64.b64decode(re.findall(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", app.text)[-1]) == b"0040,A160"


def test_wide_narrow_and_right_to_left_text_keeps_the_panes_where_they_are(tmp_path: Path) -> None:
    names = {"hebrew": "שָׁלוֹם^דבורה", "thai": "สมชาย^น้ำผึ้ง", "japan": "ﾔﾏﾀﾞ^山田太郎", "korea": "홍^길동"}
    for index, (modality, name) in enumerate(names.items()):
        data = text(0x00080005, "CS", "ISO_IR 192") + identity(modality=modality[:2].upper())
        raw = name.encode()
        data += element(0x00100010, "PN", raw + b" " * (len(raw) % 2)) + image(8, 8)
        write(tmp_path / f"{index}.dcm", data)
    with on_terminal(tmp_path / "2.dcm", size=(120, 36)) as app:
        app.wait_for("slice 1/1", "PatientName")
        app.press("\\")
        app.press("/PatientName\r")
        app.wait_for("match 1 of 1", "山田太郎")
        row = next(line for line in app.screen.display if "0010,0010" in line and "PN" in line)
        cells = row.index("0010,0010")
        others = [line.index("0002,0010") for line in app.screen.display if "0002,0010" in line]
        assert others == [cells]


async def test_the_tree_follows_the_slice_with_what_is_open_and_found(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.command("find PatientPosition")
        first = driver.desk.tags.path
        await driver.press("]")
        assert driver.desk.tags.path != first
        assert driver.desk.tags.matches is not None
        assert len(driver.desk.tags.matches.nodes) == 1
        await driver.press("n")
        assert "PatientPosition" in current(driver)


def test_rows_made_on_demand_are_not_gone_through() -> None:
    class Rows:
        def __init__(self) -> None:
            self.asked: set[int] = set()

        def __len__(self) -> int:
            return 1_000_000

        def __getitem__(self, index: int) -> Row:
            self.asked.add(index)
            return Row(index, f"row {index}")

        def index_of(self, key: object) -> int | None:
            return key if isinstance(key, int) else None

    rows = RowList("T", "")
    first, second = Rows(), Rows()
    rows.set_rows(first)  # type: ignore[arg-type]
    rows.go(500_000)
    rows.set_rows(second)  # type: ignore[arg-type]
    assert rows.cursor == 500_000
    assert len(first.asked | second.asked) < 20
