"""Progress in words: how much is done, how fast, and how long it still takes, each where it is known."""

from __future__ import annotations

import pytest

from dcmtty.progress import Step
from dcmtty_tui.sizes import step_text


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Step(12, 0, "files", "reading", 0.1), "reading 12 files"),
        (Step(1200, 0, "files", "reading", 2.0), "reading 1200 files, 600/s"),
        (Step(30, 120, "files", "reading", 3.0), "reading 30 of 120 files, 10/s, 9 s left"),
        (Step(120, 120, "files", "reading", 4.0), "reading 120 of 120 files, 30/s"),
        (Step(0, 0, "files", "looking", 5.0), "looking 0 files"),
        (Step(1 << 20, 4 << 20, "bytes", "sending", 1.0), "sending 1.0 MB of 4.0 MB, 3 s left"),
    ],
)
def test_a_step_says_count_rate_and_time_left(step: Step, text: str) -> None:
    assert step_text(step) == text
