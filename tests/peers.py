"""Finds the real programs the tests compare with: a missing one skips the test, or fails it where they are required."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

DEBIAN_PACKAGES: Final = {
    "dcentvfy": "dicom3tools",
    "dciodvfy": "dicom3tools",
    "dcmdjpeg": "dcmtk",
    "dcmconv": "dcmtk",
    "dcmdump": "dcmtk",
    "dcmodify": "dcmtk",
    "drtdump": "dcmtk",
    "hexdump": "bsdextrautils",
    "iconv": "libc-bin",
    "md5sum": "coreutils",
    "plastimatch": "plastimatch",
    "scp": "openssh-client",
    "setpriv": "util-linux",
    "sftp": "openssh-client",
    "sha256sum": "coreutils",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "strace": "strace",
    "tmux": "tmux",
}
"""Which Debian package brings which program; used in the reason of a skip."""

_SYSTEM_FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/sbin"
"""sshd lives in sbin, which is not on the PATH of an ordinary account."""


def peers_required() -> bool:
    """Whether a missing peer fails the test instead of skipping it (`DCMTTY_REQUIRE_PEERS=1`)."""
    return os.environ.get("DCMTTY_REQUIRE_PEERS", "") == "1"


def peer(name: str) -> Path:
    """The program called `name`; skips the calling test where it is missing, or fails it where peers are required."""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + _SYSTEM_FOLDERS
    found = shutil.which(name, path=path)
    if found is not None:
        return Path(found)
    reason = f"{name} is not installed; on Debian: apt-get install {DEBIAN_PACKAGES.get(name, name)}"
    if peers_required():
        pytest.fail(reason)
    pytest.skip(reason)


def tracer() -> Path:
    """The program strace; skips the calling test where the system does not let a process be traced."""
    strace = peer("strace")
    tried = subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("strace is not permitted to trace here")
    return strace
