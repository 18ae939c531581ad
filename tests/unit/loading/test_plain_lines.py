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


@pytest.mark.parametrize(
    "chunk",
    [
        *(b"a,b\nc\n", b"a,b\n,\n", b"a,b\n\n", b"a,b,c\nd\n", b"a,b\n,\r\n", b'a"b,c\n', b'"a"b,c\n', b'"a,b\n"c,d\n'),
        *(
            b'"",""\n',
            b'" ",\n',
            b'"a\nb",c\n',
            b'"a","b","c"\n"d"\n',
            b'"a,b"\n',
            b'",b\n',
            b'a,"\n',
            b'","\n',
            b'","a"b"\n',
        ),
    ],
)
def test_lines_that_need_a_closer_look(chunk):
    assert cell_ends(chunk, ",", 2) is None


@pytest.mark.parametrize(
    ("chunk", "cells"),
    [
        (b'"a","b"\n', [b'"a"', b'"b"']),
        (b'"a,1",b\n', [b'"a,1"', b"b"]),
        (b'"a","b"\r\n', [b'"a"', b'"b"\r']),
        (b'a,","\n', [b"a", b'","']),
        (b'"a ""x"", y",""\n', [b'"a ""x"", y"', b'""']),
        (b'"""",b\r\n', [b'""""', b"b\r"]),
        (b",b\n", [b"", b"b"]),
        (b"a,\r\n", [b"a", b"\r"]),
    ],
)
def test_cells_end_where_they_end(chunk, cells):
    ends = cell_ends(chunk, ",", 2)
    assert [chunk[start:end] for start, end in zip([0, ends[0][0] + 1], ends[0], strict=True)] == cells


@pytest.mark.parametrize("cell", [b"1/2", b"12.3", b" 202", b"20", b"x"])
def test_only_three_digits_are_silent(cell):
    chunk = b"2026-01-05,\n" + cell + b",\n"
    starts = cell_starts(cell_ends(chunk, ",", 2), 0)
    assert say_no_order(chunk, starts[:1])
    assert not say_no_order(chunk, starts)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["2026-03-09", "", "05/04/2026"])
def test_dates_in_quotation_marks_are_looked_at_as_others(tmp_path, ending, last):
    rows = [f'"P{n % 9}","2026-03-{n % 28 + 1:02}","{n % 11}"' for n in range(200)]
    lines = ["patient_id,recorded_at,pain_nprs", *rows, f'"P7","{last}","4"']
    (tmp_path / "pain_scores.csv").write_bytes("".join(line + ending for line in lines).encode())
    if last.startswith("05"):
        with pytest.raises(AmbiguousDateOrderError):
            find_sources(tmp_path, timezone="UTC")
        return
    (source,) = find_sources(tmp_path, timezone="UTC")
    assert source.decisions.date_order == {}
    assert [piece.cell_lengths["recorded_at"] for piece in source.lines.pieces] == [10 if last else 0]


@pytest.mark.parametrize(("cell", "value"), [("3,5", 3.5), ("4", 4.0)])
def test_a_decimal_comma_in_quotation_marks_far_below_is_seen(tmp_path, cell, value):
    rows = [f'"P{n}","2026-03-02","{n % 11}"' for n in range(20_000)]
    lines = ["patient_id,recorded_at,pain_nprs", *rows, f'"P7","2026-03-03","{cell}"']
    (tmp_path / "pain_scores.csv").write_text("\n".join(lines), encoding="utf-8")
    loaded = load_exports(tmp_path, timezone="UTC")
    assert loaded.tables["pain_scores"]["pain_nprs"].loc[lambda pain: pain.index[-1:]].notna().all()
    assert loaded.receipt.rows_used == 20_001
    assert value in loaded.tables["pain_scores"]["pain_nprs"].to_list()
