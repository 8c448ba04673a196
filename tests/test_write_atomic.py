"""A file is written whole or not at all, also where the file system knows no hard links."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dcmtty.errors import WriteFailed
from dcmtty.files import write_atomic, writing_atomic

NO_LINKS = [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS]
"""What link() gives on FAT, on some network shares, on some FUSE file systems."""


def refuse_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Stand in for such a file system, which a test cannot mount."""

    def link(source: object, target: object) -> None:
        del source, target
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("number", NO_LINKS)
def test_a_new_file_is_written_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse_links(monkeypatch, number)
    write_atomic(tmp_path / "a", b"whole", replace=False)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"whole")]


@pytest.mark.parametrize("number", NO_LINKS)
def test_what_is_there_is_left_alone_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse_links(monkeypatch, number)
    (tmp_path / "a").write_bytes(b"before")
    with pytest.raises(WriteFailed, match="it exists already"):
        write_atomic(tmp_path / "a", b"after", replace=False)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"before")]


def test_a_disk_that_fails_at_the_link_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch, errno.ENOSPC)
    with pytest.raises(WriteFailed, match="no space left"):
        write_atomic(tmp_path / "a", b"whole", replace=False)
    assert not list(tmp_path.iterdir())


def test_a_stream_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with writing_atomic(path) as stream:
        for number in range(3):
            stream.write(b"%d\n" % number)
        assert not path.exists()
    assert path.read_bytes() == b"0\n1\n2\n"
    with pytest.raises(TypeError), writing_atomic(path) as stream:
        stream.writelines([b"half", ""])  # type: ignore[list-item]
    assert path.read_bytes() == b"0\n1\n2\n"
    with pytest.raises(WriteFailed, match="exists already"), writing_atomic(path, replace=False) as stream:
        stream.write(b"other")
    with pytest.raises(WriteFailed), writing_atomic(tmp_path / "none" / "a"):
        pass
    with pytest.raises(WriteFailed), writing_atomic(tmp_path / "a\0b"):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]
