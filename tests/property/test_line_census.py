"""A file looked at in several blocks and chunks is what it is looked at in one go."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.readers import fingerprint, line_census
from ptanalytics.loading.readers.line_census import LineCensus, take_census
from ptanalytics.loading.readers.text_form import FileForm

_LINE = st.sampled_from(
    [
        *(b"P1,2026-03-02,5", b"P2,2026-03-02,", b"P3,,7", b"P4,2.3.26,1", b"", b",,", b"word", b"\r", b"P1,2"),
        *(b'"P1","2026-03-02",5', b'P1,"a,b",2', b'P"1,x,2', b"P1,2026-03-02,5,6", b"P1,\xc3\xa9,5", b"P1,\xe9,5"),
        *(b"P1, x ,5", b"P1," + b"x" * 90 + b",5"),
    ]
)
_PLAIN = st.sampled_from([b"P1,2026-03-02,5", b"P2,2026-03-12,10", b"P33,2026-03-22,"])
_FORM = FileForm("utf-8", ",", ("patient_id", "date", "pain_nprs"), 1, ("date",), ("date",))


def seen(path: Path, form: FileForm, block: int, chunk: int, piece: int) -> LineCensus:
    """Take the census of a file cut in some way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "PIECE_BYTES", block)
        patch.setattr(line_census, "_CHUNK_BYTES", chunk)
        patch.setattr(line_census, "PIECE_BYTES", piece)
        return take_census(path, form)


@settings(max_examples=300, deadline=None)
@given(
    lines=st.one_of(st.lists(_LINE, max_size=30), st.lists(_PLAIN, max_size=60)),
    ending=st.sampled_from([b"\n", b"\r\n"]),
    ends=st.booleans(),
    cut=st.tuples(st.integers(5, 300), st.integers(1, 300), st.integers(1, 300)),
    heading_line=st.integers(1, 2),
)
@example(lines=[b"P1,2026-03-02,5"] * 9, ending=b"\n", ends=True, cut=(16, 16, 16), heading_line=1)
def test_blocks_and_chunks_do_not_show(
    lines: list[bytes], ending: bytes, ends: bool, cut: tuple[int, int, int], heading_line: int
) -> None:
    head = [b"patient_id,date,pain_nprs"]
    content = ending.join([*[b"export of today"] * (heading_line - 1), *head, *lines]) + ending * ends
    form = FileForm("utf-8", ",", _FORM.headings, heading_line, ("date",), ("date",))
    cut = (max(cut[0], 60), max(cut[1], 60), cut[2])  # what stands above the data lies in the first chunk
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "pain.csv")
        path.write_bytes(content)
        whole, parts = seen(path, form, 1 << 20, 1 << 20, 1 << 20), seen(path, form, *cut)
        assert parts.is_utf8 == whole.is_utf8
        # Blank lines beside quotation marks are looked at line by line, and long chunks more often hold both.
        assert parts.is_regular or not whole.is_regular
        if not whole.is_regular:
            return
        for what in ("n_lines", "has_quotes", "blank_lines"):
            assert getattr(parts, what) == getattr(whole, what)
        # A chunk with an odd line says nothing of its dates, so that shorter chunks can say more.
        assert parts.unsure <= whole.unsure
        assert whole.n_lines == heading_line + len(lines) - (lines[-1:] == [b""] and not ends)
        if not whole.blank_lines:
            assert_pieces_are_the_lines(parts, content, ending, heading_line)


def assert_pieces_are_the_lines(census: LineCensus, content: bytes, ending: bytes, heading_line: int) -> None:
    """The pieces hold each line of data once, in order, and say where it is."""
    at = len(ending.join(content.split(ending)[:heading_line]) + ending)
    line = heading_line + 1
    for piece in census.pieces:
        assert (piece.start, piece.first_line) == (at, line)
        rows = content[piece.start : piece.end].removesuffix(ending).split(ending)
        assert piece.n_lines == len(rows)
        lengths = {len(row.split(b",")[1].strip(b'"')) for row in rows}
        measured = piece.cell_lengths.get("date", 0)
        assert measured == (lengths.pop() if len(lengths) == 1 else 0) or any(b"a,b" in row for row in rows)
        assert piece.has_spaces or not any(b" " in row or b"\xc3" in row for row in rows)
        at, line = piece.end, line + piece.n_lines
    assert at >= len(content) or not content[at:].strip()
    assert line == census.n_lines + 1


def test_a_file_of_one_endless_line_is_looked_at_once(tmp_path: Path) -> None:
    (tmp_path / "pain.csv").write_bytes(b"patient_id,date,pain_nprs\n" + b"x" * 5_000)
    census = seen(tmp_path / "pain.csv", _FORM, 100, 50, 50)
    assert (census.n_lines, census.is_regular) == (2, False)


def test_a_line_longer_than_any_record_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_census, "LONGEST_LINE_BYTES", 1_000)
    (tmp_path / "pain.csv").write_bytes(b"patient_id,date,pain_nprs\n" + b"SECRET" * 500)
    with pytest.raises(UnreadableFileError, match=r"pain\.csv cannot be read: a line in it is longer than") as refused:
        seen(tmp_path / "pain.csv", _FORM, 100, 50, 50)
    assert "SECRET" not in str(refused.value)


def test_cells_without_spaces_are_told_from_those_with() -> None:
    assert not line_census.holds_spaces(b"P1,2\r\nP2,3\r\n", 2)
    assert line_census.holds_spaces(b"P1,2\r\nP2, 3\r\n", 2)
    assert line_census.holds_spaces(b"P1, 2\nP2,3\r\n", 2)
    assert not line_census.holds_spaces(b"P1,2\nP2,3\r\n", 2)
