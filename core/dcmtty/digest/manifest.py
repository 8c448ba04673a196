"""Lists of digests as text: the forms that md5sum, sha256sum and BSD tools write and check, and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from dcmtty.digest.file import FileDigest
from dcmtty.errors import InputError
from dcmtty.text import visible

Style = Literal["tag", "md5sum", "sha256sum"]
SCHEMA = "dcmtty.digest/1"

_HEX_DIGITS = {"MD5": 32, "SHA256": 64}
_TAG_LINE = re.compile(
    r"(?P<escaped>\\?)(?P<algorithm>[A-Z0-9-]+) \((?P<name>.+)\) = (?P<digest>[0-9A-Fa-f]+)", re.DOTALL
)
_PLAIN_LINE = re.compile(r"(?P<escaped>\\?)(?P<digest>[0-9A-Fa-f]{32,128}) [ *](?P<name>.+)", re.DOTALL)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPES = {"\\": "\\", "n": "\n", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a manifest says about one file."""

    name: str
    """As listed; undecodable bytes as surrogate escapes."""
    digests: Mapping[str, str]
    """`MD5` and `SHA256` to lower-case hexadecimal; at least one of them."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A list of files with their digests."""

    entries: tuple[Entry, ...]

    @property
    def has_md5_only_files(self) -> bool:
        """Whether some file has no digest that resists tampering."""
        return any("SHA256" not in entry.digests for entry in self.entries)


def lines(files: Iterable[tuple[str, FileDigest]], style: Style) -> Iterable[str]:
    r"""Return the lines of a manifest, each with its line feed; names with `\`, LF or CR are escaped as GNU does it."""
    for name, digest in files:
        shown = name
        prefix = ""
        if any(char in name for char in _ESCAPES):
            shown, prefix = "".join(_ESCAPES.get(char, char) for char in name), "\\"
        if style == "tag":
            yield f"{prefix}MD5 ({shown}) = {digest.md5}\n"
            yield f"{prefix}SHA256 ({shown}) = {digest.sha256}\n"
        else:
            yield f"{prefix}{digest.md5 if style == 'md5sum' else digest.sha256}  {shown}\n"


def encoded(text: str) -> bytes:
    """Return the bytes of manifest text, file names as the file system has them."""
    return text.encode("utf-8", "surrogateescape")


def as_json(files: Iterable[tuple[str, FileDigest]], errors: Iterable[str] = ()) -> dict[str, object]:
    """Return the manifest as an object of the schema `dcmtty.digest/1`."""
    return {
        "schema": SCHEMA,
        "files": [
            {"path": name, "size_bytes": digest.size_bytes, "md5": digest.md5, "sha256": digest.sha256}
            for name, digest in files
        ],
        "errors": list(errors),
    }


def parse(data: bytes, source: str) -> Manifest:
    """Return the manifest in tag lines, md5sum or sha256sum lines (mixed as they come), or dcmtty's JSON.

    Lines that start with `#` and empty lines mean nothing, as for sha256sum; any other line must be understood.

    Raises:
        InputError: a line that is no digest line, two digests for one name, or nothing in it.
    """
    if data.lstrip()[:1] == b"{":
        found = _json_items(data, source)
    else:
        found = _line_items(data.decode("utf-8", "surrogateescape"), source)
    digests: dict[str, dict[str, str]] = {}
    for where, name, algorithm, digest in found:
        known = digests.setdefault(name, {})
        if known.setdefault(algorithm, digest) != digest:
            raise _refused(where, f"a second, other {algorithm} for {visible(name)}", "make the manifest again")
    if not digests:
        raise InputError(f"{visible(source)}: no digest in it", remedy="name a manifest, as dcmtty digest writes it")
    return Manifest(tuple(Entry(name, known) for name, known in digests.items()))


def _refused(where: str, what: str, remedy: str) -> InputError:
    return InputError(f"{where}: {what}", remedy=remedy)


def _line_items(text: str, source: str) -> Iterable[tuple[str, str, str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.removesuffix("\r")
        if stripped and not stripped.startswith("#"):
            where = f"{visible(source)}, line {number}"
            yield (where, *_line_item(stripped, where))


def _line_item(line: str, where: str) -> tuple[str, str, str]:
    match = _TAG_LINE.fullmatch(line) or _PLAIN_LINE.fullmatch(line)
    remedy = "use MD5 or SHA256 lines of md5sum, sha256sum or dcmtty digest"
    if match is None:
        raise _refused(where, "no digest line", remedy)
    fields = match.groupdict()
    digest: str = fields["digest"].lower()
    algorithm = fields.get("algorithm") or {32: "MD5", 64: "SHA256"}.get(len(digest), "")
    if _HEX_DIGITS.get(algorithm) != len(digest):
        raise _refused(where, f"not an MD5 or SHA256 digest ({len(digest)} digits)", remedy)
    return _name(fields["name"], where, escaped=bool(fields["escaped"])), algorithm, digest


def _name(text: str, where: str, *, escaped: bool) -> str:
    if "\0" in text:
        raise _refused(where, "a NUL in the name", "make the manifest again")
    if not escaped:
        return text
    if not re.fullmatch(r"(?:[^\\]|\\[\\nr])*", text, re.DOTALL):
        raise _refused(where, "a wrong escape in the name", "make the manifest again")
    return _ESCAPED.sub(lambda match: _UNESCAPES[match[1]], text)


def _json_items(data: bytes, source: str) -> Iterable[tuple[str, str, str, str]]:
    remedy = "use the output of dcmtty digest --format json"
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{visible(source)}: not readable as JSON", remedy=remedy) from error
    if not isinstance(parsed, dict) or parsed.get("schema") != SCHEMA or not isinstance(parsed.get("files"), list):
        raise InputError(f"{visible(source)}: JSON, but not of the schema {SCHEMA}", remedy=remedy)
    for number, item in enumerate(parsed["files"], start=1):
        where = f"{visible(source)}, file {number}"
        if not isinstance(item, dict) or not isinstance(item.get("path"), str) or not item["path"]:
            raise _refused(where, "no path", remedy)
        for key, algorithm in (("md5", "MD5"), ("sha256", "SHA256")):
            digest = item.get(key)
            if not isinstance(digest, str) or not re.fullmatch(rf"[0-9a-f]{{{_HEX_DIGITS[algorithm]}}}", digest):
                raise _refused(where, f"no {algorithm}", remedy)
            yield where, _name(item["path"], where, escaped=False), algorithm, digest
