"""Merging rows of one bucket, case by case, and against a plain row-by-row telling of the rules."""

from datetime import date, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ptanalytics.schemas.frames import conform, empty_frame
from ptanalytics.schemas.tables import TABLES
from ptanalytics.study.merging import ROW, SOURCE, merge_bucket

PAIN = TABLES["pain_scores"]
PAUSES = TABLES["pauses"]
DAY = date(2026, 3, 2)


def pauses(*rows: tuple[str, str, bool | None], source: int | None = 0) -> pl.DataFrame:
    """Pauses of (patient, kind, is_excused); with a source they are incoming rows."""
    names = {"patient_id": pl.String, "kind": pl.String, "is_excused": pl.Boolean}
    frame = conform(
        pl.DataFrame(list(rows), schema=names, orient="row").with_columns(from_date=pl.lit(DAY)), PAUSES
    ).collect()
    if source is None:
        return frame
    return frame.with_columns(
        pl.lit(source, dtype=pl.UInt32).alias(SOURCE), pl.int_range(2, pl.len() + 2, dtype=pl.UInt32).alias(ROW)
    )


def counts(merged: pl.DataFrame) -> dict[tuple[int, str], int]:
    """Counts by source and outcome."""
    return {(source, outcome): n for source, outcome, n in merged.iter_rows()}


def test_nothing_there_and_nothing_twice() -> None:
    merged = merge_bucket(empty_frame(PAUSES), pauses(("b", "illness", None), ("a", "illness", True)), PAUSES)
    assert merged.rows is not None
    assert merged.rows["patient_id"].to_list() == ["a", "b"]
    assert counts(merged.counts) == {(0, "new"): 2}
    assert merged.doubtful.height == 0


def test_new_changed_and_unchanged_rows_of_a_newer_export() -> None:
    there = pauses(("a", "illness", None), ("b", "illness", True), ("c", "illness", False), source=None)
    export = pauses(("a", "illness", None), ("b", "illness", None), ("b", "holiday", True))
    merged = merge_bucket(there, export, PAUSES)
    assert merged.rows is not None
    assert merged.rows.select("patient_id", "kind", "is_excused").rows() == [
        ("a", "illness", None),
        ("b", "holiday", True),
        ("b", "illness", None),
        ("c", "illness", False),
    ]
    assert counts(merged.counts) == {(0, "unchanged"): 1, (0, "changed"): 1, (0, "new"): 1}


def test_nothing_changes_when_all_is_there() -> None:
    there = pauses(("a", "illness", None), ("b", "illness", True), source=None)
    merged = merge_bucket(there, pauses(("b", "illness", True)), PAUSES)
    assert merged.rows is None
    assert counts(merged.counts) == {(0, "unchanged"): 1}


def test_the_first_row_of_an_import_counts_and_a_later_one_repeats_or_contradicts_it() -> None:
    first = pauses(("a", "illness", True), ("a", "illness", True), ("a", "illness", None))
    second = pauses(("a", "illness", None), ("a", "illness", True), source=1)
    merged = merge_bucket(empty_frame(PAUSES), pl.concat([first, second]), PAUSES)
    assert merged.rows is not None
    assert merged.rows["is_excused"].to_list() == [True]
    assert counts(merged.counts) == {
        (0, "new"): 1,
        (0, "repeated"): 1,
        (0, "conflict"): 1,
        (1, "conflict"): 1,
        (1, "repeated"): 1,
    }
    conflicts = merged.doubtful.filter(pl.col("outcome") == "conflict")
    assert conflicts.select(SOURCE, ROW).sort(SOURCE).rows() == [(0, 4), (1, 2)]


def test_a_missing_part_of_a_key_is_a_value_like_others() -> None:
    def pain(*rows: tuple[str | None, float]) -> pl.DataFrame:
        frame = pl.DataFrame(list(rows), schema={"recall": pl.String, "pain_nprs": pl.Float64}, orient="row")
        at = datetime.fromisoformat("2026-03-02T09:00")
        return conform(frame.with_columns(patient_id=pl.lit("a"), recorded_at=at), PAIN).collect()

    incoming = pain((None, 3.0), ("current", 3.0), (None, -0.0)).with_columns(
        pl.lit(0, dtype=pl.UInt32).alias(SOURCE), pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW)
    )
    merged = merge_bucket(pain((None, 3.0), (None, 0.0)), incoming, PAIN)
    assert counts(merged.counts) == {(0, "unchanged"): 2, (0, "new"): 1}


_CELLS = st.tuples(st.sampled_from("abc"), st.sampled_from(["illness", "holiday"]), st.sampled_from([True, False, None]))


@given(there=st.lists(_CELLS, max_size=6), arriving=st.lists(_CELLS, max_size=12))
def test_merging_tells_the_rules_row_by_row(
    there: list[tuple[str, str, bool | None]], arriving: list[tuple[str, str, bool | None]]
) -> None:
    existing = {row[:2]: row[2] for row in there}
    told: dict[str, int] = {}
    seen: dict[tuple[str, str], bool | None] = {}
    after = dict(existing)
    for *key_parts, content in arriving:
        key = (key_parts[0], key_parts[1])
        if key in seen:
            outcome = "repeated" if seen[key] == content else "conflict"
        else:
            seen[key] = content
            outcome = "new" if key not in existing else "unchanged" if existing[key] == content else "changed"
            after[key] = content
        told[outcome] = told.get(outcome, 0) + 1
    before = pauses(*((*key, content) for key, content in existing.items()), source=None)
    merged = merge_bucket(before, pauses(*arriving), PAUSES)
    assert {outcome: n for (_, outcome), n in counts(merged.counts).items()} == told
    rows = before if merged.rows is None else merged.rows
    assert {(p, k): e for p, k, e in rows.select("patient_id", "kind", "is_excused").iter_rows()} == after
    assert rows.height == len(after)
