"""Where dcmtty keeps its own things, after the XDG base directories."""

from __future__ import annotations

import os
from pathlib import Path


def _base(variable: str, fallback: str) -> Path:
    value = os.environ.get(variable, "")
    root = Path(value) if value.startswith("/") else Path(os.environ.get("HOME") or Path.home()) / fallback
    return root / "dcmtty"


def config_folder() -> Path:
    """Return the folder of `config.toml`, `devices.toml` and the pinned host keys."""
    return _base("XDG_CONFIG_HOME", ".config")


def state_folder() -> Path:
    """Return the folder of journals and receipts."""
    return _base("XDG_STATE_HOME", ".local/state")


def cache_folder() -> Path:
    """Return the folder of the catalog."""
    return _base("XDG_CACHE_HOME", ".cache")
