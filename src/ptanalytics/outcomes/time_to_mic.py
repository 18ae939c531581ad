"""Time from baseline to the first important change that lasts, ready for Kaplan-Meier."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import days_from
from ptanalytics.instruments import measure, measure_ids, mic_for
from ptanalytics.outcomes.baseline import baselines_of
from ptanalytics.outcomes.change import TOLERANCE
from ptanalytics.outcomes.observed import DAILY, Observed, observe
from ptanalytics.schemas.course_results import TimeToMic
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import OutcomeSettings, Settings, default_settings

_KEY = ("patient_id", "measure")


@analysis(returns=TimeToMic, optional=("pain_scores", "responses", "scores", "plans", "patients", "sessions"))
def time_to_mic(  # noqa: PLR0917 - the tables it reads are its parameters
    pain_scores: pl.LazyFrame,
    responses: pl.LazyFrame,
    scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    measures: Sequence[str] | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Find the days from baseline to the first sustained minimal important change (MIC), for every measure.

    A reading is the event when it meets the responder rule of the settings (absolute where the scale has no percent rule)
    and so do all readings after it up to and with the first that is at least ``outcomes.sustained.confirm_days`` (14) days
    later. ``duration_days`` counts from the day of the baseline (for the daily log from time zero, or from the end of a
    late baseline window) to the event, else to the last reading, where the patient is censored: ``unconfirmed`` if the
    last readings meet the rule without a confirming one, else ``not_reached``. Readings before the baseline do not count.

    Weekly logs and questionnaires six weeks apart are not comparable in time to event, because the change happened
    somewhere between two readings. People stop logging when well and when worse, so censoring is not neutral.

    Args:
        pain_scores: Ratings of the daily log.
        responses: Item answers of questionnaires.
        scores: Totals of questionnaires.
        plans: Plans, for time zero.
        patients: Enrolment days, for time zero where there is no plan.
        sessions: Sessions, for the baseline rules.
        measures: See `baselines`.
        settings: Windows, MIC, responder rule.
        cutoff_date: Leave out later readings.

    Returns:
        Columns of `TimeToMic`. Patients not in the risk set have no duration and a reason: ``no_start``, ``no_baseline``,
        ``no_mic``, ``no_room_to_improve`` (counted apart), ``no_readings`` (nothing after the baseline).

    Raises:
        ReferenceDataError: There is no such measure.

    Example:
        >>> from datetime import timedelta
        >>> start = date(2026, 3, 2)
        >>> scores = pl.DataFrame({"patient_id": "P1", "instrument_id": "nprs_7d", "score": [7.0, 6, 4, 4.5, 4],
        ...                        "completed_date": [start + timedelta(days=7 * week) for week in range(5)]})
        >>> people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [start]})
        >>> time_to_mic(scores=scores, patients=people, measures=["nprs_7d"]).select("duration_days", "is_event").row(0)
        (14, True)

    References:
        Rule: project default of the clinical methods (section 3.8).
    """
    settings = settings or default_settings()
    observed = observe(pain_scores, plans, patients, sessions, responses=responses, scores=scores, settings=settings)
    before = _baseline_days(baselines_of(observed, measures, settings)).join(
        _facts(settings), on="measure", how="left"
    )  # fmt: skip
    judged = _judged(before, settings.outcomes).with_row_index("who").collect().lazy()
    readings = _readings(observed)
    if cutoff_date is not None:
        readings = readings.filter(pl.col("date") <= cutoff_date)
    met = (
        readings.join(judged.filter(pl.col("reason").is_null()), on=_KEY)
        .filter(pl.col("date") > pl.col("baseline_date"))
        .with_columns(is_met=_meets(settings.outcomes))
        .select("who", "date", "is_met")
    )
    found = _first_sustained(met.collect().lazy(), settings.outcomes.sustained.confirm_days)
    return _described(judged.join(found, on="who", how="left"), settings.outcomes).select(list(columns_of(TimeToMic)))


def _baseline_days(before: pl.LazyFrame) -> pl.LazyFrame:
    own = pl.when(pl.col("measure") == DAILY).then(pl.max_horizontal("start_date", "to_date")).otherwise("to_date")
    return before.select(*_KEY, "baseline", "reason", baseline_date=pl.when(pl.col("baseline").is_not_null()).then(own))


def _facts(settings: Settings) -> pl.LazyFrame:
    known = [(measure(name), mic_for(name, settings)) for name in measure_ids()]
    return pl.LazyFrame(
        {
            "measure": [m.id for m, _ in known],
            "best": [m.minimum if m.is_lower_better else m.maximum for m, _ in known],
            "towards_better": [-1.0 if m.is_lower_better else 1.0 for m, _ in known],
            "allows_percent": [m.allows_percent for m, _ in known],
            "mic": [mic.value for _, mic in known],
            "mic_source": [mic.source for _, mic in known],
        },
        schema_overrides={"mic": pl.Float64},
    )


def _judged(before: pl.LazyFrame, outcomes: OutcomeSettings) -> pl.LazyFrame:
    """Add why a patient is not in the risk set."""
    room = (pl.col("best") - pl.col("baseline")) * pl.col("towards_better")
    needs_mic = ~pl.col("allows_percent") | pl.lit(outcomes.responder_rule != "percent")
    is_tight = pl.when(needs_mic).then(room < pl.col("mic") - TOLERANCE).otherwise(pl.col("baseline") <= 0)
    reason = (
        pl.when(pl.col("reason").is_not_null()).then("reason")
        .when(needs_mic & pl.col("mic").is_null()).then(pl.lit("no_mic"))
        .when(is_tight).then(pl.lit("no_room_to_improve"))
    )  # fmt: skip
    rule = pl.when("allows_percent").then(pl.lit(outcomes.responder_rule)).otherwise(pl.lit("absolute"))
    return before.with_columns(reason=reason, rule=rule)


def _readings(observed: Observed) -> pl.LazyFrame:
    daily = observed.daily.select(
        "patient_id", "date", measure=pl.lit(DAILY), value="pain_nprs"
    )  # fmt: skip
    columns = ["patient_id", "measure", "date", "value"]
    return pl.concat([daily.select(columns), observed.forms.select(columns)])


def _meets(outcomes: OutcomeSettings) -> pl.Expr:
    gain = (pl.col("value") - pl.col("baseline")) * pl.col("towards_better")
    absolute = gain >= pl.col("mic") - TOLERANCE
    percent = gain / pl.col("baseline") >= outcomes.responder_pct / 100 - TOLERANCE
    chosen = {"absolute": absolute, "percent": percent, "both": absolute & percent}[outcomes.responder_rule]
    return pl.when("allows_percent").then(chosen).otherwise(absolute).fill_null(value=False)


def _first_sustained(met: pl.LazyFrame, confirm_days: int) -> pl.LazyFrame:
    """Find each patient's first run of readings that meet the rule and span the days to confirm.

    All readings between a reading and its confirmation meet the rule, so both lie in one run, and the first reading of the
    first run long enough is the event.
    """
    # A number per patient and measure is sorted and grouped several times faster than two texts.
    ordered = met.sort("who", "date").with_columns(
        run=((pl.col("is_met") != pl.col("is_met").shift()) | (pl.col("who") != pl.col("who").shift()))
        .fill_null(value=True)
        .cum_sum()
    )
    since = days_from(pl.col("date").first(), pl.col("date"))
    runs = (
        ordered.filter("is_met")
        .group_by("who", "run")
        .agg(
            event_date=pl.col("date").min(),
            run_end=pl.col("date").max(),
            confirmed_date=pl.col("date").filter(since >= confirm_days).min(),
        )
    )
    events = (
        runs.filter(pl.col("confirmed_date").is_not_null())
        .sort("event_date")
        .unique("who", keep="first", maintain_order=True)
        .select("who", "event_date", "confirmed_date")
    )
    last_met = runs.group_by("who").agg(last_met=pl.col("run_end").max())
    totals = ordered.group_by("who").agg(n_readings=pl.len().cast(pl.Int32), last_date=pl.col("date").max())
    return totals.join(events, on="who", how="left").join(last_met, on="who", how="left")


def _described(rows: pl.LazyFrame, outcomes: OutcomeSettings) -> pl.LazyFrame:
    is_at_risk = pl.col("reason").is_null() & pl.col("last_date").is_not_null()
    is_event = pl.col("event_date").is_not_null()
    end = pl.coalesce("event_date", "last_date")
    status = (
        pl.when(pl.col("reason") == "no_room_to_improve").then(pl.lit("no_room_to_improve"))
        .when(pl.col("reason").is_not_null()).then(pl.lit("not_at_risk"))
        .when(pl.col("last_date").is_null()).then(pl.lit("no_readings"))
        .when(is_event).then(pl.lit("event"))
        .when(pl.col("last_met") == pl.col("last_date")).then(pl.lit("unconfirmed"))
        .otherwise(pl.lit("not_reached"))
    )  # fmt: skip
    return rows.with_columns(
        n_readings=pl.col("n_readings").fill_null(0),
        duration_days=pl.when(is_at_risk).then(days_from(pl.col("baseline_date"), end).cast(pl.Int32)),
        is_event=pl.when(is_at_risk).then(is_event),
        status=status,
        reason=pl.coalesce("reason", pl.when(pl.col("last_date").is_null()).then(pl.lit("no_readings"))),
        rule=pl.col("rule").fill_null(outcomes.responder_rule),
    )
