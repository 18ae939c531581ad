"""Baselines: the value of each measure before treatment, or why there is none."""

from collections.abc import Sequence

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import day_from_number, day_number, days_from
from ptanalytics.outcomes.daily import per_day
from ptanalytics.outcomes.observed import DAILY, Observed, observe, who_and_what
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import Baselines
from ptanalytics.settings import OutcomeSettings, Settings, default_settings

LATE_TO_DAY = 2  # the first 3 days of week 1

_KEY = ("patient_id", "measure")
_FOUND = ("patient_id", "baseline", "n", "from_day", "to_day", "rule")


@analysis(returns=Baselines, optional=("pain_scores", "responses", "scores", "plans", "patients", "sessions"))
def baselines(  # noqa: PLR0917 - the tables it reads are its parameters
    pain_scores: pl.LazyFrame,
    responses: pl.LazyFrame,
    scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    measures: Sequence[str] | None = None,
    settings: Settings | None = None,
) -> pl.LazyFrame:
    """Find each patient's value before treatment for every measure.

    Time zero (``start_date``) is the first day of the first plan version; without plans the enrolment day. Daily pain
    (``nprs``): mean of the daily values in the 7 days before time zero, at least 3 of them (``window_7``); else in the 14
    days before, at least 3 (``window_14``); else of the 7 days before together with the readings of day 0 taken before
    the first session, at least 1 (``day_0``); else of days 0 to 2 (``late``, which treatment may already have touched).
    A reading with a day but no clock time counts as taken at the start of that day. A questionnaire: the latest valid
    score from 28 days before to 3 days after time zero, not after the day of the second session (``questionnaire``).

    Args:
        pain_scores: Ratings of the daily log.
        responses: Item answers of questionnaires.
        scores: Totals of questionnaires; see `score_questionnaires` for how both are brought together.
        plans: Prescribed plans, for time zero.
        patients: Enrolment days, for time zero where there is no plan.
        sessions: Sessions done (those with a skip reason are not), for the day-0 and questionnaire rules.
        measures: Measures to give a row for everybody with a time zero. Default: ``nprs``, ``nprs_7d``, ``odi`` and
            ``rmdq24``, and any other catalogued instrument for the patients who have it.
        settings: Windows.

    Returns:
        Columns of `Baselines`. Missing baselines have the reason ``no_start`` (no time zero) or ``no_baseline``.

    Example:
        >>> from datetime import date, datetime
        >>> pain = pl.DataFrame({"patient_id": "P1", "pain_nprs": [6.0, 7.0, 8.0, 5.0],
        ...                      "recorded_at": [datetime(2026, 4, day) for day in (1, 3, 5, 9)]})
        >>> people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 4, 8)]})
        >>> baselines(pain_scores=pain, patients=people, measures=["nprs"]).select("baseline", "n", "rule").rows()
        [(7.0, 3, 'window_7')]
    """
    settings = settings or default_settings()
    observed = observe(pain_scores, plans, patients, sessions, responses=responses, scores=scores, settings=settings)
    return baselines_of(observed, measures, settings)


def baselines_of(observed: Observed, measures: Sequence[str] | None, settings: Settings) -> pl.LazyFrame:
    """Find the baselines in what was observed; see `baselines`."""
    found = pl.concat(
        [
            _daily_baseline(observed, settings).with_columns(measure=pl.lit(DAILY)),
            _form_baseline(observed, settings.outcomes),
        ],
        how="diagonal",
    )
    reason = (
        pl.when(pl.col("start_date").is_null()).then(pl.lit("no_start"))
        .when(pl.col("baseline").is_null()).then(pl.lit("no_baseline"))
    )  # fmt: skip
    start = day_number(pl.col("start_date"))
    return (
        who_and_what(observed, measures)
        .join(found, on=_KEY, how="left")
        .with_columns(
            pl.col("n").fill_null(0),
            from_date=day_from_number(start + pl.col("from_day")),
            to_date=day_from_number(start + pl.col("to_day")),
            reason=reason,
        )
        .select(list(columns_of(Baselines)))
    )


def _daily_baseline(observed: Observed, settings: Settings) -> pl.LazyFrame:
    """Return the first window that has enough daily values, in the order of the rules."""
    outcomes, day = settings.outcomes, days_from(pl.col("start_date"), pl.col("date"))
    width, need = outcomes.baseline_days, outcomes.baseline_min_readings
    dated = (
        observed.readings.join(
            observed.zero.select("patient_id", "start_date"), on="patient_id", how="left", maintain_order="left"
        )
        .with_columns(day=day)
        .filter(pl.col("day").is_between(-2 * width, LATE_TO_DAY))
        .join(observed.first_sessions, on="patient_id", how="left", maintain_order="left")
        .collect()
        .lazy()
    )
    is_before_session = (pl.col("recorded_at") < pl.col("first_session_at")).fill_null(value=True)
    all_days = _day_values(dated, settings).collect().lazy()
    day_0 = _day_values(dated.filter((pl.col("day") == 0) & is_before_session), settings)
    before = all_days.filter(pl.col("day") < 0)
    rules = (
        _window(before, -width, -1, need, f"window_{width}"),
        _window(before, -2 * width, -1, need, f"window_{2 * width}"),
        _window(pl.concat([before, day_0]), -width, 0, 1, "day_0"),
        _window(all_days, 0, LATE_TO_DAY, 1, "late"),
    )
    ranked = pl.concat([rule.with_columns(rank=pl.lit(rank)) for rank, rule in enumerate(rules)])
    return ranked.sort("rank").unique("patient_id", keep="first", maintain_order=True).select(_FOUND)


def _day_values(dated: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    starts = dated.group_by("patient_id").agg(pl.col("start_date").first())
    day = days_from(pl.col("start_date"), pl.col("date"))
    return per_day(dated, settings).join(starts, on="patient_id").select("patient_id", day=day, value="pain_nprs")


def _window(values: pl.LazyFrame, first: int, last: int, need: int, rule: str) -> pl.LazyFrame:
    return (
        values.filter(pl.col("day").is_between(first, last))
        .group_by("patient_id")
        .agg(baseline=pl.col("value").mean(), n=pl.len().cast(pl.Int32))
        .filter(pl.col("n") >= need)
        .with_columns(
            from_day=pl.lit(first, dtype=pl.Int32), to_day=pl.lit(last, dtype=pl.Int32), rule=pl.lit(rule)
        )
    )  # fmt: skip


def _form_baseline(observed: Observed, outcomes: OutcomeSettings) -> pl.LazyFrame:
    day = days_from(pl.col("start_date"), pl.col("date"))
    first, last = outcomes.questionnaire_baseline_from_day, outcomes.questionnaire_baseline_to_day
    is_early = (pl.col("date") <= pl.col("second_session_date")).fill_null(value=True)
    return (
        observed.forms.join(observed.zero.select("patient_id", "start_date"), on="patient_id")
        .join(observed.first_sessions, on="patient_id", how="left")
        .with_columns(day=day)
        .filter(pl.col("day").is_between(first, last) & is_early)
        .sort("date")
        .group_by(_KEY)
        .agg(baseline=pl.col("value").last(), day=pl.col("day").last())
        .select(
            *_KEY,
            "baseline",
            n=pl.lit(1, dtype=pl.Int32),
            from_day="day",
            to_day="day",
            rule=pl.lit("questionnaire"),
        )
    )
