"""What docs/catalog.md says of the catalog is so: its queries and its program run, its names are there."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import CHECKOUT, SAMPLES
from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.schema import STANDARD, VERSION
from dcmtty.dicom.catalog.store import default_path, open_catalog
from dcmtty.dicom.header.columns import parse_columns
from dcmtty.engine.local import LocalEngine
from dicom_bytes import identity, image, part10
from run_cli import cli_environment

TEXT = (CHECKOUT / "docs" / "catalog.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    """A catalog of the samples, of a file twice, a broken one and one with an executable preamble, opened anew."""
    data = part10(identity() + image(), preamble=b"#!/bin/sh\n".ljust(128, b"\0"))
    (tmp_path / "one.dcm").write_bytes(data)
    (tmp_path / "two.dcm").write_bytes(data)
    (tmp_path / "cut.dcm").write_bytes(data[:-1])
    with open_catalog() as catalog, LocalEngine(workers=0) as engine:
        scan([SAMPLES, tmp_path], engine=engine, catalog=catalog, extra=parse_columns("Exposure"))
    return sqlite3.connect(f"file:{default_path()}?mode=ro", uri=True)


def test_every_query_runs_and_tells_what_it_says(connection: sqlite3.Connection) -> None:
    answers = [connection.execute(query).fetchall() for query in QUERIES]
    connection.close()
    modalities, thin, broken, twice, _, executable, _ = answers
    assert dict(row[:2] for row in modalities)["CT"] >= 47
    assert thin[0][3] == 45
    assert [(Path(path).name, "PixelData" in reason) for path, reason in broken] == [("cut.dcm", True)]
    assert [row[1] for row in twice] == [2]
    assert {Path(row[0]).name for row in executable} == {"one.dcm", "two.dcm"}


def test_the_tables_and_columns_named_are_those_there_are(connection: sqlite3.Connection) -> None:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - {"sqlite_sequence"} == set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    for table in tables - {"sqlite_sequence"}:
        (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{table}` |")]
        named = set(re.findall(r"`(\w+)`", line))
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        assert named - {table} <= columns
        assert columns - named <= {"id", "series_id", *STANDARD}
    assert {row[1] for row in connection.execute("PRAGMA table_info(instance)")} >= set(STANDARD)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert f"`PRAGMA user_version` is {VERSION};" in TEXT
    connection.close()


def test_the_program_runs() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=CHECKOUT, env=cli_environment()
    )
    assert run.stdout.startswith("CT 45 4.0 ['gap of 8 mm")
    assert "Plane(" in run.stdout
