"""The text of contour coordinates, against exact decimal arithmetic."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.ds import LARGEST_MM, ds_bytes, grid_steps, on_grid

DS_PATTERN = re.compile(r"(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]{0,2}[1-9])")


def decimal_text(value: float) -> str:
    """The oracle: the exact value of the double, rounded half to even by decimal.Decimal."""
    rounded = Decimal(value).quantize(Decimal("0.001"), rounding=ROUND_HALF_EVEN)
    text = format(rounded, "f").rstrip("0").rstrip(".")
    return "0" if text in {"-0", "0", "", "-"} else text


finite = st.floats(-LARGEST_MM, LARGEST_MM, allow_nan=False, width=64)
near_ties = st.builds(
    lambda steps, ulps: float(np.nextafter(steps / 2000.0, np.inf * np.sign(ulps))) if ulps else steps / 2000.0,
    st.integers(-4_000_000_000, 4_000_000_000),
    st.integers(-1, 1),
)
binary_fractions = st.builds(lambda n, bits: n / 2.0**bits, st.integers(-(2**36), 2**36), st.integers(0, 20))


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.one_of(finite, near_ties, binary_fractions)))
def test_text_is_the_exact_double_rounded_half_to_even(values: NDArray[np.float64]) -> None:
    assert ds_bytes(values).decode().split("\\") == [decimal_text(float(value)) for value in values]


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=finite))
def test_every_value_is_a_short_decimal_without_exponent(values: NDArray[np.float64]) -> None:
    for text in ds_bytes(values).decode().split("\\"):
        assert len(text) <= 16
        assert DS_PATTERN.fullmatch(text), text


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-5000, 5000)))
def test_a_reader_gets_back_the_grid_value_within_half_a_step(values: NDArray[np.float64]) -> None:
    read = np.array([float(text) for text in ds_bytes(values).decode().split("\\")])
    assert np.array_equal(read, on_grid(values))
    assert float(np.abs(read - values).max()) <= 0.0005 + 1e-12
    assert ds_bytes(read) == ds_bytes(values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (-0.0004, b"0"),
        (-0.0006, b"-0.001"),
        (0.0005, b"0.001"),
        (0.0625, b"0.062"),
        (0.1875, b"0.188"),
        (1e-300, b"0"),
        (-76.12, b"-76.12"),
        (100.0, b"100"),
        (1000.5, b"1000.5"),
        (0.001, b"0.001"),
        (-94.99999999999999, b"-95"),
        (LARGEST_MM, b"99999999999.999"),
        (-LARGEST_MM, b"-99999999999.999"),
    ],
)
def test_known_values(value: float, text: bytes) -> None:
    assert ds_bytes([value]) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e12, -1e12])
def test_what_is_no_coordinate_is_refused(value: float) -> None:
    with pytest.raises(BuildRefused):
        ds_bytes([1.0, value])


def test_no_values_give_no_text() -> None:
    assert ds_bytes([]) == b""
    assert grid_steps(np.empty((0, 3))).shape == (0, 3)
