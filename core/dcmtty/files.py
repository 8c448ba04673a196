"""Files opened without surprises and written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import io
import os
import secrets
import stat
from collections.abc import Callable, Generator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dcmtty.errors import InputError, JournalRefused, WriteFailed
from dcmtty.text import visible

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAX_FILE_BYTES = 8 << 30
"""Larger files are refused: no DICOM object that we handle comes near."""

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
"""What link() gives on file systems without hard links: FAT, some network shares, some of FUSE."""
_READ_REMEDIES = {
    errno.ENOENT: ("no such file or folder", "check the path"),
    errno.EACCES: ("no permission to read it", "ask its owner, or use another account"),
    errno.EPERM: ("no permission to read it", "ask its owner, or use another account"),
    errno.ELOOP: ("a symbolic link that was not followed", "name its target"),
    errno.EISDIR: ("a folder, not a file", "name a file in it"),
    errno.ENXIO: ("not a regular file", "name a regular file"),
    errno.ENAMETOOLONG: ("the name is too long", "check the path"),
}
_READ_FAILURES = frozenset(
    {"cannot be read", *(what for what, _ in _READ_REMEDIES.values()), *map(os.strerror, errno.errorcode)}
)
_WRITE_REMEDIES = {
    errno.ENOSPC: ("no space left on the disk", "free some space or write elsewhere"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or write elsewhere"),
    errno.EFBIG: ("the file is larger than is allowed here", "raise the limit or write elsewhere"),
    errno.EACCES: ("no permission to write there", "choose another folder"),
    errno.EPERM: ("no permission to write there", "choose another folder"),
    errno.EROFS: ("the file system is read-only", "choose another folder"),
    errno.ENOENT: ("the folder does not exist", "create it first"),
    errno.ENOTDIR: ("the folder does not exist", "create it first"),
    errno.EISDIR: ("it is a folder", "name a file"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
}


def read_error(path: Path, error: OSError) -> InputError:
    """Return the error that names the file and what to do about it."""
    what, remedy = _READ_REMEDIES.get(error.errno or 0, (error.strerror or "cannot be read", "check the file"))
    return InputError(f"{visible(path)}: {what}", remedy=remedy)


def is_read_failure(reason: str) -> bool:
    """Say whether a reason of `read_error` is the system's, so that the next try may end otherwise."""
    return reason in _READ_FAILURES


def write_error(path: Path, error: OSError) -> WriteFailed:
    """Return the error that names the file and what to do about it."""
    what, remedy = _WRITE_REMEDIES.get(error.errno or 0, (error.strerror or "cannot be written", "check the disk"))
    return WriteFailed(f"{visible(path)}: not written, {what}", remedy=remedy)


def is_taken(path: Path) -> bool:
    """Whether something lies at the path where a file is to be written, be it a link that leads nowhere.

    Raises:
        WriteFailed: it cannot be looked at, so it cannot be written either.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise write_error(path, error) from error
    except ValueError as error:
        raise WriteFailed(f"{visible(path)}: not a possible file name", remedy="choose another name") from error
    return True


def open_regular(path: Path, *, follow: bool = True) -> int:
    """Return a file descriptor of a regular file; never blocks on a FIFO or a device.

    Raises:
        InputError: not there, not readable, not regular, or larger than MAX_FILE_BYTES.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
    try:
        # Opening alone acts on some devices; what a walk found was looked at by the walk.
        mode = os.stat(path).st_mode if follow else stat.S_IFREG  # noqa: PTH116 - one call for each file of a large scan
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise InputError(f"{visible(path)}: not a regular file", remedy="name a regular file")
        descriptor = os.open(path, flags)
    except OSError as error:
        raise read_error(path, error) from error
    except ValueError as error:
        raise InputError(f"{visible(path)}: not a possible file name", remedy="check the path") from error
    info = os.fstat(descriptor)
    if stat.S_ISREG(info.st_mode) and info.st_size <= MAX_FILE_BYTES:
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(info.st_mode):
        raise InputError(f"{visible(path)}: a folder, not a file", remedy="name a file in it")
    if not stat.S_ISREG(info.st_mode):
        raise InputError(f"{visible(path)}: not a regular file", remedy="name a regular file")
    raise InputError(f"{visible(path)}: larger than 8 GiB", remedy="split it first")


def read_whole(path: Path, *, limit_bytes: int = 1 << 30) -> bytes:
    """Return the bytes of a regular file of at most `limit_bytes`."""
    descriptor = open_regular(path)
    with os.fdopen(descriptor, "rb") as stream:
        try:
            if os.fstat(descriptor).st_size > limit_bytes:
                raise InputError(f"{visible(path)}: larger than {limit_bytes} bytes", remedy="use a smaller file")
            return stream.read(limit_bytes + 1)
        except OSError as error:
            raise read_error(path, error) from error


def private_folder(path: Path) -> Path:
    """Create the folder for this user alone (0700), and the folders above it that are missing, and return it."""
    missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    return path


def sync_folder(path: Path) -> None:
    """Flush a folder's entries to disk, where the file system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_atomic(
    path: Path, data: bytes, *, mode: int = 0o640, replace: bool = True, check: Callable[[Path], None] | None = None
) -> None:
    """Write to a temporary name, flush, read back, run `check` on the temporary file, rename.

    Whatever was at `path` stays untouched unless everything went well.

    Raises:
        WriteFailed: disk full, no permission, read-back differs, or the file exists and `replace` is false.
    """
    if not path.name:
        raise WriteFailed(f"{visible(path)}: not written, it is a folder", remedy="name a file")
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(6)}.part")
    try:
        _write_new(temporary, data, mode)
        if hashlib.sha256(temporary.read_bytes()).digest() != hashlib.sha256(data).digest():
            raise WriteFailed(f"{visible(path)}: not written, the disk gave back other bytes", remedy="check the disk")
        if check is not None:
            check(temporary)
        _move_into_place(temporary, path, replace=replace)
        sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def writing_atomic(path: Path, *, mode: int = 0o640, replace: bool = True) -> Generator[io.RawIOBase]:
    """Give a stream for a file that is too long to hold; what was written is flushed, read back and renamed at the end.

    Whatever was at `path` stays untouched unless everything went well; nothing is left behind when the block raises.

    Raises:
        WriteFailed: disk full, no permission, read-back differs, or the file exists and `replace` is false.
    """
    if not path.name:
        raise WriteFailed(f"{visible(path)}: not written, it is a folder", remedy="name a file")
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(6)}.part")
    digest = hashlib.sha256()
    try:
        with os.fdopen(_open_new(temporary, path, mode), "wb") as stream:
            yield _Digesting(stream, digest.update)
            stream.flush()
            os.fsync(stream.fileno())
        with temporary.open("rb") as written:
            if hashlib.file_digest(written, "sha256").digest() != digest.digest():
                raise WriteFailed(
                    f"{visible(path)}: not written, the disk gave back other bytes", remedy="check the disk"
                )
        _move_into_place(temporary, path, replace=replace)
        sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink()


class _Digesting(io.RawIOBase):
    """Hands bytes on and digests them on the way; the file behind it is closed by whoever opened that."""

    def __init__(self, stream: IO[bytes], update: Callable[[bytes], object]) -> None:
        super().__init__()
        self._stream, self._update, self._written = stream, update, 0

    def writable(self) -> bool:
        """Say that it is for writing."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._written

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of the data."""
        chunk = bytes(data)
        self._update(chunk)
        self._stream.write(chunk)
        self._written += len(chunk)
        return len(chunk)


def _open_new(temporary: Path, path: Path, mode: int) -> int:
    try:
        return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    except ValueError as error:
        raise WriteFailed(f"{visible(path)}: not a possible file name", remedy="choose another name") from error


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(descriptor)


def _move_into_place(temporary: Path, path: Path, *, replace: bool) -> None:
    if replace:
        temporary.replace(path)
        return
    try:
        try:
            os.link(temporary, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _claim_and_replace(temporary, path)
    except FileExistsError as error:
        raise WriteFailed(f"{visible(path)}: it exists already", remedy="choose another name") from error


def _claim_and_replace(temporary: Path, path: Path) -> None:
    """Take a name that nobody has with an empty file, then rename over that one."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    try:
        temporary.replace(path)
    except OSError:
        path.unlink()
        raise


@contextlib.contextmanager
def locked(stream: IO[bytes], name: str) -> Generator[None]:
    """Hold an exclusive lock on an open file.

    Raises:
        JournalRefused: another process holds it.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise JournalRefused(f"{visible(name)}: in use by another dcmtty", remedy="close that one first") from error
    try:
        yield
    finally:
        fcntl.flock(stream, fcntl.LOCK_UN)
