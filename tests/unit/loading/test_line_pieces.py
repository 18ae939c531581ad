"""Pieces of plain files: what changed since it was looked at is refused without a word of what it holds."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.piece_rows import PieceReader, piece_batches
from ptanalytics.loading.readers.line_pieces import PIECE_BYTES, LinePiece, RegularLines
from ptanalytics.loading.sources import find_sources

_HEADING = "patient_id,date,pain\n"
_ROWS = "SECRET1,2026-03-02,5\nSECRET2,2026-03-03,6\n"


def lines_of(folder: Path, name: str = "pain_scores.csv", rows: str = _ROWS) -> RegularLines:
    path = folder / name
    path.write_text(_HEADING + rows, encoding="utf-8")
    (source,) = find_sources(path, timezone="UTC")
    assert source.lines is not None
    return source.lines


def read(lines: RegularLines, *pieces: LinePiece) -> pa.Table | None:
    return lines.read(pieces or lines.pieces, ["patient_id", "pain"], {}, is_text=True)


def test_the_columns_asked_for_come_as_text(tmp_path):
    table = read(lines_of(tmp_path))
    assert table.to_pydict() == {"patient_id": ["SECRET1", "SECRET2"], "pain": ["5", "6"]}


def test_a_cell_of_another_kind_gives_nothing(tmp_path):
    lines = lines_of(tmp_path, rows="SECRET1,2026-03-02,much\n")
    assert lines.read(lines.pieces, ["pain"], {"pain": pa.float64()}, is_text=False) is None


@pytest.mark.parametrize(
    "now",
    ["", _ROWS[:-4], _ROWS.replace("5", "5,7"), _ROWS.replace("2026-03-02,5", "2026-03-02555"), _ROWS.replace("5\n", "5,")],
    ids=["empty", "shorter", "more_cells", "fewer_cells", "fewer_lines"],
)
def test_a_file_that_changed_is_refused_without_its_content(tmp_path, now):
    lines = lines_of(tmp_path)
    (tmp_path / "pain_scores.csv").write_text(_HEADING + now, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=r"pain_scores\.csv cannot be read") as refused:
        read(lines)
    assert "SECRET" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_of_files_read_together_the_one_that_changed_is_named(tmp_path):
    both = [lines_of(tmp_path, name) for name in ("a_pain_scores.csv", "b_pain_scores.csv")]
    (tmp_path / "b_pain_scores.csv").write_text(_HEADING + _ROWS.replace("5", "5,"), encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=r"b_pain_scores\.csv"):
        read(both[0], *both[0].pieces, *both[1].pieces)


def test_files_without_a_last_line_end_are_read_together(tmp_path):
    both = [lines_of(tmp_path, name, _ROWS.rstrip()) for name in ("a_pain_scores.csv", "b_pain_scores.csv")]
    assert read(both[0], *both[0].pieces, *both[1].pieces).num_rows == 4


def test_small_files_share_a_batch_and_files_of_other_columns_or_decisions_do_not(tmp_path):
    for number in range(6):
        (tmp_path / f"pain_scores_{number}.csv").write_text(_HEADING + _ROWS, encoding="utf-8")
    (tmp_path / "pain_scores_6.csv").write_text("patient_id;date;pain\nP1;2026-03-02;5\n", encoding="utf-8")
    (tmp_path / "pain_scores_7.csv").write_text(_HEADING + "P1,25/03/2026,5\n", encoding="utf-8")
    (tmp_path / "pain_scores_8.csv").write_text(_HEADING + "P1,03/25/2026,5\n", encoding="utf-8")
    sources = dict(enumerate(find_sources(tmp_path, timezone="UTC")))
    batches = piece_batches(sources, ("patient_id",))
    assert [batch.numbers for batch in batches] == [[0, 1, 2, 3, 4, 5], [6], [7], [8]]
    assert [batch.n_lines for batch in batches] == [12, 1, 1, 1]


def test_a_batch_is_no_longer_than_a_piece(tmp_path):
    lines = lines_of(tmp_path)
    (source,) = find_sources(tmp_path, timezone="UTC")
    long = replace(lines.pieces[0], end=PIECE_BYTES // 2 + lines.pieces[0].start)
    sources = {n: replace(source, lines=replace(lines, pieces=(long,))) for n in range(5)}
    assert [batch.numbers for batch in piece_batches(sources, ())] == [[0, 1], [2, 3], [4]]


def test_an_odd_cell_makes_its_column_text_from_then_on(tmp_path):
    lines_of(tmp_path, rows="P1,2026-03-02,5\nP2,2026-03-02,n/a\n")
    (source,) = find_sources(tmp_path, timezone="UTC")
    reader = PieceReader(source)
    assert "pain_nprs" in reader._plain
    found = reader.read(source.lines.pieces)
    assert found.rows["pain_nprs"].to_list() == [5.0, None]
    assert found.is_valid is None or not found.is_valid.all()
    assert "pain_nprs" not in reader._plain
    assert "recorded_at" in reader._plain
