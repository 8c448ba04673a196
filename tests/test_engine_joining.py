"""Joining a Dask cluster: addresses, versions, encryption, and one line for whatever is wrong."""

import datetime as dt
import hashlib
import os
import socket
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import engine_work
from dask_cluster import CORE, TESTS, other_dcmtty, scheduler, worker
from dcmtty.engine import joining
from dcmtty.engine.address import parse_address
from dcmtty.engine.opening import open_engine
from dcmtty.errors import ConnectError, UsageError
from run_cli import run_cli

ITEMS = range(200)


@contextmanager
def listener(answer: bytes) -> Generator[str]:
    """The address of something that listens, says `answer` to whoever comes, and nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            held: list[socket.socket] = []
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    break
                held[-1].sendall(answer)
            for connection in held:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"dask://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
    return number


def test_a_cluster_without_workers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "WORKERS_WITHIN_S", 0.5)
    with scheduler() as lone, pytest.raises(ConnectError, match="no worker answers; start workers with dask worker"):
        open_engine(lone.engine)


def test_a_worker_without_dcmtty_is_named() -> None:
    with (
        scheduler() as lone,
        worker(lone),
        worker(lone, python_path="") as bare,
        pytest.raises(ConnectError, match=f"worker {bare.address} has no dcmtty, or another version; install"),
    ):
        open_engine(lone.engine)


def test_a_worker_with_another_version_is_named(tmp_path: Path) -> None:
    with (
        scheduler() as lone,
        worker(lone, python_path=other_dcmtty(tmp_path)) as other,
        pytest.raises(ConnectError, match=f"worker {other.address} has no dcmtty, or another version; install"),
    ):
        open_engine(lone.engine)


def test_a_worker_with_a_later_version_is_refused_also_when_it_comes_late(tmp_path: Path) -> None:
    later = str(tmp_path)
    subprocess.run(["cp", "-r", f"{CORE}/dcmtty", later], check=True)
    with (tmp_path / "dcmtty" / "__init__.py").open("a") as stream:
        stream.write('\n__version__ = "99.0"\n')
    with scheduler() as lone:
        with (
            worker(lone, python_path=later) as other,
            pytest.raises(ConnectError, match=f"worker {other.address} has dcmtty 99.0 on Python 3.*, not dcmtty"),
        ):
            open_engine(lone.engine)
        with worker(lone) as right, open_engine(lone.engine) as engine:
            running = engine.map(engine_work.double_slowly, range(100_000))
            next(running)
            right.process.kill()
            with (
                worker(lone, python_path=os.pathsep.join((later, TESTS))) as other,
                pytest.raises(ConnectError, match=f"worker {other.address} has dcmtty 99.0"),
            ):
                list(running)


def test_a_worker_without_dcmtty_is_refused_also_when_it_comes_late() -> None:
    with scheduler() as lone, worker(lone) as right, open_engine(lone.engine) as engine:
        running = engine.map(engine_work.double_slowly, range(100_000))
        next(running)
        right.process.kill()
        with worker(lone, python_path=""), pytest.raises(ConnectError, match="a worker without dcmtty; install"):
            list(running)


def test_an_ipv6_address_works() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with scheduler("[::1]") as lone, worker(lone), open_engine(lone.engine) as engine:
        assert lone.engine.startswith("dask://[::1]:")
        assert list(engine.map(engine_work.double, [4])) == [(4, 8)]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("dask://node:8786", "node", 8786),
        ("dask://node", "node", 8786),
        ("DASK://10.0.0.1:1/", "10.0.0.1", 1),
        ("dask://[::1]:9", "::1", 9),
        ("dask://[fe80::1%eth0]:9", "fe80::1%eth0", 9),
    ],
)
def test_an_address_has_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert (parse_address(text).host, parse_address(text).port) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "dask://",
        "dask://:8786",
        "dask://::1:8786",
        "dask://[::1",
        "dask://node:",
        "dask://node:http",
        "dask://node:0",
        "dask://node:65536",
        "dask://node:99999999999999999999",
        "dask://node:1/path",
        "dask://me@node:1",
        "dask://a b:1",
        "dask://node:١",
        "dask:/node:1",
        "tcp://node:1",
        "Local",
        "",
    ],
)
def test_an_address_of_another_form_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    done = run_cli("digest", ".", "--engine", text, cwd=tmp_path)
    assert (done.code, done.stdout, done.err.count("\n")) == (2, b"", 1)
    assert done.err.startswith("dcmtty: --engine: ")


def test_an_escape_in_an_address_does_not_reach_the_terminal(tmp_path: Path) -> None:
    done = run_cli("digest", ".", "--engine", "dask://\x1b[31m\x9b:1", cwd=tmp_path)
    assert done.code in {2, 4}
    assert b"\x1b" not in done.stderr
    assert "\x9b" not in done.err


def assert_one_line(engine: str, claim: str, folder: Path) -> None:
    """A digest by the engine ends with exit code 4 and this one line."""
    (folder / "file").touch()
    done = run_cli("digest", ".", "--engine", engine, cwd=folder)
    assert (done.code, done.stdout, done.err) == (4, b"", f"dcmtty: {engine}: {claim}\n")


def test_a_host_that_nobody_knows_is_one_line(tmp_path: Path) -> None:
    for name in ("no-such-host.invalid", "x" * 70, "a..b", "1.2.3.4.5"):
        assert_one_line(f"dask://{name}:8786", "no such host; check the name", tmp_path)


def test_a_port_that_nothing_listens_at_is_one_line(tmp_path: Path) -> None:
    claim = "nothing listens there; check the port, or start a scheduler with dask scheduler"
    assert_one_line(f"dask://127.0.0.1:{free_port()}", claim, tmp_path)


def test_what_listens_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "ANSWERS_WITHIN_S", 0.3)
    with listener(b"") as engine, pytest.raises(ConnectError, match="it does not answer as a Dask scheduler"):
        open_engine(engine)


def test_a_worker_in_the_place_of_a_scheduler_is_refused() -> None:
    with (
        scheduler() as lone,
        worker(lone) as wrong,
        pytest.raises(ConnectError, match="it does not answer as a Dask scheduler"),
    ):
        open_engine(wrong.engine)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.0 400 Bad Request\r\n\r\n"])
def test_what_is_no_scheduler_is_one_line(tmp_path: Path, answer: bytes) -> None:
    with listener(answer) as engine:
        assert_one_line(
            engine,
            "something listens there, but it does not answer as a Dask scheduler of our version; "
            "check the port, and that both sides have the same version of distributed",
            tmp_path,
        )


def test_without_dask_there_is_one_line_with_the_command_that_installs_it(tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text("raise ModuleNotFoundError(name='distributed')\n")
    roots = os.pathsep.join((str(tmp_path), CORE, str(Path(CORE).parent / "tui")))
    done = run_cli("digest", ".", "--engine", "dask://node:8786", cwd=tmp_path, env={"PYTHONPATH": roots})
    assert (done.code, done.err) == (
        2,
        "dcmtty: dask://node:8786 needs the package distributed, which is not installed; pip install 'dcmtty[dask]'\n",
    )


def test_the_name_of_the_engine_that_fails_is_no_usage_error_before_it_is_tried() -> None:
    with pytest.raises(UsageError, match="use local or dask://HOST:PORT"):
        open_engine("dask")


def certificate(folder: Path) -> dict[str, str]:
    """Settings of Dask that let every side prove itself with one certificate that signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - dt.timedelta(days=1))
    made = made.not_valid_after(now + dt.timedelta(days=1))
    signed = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    files = {"cert": folder / "cluster.pem", "key": folder / "cluster.key"}
    files["cert"].write_bytes(signed.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    files["key"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings = {"REQUIRE_ENCRYPTION": "true", "TLS__CA_FILE": str(files["cert"])}
    for side in ("SCHEDULER", "WORKER", "CLIENT"):
        settings |= {f"TLS__{side}__{kind.upper()}": str(path) for kind, path in files.items()}
    return {f"DASK_DISTRIBUTED__COMM__{name}": value for name, value in settings.items()}


def test_a_cluster_that_encrypts_is_joined_with_the_certificates_of_the_configuration_of_dask(tmp_path: Path) -> None:
    settings = certificate(tmp_path)
    (tmp_path / "file").write_bytes(b"abc")
    with scheduler(settings=settings, options="{'protocol': 'tls'}") as lone, worker(lone, settings=settings):
        assert lone.address.startswith("tls://")
        done = run_cli("digest", "file", "--engine", lone.engine, cwd=tmp_path, env=settings)
        assert (done.code, done.err) == (0, "")
        assert hashlib.sha256(b"abc").hexdigest() in done.out
        refused = run_cli("digest", "file", "--engine", lone.engine, cwd=tmp_path)
        assert (refused.code, refused.stdout, refused.err.count("\n")) == (4, b"", 1)
