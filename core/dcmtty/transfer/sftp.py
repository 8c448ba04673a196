"""Files and folders on a device over SFTP, many in one round trip."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dcmtty.errors import ConnectError
from dcmtty.text import visible
from dcmtty.transfer.wire import Kind, StatusError, Wire, path_field, text_field

_FOR_READING, _FOR_NEW = 0x01, 0x02 | 0x08 | 0x20
_HAS_SIZE, _HAS_IDS, _HAS_MODE = 0x1, 0x2, 0x4
_FORMAT_DIRECTORY, _FORMAT_REGULAR, _FORMAT_MASK = 0o040000, 0o100000, 0o170000


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the server says about a file."""

    size_bytes: int | None
    mode: int | None

    @property
    def is_regular(self) -> bool:
        """Whether it is a regular file."""
        return self.mode is not None and self.mode & _FORMAT_MASK == _FORMAT_REGULAR

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mode is not None and self.mode & _FORMAT_MASK == _FORMAT_DIRECTORY


@dataclass(frozen=True, slots=True)
class Sftp:
    """The operations on paths and handles."""

    wire: Wire

    def real_path(self, path: str) -> str:
        """Return the absolute path that the server makes of `path`.

        Raises:
            ConnectError: the server answers with something that is no absolute path.
        """
        reply = self.wire.answer(self.wire.request(Kind.REALPATH, path_field(path)), Kind.NAME)
        reply.number()
        real = reply.text().decode("utf-8", "surrogateescape")
        if not real.startswith("/") or not real.isprintable() or ".." in real.split("/"):
            raise ConnectError(
                f"the device names an impossible path: {visible(real, 80)}", remedy="name an absolute one"
            )
        return real

    def attributes(self, paths: Sequence[str], *, follow: bool = False) -> list[Attributes | StatusError]:
        """Return what lies at each path; of a link, with `follow`, what it leads to."""
        numbers = [self.wire.request(Kind.STAT if follow else Kind.LSTAT, path_field(path)) for path in paths]
        return [self._attributes(number) for number in numbers]

    def _attributes(self, number: int) -> Attributes | StatusError:
        try:
            reply = self.wire.answer(number, Kind.ATTRS)
        except StatusError as error:
            return error
        flags = reply.number()
        size_bytes = reply.number(8) if flags & _HAS_SIZE else None
        if flags & _HAS_IDS:
            reply.number(8)
        return Attributes(size_bytes, reply.number() if flags & _HAS_MODE else None)

    def make_folder(self, path: str, mode: int = 0o750) -> None:
        """Make one folder."""
        self.wire.answer(
            self.wire.request(Kind.MKDIR, path_field(path), struct.pack(">II", _HAS_MODE, mode)), Kind.STATUS
        )

    def remove(self, paths: Sequence[str]) -> list[StatusError | None]:
        """Remove files; what cannot be removed comes back as an error."""
        return self.wire.statuses([self.wire.request(Kind.REMOVE, path_field(path)) for path in paths])

    def rename(self, pairs: Sequence[tuple[str, str]], *, replace: bool) -> list[StatusError | None]:
        """Rename files; with `replace` over what is there in one step, without it never over anything."""
        if replace:
            name = text_field(b"posix-rename@openssh.com")
            return self.wire.statuses(
                [self.wire.request(Kind.EXTENDED, name, path_field(old), path_field(new)) for old, new in pairs]
            )
        return self.wire.statuses(
            [self.wire.request(Kind.RENAME, path_field(old), path_field(new)) for old, new in pairs]
        )

    @property
    def can_replace(self) -> bool:
        """Whether the server can rename over an existing file in one step."""
        return b"posix-rename@openssh.com" in self.wire.extensions

    def open_new(self, paths: Sequence[str], mode: int = 0o640) -> list[bytes | StatusError]:
        """Open files that must not exist yet for writing."""
        attributes = struct.pack(">III", _FOR_NEW, _HAS_MODE, mode)
        return self._handles([self.wire.request(Kind.OPEN, path_field(path), attributes) for path in paths])

    def open_existing(self, paths: Sequence[str]) -> list[bytes | StatusError]:
        """Open files for reading."""
        attributes = struct.pack(">II", _FOR_READING, 0)
        return self._handles([self.wire.request(Kind.OPEN, path_field(path), attributes) for path in paths])

    def _handles(self, numbers: Sequence[int]) -> list[bytes | StatusError]:
        results: list[bytes | StatusError] = []
        for number in numbers:
            try:
                results.append(self.wire.answer(number, Kind.HANDLE).text())
            except StatusError as error:
                results.append(error)
        return results

    def close(self, handles: Iterable[bytes]) -> list[StatusError | None]:
        """Close handles."""
        return self.wire.statuses([self.wire.request(Kind.CLOSE, text_field(handle)) for handle in handles])
