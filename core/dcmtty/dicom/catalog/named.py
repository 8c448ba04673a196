"""What it means that a file was named itself: a DICOMDIR is followed, and a single wrong name is an error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dcmtty.errors import InputError
from dcmtty.files import read_error

if TYPE_CHECKING:
    from dcmtty.dicom.catalog.found import FoundFiles
    from dcmtty.dicom.catalog.store import Catalog
    from dcmtty.dicom.catalog.walk import Found, Walk
    from dcmtty.dicom.listing import Listing

_DIRECTORIES = "SELECT shown_path FROM temp.scanned WHERE is_named AND kind = 'directory'"


def listed_files(catalog: Catalog, walk: Walk, found: FoundFiles) -> Iterator[Found]:
    """Yield the files that the named DICOMDIRs list, but for those that were found anyway."""
    if not walk.has_named:
        return
    found.find_folders()
    directories = sorted(Path(os.fsdecode(row[0])) for row in catalog.rows(_DIRECTORIES).fetchall())
    if not directories:
        return
    from dcmtty.dicom.dicomdir import read_directory

    catalog.rows("CREATE INDEX IF NOT EXISTS temp.found_inode ON found (inode)")
    for path in directories:
        try:
            directory = read_directory(path)
        except InputError as error:
            walk.refuse(path, error)
            continue
        for refused in directory.refused:
            walk.refuse(refused.path, InputError(refused.reason))
        for file in directory.files:
            try:
                info = file.stat()
            except OSError as error:
                walk.refuse(file, read_error(file, error))
                continue
            if not walk.is_known(info) and not found.has(info.st_dev, info.st_ino):
                yield walk.named(file, info)


def raise_if_nothing(listing: Listing, walk: Walk) -> None:
    """Raise when nothing was found and a named path alone is to blame.

    Raises:
        InputError: why that path cannot be read.
    """
    if listing.series or listing.structure_sets or listing.others or len(listing.unreadable) != 1:
        return
    if walk.first_error is not None:
        raise walk.first_error
    (refused,) = listing.unreadable
    if refused.path in walk.paths:
        from dcmtty.dicom.headers import read_instance

        read_instance(refused.path)
