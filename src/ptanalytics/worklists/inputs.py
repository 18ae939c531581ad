"""The numbers that the worklist's rules look at, as of one day."""

from datetime import date

import polars as pl

from ptanalytics.adherence.observed import Observed, observe
from ptanalytics.adherence.persistence import persistence_of
from ptanalytics.adherence.person_spans import counted_between, prescribed_between
from ptanalytics.analysis import analysis
from ptanalytics.dates import local_day, number_of_day, plan_starts
from ptanalytics.outcomes import flare_status
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.worklist_results import WorklistInputs
from ptanalytics.settings import Settings, default_settings
from ptanalytics.worklists.known import known_on

_FORTNIGHT_DAYS = 14
_OPTIONAL = ("pauses", "patients", "pain_scores", "responses", "scores")


@analysis(returns=WorklistInputs, optional=_OPTIONAL)
def worklist_inputs(  # noqa: PLR0917 - one parameter for each table
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    pain_scores: pl.LazyFrame,
    responses: pl.LazyFrame,
    scores: pl.LazyFrame,
    *,
    today: date | None = None,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Bring together what is known of each patient on one day: silence, adherence, flares, plan and questionnaires.

    Adherence is that of `rolling_adherence` over the 14 days up to the day and over the 14 before those; idle days and the
    gap are those of `persistence`, flares those of `flare_status`. Nothing recorded for a later day is used; a plan version
    that starts later counts only where the day is the last one of the data, because it is on record by then.

    Args:
        sessions: Logged sessions.
        plans: Prescribed exercises, in versions.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        pain_scores: Ratings; may be absent, then flares are missing.
        responses: Questionnaire items; may be absent.
        scores: Questionnaire totals; may be absent.
        today: The day; the cutoff if not given.
        settings: Settings of the run.
        cutoff_date: The study's last day, or the latest session.

    Returns:
        One row per patient whose plan has started and who is not discharged. Columns: `WorklistInputs`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-04"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> found = worklist_inputs(sessions=sessions, plans=plans, today=date(2026, 3, 15))
        >>> found.select("silent_days", "done_14", "prescribed_14", "days_to_gap").row(0)
        (11, 2, 6.0, 3)
    """
    settings = settings or default_settings()
    last_day = cutoff_date or _latest_session(sessions, settings)
    day = today or last_day
    if day is None:
        return pl.LazyFrame(schema={name: info.dtype for name, info in columns_of(WorklistInputs).items()})
    # A version that starts later is on record only now: for a past day nobody knows whether it was already.
    is_now = last_day is None or day >= last_day
    later = plans.filter((pl.col("valid_from_date") > day) & is_now)
    given = {
        "sessions": sessions,
        "plans": plans,
        "pauses": pauses,
        "patients": patients,
        "pain_scores": pain_scores,
        "responses": responses,
        "scores": scores,
    }
    known = {name: known_on(name, rows, day, settings) for name, rows in given.items()}
    log = [known[name] for name in ("sessions", "plans", "pauses", "patients")]
    observed = observe(*log, settings=settings, cutoff_date=day)
    status = flare_status.compute(
        known["pain_scores"], known["plans"], known["patients"], known["sessions"], on_date=day, settings=settings
    )
    is_flare = pl.col("is_within_14_days")
    flares = status.select(
        "patient_id",
        is_flare_within_14_days="is_within_14_days",
        flare_start_date=pl.when(is_flare).then("start_date"),
        last_rating_date="last_entry_date",
    )
    return (
        _people(known["plans"], known["patients"])
        .join(_of_plan(observed, settings, day).lazy(), on="patient_id", how="left")
        .join(_last_sessions(known["sessions"], settings), on="patient_id", how="left")
        .join(flares, on="patient_id", how="left")
        .join(_questionnaires(known["responses"], known["scores"], settings), on="patient_id", how="left")
        .join(_plan_ends(known["plans"], later), on="patient_id", how="left")
        .with_columns(on_date=pl.lit(day, dtype=pl.Date))
        .with_columns(last_entry_date=pl.max_horizontal("last_session_date", "last_rating_date"))
        .with_columns(_derived())
        .select(columns_of(WorklistInputs).keys())
    )


def _latest_session(sessions: pl.LazyFrame, settings: Settings) -> date | None:
    hour = settings.time.day_start_hour
    found: date | None = sessions.select(local_day(pl.col("started_at"), hour).max()).collect().item()
    return found


def _people(plans: pl.LazyFrame, patients: pl.LazyFrame) -> pl.LazyFrame:
    """Everybody whose plan has started and who is not discharged."""
    gone = patients.filter(pl.col("discharged_date").is_not_null()).select("patient_id")
    return plan_starts(plans).join(gone, on="patient_id", how="anti")


def _of_plan(observed: Observed, settings: Settings, day: date) -> pl.DataFrame:
    """What follows from plan and sessions: the two fortnights, idle days, whether the plan applies or is on hold."""
    today = number_of_day(day)
    people = observed.versions.select("person").unique().sort("person")
    windows = {"14": today - _FORTNIGHT_DAYS + 1, "before": today - 2 * _FORTNIGHT_DAYS + 1}
    table = people.join(
        persistence_of(observed, settings).select("person", "status", "idle_days", "gap_limit_days"), on="person"
    )
    for name, first in windows.items():
        table = table.hstack(_adherence_in(observed, people, first, settings, name))
    covers = (pl.col("from_day") <= today) & (pl.col("to_day") >= today)
    in_force = observed.versions.filter(covers).select("person", is_plan_in_force=True)
    on_hold = observed.held.filter(covers).select("person", is_on_hold=True).unique()
    joined = table.join(in_force, on="person", how="left").join(on_hold, on="person", how="left")
    return observed.named(joined)


def _adherence_in(observed: Observed, people: pl.DataFrame, first: int, settings: Settings, name: str) -> pl.DataFrame:
    """Return ``done_, prescribed_, ratio_`` (not capped) of a fortnight, a row for each of the people."""
    spans = people.with_row_index("span").with_columns(
        from_day=pl.lit(first, pl.Int32), to_day=pl.lit(first + _FORTNIGHT_DAYS - 1, pl.Int32)
    )
    spans = spans.join(prescribed_between(observed, spans), on="span", how="left", maintain_order="left")
    is_enough = pl.col("eligible_days").fill_null(0) >= settings.adherence.min_eligible_days_week
    prescribed = pl.col("prescribed").fill_null(0.0)
    return spans.with_columns(counted_between(observed, spans)).select(
        pl.when(prescribed > 0).then("counted").otherwise(0).cast(pl.Int32).alias(f"done_{name}"),
        prescribed.alias(f"prescribed_{name}"),
        pl.when(is_enough & (prescribed > 0)).then(pl.col("counted") / prescribed).alias(f"ratio_{name}"),
    )


def _last_sessions(sessions: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    day = local_day(pl.col("started_at").max(), settings.time.day_start_hour)
    return sessions.group_by("patient_id").agg(last_session_date=day)


def _questionnaires(responses: pl.LazyFrame, scores: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    answered = responses.select("patient_id", day=local_day(pl.col("completed_at"), settings.time.day_start_hour))
    forms = pl.concat([answered, scores.select("patient_id", day="completed_date")])
    return forms.group_by("patient_id").agg(last_questionnaire_date=pl.col("day").max())


def _plan_ends(plans: pl.LazyFrame, later: pl.LazyFrame) -> pl.LazyFrame:
    """Return the last day of each patient's newest version that has started, and whether a later one is recorded."""
    newest = plans.filter(pl.col("valid_from_date") == pl.col("valid_from_date").max().over("patient_id"))
    is_open = pl.col("valid_to_date").is_null().any()
    ends = newest.group_by("patient_id").agg(
        plan_end_date=pl.when(is_open).then(None).otherwise(pl.col("valid_to_date").max())
    )
    coming = later.select("patient_id", has_later_plan=pl.lit(value=True)).unique()
    return ends.join(coming, on="patient_id", how="left")


def _derived() -> list[pl.Expr]:
    on = pl.col("on_date")
    percent = {name: 100 * pl.min_horizontal(pl.col(f"ratio_{name}"), 1.0) for name in ("14", "before")}
    has_ratio = {name: pl.col(f"ratio_{name}").is_not_null() for name in percent}
    pct = {name: pl.when(has_ratio[name]).then(value) for name, value in percent.items()}
    to_gap = pl.col("gap_limit_days") - pl.col("idle_days")
    to_end = (pl.col("plan_end_date") - on).dt.total_days().cast(pl.Int32)

    def days_since(column: str) -> pl.Expr:
        since = on - pl.coalesce(column, "start_date")
        return since.dt.total_days().cast(pl.Int32)

    return [
        pl.col("is_plan_in_force", "is_on_hold", "has_later_plan").fill_null(value=False),
        pl.col("done_14", "idle_days").fill_null(0),
        pl.col("prescribed_14").fill_null(0.0),
        days_since("last_entry_date").alias("silent_days"),
        pl.col("ratio_14").alias("done_ratio_14"),
        pct["14"].alias("adherence_14_pct"),
        pct["before"].alias("adherence_before_pct"),
        (pct["before"] - pct["14"]).alias("adherence_drop_points"),
        pl.when(pl.col("status") == "persisting").then(to_gap).alias("days_to_gap"),
        pl.when(to_end >= 0).then(to_end).alias("days_to_plan_end"),
        days_since("last_questionnaire_date").alias("days_without_questionnaire"),
    ]
