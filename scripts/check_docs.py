"""Fails when the documentation no longer fits the program; with --write it writes the generated documents first.

Documents that derive from the code must be what the code gives today; what a hand-written document names must exist.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import make_commands_doc
import make_keys_doc

CHECKOUT: Final = Path(__file__).resolve().parent.parent
GENERATED: Final = {
    make_commands_doc.DOCUMENT: make_commands_doc.render,
    make_keys_doc.DOCUMENT: make_keys_doc.render,
}
_LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
_CODE: Final = re.compile(r"`([^`\n]+)`")
_OUR_PATH: Final = re.compile(r"(?:benchmarks|core|docs|samples|scripts|tests|tui)(?:/[\w.-]+)+/?")


def documents(checkout: Path) -> list[Path]:
    """The hand-written and generated documents of a checkout."""
    return sorted([*checkout.glob("*.md"), *checkout.glob("docs/**/*.md"), *checkout.glob("samples/**/*.md")])


def missing_files(document: Path, checkout: Path) -> Iterator[str]:
    """One line for each file that a document links to or names as code and that is not in the checkout."""
    text = document.read_text(encoding="utf-8")
    name = document.relative_to(checkout)
    for target in _LINK.findall(text):
        if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists():
            yield f"{name}: the link {target} leads to no file"
    for code in _CODE.findall(text):
        for path in _OUR_PATH.findall(code):
            if code == path and not (checkout / path).exists():
                yield f"{name}: there is no {path}"


def stale_documents() -> Iterator[str]:
    """One line for each generated document that is not what the code gives."""
    for document, render in GENERATED.items():
        written = document.read_text(encoding="utf-8") if document.exists() else ""
        if written != render():
            yield f"{document.relative_to(CHECKOUT)}: not what the code gives; run make docs and commit it"


def main() -> int:
    """Print every finding and return 1 when there is one."""
    if "--write" in sys.argv[1:]:
        for document, render in GENERATED.items():
            document.write_text(render(), encoding="utf-8")
    findings = [*stale_documents()]
    for document in documents(CHECKOUT):
        findings.extend(missing_files(document, CHECKOUT))
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
