"""A regular file read in pieces gives what its lines give as one text, whatever its cells hold and wherever it is cut."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ptanalytics.errors import PtAnalyticsError
from ptanalytics.loading import piece_rows
from ptanalytics.loading.convert import convert
from ptanalytics.loading.layouts import Layout
from ptanalytics.loading.piece_rows import PieceBatch, PieceRows, piece_batches, reads_pieces
from ptanalytics.loading.readers import fingerprint, line_census
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.sources import Source, find_sources
from ptanalytics.study.text_codes import CODED

_NUMBERS = st.sampled_from(
    [
        *(
            "",
            "0",
            "3",
            "7",
            "10",
            "11",
            "-1",
            "2.5",
            " 4",
            "5 ",
            "+6",
            "1e1",
            ".5",
            "5.",
            "007",
            "nan",
            "inf",
            "1e400",
            "-0",
        ),
        *(
            "NA",
            "n/a",
            "-99",
            "seven",
            "7/10",
            "5 min",
            "1_0",
            "0x1",
            "3\x00",
            "\u0663",
            "12345678901234567890",
            "2\u00a0",
            "4,0",
        ),
    ]
)
_TIMES = st.sampled_from(
    [
        *(
            "2026-03-02T18:30:00",
            "2026-03-02 18:30:00",
            "2026-03-02T18:30",
            "2026-03-02 18:30",
            "2026-03-02",
            "2026-03-02T18",
        ),
        *(
            "2026-03-29T01:30:00",
            "2026-02-30T10:00:00",
            "2026-03-02T24:00:00",
            "2026-03-02T18:30:60",
            "2026-03-02T18:60:00",
        ),
        *("0000-01-01", "0001-01-01", "2026-03-02T18:30Z", "2026-03-02T18:30:00Z", "2026-03-02 18:30+01", "03/02/2026"),
        *("25.03.2026", "2 Mar 2026", "45000", "", " 2026-03-02", "2026-03-02T18:30:00.250", "20260302", "soon", "NA"),
    ]
)
_TEXTS = st.sampled_from(
    ["A", "b", "P01", "", " ", "NA", "n/a", " A ", "\u00e9t\u00e9", "x" * 13, "x" * 250, "\u00a0A", "-", "#1"]
)
_ROW = st.tuples(
    st.sampled_from(["P1", "P2", "", " P2", "x" * 250, "NA", "P\u00fc"]), _TEXTS, _TIMES, _NUMBERS, _NUMBERS, _TEXTS
)
_PLAIN_ROW = st.tuples(
    st.sampled_from(["P1", "P2"]),
    st.sampled_from(["bridge", "bird_dog"]),
    st.sampled_from(["2026-03-02T18:30:00", "2026-03-03T07:00:00"]),
    st.sampled_from(["1", "0.5", "0"]),
    st.sampled_from(["3", "10", ""]),
    st.sampled_from(["S1", "S2"]),
)
_HEADINGS = ("patient_id", "exercise_id", "started_at", "completed_fraction", "rpe", "session_id")


@contextmanager
def cut_into(block: int, chunk: int, piece: int) -> Iterator[None]:
    """Look at files in short blocks and chunks, and read them in short pieces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "PIECE_BYTES", block)
        patch.setattr(line_census, "_CHUNK_BYTES", chunk)
        patch.setattr(line_census, "PIECE_BYTES", piece)
        patch.setattr(piece_rows, "PIECE_BYTES", piece)
        yield


def as_rows(batch: PieceBatch, found: PieceRows) -> pl.DataFrame:
    """Rows of a batch as `convert` gives them."""
    texts = [one.texts.gather(one.places).alias(name) for name, one in found.distinct.items()]
    is_valid = pl.Series([True]).new_from_index(0, batch.n_lines) if found.is_valid is None else found.is_valid
    return found.rows.with_columns(*texts, is_valid.alias("is_valid"))


def in_pieces(source: Source) -> pl.DataFrame:
    """All rows of a source, piece by piece."""
    parts = [as_rows(batch, batch.reader.read(batch.pieces)) for batch in piece_batches({0: source}, CODED)]
    return pl.concat(parts, how="diagonal")


def assert_same_rows(source: Source) -> None:
    """Both ways give the same cells, the same rows set aside and the same row numbers."""
    found = in_pieces(source)
    expected = convert(source).collect().select(found.columns)
    assert found.sort("row").equals(expected.sort("row"))
    assert found.height == source.n_rows


def never(_row: int, _column: int) -> bool:
    """No cell is in quotation marks."""
    return False


def always(_row: int, _column: int) -> bool:
    """Every cell is."""
    return True


def now_and_then(row: int, column: int) -> bool:
    """Some are."""
    return (row * 7 + column) % 5 == 0


def written(cell: str, is_quoted: bool) -> str:
    """A cell as it stands in a file; only in quotation marks it may hold commas and quotation marks."""
    return f'"{cell.replace("x", chr(34) * 2)}"' if is_quoted else cell.replace(",", ".")


_CUTS = st.tuples(st.integers(40, 400), st.integers(8, 200), st.integers(30, 300))


@settings(max_examples=300, deadline=None)
@given(
    rows=st.one_of(st.lists(_ROW, min_size=1, max_size=25), st.lists(st.one_of(_PLAIN_ROW, _PLAIN_ROW, _ROW), min_size=1)),
    ending=st.sampled_from(["\n", "\r\n"]),
    is_mixed=st.booleans(),
    quoted=st.sampled_from([never, always, now_and_then]),
    ends=st.booleans(),
    cut=_CUTS,
)
@example(
    rows=[("P1", "A", "2026-03-02T18:30:60", "1", "3", "S1")],
    ending="\n",
    is_mixed=False,
    quoted=never,
    ends=False,
    cut=(40, 8, 30),
)
@example(
    rows=[("P1", "A", "0000-01-01", "1", "3", "S1")] * 3,
    ending="\r\n",
    is_mixed=False,
    quoted=never,
    ends=False,
    cut=(40, 8, 30),
)
def test_any_regular_file_gives_the_same_rows_in_pieces(
    rows: list[tuple[str, ...]],
    ending: str,
    is_mixed: bool,
    quoted: Callable[[int, int], bool],
    ends: bool,
    cut: tuple[int, int, int],
) -> None:
    cells = [[written(cell, quoted(at, place)) for place, cell in enumerate(row)] for at, row in enumerate(rows)]
    lines = [",".join(_HEADINGS), *map(",".join, cells)]
    if is_mixed and ending == "\n":
        lines[1::2] = [line + "\r" for line in lines[1::2]]
    with tempfile.TemporaryDirectory() as name, cut_into(*cut):
        path = Path(name, "sessions.csv")
        path.write_bytes((ending.join(lines) + ending * ends).encode())
        try:
            sources = find_sources(path, timezone="Europe/London", date_order="day_first")
        except PtAnalyticsError:
            return  # a first line that looks like data, for example
        for source in sources:
            assert source.fingerprint == fingerprint_of(path)
            if reads_pieces(source):
                assert_same_rows(source)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(_PLAIN_ROW, min_size=1, max_size=40), quoted=st.sampled_from([never, always, now_and_then]), cut=_CUTS)
def test_a_file_of_plain_cells_is_read_in_pieces(
    rows: list[tuple[str, ...]], quoted: Callable[[int, int], bool], cut: tuple[int, int, int]
) -> None:
    with tempfile.TemporaryDirectory() as name, cut_into(*cut):
        path = Path(name, "sessions.csv")
        cells = [[written(cell, quoted(at, place)) for place, cell in enumerate(row)] for at, row in enumerate(rows)]
        path.write_text("\n".join([",".join(_HEADINGS), *map(",".join, cells)]), encoding="utf-8")
        (source,) = find_sources(path, timezone="Europe/London")
        assert reads_pieces(source)
        assert_same_rows(source)


_LAYOUTS = {
    "another_zone": {"timezone": "America/New_York"},
    "own_missing_codes": {"missing_codes": ["-1", "P2"]},
    "decimal_comma": {"decimal_mark": ","},
    "constant": {"constants": {"source": "paper diary", "pain_before_nprs": "4"}},
    "unreadable_constant": {"constants": {"pain_before_nprs": "four"}},
    "of_the_name": {"from_file_name": {"source": "(paper_diary)"}},
    "one_column_twice": {"columns": {"pain_before_nprs": "rpe", "source": "exercise_id"}},
    "minutes_from_hours": {"columns": {"duration_min": "rpe"}, "units": {"duration_min": "h"}},
}


@pytest.mark.parametrize("name", _LAYOUTS)
def test_a_layout_means_the_same_in_pieces(tmp_path: Path, name: str) -> None:
    more = dict(_LAYOUTS[name])
    columns = dict(zip(_HEADINGS, _HEADINGS, strict=True)) | more.pop("columns", {})
    layout = Layout.model_validate(
        {"id": "own", "description": "ours", "tables": [{"table": "sessions", "columns": columns, **more}]}
    )
    cells = ["P1,A,2026-03-02T18:30:00,1,3,S1", "P2,B,2026-03-29T01:30:00,0.5,-1,S2", "P1,A,2026-07-02 08:00,1,NA,S3"]
    path = tmp_path / "paper_diary.csv"
    path.write_text("\n".join([",".join(_HEADINGS), *cells * 5]), encoding="utf-8")
    with cut_into(90, 40, 60):
        (source,) = find_sources(path, timezone="Europe/London", layout=layout)
        assert reads_pieces(source)
        assert_same_rows(source)


_NUMBER_CELLS = [
    "nan",
    "inf",
    "-inf",
    "1e400",
    "NaN",
    "5 min",
    "7/10",
    " 4",
    "n/a",
    "1_0",
    "4.5",
    "\u0663",
    "-0",
    "-5",
    "1e3",
]
_TIME_CELLS = [
    "2026-03-02T18:30:60",
    "2026-02-30T10:00:00",
    "2026-03-02 18:30:00",
    "0000-01-01T00:00:00",
    "2026-03-02 18:30+01",
]


@pytest.mark.parametrize("is_quoted", [False, True])
@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *((column, cell) for column in ("completed_fraction", "sets", "rpe") for cell in _NUMBER_CELLS),
        *(("started_at", cell) for cell in _TIME_CELLS),
        *((column, cell) for column in ("patient_id", "session_id") for cell in ("", "NA", " P1", "x" * 201)),
    ],
)
def test_one_odd_cell_among_plain_ones_is_read_as_in_text(
    tmp_path: Path, column: str, cell: str, *, is_quoted: bool
) -> None:
    plain = {"patient_id": "P1", "exercise_id": "bridge", "started_at": "2026-03-02T18:30:00", "session_id": "S1"}
    plain |= {"completed_fraction": "1", "sets": "3", "rpe": "5"}
    odd = {column: f'"{cell}"' if is_quoted else cell}
    lines = [",".join(plain), *[",".join(row.values()) for row in [plain, plain, plain | odd, plain]]]
    path = tmp_path / "sessions.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    (source,) = find_sources(path, timezone="Europe/London")
    assert reads_pieces(source)
    assert_same_rows(source)


@pytest.mark.parametrize("cell", ["1.5", "inf", "2.0", "2147483648", "x"])
def test_whole_numbers_are_whole_in_pieces(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "plans.csv"
    head = "patient_id,plan_version,exercise_id,valid_from_date,sessions_per_week\n"
    path.write_text(f"{head}P1,1,bridge,2026-03-02,3\nP1,{cell},bridge,2026-03-02,3\n", encoding="utf-8")
    (source,) = find_sources(path, timezone="Europe/London")
    assert reads_pieces(source)
    assert_same_rows(source)
