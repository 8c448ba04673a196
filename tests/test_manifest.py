"""`dcmtty verify MANIFEST`: every way in which files and a list can disagree."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from dcmtty.digest.manifest import parse
from dcmtty.errors import InputError
from peers import peer
from run_cli import run_cli
from schemas import assert_follows_schema

ABC_MD5 = hashlib.md5(b"abc").hexdigest()  # noqa: S324 - the algorithm under test
ABC_SHA256 = hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder that holds `set/a`, `set/sub/b` and a manifest of both made by dcmtty."""
    (tmp_path / "set" / "sub").mkdir(parents=True)
    (tmp_path / "set" / "a").write_bytes(b"abc")
    (tmp_path / "set" / "sub" / "b").write_bytes(b"defg")
    assert run_cli("digest", "set", "-o", "list", cwd=tmp_path).code == 0
    return tmp_path


def test_untouched_files_are_all_the_same_and_the_exit_code_is_0(work: Path) -> None:
    done = run_cli("verify", "list", cwd=work)
    assert (done.code, done.out) == (0, "= set/a\n= set/sub/b\n")


def test_one_flipped_bit_is_named_as_changed(work: Path) -> None:
    (work / "set" / "a").write_bytes(b"abb")
    done = run_cli("verify", "list", cwd=work)
    assert (done.code, done.out) == (5, "* set/a  (MD5 and SHA256 differ)\n= set/sub/b\n")


def test_missing_and_extra_files_are_named_links_and_deeper_folders_too(work: Path) -> None:
    (work / "set" / "sub" / "b").unlink()
    (work / "set" / "new").mkdir()
    (work / "set" / "new" / "c").write_bytes(b"")
    (work / "set" / "link").symlink_to("a")
    done = run_cli("verify", "list", cwd=work)
    assert done.code == 5
    assert done.out.splitlines() == [
        "= set/a",
        "- set/sub/b  (missing)",
        "+ set/link  (not in the manifest)",
        "+ set/new/c  (not in the manifest)",
    ]
    assert run_cli("verify", "--listed-only", "list", cwd=work).out.count("\n") == 2


def test_files_beside_the_folder_that_the_manifest_covers_are_no_concern_of_it(work: Path) -> None:
    (work / "other").write_bytes(b"")
    assert run_cli("verify", "list", cwd=work).code == 0


def test_a_manifest_inside_its_own_folder_and_one_beside_it_are_not_extra_but_a_forged_name_is(work: Path) -> None:
    folder = work / "set"
    assert run_cli("digest", ".", "-o", "SHA256SUMS", cwd=folder).code == 0
    (folder / "MD5SUMS").write_text(f"{ABC_MD5}  ./a\n")
    assert run_cli("verify", "SHA256SUMS", cwd=folder).code == 0
    (folder / "notes-md5.txt").write_text("not a list of digests\n")
    done = run_cli("verify", "SHA256SUMS", cwd=folder)
    assert (done.code, done.out.splitlines()[-1]) == (5, "+ notes-md5.txt  (not in the manifest)")


def test_bare_names_cover_their_own_folder_and_nothing_deeper(work: Path) -> None:
    folder = work / "set"
    (folder / "list").write_text(f"{ABC_SHA256}  a\n")
    assert run_cli("verify", "list", cwd=folder).code == 0
    (folder / "extra").write_bytes(b"")
    assert run_cli("verify", "list", cwd=folder).out.splitlines()[-1] == "+ extra  (not in the manifest)"


def test_names_start_at_the_manifests_folder_when_nothing_listed_lies_below_the_current_one(work: Path) -> None:
    done = run_cli("verify", work / "list", cwd=work / "set")
    assert done.code == 0
    assert f"relative names were taken from {work}" in done.err
    (work / "copy").mkdir()
    done = run_cli("verify", "list", "--root", "copy", cwd=work)
    assert (done.code, done.out.count("(missing)")) == (5, 2)


def test_absolute_names_are_checked_from_anywhere_and_cover_their_common_folder(work: Path, tmp_path: Path) -> None:
    assert run_cli("digest", work / "set", "-o", work / "absolute").code == 0
    assert run_cli("verify", work / "absolute", cwd=tmp_path.parent).code == 0
    (work / "set" / "deep").mkdir()
    (work / "set" / "deep" / "extra").write_bytes(b"")
    done = run_cli("verify", work / "absolute", cwd=tmp_path.parent)
    assert (done.code, done.out.splitlines()[-1]) == (5, f"+ {work}/set/deep/extra  (not in the manifest)")


@pytest.mark.parametrize("program", ["md5sum", "sha256sum"])
@pytest.mark.parametrize("options", [[], ["--tag"], ["-b"]])
def test_lists_of_the_programs_are_understood(work: Path, program: str, options: list[str]) -> None:
    awkward = work / "set" / "back\\slash\nfeed"
    awkward.write_bytes(b"x")
    listed = subprocess.check_output([peer(program), *options, "set/a", "set/sub/b", "set/back\\slash\nfeed"], cwd=work)
    (work / "theirs").write_bytes(listed)
    done = run_cli("verify", "theirs", cwd=work)
    assert done.code == 0, done.out
    assert ("integrity only, not tamper-proof" in done.err) == (program == "md5sum")
    awkward.write_bytes(b"y")
    assert run_cli("verify", "theirs", cwd=work).code == 5


def test_both_algorithms_count_when_a_mixed_list_gives_both(work: Path) -> None:
    (work / "mixed").write_text(f"{ABC_MD5}  set/a\nSHA256 (set/a) = {'0' * 64}\n")
    done = run_cli("verify", "--listed-only", "mixed", cwd=work)
    assert (done.code, done.out) == (5, "* set/a  (SHA256 differ)\n")


def test_the_json_of_digest_is_a_manifest_and_the_answer_follows_its_schema(work: Path) -> None:
    assert run_cli("digest", "set", "--format", "json", "-o", "list.json", cwd=work).code == 0
    (work / "set" / "a").unlink()
    done = run_cli("verify", "list.json", "--format", "json", cwd=work)
    assert done.code == 5
    answer = json.loads(done.stdout)
    assert_follows_schema(answer, "verify")
    assert answer["counts"] == {"same": 1, "changed": 0, "missing": 1, "extra": 0, "not_readable": 0}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no digest in it"),
        ("# only a comment\n", "no digest in it"),
        (f"{ABC_MD5}  a\nhello\n", "line 2: no digest line"),
        (f"{ABC_MD5[:-1]}  a\n", "line 1: no digest line"),
        (f"SHA1 (a) = {'0' * 40}\n", "line 1: not an MD5 or SHA256 digest"),
        (f"SHA256 (a) = {ABC_MD5}\n", "line 1: not an MD5 or SHA256 digest"),
        (f"{ABC_MD5}  a\n{'0' * 32}  a\n", "line 2: a second, other MD5 for a"),
        (f"{ABC_MD5}  ../a\n", "the name ../a leaves its folder"),
        (f"{ABC_MD5}  set/../../a\n", "leaves its folder"),
        (f"\\{ABC_MD5}  a\\x\n", "line 1: a wrong escape"),
        ("{}", "JSON, but not of the schema"),
        ("{", "not readable as JSON"),
    ],
)
def test_a_garbled_or_escaping_manifest_is_refused_with_its_line(work: Path, content: str, says: str) -> None:
    (work / "bad").write_text(content)
    done = run_cli("verify", "bad", cwd=work)
    assert done.code == 3
    assert says in done.err
    assert done.out == ""


def test_a_missing_manifest_a_folder_and_a_bag_are_refused_plainly(work: Path) -> None:
    for target, says in (("gone", "no such file"), ("set", "a folder, not a manifest")):
        done = run_cli("verify", target, cwd=work)
        assert done.code == 3
        assert says in done.err
    (work / "set" / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    assert "a BagIt bag, which this version does not check as a whole" in run_cli("verify", "set", cwd=work).err


def test_an_unreadable_file_is_reported_and_is_not_called_the_same(work: Path) -> None:
    (work / "set" / "a").unlink()
    (work / "set" / "a").mkdir()
    done = run_cli("verify", "--listed-only", "list", cwd=work)
    assert (done.code, done.out.splitlines()[0]) == (3, "! set/a  (a folder, not a file)")


def test_escapes_in_names_do_not_reach_the_terminal(work: Path) -> None:
    name = "set/\x1b]0;x\x07"
    (work / name).write_bytes(b"abc")
    (work / "list2").write_text(f"{ABC_SHA256}  {name}\n")
    done = run_cli("verify", "--listed-only", "list2", cwd=work)
    assert done.code == 0
    assert b"\x1b" not in done.stdout + done.stderr
    assert r"set/\x1b]0;x\x07" in done.out


def test_crlf_lists_are_understood() -> None:
    assert parse(f"{ABC_MD5}  a\r\n".encode(), "list").entries[0].name == "a"


def test_an_error_names_the_manifest_and_the_line() -> None:
    with pytest.raises(InputError, match=r"^list, line 3: "):
        parse(f"\n{ABC_MD5}  a\nx\n".encode(), "list")
