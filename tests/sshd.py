"""A real OpenSSH server on loopback for one test: own port, own keys, own folder, stopped by its own process id."""

import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from peers import peer

_START_SECONDS = 20.0


def keygen(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Make a key pair with ssh-keygen and return the path of the private key."""
    size = ["-b", "2048"] if kind == "rsa" else []
    command: list[str | Path] = [
        peer("ssh-keygen"),
        "-q",
        "-t",
        kind,
        *size,
        "-N",
        passphrase,
        "-C",
        "test",
        "-f",
        path,
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def fingerprint(public_key: Path) -> str:
    """The fingerprint of a public key as ssh-keygen prints it."""
    done = subprocess.run([peer("ssh-keygen"), "-lf", public_key], check=True, capture_output=True, text=True)
    return done.stdout.split()[1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Sshd:
    """A running server and what a client needs for it."""

    root: Path
    port: int
    user: str
    host_key: Path
    user_key: Path
    process: subprocess.Popen[bytes]

    @property
    def folder(self) -> Path:
        """The folder that tests send to; it starts empty."""
        return self.root / "device"

    @property
    def host_name(self) -> str:
        """The server's name in known_hosts files."""
        return f"[127.0.0.1]:{self.port}"

    @property
    def host_fingerprint(self) -> str:
        """The fingerprint of its host key."""
        return fingerprint(self.host_key.with_suffix(".pub"))

    def known_hosts_line(self, key: Path | None = None) -> str:
        """A known_hosts line with the server's own key, or with another one."""
        kind, blob = (key or self.host_key).with_suffix(".pub").read_text().split()[:2]
        return f"{self.host_name} {kind} {blob}\n"

    def write_config(self, path: Path, name: str = "box", *, trusted: bool = True, extra: str = "") -> Path:
        """Write an ssh configuration with one Host for this server (and known_hosts beside it); return its path."""
        known_hosts = path.with_name(path.name + ".known_hosts")
        known_hosts.write_text(self.known_hosts_line() if trusted else "")
        path.write_text(
            f"Host {name}\n  HostName 127.0.0.1\n  Port {self.port}\n  User {self.user}\n"
            f"  IdentityFile {self.user_key}\n  UserKnownHostsFile {known_hosts}\n  GlobalKnownHostsFile none\n{extra}"
        )
        return path

    def write_device(self, name: str = "box", **values: str) -> Path:
        """Append the server to devices.toml of this test, and return its path."""
        settings: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "identity_file": str(self.user_key),
            "path": str(self.folder),
            **values,
        }
        path = Path(os.environ["XDG_CONFIG_HOME"]) / "dcmtty" / "devices.toml"
        path.parent.mkdir(exist_ok=True)
        lines = (
            f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in settings.items()
        )
        with path.open("a") as stream:
            stream.write(f"[devices.{name}]\n" + "\n".join(lines) + "\n")
        return path

    def pin(self, key: Path | None = None) -> None:
        """Pin the server's host key, or another one, for dcmtty."""
        path = Path(os.environ["XDG_CONFIG_HOME"]) / "dcmtty" / "known_hosts"
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as stream:
            stream.write(self.known_hosts_line(key))

    def start_again(self) -> None:
        """Start the stopped server again, with the same port, keys and folder."""
        self.process = _run(self.root)
        _wait_until_listening(self)

    def limit_file_size(self, size_bytes: int) -> None:
        """Let files on this device grow no further than this, as if its disk were full; for connections from now on."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size_bytes, size_bytes))

    def freeze(self) -> None:
        """Halt the server with all that serves its connections: nothing is answered, nothing is lost."""
        _halt(self.process.pid)

    def thaw(self) -> None:
        """Let them go on."""
        for one in (*_children(self.process.pid), self.process.pid):
            _kill(one, signal.SIGCONT)

    def stop(self) -> None:
        """Stop the server and every connection that it serves."""
        if self.process.poll() is None:
            for child in _children(self.process.pid):
                _kill(child)
            _kill(self.process.pid)
            self.process.wait(10)


def _direct_children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    """All processes below one, the deepest first."""
    return [one for child in _direct_children(pid) for one in (*_children(child), child)]


def _halt(pid: int) -> None:
    """Halt a process, then those below it: of a running one the system does not promise a complete list of children."""
    _kill(pid, signal.SIGSTOP)
    while _state(pid) not in "TZX":
        os.sched_yield()
    for child in _direct_children(pid):
        _halt(child)


def _state(pid: int) -> str:
    """The letter of proc(5), or X for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def start_sshd(root: Path, *, host_key: str = "ed25519", shell: bool = True, extra: str = "") -> Sshd:
    """Start a server in `root`; without `shell` it gives the account SFTP and nothing else."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    root.mkdir(parents=True, exist_ok=True)
    (root / "device").mkdir()
    private = keygen(root / "host_key", host_key)
    user_key = keygen(root / "user_key")
    shutil.copy(user_key.with_suffix(".pub"), root / "authorized_keys")
    port = _free_port()
    config = root / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {private}\nPidFile {root / 'sshd.pid'}\n"
        f"AuthorizedKeysFile {root / 'authorized_keys'}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no\nPrintMotd no\nUseDNS no\n"
        f"Subsystem sftp internal-sftp\n{'' if shell else 'ForceCommand internal-sftp' + chr(10)}{extra}"
    )
    server = Sshd(root, port, pwd.getpwuid(os.geteuid()).pw_name, private, user_key, _run(root))
    _wait_until_listening(server)
    return server


def _run(root: Path) -> subprocess.Popen[bytes]:
    """Start sshd; a file size limit then makes its writes fail instead of killing it (SIGXFSZ stays ignored)."""
    command: list[str | Path] = [peer("sshd"), "-D", "-e", "-f", root / "sshd_config"]
    with (root / "sshd.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, restore_signals=False)


def _wait_until_listening(server: Sshd) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 1.0) as probe:
                if probe.recv(4) == b"SSH-":
                    return
        except OSError:
            continue
    server.stop()
    pytest.fail(f"sshd did not start: {(server.root / 'sshd.log').read_text()[-2000:]}")


SshdFactory = Callable[..., Sshd]


@pytest.fixture
def sshd_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshdFactory]:
    """Starts servers with the options of `start_sshd`; all are stopped when the test ends."""
    servers: list[Sshd] = []

    def start(*, host_key: str = "ed25519", shell: bool = True, extra: str = "") -> Sshd:
        root = tmp_path_factory.mktemp("sshd") / "server"
        servers.append(start_sshd(root, host_key=host_key, shell=shell, extra=extra))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def sshd(sshd_factory: SshdFactory) -> Sshd:
    """A server whose account has a shell, so that hash commands run there."""
    return sshd_factory()


@pytest.fixture
def sshd_without_shell(sshd_factory: SshdFactory) -> Sshd:
    """A server whose account has SFTP only, so that files must be read back."""
    return sshd_factory(shell=False)
