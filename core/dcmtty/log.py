"""Logging that carries no patient: only counts, UIDs' hashes and error classes reach the log."""

from __future__ import annotations

import hashlib
import logging

logger = logging.getLogger("dcmtty")


def pseudonym(identifier: str) -> str:
    """Return eight hexadecimal digits that stand for an identifier in the log."""
    return hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:8]
