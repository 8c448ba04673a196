"""`dcmtty verify DEVICE:PATH`: what lies on a device against the receipts of what was sent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dcmtty.errors import worst
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output

if TYPE_CHECKING:
    from dcmtty.transfer.devices import Rung
    from dcmtty.transfer.recheck import Rechecked

SCHEMA = "dcmtty.verify-device/1"
_WORDS = {"=": "same", "*": "changed", "-": "missing", "!": "not readable"}


def run(target: str, format_: str, rung: Rung, ssh_config: str | None, *, no_input: bool, quiet: bool) -> int:
    """Hash on the device what was sent there, print what became of it, and return the exit code."""
    from dcmtty.transfer.connections import Connections
    from dcmtty.transfer.endpoint import parse_destination
    from dcmtty.transfer.recheck import recheck

    destination = parse_destination(target)
    with Connections(diagnostics.TerminalPrompter(no_input=no_input), ssh_config) as connections:
        found = recheck(destination, connections, rung, diagnostics.progress_bar(quiet=quiet))
    if format_ == "json":
        output.write_json({"schema": SCHEMA, "device": destination.name, "files": [_as_json(one) for one in found]})
    else:
        output.write_lines(_line(one) for one in found)
    counts = Counter[str](one.sigil for one in found)
    diagnostics.note(", ".join(f"{counts[sigil]} {word}" for sigil, word in _WORDS.items() if counts[sigil]))
    return worst([one.exit_code for one in found])


def _line(one: Rechecked) -> str:
    detail = one.detail or one.by
    return f"{one.sigil} {visible(one.expected.path)}  ({visible(detail)})"


def _as_json(one: Rechecked) -> dict[str, object]:
    return {
        "sigil": one.sigil,
        "remote_path": one.expected.path,
        "size_bytes": one.expected.size_bytes,
        "sha256": one.expected.sha256,
        "verified_by": one.by,
        "detail": one.detail,
    }
