"""Fixtures that every room's tests share: isolated folders, the phantom series and the real data."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from checkout import CHECKOUT, SAMPLES
from peers import peers_required

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a job in the background has it; the programs that tests interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("same", derandomize=True)
if peers_required():
    # Where a change is judged, the same examples come every time; everywhere else new ones.
    settings.load_profile("same")

pytest_plugins = ("dask_cluster", "sshd")

_PER_USER_FOLDERS = {
    "HOME": "home",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_RUNTIME_DIR": "runtime",
    "XDG_STATE_HOME": "state",
}
_INHERITED_SETTINGS = ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "SSH_AUTH_SOCK")


@pytest.fixture(autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home folder and fresh XDG folders for each test; returns the folder that holds them all."""
    root = tmp_path_factory.mktemp("account")
    for variable, name in _PER_USER_FOLDERS.items():
        folder = root / name
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(folder))
    for variable in _INHERITED_SETTINGS:
        monkeypatch.delenv(variable, raising=False)
    return root


@pytest.fixture(scope="session")
def phantom_dir() -> Path:
    """The synthetic thorax series of samples/ct-thorax."""
    return SAMPLES / "ct-thorax"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real DICOM data; it is not part of the repository, so its absence always skips."""
    named = os.environ.get("DCMTTY_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real DICOM data is not here; name its folder in DCMTTY_DATA")
    return folder
