"""Trust in a device's host key: fetched, shown to a person, and pinned only as the key that the person saw."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from dcmtty.errors import HostKeyError, UsageError
from dcmtty.transfer.connection import offered_key
from dcmtty.transfer.endpoint import find_endpoint
from dcmtty.transfer.hostkeys import HostKey, is_fingerprint, known_keys, pin


@dataclass(frozen=True, slots=True)
class Offer:
    """The host key that a device shows now, beside what is known of it."""

    key_name: str
    """How known_hosts files call the device."""
    key: HostKey
    known: tuple[HostKey, ...]
    is_revoked: bool

    @property
    def is_known(self) -> bool:
        """Whether this very key is trusted already."""
        return not self.is_revoked and self.key in self.known


def look(device: str, ssh_config: str | None = None) -> Offer:
    """Ask the device for its host key; nothing of ours is told to it.

    Raises:
        UsageError: nobody knows the device.
        ConnectError: it cannot be reached.
    """
    endpoint = find_endpoint(device, ssh_config)
    key = offered_key(endpoint)
    known = known_keys(endpoint.key_name, endpoint.settings.known_hosts_files)
    is_revoked = any(one.is_revoked and one.key == key for one in (*known.pinned, *known.from_user))
    return Offer(endpoint.key_name, key, known.accepted, is_revoked)


def pin_offered(device: str, fingerprint: str, ssh_config: str | None = None) -> HostKey:
    """Connect again, and pin the key that is offered if it has exactly this fingerprint.

    Raises:
        UsageError: the fingerprint is none, or nobody knows the device.
        HostKeyError: the device offers another key, or a revoked one.
        ConnectError: it cannot be reached.
    """
    if not is_fingerprint(fingerprint):
        raise UsageError("that is no SHA256 fingerprint", remedy="use the form SHA256:... that ssh-keygen -l prints")
    offer = look(device, ssh_config)
    facts = {"fingerprint": offer.key.fingerprint, "algorithm": offer.key.algorithm}
    if offer.is_revoked:
        raise HostKeyError(
            f"{offer.key_name}: its host key {offer.key.fingerprint} is REVOKED",
            remedy="do not connect; ask the device's administrator",
            **facts,
        )
    if not hmac.compare_digest(offer.key.fingerprint, fingerprint):
        raise HostKeyError(
            f"{offer.key_name}: it offers {offer.key.fingerprint}, not {fingerprint}; nothing was pinned",
            remedy="compare the fingerprint at the device itself",
            **facts,
        )
    pin(offer.key_name, offer.key)
    return offer.key
