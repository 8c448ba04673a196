"""A verified sending to sshd on loopback, beside rclone with its check, or, where that is missing, sftp without one."""

import atexit
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench_digest import make_series
from harness import Benchmark

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from sshd import Sshd, start_sshd

_ENTRY_POINT = "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())"
SHAPES = ((500, 512 << 10, "send 250 MB in 500 files"), (1, 250 << 20, "send 250 MB in 1 file"))


def _server() -> tuple[Sshd, Path]:
    root = Path(tempfile.mkdtemp(prefix="dcmtty-bench-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    server = start_sshd(root / "server")
    atexit.register(server.stop)
    return server, server.write_config(root / "config")


def _fresh(server: Sshd, send: Callable[[Path], None], names: "itertools.count[int]") -> None:
    folder = server.folder / str(next(names))
    folder.mkdir()
    send(folder)
    shutil.rmtree(folder)


def _own(series: Path, config: Path, folder: Path) -> None:
    private = {name: str(config.parent) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    options = ["--ssh-config", str(config), "--quiet", "--no-input"]
    command = [sys.executable, "-c", _ENTRY_POINT, "send", str(series), "--to", f"box:{folder}", *options]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **private})


def _sftp(series: Path, config: Path, folder: Path) -> None:
    batch = f"put -r {series} {folder}\n".encode()
    subprocess.run(["sftp", "-q", "-F", str(config), "-b", "-", "box"], check=True, capture_output=True, input=batch)


def _rclone(series: Path, server: Sshd, folder: Path) -> None:
    remote = f":sftp,host=127.0.0.1,port={server.port},user={server.user},key_file={server.user_key}:{folder}"
    subprocess.run(["rclone", "copy", "--transfers", "4", str(series), remote], check=True, capture_output=True)


def benchmarks() -> list[Benchmark]:
    """250 MB as many files and as one."""
    server, config = _server()
    has_rclone = shutil.which("rclone") is not None
    found: list[Benchmark] = []
    for files, file_bytes, name in SHAPES:
        series = make_series(files, file_bytes)
        names = itertools.count(files)
        peer = partial(_rclone, series, server) if has_rclone else partial(_sftp, series, config)
        found.append(
            Benchmark(
                name,
                partial(_fresh, server, partial(_own, series, config), names),
                "rclone copy" if has_rclone else "sftp put -r, not verified",
                partial(_fresh, server, peer, names),
                3,
            )
        )
    return found
