"""Many small DICOM files, and tables made of them through a catalog."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from dcmtty.dicom.catalog.scan import scan
from dcmtty.dicom.catalog.store import Catalog, open_catalog
from dcmtty.dicom.listing import Listing
from dcmtty.dicom.table.columns import extras
from dcmtty.dicom.table.query import TableQuery
from dcmtty.dicom.table.source import open_scanned
from dcmtty.engine.opening import open_engine
from dicom_bytes import CT, image, part10, text


def small_file(number: int, *, series: int = 0, name: str = "A^B", thickness: str = "2.5") -> bytes:
    """A CT image of a few pixels."""
    return part10(
        text(0x00080016, "UI", CT)
        + text(0x00080018, "UI", f"1.2.{series}.{number}")
        + text(0x00080060, "CS", "CT")
        + text(0x00100010, "PN", name)
        + text(0x00180023, "CS", "2D")
        + text(0x00180050, "DS", thickness)
        + text(0x0020000D, "UI", "1.2")
        + text(0x0020000E, "UI", f"1.2.{series}")
        + text(0x00200013, "IS", str(number))
        + text(0x00200032, "DS", f"0\\0\\{number}")
        + text(0x00200037, "DS", "1\\0\\0\\0\\1\\0")
        + image()
    )


def write_archive(folder: Path, files: int, *, series: int = 4) -> Path:
    """Write files into a folder for each series."""
    for number in range(files):
        below = folder / f"series{number % series}"
        below.mkdir(parents=True, exist_ok=True)
        (below / f"{number:06}.dcm").write_bytes(small_file(number, series=number % series))
    return folder


@contextmanager
def scanned(folder: Path, query: TableQuery, catalog_path: Path) -> Generator[tuple[Catalog, Listing]]:
    """Scan a folder for what a query needs, and let tables be made of it."""
    with open_catalog(catalog_path) as catalog, open_engine() as engine:
        listing = scan([folder], engine=engine, catalog=catalog, extra=extras(query.needed))
        open_scanned(catalog.connection, listing.unreadable)
        yield catalog, listing
