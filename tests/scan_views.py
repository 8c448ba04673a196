"""What tests of the list of series look at, and series for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom.uid import UID

from app_driver import Driver
from dcmtty.dicom.model import Series
from dcmtty_tui.widgets.row_list import RowList

TRIANGLE = ("space", "8", "l", "space", "8", "j", "space")


def shown_series(driver: Driver) -> Series:
    """The series that is shown."""
    series = driver.desk.session.series
    assert series is not None
    return series


def shown_uid(driver: Driver) -> str:
    """The SOP Instance UID of the slice on screen."""
    shown = driver.desk.viewer.shown
    assert shown is not None
    return shown.view.series.slices[shown.view.slice_number - 1].instance.sop_instance_uid


def is_shown(driver: Driver) -> Callable[[], bool]:
    """Whether a picture is on screen."""
    return lambda: driver.desk.viewer.shown is not None and driver.desk.viewer.shown.picture is not None


def is_over(driver: Driver) -> Callable[[], bool]:
    """Whether no scan runs."""
    return lambda: not driver.desk.scanning.is_running


def cursor_key(driver: Driver) -> object:
    """What the cursor of the list is on."""
    row = driver.main.query_one("#series", RowList).current
    return row.key if row is not None else None


def another_series(folder: Path, source: Path, patient: str = "", uid: str = "2.25.77", count: int = 45) -> Path:
    """Some images again as another series, of another patient if one is named."""
    folder.mkdir()
    for path in sorted(source.glob("*.dcm"))[:count]:
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID = UID(uid)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{uid}.{dataset.InstanceNumber}")
        if patient:
            dataset.PatientID = dataset.PatientName = patient
            dataset.StudyInstanceUID = UID(f"{uid}.1.1")
        dataset.save_as(folder / path.name)
    return folder
