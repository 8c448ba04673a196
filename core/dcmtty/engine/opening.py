"""Finds the engine that a user names."""

from __future__ import annotations

from dcmtty.engine.address import SCHEME, parse_address
from dcmtty.engine.protocol import Engine
from dcmtty.errors import UsageError

LOCAL = "local"


def open_engine(text: str = LOCAL) -> Engine:
    """Return the engine called `local`, which starts nothing before it is needed, or a cluster, connected.

    Raises:
        UsageError: no engine has this name, or what it needs is not installed.
        ConnectError: no scheduler or no worker answers at `dask://HOST:PORT`, or a worker is of another make.
    """
    if text == LOCAL:
        from dcmtty.engine.local import LocalEngine

        return LocalEngine()
    if text.lower().startswith(SCHEME):
        from dcmtty.engine.cluster import DaskEngine

        return DaskEngine(parse_address(text))
    raise UsageError(f"--engine: {text!r} is no engine", remedy="use local or dask://HOST:PORT")
