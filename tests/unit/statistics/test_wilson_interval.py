import pytest
from scipy.stats import binomtest

from ptanalytics.statistics import wilson_interval


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (3, 5), (50, 51), (700, 1000)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_same_as_scipy(successes, n, level):
    expected = binomtest(successes, n).proportion_ci(confidence_level=level, method="wilson")

    found = wilson_interval(successes, n, level=level)

    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_nobody_counted_is_missing_not_zero():
    assert wilson_interval(0, 0) == (None, None, None)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="0 <= successes <= n"):
        wilson_interval(successes, n)
