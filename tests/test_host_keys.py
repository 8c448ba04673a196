"""Host keys: never accepted by itself, judged before anything of ours is told, files read as OpenSSH reads them."""

import os
import pty
import subprocess
import threading
from pathlib import Path

import pytest

from dcmtty.errors import HostKeyError, InputError
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.hostkeys import HostKey, KnownKeys, host_name, parse_known_hosts, pin, pins_path
from dcmtty.transfer.trust import pin_offered
from peers import peer
from run_cli import cli_command, cli_environment, run_cli
from sshd import Sshd, SshdFactory, fingerprint, keygen


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file to send."""
    path = tmp_path / "a"
    path.write_bytes(b"a")
    return path


def _key_of(public: Path) -> HostKey:
    known = parse_known_hosts(b"x " + public.read_bytes(), "test")
    return known[0].key


def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path: Path) -> None:
    for kind in ("ed25519", "rsa", "ecdsa"):
        public = keygen(tmp_path / kind, kind).with_suffix(".pub")
        assert _key_of(public).fingerprint == fingerprint(public)


def test_an_unknown_key_is_refused_and_nothing_reaches_the_server_but_the_greeting(sshd: Sshd, file: Path) -> None:
    sshd.write_device("box")
    done = run_cli("send", file, "--to", "box")
    assert done.code == 4
    assert f"unknown host key {sshd.host_fingerprint} (ssh-ed25519)" in done.err
    assert "run: dcmtty devices trust box" in done.err
    assert list(sshd.folder.iterdir()) == []
    log = (sshd.root / "sshd.log").read_text()
    assert "Accepted" not in log
    assert f"user {sshd.user}" not in log


def test_the_error_carries_fingerprint_and_algorithm_for_whoever_asks_the_user(sshd: Sshd) -> None:
    sshd.write_device("box")
    with Connections() as connections, pytest.raises(HostKeyError) as caught:
        connections.get("box")
    assert (caught.value.fingerprint, caught.value.algorithm) == (sshd.host_fingerprint, "ssh-ed25519")


def test_a_changed_key_is_refused_loudly(sshd: Sshd, file: Path, tmp_path: Path) -> None:
    other = keygen(tmp_path / "other")
    sshd.write_device("box")
    sshd.pin(other)
    done = run_cli("send", file, "--to", "box")
    assert done.code == 4
    assert "THE HOST KEY HAS CHANGED" in done.err
    assert sshd.host_fingerprint in done.err
    assert fingerprint(other.with_suffix(".pub")) in done.err
    assert list(sshd.folder.iterdir()) == []


@pytest.mark.parametrize("where", ["pins", "user"])
def test_a_revoked_key_is_refused_even_where_it_is_also_accepted(
    sshd: Sshd, file: Path, tmp_path: Path, where: str
) -> None:
    config = sshd.write_config(tmp_path / "config")
    revoked = "@revoked * " + " ".join(sshd.known_hosts_line().split()[1:]) + "\n"
    if where == "user":
        with (tmp_path / "config.known_hosts").open("a") as stream:
            stream.write(revoked)
    else:
        sshd.pin()
        with pins_path().open("a") as stream:
            stream.write(revoked)
    done = run_cli("send", file, "--to", f"box:{sshd.folder}", "--ssh-config", config)
    assert done.code == 4
    assert "REVOKED" in done.err
    assert run_cli("devices", "trust", "box", "--fingerprint", sshd.host_fingerprint, "--ssh-config", config).code == 4


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_a_server_with_another_kind_of_key_is_known_by_it(sshd_factory: SshdFactory, file: Path, kind: str) -> None:
    server = sshd_factory(host_key=kind)
    server.write_device("box")
    server.pin()
    assert run_cli("send", file, "--to", "box").code == 0


def test_a_server_with_several_keys_is_asked_for_the_one_that_is_known(
    sshd_factory: SshdFactory, file: Path, tmp_path: Path
) -> None:
    second = keygen(tmp_path / "second", "rsa")
    server = sshd_factory(extra=f"HostKey {second}\n")
    server.write_device("box")
    server.pin(second)
    assert run_cli("send", file, "--to", "box").code == 0


def test_hashed_known_hosts_as_ssh_keygen_writes_them_are_understood(sshd: Sshd, file: Path, tmp_path: Path) -> None:
    config = sshd.write_config(tmp_path / "config")
    known_hosts = tmp_path / "config.known_hosts"
    subprocess.run([peer("ssh-keygen"), "-q", "-H", "-f", known_hosts], check=True, capture_output=True)
    assert "127.0.0.1" not in known_hosts.read_text()
    assert run_cli("send", file, "--to", f"box:{sshd.folder}", "--ssh-config", config).code == 0


@pytest.mark.parametrize(
    ("pattern", "name", "is_meant"),
    [
        ("host", "host", True),
        ("HOST", "host", True),
        ("host", "[host]:2222", False),
        ("[host]:2222", "[host]:2222", True),
        ("[host]:2222", "host", False),
        ("*.example", "a.example", True),
        ("*.example,!b.example", "b.example", False),
        ("!b.example,*.example", "a.example", True),
        ("10.0.0.?", "10.0.0.7", True),
        ("10.0.0.?", "10.0.0.77", False),
        ("a,b", "b", True),
        ("[h]", "h", False),
    ],
)
def test_patterns_mean_what_they_mean_to_openssh(tmp_path: Path, pattern: str, name: str, is_meant: bool) -> None:
    public = keygen(tmp_path / "key").with_suffix(".pub").read_text()
    line = f"{pattern} {public}"
    assert [known.is_for(name) for known in parse_known_hosts(line.encode(), "x")] == [is_meant]
    (tmp_path / "known_hosts").write_text(line)
    command: list[str | Path] = [peer("ssh-keygen"), "-F", name, "-f", tmp_path / "known_hosts"]
    assert (subprocess.run(command, capture_output=True, check=False).returncode == 0) == is_meant


def test_lines_that_say_nothing_are_left_out_but_a_broken_revocation_is_an_error(tmp_path: Path) -> None:
    public = keygen(tmp_path / "key").with_suffix(".pub").read_text().strip()
    text = f"# comment\n\nhost\nhost ssh-ed25519 ???\n@cert-authority * {public}\nhost ssh-rsa {public.split()[1]}\n"
    assert parse_known_hosts(text.encode(), "x") == ()
    with pytest.raises(InputError, match=r"x, line 1: a @revoked line without a key"):
        parse_known_hosts(b"@revoked * ssh-ed25519 ???\n", "x")


def test_pins_decide_over_the_users_files(tmp_path: Path) -> None:
    mine, theirs = (_key_of(keygen(tmp_path / name).with_suffix(".pub")) for name in ("mine", "theirs"))
    pin(host_name("h", 22), mine)
    known = parse_known_hosts(pins_path().read_bytes(), "x")
    from_user = parse_known_hosts(b"h " + (tmp_path / "theirs.pub").read_bytes(), "x")
    keys = KnownKeys("h", known, from_user)
    keys.judge(mine, "h")
    with pytest.raises(HostKeyError, match="CHANGED"):
        keys.judge(theirs, "h")


def test_a_pin_replaces_the_former_one_of_this_host_only_and_the_file_is_private(tmp_path: Path) -> None:
    first, second = (_key_of(keygen(tmp_path / name).with_suffix(".pub")) for name in ("first", "second"))
    pin("[h]:1", first)
    pin("[h]:2", first)
    pin("[h]:1", second)
    known = parse_known_hosts(pins_path().read_bytes(), "x")
    assert {one.patterns: one.key for one in known} == {("[h]:1",): second, ("[h]:2",): first}
    assert pins_path().stat().st_mode & 0o777 == 0o600


def test_trust_pins_only_a_key_with_the_fingerprint_that_was_given(sshd: Sshd, file: Path) -> None:
    sshd.write_device("box")
    wrong = "SHA256:" + "A" * 43
    done = run_cli("devices", "trust", "box", "--fingerprint", wrong)
    assert done.code == 4
    assert f"it offers {sshd.host_fingerprint}, not {wrong}; nothing was pinned" in done.err
    assert not pins_path().exists()
    assert run_cli("devices", "trust", "box", "--fingerprint", "MD5:aa").code == 2
    done = run_cli("devices", "trust", "box")
    assert done.code == 4
    assert sshd.host_fingerprint in done.err
    assert not pins_path().exists()
    assert run_cli("devices", "trust", "box", "--fingerprint", sshd.host_fingerprint).code == 0
    assert run_cli("send", file, "--to", "box").code == 0


def test_a_key_that_changes_between_showing_and_pinning_is_not_pinned(sshd: Sshd) -> None:
    sshd.write_device("box")
    seen = sshd.host_fingerprint
    sshd.stop()
    for path in (sshd.host_key, sshd.host_key.with_suffix(".pub")):
        path.unlink()
    keygen(sshd.host_key)
    sshd.start_again()
    with pytest.raises(HostKeyError, match="nothing was pinned"):
        pin_offered("box", seen)
    assert not pins_path().exists()


def _on_a_terminal(answer: str, *arguments: str) -> tuple[int, str]:
    """Run dcmtty on a pseudo-terminal, type `answer` when it has asked, and return exit code and screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        cli_command(*arguments),
        env=cli_environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = bytearray()
    asked = threading.Event()

    def watch() -> None:
        try:
            while piece := os.read(ours, 4096):
                seen.extend(piece)
                if b"then type" in seen:
                    asked.set()
        except OSError:
            return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert asked.wait(60), seen
    os.write(ours, answer.encode() + b"\n")
    code = process.wait(60)
    watcher.join(10)
    os.close(ours)
    return code, seen.decode()


def test_a_person_at_a_terminal_confirms_a_new_key_with_yes_and_a_changed_one_with_its_fingerprint_only(
    sshd: Sshd, tmp_path: Path
) -> None:
    sshd.write_device("box")
    code, screen = _on_a_terminal("no", "devices", "trust", "box")
    assert (code, pins_path().exists()) == (4, False)
    assert sshd.host_fingerprint in screen
    assert _on_a_terminal("yes", "devices", "trust", "box")[0] == 0
    pins_path().write_text(sshd.known_hosts_line(keygen(tmp_path / "other")))
    code, screen = _on_a_terminal("yes", "devices", "trust", "box")
    assert code == 4
    assert "THE HOST KEY HAS CHANGED" in screen
    assert _on_a_terminal(sshd.host_fingerprint, "devices", "trust", "box")[0] == 0
    assert pins_path().read_text() == sshd.known_hosts_line()
