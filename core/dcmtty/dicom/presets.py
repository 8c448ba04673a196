"""Named windows, per modality: common practice, not a standard."""

from __future__ import annotations

from dcmtty.dicom.voi import Window

CT_PRESETS = (
    Window(40, 400, "soft tissue"),
    Window(-600, 1500, "lung"),
    Window(400, 1800, "bone"),
    Window(40, 80, "brain"),
    Window(50, 350, "mediastinum"),
    Window(60, 400, "abdomen"),
    Window(35, 40, "stroke"),
)
"""Hounsfield units."""

PERCENTILE_PRESETS = {"auto": (0.5, 99.5), "full": (0.0, 100.0), "bright": (0.5, 97.0), "dark": (5.0, 99.9)}
"""Name to the percentiles of the valid values that become black and white; for modalities without an absolute scale."""

PET_PRESETS = {"auto": (0.0, 99.5), "full": (0.0, 100.0), "hot": (0.0, 97.0)}
"""PET starts at zero activity; the percentile gives the upper end."""
