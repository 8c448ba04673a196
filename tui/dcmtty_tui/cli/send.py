"""`dcmtty send`: files to devices over SFTP, proved there before they get their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dcmtty.errors import InputError, UsageError, worst
from dcmtty.text import visible
from dcmtty_tui.cli import diagnostics, output
from dcmtty_tui.cli.options import dry_run_option, format_option, no_input_option, quiet_option, ssh_config_option
from dcmtty_tui.sizes import human_bytes

if TYPE_CHECKING:
    from dcmtty.transfer.devices import Rung
    from dcmtty.transfer.plan import DevicePlan, Plan, Target
    from dcmtty.transfer.send import Sent
    from dcmtty.transfer.upload import Outcome

SCHEMA = "dcmtty.send/1"
_PLANNED = {"new": "+", "same": "=", "replace": "*", "refused": "!"}
_MOST_LINES = 20
_WORDS = {"+": "sent", "*": "replaced", "=": "there already", "!": "failed", "-": "not sent", "?": "not verified"}


@click.command("send")
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False))
@click.option("--to", "targets", required=True, metavar="DEVICE[:PATH][,...]", help="Where to; several with commas.")
@dry_run_option
@click.option("--replace", is_flag=True, help="Put a file in the place of another one of its name.")
@click.option("--force", is_flag=True, help="Send files whose preamble is executable, too.")
@click.option(
    "--verify",
    "rung",
    type=click.Choice(["auto", "command", "read-back"]),
    default=None,
    help="How arrival is proved: a hash command on the device, reading back, or the first that works "
    "[default: as devices.toml says, else auto].",
)
@format_option(["table", "json"])
@ssh_config_option
@no_input_option
@quiet_option
def command(  # noqa: PLR0913, PLR0917 - click passes every option
    paths: tuple[str, ...],
    targets: str,
    dry_run: bool,  # noqa: FBT001 - click passes flags
    replace: bool,  # noqa: FBT001 - click passes flags
    force: bool,  # noqa: FBT001 - click passes flags
    rung: Rung | None,
    format_: str,
    ssh_config: str | None,
    no_input: bool,  # noqa: FBT001 - click passes flags
    quiet: bool,  # noqa: FBT001 - click passes flags
) -> int:
    """Send files and folders to devices, and prove that what arrived is what was sent.

    DEVICE is a device of devices.toml or a Host of the ssh configuration; PATH a folder there, below the account's
    home unless it starts with /. Files go to temporary names, are verified there, and are renamed last. One line per
    file: + sent, * replaced, = there already, ! failed, - not sent, ? not verified. Nothing is sent when the plan
    holds a file that must not be. A receipt is kept for `dcmtty verify DEVICE:PATH`.
    """
    from dcmtty.transfer.connections import Connections
    from dcmtty.transfer.endpoint import parse_destination
    from dcmtty.transfer.plan import Wishes, make_plan
    from dcmtty.transfer.send import execute

    destinations = [parse_destination(part) for part in targets.split(",") if part]
    if not destinations:
        raise UsageError("--to names no device", remedy="use --to DEVICE[:PATH]")
    with Connections(diagnostics.TerminalPrompter(no_input=no_input), ssh_config) as connections:
        wishes = Wishes(replace=replace, force=force, rung=rung)
        plan = make_plan(paths, destinations, connections, wishes, diagnostics.progress_bar(quiet=quiet))
        _tell(plan)
        if dry_run or plan.refused:
            _print_plan(plan, format_)
            return worst(_plan_codes(plan))
        sent = execute(plan, connections, progress=diagnostics.progress_bar(quiet=quiet))
    _print_sent(plan, sent, format_)
    return worst([*_plan_codes(plan), *(outcome.exit_code for outcome in sent.outcomes)])


def _tell(plan: Plan) -> None:
    for path in plan.skipped:
        diagnostics.note(f"{visible(path)}: not a regular file; not sent")
    for device in plan.devices:
        if device.error is not None:
            diagnostics.error(device.error)
        for target in [target for target in device.targets if target.state == "refused"][:_MOST_LINES]:
            diagnostics.line(f"dcmtty: {device.device}: {visible(target.file.name, 60)}: {target.detail}")
        for folder in device.new_folders:
            diagnostics.note(f"{device.device}: the folder {visible(folder)} is new there")


def _plan_codes(plan: Plan) -> list[int]:
    refused = [InputError.exit_code] if plan.refused else []
    return refused + [device.error.exit_code for device in plan.devices if device.error is not None]


def _print_plan(plan: Plan, format_: str) -> None:
    rows = [(device, target) for device in plan.devices for target in device.targets]
    if format_ == "json":
        files = [_planned(device.device, target) for device, target in rows]
        output.write_json({"schema": SCHEMA, "dry_run": True, "devices": _devices(plan), "files": files})
    else:
        output.write_table(
            ["", "device", "file", "bytes", "on the device", "SHA-256", "detail"],
            [
                (
                    _PLANNED[target.state],
                    device.device,
                    target.file.path,
                    target.file.digest.size_bytes,
                    target.remote_path,
                    target.file.digest.sha256[:16],
                    target.detail,
                )
                for device, target in rows
            ],
            widest=200,
        )
    diagnostics.note(f"{human_bytes(plan.size_bytes)} to send; nothing was sent")


def _planned(device: str, target: Target) -> dict[str, object]:
    return {
        "device": device,
        "outcome": _PLANNED[target.state],
        "local_path": target.file.path,
        "remote_path": target.remote_path,
        "size_bytes": target.file.digest.size_bytes,
        "md5": target.file.digest.md5,
        "sha256": target.file.digest.sha256,
        "verified_by": target.detail if target.state == "same" else "",
        "detail": "" if target.state == "same" else target.detail,
    }


def _devices(plan: Plan) -> list[dict[str, object]]:
    return [_device(device) for device in plan.devices]


def _device(device: DevicePlan) -> dict[str, object]:
    return {
        "device": device.device,
        "host": device.host,
        "port": device.port,
        "host_key": device.host_key.fingerprint if device.host_key else "",
        "folder": device.folder,
        "new_folders": list(device.new_folders),
        "verified_by": device.proved_by,
        "error": str(device.error) if device.error else "",
    }


def _print_sent(plan: Plan, sent: Sent, format_: str) -> None:
    if format_ == "json":
        output.write_json(
            {
                "schema": SCHEMA,
                "dry_run": False,
                "devices": _devices(plan),
                "files": [_outcome(outcome) for outcome in sent.outcomes],
                "receipts": [str(path) for path in sent.receipts],
            }
        )
    else:
        output.write_table(
            ["", "device", "on the device", "bytes", "verified by", "detail"],
            [
                (
                    outcome.sigil,
                    outcome.device,
                    outcome.target.remote_path,
                    outcome.target.file.digest.size_bytes,
                    outcome.verified_by or "NOT VERIFIED",
                    outcome.detail,
                )
                for outcome in sent.outcomes
            ],
            widest=200,
        )
    _tell_sent(sent)


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        **_planned(outcome.device, outcome.target),
        "outcome": outcome.sigil,
        "verified_by": outcome.verified_by,
        "detail": outcome.detail,
        "left_behind": outcome.left_behind,
    }


def _tell_sent(sent: Sent) -> None:
    counts = {sigil: sum(outcome.sigil == sigil for outcome in sent.outcomes) for sigil in _WORDS}
    if sent.outcomes:
        diagnostics.note(", ".join(f"{count} {_WORDS[sigil]}" for sigil, count in counts.items() if count))
    for outcome in sent.outcomes:
        if outcome.left_behind:
            what = f"{visible(outcome.left_behind)} may still lie there; the next send removes it"
            diagnostics.warning(f"{outcome.device}: {what}")
    for path in sent.receipts:
        diagnostics.note(f"receipt {visible(path)}")
