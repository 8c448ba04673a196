"""The key grammar: counts as in vi, and the registry decides what a key means where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmtty_tui.actions import ACTIONS, BY_ID, Mode, Pane, by_word, for_key
from dcmtty_tui.keymap import LARGEST_COUNT, Call, Context, KeyState, WordError, parse_command, step

PICTURE = Context(Mode.CONTOUR, Pane.PICTURE)


def press(keys: list[str], context: Context = PICTURE) -> list[Call]:
    state, calls = KeyState(), []
    for key in keys:
        state, call = step(state, key, context)
        if call is not None:
            calls.append(call)
    return calls


def test_a_count_goes_to_the_key_after_it_and_is_spent() -> None:
    first, second = press(["1", "0", "l", "l"])
    assert (first.action.id, first.times) == ("cursor.right", 10)
    assert (second.action.id, second.count) == ("cursor.right", None)


def test_zero_alone_begins_no_count() -> None:
    assert press(["0", "l"])[0].count is None


def test_escape_drops_a_count_and_does_nothing_else() -> None:
    calls = press(["5", "escape", "l"])
    assert [(call.action.id, call.count) for call in calls] == [("cursor.right", None)]


def test_an_unknown_key_drops_the_count() -> None:
    assert press(["5", "f12", "l"])[0].count is None


def test_a_count_does_not_grow_without_limit() -> None:
    call = press([*"99999999999999", "l"])[0]
    assert call.times <= LARGEST_COUNT


@given(st.integers(min_value=1, max_value=LARGEST_COUNT))
def test_every_count_arrives_as_typed(count: int) -> None:
    assert press([*str(count), "l"])[0].count == count


@pytest.mark.parametrize(
    ("pane", "action"), [(Pane.PICTURE, "cursor.down"), (Pane.ROIS, "row.down"), (Pane.POINTS, "row.down")]
)
def test_j_means_what_the_focused_pane_needs(pane: Pane, action: str) -> None:
    assert press(["j"], Context(Mode.CONTOUR, pane))[0].action.id == action


def test_no_key_has_two_meanings_of_the_same_rank_in_one_place() -> None:
    for mode in Mode:
        for pane in Pane:
            for key in {key for action in ACTIONS for key in action.keys}:
                found = [a for a in ACTIONS if key in a.keys and mode in a.modes and pane in a.panes]
                ranks = [(len(action.panes), len(action.modes)) for action in found]
                assert len(ranks) == len(set(ranks)), (mode, pane, key, [action.id for action in found])


def test_no_word_and_no_id_is_given_twice() -> None:
    words = [word for action in ACTIONS for word in action.words]
    assert len(words) == len(set(words))
    assert len(BY_ID) == len(ACTIONS)


def test_keys_of_other_programs_and_of_enter_are_not_used() -> None:
    taken = {"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+b", "ctrl+a", "ctrl+z", "ctrl+left_square_bracket"}
    assert not taken & {key for action in ACTIONS for key in action.keys}


def test_every_escape_has_a_q() -> None:
    for action in ACTIONS:
        if "escape" in action.keys:
            assert "q" in action.keys


@pytest.mark.parametrize(
    ("line", "action", "arguments"),
    [
        ("p 120.5 88", "point.pixel", ("120.5", "88")),
        (":mm -34.2 10 85", "point.mm", ("-34.2", "10", "85")),
        ("b", "mode.browse", ()),
        ("w my file.dcm", "set.save", ("my", "file.dcm")),
        ('import "a b.csv" lps-mm', "points.import", ("a b.csv", "lps-mm")),
        ("23", "slice.goto", ("23",)),
    ],
)
def test_a_command_line_names_an_action_and_its_arguments(line: str, action: str, arguments: tuple[str, ...]) -> None:
    call = parse_command(line, Mode.CONTOUR)
    assert isinstance(call, Call)
    assert (call.action.id, call.arguments) == (action, arguments)


def test_an_unknown_word_says_so() -> None:
    found = parse_command("frobnicate 1", Mode.BROWSE)
    assert isinstance(found, WordError)
    assert "frobnicate" in found.message


def test_a_word_of_another_mode_names_that_mode() -> None:
    found = parse_command("p 1 2", Mode.BROWSE)
    assert isinstance(found, WordError)
    assert "contour" in found.message


def test_words_of_the_modes_exist_for_desktops_that_take_the_function_keys() -> None:
    assert [getattr(by_word(word), "id", "") for word in "bcis"] == [
        "mode.browse",
        "mode.contour",
        "mode.integrity",
        "mode.send",
    ]


def test_slices_change_from_every_pane_of_the_picture_modes() -> None:
    for mode in (Mode.BROWSE, Mode.CONTOUR):
        for pane in Pane:
            action = for_key("]", mode, pane)
            assert action is not None
            assert action.id == "slice.next"


def test_actions_that_edit_wait_for_their_slice() -> None:
    for action_id in ("point.add", "point.pixel", "point.delete", "contour.close", "undo", "redo", "set.save"):
        assert BY_ID[action_id].edits
