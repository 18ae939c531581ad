"""However the rows are cut into exports, and in whatever order and how often these arrive, the study is the same."""

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ptanalytics.study import Study, create_study
from study_frames import sessions_frame

ROWS = sessions_frame(n_patients=5, n_sessions=3)
ALL = list(range(ROWS.height))


@st.composite
def overlapping_exports(draw: st.DrawFn) -> list[list[list[int]]]:
    """Row numbers by import and file: every row in some file, many in several, some twice in one."""
    loose = draw(st.lists(st.lists(st.sampled_from(ALL), min_size=1, max_size=20), max_size=4))
    rest = [number for number in ALL if number not in {n for part in loose for n in part}]
    parts = draw(st.permutations([*loose, *([rest] if rest else [])]))
    repeated = [*parts, *draw(st.lists(st.sampled_from(parts), max_size=2))]
    n_imports = draw(st.integers(1, len(repeated)))
    return [chosen for number in range(n_imports) if (chosen := repeated[number::n_imports])]


def import_rows(study: Study, folder: Path, files: list[list[int]], number: int) -> None:
    """Import some files at once; their rows must be accounted for."""
    paths = []
    for place, rows in enumerate(files):
        path = folder / f"sessions_{number}_{place}.csv"
        ROWS[rows].write_csv(path)
        paths.append(path)
    receipt = study.import_exports(paths)
    assert receipt.rows_read == sum(map(len, files)) + len(files)
    assert receipt.rows_used + receipt.rows_duplicate == sum(map(len, files))
    assert receipt.rows_set_aside == 0


@settings(max_examples=25, deadline=None)
@given(imports=overlapping_exports(), buckets=st.sampled_from([1, 3]))
def test_any_overlapping_exports_give_the_study_of_one_import(imports: list[list[list[int]]], buckets: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        at_once = create_study(folder / "at_once", timezone="UTC", buckets=buckets)
        import_rows(at_once, folder, [ALL], number=0)
        in_parts = create_study(folder / "in_parts", timezone="UTC", buckets=buckets)
        for number, files in enumerate(imports, start=1):
            import_rows(in_parts, folder, files, number)
        assert in_parts.data_fingerprint == at_once.data_fingerprint
        assert in_parts.lazy("sessions").collect().equals(at_once.lazy("sessions").collect())
        assert sum(receipt.rows_new for receipt in in_parts.receipts()) == ROWS.height


_VERSIONS = st.lists(st.dictionaries(st.sampled_from(ALL[:8]), st.sampled_from([0.0, 0.5, 1.0]), min_size=1), max_size=5)


@settings(max_examples=25, deadline=None)
@given(exports=_VERSIONS)
def test_the_last_export_that_holds_a_row_decides_it(exports: list[dict[int, float]]) -> None:
    expected: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        study = create_study(Path(name) / "a", timezone="UTC", buckets=2)
        for number, export in enumerate(exports):
            rows = ROWS[sorted(export)].with_columns(completed_fraction=pl.Series([export[n] for n in sorted(export)]))
            # A note of its own makes each file another export, as the day of the export does in real ones.
            path = Path(name) / f"sessions_{number}.csv"
            rows.with_columns(note=pl.lit(f"export {number}")).write_csv(path)
            receipt = study.import_exports(path)
            assert receipt.rows_new == len(set(export) - set(expected))
            assert receipt.rows_changed == sum(expected.get(n, value) != value for n, value in export.items())
            expected |= export
        if expected:
            order = ROWS[sorted(expected)].with_columns(
                completed_fraction=pl.Series([expected[n] for n in sorted(expected)])
            ).sort("patient_id", "started_at", "session_id", "exercise_id")  # fmt: skip
            read = study.table("sessions")
            assert read["completed_fraction"].tolist() == order["completed_fraction"].to_list()
            assert read["session_id"].tolist() == order["session_id"].to_list()


@settings(max_examples=15, deadline=None)
@given(exports=_VERSIONS.filter(bool), buckets=st.sampled_from([1, 3]))
def test_undoing_imports_one_after_the_other_goes_back_through_all_states(
    exports: list[dict[int, float]], buckets: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        study = create_study(Path(name) / "a", timezone="UTC", buckets=buckets)
        states = [(study.data_fingerprint, None)]
        for number, export in enumerate(exports):
            rows = ROWS[sorted(export)].with_columns(completed_fraction=pl.Series([export[n] for n in sorted(export)]))
            # Half of the files are versions of one export, so that rows of several exports share buckets.
            kind = f"sessions_2026-01-{number + 1:02}" if number % 2 else f"diary_{number}"
            path = Path(name) / f"{kind}.csv"
            rows.with_columns(note=pl.lit(f"export {number}")).write_csv(path)
            study.import_exports(path)
            states.append((study.data_fingerprint, study.lazy("sessions").collect()))
        for fingerprint, table in reversed(states[:-1]):
            study.undo_import()
            assert study.data_fingerprint == fingerprint
            if table is not None:
                assert study.lazy("sessions").collect().equals(table)
        assert not study.has_table("sessions")
