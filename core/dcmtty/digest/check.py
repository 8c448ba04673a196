"""Compares files with a manifest and names what is changed, missing or extra."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dcmtty.digest.collect import collect
from dcmtty.digest.file import Digester, FileDigest
from dcmtty.digest.manifest import Entry, Manifest, parse
from dcmtty.errors import DcmttyError, InputError, VerificationFailed
from dcmtty.files import read_whole
from dcmtty.progress import Progress
from dcmtty.text import visible

Sigil = Literal["=", "*", "-", "+", "!"]
MD5_ONLY_NOTE = "integrity only, not tamper-proof: MD5 is the only digest of some files"

_MANIFEST_NAME = re.compile(r"(?i).*(md5|sha256|manifest|digest|checksum).*")
_MANIFEST_LIMIT_BYTES = 256 << 20
_LEAST_COMMON_DEPTH = 2
"""Absolute names whose common folder lies higher than this are covered by their own folders, not by `/` or `/home`."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one file of a manifest, or of a folder that it covers."""

    sigil: Sigil
    """`=` the same, `*` changed, `-` missing, `+` not in the manifest, `!` cannot be read."""
    path: str
    detail: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code that this finding stands for."""
        return {"=": 0, "!": InputError.exit_code}.get(self.sigil, VerificationFailed.exit_code)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a check found, in the order of the manifest, extra files last."""

    checked: tuple[Checked, ...]
    base: Path
    """The folder that relative names were taken from."""
    has_md5_only_files: bool


def check(
    path: Path, *, root: Path | None = None, listed_only: bool = False, progress: Progress | None = None
) -> Report:
    """Check every file that the manifest lists, and look for files it does not list in the folders that it covers.

    Relative names start at `root`; without it at the current folder, as for `sha256sum -c`, or at the manifest's own
    folder when nothing that is listed exists below the current one and something does there. Covered are: the
    folders of relative names from their common folder down, the base folder itself (not what lies deeper) where bare
    names are listed, all of it where names start with `./`, and the common folder of absolute names.

    Raises:
        InputError: the manifest is missing, no manifest, or lists names with `..`.
    """
    manifest = parse(_manifest_bytes(path), str(path))
    _refuse_escapes(manifest, path)
    base = root or _base(manifest, path)
    progress = progress or Progress()
    checked: list[Checked] = []
    with Digester() as digester:
        for number, entry in enumerate(manifest.entries):
            progress.step(number, len(manifest.entries), "files", "checking")
            checked.append(_check_entry(entry, base, digester))
    progress.step(len(manifest.entries), len(manifest.entries), "files", "checking")
    if not listed_only:
        checked += _extra(manifest, base, path)
    return Report(tuple(checked), base, manifest.has_md5_only_files)


def _manifest_bytes(path: Path) -> bytes:
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises on a name that is too long
        if (path / "bagit.txt").is_file():
            raise InputError(
                f"{visible(path)}: a BagIt bag, which this version does not check as a whole",
                remedy=f"check its payload with: dcmtty verify {visible(path / 'manifest-sha256.txt')}",
            )
        raise InputError(f"{visible(path)}: a folder, not a manifest", remedy="name a manifest file")
    return read_whole(path, limit_bytes=_MANIFEST_LIMIT_BYTES)


def _refuse_escapes(manifest: Manifest, path: Path) -> None:
    for entry in manifest.entries:
        if ".." in entry.name.split("/"):
            raise InputError(
                f"{visible(path)}: the name {visible(entry.name)} leaves its folder",
                remedy="make the manifest from a folder above its files",
            )


def _base(manifest: Manifest, path: Path) -> Path:
    relative = [entry.name for entry in manifest.entries if not os.path.isabs(entry.name)]  # noqa: PTH117 - text
    beside = path.parent
    if any(os.path.lexists(name) for name in relative):
        return Path()
    return beside if any(os.path.lexists(beside / name) for name in relative) else Path()


def _check_entry(entry: Entry, base: Path, digester: Digester) -> Checked:
    path = base / entry.name
    if not os.path.lexists(path):
        return Checked("-", entry.name, "missing")
    try:
        found = digester.digest(path)
    except InputError as error:
        return Checked("!", entry.name, error.message.removeprefix(f"{visible(path)}: "))
    different = _different(entry, found)
    return Checked("*", entry.name, f"{' and '.join(different)} differ") if different else Checked("=", entry.name)


def _different(entry: Entry, found: FileDigest) -> list[str]:
    have = {"MD5": found.md5, "SHA256": found.sha256}
    return [algorithm for algorithm, digest in entry.digests.items() if have[algorithm] != digest]


def _covered(manifest: Manifest) -> Iterable[tuple[str, bool]]:
    """Yield the folders that the manifest covers, each with whether everything below it is covered too."""
    by_top: dict[str, list[str]] = {}
    absolute: list[str] = []
    for entry in manifest.entries:
        folder = os.path.dirname(entry.name)  # noqa: PTH120 - text: Path would drop a leading ./
        if folder.startswith("/"):
            absolute.append(folder)
        else:
            by_top.setdefault(folder.split("/")[0], []).append(folder)
    for top, folders in by_top.items():
        if top == ".":
            yield ".", True
        else:
            yield (os.path.commonpath(folders), True) if top else ("", False)
    yield from ((folder, True) for folder in _topmost(absolute))


def _topmost(folders: Sequence[str]) -> Iterable[str]:
    if not folders:
        return
    common = os.path.commonpath(folders)
    if len([part for part in common.split("/") if part]) >= _LEAST_COMMON_DEPTH:
        yield common
        return
    chosen: list[str] = []
    for folder in sorted(set(folders)):
        if not any(folder == other or folder.startswith(other.rstrip("/") + "/") for other in chosen):
            chosen.append(folder)
    yield from chosen


def _extra(manifest: Manifest, base: Path, manifest_path: Path) -> list[Checked]:
    listed = {os.path.normpath(base / entry.name) for entry in manifest.entries}
    found: dict[str, str] = {}
    for folder, is_deep in _covered(manifest):
        for path in _files_in(str(base / folder), is_deep=is_deep):
            found.setdefault(os.path.normpath(path), path)
    extra = [path for path in found if path not in listed and not _is_manifest(Path(path), manifest_path)]
    return [Checked("+", path, "not in the manifest") for path in sorted(extra, key=os.fsencode)]


def _files_in(folder: str, *, is_deep: bool) -> Iterable[str]:
    if not os.path.isdir(folder):  # noqa: PTH112 - text in, text out
        return
    if is_deep:
        found = collect([folder])
        yield from (file.path for file in found.files)
        yield from found.skipped
        return
    with os.scandir(folder) as entries:
        yield from (entry.path for entry in entries if not entry.is_dir(follow_symlinks=False))


def _is_manifest(path: Path, manifest_path: Path) -> bool:
    """Whether the file is the manifest itself, or lies beside it, is named like one and holds nothing but digests."""
    try:
        if path.samefile(manifest_path):
            return True
        if path.parent.samefile(manifest_path.parent) and _MANIFEST_NAME.fullmatch(path.name):
            parse(read_whole(path, limit_bytes=_MANIFEST_LIMIT_BYTES), str(path))
            return True
    except (OSError, DcmttyError):
        return False
    return False
