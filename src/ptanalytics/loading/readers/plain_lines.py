"""A quick look at lines that are all plain: no quotation marks, none blank, each with as many cells as headings."""

import numpy as np
from numpy.typing import NDArray

_LINE_END, _RETURN, _QUOTE = b"\n", b"\r", b'"'
_ZERO = ord("0")


def cell_ends(chunk: bytes, delimiter: str, n_fields: int) -> NDArray[np.intp] | None:
    r"""Return where each cell ends, one line a row; None where any line needs a closer look.

    Args:
        chunk: Whole lines with their ends.
        delimiter: What stands between cells.
        n_fields: Cells that each line must have.

    Example:
        >>> cell_ends(b"P1,2026-01-05\nP2,\n", ",", 2).tolist()
        [[2, 13], [16, 17]]
        >>> cell_ends(b"P1,2026-01-05\nP2\n", ",", 2) is None
        True
    """
    if _QUOTE in chunk:
        return None
    signs = np.frombuffer(chunk, dtype=np.uint8)
    is_line_end = signs == ord(_LINE_END)
    n_lines = int(np.count_nonzero(is_line_end))
    found = np.flatnonzero(is_line_end | (signs == ord(delimiter)))
    if not n_lines or len(found) != n_lines * n_fields:
        return None
    ends = found.reshape(n_lines, n_fields)
    if not is_line_end[ends[:, -1]].all():
        return None
    # A line that holds nothing begins with a cell that holds nothing.
    first = signs[cell_starts(ends, 0)]
    is_empty = (first == ord(delimiter)) | (first == ord(_LINE_END)) | (first == ord(_RETURN))
    return None if is_empty.any() else ends


def cell_starts(ends: NDArray[np.intp], column: int) -> NDArray[np.intp]:
    r"""Return where the cells of one column begin.

    Example:
        >>> ends = cell_ends(b"P1,2026-01-05\nP2,\n", ",", 2)
        >>> cell_starts(ends, 0).tolist(), cell_starts(ends, 1).tolist()
        ([0, 14], [3, 17])
    """
    if column:
        return ends[:, column - 1] + 1
    starts = np.zeros(len(ends), dtype=ends.dtype)
    starts[1:] = ends[:-1, -1] + 1
    return starts


def say_no_order(chunk: bytes, starts: NDArray[np.intp], delimiter: str) -> bool:
    r"""Say whether each cell that begins there is empty or begins with three digits: a date with its year first, if any.

    Example:
        >>> say_no_order(b"2026-01-05\n05.01.2026\n", np.array([0]), ",")
        True
        >>> say_no_order(b"2026-01-05\n05.01.2026\n", np.array([0, 11]), ",")
        False
    """
    signs = np.frombuffer(chunk, dtype=np.uint8)
    is_silent = np.ones(len(starts), dtype=bool)
    for place in range(3):
        # Signs below "0" wrap around to large numbers, so that one comparison does.
        is_silent &= signs.take(starts + place, mode="clip") - _ZERO < 10
    if is_silent.all():
        return True
    first = signs[starts[~is_silent]]
    return bool(np.isin(first, [ord(delimiter), ord(_LINE_END), ord(_RETURN)]).all())


def common_length(chunk: bytes, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> int:
    r"""Return how long every cell of a column is; 0 where they differ or one holds nothing.

    Example:
        >>> ends = cell_ends(b"P1,2026-01-05\nP2,2026-01-06\r\n", ",", 2)
        >>> common_length(b"P1,2026-01-05\nP2,2026-01-06\r\n", cell_starts(ends, 1), ends[:, 1])
        10
        >>> common_length(b"P1,2026-01-05\nP2,\n", np.array([3, 17]), np.array([13, 17]))
        0
    """
    lengths = ends - starts
    if chunk.endswith(b"\r\n"):
        # A line end of two signs belongs to the last cell of a line up to here.
        signs = np.frombuffer(chunk, dtype=np.uint8)
        lengths = lengths - (signs[ends - 1] == ord(_RETURN))
    low, high = int(lengths.min()), int(lengths.max())
    return low if low == high else 0


def holds_spaces(chunk: bytes, n_lines: int) -> bool:
    r"""Say whether plain lines of ASCII may hold white space, or any other sign without a shape, but for the line ends.

    Example:
        >>> holds_spaces(b"P1,2\nP2,3\n", 2), holds_spaces(b"P1, 2\nP2,3\n", 2), holds_spaces(b"P1\t2\nP2\t3\n", 2)
        (False, True, True)
    """
    signs = np.frombuffer(chunk, dtype=np.uint8)
    return int(np.count_nonzero(signs <= ord(" "))) != n_lines + chunk.count(_RETURN)
