"""The files on this side that are to be sent: digested, named safely, looked at for executable preambles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dcmtty.dicom.preamble import PREFIX_END, preamble_state
from dcmtty.digest.collect import FoundFile, collect
from dcmtty.digest.file import Digester, FileDigest
from dcmtty.errors import InputError
from dcmtty.files import open_regular
from dcmtty.progress import Progress
from dcmtty.text import visible

_SAFE_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to send."""

    path: str
    name: str
    """Where it goes below the device's folder, e.g. `series/a.dcm`."""
    digest: FileDigest
    refusal: str = ""
    """Why it must not be sent; empty when it may."""


def local_files(
    paths: Sequence[str | FoundFile], *, force: bool = False, progress: Progress | None = None
) -> tuple[tuple[LocalFile, ...], tuple[str, ...]]:
    """Return the files to send, and what lies in the folders but is not sent.

    A FoundFile among the paths is one file with the place below the device's folder that it is to have.

    Raises:
        InputError: a path is missing or unreadable, there is nothing to send, or two files would get one name.
    """
    found = collect([path for path in paths if isinstance(path, str)])
    if found.errors:
        raise found.errors[0]
    wanted = (*found.files, *(path for path in paths if isinstance(path, FoundFile)))
    if not wanted:
        raise InputError("there is no file to send", remedy="name files, or folders with files in them")
    progress = progress or Progress()
    files: list[LocalFile] = []
    names: dict[str, str] = {}
    with Digester() as digester:
        for number, file in enumerate(wanted):
            progress.step(number, len(wanted), "files", "digesting")
            other = names.setdefault(file.below, file.path)
            if other != file.path or len(names) == number:
                raise InputError(
                    f"{visible(other)} and {visible(file.path)} would both be {visible(file.below)} on the device",
                    remedy="send them one after the other to different folders",
                )
            digest = digester.digest(Path(file.path))
            files.append(LocalFile(file.path, file.below, digest, _refusal(file.path, file.below, digest, force=force)))
    progress.step(len(files), len(files), "files", "digesting")
    return tuple(files), found.skipped


def _refusal(path: str, name: str, digest: FileDigest, *, force: bool) -> str:
    for part in name.split("/"):
        if not _SAFE_NAME.fullmatch(part) or part in {".", ".."}:
            return f"the name {visible(part, 60)} is not safe on every device; use letters, digits, '.', '_' and '-'"
    if not force and preamble_state(_head(path), digest.size_bytes) == "executable":
        return "its preamble is executable (CVE-2019-11687); look into it, or use --force"
    return ""


def _head(path: str) -> bytes:
    with open(open_regular(Path(path)), "rb") as stream:  # noqa: PTH123 - a descriptor
        return stream.read(PREFIX_END)
