"""Finds the engine that a user names."""

from __future__ import annotations

from dcmtty.engine.protocol import Engine
from dcmtty.errors import UsageError

LOCAL = "local"


def open_engine(text: str = LOCAL) -> Engine:
    """Return the engine called `local`, which starts nothing before it is needed.

    Raises:
        UsageError: no engine has this name.
    """
    if text == LOCAL:
        from dcmtty.engine.local import LocalEngine

        return LocalEngine()
    raise UsageError(f"--engine: {text!r} is no engine", remedy="use local or dask://HOST:PORT")
