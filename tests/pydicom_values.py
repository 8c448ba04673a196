"""What pydicom gives for an element, as text, and the files that it brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom.data
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

PYDICOM_FILES = Path(pydicom.data.__file__).parent


def expected_values(found: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever pydicom gives
    """What pydicom gives for an element, as text."""
    if found is None or found == "":
        return ()
    values = list(found) if isinstance(found, MultiValue | list) else [found]
    texts = [
        value.original_string.strip()
        if hasattr(value, "original_string") and not isinstance(value, PersonName)
        else str(value)
        for value in values
    ]
    return tuple(texts) if any(texts) else ()


def files_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in {".py", ".pyc", ".md"}]
