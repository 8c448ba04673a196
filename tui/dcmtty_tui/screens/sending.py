"""What the Integrity and Send modes show, as rows: files with digests, devices, the plan and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dcmtty.digest.collect import FoundFile
from dcmtty.digest.file import FileDigest
from dcmtty.text import visible
from dcmtty.transfer.plan import DevicePlan, Plan
from dcmtty.transfer.send import Sent
from dcmtty.transfer.upload import Outcome
from dcmtty_tui import theme
from dcmtty_tui.actions import Mode, Pane
from dcmtty_tui.sizes import human_bytes
from dcmtty_tui.widgets.row_list import Row, RowList

OUTCOMES = {
    "+": "verified",
    "*": "replaced, verified",
    "=": "same, verified",
    "!": "FAILED",
    "-": "NOT SENT",
    "?": "NOT VERIFIED",
}
GOOD = frozenset("+*=")
RECHECKS = {"=": "verified", "*": "CHANGED", "-": "MISSING", "!": "CANNOT BE READ"}


class Lists(Protocol):
    """Where rows are shown."""

    def rows(self, pane: Pane) -> RowList:
        """Return the list of a pane."""
        ...


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that are sent or left together."""

    name: str
    paths: tuple[Path, ...]
    keeps_folder: bool = False
    """Whether the files go into a folder of the name of theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a plan is asked for."""

    destination: str
    files: tuple[FoundFile, ...]


@dataclass(slots=True)
class SendState:
    """Files, devices, plan and outcome; changed by handlers only."""

    bundles: list[Bundle] = field(default_factory=list)
    chosen: set[Bundle] = field(default_factory=set)
    """The bundles that are to be sent."""
    saved: list[Path] = field(default_factory=list)
    """Structure sets that this session wrote or loaded."""
    digests: dict[Path, FileDigest] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    """Name to what is known of it."""
    destination: str = ""
    may_replace: bool = False
    """Whether the next plan may put a file over another one on the device."""
    asked: Request | None = None
    """What the plan was asked for; an answer to anything else comes too late."""
    plan: Plan | None = None
    report: list[Row] = field(default_factory=list)
    """What became of a sending or a verification."""
    report_title: str = ""

    def forget_plan(self) -> None:
        """Show neither a plan nor an outcome, and take no plan that is still on its way."""
        self.asked, self.plan, self.report = None, None, []

    def add_file(self, path: Path) -> None:
        """Remember a structure set; it is chosen for sending."""
        path = path.absolute()
        if path not in self.saved:
            self.saved.append(path)
        self.chosen.add(Bundle(path.name, (path,)))

    def set_series(self, paths: tuple[Path, ...], title: str) -> None:
        """List the structure sets and the images of the open series."""
        self.bundles = [Bundle(path.name, (path,)) for path in self.saved]
        if paths:
            self.bundles.append(Bundle(f"images {title}", paths, keeps_folder=True))
        self.chosen &= set(self.bundles)
        if not self.chosen and self.bundles:
            self.chosen.add(self.bundles[0])
        if self.asked is not None and self.asked.files != tuple(self.chosen_files()):
            self.forget_plan()

    def chosen_files(self) -> list[FoundFile]:
        """Return the files that are to be sent; images keep the name of their folder, as on the command line."""
        chosen = [bundle for bundle in self.bundles if bundle in self.chosen]
        return [
            FoundFile(str(path), f"{path.parent.name}/{path.name}" if bundle.keeps_folder else path.name)
            for bundle in chosen
            for path in bundle.paths
        ]

    def all_paths(self) -> list[Path]:
        """Return every file that is open."""
        return [path for bundle in self.bundles for path in bundle.paths]

    def show(self, ui: Lists, mode: Mode) -> None:
        """Bring the lists in line."""
        if mode is Mode.INTEGRITY:
            ui.rows(Pane.FILES).set_rows(self.digest_rows(), "Digests of what is open")
            return
        ui.rows(Pane.DEVICES).set_rows([Row(name, f"{name} {text}") for name, text in self.devices.items()], "Devices")
        ui.rows(Pane.FILES).set_rows(self.bundle_rows(), "Files to send")
        ui.rows(Pane.PLAN).set_rows(self.plan_rows(), self.plan_title())

    def digest_rows(self) -> list[Row]:
        """Return three rows for each file: its name and size, SHA-256, MD5."""
        rows: list[Row] = []
        for path in self.all_paths():
            digest = self.digests.get(path)
            size = human_bytes(digest.size_bytes) if digest else "not digested yet"
            rows.append(Row(path, f"{visible(path.name, 60)}  {size}", theme.STRONG))
            if digest:
                rows += [
                    Row((path, "sha256"), f"  SHA-256 {digest.sha256}"),
                    Row((path, "md5"), f"  MD5     {digest.md5}"),
                ]
        return rows

    def bundle_rows(self) -> list[Row]:
        """Return a row for each bundle, with a mark where it is chosen."""
        return [
            Row(bundle, f"[{'x' if bundle in self.chosen else ' '}] {visible(bundle.name, 60)}"
                f"{f', {len(bundle.paths)} files' if len(bundle.paths) > 1 else ''}")
            for bundle in self.bundles
        ]  # fmt: skip

    def plan_title(self) -> str:
        """Return the title of the plan pane."""
        if self.report:
            return self.report_title
        if self.plan is None:
            return "Plan: choose a device with enter"
        over = ", other files there are replaced" if self.may_replace else ""
        destination = visible(self.asked.destination) if self.asked is not None else ""
        return f"Plan for {destination}: {human_bytes(self.plan.size_bytes)} to send{over}; y sends"

    def plan_rows(self) -> list[Row]:
        """Return the outcome if there is one, else the plan."""
        if self.report or self.plan is None:
            return self.report
        return [row for device in self.plan.devices for row in _device_rows(device)]

    def take_sent(self, destination: str, sent: Sent) -> None:
        """Show what became of a sending; it needs a new plan to be sent again."""
        self.forget_plan()
        self.report = [_outcome_row(outcome, index) for index, outcome in enumerate(sent.outcomes)]
        self.report += [Row(path, f"  receipt {visible(path)}", theme.DIM) for path in sent.receipts]
        good = sum(1 for outcome in sent.outcomes if outcome.sigil in GOOD)
        self.report_title = f"{good} of {len(sent.outcomes)} files verified on {visible(destination)}"


def _outcome_row(outcome: Outcome, index: int) -> Row:
    what = OUTCOMES.get(outcome.sigil, outcome.sigil)
    text = f"{outcome.sigil} {what}  {visible(outcome.target.file.name, 60)}  {outcome.verified_by}"
    style = theme.TEXT if outcome.sigil in GOOD else theme.ERROR
    return Row((outcome.device, index), f"{text} {visible(outcome.detail)}".rstrip(), style)


def _device_rows(device: DevicePlan) -> list[Row]:
    if device.error is not None:
        return [Row(device.device, f"! {visible(device.device)}: {device.error}", theme.ERROR)]
    where = f"{visible(device.device)} {visible(device.host)}:{device.port} {visible(device.folder)}"
    rows = [Row(device.device, f"{where}  check: {device.proved_by}", theme.STRONG)]
    if device.host_key is not None:
        rows.append(Row((device.device, "key"), f"  host key {device.host_key.fingerprint} known", theme.DIM))
    rows += [
        Row(
            (device.device, target.remote_path),
            f"  {target.state:<8}{visible(target.file.name, 60)}  {human_bytes(target.file.digest.size_bytes)}"
            f"  {visible(target.detail)}".rstrip(),
            theme.ERROR if target.state == "refused" else theme.TEXT,
        )
        for target in device.targets
    ]
    return rows
