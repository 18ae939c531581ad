"""Small-cell suppression: an attacker who subtracts never learns a count of 1 to t-1."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ptanalytics.privacy import suppress_nested, suppress_row, suppress_table

counts = st.integers(0, 40)
thresholds = st.sampled_from([1, 5, 10, 11, 20])


@given(st.lists(counts, min_size=1, max_size=7), thresholds)
def test_a_row_shows_no_small_count_and_none_can_be_worked_out(row, threshold):
    cells, total = suppress_row(row, threshold)

    shown = [n for n in cells if n is not None]
    assert all(n == 0 or n >= threshold for n in shown)
    assert all(cell is None or cell == n for cell, n in zip(cells, row, strict=True))
    hidden = [n for cell, n in zip(cells, row, strict=True) if cell is None]
    if total is None:
        assert not shown
        assert 0 < sum(row) < threshold
    elif hidden:
        assert len(hidden) > 1
        assert total - sum(shown) == sum(hidden) >= threshold


@given(st.lists(counts, min_size=1, max_size=7), thresholds)
def test_a_row_without_small_counts_is_left_alone(row, threshold):
    large = [n if n == 0 else n + threshold for n in row]

    assert suppress_row(large, threshold) == (tuple(large), sum(large))


def _lines(table):
    """Every row and column with its total at the end, margins included."""
    rows = [[*cells, total] for cells, total in zip(table.cells, table.row_totals, strict=True)]
    rows.append([*table.column_totals, table.total])
    return rows + [list(column) for column in zip(*rows, strict=True)]


tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(counts, min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(tables, thresholds)
def test_no_line_of_a_table_gives_a_small_count_away(rows, threshold):
    shown, true = suppress_table(rows, threshold), suppress_table(rows, 1)

    for line, truth in zip(_lines(shown), _lines(true), strict=True):
        assert all(n is None or n == 0 or n >= threshold for n in line)
        hidden = [n for cell, n in zip(line[:-1], truth[:-1], strict=True) if cell is None]
        is_total_hidden = line[-1] is None
        if is_total_hidden:
            assert hidden  # else the shown cells would add up to it
        elif hidden:
            assert sum(hidden) >= threshold or len(hidden) == len(truth) - 1
            assert len(hidden) > 1 or len(truth) == 2


@given(tables)
def test_threshold_one_hides_nothing(rows):
    table = suppress_table(rows, 1)

    assert [list(row) for row in table.cells] == rows
    assert table.total == sum(map(sum, rows))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=8), thresholds)
def test_nested_counts_differ_by_nothing_or_by_enough(steps, threshold):
    nested = {str(i): n for i, n in enumerate(sorted(steps, reverse=True))}

    shown = [n for n in suppress_nested(nested, threshold).values() if n is not None]

    assert all(n == 0 or n >= threshold for n in shown)
    assert all(abs(a - b) == 0 or abs(a - b) >= threshold for a, b in combinations(shown, 2))
