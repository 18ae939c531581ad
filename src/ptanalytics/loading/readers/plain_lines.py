"""A quick look at regular lines: as many cells as headings, quotation marks only around cells, none blank."""

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
        >>> cell_ends(b'"P,1","5"\n', ",", 2).tolist()
        [[5, 9]]
        >>> cell_ends(b"P1,2026-01-05\nP2\n", ",", 2) is None
        True
    """
    signs = np.frombuffer(chunk, dtype=np.uint8)
    is_line_end = signs == ord(_LINE_END)
    is_end = is_line_end | (signs == ord(delimiter))
    has_quotes = _QUOTE in chunk
    ends = _in_lines(np.flatnonzero(is_end), is_line_end, n_fields)
    if has_quotes and (ends is None or not _are_quotes_around_cells(chunk, signs, ends)):
        outside = _outside_quotes(chunk, signs, is_end, delimiter)
        ends = None if outside is None else _in_lines(outside, is_line_end, n_fields)
    if ends is None or (has_quotes and _holds_blank_row(chunk, signs, ends, delimiter)):
        return None
    # A line that holds nothing is as long as its delimiters.
    lengths = ends[:, -1] - cell_starts(ends, 0)
    if _RETURN in chunk:
        lengths = lengths - (signs[ends[:, -1] - 1] == ord(_RETURN))
    return None if (lengths < n_fields).any() else ends


def _in_lines(places: NDArray[np.intp], is_line_end: NDArray[np.bool_], n_fields: int) -> NDArray[np.intp] | None:
    """Return places of cells' ends one line a row; None where they do not make lines of so many cells."""
    n_lines = int(np.count_nonzero(is_line_end))
    if not n_lines or len(places) != n_lines * n_fields:
        return None
    ends = places.reshape(n_lines, n_fields)
    return ends if is_line_end[ends[:, -1]].all() else None


def _holds_blank_row(chunk: bytes, signs: NDArray[np.uint8], ends: NDArray[np.intp], delimiter: str) -> bool:
    """Say whether some line holds nothing but delimiters, spaces and quotation marks: a blank row however written."""
    nothing = delimiter.encode() + b'" \t\r\n'
    is_nothing = np.zeros(256, dtype=np.bool_)
    is_nothing[list(nothing)] = True
    starts = cell_starts(ends, 0)
    # Its first cell holds nothing, and few lines begin so.
    begins = signs[starts + (signs[starts] == ord(_QUOTE))]
    lines = zip(starts[is_nothing[begins]].tolist(), ends[is_nothing[begins], -1].tolist(), strict=True)
    return any(not chunk[start:end].strip(nothing) for start, end in lines)


def _are_quotes_around_cells(chunk: bytes, signs: NDArray[np.uint8], ends: NDArray[np.intp]) -> bool:
    """Say whether all quotation marks are those around cells, one before and one behind: then none is inside a cell."""
    starts = np.concatenate([np.zeros(1, dtype=ends.dtype), ends.ravel()[:-1] + 1])
    last = ends.ravel() - 1
    if _RETURN in chunk:
        last[ends.shape[1] - 1 :: ends.shape[1]] -= signs[ends[:, -1] - 1] == ord(_RETURN)
    is_opened, is_closed = signs[starts] == ord(_QUOTE), signs[last] == ord(_QUOTE)
    n_quotes = int(np.count_nonzero(signs == ord(_QUOTE)))
    # A cell that is one mark alone would count for two, and hide a mark inside another.
    is_paired = bool(((is_opened == is_closed) & (~is_opened | (last > starts))).all())
    return is_paired and n_quotes == 2 * int(np.count_nonzero(is_opened))


def _outside_quotes(
    chunk: bytes, signs: NDArray[np.uint8], is_end: NDArray[np.bool_], delimiter: str
) -> NDArray[np.intp] | None:
    """Return where cells end that may be in quotation marks; None where a mark is out of place."""
    if not _are_quotes_in_place(chunk, delimiter):
        return None
    is_quote = signs == ord(_QUOTE)
    places = np.flatnonzero(is_end | is_quote)
    is_quote_there = is_quote[places]
    is_open = np.cumsum(is_quote_there) % 2 == 1
    outside: NDArray[np.intp] = places[~is_open & ~is_quote_there]
    return outside


def _are_quotes_in_place(chunk: bytes, delimiter: str) -> bool:
    """Say whether every quotation mark opens a cell, closes it, or is one of a pair inside it.

    A fast reader gives up on a cell such as ``"a"b`` and shows it in its error, so such a file is read carefully.
    """
    signs = np.frombuffer(b"\n" + chunk, dtype=np.uint8)
    is_end = np.zeros(256, dtype=np.bool_)
    is_end[list((delimiter + "\r\n").encode())] = True
    quotes = np.flatnonzero(signs == ord(_QUOTE))
    is_run_start = np.diff(quotes, prepend=-2) > 1
    starts = quotes[is_run_start]
    lengths = np.diff(np.append(np.flatnonzero(is_run_start), len(quotes)))
    after_end, before_end = is_end[signs[starts - 1]], is_end[signs[starts + lengths]]
    is_inside = (np.cumsum(lengths) - lengths) % 2 == 1
    is_even = lengths % 2 == 0
    # Inside a cell pairs are text and an odd run closes it; outside a run opens a cell, an even one an empty cell or so.
    return bool(np.all(np.where(is_inside, is_even | before_end, after_end & (~is_even | before_end))))


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


def say_no_order(chunk: bytes, starts: NDArray[np.intp]) -> bool:
    r"""Say whether each cell that begins there is empty or begins with three digits: a date with its year first, if any.

    Example:
        >>> say_no_order(b"2026-01-05\n05.01.2026\n", np.array([0]))
        True
        >>> say_no_order(b"2026-01-05\n05.01.2026\n", np.array([0, 11]))
        False
    """
    signs = np.frombuffer(chunk, dtype=np.uint8)
    is_silent = np.ones(len(starts), dtype=bool)
    for place in range(3):
        # Signs below "0" wrap around to large numbers, so that one comparison does.
        is_silent &= signs.take(starts + place, mode="clip") - _ZERO < 10
    return bool(is_silent.all())


def bare_cells(chunk: bytes, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    r"""Return where the cells of a column begin and end without line ends and the quotation marks around them.

    Example:
        >>> chunk = b'"2026-01-05"\r\n2026-01-06\n""\n'
        >>> [part.tolist() for part in bare_cells(chunk, np.array([0, 14, 25]), np.array([13, 24, 27]))]
        [[1, 14, 26], [11, 24, 26]]
    """
    signs = np.frombuffer(chunk, dtype=np.uint8)
    if _RETURN in chunk:
        ends = ends - ((signs[ends] == ord(_LINE_END)) & (signs[ends - 1] == ord(_RETURN)))
    if _QUOTE in chunk:
        is_quoted = signs[starts] == ord(_QUOTE)
        starts, ends = starts + is_quoted, ends - is_quoted
    return starts, np.maximum(ends, starts)


def common_length(starts: NDArray[np.intp], ends: NDArray[np.intp]) -> int:
    """Return how long every cell of a column is; 0 where they differ or one holds nothing.

    Example:
        >>> common_length(np.array([3, 17]), np.array([13, 27])), common_length(np.array([3, 17]), np.array([13, 17]))
        (10, 0)
    """
    lengths = ends - starts
    low, high = int(lengths.min()), int(lengths.max())
    return low if low == high else 0


def holds_spaces(chunk: bytes, n_lines: int) -> bool:
    r"""Say whether plain lines of ASCII may hold white space, or any other sign without a shape, but for the line ends.

    Example:
        >>> holds_spaces(b"P1,2\nP2,3\n", 2), holds_spaces(b"P1, 2\nP2,3\n", 2), holds_spaces(b"P1\t2\nP2\t3\n", 2)
        (False, True, True)
    """
    signs = np.frombuffer(chunk, dtype=np.uint8)
    n_returns = chunk.count(_RETURN) if _RETURN in chunk else 0  # counting is the slower of the two
    return int(np.count_nonzero(signs <= ord(" "))) != n_lines + n_returns
