"""Draws docs/images from the running app: presses keys on a pseudo-terminal and saves what the screen shows."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from picture_device import device
from picture_drawing import draw, find_font, save
from picture_terminal import Terminal

CHECKOUT: Final = Path(__file__).resolve().parent.parent
IMAGES: Final = CHECKOUT / "docs" / "images"
COLUMNS: Final = 120
ROWS: Final = 36
_ENTRY_POINT: Final = "from dcmtty_tui.cli.main import main; main()"
# Corners of a contour round the descending aorta, as column and row; one corner is still to come.
_AORTA: Final = ((90, 71.5), (94, 73), (95.5, 76.5), (94, 80), (90, 81.5), (86.5, 80))


def browse(terminal: Terminal) -> None:
    """The series, a slice through heart and lungs, and its tags."""
    terminal.command("window lung", until="LUNG")
    terminal.command("at 101 60", until="row 60")
    terminal.press("/", "rescale", "enter", until="match 1 of 3")


def contour(terminal: Terminal) -> None:
    """Imported regions, and a contour that is being entered."""
    terminal.press("f3", until="ROIs")
    terminal.command("import samples/points/contours.csv", until="imported 4 ROIs")
    terminal.command("roi Aorta ORGAN", until="ROI 5 is made")
    terminal.command("window lung")
    terminal.command("slice 33", until="slice 33/45")
    terminal.command("at 104 64")
    terminal.command("zoom 2.8", until="x2.8")
    terminal.press("z")
    for column, row in _AORTA:
        terminal.command(f"p {column} {row}", until=f"{row:.1f}")
    terminal.command("at 86 74", until="row 74")


def send(terminal: Terminal) -> None:
    """A structure set and its images that were sent, and verified on the device."""
    terminal.press("f3", until="ROIs")
    terminal.command("import samples/points/contours.csv", until="imported 4 ROIs")
    terminal.command("w RS-thorax.dcm", until="read back and checked")
    terminal.press("f5", until="linac1")
    terminal.press("\\", "j", "space", "|", "enter", until="this is the plan")
    terminal.press("y", until="46 of 46 files verified on linac1")


def grid(terminal: Terminal) -> None:
    """Files as rows, chosen columns, a filter, sorted downwards by number."""
    terminal.command("rows files", until="InstanceNumber")
    terminal.command("columns InstanceNumber,SliceThickness,ImagePositionPatient,KVP,size", until="KVP")
    terminal.command("filter InstanceNumber < 40 and exists(KVP)", until="exists(KVP)")
    terminal.press("l", "s", "s", until="InstanceNumber↓")


SCENES: Final[dict[str, Callable[[Terminal], None]]] = {
    "browse": browse,
    "contour": contour,
    "send": send,
    "grid": grid,
}


def environment(root: Path) -> dict[str, str]:
    """An account of its own below `root`, on a terminal as SSH hands it over: 256 colours, UTF-8."""
    folders = {"HOME": "home", **{f"XDG_{kind}_HOME": kind.lower() for kind in ("CONFIG", "STATE", "CACHE", "DATA")}}
    for name in folders.values():
        (root / name).mkdir(mode=0o700)
    return {
        **{variable: str(root / name) for variable, name in folders.items()},
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join((str(CHECKOUT / "core"), str(CHECKOUT / "tui"))),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


def make(name: str, picture: Path) -> None:
    """Run the app on the samples in a folder of its own, go through a scene, and save the screen."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        values = environment(root)
        shutil.copytree(CHECKOUT / "samples", root / "work" / "samples")
        (root / "device").mkdir()
        with device(root / "device") as devices, Terminal(COLUMNS, ROWS) as terminal:
            config = root / "config" / "dcmtty"
            config.mkdir(mode=0o700)
            (config / "devices.toml").write_text(devices)
            shutil.copy(root / "device" / "known_hosts", config / "known_hosts")
            command = [sys.executable, "-c", _ENTRY_POINT, "samples/ct-thorax"]
            terminal.run(command, root / "work", values)
            terminal.wait("1 series")
            SCENES[name](terminal)
            save(draw(terminal.screen, find_font()), picture)


def main() -> int:
    """Draw the scenes that are named, or all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or SCENES:
        make(name, IMAGES / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
