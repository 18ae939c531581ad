"""What outcome analyses share of one bucket: readings, valid scores, time zero and the first sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ptanalytics.dates import local_day, time_zero
from ptanalytics.instruments import measure as measure_of
from ptanalytics.instruments import measure_ids
from ptanalytics.outcomes.daily import chosen_readings, per_day
from ptanalytics.outcomes.scoring import score_questionnaires
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.results import MEASURES
from ptanalytics.schemas.tables import TABLES
from ptanalytics.settings import Settings

DAILY = "nprs"


@dataclass(frozen=True)
class Observed:
    """Computed once per bucket: used lazily, each would be computed again wherever it is named."""

    #: Ratings of the chosen site and recall with their ``date``.
    readings: pl.LazyFrame
    #: The same reduced to days, see `per_day`.
    daily: pl.LazyFrame
    #: Valid questionnaire scores: ``patient_id, measure, date, value``.
    forms: pl.LazyFrame
    #: ``patient_id, start_date, reason`` of everybody in plans or patients.
    zero: pl.LazyFrame
    #: ``patient_id, first_session_at, second_session_date``, counted from day 0.
    first_sessions: pl.LazyFrame


def observe(
    pain_scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    responses: pl.LazyFrame | None = None,
    scores: pl.LazyFrame | None = None,
    settings: Settings,
) -> Observed:
    """Compute what the outcome analyses share; questionnaires only where both of their tables are given."""
    zero = time_zero(plans, patients).collect().lazy()
    no_forms = empty_frame(TABLES["responses"]).lazy(), empty_frame(TABLES["scores"]).lazy()
    forms = _valid_scores(*(no_forms if responses is None or scores is None else (responses, scores)), settings)
    frames = pl.collect_all(
        [chosen_readings(pain_scores, settings=settings), forms, _first_sessions(sessions, zero, settings)]
    )
    daily = per_day(frames[0].lazy(), settings).collect()
    return Observed(frames[0].lazy(), daily.lazy(), frames[1].lazy(), zero, frames[2].lazy())


def who_and_what(observed: Observed, measures: Sequence[str] | None) -> pl.LazyFrame:
    """Return which patient gets a row for which measure: ``patient_id, measure, start_date``.

    It depends on the patient's own rows and the option alone, so that it is the same in every bucket of a study.

    Raises:
        ReferenceDataError: There is no such measure.
    """
    for name in measures or ():
        measure_of(name)
    rated = observed.readings.select("patient_id", measure=pl.lit(DAILY))
    have = pl.concat([rated, observed.forms.select("patient_id", "measure")]).unique()
    asked = pl.LazyFrame({"measure": list(MEASURES if measures is None else measures)}, schema={"measure": pl.String})
    zero = observed.zero.select("patient_id", "start_date")
    started = zero.filter(pl.col("start_date").is_not_null()).select("patient_id").join(asked, how="cross")
    kept = have if measures is None else have.join(asked, on="measure", how="semi")
    return pl.concat([started, kept]).unique().join(zero, on="patient_id", how="left")


def _valid_scores(responses: pl.LazyFrame, scores: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Return valid scores of catalogued questionnaires.

    A score under the id of the daily log is left out: that series comes from `pain_scores` alone.
    """
    known = [name for name in measure_ids() if name != DAILY]
    return (
        score_questionnaires.compute(responses, scores, settings=settings)
        .filter(pl.col("score").is_not_null() & pl.col("instrument_id").is_in(known))
        .select("patient_id", measure="instrument_id", date="completed_date", value="score")
    )


def _first_sessions(sessions: pl.LazyFrame, zero: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    done = sessions.filter(pl.col("skip_reason").is_null()).group_by("patient_id", "session_id")
    day = local_day(pl.col("started_at"), settings.time.day_start_hour)
    return (
        done.agg(pl.col("started_at").min())
        .join(zero.select("patient_id", "start_date"), on="patient_id")
        .filter(day >= pl.col("start_date"))
        .group_by("patient_id")
        .agg(
            first_session_at=pl.col("started_at").min(),
            second_session_date=day.sort_by("started_at").get(1, null_on_oob=True),
        )
    )
