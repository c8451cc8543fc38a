"""The parts of the search for clock jumps that are reckoned here and not by numpy."""

import numpy as np
import pytest

from functions.analyse.core.jumps import quantile

NAN = np.nan


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([1, 2, 3], 0.5, 2.0),
        ([3, NAN, 1, 2], 0.5, 2.0),
        ([10, 20], 0.25, 12.5),
        ([10, 20], 0.75, 17.5),
        ([0, 10, 20, 30, 40, 50], 0.9, 45.0),
        ([7, NAN], 0.6, 7.0),
    ],
)
def test_a_quantile_of_the_known_values_is_interpolated(values: list[float], share: float, expected: float) -> None:
    assert quantile(np.array([values], float), share).tolist() == [expected]


def test_quantiles_are_those_of_numpy() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        values = np.round(random.random((12, random.integers(1, 200))) * 100, 1)
        values[random.random(values.shape) < 0.3] = NAN
        values = values[~np.isnan(values).all(axis=1)]
        for share in (0.6, 0.9):
            assert np.array_equal(quantile(values, share), np.nanquantile(values, share, axis=1))
