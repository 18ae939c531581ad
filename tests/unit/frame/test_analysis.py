"""One analysis, called with a study, with pandas and with Polars."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pytest

from ptanalytics.analysis import Compute, analysis
from ptanalytics.errors import InvalidTableError, MissingColumnsError, MissingTableError
from ptanalytics.schemas import RESULTS
from ptanalytics.settings import Settings, default_settings


@analysis(returns=RESULTS["daily_pain"], optional=("pauses",))
def highest_pain(
    pain_scores: pl.LazyFrame, pauses: pl.LazyFrame, *, settings: Settings | None = None, floor: float = 0.0
) -> pl.LazyFrame:
    """Highest rating of each patient; a tiny analysis for these tests."""
    assert settings is not None
    held = pauses.select("patient_id").unique()
    return (
        pain_scores.join(held, on="patient_id", how="anti")
        .filter(pl.col("pain_nprs") >= floor)
        .group_by("patient_id")
        .agg(
            date=pl.col("recorded_at").max().dt.date(),
            pain_nprs=pl.col("pain_nprs").max(),
            n_readings=pl.len().cast(pl.Int32),
            recall=pl.lit("unknown"),
            is_flare=pl.lit(value=False),
        )
    )


PAIN = pd.DataFrame(
    {
        "patient_id": ["b", "a", "a"],
        "recorded_at": pd.to_datetime(["2026-01-02", "2026-01-01", "2026-01-03"]),
        "pain_nprs": [2.0, 7.0, 4.0],
    }
)


class OneBucketStudy:
    """The least a study must be."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def run(
        self,
        compute: Compute,
        *,
        tables: Sequence[str],
        optional: Sequence[str],
        options: Mapping[str, Any],
        patients: Sequence[str] | None = None,
        name: str = "analysis",
    ) -> pl.DataFrame:
        self.asked = {"tables": tables, "optional": optional, "options": options, "patients": patients, "name": name}
        return highest_pain(pain_scores=pl.from_pandas(PAIN), **{k: v for k, v in options.items() if k != "settings"})

    def run_defaults(self) -> Mapping[str, Any]:
        return {"settings": default_settings().with_changes({"rules_version": "clinic"}), "cutoff_date": None}


def test_pandas_in_pandas_out_in_the_models_order() -> None:
    out = highest_pain(pain_scores=PAIN)
    assert isinstance(out, pd.DataFrame)
    assert out["patient_id"].tolist() == ["a", "b"]
    assert out["pain_nprs"].tolist() == [7.0, 2.0]


def test_polars_in_polars_out() -> None:
    assert isinstance(highest_pain(pain_scores=pl.from_pandas(PAIN)), pl.DataFrame)
    assert isinstance(highest_pain(pl.from_pandas(PAIN).lazy()), pl.LazyFrame)


def test_an_optional_table_may_be_absent_or_given() -> None:
    pauses = pd.DataFrame({"patient_id": ["a"], "from_date": ["2026-01-01"], "kind": ["holiday"]})
    assert highest_pain(pain_scores=PAIN, pauses=pauses)["patient_id"].tolist() == ["b"]
    assert highest_pain(pain_scores=PAIN, pauses=None)["patient_id"].tolist() == ["a", "b"]


def test_a_needed_table_that_is_absent_is_named() -> None:
    with pytest.raises(MissingTableError, match="highest_pain needs the table 'pain_scores'"):
        highest_pain()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(MissingColumnsError, match="pain_nprs"):
        highest_pain(pain_scores=PAIN.drop(columns="pain_nprs"))


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(InvalidTableError, match="no option or table called flor"):
        highest_pain(pain_scores=PAIN, flor=3)


def test_patients_keeps_only_those_asked_for() -> None:
    assert highest_pain(pain_scores=PAIN, patients=["b"])["patient_id"].tolist() == ["b"]


def test_settings_may_be_a_few_changes() -> None:
    assert len(highest_pain(pain_scores=PAIN, settings={"rules_version": "mine"}, floor=3.0)) == 1


def test_an_unreadable_column_is_refused_without_its_values() -> None:
    secret = PAIN.assign(pain_nprs=["2", "7", "Jane Doe"])
    with pytest.raises(InvalidTableError) as caught:
        highest_pain(pain_scores=secret)
    assert "Jane" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_study_is_run_with_its_own_settings() -> None:
    study = OneBucketStudy()
    out = highest_pain(study, patients=["a"])
    assert isinstance(out, pd.DataFrame)
    assert study.asked["tables"] == ("pain_scores", "pauses")
    assert study.asked["optional"] == ("pauses",)
    assert study.asked["patients"] == ["a"]
    assert study.asked["name"] == "highest_pain"
    assert study.asked["options"]["settings"].rules_version == "clinic"


def test_a_study_and_frames_do_not_mix() -> None:
    with pytest.raises(InvalidTableError):
        highest_pain(OneBucketStudy(), PAIN)


def test_naming_a_table_that_does_not_exist_fails_at_definition() -> None:
    def bad(no_such_table: pl.LazyFrame) -> pl.LazyFrame:
        return no_such_table

    with pytest.raises(TypeError, match="no_such_table"):
        analysis(returns=RESULTS["daily_pain"])(bad)


def test_a_value_outside_its_range_is_refused_with_its_count_and_never_averaged() -> None:
    with pytest.raises(InvalidTableError) as caught:
        highest_pain(pain_scores=PAIN.assign(pain_nprs=[2.0, 11.0, 4.0]))
    assert "pain_nprs must be at most 10 (1 rows)" in str(caught.value)
    assert "11" not in str(caught.value)


def test_a_row_without_its_key_is_refused() -> None:
    with pytest.raises(InvalidTableError, match="patient_id must be given"):
        highest_pain(pain_scores=PAIN.assign(patient_id=["a", None, "b"]))


@pytest.mark.parametrize(
    "buckets",
    [
        [[("a", 1), ("a", 2), ("b", 3)], [("c", 2), ("c", 4)]],  # in order altogether
        [[("c", 1), ("c", 2), ("a", 3)], [("b", 2), ("b", 4)]],  # in order but for the patients
        [[("c", 2), ("c", 1), ("a", 3)], [("b", 2), ("b", 4)]],  # the days of one patient are not
        [[("c", 1), ("a", 3)], [("c", 2), ("b", 2), ("b", 4)]],  # the rows of one patient are apart
        [[]],
    ],
)
def test_results_of_buckets_come_in_the_order_of_patient_and_day(buckets):
    class Buckets(OneBucketStudy):
        def run(self, compute: Compute, **_: Any) -> pl.DataFrame:
            days = [(patient, date(2026, 1, day)) for bucket in buckets for patient, day in bucket]
            return pl.DataFrame(days, schema={"patient_id": pl.String, "date": pl.Date}, orient="row")

    found = highest_pain(Buckets())

    expected = sorted((patient, day) for bucket in buckets for patient, day in bucket)
    assert [(patient, day.day) for patient, day in found.itertuples(index=False)] == expected
