"""Numbers that key caches: every frozen value gets its own."""

from __future__ import annotations

import itertools

_versions = itertools.count(1)


def next_version() -> int:
    """Return a number never given before in this process."""
    return next(_versions)
