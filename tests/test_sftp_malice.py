"""A server that lies: every claim is checked, nothing is allocated for it, nothing of it reaches the terminal raw."""

import contextlib
import socket
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from dcmtty.errors import ConnectError
from dcmtty.transfer.sftp import Sftp
from dcmtty.transfer.streams import read_files
from dcmtty.transfer.wire import StatusError, Wire

STATUS, DATA, NAME, ATTRS, VERSION = 101, 103, 104, 105, 2
Answer = Callable[[int, bytes, bytes], bytes]
"""From kind, number and body of a request to the packets that answer it."""


def _packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", len(body) + 1, kind) + body


def _text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


HELLO = _packet(VERSION, struct.pack(">I", 3))


class Liar:
    """A server in a thread that says hello and then what `answer` makes of each request."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        for end in (self.ours, self.theirs):
            end.settimeout(20)
        self.thread: threading.Thread | None = None

    def session(self, answer: Answer, hello: bytes = HELLO) -> Wire:
        """Start the server and a session with it."""
        self.thread = threading.Thread(target=self._serve, args=(answer, hello), daemon=True)
        self.thread.start()
        wire = Wire(self.ours)
        wire.start()
        return wire

    def _serve(self, answer: Answer, hello: bytes) -> None:
        reply = hello
        with contextlib.suppress(OSError), self.theirs.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                body = stream.read(int.from_bytes(head, "big"))
                self.theirs.sendall(reply or answer(body[0], body[1:5], body[5:]))
                reply = b""

    def close(self) -> None:
        """End the session and the thread."""
        self.ours.close()
        if self.thread is not None:
            self.thread.join(20)
        self.theirs.close()


@pytest.fixture
def liar() -> Iterator[Liar]:
    """A server that lies."""
    server = Liar()
    yield server
    server.close()


def _silent(kind: int, number: bytes, body: bytes) -> bytes:
    del kind, number, body
    return b""


@pytest.mark.parametrize(
    "hello", [b"Welcome to this fine machine!\r\n", _packet(STATUS, b"\0\0\0\1\0\0\0\0"), b"\0\0\0\0"]
)
def test_a_server_that_does_not_speak_sftp_is_said_to_be_so(liar: Liar, hello: bytes) -> None:
    with pytest.raises(ConnectError, match="SFTP"):
        liar.session(_silent, hello)


@pytest.mark.parametrize("path", [b"/a/../../etc", b"relative", b"", b"/\x1b]0;x\x07", b"/a\nb"])
def test_an_impossible_home_folder_is_refused(liar: Liar, path: bytes) -> None:
    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        del kind, body
        return _packet(NAME, number + struct.pack(">I", 1) + _text(path) + _text(b"") + struct.pack(">I", 0))

    with pytest.raises(ConnectError) as caught:
        Sftp(liar.session(answer)).real_path(".")
    assert str(caught.value).isprintable()


def test_the_text_of_an_error_is_made_harmless_and_short(liar: Liar) -> None:
    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        del kind, body
        return _packet(
            STATUS, number + struct.pack(">I", 4) + _text(b"\x1b]52;c;eA==\x07\x9b2J" + b"x" * 9000) + _text(b"")
        )

    found = Sftp(liar.session(answer)).attributes(["/a"])[0]
    assert isinstance(found, StatusError)
    assert str(found).isprintable()
    assert len(str(found)) < 600


@pytest.mark.parametrize(
    "make",
    [
        lambda _: _packet(STATUS, b"\xff\xff\xff\xff" + struct.pack(">I", 0)),
        lambda number: _packet(STATUS, number + b"\0"),
        lambda number: _packet(NAME, number + struct.pack(">II", 1, 99) + b"short"),
        lambda number: _packet(ATTRS, number + struct.pack(">I", 0)),
        lambda number: _packet(NAME, number),
        lambda _: struct.pack(">I", 0xFFFFFFFF) + b"x" * 64,
        lambda _: struct.pack(">I", 0),
    ],
)
def test_broken_replies_end_the_connection_with_an_error_of_ours(liar: Liar, make: Callable[[bytes], bytes]) -> None:
    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        del kind, body
        return make(number)

    sftp = Sftp(liar.session(answer))
    with pytest.raises(ConnectError) as caught:
        sftp.real_path(".")
    assert not isinstance(caught.value, StatusError)
    assert caught.value.remedy


def test_a_claimed_size_of_64_gib_costs_no_memory_and_reads_no_more_than_was_expected(liar: Liar) -> None:
    asked: list[int] = []

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        if kind == 7:
            return _packet(ATTRS, number + struct.pack(">IQ", 1, 1 << 36))
        length = int.from_bytes(body[-4:], "big")
        asked.append(length)
        return _packet(DATA, number + _text(b"x" * length))

    wire = liar.session(answer)
    found = Sftp(wire).attributes(["/a"])[0]
    assert not isinstance(found, StatusError)
    assert found.size_bytes == 1 << 36
    tracemalloc.start()
    received = sum(len(piece) for _, piece in read_files(wire, [(b"h", 100_000)]) if isinstance(piece, bytes))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert received == sum(asked) == 100_001
    assert peak_bytes < 8 << 20


@pytest.mark.parametrize("size_bytes", [0, 70_000])
def test_more_or_less_data_than_asked_for_is_an_error(liar: Liar, size_bytes: int) -> None:
    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        del kind, body
        return _packet(DATA, number + _text(b"x" * size_bytes))

    with pytest.raises(ConnectError, match="another amount of data"):
        list(read_files(liar.session(answer), [(b"h", 50_000)]))


def test_a_server_that_gives_one_byte_at_a_time_is_read_to_the_end(liar: Liar) -> None:
    content = bytes(range(50))

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        del kind
        offset = int.from_bytes(body[-12:-4], "big")
        if offset >= len(content):
            return _packet(STATUS, number + struct.pack(">I", 1) + _text(b"") + _text(b""))
        return _packet(DATA, number + _text(content[offset : offset + 1]))

    pieces = [
        piece for _, piece in read_files(liar.session(answer), [(b"h", len(content))]) if isinstance(piece, bytes)
    ]
    assert b"".join(pieces) == content


def test_answers_in_another_order_are_matched_by_their_numbers(liar: Liar) -> None:
    held: list[bytes] = []

    def answer(kind: int, number: bytes, body: bytes) -> bytes:
        del kind
        held.insert(0, _packet(ATTRS, number + struct.pack(">IQ", 1, int(body[4:]))))
        return b"".join(held) if len(held) == 3 else b""

    found = Sftp(liar.session(answer)).attributes(["10", "20", "30"])
    assert [one.size_bytes for one in found if not isinstance(one, StatusError)] == [10, 20, 30]


def test_a_server_that_falls_silent_is_given_up_after_the_time_limit(liar: Liar) -> None:
    wire = liar.session(_silent)
    assert isinstance(wire.channel, socket.socket)
    wire.channel.settimeout(0.2)
    with pytest.raises(ConnectError, match="does not answer any more"):
        Sftp(wire).attributes(["/a"])
