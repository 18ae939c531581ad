"""Small-cell suppression: no count of 1 to t-1 persons is shown, and none can be worked out from what is shown.

Rules: clinical-methods reference section 6.2, after the CMS cell size policy (ResDAC, version 2024-01-26): cells of 1 to
10 may be neither displayed nor derivable; 0 may be displayed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class SuppressedRow(NamedTuple):
    """Counts that may be shown; None is a hidden one."""

    cells: tuple[int | None, ...]
    total: int | None


class SuppressedTable(NamedTuple):
    """A two-way table with its margins; None is a hidden count."""

    cells: tuple[tuple[int | None, ...], ...]
    row_totals: tuple[int | None, ...]
    column_totals: tuple[int | None, ...]
    total: int | None


def is_small(count: int, threshold: int) -> bool:
    """Say whether a count of persons may not be shown: 1 to threshold - 1.

    Example:
        >>> is_small(0, 11), is_small(10, 11), is_small(11, 11)
        (False, True, False)
    """
    return 0 < count < threshold


def suppress_row(counts: Sequence[int], threshold: int) -> SuppressedRow:
    """Hide small cells of one row of mutually exclusive counts whose total is published.

    A small cell is hidden, and with it the smallest other cells (first one on ties; a zero where nothing else is left)
    until at least two are hidden and what is hidden adds up to the threshold. A row whose total is small is hidden whole.

    Args:
        counts: Persons in each cell; a person is in one cell only.
        threshold: Smallest count that may be shown; 1 hides nothing.

    Example:
        >>> suppress_row([25, 14, 7], 11)
        SuppressedRow(cells=(25, None, None), total=46)
        >>> suppress_row([5, 0, 0], 11)
        SuppressedRow(cells=(None, None, None), total=None)
    """
    total = sum(counts)
    if is_small(total, threshold):
        return SuppressedRow((None,) * len(counts), None)
    hidden = _widened(counts, {i for i, n in enumerate(counts) if is_small(n, threshold)}, threshold)
    return SuppressedRow(tuple(None if i in hidden else n for i, n in enumerate(counts)), total)


def _widened(counts: Sequence[int], hidden: set[int], threshold: int) -> set[int]:
    """Hide more cells while the total would give the hidden ones away."""
    hidden = set(hidden)
    while hidden and (len(hidden) == 1 or sum(counts[i] for i in hidden) < threshold):
        shown = [i for i in range(len(counts)) if i not in hidden]
        if not shown:
            break
        hidden.add(min(shown, key=lambda i: (counts[i] == 0, counts[i], i)))
    return hidden


def suppress_table(rows: Sequence[Sequence[int]], threshold: int) -> SuppressedTable:
    """Hide small cells of a two-way table whose row totals, column totals and grand total are published.

    The rule of one row is applied to every row, every column and the margins, again and again until nothing changes.
    A hidden margin counts as a cell of its line: it is never the only hidden one there.

    Args:
        rows: Persons by group (row) and category (column); a person is in one cell only.
        threshold: Smallest count that may be shown; 1 hides nothing.

    Example:
        >>> suppress_table([[20, 12], [15, 4]], 11).cells
        ((None, None), (None, None))
        >>> suppress_table([[20, 12], [15, 14]], 11).row_totals
        (32, 29)
    """
    with_totals = [[*row, sum(row)] for row in rows]
    with_totals.append([sum(column) for column in zip(*with_totals, strict=True)])
    n_rows, n_columns = len(with_totals), len(with_totals[0])
    lines = [[(i, j) for j in range(n_columns)] for i in range(n_rows)]
    lines += [[(i, j) for i in range(n_rows)] for j in range(n_columns)]
    hidden: set[tuple[int, int]] = set()
    while True:
        before = len(hidden)
        for line in lines:
            hidden |= _hidden_in_line(with_totals, line, hidden, threshold)
        if len(hidden) == before:
            break
    shown = [[None if (i, j) in hidden else n for j, n in enumerate(row)] for i, row in enumerate(with_totals)]
    return SuppressedTable(
        cells=tuple(tuple(row[:-1]) for row in shown[:-1]),
        row_totals=tuple(row[-1] for row in shown[:-1]),
        column_totals=tuple(shown[-1][:-1]),
        total=shown[-1][-1],
    )


def _hidden_in_line(
    table: Sequence[Sequence[int]], line: Sequence[tuple[int, int]], hidden: set[tuple[int, int]], threshold: int
) -> set[tuple[int, int]]:
    """One row or column with its total at the end: which of its cells must be hidden."""
    counts = [table[i][j] for i, j in line]
    cells, total = counts[:-1], counts[-1]
    own = {k for k, place in enumerate(line) if place in hidden or is_small(counts[k], threshold)}
    if is_small(total, threshold):
        own = set(range(len(counts)))
    is_total_hidden = len(cells) in own
    inside = {k for k in own if k < len(cells)}
    if not is_total_hidden:
        inside = _widened(cells, inside, threshold)
    elif not inside:
        inside = {min(range(len(cells)), key=lambda k: (cells[k] == 0, cells[k], k))}
    return {line[k] for k in inside | ({len(cells)} if is_total_hidden else set())}


def suppress_nested(counts: Mapping[str, int], threshold: int) -> dict[str, int | None]:
    """Hide counts of nested groups (each a part of another) whose differences would give a small group away.

    Counts are taken in the order given, most wanted first. One is shown when it is not small and differs from every count
    shown before it by nothing or by at least the threshold.

    Args:
        counts: Persons left after each step, or above each limit, by name.
        threshold: Smallest count that may be shown; 1 hides nothing.

    Example:
        >>> suppress_nested({"export": 60, "analysed": 37, "with plan": 58}, 11)
        {'export': 60, 'analysed': 37, 'with plan': None}
    """
    shown: dict[str, int | None] = {}
    for name, count in counts.items():
        published = [other for other in shown.values() if other is not None]
        is_safe = not is_small(count, threshold) and all(not is_small(abs(count - n), threshold) for n in published)
        shown[name] = count if is_safe else None
    return shown
