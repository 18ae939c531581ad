"""Small-cell suppression: the vectors P1 to P6 of the clinical-methods reference, section 7.6."""

import pytest

from ptanalytics.privacy import suppress_row


@pytest.mark.parametrize(
    ("counts", "threshold", "cells", "total"),
    [
        pytest.param([25, 14, 7], 11, (25, None, None), 46, id="P1 complement of 7"),
        pytest.param([25, 14, 7, 3], 11, (25, None, None, None), 49, id="P2 7+3 is still small"),
        pytest.param([40, 0, 12], 11, (40, 0, 12), 52, id="P3 unchanged"),
        pytest.param([10, 11, 12], 11, (None, None, 12), 33, id="P4"),
        pytest.param([5, 0, 0], 11, (None, None, None), None, id="P5 small total"),
        pytest.param([12, 4, 0], 11, (None, None, 0), 16, id="P5 zero stays"),
        pytest.param([25, 14, 7, 3], 5, (25, 14, None, None), 49, id="P6 threshold 5"),
    ],
)
def test_row(counts, threshold, cells, total):
    assert suppress_row(counts, threshold) == (cells, total)


def test_a_zero_is_hidden_where_nothing_else_is_left():
    # One small cell of a total that is not small can only be protected by the zero.
    assert suppress_row([0, 12, 0], 13) == ((None, None, None), None)
    assert suppress_row([4, 0, 30], 11).cells == (None, 0, None)
