"""The clock and the UID generator, as values that a test can replace."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


def _now() -> datetime:
    return datetime.now().astimezone()


def _new_uid() -> str:
    return f"2.25.{uuid.uuid4().int}"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where time and new identifiers come from."""

    now: Callable[[], datetime] = _now
    """The present, with its time zone."""
    new_uid: Callable[[], str] = _new_uid
    """A UID never used before (UUID-derived, PS3.5 B.2)."""
