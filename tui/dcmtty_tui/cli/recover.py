"""`dcmtty recover`: what a crash or a line drop left behind, as a list or back in the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dcmtty.errors import InputError, UsageError
from dcmtty.text import visible
from dcmtty_tui.cli import output
from dcmtty_tui.cli.main import launch_app
from dcmtty_tui.cli.options import format_option, ssh_config_option

if TYPE_CHECKING:
    from pathlib import Path

    from dcmtty.contours.journal import JournalEntry

SCHEMA = "dcmtty.recover/1"
_COLUMNS = ("journal", "created", "state", "edits", "label", "series_instance_uid")
_MORE = ("frame_of_reference_uid", "image_paths", "base_path")


@click.command("recover")
@click.option("--list", "list_", is_flag=True, help="Print the sessions that can be recovered, and do nothing.")
@format_option(["table", "json"])
@ssh_config_option
@click.argument("journal", required=False)
def command(list_: bool, format_: str, ssh_config: str | None, journal: str | None) -> int:  # noqa: FBT001 - click passes it by name
    """Continue a session that a crash or a line drop left behind: JOURNAL, or the latest one."""
    from dcmtty.contours.journal import journal_folder
    from dcmtty.contours.recovery import left_behind

    entries = left_behind(journal_folder())
    if list_:
        _print(entries, format_)
        return 0
    if not output.is_terminal():
        raise UsageError(
            "recover opens the app, which needs a terminal", remedy="see what is there: dcmtty recover --list"
        )
    return launch_app(recover=_chosen(entries, journal), ssh_config=ssh_config)


def _chosen(entries: tuple[JournalEntry, ...], journal: str | None) -> Path:
    """Return the journal that was named by the beginning of its identifier, or the latest one."""
    offered = [entry for entry in entries if entry.state != "in use" and entry.recovered is not None]
    if journal is not None:
        offered = [entry for entry in offered if entry.identifier.startswith(journal)]
    if not offered:
        what = f"no journal {visible(journal, 40)} can be recovered" if journal else "there is no session to recover"
        raise InputError(what, remedy="see what is there: dcmtty recover --list")
    if journal is not None and len(offered) > 1:
        raise UsageError(f"{len(offered)} journals begin with {visible(journal, 40)}", remedy="give more of its name")
    return offered[-1].path


def _print(entries: tuple[JournalEntry, ...], format_: str) -> None:
    rows = [_row(entry) for entry in entries]
    if format_ == "json":
        output.write_json({"schema": SCHEMA, "journals": rows})
    else:
        cells = (["" if row[name] is None else row[name] for name in _COLUMNS] for row in rows)
        output.write_table(_COLUMNS, cells, widest=64)


def _row(entry: JournalEntry) -> dict[str, object]:
    from dcmtty.contours.recovery import replay

    head: dict[str, object] = {"journal": entry.identifier, "path": str(entry.path), "state": entry.state}
    if entry.recovered is None:
        names = (
            "created",
            "edits",
            "label",
            "series_instance_uid",
            "frame_of_reference_uid",
            "image_paths",
            "base_path",
        )
        return {**dict.fromkeys(names), **head, "reason": entry.reason}
    redone, header = replay(entry.recovered), entry.recovered.header
    return {
        **head,
        "created": header.created,
        "edits": redone.edits,
        "label": redone.history.present.structure_set.label,
        "series_instance_uid": header.series_uid,
        "frame_of_reference_uid": header.frame_of_reference_uid,
        "image_paths": list(header.image_paths),
        "base_path": header.base_path or None,
        "reason": redone.reason or entry.reason,
    }
