"""The address of a Dask scheduler as a user gives it: `dask://HOST:PORT`, IPv6 addresses in brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dcmtty.errors import UsageError
from dcmtty.text import visible

SCHEME = "dask://"
DEFAULT_PORT = 8786
_FORM = re.compile(r"(?:\[(?P<v6>[^\[\]/@?#\s]+)\]|(?P<host>[^\[\]/@?#:\s]+))(?::(?P<port>[0-9]{1,5}))?/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a scheduler listens."""

    host: str
    """A name, or an address of IPv4 or IPv6 without brackets."""
    port: int

    @property
    def netloc(self) -> str:
        """HOST:PORT as URLs have it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return SCHEME + visible(self.netloc)


def parse_address(text: str) -> Address:
    """Return the address in `dask://HOST[:PORT]`; without a port the one that Dask itself takes.

    Raises:
        UsageError: the text has another form, or its port cannot be.
    """
    match = _FORM.fullmatch(text[len(SCHEME) :])
    if not text.lower().startswith(SCHEME) or match is None:
        raise UsageError(f"--engine: {text!r} is no address", remedy="use dask://HOST:PORT, or dask://[IPV6]:PORT")
    port = int(match["port"]) if match["port"] is not None else DEFAULT_PORT
    if not 0 < port < 1 << 16:
        raise UsageError(f"--engine: {port} is no port", remedy="use one from 1 to 65535")
    return Address(match["v6"] or match["host"], port)
