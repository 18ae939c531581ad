"""Change from baseline at the follow-up weeks, with the responder rules and the measurement error."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import DAYS_PER_WEEK, day_from_number, day_number, days_from, latest_day
from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments import mdc95_of, measure, measure_ids, mic_for
from ptanalytics.outcomes.baseline import baselines_of
from ptanalytics.outcomes.observed import DAILY, observe
from ptanalytics.outcomes.psfs import on_common_activities
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.results import Changes
from ptanalytics.settings import OutcomeSettings, Settings, default_settings

TOLERANCE = 1e-9  # 7 -> 4.9 is exactly 30 %, but not in floating point
EARLY_WEEK = 6

_KEY = ("patient_id", "measure")
_IMMPACT = (("substantial", 0.50), ("moderate", 0.30), ("minimal", 0.10))


@analysis(returns=Changes, optional=("pain_scores", "responses", "scores", "plans", "patients", "sessions"))
def changes(  # noqa: PLR0917 - the tables it reads are its parameters
    pain_scores: pl.LazyFrame,
    responses: pl.LazyFrame,
    scores: pl.LazyFrame,
    plans: pl.LazyFrame,
    patients: pl.LazyFrame,
    sessions: pl.LazyFrame,
    *,
    target_weeks: Sequence[int] | None = None,
    measures: Sequence[str] | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Measure how much each patient changed from baseline at each follow-up week, for every measure.

    ``improvement`` is baseline - follow-up where lower is better, else follow-up - baseline; negative is worse. Follow-up
    at week w, counted from time zero: for daily pain (``nprs``) the mean of the 7 days ending on day 7w, at least 3 of them
    with a value; for a questionnaire the valid score nearest to day 7w within ``max(3, 0.1 x 7w)`` days (rounded), of two
    equally near the earlier. Baselines as in `baselines`; the PSFS is compared on the activities rated both times. Rules,
    all with >= : ``absolute`` improvement >= MIC; ``percent`` improvement / baseline >= ``outcomes.responder_pct``, for
    scales with a true zero and a baseline above 0; ``both``. ``is_responder`` follows ``outcomes.responder_rule``; a scale
    without percent rule uses ``absolute``.

    Args:
        pain_scores: Ratings of the daily log.
        responses: Item answers of questionnaires.
        scores: Totals of questionnaires.
        plans: Prescribed plans, for time zero.
        patients: Enrolment days, for time zero where there is no plan.
        sessions: Sessions, for the baseline rules and the cutoff.
        target_weeks: Follow-up weeks; default 6 and ``outcomes.primary_week``.
        measures: See `baselines`.
        settings: Windows, thresholds, MIC values of the clinic.
        cutoff_date: Last day the data cover; default the latest day with a rating or session. It only tells a follow-up
            that is not due yet from one that is missing.

    Raises:
        InvalidTableError: A target week is below 1.
        ReferenceDataError: There is no such measure.
        SettingsError: The clinic's own MIC names no measure or is not above 0.

    Returns:
        Columns of `Changes`: a row for every starter, measure and week, so that denominators are complete. ``reason`` is
        the first that holds: ``no_start``; ``no_baseline``; ``no_common_activities`` (PSFS); ``not_due`` (no value yet and
        the window opens after the cutoff); ``no_followup``; ``no_room_to_improve`` (``has_room`` is false: the baseline is
        nearer to the best score than the MIC, so ``absolute``, ``both`` and the headline are missing and such patients are
        counted apart); ``no_mic`` (a change, but no value to judge it by).

    Example:
        >>> from datetime import date
        >>> odi = pl.DataFrame({"patient_id": "P1", "instrument_id": "odi", "score": [42.0, 30.0],
        ...                     "completed_date": [date(2026, 3, 2), date(2026, 5, 25)]})
        >>> people = pl.DataFrame({"patient_id": ["P1"], "enrolled_date": [date(2026, 3, 2)]})
        >>> change = changes(scores=odi, patients=people, target_weeks=[12], measures=["odi"])
        >>> change.select("improvement", "is_responder_absolute", "is_responder_percent", "is_responder").row(0)
        (12.0, True, False, False)

    References:
        Ostelo 2008, doi:10.1097/BRS.0b013e31815e3a10 (MIC, 30 %); Dworkin 2008, doi:10.1016/j.jpain.2007.09.005 (IMMPACT).
    """
    settings = settings or default_settings()
    outcomes = settings.outcomes
    weeks = sorted({EARLY_WEEK, outcomes.primary_week} if target_weeks is None else set(target_weeks))
    if not weeks or weeks[0] < 1:
        message = "changes needs at least one target week, counted from 1. Leave target_weeks out for the default weeks."
        raise InvalidTableError(message)
    observed = observe(pain_scores, plans, patients, sessions, responses=responses, scores=scores, settings=settings)
    before = baselines_of(observed, measures, settings).select(
        *_KEY, "start_date", "baseline", baseline_date="to_date", baseline_rule="rule"
    )
    start = observed.zero.select("patient_id", "start_date")
    last_day = DAYS_PER_WEEK * weeks[-1]
    since = days_from(pl.col("start_date"), pl.col("date"))
    daily = observed.daily.join(start, on="patient_id").filter(since.is_between(1, last_day)).collect().lazy()
    forms = observed.forms.join(start, on="patient_id")
    after = [
        follow_up
        for week in weeks
        for follow_up in (_daily_followup(daily, week, outcomes), _form_followup(forms, week, outcomes))
    ]
    cutoff = (
        latest_day(pain_scores.select("recorded_at"), sessions.select("started_at"))
        if cutoff_date is None
        else pl.LazyFrame({"cutoff_date": [cutoff_date]})
    )
    rows = before.join(_windows(weeks, outcomes), how="cross").join(cutoff, how="cross")
    joined = rows.join(pl.concat(after), on=[*_KEY, "target_week"], how="left").join(
        _facts(settings), on="measure", how="left"
    )
    return _judged(on_common_activities(joined, responses, settings), outcomes).select(list(columns_of(Changes)))


def tolerance_days(week: int, outcomes: OutcomeSettings) -> int:
    """Return how far from the target day a questionnaire may lie: ``max(3, 0.1 x 7w)``, rounded half up.

    Example:
        >>> [tolerance_days(week, default_settings().outcomes) for week in (2, 6, 12)]
        [3, 4, 8]
    """
    share = outcomes.followup_tolerance_share * DAYS_PER_WEEK * week
    return max(outcomes.followup_min_tolerance_days, int(share + 0.5 + TOLERANCE))


def _daily_followup(daily: pl.LazyFrame, week: int, outcomes: OutcomeSettings) -> pl.LazyFrame:
    last = DAYS_PER_WEEK * week
    day = days_from(pl.col("start_date"), pl.col("date"))
    n = pl.len().cast(pl.Int32)
    is_enough = n >= outcomes.followup_min_readings
    return (
        daily.filter(day.is_between(last - outcomes.followup_mean_days + 1, last))
        .group_by("patient_id")
        .agg(
            target_week=pl.lit(week, dtype=pl.Int32),
            measure=pl.lit(DAILY),
            followup=pl.when(is_enough).then(pl.col("pain_nprs").mean()),
            followup_date=pl.when(is_enough).then(day_from_number(day_number(pl.col("start_date").first()) + last)),
            n_followup=n,
        )
    )


def _form_followup(forms: pl.LazyFrame, week: int, outcomes: OutcomeSettings) -> pl.LazyFrame:
    off = days_from(pl.col("start_date"), pl.col("date")) - DAYS_PER_WEEK * week
    return (
        forms.with_columns(off=off)
        .filter(pl.col("off").abs() <= tolerance_days(week, outcomes))
        .sort(pl.col("off").abs(), "off")
        .group_by(_KEY)
        .agg(followup=pl.col("value").first(), followup_date=pl.col("date").first())
        .select(
            "patient_id",
            pl.lit(week, dtype=pl.Int32).alias("target_week"),
            "measure",
            "followup",
            "followup_date",
            pl.lit(1, dtype=pl.Int32).alias("n_followup"),
        )
    )


def _windows(weeks: Sequence[int], outcomes: OutcomeSettings) -> pl.LazyFrame:
    """Return per week the first day, from time zero, on which a follow-up can lie."""
    days = [DAYS_PER_WEEK * week for week in weeks]
    return pl.LazyFrame(
        {
            "target_week": list(weeks),
            "daily_opens": [day - outcomes.followup_mean_days + 1 for day in days],
            "form_opens": [day - tolerance_days(week, outcomes) for day, week in zip(days, weeks, strict=True)],
        },
        schema={"target_week": pl.Int32, "daily_opens": pl.Int32, "form_opens": pl.Int32},
    )


def _facts(settings: Settings) -> pl.LazyFrame:
    """Return what is known of each measure, one row per measure."""
    known = [(measure(name), mic_for(name, settings)) for name in measure_ids()]
    return pl.LazyFrame(
        {
            "measure": [m.id for m, _ in known],
            "minimum": [m.minimum for m, _ in known],
            "maximum": [m.maximum for m, _ in known],
            "is_lower_better": [m.direction == "lower_better" for m, _ in known],
            "allows_percent": [m.allows_percent for m, _ in known],
            "has_immpact": [m.has_immpact for m, _ in known],
            "mic": [mic.value for _, mic in known],
            "mic_source": [mic.source for _, mic in known],
            "mdc95": [mdc95_of(m.id) for m, _ in known],
        },
        schema_overrides={"mic": pl.Float64, "mdc95": pl.Float64},
    )


def _judged(rows: pl.LazyFrame, outcomes: OutcomeSettings) -> pl.LazyFrame:
    """Add improvement, reason and the rules to rows with baseline, follow-up and the facts of the measure."""
    baseline, is_lower = pl.col("baseline"), pl.col("is_lower_better")
    gain = baseline - pl.col("followup")
    room = pl.when(is_lower).then(baseline - pl.col("minimum")).otherwise(pl.col("maximum") - baseline)
    has_room = room >= pl.col("mic") - TOLERANCE
    can_divide = pl.col("allows_percent") & (baseline > 0)
    opens = pl.when(pl.col("measure") == DAILY).then("daily_opens").otherwise("form_opens")
    is_not_due = day_number(pl.col("start_date")) + opens > day_number(pl.col("cutoff_date"))
    reason = (
        pl.when(pl.col("start_date").is_null()).then(pl.lit("no_start"))
        .when(baseline.is_null()).then(pl.lit("no_baseline"))
        .when("is_without_common").then(pl.lit("no_common_activities"))
        .when(pl.col("followup").is_null() & is_not_due).then(pl.lit("not_due"))
        .when(pl.col("followup").is_null()).then(pl.lit("no_followup"))
        .when(~has_room).then(pl.lit("no_room_to_improve"))
        .when(pl.col("mic").is_null()).then(pl.lit("no_mic"))
    )  # fmt: skip
    improvement = pl.col("improvement")
    return (
        rows.with_columns(
            pl.col("n_followup").fill_null(0),
            reason=reason,
            has_room=has_room,
            improvement=pl.when(is_lower).then(gain).otherwise(-gain),
        )
        .with_columns(share=pl.when(can_divide).then(improvement / baseline))
        .with_columns(
            improvement_pct=100 * pl.col("share"),
            is_deteriorated=-improvement >= pl.col("mic") - TOLERANCE,
            is_beyond_mdc95=improvement.abs() >= pl.col("mdc95") - TOLERANCE,
            immpact=pl.when("has_immpact").then(_immpact(pl.col("share"), improvement)),
            **_rules(improvement, outcomes),
        )
        .with_columns(is_responder=_headline(outcomes))
    )


def _rules(improvement: pl.Expr, outcomes: OutcomeSettings) -> dict[str, pl.Expr]:
    """Return the three rules; missing where there is no change, no percentage, or the rule cannot be reached."""
    absolute = pl.when("has_room").then(improvement >= pl.col("mic") - TOLERANCE)
    percent = pl.col("share") >= outcomes.responder_pct / 100 - TOLERANCE
    both = pl.when(absolute.is_not_null() & percent.is_not_null()).then(absolute & percent)
    return {"is_responder_absolute": absolute, "is_responder_percent": percent, "is_responder_both": both}


def _headline(outcomes: OutcomeSettings) -> pl.Expr:
    chosen = pl.col(f"is_responder_{outcomes.responder_rule}")
    return pl.when("allows_percent").then(chosen).otherwise(pl.col("is_responder_absolute"))


def _immpact(share: pl.Expr, improvement: pl.Expr) -> pl.Expr:
    """Grade the percent change of 0-10 pain; worse needs no percentage, so it holds from a baseline of 0 too."""
    grade: pl.Expr = pl.when(share.is_not_null()).then(pl.lit("none"))
    for name, at_least in reversed(_IMMPACT):
        grade = pl.when(share >= at_least - TOLERANCE).then(pl.lit(name)).otherwise(grade)
    return pl.when(improvement < -TOLERANCE).then(pl.lit("worse")).otherwise(grade)
