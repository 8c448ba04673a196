"""`dcmtty send` and `dcmtty verify DEVICE:PATH` against a real sshd: what goes well."""

import hashlib
import json
import stat
from pathlib import Path

import pytest

from dcmtty.integrity.receipts import receipts_folder
from dcmtty.transfer.connections import Connections
from dcmtty.transfer.endpoint import parse_destination
from dcmtty.transfer.plan import Wishes, make_plan
from dcmtty.transfer.send import execute
from run_cli import run_cli
from schemas import assert_follows_schema
from sshd import Sshd, SshdFactory


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """A folder of 70 small files (more than two batches), an empty one and one of several pieces, in two levels."""
    root = tmp_path / "series"
    (root / "deeper").mkdir(parents=True)
    for number in range(70):
        (root / f"image-{number:02}.dcm").write_bytes(bytes([number]) * (1000 + number))
    (root / "empty").write_bytes(b"")
    (root / "deeper" / "large").write_bytes(bytes(range(256)) * (3 << 12) + b"tail")
    return root


def _tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _receipts() -> list[Path]:
    return sorted(receipts_folder().glob("*.json"))


def test_a_folder_arrives_whole_proved_by_a_command_and_its_receipt_tells_it(
    sshd: Sshd, series: Path, tmp_path: Path
) -> None:
    config = sshd.write_config(tmp_path / "config")
    done = run_cli("send", series, "--to", f"box:{sshd.folder}/in", "--ssh-config", config, "--format", "json")
    assert done.code == 0, done.err
    assert _tree(sshd.folder / "in" / "series") == _tree(series)
    answer = json.loads(done.stdout)
    assert_follows_schema(answer, "send")
    assert {file["outcome"] for file in answer["files"]} == {"+"}
    assert {file["verified_by"] for file in answer["files"]} <= {"command:openssl", "command:sha256sum"}
    receipt = _receipts()[0]
    assert stat.S_IMODE(receipt.stat().st_mode) == 0o600
    document = json.loads(receipt.read_bytes())
    assert_follows_schema(document, "receipt")
    assert document["host_key_fingerprint"] == sshd.host_fingerprint
    sent = {file["remote_path"]: file["sha256"] for file in document["files"]}
    assert sent == {
        str(sshd.folder / "in" / "series" / name): hashlib.sha256(data).hexdigest()
        for name, data in _tree(series).items()
    }


def test_where_only_sftp_is_allowed_every_file_is_read_back(sshd_without_shell: Sshd, series: Path) -> None:
    sshd_without_shell.write_device("box")
    sshd_without_shell.pin()
    done = run_cli("send", series, "--to", "box", "--format", "json")
    assert done.code == 0, done.err
    assert {file["verified_by"] for file in json.loads(done.stdout)["files"]} == {"read-back"}
    assert _tree(sshd_without_shell.folder / "series") == _tree(series)
    refused = run_cli("send", series, "--to", "box:other", "--verify", "command")
    assert refused.code == 4
    assert "box: it runs none of openssl, sha256sum, shasum; use --verify read-back" in refused.err
    assert not (sshd_without_shell.folder / "other").exists()


def test_a_dry_run_shows_the_plan_and_sends_nothing(sshd: Sshd, series: Path, tmp_path: Path) -> None:
    config = sshd.write_config(tmp_path / "config")
    done = run_cli("send", series, "--to", f"box:{sshd.folder}/in", "--ssh-config", config, "--dry-run")
    assert done.code == 0
    assert done.out.count("\n+  box") == len(_tree(series))
    assert f"the folder {sshd.folder}/in is new there" in done.err
    assert list(sshd.folder.iterdir()) == []
    assert _receipts() == []
    done = run_cli(
        "send", series, "--to", f"box:{sshd.folder}/in", "--ssh-config", config, "--dry-run", "--format", "json"
    )
    assert_follows_schema(json.loads(done.stdout), "send")


def test_what_lies_there_already_is_proved_and_not_sent_again(sshd: Sshd, series: Path) -> None:
    sshd.write_device("box")
    sshd.pin()
    assert run_cli("send", series, "--to", "box").code == 0
    before = {path: path.stat().st_ino for path in sshd.folder.rglob("*") if path.is_file()}
    done = run_cli("send", series, "--to", "box")
    assert (done.code, done.out.count("\n=  box")) == (0, len(before))
    assert {path: path.stat().st_ino for path in sshd.folder.rglob("*") if path.is_file()} == before


def test_another_file_of_that_name_is_kept_unless_it_may_be_replaced(sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("box")
    sshd.pin()
    (sshd.folder / "a").write_bytes(b"old")
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "b").write_bytes(b"b")
    done = run_cli("send", tmp_path / "a", tmp_path / "b", "--to", "box")
    assert done.code == 3
    assert "another file lies there; use --replace" in done.out
    assert _tree(sshd.folder) == {"a": b"old"}
    done = run_cli("send", tmp_path / "a", tmp_path / "b", "--to", "box", "--replace")
    assert (done.code, [line[0] for line in done.out.splitlines()[1:]]) == (0, ["*", "+"])
    assert _tree(sshd.folder) == {"a": b"new", "b": b"b"}


def test_two_devices_get_the_same_bytes_and_a_receipt_each(sshd_factory: SshdFactory, series: Path) -> None:
    first, second = sshd_factory(), sshd_factory(shell=False)
    first.write_device("one")
    second.write_device("two")
    first.pin()
    second.pin()
    done = run_cli("send", series, "--to", f"one,two:{second.folder}/sub")
    assert done.code == 0, done.err
    assert _tree(first.folder / "series") == _tree(series)
    assert _tree(second.folder / "sub" / "series") == _tree(series)
    assert {json.loads(path.read_bytes())["device"] for path in _receipts()} == {"one", "two"}


def test_verify_of_a_device_reads_back_what_the_receipts_say_and_sees_one_flipped_byte(
    sshd: Sshd, series: Path
) -> None:
    sshd.write_device("box")
    sshd.pin()
    assert run_cli("send", series, "--to", "box").code == 0
    done = run_cli("verify", "box:", "--format", "json")
    assert done.code == 0
    answer = json.loads(done.stdout)
    assert_follows_schema(answer, "verify-device")
    assert len(answer["files"]) == len(_tree(series))
    victim = sshd.folder / "series" / "deeper" / "large"
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    (sshd.folder / "series" / "empty").unlink()
    for rung in ("read-back", "command"):
        done = run_cli("verify", f"box:{sshd.folder}", "--verify", rung)
        assert done.code == 5
        assert f"* {victim}  (SHA-256 differs)" in done.out
        assert f"- {sshd.folder}/series/empty  (missing)" in done.out
        assert done.out.count("= ") == len(_tree(series)) - 2
    assert run_cli("verify", f"box:{sshd.folder}/series/image-00.dcm").code == 0


def test_the_newest_receipt_of_a_file_counts(sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("box")
    sshd.pin()
    (tmp_path / "a").write_bytes(b"first")
    assert run_cli("send", tmp_path / "a", "--to", "box").code == 0
    (tmp_path / "a").write_bytes(b"second")
    assert run_cli("send", tmp_path / "a", "--to", "box", "--replace").code == 0
    assert run_cli("verify", f"box:{sshd.folder}/a").code == 0
    (sshd.folder / "a").write_bytes(b"first")
    assert run_cli("verify", f"box:{sshd.folder}/a").code == 5


def test_where_no_receipt_can_be_kept_nothing_is_sent(sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("box")
    sshd.pin()
    (tmp_path / "a").write_bytes(b"a")
    receipts_folder().parent.mkdir()
    receipts_folder().write_bytes(b"a file in its place")
    done = run_cli("send", tmp_path / "a", "--to", "box")
    assert done.code == 7
    assert list(sshd.folder.iterdir()) == []


def test_a_damaged_receipt_is_named_and_not_passed_over(sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("box")
    sshd.pin()
    (tmp_path / "a").write_bytes(b"a")
    assert run_cli("send", tmp_path / "a", "--to", "box").code == 0
    receipt = _receipts()[0]
    receipt.write_bytes(receipt.read_bytes()[:-40])
    done = run_cli("verify", "box:")
    assert done.code == 3
    assert f"{receipt}: not a receipt" in done.err


def test_without_a_receipt_nothing_is_called_verified(sshd: Sshd, tmp_path: Path) -> None:
    sshd.write_device("box")
    sshd.pin()
    done = run_cli("verify", "box:")
    assert (done.code, done.out) == (3, "")
    assert "no receipt of anything sent there" in done.err
    (tmp_path / "a").write_bytes(b"a")
    assert run_cli("send", tmp_path / "a", "--to", "box").code == 0
    assert run_cli("verify", "box:elsewhere").code == 3


def test_progress_ends_at_the_bytes_of_all_devices(sshd: Sshd, series: Path) -> None:
    from dcmtty.progress import Progress, Step

    sshd.write_device("box")
    sshd.pin()
    steps: list[Step] = []
    with Connections() as connections:
        plan = make_plan([str(series)], [parse_destination("box")], connections, Wishes(rung="read-back"))
        sent = execute(plan, connections, progress=Progress(report=steps.append, interval_s=0))
    total = sum(len(data) for data in _tree(series).values())
    assert plan.size_bytes == total
    assert (steps[-1].done, steps[-1].total, steps[-1].unit) == (total, total, "bytes")
    assert {outcome.sigil for outcome in sent.outcomes} == {"+"}


def test_a_relative_path_lies_below_the_accounts_home(sshd: Sshd, tmp_path: Path) -> None:
    from dcmtty.transfer.plan import remote_folder

    config = sshd.write_config(tmp_path / "config")
    with Connections(ssh_config=str(config)) as connections:
        connection = connections.get("box")
        home = connection.sftp.real_path(".")
        assert remote_folder(connection, "a/./b//") == f"{home}/a/b"
        assert remote_folder(connection, "~/a") == f"{home}/a"
        assert remote_folder(connection, "") == home
        assert remote_folder(connection, "/x//y/") == "/x/y"


def test_a_proxy_jump_of_the_ssh_config_is_followed(sshd: Sshd, tmp_path: Path) -> None:
    config = sshd.write_config(tmp_path / "config", "gate")
    known_hosts = tmp_path / "config.known_hosts"
    with config.open("a") as stream:
        stream.write(
            f"Host inner\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user}\n"
            f"  IdentityFile {sshd.user_key}\n  UserKnownHostsFile {known_hosts}\n  ProxyJump gate\n"
        )
    (tmp_path / "a").write_bytes(b"a")
    done = run_cli("send", tmp_path / "a", "--to", f"inner:{sshd.folder}", "--ssh-config", config)
    assert done.code == 0, done.err
    assert (sshd.folder / "a").read_bytes() == b"a"


def test_a_proxy_command_is_followed_and_its_end_is_noticed(sshd: Sshd, tmp_path: Path) -> None:
    proxy = f"  ProxyCommand ssh -F {tmp_path}/gate -W %h:%p gate\n"
    sshd.write_config(tmp_path / "gate", "gate")
    config = sshd.write_config(tmp_path / "config", extra=proxy)
    (tmp_path / "a").write_bytes(b"a")
    assert run_cli("send", tmp_path / "a", "--to", f"box:{sshd.folder}", "--ssh-config", config).code == 0
    broken = sshd.write_config(tmp_path / "broken", extra="  ProxyCommand true\n")
    done = run_cli("send", tmp_path / "a", "--to", f"box:{sshd.folder}", "--ssh-config", broken)
    assert done.code == 4
    assert done.err.startswith("dcmtty: box: ")
