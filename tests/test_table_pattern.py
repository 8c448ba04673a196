"""The patterns of filters match what Python's own match, and take time that grows with the text alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmtty.dicom.table.pattern import LONGEST_PATTERN, Pattern, PatternError

ATOMS = st.sampled_from(
    ["a", "b", "c", ".", "[ab]", "[^a]", "[a-c1]", r"\d", r"\w", r"\s", r"\D", "1", "B", "^", "$", r"\."]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}|{both[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"])).map(
            lambda both: f"(?:{both[0]}){both[1]}"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(PATTERNS, st.lists(st.text("abcABC12. _", max_size=8), min_size=1, max_size=5))
def test_a_pattern_is_found_where_python_finds_it(pattern: str, texts: list[str]) -> None:
    ours = Pattern(pattern)
    theirs = re.compile(pattern.replace("$", r"\Z"), re.IGNORECASE | re.DOTALL)
    for text in texts:
        assert ours.search(text) == bool(theirs.search(text)), text


def test_a_pattern_that_python_never_ends_with_is_answered() -> None:
    assert not Pattern(r"(a+)+$").search("a" * 50_000 + "b")
    assert not Pattern(r"(a|a)*(a|aa)+x").search("a" * 50_000)
    assert not Pattern(r"(.*.*.*.*.*)*=").search("x" * 20_000)


def test_states_that_are_remembered_stay_bounded() -> None:
    pattern = Pattern("(a|b)*a(a|b){60}$")
    text = "".join("ab"[number * number % 7 % 2] for number in range(60_000))
    assert pattern.search(text) == bool(re.search("a[ab]{60}$", text))


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "a)", "[a", "*", "a**b(", "(?=a)", "(?P<n>a)", r"\1", r"a\b", "\\", "{2}", "a{3,1}", "a{x}", "[z-a]",
     "a{900}", "((a{30}){30}){30}", "(" * 100 + ")" * 100, "a" * (LONGEST_PATTERN + 1)],
)  # fmt: skip
def test_what_is_no_pattern_or_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)


def test_case_does_not_count_in_any_script() -> None:
    assert Pattern("müller").search("MÜLLER^HANS")
    assert Pattern("[а-я]+").search("ПЕТР")
    assert not Pattern("[^a]").search("A")
