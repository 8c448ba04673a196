"""`dcmtty verify`: files against a manifest, or what lies on a device against the receipts of what was sent."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcmtty.errors import worst
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import format_option, no_input_option, quiet_option, ssh_config_option

if TYPE_CHECKING:
    from dcmtty.digest.check import Report
    from dcmtty.transfer.devices import Rung

SCHEMA = "dcmtty.verify/1"
_WORDS = {"=": "same", "*": "changed", "-": "missing", "+": "extra", "!": "not readable"}


@click.command("verify")
@click.argument("target")
@format_option(["text", "json"])
@click.option(
    "--root", type=click.Path(readable=False), default=None, help="Folder that the manifest's relative names start at."
)
@click.option("--listed-only", is_flag=True, help="Do not look for files that the manifest does not list.")
@click.option(
    "--verify",
    "rung",
    type=click.Choice(["read-back", "command", "auto"]),
    default="read-back",
    show_default=True,
    help="How bytes on a device are hashed: read back and hashed here, or by a command there.",
)
@ssh_config_option
@no_input_option
@quiet_option
def command(
    target: str,
    format_: str,
    root: str | None,
    listed_only: bool,  # noqa: FBT001 - click passes flags
    rung: Rung,
    ssh_config: str | None,
    no_input: bool,  # noqa: FBT001 - click passes flags
    quiet: bool,  # noqa: FBT001 - click passes flags
) -> int:
    """Check a MANIFEST (tag, md5sum, sha256sum or JSON form), or DEVICE:PATH against the receipts.

    One line per file: = the same, * changed, - missing, + extra, ! not readable. Exit 0 when all are the same, 5 when
    a file is changed, missing or extra. Relative names start at the current folder, as for sha256sum -c, or at the
    manifest's folder when nothing listed lies below the current one. Extra files are looked for in the folders that
    the manifest covers. An existing file is always taken for a manifest; ./a:b names a file with a colon.
    """
    if ":" in target and not os.path.lexists(target) and "/" not in target.split(":", maxsplit=1)[0]:
        from dcmtty_tui.cli.verify_device import run

        return run(target, format_, rung, ssh_config, no_input=no_input, quiet=quiet)
    from dcmtty.digest.check import check

    report = check(
        Path(target),
        root=Path(root) if root is not None else None,
        listed_only=listed_only,
        progress=diagnostics.progress_bar(quiet=quiet),
    )
    return _print(report, format_)


def _print(report: Report, format_: str) -> int:
    from dcmtty.digest.check import MD5_ONLY_NOTE

    if format_ == "json":
        output.write_json(_document(report))
    else:
        for item in report.checked:
            detail = f"  ({visible(item.detail)})" if item.detail else ""
            output.write_text(f"{item.sigil} {visible(item.path)}{detail}\n")
    counts = Counter[str](item.sigil for item in report.checked)
    diagnostics.note(", ".join(f"{counts[sigil]} {word}" for sigil, word in _WORDS.items() if counts[sigil]))
    if report.base != Path():
        diagnostics.note(f"relative names were taken from {visible(report.base)}")
    if report.has_md5_only_files:
        diagnostics.note(MD5_ONLY_NOTE)
    return worst([item.exit_code for item in report.checked])


def _document(report: Report) -> dict[str, object]:
    from dcmtty.digest.check import MD5_ONLY_NOTE

    counts = Counter[str](item.sigil for item in report.checked)
    return {
        "schema": SCHEMA,
        "base": str(report.base),
        "files": [{"sigil": item.sigil, "path": item.path, "detail": item.detail} for item in report.checked],
        "counts": {word.replace(" ", "_"): counts[sigil] for sigil, word in _WORDS.items()},
        "note": MD5_ONLY_NOTE if report.has_md5_only_files else "",
    }
