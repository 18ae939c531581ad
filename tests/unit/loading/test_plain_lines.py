"""Dates that begin with the year in the first rows, and otherwise further down."""

import pytest

from ptanalytics.errors import AmbiguousDateOrderError
from ptanalytics.loading import find_sources, load_exports
from ptanalytics.loading.readers.plain_lines import cell_ends, cell_starts, say_no_order

_ROWS = [f"P{n % 9},2026-03-{n % 28 + 1:02},{n % 11}" for n in range(200)]


def _written(folder, *more, ending="\n"):
    lines = ["patient_id,recorded_at,pain_nprs", *_ROWS, *more]
    (folder / "pain_scores.csv").write_bytes("".join(line + ending for line in lines).encode())
    return folder / "pain_scores.csv"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_year_first_throughout_needs_no_decision(tmp_path, ending):
    path = _written(tmp_path, "P7,,4", ending=ending)
    assert find_sources(path, timezone="UTC")[0].decisions.date_order == {}


@pytest.mark.parametrize("cell", ["05/04/2026", " 5.4.2026", "05/04/2026 10:00"])
def test_a_late_date_in_either_order_is_seen(tmp_path, cell):
    path = _written(tmp_path, f"P7,{cell},4")
    with pytest.raises(AmbiguousDateOrderError):
        find_sources(path, timezone="UTC")
    loaded = load_exports(path, timezone="UTC", date_order="month_first")
    assert loaded.tables["pain_scores"]["recorded_at"].max().isoformat()[:10] == "2026-05-04"


def test_a_late_date_that_decides_is_seen_beside_blank_and_quoted_lines(tmp_path):
    path = _written(tmp_path, "", '"P7","25/04/2026",4', "P8,05/04/2026,4")
    assert find_sources(path, timezone="UTC")[0].decisions.date_order == {"recorded_at": "day_first"}


@pytest.mark.parametrize("chunk", [b"a,b\nc\n", b'a,"b"\n', b"a,b\n,\n", b"a,b\n\n", b"a,b,c\nd\n", b"a,b\n,\r\n"])
def test_lines_that_are_not_plain(chunk):
    assert cell_ends(chunk, ",", 2) is None


@pytest.mark.parametrize("cell", [b"1/2", b"12.3", b" 202", b"20", b"x"])
def test_only_three_digits_or_nothing_are_silent(cell):
    chunk = b"2026-01-05,\n," + b"\n" + cell + b",\n"
    assert say_no_order(chunk[:14], cell_starts(cell_ends(b"2026-01-05,\n", ",", 2), 0), ",")
    assert not say_no_order(cell + b",\n", cell_starts(cell_ends(cell + b",\n", ",", 2), 0), ",")
