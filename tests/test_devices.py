"""devices.toml, the ssh configuration, logging in, and `dcmtty devices`."""

import json
import stat
import tomllib
from pathlib import Path

import pytest

from dcmtty.errors import AuthenticationFailed, InputError, UsageError
from dcmtty.transfer import sshconfig
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.devices import Device, add_device, devices_path, load_devices
from dcmtty.transfer.endpoint import find_endpoint, parse_destination
from dcmtty.transfer.sshconfig import host_settings
from run_cli import run_cli
from schemas import assert_follows_schema
from sshd import Sshd, keygen


class Answers:
    """A prompter that gives prepared answers, and remembers what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def secret(self, prompt: str) -> str | None:
        """The next answer, or None when there is none left."""
        self.asked.append(prompt)
        return self.answers.pop(0) if self.answers else None


def _write_devices(text: str) -> None:
    devices_path().parent.mkdir(exist_ok=True)
    devices_path().write_text(text)


def test_an_added_device_is_found_again_by_tomllib_and_by_us_and_comments_stay() -> None:
    _write_devices('# mine\n[devices.first]\nhost = "h"  # there')
    device = Device("sec.ond", "10.0.0.1", 2222, "u", 'a "b" \\ ü', "~/k", "read-back", "sha256sum")
    add_device(device)
    text = devices_path().read_text()
    assert text.startswith('# mine\n[devices.first]\nhost = "h"  # there\n')
    assert tomllib.loads(text)["devices"]["sec.ond"]["path"] == 'a "b" \\ ü'
    assert load_devices() == {"first": Device("first", "h"), "sec.ond": device}
    assert stat.S_IMODE(devices_path().stat().st_mode) == 0o600
    with pytest.raises(UsageError, match=r"device sec\.ond is there already"):
        add_device(device)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[devices.a\n", "line 1"),
        ("[device.a]\nhost = 'h'\n", "device is not understood"),
        ("[devices.a]\n", "device a: no host"),
        ("[devices.a]\nhost = '-oProxyCommand=x'\n", "host = -oProxyCommand=x is not possible"),
        ("[devices.a]\nhost = 'h'\nport = 0\n", "port = 0 is not possible"),
        ("[devices.a]\nhost = 'h'\nport = true\n", "port = True is not possible"),
        ("[devices.a]\nhost = 'h'\nverify = 'size'\n", "verify = size is not possible; use auto, command, read-back"),
        ("[devices.a]\nhost = 'h'\nidentityfile = 'k'\n", "the key identityfile is not known"),
        ("[devices.a]\nhost = 'h'\npath = \"a\\u001b\"\n", "is not possible"),
        ("[devices.'-a']\nhost = 'h'\n", "'-a' is not a device name"),
        ("devices = 3\n", "devices is not understood"),
        ("[devices]\na = 3\n", "device a is no table"),
    ],
)
def test_a_wrong_devices_file_is_refused_with_key_and_remedy(text: str, says: str) -> None:
    _write_devices(text)
    done = run_cli("devices", "list")
    assert done.code == 3
    assert says in done.err
    assert "devices.toml" in done.err
    assert b"\x1b" not in done.stderr


def test_add_and_list_from_the_command_line() -> None:
    added = run_cli(
        "devices", "add", "box", "--host", "10.0.0.1", "--port", "2222", "--path", "in", "--verify", "command"
    )
    assert added.code == 0
    assert "next: dcmtty devices trust box" in added.err
    assert run_cli("devices", "add", "box", "--host", "h").code == 2
    assert run_cli("devices", "add", "bad/name", "--host", "h").code == 2
    assert run_cli("devices", "add", "other", "--host", "h h").code == 2
    listed = json.loads(run_cli("devices", "list", "--format", "json").stdout)
    assert_follows_schema(listed, "devices")
    assert [(one["name"], one["port"], one["verify"]) for one in listed["devices"]] == [("box", 2222, "command")]
    assert "box" in run_cli("devices", "list").out


def test_add_with_a_fingerprint_pins_the_key_that_has_it_and_no_other(sshd: Sshd, tmp_path: Path) -> None:
    options = ["--host", "127.0.0.1", "--port", str(sshd.port), "--user", sshd.user]
    options += ["--identity-file", str(sshd.user_key), "--path", str(sshd.folder)]
    wrong = run_cli("devices", "add", "other", *options, "--fingerprint", "SHA256:" + "A" * 43)
    assert wrong.code == 4
    assert "nothing was pinned" in wrong.err
    assert run_cli("devices", "add", "box", *options, "--fingerprint", sshd.host_fingerprint).code == 0
    (tmp_path / "a").write_bytes(b"a")
    assert run_cli("send", tmp_path / "a", "--to", "box").code == 0


def test_check_logs_in_writes_removes_and_says_how_files_would_be_verified(sshd: Sshd) -> None:
    sshd.write_device("box")
    sshd.pin()
    done = run_cli("devices", "check", "box", "--format", "json")
    assert done.code == 0, done.err
    found = json.loads(done.stdout)
    assert_follows_schema(found, "devices-check")
    assert found["cipher"].endswith(("-gcm@openssh.com", "-ctr"))
    assert found["strict_key_exchange"] is True
    assert "sha256sum" in found["hash_commands"]
    assert list(sshd.folder.iterdir()) == []
    nowhere = run_cli("devices", "check", "box:/nowhere/at/all")
    assert nowhere.code == 4
    assert "/nowhere/at/all cannot be written: no such file or folder on the device" in nowhere.err


def test_check_of_a_device_without_a_shell_says_read_back(sshd_without_shell: Sshd) -> None:
    sshd_without_shell.write_device("box")
    sshd_without_shell.pin()
    found = json.loads(run_cli("devices", "check", "box", "--format", "json").stdout)
    assert (found["hash_commands"], found["verified_by"]) == ([], "read-back")


def test_no_cbc_no_sha1_no_md5_is_ever_offered(sshd: Sshd) -> None:
    sshd.write_device("box")
    sshd.pin()
    with Connections() as connections:
        transport = connections.get("box").client.get_transport()
        assert transport is not None
        options = transport.get_security_options()
        offered = (*options.ciphers, *options.digests, *options.kex, *options.key_types)
    assert not [name for name in offered if "cbc" in name or "md5" in name or "sha1" in name or name == "ssh-rsa"]
    assert options.ciphers[0] == "aes128-gcm@openssh.com"


def test_a_server_that_offers_only_what_is_refused_here_is_exit_4(sshd: Sshd) -> None:
    sshd.stop()
    with (sshd.root / "sshd_config").open("a") as stream:
        stream.write("Ciphers aes128-cbc\n")
    sshd.start_again()
    sshd.write_device("box")
    sshd.pin()
    done = run_cli("devices", "check", "box")
    assert done.code == 4
    assert "box: it does not speak SSH as we do" in done.err


def test_an_encrypted_key_is_unlocked_by_its_passphrase_which_is_asked_for_once(sshd: Sshd, tmp_path: Path) -> None:
    locked = keygen(tmp_path / "locked", passphrase="open sesame")
    with (sshd.root / "authorized_keys").open("a") as stream:
        stream.write(locked.with_suffix(".pub").read_text())
    sshd.write_device("box", identity_file=str(locked))
    sshd.pin()
    answers = Answers("open sesame")
    with Connections(answers) as connections:
        assert connections.get("box") is connections.get("box")
    assert answers.asked == [f"Passphrase of {locked}:"]
    with Connections(Answers("wrong")) as connections, pytest.raises(AuthenticationFailed, match="wrong passphrase"):
        connections.get("box")


def test_a_wrong_password_is_asked_for_three_times_and_is_not_in_the_message(sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("box", identity_file=str(keygen(tmp_path / "unknown")))
    sshd.pin()
    answers = Answers("hunter1", "hunter2", "hunter3", "hunter4")
    with Connections(answers) as connections, pytest.raises(AuthenticationFailed) as caught:
        connections.get("box")
    assert len(answers.asked) == 3
    assert "hunter" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_host_lines_aliases_and_defaults_of_the_ssh_config_are_followed(tmp_path: Path) -> None:
    key = keygen(tmp_path / "key")
    config = tmp_path / "config"
    config.write_text(
        f"Host box other-*\n  HostName 10.0.0.9\n  Port 2200\n  User jo\n  IdentityFile {key}\n  HostKeyAlias alias\n"
        f"  UserKnownHostsFile {tmp_path}/one {tmp_path}/two\nHost *\n  User anybody\n"
    )
    found = host_settings("box", config)
    assert (found.hostname, found.port, found.user, found.host_key_alias) == ("10.0.0.9", 2200, "jo", "alias")
    assert found.identity_files == (key,)
    assert found.known_hosts_files[:2] == (tmp_path / "one", tmp_path / "two")
    assert (found.is_named, host_settings("other-3", config).is_named) == (True, True)
    unnamed = host_settings("elsewhere", config)
    assert (unnamed.is_named, unnamed.user) == (False, "anybody")
    with pytest.raises(UsageError, match="no Host elsewhere in the ssh configuration"):
        find_endpoint("elsewhere", str(config))


def test_an_include_is_followed_by_ssh_and_refused_by_name_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "more").write_text("Host box\n  HostName 10.0.0.9\n")
    config = tmp_path / "config"
    config.write_text(f"Include {tmp_path}/more\n")
    assert host_settings("box", config).is_named
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="Include is understood by ssh only, and ssh is not installed"):
        host_settings("box", config)


def test_without_ssh_a_plain_configuration_is_understood_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = keygen(tmp_path / "key")
    config = tmp_path / "config"
    config.write_text(
        f"Host box\n  HostName 10.0.0.9\n  Port 2200\n  User jo\n  IdentityFile {key}\nHost *\n  Port 7\n"
    )
    with_ssh = host_settings("box", config)
    monkeypatch.setenv("PATH", str(tmp_path))
    without = host_settings("box", config)
    assert (without.hostname, without.port, without.user, without.identity_files, without.is_named) == (
        with_ssh.hostname,
        with_ssh.port,
        with_ssh.user,
        with_ssh.identity_files,
        with_ssh.is_named,
    )


def test_a_configuration_that_ssh_refuses_is_named_with_what_ssh_says(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host box\n  Portt 3\n")
    with pytest.raises(InputError, match="Bad configuration option: portt"):
        host_settings("box", config)
    (tmp_path / "a").write_bytes(b"")
    done = run_cli("send", tmp_path / "a", "--to", "box", "--ssh-config", tmp_path / "gone")
    assert done.code == 3
    assert "gone: no such ssh configuration; check --ssh-config" in done.err


def test_the_usual_configuration_and_known_hosts_are_those_of_home(sshd: Sshd, tmp_path: Path) -> None:
    ssh_folder = sshconfig.home_folder() / ".ssh"
    ssh_folder.mkdir(mode=0o700)
    (ssh_folder / "id_ed25519").write_bytes(sshd.user_key.read_bytes())
    (ssh_folder / "id_ed25519").chmod(0o600)
    (ssh_folder / "known_hosts").write_text(sshd.known_hosts_line())
    (ssh_folder / "config").write_text(f"Host box\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user}\n")
    (tmp_path / "a").write_bytes(b"a")
    done = run_cli("send", tmp_path / "a", "--to", f"box:{sshd.folder}")
    assert done.code == 0, done.err
    assert (sshd.folder / "a").read_bytes() == b"a"


def test_what_devices_toml_says_wins_over_the_ssh_config(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host alias\n  HostName 10.0.0.9\n  Port 2200\n  User jo\n")
    _write_devices('[devices.box]\nhost = "alias"\nport = 3300\n')
    endpoint = find_endpoint("box", str(config))
    assert (endpoint.settings.hostname, endpoint.settings.port, endpoint.settings.user) == ("10.0.0.9", 3300, "jo")
    assert endpoint.key_name == "[10.0.0.9]:3300"


@pytest.mark.parametrize("text", ["", "-x", ":path", "a b", "a/b:c", "box:a\nb", "box:\x1b[2J"])
def test_impossible_destinations_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_destination(text)
