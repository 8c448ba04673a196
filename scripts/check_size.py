"""Fails when a module, a function or a class has grown beyond what a reader holds in mind."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent
ROOTS: Final = ("core", "tui", "tests", "samples", "scripts", "benchmarks")
MODULE_LINES: Final = 400
FUNCTION_LINES: Final = 50
CLASS_METHODS: Final = 15


def findings(name: str, source: str) -> Iterator[str]:
    """One line for each thing in a module that is too large."""
    length = len(source.splitlines())
    if length > MODULE_LINES:
        yield f"{name}: {length} lines; at most {MODULE_LINES}, so split the module"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {lines} lines; at most {FUNCTION_LINES}"
        elif isinstance(node, ast.ClassDef):
            methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
            if methods > CLASS_METHODS:
                yield f"{name}:{node.lineno}: {node.name} has {methods} methods; at most {CLASS_METHODS}"


def main() -> int:
    """Print every finding and return 1 when there is one."""
    found: list[str] = []
    for root in ROOTS:
        for path in sorted((CHECKOUT / root).rglob("*.py")):
            found.extend(findings(str(path.relative_to(CHECKOUT)), path.read_text(encoding="utf-8")))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
