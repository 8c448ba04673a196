"""Sizes and steps of progress as words, the same on the command line and in the app."""

from __future__ import annotations

from dcmtty.progress import Step
from dcmtty.text import visible

_STEP = 1024
_RATE_AFTER_S = 0.5
"""Before that a rate says little."""


def human_bytes(count: float) -> str:
    """Return a size with a unit, e.g. `1.5 MB` (1 MB = 1024 kB)."""
    if count < _STEP:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= _STEP
        if count < _STEP:
            return f"{count:.1f} {unit}"
    return f"{count / _STEP:.1f} TB"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, e.g. `1 ROI`, `2 ROIs`; `series` stays."""
    return f"{count} {noun}" if count == 1 or noun.endswith("s") else f"{count} {noun}s"


def step_text(step: Step) -> str:
    """Return a step of progress as one line: label, done of total, files a second, time left."""
    rate = ""
    if step.unit == "bytes":
        done, total, unit = human_bytes(step.done), human_bytes(step.total), ""
    else:
        done, total, unit = str(step.done), str(step.total), f" {step.unit}"
        rate = f", {step.done / step.elapsed_s:.0f}/s" if step.elapsed_s >= _RATE_AFTER_S and step.done else ""
    of = f" of {total}" if step.total else ""
    left = step.seconds_left
    tail = f", {left:.0f} s left" if left is not None and left > 0 else ""
    return f"{visible(step.label)} {done}{of}{unit}".strip() + rate + tail
