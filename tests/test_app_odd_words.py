"""Odd words on the command line of the app: each is refused in a line; none ends the app or is taken for another."""

from __future__ import annotations

from pathlib import Path

from textual import events

from app_driver import Driver, driving

LONG = "x" * 300
REFUSED = {
    "slice nan": "no numbers",
    "slice inf": "no numbers",
    f"slice {'9' * 400}": "no numbers",
    "zoom inf": "no numbers",
    "color nan 0 0": "no numbers",
    "color 1.5 2 3": "whole numbers",
    "select 1.5": "whole numbers",
    "open ~nosuchuser_q/x": "no such user",
    "import ~nosuchuser_q/x": "no such user",
    "load ~nosuchuser_q/x": "no such user",
    "w ~nosuchuser_q/x": "no such user",
    "export ~nosuchuser_q/x.csv": "no such user",
    f"w {LONG}.dcm": "the name is too long",
    f"export {LONG}.csv": "the name is too long",
}


async def paste_command(driver: Driver, line: str) -> None:
    """Paste a command line and enter it."""
    await driver.pilot.press(":")
    driver.app.post_message(events.Paste(line))
    await driver.settle()
    await driver.press("enter")


async def test_words_that_cannot_be_followed_are_refused(phantom_dir: Path) -> None:
    async with driving(phantom_dir, size=(200, 40)) as driver:
        await driver.press("f3", "A")
        for line, told in REFUSED.items():
            await paste_command(driver, line)
            assert told in driver.line("message") + driver.line("footer"), line


async def test_a_superscript_is_part_of_a_name_and_no_number(phantom_dir: Path) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("f3")
        await paste_command(driver, "roi Vessel wall ²")
        state = driver.desk.state
        assert state is not None
        assert [roi.name for roi in state.structure_set.rois] == ["Vessel wall ²"]


async def test_a_screen_that_is_closed_twice_is_closed_once(
    phantom_dir: Path,
) -> None:
    async with driving(phantom_dir) as driver:
        await driver.press("question_mark")
        help_screen = driver.app.screen
        for key in ("q", "enter", "escape"):
            help_screen.post_message(events.Key(key, "q" if key == "q" else None))
        await driver.settle()
        assert driver.app.screen is driver.main
        assert driver.main.is_running


async def test_fast_keys_after_help_reach_the_app_all_and_in_order(phantom_dir: Path) -> None:
    words = "".join(f"{number:03d}." for number in range(36))
    async with driving(phantom_dir, size=(200, 40)) as driver:
        await driver.press("question_mark")
        for character in f"q:{words}":
            driver.app.post_message(events.Key(character, character))
        await driver.settle()
        assert words in driver.line("footer")
