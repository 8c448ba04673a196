"""`dcmtty digest`: MD5 and SHA-256 of files, in the forms that md5sum and sha256sum check."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcmtty.errors import DcmttyError, Findings, InputError, worst
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import engine_option, format_option, quiet_option

if TYPE_CHECKING:
    from dcmtty.digest.collect import FoundFile
    from dcmtty.digest.file import FileDigest
    from dcmtty.engine.protocol import Engine

STANDARD_INPUT = "-"


@click.command("digest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False))
@format_option(["tag", "md5sum", "sha256sum", "json"])
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(readable=False),
    help="Write the list to this file, whole or not at all.",
)
@engine_option
@quiet_option
def command(paths: tuple[str, ...], format_: str, target: str | None, engine: str, quiet: bool) -> int:  # noqa: FBT001 - click passes flags
    """Print MD5 and SHA-256 of files; folders are walked, links in them are not followed.

    The tag form holds both algorithms; md5sum and sha256sum forms are checked by those programs too, from the same
    folder. Names are printed as they were given; a name with .. in it becomes absolute. `-` is standard input. Exit 1
    when something that is no regular file was left out.
    """
    from dcmtty.engine.opening import open_engine

    target = None if target == "-" else target
    with open_engine(engine) as opened:
        files, failures, left_out = _wanted(paths, target)
        digests = _digested(files, failures, opened, quiet=quiet)
    if digests or format_ == "json":
        _write(digests, failures, format_, target)
    for failure in failures:
        diagnostics.error(failure)
    if not files and not failures:
        raise InputError("there is no file to digest", remedy="name files, or folders with files in them")
    return worst([failure.exit_code for failure in failures] + [Findings.exit_code] * bool(left_out))


def _wanted(paths: tuple[str, ...], target: str | None) -> tuple[list[FoundFile], list[DcmttyError], int]:
    """Return the files to digest, what cannot be read, and how much else was left out (links, FIFOs, devices)."""
    from dcmtty.digest.collect import FoundFile, collect

    files: list[FoundFile] = []
    failures: list[DcmttyError] = []
    left_out = 0
    for path in paths:
        if path == STANDARD_INPUT:
            files.append(FoundFile(path, path))
            continue
        found = collect([os.path.abspath(path) if ".." in path.split("/") else path])  # noqa: PTH100 - text in, text out
        files += found.files
        failures += found.errors
        left_out += len(found.skipped)
        for skipped in found.skipped:
            diagnostics.note(f"{visible(skipped)}: not a regular file; left out")
    written = _identity_of_output(target)
    kept = [file for file in files if file.path == STANDARD_INPUT or _identity(file.path) != written]
    return kept, failures, left_out


def _identity(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)  # noqa: PTH116 - text in
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _identity_of_output(target: str | None) -> tuple[int, int] | None:
    """Return which file the list itself goes to, so that it does not list itself."""
    if target is not None:
        return _identity(target)
    try:
        info = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):
        return None
    return info.st_dev, info.st_ino


def _digested(
    files: list[FoundFile], failures: list[DcmttyError], engine: Engine, *, quiet: bool
) -> list[tuple[str, FileDigest]]:
    """Return the digests in the order of the files; standard input is read here, whatever the engine."""
    from dcmtty.digest.file import Digester, FileDigest
    from dcmtty.digest.many import digest_many

    names = [file.path for file in files if file.path != STANDARD_INPUT]
    progress = diagnostics.progress_bar(quiet=quiet)
    others = iter(digest_many(names, engine, progress))
    digests: list[tuple[str, FileDigest]] = []
    read_bytes = 0

    def advance(count: int) -> None:
        nonlocal read_bytes
        read_bytes += count
        progress.step(read_bytes, 0, "bytes", "digesting")

    with Digester() as digester:
        for file in files:
            is_input = file.path == STANDARD_INPUT
            found = digester.digest_descriptor(sys.stdin.fileno(), advance=advance) if is_input else next(others)
            if isinstance(found, FileDigest):
                digests.append((file.path, found))
            else:
                failures.append(found)
    return digests


def _write(
    digests: list[tuple[str, FileDigest]], failures: list[DcmttyError], format_: str, target: str | None
) -> None:
    import json

    from dcmtty.digest import manifest
    from dcmtty.files import write_atomic

    if format_ == "json":
        document = manifest.as_json(digests, [visible(failure.message) for failure in failures])
        text = json.dumps(document, indent=1) + "\n"
    else:
        style: manifest.Style = "md5sum" if format_ == "md5sum" else "sha256sum" if format_ == "sha256sum" else "tag"
        text = "".join(manifest.lines(digests, style))
    if target is not None:
        write_atomic(Path(target), manifest.encoded(text))
    elif output.is_terminal():
        output.write_lines(visible(line) for line in text.splitlines())
    else:
        output.write_bytes(manifest.encoded(text))
