"""Windows: the standard's own formulas value by value, and choices that never divide by zero."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_windowing

from dcmtty.dicom.picture import Picture
from dcmtty.dicom.voi import Window, apply_window, checked_window
from dcmtty.dicom.window import auto_window, choices, default_window, grey, parse_window, presets, stepped
from dcmtty.errors import UsageError

finite = st.floats(-30000, 30000, width=32)
widths = st.floats(0.5, 60000, width=32)


def by_the_standard(x: float, window: Window) -> float:
    """PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2 as printed, with y from 0 to 255."""
    c, w, y_min, y_max = window.center, window.width, 0.0, 255.0
    if window.function == "SIGMOID":
        exponent = -4 * (x - c) / w
        return y_min if exponent > 700 else (y_max - y_min) / (1 + math.exp(exponent))
    if window.function == "LINEAR_EXACT":
        lowest, highest, middle, span = c - w / 2, c + w / 2, c, w
    else:
        lowest, highest, middle, span = c - 0.5 - (w - 1) / 2, c - 0.5 + (w - 1) / 2, c - 0.5, w - 1
    if x <= lowest:
        return y_min
    return y_max if x > highest else ((x - middle) / span + 0.5) * (y_max - y_min) + y_min


def picture(values: NDArray[np.float32] | list[list[float]], **others: Any) -> Picture:  # noqa: ANN401 - fields of Picture
    return Picture(np.asarray(values, dtype=np.float32), **others)


@given(x=finite, center=finite, width=widths, function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]))
def test_every_value_is_mapped_as_the_standard_prints_it(x: float, center: float, width: float, function: str) -> None:
    window = checked_window(center, width, "", function)
    assert window is not None
    shown = float(apply_window(np.array([[x]], dtype=np.float32), window)[0, 0])
    # Single precision has 24 bits for the difference of value and centre.
    slack = 255 * 2**-22 * (abs(x) + abs(center) + 1) / max(window.width - 1, 0.01) + 1e-3
    steep = window.function == "LINEAR" and window.width < 1.01
    if not (steep and abs(x - center) < 1):
        assert shown == pytest.approx(by_the_standard(x, window), abs=slack)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_window_agrees_with_pydicom(function: str) -> None:
    dataset = Dataset()
    dataset.PhotometricInterpretation, dataset.BitsStored, dataset.PixelRepresentation = "MONOCHROME2", 8, 0
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = "100", "51", function
    stored = np.arange(256, dtype=np.uint8)
    expected = apply_windowing(stored, dataset)
    window = Window(100, 51, "", function)  # type: ignore[arg-type]
    np.testing.assert_allclose(apply_window(stored.astype(np.float32), window), expected, atol=1e-3)


def test_width_1_is_a_step_at_the_centre_less_a_half_and_divides_by_nothing() -> None:
    with np.errstate(all="raise"):
        shown = apply_window(np.array([99.0, 99.5, 99.6, 100.0], dtype=np.float32), Window(100, 1))
    assert shown.tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(("center", "width"), [(0, 0), (0, -5), (math.nan, 5), (0, math.inf)])
def test_a_window_that_cannot_be_applied_is_none(center: float, width: float) -> None:
    assert checked_window(center, width) is None


def test_a_linear_width_below_1_is_taken_as_exact() -> None:
    window = checked_window(0.5, 0.25)
    assert window is not None
    assert window.function == "LINEAR_EXACT"


def test_monochrome1_is_inverted_once_and_the_users_wish_once_more() -> None:
    window = Window(1, 2, "", "LINEAR_EXACT")
    for photometric_inverted in (False, True):
        shown = [
            grey(picture([[0, 2]], inverted=photometric_inverted), window, wish).tolist() for wish in (False, True)
        ]
        plain, turned = [[0, 255]], [[255, 0]]
        assert shown == ([turned, plain] if photometric_inverted else [plain, turned])


def test_padding_is_black_and_does_not_widen_the_automatic_window() -> None:
    values = np.tile(np.arange(100, dtype=np.float32), (10, 1))
    mask = np.zeros(values.shape, dtype=np.bool_)
    values[0], mask[0] = -3000, True
    window = auto_window(picture(values, padding=mask), 0, 100)
    assert (window.center - window.width / 2, window.center + window.width / 2) == (0, 99)
    assert not grey(picture(values, padding=mask, inverted=True), window)[0].any()


@pytest.mark.parametrize("values", [[[7.0, 7.0]], [[0.0]], [[math.nan, math.nan]]])
def test_a_picture_of_one_value_gets_a_window_that_can_be_applied(values: list[list[float]]) -> None:
    for window in choices(picture(values, modality="MR")):
        with np.errstate(divide="raise"):
            assert grey(picture(values), window).shape == (1, len(values[0]))


def test_the_default_is_the_first_window_of_the_header() -> None:
    windows = (Window(1, 2, "a"), Window(3, 4, "b"))
    assert default_window(picture([[0, 1]], windows=windows)) is windows[0]
    assert default_window(picture([[0, 1]], modality="MR")).name == "auto"
    assert default_window(picture([[0, 1]], modality="CT", unit="HU")).name == "soft tissue"


def test_pet_starts_at_zero_activity() -> None:
    window = default_window(picture([[0.0, 500.0, 1000.0]], modality="PT"))
    assert window.center - window.width / 2 == pytest.approx(0)


def test_ct_offers_the_usual_presets_and_others_offer_none() -> None:
    names = {window.name for window in presets("CT")}
    assert names == {"soft tissue", "lung", "bone", "brain", "mediastinum", "abdomen", "stroke"}
    assert presets("MR") == ()


def test_a_window_can_be_typed_as_numbers_or_named() -> None:
    ct = picture([[0, 1]], modality="CT")
    assert (parse_window("40/400", ct).center, parse_window("40/400", ct).width) == (40, 400)
    assert parse_window("Lung", ct).width == 1500
    assert parse_window("soft-tissue", ct).name == "soft tissue"
    for wrong in ("40/", "40/0", "nan/3", "/", "chest", ""):
        with pytest.raises(UsageError, match="CENTRE/WIDTH"):
            parse_window(wrong, ct)


@given(window=st.builds(Window, finite, st.floats(1, 5000)), center=st.integers(-9, 9), width=st.integers(-30, 30))
def test_stepping_never_makes_a_window_that_cannot_be_applied(window: Window, center: int, width: int) -> None:
    moved = stepped(window, center_steps=center, width_steps=width)
    assert checked_window(moved.center, moved.width, "", moved.function) is not None
    if width:
        assert (moved.width > window.width) == (width > 0) or moved.width == pytest.approx(1e-6)


def test_stepping_moves_the_centre_by_a_tenth_of_the_width() -> None:
    assert stepped(Window(40, 400, "soft tissue"), center_steps=2) == Window(120, 400)
    assert stepped(Window(40, 400), width_steps=-1).width == 364
