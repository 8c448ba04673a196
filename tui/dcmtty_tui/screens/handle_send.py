"""Handlers of Integrity and Send: digests, plan, sending, verification, trust."""

from __future__ import annotations

from pathlib import Path

from dcmtty.digest.file import FileDigest, digest_file
from dcmtty.errors import DcmttyError, HostKeyError, UsageError
from dcmtty.progress import Progress
from dcmtty.text import visible
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.endpoint import parse_destination
from dcmtty.transfer.plan import Plan, Wishes, make_plan
from dcmtty.transfer.recheck import Rechecked, recheck
from dcmtty.transfer.send import Sent, execute
from dcmtty.transfer.trust import Offer, look, pin_offered
from dcmtty_tui import theme
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.keymap import Call
from dcmtty_tui.screens.desk import Desk, handles
from dcmtty_tui.screens.devices import known_devices
from dcmtty_tui.screens.scanning import is_unscanned
from dcmtty_tui.screens.sending import GOOD, RECHECKS, Bundle, Request
from dcmtty_tui.screens.series_rows import series_title
from dcmtty_tui.sizes import counted
from dcmtty_tui.widgets.row_list import Row


def list_files(desk: Desk) -> None:
    """List what can be digested and sent: structure sets, and the images of the open series when all are known."""
    series = desk.session.series
    source = desk.session.standing.source_path
    if source is not None and source.absolute() not in desk.sending.saved:
        desk.sending.saved.append(source.absolute())
    paths: dict[Path, None] = {}
    if series is not None and not is_unscanned(series):
        paths = dict.fromkeys(item.instance.path.absolute() for item in series.slices)
    desk.sending.set_series(tuple(paths), series_title(series) if series is not None else "")


def enter_integrity(desk: Desk) -> None:
    """Digest every open file in the background."""
    list_files(desk)
    desk.sending.digests.clear()
    paths = desk.sending.all_paths()
    if not paths:
        desk.refuse("the scan of the series has not ended" if is_unscanned(desk.session.series) else "no file is open")
        return

    def work(progress: Progress) -> object:
        found: dict[Path, FileDigest] = {}
        for index, path in enumerate(paths):
            progress.step(index, len(paths), "files", "digesting")
            found[path] = digest_file(path)
        return found

    desk.ui.start_work("digest", work)


def enter_send(desk: Desk) -> None:
    """List files and devices."""
    list_files(desk)
    desk.sending.devices = known_devices(desk.ssh_config)
    if not desk.sending.devices:
        desk.tell("no device is known; add one with: dcmtty devices add NAME --host ADDRESS")


@handles("send.toggle")
def toggle(desk: Desk, call: Call) -> None:
    """Choose or drop a file; the plan must be made again."""
    del call
    row = desk.ui.rows(Pane.FILES).current
    if row is not None and isinstance(row.key, Bundle):
        desk.sending.chosen ^= {row.key}
        desk.sending.forget_plan()


def choose_device(desk: Desk, name: str) -> None:
    """Plan what a device would get."""
    desk.sending.may_replace = False
    _plan(desk, name)


@handles("send.replace")
def replace_there(desk: Desk, call: Call) -> None:
    """Plan again, so that other files of the same names on the device are replaced."""
    del call
    desk.sending.may_replace = True
    _plan(desk, desk.sending.destination or _current_device(desk))


@handles("send.plan")
def plan(desk: Desk, call: Call) -> None:
    """Plan for a typed device and folder."""
    if not call.arguments:
        raise UsageError(":send needs DEVICE[:PATH]", remedy="type for example :send linac1:/incoming")
    if desk.mode is not Mode.SEND:
        desk.mode = Mode.SEND
        enter_send(desk)
    _plan(desk, call.arguments[0])


def _plan(desk: Desk, destination: str) -> None:
    _require_idle(desk)
    asked = Request(destination, tuple(desk.sending.chosen_files()))
    if not asked.files:
        raise UsageError("no file is chosen", remedy="choose files with space in the files pane")
    parsed = parse_destination(destination)
    prompter, ssh_config = desk.ui.prompter(), desk.ssh_config
    desk.sending.destination = destination
    desk.sending.forget_plan()
    desk.sending.asked = asked
    wishes = Wishes(replace=desk.sending.may_replace)

    def work(progress: Progress) -> object:
        with Connections(prompter, ssh_config) as connections:
            return asked, make_plan(asked.files, [parsed], connections, wishes, progress)

    desk.ui.start_work("plan", work)
    desk.tell(f"planning for {visible(destination)}")


@handles("send.go")
def go(desk: Desk, call: Call) -> None:
    """Send what the plan says."""
    del call
    made, asked = desk.sending.plan, desk.sending.asked
    if made is None or asked is None:
        return
    _require_idle(desk)
    prompter, ssh_config = desk.ui.prompter(), desk.ssh_config

    def work(progress: Progress) -> object:
        with Connections(prompter, ssh_config) as connections:
            return asked.destination, execute(made, connections, progress=progress)

    desk.sending.forget_plan()
    desk.ui.start_work("sent", work)
    desk.tell("sending")


@handles("send.verify")
def verify(desk: Desk, call: Call) -> None:
    """Read back from the device what the receipts say was sent, and compare."""
    destination = call.arguments[0] if call.arguments else desk.sending.destination or _current_device(desk)
    _require_idle(desk)
    parsed = parse_destination(destination)
    prompter, ssh_config = desk.ui.prompter(), desk.ssh_config

    def work(progress: Progress) -> object:
        with Connections(prompter, ssh_config) as connections:
            return destination, recheck(parsed, connections, "read-back", progress)

    desk.sending.destination = destination
    desk.sending.forget_plan()
    desk.ui.start_work("verified", work)
    desk.tell(f"verifying on {visible(destination)}")


def _require_idle(desk: Desk) -> None:
    """Refuse to begin something on a device while files travel: its outcome would be taken for the other's.

    Raises:
        UsageError: a transfer runs.
    """
    if desk.ui.is_working("sent"):
        raise UsageError("a transfer is running", remedy="wait until it is done, or stop it with c")


def _current_device(desk: Desk) -> str:
    row = desk.ui.rows(Pane.DEVICES).current
    if row is None or not isinstance(row.key, str):
        raise UsageError("no device is chosen", remedy="choose one in the devices pane")
    return row.key


@handles("send.trust")
def trust(desk: Desk, call: Call) -> None:
    """Ask the device for its host key, to show it."""
    name = parse_destination(call.arguments[0] if call.arguments else _current_device(desk)).name
    ssh_config = desk.ssh_config

    def work(progress: Progress) -> object:
        del progress
        return name, look(name, ssh_config)

    desk.ui.start_work("offered", work)
    desk.tell(f"asking {visible(name)} for its host key")


@handles("send.cancel")
def cancel(desk: Desk, call: Call) -> None:
    """Stop what runs in the background."""
    del call
    desk.tell("stopped" if desk.ui.cancel_work() else "nothing is running")


def work_done(desk: Desk, kind: str, result: object) -> None:
    """Show a result."""
    match kind, result:
        case "digest", dict() as found:
            desk.sending.digests.update(found)
            desk.tell(f"{counted(len(found), 'file')} digested; MD5 finds damage, SHA-256 also finds tampering")
        case "plan", (Request() as asked, Plan() as made):
            if asked is desk.sending.asked:
                _planned(desk, asked, made)
        case "sent", (str() as destination, Sent() as sent):
            desk.sending.take_sent(destination, sent)
            _look_at_plan(desk)
            bad = [outcome for outcome in sent.outcomes if outcome.sigil not in GOOD]
            _say(desk, desk.sending.report_title, failed=bool(bad))
        case "verified", (str() as destination, tuple() as checked):
            _verified(desk, destination, checked)
        case "offered", (str() as name, Offer() as offer):
            _offered(desk, name, offer)
        case "pinned", str() as name:
            if desk.sending.destination.partition(":")[0] == name and not desk.ui.is_working("sent"):
                _plan(desk, desk.sending.destination)
            desk.tell(f"the host key of {visible(name)} is trusted from now on")
        case _:
            return


def _say(desk: Desk, text: str, *, failed: bool) -> None:
    if failed:
        desk.refuse(text)
    else:
        desk.tell(text)


def _look_at_plan(desk: Desk) -> None:
    """Turn to the plan, unless something else than sending is looked at by now."""
    if desk.mode is Mode.SEND:
        desk.pane = Pane.PLAN


def _planned(desk: Desk, asked: Request, made: Plan) -> None:
    desk.sending.plan, desk.sending.report = made, []
    _look_at_plan(desk)
    error = next((device.error for device in made.devices if device.error is not None), None)
    if isinstance(error, HostKeyError):
        desk.refuse(f"press t to see the host key; {error.message}")
    elif error is not None:
        desk.refuse(str(error))
    elif made.refused:
        others = any("another file lies there" in target.detail for _, target in made.refused)
        remedy = "; r plans to replace the other files there" if others else ""
        desk.refuse(f"{counted(len(made.refused), 'file')} must not be sent, so nothing will be{remedy}")
    else:
        desk.tell("this is the plan; y sends it")
    if error is not None or made.refused:
        desk.sending.report = desk.sending.plan_rows()
        desk.sending.report_title = f"No sending to {visible(asked.destination)}"
        desk.sending.plan = None


def _verified(desk: Desk, destination: str, checked: tuple[Rechecked, ...]) -> None:
    rows = [_rechecked_row(item) for item in checked]
    good = sum(1 for item in checked if item.sigil == "=")
    title = f"{good} of {len(checked)} files on {visible(destination)} are what was sent"
    if good < len(checked):
        title = f"VERIFICATION FAILED: {title}"
    desk.sending.forget_plan()
    desk.sending.report, desk.sending.report_title = rows, title
    _look_at_plan(desk)
    _say(desk, title, failed=good < len(checked))


def _rechecked_row(item: Rechecked) -> Row:
    text = f"{item.sigil} {RECHECKS[item.sigil]}  {visible(item.expected.path)}  {item.by} {visible(item.detail)}"
    return Row(item.expected.path, text.rstrip(), theme.TEXT if item.sigil == "=" else theme.ERROR)


def _offered(desk: Desk, name: str, offer: Offer) -> None:
    fingerprint, ssh_config = offer.key.fingerprint, desk.ssh_config
    if offer.is_known:
        desk.tell(f"the host key of {visible(name)} is trusted already: {fingerprint}")
        return
    text = (
        f"{visible(name)} ({visible(offer.key_name)}) shows this {offer.key.algorithm} host key:\n\n{fingerprint}\n\n"
        f"Compare it with what the owner of the device says. Type the fingerprint{'' if offer.known else ', or yes'}."
    )
    if offer.known:
        text = f"WARNING: another key is known for this device. It may be another machine.\n\n{text}"

    def answered(is_yes: bool) -> None:  # noqa: FBT001 - the answer
        if not is_yes:
            desk.tell("not trusted")
            return

        def work(progress: Progress) -> object:
            del progress
            pin_offered(name, fingerprint, ssh_config)
            return name

        desk.ui.start_work("pinned", work)

    desk.ui.question(text, answered, words=(fingerprint,) if offer.known else (fingerprint, "yes"))


def work_failed(desk: Desk, kind: str, error: DcmttyError) -> None:
    """Nothing stays on screen that could be taken for a success."""
    if kind in {"plan", "sent", "verified"}:
        desk.sending.forget_plan()
        desk.sending.report = [Row("error", f"! {error}", theme.ERROR)]
        desk.sending.report_title = "NOT VERIFIED: the work on the device ended early"


def entered(desk: Desk, kind: str, text: str) -> None:
    """Take what was typed for a kind that only these handlers know."""
    del desk, kind, text


def show_receipt_row(desk: Desk, text: str) -> None:
    """Say in full what a row of the plan says."""
    desk.tell(text.strip())
