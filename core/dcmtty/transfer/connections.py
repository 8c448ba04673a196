"""The connections of one piece of work: each device is asked for once, and asks its questions once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from dcmtty.transfer.authentication import NeverAsk, Prompter
from dcmtty.transfer.connection import Connection, connect
from dcmtty.transfer.endpoint import Endpoint, find_endpoint


@dataclass(slots=True)
class Connections:
    """Connections by device name; `with` closes them all."""

    ask: Prompter = field(default_factory=NeverAsk)
    ssh_config: str | None = None
    _endpoints: dict[str, Endpoint] = field(default_factory=dict)
    _open: dict[str, Connection] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def endpoint(self, name: str) -> Endpoint:
        """Return how to reach the device.

        Raises:
            UsageError: nobody knows it.
        """
        if name not in self._endpoints:
            self._endpoints[name] = find_endpoint(name, self.ssh_config)
        return self._endpoints[name]

    def get(self, name: str) -> Connection:
        """Return the connection to the device, made now if there is none that lives.

        Raises:
            ConnectError: it cannot be made; HostKeyError and AuthenticationFailed are such.
        """
        known = self._open.get(name)
        if known is None or not known.is_alive:
            if known is not None:
                known.close()
            self._open[name] = connect(self.endpoint(name), self.ask)
        return self._open[name]

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()
