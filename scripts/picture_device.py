"""A device for pictures: a real sshd on loopback with keys that are always the same, so that pictures are, too."""

import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

PORT: Final = 2022
_SYSTEM_FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/sbin"
_START_S: Final = 20.0


@contextmanager
def device(root: Path) -> Generator[str]:
    """Run a device that takes files in `root/incoming`; its keys and a known_hosts for it lie in `root`, too.

    Yields:
        The text of a devices.toml with it as `linac1`.

    Raises:
        FileNotFoundError: sshd is not installed.
        TimeoutError: it did not start; its port may be in use.
    """
    program = shutil.which("sshd", path=os.environ.get("PATH", os.defpath) + os.pathsep + _SYSTEM_FOLDERS)
    if program is None:
        raise FileNotFoundError("sshd is not installed; on Debian: apt-get install openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    host, user = _keys(root, "host"), _keys(root, "user")
    (root / "authorized_keys").write_text(user)
    (root / "known_hosts").write_text(f"[localhost]:{PORT} {host}")
    (root / "sshd_config").write_text(
        f"Port {PORT}\nListenAddress 127.0.0.1\nHostKey {root / 'host'}\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {root / 'authorized_keys'}\nStrictModes no\nPermitRootLogin yes\n"
        f"PasswordAuthentication no\nKbdInteractiveAuthentication no\nSubsystem sftp internal-sftp -d {root}\n"
    )
    account = pwd.getpwuid(os.geteuid()).pw_name
    with (root / "sshd.log").open("wb") as log:
        server = subprocess.Popen([program, "-D", "-e", "-f", root / "sshd_config"], stdout=log, stderr=log)
    try:
        _wait(server)
        yield (
            f'[devices.linac1]\nhost = "localhost"\nport = {PORT}\nuser = "{account}"\n'
            f'identity_file = "{root / "user"}"\npath = "incoming"\n'
        )
    finally:
        server.terminate()
        server.wait()


def _keys(root: Path, name: str) -> str:
    """Write a private key that follows from its name, and return its public line. Neither guards anything."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"dcmtty pictures, " + name.encode()).digest())
    path = root / name
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + "\n"


def _wait(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", PORT), 1.0) as probe:
                if probe.recv(4) == b"SSH-":
                    return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"sshd does not listen on port {PORT}; see whether another program does")
